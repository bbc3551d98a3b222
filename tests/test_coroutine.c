/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Coroutines: their arguments, results, messages, and that their stacks can be walked. What they
 * see they write down; the main stack asserts.
 */
#include <async.h>
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/*
 * --- Arguments
 * -------------------------------------------------------------------------------------
 */

enum colour { RED, GREEN };

struct pair {
	short a, b;
};

typedef int function(int);

static struct {
	bool boolean;
	char character;
	signed char s8;
	unsigned char u8;
	short s16;
	unsigned short u16;
	int s32;
	unsigned int u32;
	long s64;
	unsigned long u64;
	long long sll;
	unsigned long long ull;
	float single;
	double real;
	const char *string;
	char *bytes;
	void *pointer;
	size_t size;
	enum colour colour;
	struct pair pair;
	function *function;
} seen;

ASYNC(none)
{
	return 40;
}

ASYNC(one, int, a)
{
	seen.s32 = a;
	return 41;
}

ASYNC(two, char, a, signed char, b)
{
	seen.character = a;
	seen.s8 = b;
	return 42;
}

ASYNC(three, unsigned char, a, short, b, unsigned short, c)
{
	seen.u8 = a;
	seen.s16 = b;
	seen.u16 = c;
	return 43;
}

ASYNC(four, unsigned int, a, long, b, unsigned long, c, bool, d)
{
	seen.u32 = a;
	seen.s64 = b;
	seen.u64 = c;
	seen.boolean = d;
	return 44;
}

ASYNC(five, long long, a, unsigned long long, b, float, c, double, d, const char *, e)
{
	seen.sll = a;
	seen.ull = b;
	seen.single = c;
	seen.real = d;
	seen.string = e;
	return 45;
}

ASYNC(six, char *, a, void *, b, size_t, c, enum colour, d, struct pair, e, function *, f)
{
	seen.bytes = a;
	seen.pointer = b;
	seen.size = c;
	seen.colour = d;
	seen.pair = e;
	seen.function = f;
	return 46;
}

static ASYNC(local, int, a, int, b)
{
	return a - b;
}

static void arguments__none_and_one(void **state)
{
	(void)state;
	assert_int_equal(async_run(none()), 40);
	assert_int_equal(async_run(one(INT_MIN)), 41);
	assert_int_equal(seen.s32, INT_MIN);
}

static void arguments__small_integers(void **state)
{
	(void)state;
	assert_int_equal(async_run(two('x', SCHAR_MIN)), 42);
	assert_int_equal(seen.character, 'x');
	assert_int_equal(seen.s8, SCHAR_MIN);
	assert_int_equal(async_run(three(UCHAR_MAX, SHRT_MIN, USHRT_MAX)), 43);
	assert_int_equal(seen.u8, UCHAR_MAX);
	assert_int_equal(seen.s16, SHRT_MIN);
	assert_int_equal(seen.u16, USHRT_MAX);
}

static void arguments__large_integers(void **state)
{
	(void)state;
	assert_int_equal(async_run(four(UINT_MAX, LONG_MIN, ULONG_MAX, true)), 44);
	assert_true(seen.u32 == UINT_MAX && seen.s64 == LONG_MIN && seen.u64 == ULONG_MAX);
	assert_true(seen.boolean);
}

static void arguments__reals_and_strings(void **state)
{
	(void)state;
	assert_int_equal(async_run(five(LLONG_MIN, ULLONG_MAX, 0.5f, -1e300, "text")), 45);
	assert_true(seen.sll == LLONG_MIN && seen.ull == ULLONG_MAX);
	assert_true(seen.single == 0.5f && seen.real == -1e300);
	assert_string_equal(seen.string, "text");
}

static void arguments__pointers_and_what_fits(void **state)
{
	char bytes[4];
	struct pair pair = { .a = 1, .b = -1 };

	(void)state;
	assert_int_equal(async_run(six(bytes, &seen, SIZE_MAX, GREEN, pair, abs)), 46);
	assert_ptr_equal(seen.bytes, bytes);
	assert_ptr_equal(seen.pointer, &seen);
	assert_true(seen.size == SIZE_MAX);
	assert_int_equal(seen.colour, GREEN);
	assert_true(seen.pair.a == 1 && seen.pair.b == -1);
	assert_true(seen.function == abs);
}

static void arguments__of_a_static_function(void **state)
{
	(void)state;
	assert_int_equal(async_run(local(5, 3)), 2);
}

static void function__describes_itself(void **state)
{
	const uint8_t types_five[8] = { AT_ARGUMENT_S64, AT_ARGUMENT_U64, AT_ARGUMENT_FLOAT,
					AT_ARGUMENT_DOUBLE, AT_ARGUMENT_STRING };
	const uint8_t types_six[8] = {
		AT_ARGUMENT_POINTER, AT_ARGUMENT_POINTER, AT_ARGUMENT_U64,
		AT_ARGUMENT_U32,     AT_ARGUMENT_POINTER, AT_ARGUMENT_POINTER
	};
	const uint8_t types_two[8] = { AT_ARGUMENT_CHAR, AT_ARGUMENT_S8 };
	const uint8_t types_none[8] = { 0 };

	(void)state;
	assert_string_equal(five__function.name, "five");
	assert_string_equal(five__function.file, __FILE__);
	assert_true(five__function.line > 0 && five__function.line < __LINE__);
	assert_memory_equal(five__function.types, types_five, 8);
	assert_memory_equal(six__function.types, types_six, 8);
	assert_memory_equal(two__function.types, types_two, 8);
	assert_memory_equal(none__function.types, types_none, 8);
	assert_true(none__function.body == (void (*)(void))none__body);
}

/*
 * --- Results and messages
 * --------------------------------------------------------------------------
 */

ASYNC(returns, int64_t, value)
{
	return value;
}

ASYNC(adds_up, int64_t, count)
{
	int64_t sum = 0, i;

	for (i = 0; i < count; i++)
		sum += async_await(returns(i));
	return sum;
}

static void await__returns_results_and_errors(void **state)
{
	(void)state;
	assert_int_equal(async_run(adds_up(100)), 4950);
	assert_int_equal(async_run(returns(INT64_MAX)), INT64_MAX);
	assert_int_equal(async_run(returns(-EIO)), -EIO);
	assert_int_equal(async_run(returns(-ECANCELED)), -ECANCELED);
}

struct failure {
	int64_t result;
	const char *message;
	char text[64];
};

static void note(struct failure *failure, int64_t result)
{
	failure->result = result;
	failure->message = async_error_message(result);
	if (failure->message)
		strcpy(failure->text, failure->message);
}

ASYNC(fails, int, error, const char *, text)
{
	return text ? async_fail(error, "no %s in %d", text, 7) : error;
}

ASYNC(passes_on, int, error, const char *, text)
{
	int64_t err = async_await(fails(error, text));

	return err < 0 ? err : 1;
}

ASYNC(message_of_coroutine, struct failure *, failure)
{
	note(failure, async_await(passes_on(-ENOENT, "milk")));
	return 0;
}

ASYNC(message_of_task, struct failure *, failure)
{
	note(failure, async_await(async_create_task(passes_on(-ENOENT, "tea"))));
	return 0;
}

ASYNC(message_of_future, struct failure *, failure)
{
	struct async_future *future = async_future_new(NULL);

	async_future_set_exception(future, -EPIPE, "broken");
	note(failure, async_await(future));
	return 0;
}

ASYNC(message_of_another, struct failure *, failure)
{
	async_await(fails(-ENOENT, "milk"));
	note(failure, -EIO);
	return 0;
}

ASYNC(message_of_silent_task, struct failure *, failure)
{
	async_await(fails(-ENOENT, "milk"));
	note(failure, async_await(async_create_task(fails(-ENOENT, NULL))));
	return 0;
}

ASYNC(message_in_message, struct failure *, failure)
{
	int64_t err = async_await(fails(-ENOENT, "milk"));

	note(failure, async_fail(-EIO, "breakfast: %s", async_error_message(err)));
	return 0;
}

static void message__comes_with_the_error(void **state)
{
	struct failure failure = { 0 };

	(void)state;
	assert_int_equal(async_run(message_of_coroutine(&failure)), 0);
	assert_int_equal(failure.result, -ENOENT);
	assert_string_equal(failure.text, "no milk in 7");
	assert_int_equal(async_run(message_of_task(&failure)), 0);
	assert_int_equal(failure.result, -ENOENT);
	assert_string_equal(failure.text, "no tea in 7");
	assert_int_equal(async_run(message_of_future(&failure)), 0);
	assert_int_equal(failure.result, -EPIPE);
	assert_string_equal(failure.text, "broken");
}

static void message__is_of_that_error_only(void **state)
{
	struct failure failure = { 0 };

	(void)state;
	assert_int_equal(async_run(message_of_another(&failure)), 0);
	assert_null(failure.message);
	assert_int_equal(async_run(message_of_silent_task(&failure)), 0);
	assert_int_equal(failure.result, -ENOENT);
	assert_null(failure.message);
}

static void message__may_quote_the_one_before(void **state)
{
	struct failure failure = { 0 };

	(void)state;
	assert_int_equal(async_run(message_in_message(&failure)), 0);
	assert_string_equal(failure.text, "breakfast: no milk in 7");
}

static void message__is_lost_outside_of_tasks(void **state)
{
	(void)state;
	assert_int_equal(async_fail(-EIO, "nobody hears %s", "it"), -EIO);
	assert_null(async_error_message(-EIO));
}

/*
 * --- Misuse
 * ----------------------------------------------------------------------------------------
 */

ASYNC(awaits_null, int64_t *, results)
{
	results[0] = async_await((struct async_coroutine *)NULL);
	results[1] = async_await((struct async_task *)NULL);
	results[2] = async_await((struct async_future *)NULL);
	results[3] = async_await(async_create_task(NULL));
	return 0;
}

static void null__is_lack_of_memory(void **state)
{
	int64_t results[4] = { 0 };
	size_t i;

	(void)state;
	assert_int_equal(async_run(awaits_null(results)), 0);
	for (i = 0; i < 4; i++)
		assert_int_equal(results[i], -ENOMEM);
	assert_int_equal(async_run(NULL), -ENOMEM);
	assert_int_equal(async_await((struct async_coroutine *)NULL), -ENOMEM);
	async_coroutine_close(NULL);
}

static void await_in_callback(void *arg)
{
	int64_t *result = arg;

	*result = async_await(none());
	async_loop_stop(async_get_running_loop());
}

static void await__outside_of_a_task_is_refused(void **state)
{
	struct async_loop *loop;
	int64_t result = 0;

	(void)state;
	assert_int_equal(async_await(none()), -EPERM);
	assert_int_equal(async_loop_new(&loop), 0);
	async_call_soon(loop, await_in_callback, &result);
	assert_int_equal(async_loop_run_forever(loop), 0);
	assert_int_equal(result, -EPERM);
	assert_int_equal(async_loop_close(loop), 0);
}

ASYNC(never, bool *, ran)
{
	*ran = true;
	return 0;
}

ASYNC(closes_one, bool *, ran)
{
	async_coroutine_close(never(ran));
	return 0;
}

static void close__frees_without_running(void **state)
{
	bool ran = false;

	(void)state;
	async_coroutine_close(never(&ran));
	assert_int_equal(async_run(closes_one(&ran)), 0);
	assert_false(ran);
}

/*
 * --- Stacks
 * ----------------------------------------------------------------------------------------
 */

enum { DEPTH = 30, FRAMES_MAX = 1000 };

/* The frames from here to the stack's end; 0 if the chain does not end in zero. */
static __attribute__((noinline, no_sanitize_address)) size_t count_frames(void)
{
	uintptr_t *frame = __builtin_frame_address(0);
	size_t count = 0;

	while (frame && count < FRAMES_MAX) {
		uintptr_t *up = (uintptr_t *)frame[0];

		count++;
		if (up && up <= frame)
			return 0;
		frame = up;
	}
	return frame ? 0 : count;
}

ASYNC(nested, int, depth, size_t *, count)
{
	int64_t result;

	if (!depth) {
		*count = count_frames();
		return async_sleep(0);
	}
	result = async_await(nested(depth - 1, count));
	return result < 0 ? result : result + 1;
}

static void frames__end_in_zero(void **state)
{
	size_t count = 0, shallow = 0;

	(void)state;
	assert_int_equal(async_run(nested(0, &shallow)), 0);
	assert_true(shallow > 0);
	assert_int_equal(async_run(nested(DEPTH, &count)), DEPTH);
	assert_true(count >= shallow + DEPTH);
}

ASYNC(aligned, uintptr_t *, rest)
{
	double __attribute__((aligned(16))) vector[2] = { 1, 2 };
	char text[64];

	/* printf of a double saves vector registers: it faults on a stack that is not aligned. */
	snprintf(text, sizeof(text), "%f", vector[0] + vector[1]);
	*rest = (uintptr_t)vector % 16;
	return text[0] == '3';
}

static void stack__is_aligned(void **state)
{
	uintptr_t rest = 1;

	(void)state;
	assert_int_equal(async_run(aligned(&rest)), 1);
	assert_int_equal(rest, 0);
}

static int depth;

ASYNC(descends)
{
	depth++;
	return async_await(descends());
}

ASYNC(runs_out_of_stack)
{
	int64_t err = async_await(descends());
	const char *message = async_error_message(err);

	return message && !strcmp(message, "maximum recursion depth exceeded") ? err : -EINVAL;
}

static void await__without_end(void **state)
{
	(void)state;
	assert_int_equal(async_run(runs_out_of_stack()), -EOVERFLOW);
	assert_true(depth > 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(await__without_end),
		cmocka_unit_test(arguments__none_and_one),
		cmocka_unit_test(arguments__small_integers),
		cmocka_unit_test(arguments__large_integers),
		cmocka_unit_test(arguments__reals_and_strings),
		cmocka_unit_test(arguments__pointers_and_what_fits),
		cmocka_unit_test(arguments__of_a_static_function),
		cmocka_unit_test(function__describes_itself),
		cmocka_unit_test(await__returns_results_and_errors),
		cmocka_unit_test(message__comes_with_the_error),
		cmocka_unit_test(message__is_of_that_error_only),
		cmocka_unit_test(message__may_quote_the_one_before),
		cmocka_unit_test(message__is_lost_outside_of_tasks),
		cmocka_unit_test(null__is_lack_of_memory),
		cmocka_unit_test(await__outside_of_a_task_is_refused),
		cmocka_unit_test(close__frees_without_running),
		cmocka_unit_test(frames__end_in_zero),
		cmocka_unit_test(stack__is_aligned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
