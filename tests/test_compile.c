/* SPDX-License-Identifier: BSD-2-Clause */
/* What the headers promise not to compile, does not, and the compiler says why. */
#include "needs.h"
#include "system.h"
#include <stdbool.h>

static const char *const compilers[] = { "gcc", "clang" };

/* Compiles the body of a function; false if that compiler is not there. */
static bool compile(struct program *program, const char *compiler, const char *outside,
		    const char *body)
{
	char path[] = "/tmp/test_compile.XXXXXX.c";
	int fd = mkstemps(path, strlen(".c"));

	assert_true(fd >= 0);
	dprintf(fd,
		"#include <async.h>\n"
		"%s\n"
		"int64_t test(void *all);\n"
		"int64_t test(void *all) { %s }\n",
		outside, body);
	close(fd);
	/* Only who generates code meets the attribute. */
	program_start(
		program,
		"%s -std=gnu11 -Iinclude -Wall -Wextra -Wpedantic -Wconversion -Werror -O2 -c -o /dev/null %s",
		compiler, path);
	program_wait(program);
	unlink(path);
	return program->status != 127;
}

static void compile_with_each(const char *outside, const char *body, const char *error)
{
	struct program program = { 0 };
	size_t compiled = 0, i;

	for (i = 0; i < sizeof(compilers) / sizeof(*compilers); i++) {
		if (compile(&program, compilers[i], outside, body)) {
			compiled++;
			if (error)
				assert_non_null(strstr(program.err, error));
			else
				assert_string_equal(program.err, "");
			assert_int_equal(program.status, error ? 1 : 0);
		}
		program_free(&program);
	}
	NEED(compiled, "gcc or clang");
}

static void wait__for_tasks_compiles(void **state)
{
	(void)state;
	compile_with_each("",
			  "struct async_task **tasks = all;"
			  "return async_wait(tasks, 1, 0, ASYNC_ALL_COMPLETED);",
			  NULL);
}

static void wait__for_futures_compiles(void **state)
{
	(void)state;
	compile_with_each("",
			  "struct async_future **futures = all;"
			  "return async_wait(futures, 1, 0, ASYNC_ALL_COMPLETED);",
			  NULL);
}

static void wait__for_coroutines_does_not_compile(void **state)
{
	(void)state;
	compile_with_each("",
			  "struct async_coroutine **coroutines = all;"
			  "return async_wait(coroutines, 1, 0, ASYNC_ALL_COMPLETED);",
			  "Passing coroutines is forbidden, use tasks explicitly.");
}

static void definition__without_a_warning(void **state)
{
	(void)state;
	compile_with_each("ASYNC_DECLARE(pair, int, a, const char *, b);"
			  "static ASYNC(nothing) { return async_fail(-EIO, \"none\"); }"
			  "ASYNC(pair, int, a, const char *, b) { return b ? a : -1; }",
			  "return all ? async_await(nothing()) : async_await(pair(1, 0));", NULL);
}

static void definition__that_is_wrong(void **state)
{
	(void)state;
	compile_with_each("ASYNC(f, int x) { return x; }", "return !all;",
			  "parameters_are_type_comma_name");
	compile_with_each("ASYNC(f, int, a, int, b, int, c, int, d, int, e, int, g, int, h)"
			  "{ return 0; }",
			  "return !all;", "at_most_six_parameters");
}

static void result__that_is_dropped(void **state)
{
	(void)state;
	compile_with_each("static ASYNC(nothing) { return 0; }", "nothing(); return !all;",
			  "unused-result");
	compile_with_each("", "async_create_task(all); return 0;", "unused-result");
	compile_with_each("", "async_gather_tasks(all, 1, 0, 0); return 0;", "unused-result");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wait__for_tasks_compiles),
		cmocka_unit_test(wait__for_futures_compiles),
		cmocka_unit_test(wait__for_coroutines_does_not_compile),
		cmocka_unit_test(definition__without_a_warning),
		cmocka_unit_test(definition__that_is_wrong),
		cmocka_unit_test(result__that_is_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
