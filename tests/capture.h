/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The log, captured: each message as "LEVEL: message" and a newline. Use capture_setup() and
 * capture_teardown() for each test.
 */
#ifndef TESTS_CAPTURE_H
#define TESTS_CAPTURE_H

#include <async.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char captured[1 << 16];

static inline void capture(enum async_log_level level, const char *message, void *arg)
{
	size_t length = strlen(captured);

	(void)arg;
	snprintf(captured + length, sizeof(captured) - length, "%s: %s\n",
		 async_log_level_name(level), message);
}

static inline int capture_setup(void **state)
{
	(void)state;
	*captured = '\0';
	async_log_set_handler(capture, NULL);
	return 0;
}

static inline int capture_teardown(void **state)
{
	(void)state;
	async_log_set_handler(NULL, NULL);
	async_log_set_level(ASYNC_LOG_WARNING);
	return 0;
}

#define CAPTURE_TEST(name) cmocka_unit_test_setup_teardown(name, capture_setup, capture_teardown)

/* All that was logged, to the letter. */
static inline __attribute__((format(printf, 1, 2))) void assert_captured(const char *format, ...)
{
	char *expected;
	va_list arguments;

	va_start(arguments, format);
	assert_true(vasprintf(&expected, format, arguments) >= 0);
	va_end(arguments);
	assert_string_equal(captured, expected);
	free(expected);
}

static inline __attribute__((format(printf, 2, 3))) void assert_has(const char *text,
								    const char *format, ...)
{
	char *part;
	va_list arguments;

	va_start(arguments, format);
	assert_true(vasprintf(&part, format, arguments) >= 0);
	va_end(arguments);
	if (!strstr(text, part))
		fail_msg("no '%s' in:\n%s", part, text);
	free(part);
}

/* Takes the text. */
static inline __attribute__((format(printf, 2, 3))) void assert_text(char *text, const char *format,
								     ...)
{
	char *expected;
	va_list arguments;

	va_start(arguments, format);
	assert_true(vasprintf(&expected, format, arguments) >= 0);
	va_end(arguments);
	assert_non_null(text);
	assert_string_equal(text, expected);
	free(expected);
	free(text);
}

#endif
