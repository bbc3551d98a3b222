/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The examples of processes and signals print what their models in Python print. What df says is
 * the machine's own, and may have changed when it is asked again: the file systems are compared.
 */
#include "system.h"
#include <ctype.h>

/* Replaces whole numbers by #. */
static char *without_numbers(char *text)
{
	char *from = text, *to = text;

	while (*from) {
		if (isdigit((unsigned char)*from)) {
			from += strspn(from, "0123456789");
			*to++ = '#';
		} else {
			*to++ = *from++;
		}
	}
	*to = '\0';
	return text;
}

static void run(struct program *program, const char *command)
{
	program_start(program, "%s", command);
	program_wait(program);
	assert_int_equal(program->status, 0);
}

/* Takes a line out of the front of a text, without its newline. */
static char *take_line(char **text)
{
	char *line = strsep(text, "\n");

	return line ? line : "";
}

/* The last word of a line of df. */
static const char *mounted(const char *line)
{
	const char *blank = strrchr(line, ' ');

	return blank ? blank + 1 : line;
}

/* The lines of a program that has heard of all that df says. */
static void assert_free_space(char *text, const char *df)
{
	char *lines = strdup(df), *rest = lines, *line, expected[512];

	assert_string_equal(take_line(&text), "");
	assert_string_equal(take_line(&text), "Free space:");
	take_line(&rest);
	while (*(line = take_line(&rest))) {
		int length = snprintf(expected, sizeof(expected), "%-25s: ", mounted(line));

		line = take_line(&text);
		assert_memory_equal(line, expected, length);
		assert_true(isdigit((unsigned char)line[length]));
	}
	assert_string_equal(text, "");
	free(lines);
}

static void df_protocol__prints_what_python_prints(void **state)
{
	struct program df = { 0 }, example = { 0 };
	char *text;

	(void)state;
	run(&df, "df -hl");
	run(&example, "build/examples/df_protocol");
	text = example.out;
	assert_string_equal(take_line(&text), "in run_df");
	assert_string_equal(take_line(&text), "launching process");
	assert_string_equal(without_numbers(take_line(&text)), "process started #");
	assert_string_equal(take_line(&text), "waiting for process to complete");
	assert_string_equal(without_numbers(take_line(&text)), "read # bytes from stdout");
	assert_string_equal(take_line(&text), "process exited");
	assert_string_equal(take_line(&text), "return code 0");
	assert_string_equal(take_line(&text), "parsing results");
	assert_free_space(text, df.out);
	assert_string_equal(example.err, "");
	program_free(&df);
	program_free(&example);
}

static void df_streams__prints_what_python_prints(void **state)
{
	struct program df = { 0 }, example = { 0 };
	char *text, *lines, *rest, *line, *read, end[512];

	(void)state;
	run(&df, "df -hl");
	run(&example, "build/examples/df_streams");
	text = example.out;
	assert_string_equal(take_line(&text), "in run_df");
	assert_string_equal(take_line(&text), "launching process");
	assert_string_equal(without_numbers(take_line(&text)), "process started #");
	lines = rest = strdup(df.out);
	while (*(line = take_line(&rest))) {
		snprintf(end, sizeof(end), " %s\\n'", mounted(line));
		read = take_line(&text);
		assert_memory_equal(read, "read b'", 7);
		assert_true(strlen(read) > strlen(end));
		assert_string_equal(read + strlen(read) - strlen(end), end);
	}
	assert_string_equal(take_line(&text), "read b''");
	assert_string_equal(take_line(&text), "no more output from command");
	assert_string_equal(take_line(&text), "waiting for process to complete");
	assert_string_equal(take_line(&text), "return code 0");
	assert_string_equal(take_line(&text), "parsing results");
	assert_free_space(text, df.out);
	assert_string_equal(example.err, "");
	free(lines);
	program_free(&df);
	program_free(&example);
}

static void tr_communicate__prints_what_python_prints(void **state)
{
	struct program example = { 0 };

	(void)state;
	run(&example, "build/examples/tr_communicate");
	assert_string_equal(without_numbers(example.out),
			    "in to_upper\n"
			    "launching process\n"
			    "pid #\n"
			    "communicating with process\n"
			    "waiting for process to complete\n"
			    "return code #\n"
			    "Original: '\\nThis message will be converted\\nto all caps.\\n'\n"
			    "Changed : '\\nTHIS MESSAGE WILL BE CONVERTED\\nTO ALL CAPS.\\n'\n");
	assert_string_equal(example.err, "");
	program_free(&example);
}

static void signals__prints_what_python_prints(void **state)
{
	struct program example = { 0 };

	(void)state;
	run(&example, "build/examples/signals");
	assert_string_equal(without_numbers(example.out), "starting send_signals for #\n"
							  "sending SIGHUP\n"
							  "yielding control\n"
							  "signal_handler('SIGHUP')\n"
							  "sending SIGHUP\n"
							  "yielding control\n"
							  "signal_handler('SIGHUP')\n"
							  "sending SIGUSR#\n"
							  "yielding control\n"
							  "signal_handler('SIGUSR#')\n"
							  "sending SIGINT\n"
							  "yielding control\n"
							  "signal_handler('SIGINT')\n");
	assert_string_equal(example.err, "");
	program_free(&example);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(df_protocol__prints_what_python_prints),
		cmocka_unit_test(df_streams__prints_what_python_prints),
		cmocka_unit_test(tr_communicate__prints_what_python_prints),
		cmocka_unit_test(signals__prints_what_python_prints),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
