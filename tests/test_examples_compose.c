/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the examples of waiting and of limits print. The longest sleeps for ten seconds: all are
 * started before the first is looked at.
 */
#include "system.h"

static struct example {
	const char *name, *out, *err;
	struct program program;
} examples[] = {
	{ .name = "wait_for",
	  .out = "sleeping for 2 second(s)\n"
		 "Got a timeout!\n"
		 "Was the task cancelled? True\n" },
	{ .name = "timeout",
	  .out = "The query took too long.\n"
		 "piece 1\n"
		 "piece 2\n"
		 "piece 3\n"
		 "No piece for a second.\n" },
	{ .name = "wait",
	  .out = "timeout: 0 done, 3 pending;\n"
		 "FIRST_COMPLETED: 1 done, 2 pending; 3\n"
		 "FIRST_EXCEPTION: 2 done, 1 pending; 3 -5\n"
		 "ALL_COMPLETED: 3 done, 0 pending; 3 -5 1\n" },
	{ .name = "as_completed",
	  .out = "slept for 0.2 second(s)\n"
		 "slept for 0.4 second(s)\n"
		 "slept for 0.6 second(s)\n"
		 "That is all within 1.5 seconds.\n" },
	{ .name = "task_group",
	  .out = "help: fetched\n"
		 "news: fetched\n"
		 "start: fetched\n"
		 "all fetched\n"
		 "start: cancelled\n"
		 "news: cancelled\n"
		 "failed: there is no page \"missing\"\n" },
	{ .name = "service",
	  .out = "pages: 4 from the cache, 2 not found in time\n"
		 "replicas: No route to host\n"
		 "saving takes longer\n"
		 "saved: yes\n",
	  .err = "Task exception was never retrieved\n"
		 "future: <Task finished name='Task-5' coro=<report_usage() done,"
		 " defined at tools/examples/service.c:159>"
		 " exception=ECONNREFUSED('nobody wants to know')>\n"
		 "ECONNREFUSED: nobody wants to know\n" },
	{ .name = "shield",
	  .out = "sleeping for 10 second(s)\n"
		 "Task took longer than five seconds!\n"
		 "finished sleeping for 10 second(s)\n" },
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

static void example__prints_what_it_should(void **state)
{
	struct example *example = *state;

	program_wait(&example->program);
	assert_string_equal(example->program.err, example->err ? example->err : "");
	assert_string_equal(example->program.out, example->out);
	assert_int_equal(example->program.status, 0);
}

int main(void)
{
	struct CMUnitTest tests[EXAMPLES];
	char names[EXAMPLES][64];
	size_t i;

	for (i = 0; i < EXAMPLES; i++) {
		snprintf(names[i], sizeof(names[i]), "%s__prints_what_it_should", examples[i].name);
		tests[i] = (struct CMUnitTest){
			.name = names[i],
			.test_func = example__prints_what_it_should,
			.initial_state = &examples[i],
		};
	}
	return cmocka_run_group_tests_name("examples_compose", tests, start_all, free_all);
}
