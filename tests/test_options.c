/* SPDX-License-Identifier: BSD-2-Clause */
/* The command line: what it means, and what is answered when it means nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <tracer/actions.h>
#include <tracer/options.h>
#include <tracer/views/view.h>
#include <unistd.h>

#include <cmocka.h>

#define WORDS_MAX 32

/* Words are separated by blanks. The result is good until the next call. */
static struct options parse(const char *line)
{
	static char copy[256], *words[WORDS_MAX];
	struct options options;
	int count = 0;
	char *word;

	snprintf(copy, sizeof(copy), "%s", line);
	for (word = strtok(copy, " "); word; word = strtok(NULL, " "))
		words[count++] = word;
	words[count] = NULL;
	options_parse(&options, count, words);
	return options;
}

/* Runs it in a child, whose exit status is returned, and what it printed to `fd`. */
static int outcome(const char *line, int fd, char *said, size_t size)
{
	size_t length = 0;
	int ends[2], status;
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (!pid) {
		dup2(ends[1], fd);
		parse(line);
		_exit(100);
	}
	close(ends[1]);
	while ((n = read(ends[0], said + length, size - 1 - length)) > 0)
		length += n;
	said[length] = '\0';
	close(ends[0]);
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void assert_refused(const char *line, const char *reason)
{
	char said[4096];

	assert_int_equal(outcome(line, STDERR_FILENO, said, sizeof(said)), 2);
	if (strncmp(said, "asynctrace: ", 12) || !strstr(said, reason))
		fail_msg("'%s' is answered by '%s', without '%s'", line, said, reason);
}

static void options__of_a_process(void **state)
{
	struct options options = parse("asynctrace timed -p 42");

	(void)state;
	assert_ptr_equal(options.view, &view_timed);
	assert_int_equal(options.pid, 42);
	assert_null(options.input);
	assert_null(options.command);
	assert_null(options.output);
	assert_int_equal(options.duration_ns, 0);
	assert_int_equal(options.buffer, 32 << 20);
	assert_false(options.direct || options.follow);
	assert_false(options.view_options.columns);
	assert_int_equal(options.view_options.threshold_ns, 100000000);
}

static void options__stand_anywhere_before_the_command(void **state)
{
	struct options options = parse("asynctrace --columns task,time,where -p 42 timed -o x");

	(void)state;
	assert_ptr_equal(options.view, &view_timed);
	assert_int_equal(options.pid, 42);
	assert_string_equal(options.output, "x");
	assert_true(options.view_options.columns == (VIEW_TASK | VIEW_TIME | VIEW_WHERE));
}

static void options__behind_the_command_are_its_own(void **state)
{
	struct options options = parse("asynctrace timed --follow -- make -p 7 --task -- x");

	(void)state;
	assert_int_equal(options.pid, 0);
	assert_true(options.follow);
	assert_null(options.filter.task);
	assert_string_equal(options.command[0], "make");
	assert_string_equal(options.command[3], "--task");
	assert_string_equal(options.command[4], "--");
	assert_string_equal(options.command[5], "x");
	assert_null(options.command[6]);
}

static void options__duration(void **state)
{
	(void)state;
	assert_int_equal(parse("asynctrace timed -p 1 --duration 2").duration_ns, 2000000000);
	assert_int_equal(parse("asynctrace timed -p 1 --duration=0.25").duration_ns, 250000000);
	assert_refused("asynctrace timed -p 1 --duration 0", "--duration takes a time");
	assert_refused("asynctrace timed -p 1 --duration -1", "--duration takes a time");
	assert_refused("asynctrace timed -p 1 --duration nan", "--duration takes a time");
	assert_refused("asynctrace timed -p 1 --duration 1e99", "--duration takes a time");
	assert_int_equal(parse("asynctrace timed -p 1 --duration 5m").duration_ns, 300000000000);
	assert_int_equal(parse("asynctrace timed -p 1 --duration 1.5s").duration_ns, 1500000000);
	assert_int_equal(parse("asynctrace timed -p 1 --duration 100ms").duration_ns, 100000000);
	assert_int_equal(parse("asynctrace timed -p 1 --duration 1.1us").duration_ns, 1100);
	assert_int_equal(parse("asynctrace timed -p 1 --duration 40ns").duration_ns, 40);
	assert_refused("asynctrace timed -p 1 --duration 5h", "--duration takes a time");
	assert_refused("asynctrace timed -p 1 --duration ms", "--duration takes a time");
	assert_refused("asynctrace timed -p 1 --duration 0.1ns", "--duration takes a time");
	assert_refused("asynctrace timed -p 1 --duration inf", "--duration takes a time");
	assert_int_equal(parse("asynctrace timed -p 1 --since 0").filter.since_ns, 0);
}

static void options__buffer(void **state)
{
	(void)state;
	assert_int_equal(parse("asynctrace timed -p 1 --buffer 64K").buffer, 64 << 10);
	assert_int_equal(parse("asynctrace timed -p 1 --buffer 8m").buffer, 8 << 20);
	assert_int_equal(parse("asynctrace timed -p 1 --buffer 1G").buffer, 1 << 30);
	assert_int_equal(parse("asynctrace timed -p 1 --buffer 65536").buffer, 65536);
	assert_int_equal(parse("asynctrace timed -p 1 --buffer 65537").buffer, 128 << 10);
	assert_int_equal(parse("asynctrace timed -p 1 --buffer 5M").buffer, 8 << 20);
	assert_refused("asynctrace timed -p 1 --buffer 65535", "--buffer takes a size");
	assert_refused("asynctrace timed -p 1 --buffer 2G", "--buffer takes a size");
	assert_refused("asynctrace timed -p 1 --buffer 8MB", "--buffer takes a size");
	assert_refused("asynctrace timed -p 1 --buffer M", "--buffer takes a size");
	assert_refused("asynctrace timed -p 1 --buffer nan", "--buffer takes a size");
}

static void options__probes(void **state)
{
	(void)state;
	assert_true(parse("asynctrace timed -p 1 --probes direct").direct);
	assert_false(parse("asynctrace timed -p 1 --probes batch").direct);
	assert_refused("asynctrace timed -p 1 --probes some", "batch or direct");
}

static void options__of_single_views(void **state)
{
	struct options options;

	(void)state;
	assert_true(parse("asynctrace timed -p 1 --columns where").view_options.columns ==
		    VIEW_WHERE);
	assert_int_equal(parse("asynctrace slow -p 1 --threshold 5ms").view_options.threshold_ns,
			 5000000);
	assert_int_equal(parse("asynctrace flame -p 1").view_options.weight,
			 VIEW_BUSY_AND_AWAITING);
	assert_int_equal(parse("asynctrace flame -p 1 --weight ready").view_options.weight,
			 VIEW_READY);
	options = parse("asynctrace timeline -p 1 --events --csv-raw");
	assert_true(options.view_options.events && options.view_options.raw);
	assert_refused("asynctrace timed -p 1 --columns task,size", "not 'size'");
	assert_refused("asynctrace timed -p 1 --columns task,", "not ''");
	assert_refused("asynctrace flame -p 1 --weight heavy", "not 'heavy'");
	assert_refused("asynctrace summary -p 1 --weight wall",
		       "--weight is for flame and attach, not for summary");
	assert_refused("asynctrace timed -p 1 --threshold 1", "is for slow, not for timed");
}

static void options__format(void **state)
{
	struct options options = parse("asynctrace flame -p 1 -o x.speedscope.json");

	(void)state;
	assert_int_equal(options.view_options.format, VIEW_SPEEDSCOPE);
	assert_true(options.whole);
	options = parse("asynctrace flame -p 1 -o x.txt");
	assert_int_equal(options.view_options.format, VIEW_TEXT);
	assert_false(options.whole);
	options = parse("asynctrace timeline -p 1");
	assert_int_equal(options.view_options.format, VIEW_CSV);
	assert_false(options.whole);
	assert_int_equal(parse("asynctrace timeline -p 1 -o x.txt").view_options.format, VIEW_CSV);
	assert_int_equal(parse("asynctrace timeline -p 1 -o x.json").view_options.format,
			 VIEW_CHROME);
	assert_int_equal(parse("asynctrace tree -p 1").view_options.format, VIEW_TEXT);
	assert_int_equal(parse("asynctrace tree -p 1 --csv").view_options.format, VIEW_CSV);
	assert_int_equal(parse("asynctrace tree -p 1 --format csv").view_options.format, VIEW_CSV);
	options = parse("asynctrace flame -p 1 --format folded");
	assert_int_equal(options.view_options.format, VIEW_FOLDED);
	assert_false(options.whole);
	options = parse("asynctrace flame -p 1 -o x.svg --format speedscope");
	assert_int_equal(options.view_options.format, VIEW_SPEEDSCOPE);
	assert_true(options.whole);
	assert_false(parse("asynctrace flame -p 1 -o - --format svg").whole);
	assert_int_equal(parse("asynctrace flame -p 1 -o x.svg --format text").view_options.format,
			 VIEW_TEXT);
	assert_refused("asynctrace flame -p 1 --format csv", "flame does not write csv");
	assert_refused("asynctrace timeline -p 1 --format text", "timeline does not write text");
	assert_refused("asynctrace flame -p 1 --format pdf", "not 'pdf'");
	assert_refused("asynctrace flame -p 1 -w -", "-o FILE");
	/* The end alone is no name. */
	assert_int_equal(parse("asynctrace timed -p 1 -o .svg").view_options.format, VIEW_TEXT);
}

static void options__filters(void **state)
{
	const char *line = "asynctrace timed -p 1 --filter a* --filter b --task Task-7 --thread 3 "
			   "--since 1 --until 1.5s --min-duration 2ms";
	struct filter_options filter = parse(line).filter;

	(void)state;
	assert_int_equal(filter.glob_count, 2);
	assert_string_equal(filter.globs[0], "a*");
	assert_string_equal(filter.globs[1], "b");
	assert_string_equal(filter.task, "Task-7");
	assert_int_equal(filter.thread, 3);
	assert_int_equal(filter.since_ns, 1000000000);
	assert_int_equal(filter.until_ns, 1500000000);
	assert_int_equal(filter.min_duration_ns, 2000000);
	assert_true(filter.moments);
	assert_false(parse("asynctrace summary -p 1").filter.moments);
	assert_refused("asynctrace timed -p 1 --thread main", "--thread takes the kernel's number");
	assert_refused("asynctrace timed -p 1 --since 2 --until 1", "--until must come after");
	assert_refused("asynctrace record -o x -p 1 --filter a", "not for record");
	assert_refused("asynctrace doctor --filter a", "not for doctor");
}

static void options__colour(void **state)
{
	(void)state;
	assert_int_equal(parse("asynctrace timed -p 1").colour, OPTIONS_AUTO);
	assert_int_equal(parse("asynctrace timed -p 1 --color always").colour, OPTIONS_ALWAYS);
	assert_int_equal(parse("asynctrace timed -p 1 --colour=never").colour, OPTIONS_NEVER);
	assert_refused("asynctrace timed -p 1 --color pink", "auto, always or never, not 'pink'");
}

static void options__attach(void **state)
{
	(void)state;
	assert_int_equal(parse("asynctrace attach 42").pid, 42);
	assert_int_equal(parse("asynctrace attach -p 42").pid, 42);
	assert_string_equal(parse("asynctrace attach -- x").command[0], "x");
	assert_refused("asynctrace attach 42 43", "one process at a time");
	assert_refused("asynctrace attach 42 -p 43", "one process at a time");
	assert_refused("asynctrace attach server", "attach takes the number of a process");
	assert_refused("asynctrace attach server", "-- server");
	assert_refused("asynctrace attach 0", "not '0'");
}

/* The line says what was mistyped, and what was meant. */
static void options__mistyped(void **state)
{
	(void)state;
	assert_refused("asynctrace sumary -p 1", "did you mean summary?");
	assert_refused("asynctrace timed -p 1 --durration 3", "did you mean --duration?");
	assert_refused("asynctrace timed -p 1 --durration=3", "did you mean --duration?");
	assert_refused("asynctrace timed -p 1 -x", "there is no option '-x'");
	assert_refused("asynctrace timed -p", "--pid needs a value: --pid PID");
	assert_refused("asynctrace timed -p 1 --columns", "--columns needs a value");
	assert_refused("asynctrace timed -p 1 --follow=yes", "--follow takes no value");
	/* As short as it is clear. */
	assert_int_equal(parse("asynctrace timed -p 1 --dur 3").duration_ns, 3000000000);
}

static void options__view_that_is_none(void **state)
{
	(void)state;
	assert_refused("asynctrace tiemd -p 1", "no view 'tiemd': did you mean timed?");
	assert_refused("asynctrace frobnicate -p 1", "no view 'frobnicate': the views are timed");
	assert_refused("asynctrace -p 1", "which view?");
	assert_refused("asynctrace -- ls", "which view?");
}

static void options__source(void **state)
{
	(void)state;
	assert_refused("asynctrace timed", "-p PID, -i FILE or -- COMMAND");
	assert_refused("asynctrace timed -p 1 -i x", "one source only");
	assert_refused("asynctrace timed -p 1 -- x", "one source only");
	assert_refused("asynctrace timed --", "no command");
	assert_refused("asynctrace timed -p server", "not 'server'");
	assert_refused("asynctrace timed -p 0", "not '0'");
	assert_refused("asynctrace timed -p 99999999999", "not '99999999999'");
	assert_refused("asynctrace timed 12", "-p 12");
	assert_refused("asynctrace timed ./x -l", "-- ./x");
	assert_refused("asynctrace timed -i x --duration 1", "live");
	assert_refused("asynctrace timed -i x --buffer 8M", "live");
	assert_refused("asynctrace timed --nonsense", "no option '--nonsense': asynctrace timed");
}

static void options__record_and_doctor(void **state)
{
	(void)state;
	assert_string_equal(parse("asynctrace record -o x -p 1").action->name, "record");
	assert_string_equal(parse("asynctrace doctor").action->name, "doctor");
	assert_int_equal(parse("asynctrace doctor -p 3").pid, 3);
	assert_refused("asynctrace record -p 1", "-o FILE");
	assert_refused("asynctrace doctor -i x", "doctor");
	assert_refused("asynctrace doctor -- x", "doctor");
}

static void options__none_at_all(void **state)
{
	char said[4096];

	(void)state;
	assert_int_equal(outcome("asynctrace", STDERR_FILENO, said, sizeof(said)), 2);
	assert_int_equal(strncmp(said, "Usage: asynctrace", 17), 0);
}

static void options__help_and_version(void **state)
{
	char said[8192];

	(void)state;
	assert_int_equal(outcome("asynctrace --help", STDOUT_FILENO, said, sizeof(said)), 0);
	assert_non_null(strstr(said, actions[0].question));
	assert_non_null(strstr(said, "EXAMPLES"));
	assert_non_null(strstr(said, "127 if it was not"));
	assert_int_equal(outcome("asynctrace help", STDOUT_FILENO, said, sizeof(said)), 0);
	assert_non_null(strstr(said, "127 if it was not"));
	assert_int_equal(outcome("asynctrace help tree", STDOUT_FILENO, said, sizeof(said)), 0);
	assert_non_null(strstr(said, "where: who created"));
	assert_null(strstr(said, "seconds since"));
	assert_int_equal(outcome("asynctrace timed --help", STDOUT_FILENO, said, sizeof(said)), 0);
	assert_null(strstr(said, "tree"));
	assert_non_null(strstr(said, "starts or finishes between"));
	assert_int_equal(outcome("asynctrace --version", STDOUT_FILENO, said, sizeof(said)), 0);
	assert_int_equal(strncmp(said, "asynctrace ", 11), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options__of_a_process),
		cmocka_unit_test(options__stand_anywhere_before_the_command),
		cmocka_unit_test(options__behind_the_command_are_its_own),
		cmocka_unit_test(options__duration),
		cmocka_unit_test(options__buffer),
		cmocka_unit_test(options__probes),
		cmocka_unit_test(options__of_single_views),
		cmocka_unit_test(options__format),
		cmocka_unit_test(options__filters),
		cmocka_unit_test(options__colour),
		cmocka_unit_test(options__attach),
		cmocka_unit_test(options__mistyped),
		cmocka_unit_test(options__view_that_is_none),
		cmocka_unit_test(options__source),
		cmocka_unit_test(options__record_and_doctor),
		cmocka_unit_test(options__none_at_all),
		cmocka_unit_test(options__help_and_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
