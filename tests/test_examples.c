/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every example prints what its model in Python prints. They sleep for seconds: all are started
 * before the first is looked at.
 */
#include "system.h"

#define TASK_NOT_FINISHED "Task not finished, checking again in a second.\n"

static struct example {
	const char *name, *out;
	struct program program;
} examples[] = {
	{ .name = "cancel_task",
	  .out = TASK_NOT_FINISHED "sleeping for 10 second(s)\n" TASK_NOT_FINISHED TASK_NOT_FINISHED
		  TASK_NOT_FINISHED TASK_NOT_FINISHED TASK_NOT_FINISHED
				   "Our task was cancelled\n" },
	{ .name = "cpu_bound_with_delay",
	  .out = "sleeping for 4 second(s)\n"
		 "finished sleeping for 4 second(s)\n" },
	{ .name = "async_timed",
	  .out = "sleeping for 2 second(s)\n"
		 "sleeping for 3 second(s)\n"
		 "finished sleeping for 2 second(s)\n"
		 "finished sleeping for 3 second(s)\n" },
	{ .name = "concurrent_tasks",
	  .out = "sleeping for 3 second(s)\n"
		 "sleeping for 3 second(s)\n"
		 "sleeping for 3 second(s)\n"
		 "finished sleeping for 3 second(s)\n"
		 "finished sleeping for 3 second(s)\n"
		 "finished sleeping for 3 second(s)\n" },
	{ .name = "code_while_waiting",
	  .out = "sleeping for 3 second(s)\n"
		 "sleeping for 3 second(s)\n"
		 "I'm running other code while I'm waiting!\n"
		 "I'm running other code while I'm waiting!\n"
		 "finished sleeping for 3 second(s)\n"
		 "finished sleeping for 3 second(s)\n" },
	{ .name = "two_coroutines",
	  .out = "sleeping for 1 second(s)\n"
		 "finished sleeping for 1 second(s)\n"
		 "2\n"
		 "Hello World!\n" },
	{ .name = "futures",
	  .out = "Is my_future done? False\n"
		 "Is my_future done? True\n"
		 "What is the result of my_future? 42\n"
		 "Is the future done? False\n"
		 "Is the future done? True\n"
		 "42\n" },
	{ .name = "call_soon",
	  .out = "sleeping for 1 second(s)\n"
		 "I'm being called in the future!\n"
		 "finished sleeping for 1 second(s)\n" },
	{ .name = "await_coroutine",
	  .out = "2\n"
		 "3\n" },
	{ .name = "coroutine_or_function",
	  .out = "Function result is 2\n"
		 "Coroutine result is <coroutine object coroutine_add_one at 0x1071d6040>\n"
		 "2\n" },
	{ .name = "hello_world", .out = "Hello World!\n" },
	{ .name = "create_task",
	  .out = "Task-2\n"
		 "sleeping for 3 second(s)\n"
		 "finished sleeping for 3 second(s)\n"
		 "3\n" },
	{ .name = "cancelled_future",
	  .out = "set_result: done\n"
		 "set_result: Operation canceled\n"
		 "slow computation\n"
		 "nobody wants it: slow computation left out\n" },
	{ .name = "arguments",
	  .out = "kitchen, indoors: 21 degrees, humidity 0.45, grade A, sensor 7\n"
		 "the cat's garden, outdoors: -2 degrees, humidity 0.10, grade B, "
		 "sensor 18446744073709551615\n" },
	{ .name = "cpu_bound", .out = "" },
	{ .name = "blocking_api", .out = "" },
};

enum { EXAMPLES = sizeof(examples) / sizeof(*examples) };

static int start_all(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < EXAMPLES; i++)
		program_start(&examples[i].program, "build/examples/%s", examples[i].name);
	return 0;
}

static int free_all(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < EXAMPLES; i++)
		program_free(&examples[i].program);
	return 0;
}

static void example__prints_what_python_prints(void **state)
{
	struct example *example = *state;

	program_wait(&example->program);
	assert_string_equal(example->program.err, "");
	assert_same_but_numbers(example->program.out, example->out);
	assert_int_equal(example->program.status, 0);
}

static void churn__prints_its_pid_and_ends_in_time(void **state)
{
	struct program program = { 0 };
	char pid[16];

	(void)state;
	program_start(&program, "build/examples/churn 20 0.2");
	snprintf(pid, sizeof(pid), "%d\n", program.pid);
	program_wait(&program);
	assert_string_equal(program.err, "");
	assert_string_equal(program.out, pid);
	assert_int_equal(program.status, 0);
	program_free(&program);
}

static void churn__rejects_nonsense(void **state)
{
	struct program program = { 0 };

	(void)state;
	program_start(&program, "build/examples/churn many");
	program_wait(&program);
	assert_string_equal(program.err, "usage: churn [TASKS [SECONDS]]\n");
	assert_int_equal(program.status, 2);
	program_free(&program);
}

int main(void)
{
	struct CMUnitTest tests[EXAMPLES + 2] = {
		cmocka_unit_test(churn__prints_its_pid_and_ends_in_time),
		cmocka_unit_test(churn__rejects_nonsense),
	};
	char names[EXAMPLES][64];
	size_t i;

	for (i = 0; i < EXAMPLES; i++) {
		snprintf(names[i], sizeof(names[i]), "%s__prints_what_python_prints",
			 examples[i].name);
		tests[i + 2] = (struct CMUnitTest){
			.name = names[i],
			.test_func = example__prints_what_python_prints,
			.initial_state = &examples[i],
		};
	}
	return cmocka_run_group_tests_name("examples", tests, start_all, free_all);
}
