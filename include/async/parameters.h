/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How ASYNC() turns parameters into eight-byte slots and back: details of coroutine.h, no manual.
 *
 * Parameters come as pairs of type and name. ASYNC_EACH_ applies a macro to every pair, ASYNC_LIST_
 * puts commas between; from these follow the parameter list, packing, unpacking and the types for
 * tracers.
 */
#ifndef ASYNC_PARAMETERS_H
#define ASYNC_PARAMETERS_H

#include <asynctrace/event.h>
#include <stdbool.h>
#include <string.h>

/* Programs shall not be warned of what is GNU C here. */
#pragma GCC system_header

/* Whoever ignores the result leaks it. */
#define ASYNC_RESULT_MATTERS_ __attribute__((warn_unused_result))

/* In C++, too, they are C. */
#ifdef __cplusplus
#define ASYNC_LINKAGE_ extern "C"
#else
#define ASYNC_LINKAGE_
#endif

#define ASYNC_JOIN_(a, b)  ASYNC_JOIN2_(a, b)
#define ASYNC_JOIN2_(a, b) a##b

/*
 * The number of pairs behind `name`, or a word that says in the compiler's message what is wrong.
 */
/* clang-format off */
#define ASYNC_COUNT_(...)                                                                          \
	ASYNC_COUNT_OF_(__VA_ARGS__,                                                               \
			at_most_six_parameters, at_most_six_parameters, at_most_six_parameters,    \
			at_most_six_parameters, 6, parameters_are_type_comma_name,                 \
			5, parameters_are_type_comma_name, 4, parameters_are_type_comma_name,      \
			3, parameters_are_type_comma_name, 2, parameters_are_type_comma_name,      \
			1, parameters_are_type_comma_name, 0, parameters_are_type_comma_name)
#define ASYNC_COUNT_OF_(name, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, count, ...) count
/* clang-format on */

#define ASYNC_EACH_(count, m, ...) ASYNC_JOIN_(ASYNC_EACH_, count)(m, ##__VA_ARGS__)
#define ASYNC_EACH_0(m)
#define ASYNC_EACH_1(m, t, n)	   m(t, n)
#define ASYNC_EACH_2(m, t, n, ...) m(t, n) ASYNC_EACH_1(m, __VA_ARGS__)
#define ASYNC_EACH_3(m, t, n, ...) m(t, n) ASYNC_EACH_2(m, __VA_ARGS__)
#define ASYNC_EACH_4(m, t, n, ...) m(t, n) ASYNC_EACH_3(m, __VA_ARGS__)
#define ASYNC_EACH_5(m, t, n, ...) m(t, n) ASYNC_EACH_4(m, __VA_ARGS__)
#define ASYNC_EACH_6(m, t, n, ...) m(t, n) ASYNC_EACH_5(m, __VA_ARGS__)

#define ASYNC_LIST_(count, m, ...) ASYNC_JOIN_(ASYNC_LIST_, count)(m, ##__VA_ARGS__)
#define ASYNC_LIST_0(m)
#define ASYNC_LIST_1(m, t, n)	   m(t, n)
#define ASYNC_LIST_2(m, t, n, ...) m(t, n), ASYNC_LIST_1(m, __VA_ARGS__)
#define ASYNC_LIST_3(m, t, n, ...) m(t, n), ASYNC_LIST_2(m, __VA_ARGS__)
#define ASYNC_LIST_4(m, t, n, ...) m(t, n), ASYNC_LIST_3(m, __VA_ARGS__)
#define ASYNC_LIST_5(m, t, n, ...) m(t, n), ASYNC_LIST_4(m, __VA_ARGS__)
#define ASYNC_LIST_6(m, t, n, ...) m(t, n), ASYNC_LIST_5(m, __VA_ARGS__)

/* `f(void)` and `f(int a, char *b)`. */
#define ASYNC_PARAMETERS_(count, ...)  ASYNC_JOIN_(ASYNC_PARAMETERS_, count)(count, ##__VA_ARGS__)
#define ASYNC_PARAMETERS_0(count)      void
#define ASYNC_PARAMETERS_1(count, ...) ASYNC_LIST_(count, ASYNC_PARAMETER_, ##__VA_ARGS__)
#define ASYNC_PARAMETERS_2	       ASYNC_PARAMETERS_1
#define ASYNC_PARAMETERS_3	       ASYNC_PARAMETERS_1
#define ASYNC_PARAMETERS_4	       ASYNC_PARAMETERS_1
#define ASYNC_PARAMETERS_5	       ASYNC_PARAMETERS_1
#define ASYNC_PARAMETERS_6	       ASYNC_PARAMETERS_1

#define ASYNC_PARAMETER_(t, n) t n
#define ASYNC_NAME_(t, n)      n
#define ASYNC_PACK_(t, n)                                                                          \
	_Static_assert(sizeof(t) <= 8, "a parameter of ASYNC() has eight bytes at most");          \
	memcpy(slot_++, &n, sizeof(n));
#define ASYNC_UNPACK_(t, n)                                                                        \
	t n;                                                                                       \
	memcpy(&n, slot_++, sizeof(n));

#define ASYNC_TYPE_(t, n)                                                                          \
	_Generic((t){ 0 },                                                                         \
		_Bool: AT_ARGUMENT_BOOL,                                                           \
		char: AT_ARGUMENT_CHAR,                                                            \
		signed char: AT_ARGUMENT_S8,                                                       \
		unsigned char: AT_ARGUMENT_U8,                                                     \
		short: AT_ARGUMENT_S16,                                                            \
		unsigned short: AT_ARGUMENT_U16,                                                   \
		int: AT_ARGUMENT_S32,                                                              \
		unsigned int: AT_ARGUMENT_U32,                                                     \
		long: AT_ARGUMENT_S64,                                                             \
		unsigned long: AT_ARGUMENT_U64,                                                    \
		long long: AT_ARGUMENT_S64,                                                        \
		unsigned long long: AT_ARGUMENT_U64,                                               \
		float: AT_ARGUMENT_FLOAT,                                                          \
		double: AT_ARGUMENT_DOUBLE,                                                        \
		const char *: AT_ARGUMENT_STRING,                                                  \
		default: AT_ARGUMENT_POINTER),

#define ASYNC_DECLARE_(name, ...)                                                                  \
	ASYNC_LINKAGE_ ASYNC_RESULT_MATTERS_ struct async_coroutine *name(                         \
		ASYNC_PARAMETERS_(ASYNC_COUNT_(name, ##__VA_ARGS__), ##__VA_ARGS__))

/* The prototype comes first so that a `static` before ASYNC() is the function's own. */
#define ASYNC_DEFINE_(name, ...)                                                                   \
	ASYNC_DEFINE2_(name, ASYNC_COUNT_(name, ##__VA_ARGS__), ##__VA_ARGS__)
#define ASYNC_DEFINE2_(fn, count, ...)                                                             \
	ASYNC_RESULT_MATTERS_ struct async_coroutine *fn(ASYNC_PARAMETERS_(count, ##__VA_ARGS__)); \
	static int64_t fn##__body(ASYNC_PARAMETERS_(count, ##__VA_ARGS__));                        \
	static int64_t fn##__call(const uint64_t *slot_)                                           \
	{                                                                                          \
		(void)slot_;                                                                       \
		ASYNC_EACH_(count, ASYNC_UNPACK_, ##__VA_ARGS__)                                   \
		return fn##__body(ASYNC_LIST_(count, ASYNC_NAME_, ##__VA_ARGS__));                 \
	}                                                                                          \
	static struct async_function fn##__function = {                                            \
		.name = #fn,                                                                       \
		.file = __FILE__,                                                                  \
		.line = __LINE__,                                                                  \
		.types = { ASYNC_EACH_(count, ASYNC_TYPE_, ##__VA_ARGS__) 0 },                     \
		.body = (void (*)(void))fn##__body,                                                \
		.call = fn##__call,                                                                \
	};                                                                                         \
	__attribute__((noinline)) struct async_coroutine *fn(                                      \
		ASYNC_PARAMETERS_(count, ##__VA_ARGS__))                                           \
	{                                                                                          \
		uint64_t slots_[AT_ARGUMENTS_MAX] = { 0 }, *slot_ = slots_;                        \
                                                                                                   \
		(void)slot_;                                                                       \
		ASYNC_EACH_(count, ASYNC_PACK_, ##__VA_ARGS__)                                     \
		return async_coroutine_new(&fn##__function, slots_,                                \
					   (uintptr_t)__builtin_return_address(0));                \
	}                                                                                          \
	static __attribute__((noinline)) int64_t fn##__body(ASYNC_PARAMETERS_(count, ##__VA_ARGS__))

#endif
