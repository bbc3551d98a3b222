/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * asynctrace timed prints of the examples what the decorator async_timed prints of their models in
 * Python, and the examples do not notice. All are traced at the same time, because they sleep for
 * seconds.
 */
#include "system.h"
#include <asynctrace/event.h>

/* A machine may be slow; but what ran one after the other must not pass for concurrent. */
#define SLACK_S 1.9
/* The printed times have four digits. */
#define ROUNDING_S 0.0001

enum {
	ASYNC_TIMED,
	CODE_WHILE_WAITING,
	CPU_BOUND,
	CPU_BOUND_WITH_DELAY,
	BLOCKING_API,
	ARGUMENTS,
	CHURN,
	CHURN_NONSENSE,
	RUNS
};

static struct run {
	const char *command;
	struct program tracer;
	char path[32];
	int fd;
	char *lines; /* of the view, once it has ended */
} runs[RUNS] = {
	[ASYNC_TIMED] = { .command = "async_timed" },
	[CODE_WHILE_WAITING] = { .command = "code_while_waiting" },
	[CPU_BOUND] = { .command = "cpu_bound" },
	[CPU_BOUND_WITH_DELAY] = { .command = "cpu_bound_with_delay" },
	[BLOCKING_API] = { .command = "blocking_api" },
	[ARGUMENTS] = { .command = "arguments" },
	[CHURN] = { .command = "churn 10 0.5" },
	[CHURN_NONSENSE] = { .command = "churn many" },
};

static void start(struct run *run)
{
	strcpy(run->path, "/tmp/timed_examples.XXXXXX");
	run->fd = mkstemp(run->path);
	assert_true(run->fd >= 0);
	program_start(&run->tracer, "build/asynctrace timed -o %s -- build/examples/%s", run->path,
		      run->command);
}

static int start_all(void **state)
{
	size_t i;

	(void)state;
	/* Under sudo the tracer would become the caller, who may not write our files. */
	unsetenv("SUDO_UID");
	for (i = 0; i < RUNS; i++)
		start(&runs[i]);
	return 0;
}

static int free_all(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < RUNS; i++) {
		program_free(&runs[i].tracer);
		if (runs[i].fd > 0) {
			unlink(runs[i].path);
			close(runs[i].fd);
		}
		free(runs[i].lines);
	}
	return 0;
}

/* The tracer itself must have had nothing to say. */
static struct run *finish(unsigned int number, int status, const char *err)
{
	struct run *run = &runs[number];

	program_wait(&run->tracer);
	assert_string_equal(run->tracer.err, err);
	assert_int_equal(run->tracer.status, status);
	run->lines = read_whole(run->fd);
	return run;
}

static const char *next_line(const char *line)
{
	const char *end = strchr(line, '\n');

	return end ? end + 1 : line + strlen(line);
}

/* How long the call of the function took that was the nth to finish, from 0 on. */
static double seconds_of(const struct run *run, const char *function, int nth)
{
	char name[64];
	const char *line;
	double seconds;

	for (line = run->lines; *line; line = next_line(line)) {
		if (sscanf(line, "finished <function %63s at %*x> in %lf second(s)", name,
			   &seconds) == 2 &&
		    !strcmp(name, function) && !nth--)
			return seconds;
	}
	fail_msg("%s never finished", function);
	return -1;
}

static void assert_seconds(double seconds, double expected)
{
	if (seconds < expected - ROUNDING_S || seconds > expected + SLACK_S)
		fail_msg("%.4f second(s) instead of %.4f", seconds, expected);
}

static void async_timed__two_concurrent_tasks(void **state)
{
	const struct run *run = finish(ASYNC_TIMED, 0, "");

	(void)state;
	assert_same_but_numbers(
		run->lines, "starting <function async_main at 0x109111ee0> with args () {}\n"
			    "starting <function delay at 0x1090dc700> with args (2,) {}\n"
			    "starting <function delay at 0x1090dc700> with args (3,) {}\n"
			    "finished <function delay at 0x1090dc700> in 2.0032 second(s)\n"
			    "finished <function delay at 0x1090dc700> in 3.0003 second(s)\n"
			    "finished <function async_main at 0x109111ee0> in 3.0004 second(s)\n");
	assert_seconds(seconds_of(run, "delay", 0), 2);
	assert_seconds(seconds_of(run, "delay", 1), 3);
	assert_seconds(seconds_of(run, "async_main", 0), 3);
}

static void async_timed__own_output_is_untouched(void **state)
{
	const struct run *run = &runs[ASYNC_TIMED];

	(void)state;
	assert_non_null(run->lines);
	assert_string_equal(run->tracer.out, "sleeping for 2 second(s)\n"
					     "sleeping for 3 second(s)\n"
					     "finished sleeping for 2 second(s)\n"
					     "finished sleeping for 3 second(s)\n");
}

/* A function has one address, and another function has another one. */
static void async_timed__addresses_are_the_functions(void **state)
{
	const struct run *run = &runs[ASYNC_TIMED];
	unsigned long main_address = 0, delay_address = 0, address;
	const char *line;
	char name[64];

	(void)state;
	assert_non_null(run->lines);
	for (line = run->lines; *line; line = next_line(line)) {
		unsigned long *known;

		assert_int_equal(sscanf(line, "%*s <function %63s at %lx>", name, &address), 2);
		known = strcmp(name, "delay") ? &main_address : &delay_address;
		assert_true(!*known || *known == address);
		*known = address;
	}
	assert_int_not_equal(main_address, delay_address);
}

static void code_while_waiting__is_concurrent(void **state)
{
	const struct run *run = finish(CODE_WHILE_WAITING, 0, "");

	(void)state;
	assert_same_but_numbers(
		run->lines, "starting <function async_main at 0x1> with args () {}\n"
			    "starting <function hello_every_second at 0x2> with args () {}\n"
			    "starting <function delay at 0x3> with args (3,) {}\n"
			    "starting <function delay at 0x3> with args (3,) {}\n"
			    "finished <function hello_every_second at 0x2> in 2.0000 second(s)\n"
			    "finished <function delay at 0x3> in 3.0000 second(s)\n"
			    "finished <function delay at 0x3> in 3.0000 second(s)\n"
			    "finished <function async_main at 0x1> in 3.0000 second(s)\n");
	assert_seconds(seconds_of(run, "hello_every_second", 0), 2);
	assert_seconds(seconds_of(run, "delay", 0), 3);
	assert_seconds(seconds_of(run, "delay", 1), 3);
	assert_seconds(seconds_of(run, "async_main", 0), 3);
}

/* The main coroutine took as long as the calls of the function in sequence, and `more_s`. */
static void assert_sum(const struct run *run, const char *function, int calls, double more_s)
{
	double sum = more_s;
	int i;

	for (i = 0; i < calls; i++)
		sum += seconds_of(run, function, i);
	if (seconds_of(run, "async_main", 0) < sum - calls * ROUNDING_S)
		fail_msg("async_main took %.4f second(s), what it awaited %.4f",
			 seconds_of(run, "async_main", 0), sum);
}

static void cpu_bound__runs_in_sequence(void **state)
{
	const struct run *run = finish(CPU_BOUND, 0, "");

	(void)state;
	assert_same_but_numbers(
		run->lines,
		"starting <function async_main at 0x10a8f6c10> with args () {}\n"
		"starting <function cpu_bound_work at 0x10a8c0430> with args () {}\n"
		"finished <function cpu_bound_work at 0x10a8c0430> in 4.6750 second(s)\n"
		"starting <function cpu_bound_work at 0x10a8c0430> with args () {}\n"
		"finished <function cpu_bound_work at 0x10a8c0430> in 4.6680 second(s)\n"
		"finished <function async_main at 0x10a8f6c10> in 9.3434 second(s)\n");
	assert_true(seconds_of(run, "cpu_bound_work", 0) > 0.01);
	assert_sum(run, "cpu_bound_work", 2, 0);
}

static void cpu_bound_with_delay__times_add_up(void **state)
{
	const struct run *run = finish(CPU_BOUND_WITH_DELAY, 0, "");

	(void)state;
	assert_same_but_numbers(run->lines,
				"starting <function async_main at 0x1> with args () {}\n"
				"starting <function cpu_bound_work at 0x2> with args () {}\n"
				"finished <function cpu_bound_work at 0x2> in 4.6750 second(s)\n"
				"starting <function cpu_bound_work at 0x2> with args () {}\n"
				"finished <function cpu_bound_work at 0x2> in 4.6680 second(s)\n"
				"starting <function delay at 0x3> with args (4,) {}\n"
				"finished <function delay at 0x3> in 4.0000 second(s)\n"
				"finished <function async_main at 0x1> in 9.3434 second(s)\n");
	assert_seconds(seconds_of(run, "delay", 0), 4);
	assert_sum(run, "cpu_bound_work", 2, seconds_of(run, "delay", 0));
}

static void blocking_api__runs_in_sequence(void **state)
{
	const struct run *run = finish(BLOCKING_API, 0, "");

	(void)state;
	assert_same_but_numbers(
		run->lines,
		"starting <function async_main at 0x1102e6820> with args () {}\n"
		"starting <function get_example_status at 0x1102e6700> with args () {}\n"
		"finished <function get_example_status at 0x1102e6700> in 0.0839 second(s)\n"
		"starting <function get_example_status at 0x1102e6700> with args () {}\n"
		"finished <function get_example_status at 0x1102e6700> in 0.0441 second(s)\n"
		"starting <function get_example_status at 0x1102e6700> with args () {}\n"
		"finished <function get_example_status at 0x1102e6700> in 0.0419 second(s)\n"
		"finished <function async_main at 0x1102e6820> in 0.1702 second(s)\n");
	assert_seconds(seconds_of(run, "get_example_status", 0), 0.05);
	assert_sum(run, "get_example_status", 3, 0);
}

static void arguments__as_python_writes_them(void **state)
{
	const struct run *run = finish(ARGUMENTS, 0, "");

	(void)state;
	assert_non_null(strstr(run->lines, " with args ('kitchen', 21, 0.45, True, 'A', 7) {}\n"));
	assert_non_null(strstr(run->lines, " with args (\"the cat's garden\", -2, 0.1, False, 'B', "
					   "18446744073709551615) {}\n"));
}

static void churn__fails_and_is_cancelled(void **state)
{
	const struct run *run = finish(CHURN, 0, "");
	const char *line;
	int started = 0, finished = 0;

	(void)state;
	assert_non_null(strstr(run->lines, " with args (10, 0.5) {}\n"));
	assert_non_null(strstr(run->lines, " second(s) (cancelled)\n"));
	assert_non_null(strstr(run->lines, " second(s) (error -ENOENT: there is no key "));
	for (line = run->lines; *line; line = next_line(line)) {
		started += !strncmp(line, "starting ", strlen("starting "));
		finished += !strncmp(line, "finished ", strlen("finished "));
	}
	assert_true(started > AT_BATCH_MAX);
	assert_int_equal(finished, started);
}

static void exit_status__is_passed_on(void **state)
{
	const struct run *run = finish(CHURN_NONSENSE, 2, "usage: churn [TASKS [SECONDS]]\n");

	(void)state;
	assert_string_equal(run->lines, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(async_timed__two_concurrent_tasks),
		cmocka_unit_test(async_timed__own_output_is_untouched),
		cmocka_unit_test(async_timed__addresses_are_the_functions),
		cmocka_unit_test(code_while_waiting__is_concurrent),
		cmocka_unit_test(cpu_bound__runs_in_sequence),
		cmocka_unit_test(cpu_bound_with_delay__times_add_up),
		cmocka_unit_test(blocking_api__runs_in_sequence),
		cmocka_unit_test(arguments__as_python_writes_them),
		cmocka_unit_test(churn__fails_and_is_cancelled),
		cmocka_unit_test(exit_status__is_passed_on),
	};

	return cmocka_run_group_tests_name("timed_examples", tests, start_all, free_all);
}
