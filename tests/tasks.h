/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tasks to be waited for, and what tests see of them. Assertions must not jump off a task's stack:
 * coroutines note what they see, and the test looks at that when they have ended.
 */
#ifndef TESTS_TASKS_H
#define TESTS_TASKS_H

#include <async.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include <runtime/runtime.h>

struct seen {
	int64_t met[12]; /* results, one after the other */
	size_t count;
	int64_t inner; /* what a task met that was waited for */
	int steps;     /* of such a task */
	char message[64];
	struct async_task *task, *other;
	struct async_future *future;
};

static inline int64_t meet(struct seen *seen, int64_t result)
{
	const char *message = result < 0 ? async_error_message(result) : NULL;

	snprintf(seen->message, sizeof(seen->message), "%s", message ? message : "");
	seen->met[seen->count++] = result;
	return result;
}

#define assert_met(seen, ...)                                                                      \
	do {                                                                                       \
		const int64_t met_[] = { __VA_ARGS__ };                                            \
		size_t met_i_;                                                                     \
                                                                                                   \
		assert_int_equal((seen)->count, sizeof(met_) / sizeof(*met_));                     \
		for (met_i_ = 0; met_i_ < (seen)->count; met_i_++)                                 \
			assert_int_equal((seen)->met[met_i_], met_[met_i_]);                       \
	} while (0)

/* Lets the others run so many times. */
static inline void take_turns(int turns)
{
	while (turns--)
		async_sleep(0);
}

/* Returns `result` after so many turns; a failure comes with a message. */
ASYNC(returns_after, int, turns, int64_t, result)
{
	while (turns--) {
		int64_t err = async_sleep(0);

		if (err < 0)
			return err;
	}
	return result < 0 ? async_fail(result, "failed with %d", (int)result) : result;
}

/*
 * Waits until it is cancelled, then cleans up for some turns, and returns `result` if that is not
 * 0.
 */
ASYNC(sleeps, struct seen *, seen, int64_t, result)
{
	seen->steps++;
	seen->inner = async_sleep(3600);
	while (seen->steps++ < 4)
		async_sleep(0);
	return result ? result : seen->inner;
}

/* How many callbacks wait for a time or a future, or are queued. */
static inline size_t callbacks(void)
{
	const struct list *slots = &async_get_running_loop()->slots, *link;
	size_t count = 0;

	list_for_each (link, slots)
		count++;
	return count;
}

/* Runs the coroutine for some iterations, and closes the loop while it waits. */
static inline void run_and_close(struct async_coroutine *coroutine)
{
	struct async_task *task;
	struct async_loop *loop;
	int i;

	assert_int_equal(async_loop_new(&loop), 0);
	task = async_loop_create_task(loop, coroutine);
	for (i = 0; i < 8; i++) {
		async_loop_stop(loop);
		async_loop_run_forever(loop);
	}
	assert_false(async_task_done(task));
	assert_int_equal(async_loop_close(loop), 0);
	assert_int_equal(async_task_result(task), -ECANCELED);
	async_task_detach(task);
}

#endif
