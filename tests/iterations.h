/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A loop that a test runs one iteration at a time, tasks that it starts in it, and a journal of
 * what they meet.
 *
 *	start(takes("one"));
 *	iterate();
 *	assert_journal("one");
 */
#ifndef TESTS_ITERATIONS_H
#define TESTS_ITERATIONS_H

#include <async.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct async_loop *loop;

static struct {
	char text[2048];
	size_t length;
} journal;

static struct {
	struct async_task *tasks[64];
	size_t count;
} started;

static inline int setup_loop(void **state)
{
	(void)state;
	memset(&journal, 0, sizeof(journal));
	started.count = 0;
	return async_loop_new(&loop);
}

/* What has been started is still there to be looked at. */
static inline void close_loop(void)
{
	assert_int_equal(async_loop_close(loop), 0);
	loop = NULL;
}

static inline int teardown_loop(void **state)
{
	(void)state;
	if (loop)
		close_loop();
	while (started.count)
		async_task_detach(started.tasks[--started.count]);
	return 0;
}

/* A task of the loop. Its reference is given up by the teardown. */
static inline struct async_task *start(struct async_coroutine *coroutine)
{
	struct async_task *task = async_loop_create_task(loop, coroutine);

	assert_true(started.count < sizeof(started.tasks) / sizeof(*started.tasks));
	started.tasks[started.count++] = task;
	return task;
}

static inline void iterate(void)
{
	async_loop_stop(loop);
	assert_int_equal(async_loop_run_forever(loop), 0);
}

/* Until nothing is ready any more, if that does not take long. */
static inline void settle(void)
{
	int i;

	for (i = 0; i < 30; i++)
		iterate();
}

/* Writes a name into the journal, and what came back: "one", "one=5", "one!ECANCELED". */
static inline int64_t note(const char *name, int64_t result)
{
	char *end = journal.text + journal.length, number[24] = "";
	size_t left = sizeof(journal.text) - journal.length;

	if (result)
		snprintf(number, sizeof(number), "%lld", (long long)result);
	journal.length += snprintf(end, left, "%s%s%s%s", journal.length ? " " : "", name,
				   !result	? ""
				   : result < 0 ? "!"
						: "=",
				   result < 0 ? strerrorname_np(-result) : number);
	return result;
}

/* What has been noted since the last look. */
#define assert_journal(expected)                                                                   \
	do {                                                                                       \
		assert_string_equal(journal.text, expected);                                       \
		journal.length = 0;                                                                \
		journal.text[0] = '\0';                                                            \
	} while (0)

#define LOOP_TEST(function) cmocka_unit_test_setup_teardown(function, setup_loop, teardown_loop)

#endif
