/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The examples of debugging say what their models in Python say; times are masked. They sleep for
 * seconds: all are started before the first is looked at.
 */
#include "system.h"

#define FOLDER "tools/examples/"

static struct example {
	const char *command, *out, *err;
	struct program program;
} examples[] = {
	{ .command = "build/examples/long_running",
	  .err = "WARNING:root:协程 async_main 执行时间过长\n"
		 "WARNING:root:('" FOLDER "long_running.c', 40, 'main')\n"
		 "WARNING:root:coroutine 没有 origin\n" },
	{ .command = "build/examples/old_and_new",
	  .out = "this works\nthis works\n1 and 1 tasks\n"
		 "this works\nthis works\n1 and 1 tasks\n" },
	{ .command = "build/examples/never_scheduled",
	  .err = "coroutine 'test' was never awaited\n"
		 "Coroutine created at (most recent call last)\n"
		 "  File \"" FOLDER "never_scheduled.c\", line 14, in main\n" },
	{ .command = "build/examples/never_retrieved",
	  .out = "exception consumed\nexception consumed\n",
	  .err = "Task exception was never retrieved\n"
		 "future: <Task finished name='Task-1' coro=<bug() done, defined at " FOLDER
		 "never_retrieved.c:7> exception=EIO('not consumed')>\n"
		 "EIO: not consumed\n" },
	{ .command = "env ASYNCDEBUG=1 build/examples/never_retrieved",
	  .out = "exception consumed\nexception consumed\n",
	  .err = "Task exception was never retrieved\n"
		 "future: <Task finished name='Task-1' coro=<bug() done, defined at " FOLDER
		 "never_retrieved.c:7> exception=EIO('not consumed') created at " FOLDER
		 "never_retrieved.c:22>\n"
		 "source_traceback: Object created at (most recent call last):\n"
		 "  File \"" FOLDER "never_retrieved.c\", line 34, in main\n"
		 "  File \"" FOLDER "never_retrieved.c\", line 22, in run_once\n"
		 "EIO: not consumed\n" },
	{ .command = "build/examples/chaining_wrong",
	  .out = "(3) close file\n"
		 "(2) write into file\n"
		 "Pending tasks at exit: {<Task pending name='Task-2' coro=<create() running at " FOLDER
		 "files.h:14> wait_for=<Future pending cb=[Task.task_wakeup()]>>}\n",
	  .err = "Task was destroyed but it is pending!\n"
		 "task: <Task pending name='Task-2' coro=<create() running at " FOLDER
		 "files.h:14> wait_for=<Future pending cb=[Task.task_wakeup()]>>\n" },
	{ .command = "build/examples/chaining_right",
	  .out = "(1) create file\n"
		 "(2) write into file\n"
		 "(3) close file\n"
		 "Pending tasks at exit: set()\n" },
	{ .command = "build/examples/pending_destroyed",
	  .err = "Task was destroyed but it is pending!\n"
		 "task: <Task pending name='Task-1' coro=<kill_me() running at " FOLDER
		 "pending_destroyed.c:14> wait_for=<Future pending cb=[Task.task_wakeup()]>>\n" },
	{ .command = "env ASYNCDEBUG=1 build/examples/pending_destroyed",
	  .err = "Task was destroyed but it is pending!\n"
		 "source_traceback: Object created at (most recent call last):\n"
		 "  File \"" FOLDER "pending_destroyed.c\", line 24, in main\n"
		 "task: <Task pending name='Task-1' coro=<kill_me() running at " FOLDER
		 "pending_destroyed.c:14> wait_for=<Future pending cb=[Task.task_wakeup()] created "
		 "at " FOLDER "pending_destroyed.c:11> created at " FOLDER
		 "pending_destroyed.c:24>\n" },
	{ .command = "build/examples/debugging",
	  .err = "  DEBUG: Using selector: EpollSelector\n"
		 "   INFO: entering event loop\n"
		 "   INFO: outer starting\n"
		 "   INFO: inner starting\n"
		 "   INFO: inner completed\n"
		 "   INFO: outer completed\n" },
	{ .command = "build/examples/debugging -v",
	  .err = "  DEBUG: Using selector: EpollSelector\n"
		 "   INFO: enabling debugging\n"
		 "   INFO: entering event loop\n"
		 "   INFO: outer starting\n"
		 "   INFO: inner starting\n"
		 "   INFO: inner completed\n"
		 "WARNING: Executing <Task finished name='Task-2' coro=<inner() done, defined at " FOLDER
		 "debugging.c:22> result=0 created at " FOLDER
		 "debugging.c:34> took 0.093 seconds\n"
		 "   INFO: outer completed\n"
		 "WARNING: unclosed event loop <_UnixSelectorEventLoop running=False closed=False "
		 "debug=True>\n" },
	{ .command = "build/examples/manual_loop" },
	{ .command = "build/examples/debug_mode",
	  .err = "Executing <Task finished name='Task-2' coro=<cpu_bound_work() done, defined at " FOLDER
		 "debug_mode.c:5> result=100000000 created at " FOLDER
		 "debug_mode.c:17> took 4.829 seconds\n" },
	{ .command = "build/examples/slow_callback_duration",
	  .err = "Executing <Task finished name='Task-3' coro=<block() done, defined at " FOLDER
		 "slow_callback_duration.c:6> result=0 created at " FOLDER
		 "slow_callback_duration.c:17> took 0.300 seconds\n" },
};

enum { EXAMPLES = sizeof(examples) / sizeof(*examples) };

static int start_all(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < EXAMPLES; i++)
		program_start(&examples[i].program, "%s", examples[i].command);
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

/*
 * On a machine that has much else to do, anything may be slow: what the example did not do itself
 * is left out.
 */
static void drop_other_slow_steps(char *text)
{
	char *line = text, *end;

	for (; *line; line = end) {
		end = strchrnul(line, '\n');
		end += *end == '\n';
		if (!strstr(line, "Executing") || strstr(line, "Executing") >= end)
			continue;
		if (strncmp(strstr(line, "coro=<"), "coro=<outer", 11) &&
		    strncmp(strstr(line, "coro=<"), "coro=<async_main", 16))
			continue;
		memmove(line, end, strlen(end) + 1);
		end = line;
	}
}

static void example__says_what_python_says(void **state)
{
	struct example *example = *state;

	program_wait(&example->program);
	assert_string_equal(example->program.out, example->out ? example->out : "");
	drop_other_slow_steps(example->program.err);
	assert_same_but_numbers(example->program.err, example->err ? example->err : "");
	assert_int_equal(example->program.status, 0);
}

int main(void)
{
	struct CMUnitTest tests[EXAMPLES];
	size_t i;

	for (i = 0; i < EXAMPLES; i++)
		tests[i] = (struct CMUnitTest){
			.name = examples[i].command,
			.test_func = example__says_what_python_says,
			.initial_state = &examples[i],
		};
	return cmocka_run_group_tests_name("examples of debugging", tests, start_all, free_all);
}
