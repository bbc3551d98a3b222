/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The examples of executors print what their models in Python print. Which thread or process takes
 * which job is chance, so each line is compared without it, and the lines in any order; but a job
 * runs before it is done, and three of them at the same time.
 */
#include "system.h"
#include <ctype.h>
#include <stdbool.h>

enum { JOBS = 6, WORKERS = 3, LINES_MAX = 32 };

struct output {
	char *text, *lines[LINES_MAX];
	size_t count;
};

static int by_text(const void *one, const void *another)
{
	return strcmp(*(char *const *)one, *(char *const *)another);
}

/* Its digits become '#': of the thread or process that begins each line. */
static void hide_worker(char *line)
{
	const char *end = strstr(line, "   ");

	for (; line < end; line++)
		*line = isdigit((unsigned char)*line) ? '#' : *line;
}

static struct output split(const char *text)
{
	struct output output = { .text = strdup(text) };
	char *line = strtok(output.text, "\n");

	for (; line && output.count < LINES_MAX; line = strtok(NULL, "\n"))
		output.lines[output.count++] = line;
	return output;
}

static void assert_same_lines(const char *text, const char *expected)
{
	struct output one = split(text), other = split(expected);
	size_t i;

	for (i = 0; i < one.count; i++)
		hide_worker(one.lines[i]);
	qsort(one.lines, one.count, sizeof(*one.lines), by_text);
	qsort(other.lines, other.count, sizeof(*other.lines), by_text);
	assert_int_equal(one.count, other.count);
	for (i = 0; i < one.count; i++)
		assert_string_equal(one.lines[i], other.lines[i]);
	free(one.text);
	free(other.text);
}

static void assert_order(const char *text)
{
	struct output output = split(text);
	char *workers[WORKERS];
	bool runs[JOBS] = { false }, done[JOBS] = { false };
	size_t i, count = 0, at_once = 0, most = 0, j;

	for (i = 0; i < output.count; i++) {
		char *line = output.lines[i], *job = strstr(line, "blocks(");
		int n = job ? atoi(job + strlen("blocks(")) : -1;

		if (!job)
			continue;
		if (strstr(job, "running")) {
			assert_false(runs[n]);
			runs[n] = true;
			at_once++;
		} else {
			assert_true(runs[n] && !done[n]);
			done[n] = true;
			at_once--;
		}
		most = at_once > most ? at_once : most;
		*strstr(line, "   ") = '\0';
		for (j = 0; j < count && strcmp(workers[j], line); j++)
			;
		assert_true(j < WORKERS);
		if (j == count)
			workers[count++] = line;
	}
	/* On a busy machine a worker can be done before the next one has started. */
	assert_in_range(most, 1, WORKERS);
	assert_in_range(count, 1, WORKERS);
	assert_non_null(strstr(output.lines[0], "starting"));
	assert_non_null(strstr(output.lines[output.count - 1], "exiting"));
	free(output.text);
}

static void run(struct program *program, const char *name)
{
	program_start(program, "build/examples/%s", name);
	program_wait(program);
	assert_int_equal(program->status, 0);
}

static void executor_threads__as_in_python(void **state)
{
	struct program program = { 0 };

	(void)state;
	run(&program, "executor_threads");
	assert_same_lines(program.err,
			  "MainThread run_blocking_tasks: starting\n"
			  "MainThread run_blocking_tasks: creating executor tasks\n"
			  "ThreadPoolExecutor-#_#          blocks(0): running\n"
			  "ThreadPoolExecutor-#_#          blocks(1): running\n"
			  "ThreadPoolExecutor-#_#          blocks(2): running\n"
			  "MainThread run_blocking_tasks: waiting for executor tasks\n"
			  "ThreadPoolExecutor-#_#          blocks(0): done\n"
			  "ThreadPoolExecutor-#_#          blocks(3): running\n"
			  "ThreadPoolExecutor-#_#          blocks(1): done\n"
			  "ThreadPoolExecutor-#_#          blocks(2): done\n"
			  "ThreadPoolExecutor-#_#          blocks(4): running\n"
			  "ThreadPoolExecutor-#_#          blocks(5): running\n"
			  "ThreadPoolExecutor-#_#          blocks(3): done\n"
			  "ThreadPoolExecutor-#_#          blocks(4): done\n"
			  "ThreadPoolExecutor-#_#          blocks(5): done\n"
			  "MainThread run_blocking_tasks: results: [0, 1, 4, 9, 16, 25]\n"
			  "MainThread run_blocking_tasks: exiting\n");
	assert_order(program.err);
	assert_non_null(strstr(program.err, "ThreadPoolExecutor-0_0  "));
	assert_non_null(strstr(program.err, "ThreadPoolExecutor-0_2  "));
	program_free(&program);
}

static void executor_processes__as_in_python(void **state)
{
	struct program program = { 0 };
	struct output output;
	size_t i;

	(void)state;
	run(&program, "executor_processes");
	assert_order(program.err);
	output = split(program.err);
	assert_int_equal(output.count, 17);
	for (i = 0; i < output.count; i++) {
		int pid, length = 0;

		assert_int_equal(sscanf(output.lines[i], "PID %5d%n", &pid, &length), 1);
		assert_true(length >= 9);
		assert_true((pid == atoi(output.lines[0] + 4)) ==
			    !strstr(output.lines[i], "blocks("));
	}
	assert_non_null(
		strstr(program.err, " run_blocking_tasks: results: [0, 1, 4, 9, 16, 25]\n"));
	free(output.text);
	program_free(&program);
}

static void threadsafe__talks_to_the_loop(void **state)
{
	struct program program = { 0 };

	(void)state;
	run(&program, "threadsafe");
	assert_string_equal(program.out, "MainThread: hello from another thread\n"
					 "OtherThread: the result is 42\n"
					 "OtherThread: it took too long, cancelling the task\n"
					 "OtherThread: cancelled? True\n"
					 "MainThread: the future was cancelled? True\n");
	program_free(&program);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(executor_threads__as_in_python),
		cmocka_unit_test(executor_processes__as_in_python),
		cmocka_unit_test(threadsafe__talks_to_the_loop),
	};

	return cmocka_run_group_tests_name("examples_executor", tests, NULL, NULL);
}
