/* SPDX-License-Identifier: BSD-2-Clause */
/* The log: what gets through, to whom, and in how many writes. */
#include "capture.h"
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

static void level__has_pythons_name(void **state)
{
	(void)state;
	assert_string_equal(async_log_level_name(ASYNC_LOG_DEBUG), "DEBUG");
	assert_string_equal(async_log_level_name(ASYNC_LOG_INFO), "INFO");
	assert_string_equal(async_log_level_name(ASYNC_LOG_WARNING), "WARNING");
	assert_string_equal(async_log_level_name(ASYNC_LOG_ERROR), "ERROR");
	assert_string_equal(async_log_level_name(ASYNC_LOG_CRITICAL), "CRITICAL");
	assert_string_equal(async_log_level_name(0), "NOTSET");
}

static void level__is_warning_at_first(void **state)
{
	(void)state;
	assert_int_equal(async_log_get_level(), ASYNC_LOG_WARNING);
}

static void log__drops_what_is_below_the_level(void **state)
{
	(void)state;
	async_log(ASYNC_LOG_INFO, "no");
	async_log(ASYNC_LOG_WARNING, "yes");
	async_log_set_level(ASYNC_LOG_ERROR);
	async_log(ASYNC_LOG_WARNING, "no");
	async_log(ASYNC_LOG_CRITICAL, "yes, too");
	assert_captured("WARNING: yes\nCRITICAL: yes, too\n");
}

static void log__lets_all_through_at_debug(void **state)
{
	(void)state;
	async_log_set_level(ASYNC_LOG_DEBUG);
	async_log(ASYNC_LOG_DEBUG, "%s", "detail");
	assert_captured("DEBUG: detail\n");
}

static void log__formats_of_any_length(void **state)
{
	char text[5001];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	async_log(ASYNC_LOG_ERROR, "%s%d", text, 7);
	assert_captured("ERROR: %s7\n", text);
}

static void logs_once_more(enum async_log_level level, const char *message, void *arg)
{
	capture(level, message, NULL);
	if ((*(int *)arg)++ == 0)
		async_log(ASYNC_LOG_ERROR, "from the handler");
}

static void handler__gets_its_argument_and_may_log(void **state)
{
	int calls = 0;

	(void)state;
	async_log_set_handler(logs_once_more, &calls);
	async_log(ASYNC_LOG_WARNING, "first");
	assert_int_equal(calls, 2);
	assert_captured("WARNING: first\nERROR: from the handler\n");
}

/* What the default handler writes: a pipe that keeps packets shows each write. */
static size_t read_standard_error(void (*function)(void), char packets[][256], size_t size)
{
	int ends[2], before = dup(STDERR_FILENO);
	ssize_t length;
	size_t count = 0;

	assert_int_equal(pipe2(ends, O_DIRECT | O_NONBLOCK), 0);
	fflush(stderr);
	dup2(ends[1], STDERR_FILENO);
	function();
	dup2(before, STDERR_FILENO);
	close(before);
	close(ends[1]);
	for (; count < size; count++) {
		length = read(ends[0], packets[count], sizeof(packets[count]) - 1);
		if (length <= 0)
			break;
		packets[count][length] = '\0';
	}
	close(ends[0]);
	return count;
}

static void log_two_lines_and_one(void)
{
	async_log_set_handler(NULL, NULL);
	async_log(ASYNC_LOG_ERROR, "two\nlines");
	async_log(ASYNC_LOG_DEBUG, "nothing");
	async_log(ASYNC_LOG_WARNING, "one");
}

static void default_handler__writes_a_message_at_a_time(void **state)
{
	char packets[4][256];

	(void)state;
	assert_int_equal(read_standard_error(log_two_lines_and_one, packets, 4), 2);
	assert_string_equal(packets[0], "two\nlines\n");
	assert_string_equal(packets[1], "one\n");
}

static int counts[2];

static void count(enum async_log_level level, const char *message, void *arg)
{
	(void)level;
	/* Handler and argument belong together. */
	if (strcmp(message, "counted"))
		abort();
	__atomic_add_fetch((int *)arg, 1, __ATOMIC_RELAXED);
}

static void *log_often(void *arg)
{
	int i;

	for (i = 0; i < 2000; i++)
		async_log(ASYNC_LOG_ERROR, "counted");
	return arg;
}

static void handlers__are_swapped_while_others_log(void **state)
{
	pthread_t threads[4];
	int i;

	(void)state;
	async_log_set_handler(count, &counts[0]);
	for (i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, log_often, NULL), 0);
	for (i = 0; i < 1000; i++)
		async_log_set_handler(count, &counts[i % 2]);
	for (i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(counts[0] + counts[1], 8000);
}

static void loop__names_its_selector(void **state)
{
	struct async_loop *loop;

	(void)state;
	async_log_set_level(ASYNC_LOG_DEBUG);
	assert_int_equal(async_loop_new(&loop), 0);
	async_loop_close(loop);
	assert_captured("DEBUG: Using selector: EpollSelector\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CAPTURE_TEST(level__has_pythons_name),
		CAPTURE_TEST(level__is_warning_at_first),
		CAPTURE_TEST(log__drops_what_is_below_the_level),
		CAPTURE_TEST(log__lets_all_through_at_debug),
		CAPTURE_TEST(log__formats_of_any_length),
		CAPTURE_TEST(handler__gets_its_argument_and_may_log),
		CAPTURE_TEST(default_handler__writes_a_message_at_a_time),
		CAPTURE_TEST(handlers__are_swapped_while_others_log),
		CAPTURE_TEST(loop__names_its_selector),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
