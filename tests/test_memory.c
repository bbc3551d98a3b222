/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lack of memory. A scenario runs again and again: first its first allocation fails, then its
 * second, and so on until none is left to fail. Each time it must end, with what it promises, and
 * without a leak.
 */
#include <async.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "memory.h"

/* Runs the scenario with each of its allocations failing once. */
static void fail_each(int64_t (*scenario)(void), int64_t success)
{
	int64_t result;
	long i;

	for (i = 0; i < 10000; i++) {
		memory_live = 0;
		memory_failed = false;
		memory_counted = true;
		memory_left = i;
		result = scenario();
		memory_left = -1;
		memory_counted = false;
		assert_int_equal(memory_live, 0);
		if (!memory_failed)
			break;
		assert_true(result == success || result == -ENOMEM);
	}
	assert_false(memory_failed);
	assert_true(i > 0);
	assert_int_equal(result, success);
}

ASYNC(returns, int64_t, value)
{
	return value;
}

ASYNC(fails_with_message, int, error)
{
	return async_fail(error, "%s", "a message");
}

/* The first failure of several awaits. */
static int64_t first(int64_t one, int64_t two)
{
	return one < 0 ? one : two;
}

ASYNC(awaits_all)
{
	int64_t result = async_await(returns(1));

	result = first(result, async_await(async_create_task(returns(2))));
	result = first(result, async_sleep(0));
	result = first(result, async_sleep_ns(1));
	return first(result, 5);
}

static int64_t run_awaits(void)
{
	return async_run(awaits_all());
}

static void run__without_memory(void **state)
{
	(void)state;
	fail_each(run_awaits, 5);
}

ASYNC(gathers)
{
	enum { COUNT = 20 };
	struct async_task *tasks[COUNT];
	int64_t results[COUNT], err;
	size_t i;

	for (i = 0; i < COUNT; i++)
		tasks[i] = async_create_task(returns(i));
	err = async_await(async_gather(tasks, COUNT, results, 0));
	return err < 0 ? err : results[COUNT - 1];
}

ASYNC(gathers_coroutines)
{
	struct async_coroutine *coroutines[] = { returns(1), returns(2), returns(3) };
	int64_t results[3], err;

	err = async_await(async_gather(coroutines, 3, results, 0));
	return err < 0 ? err : results[2];
}

static int64_t run_gathers_coroutines(void)
{
	return async_run(gathers_coroutines());
}

static int64_t run_gathers(void)
{
	return async_run(gathers());
}

static void gather__without_memory(void **state)
{
	(void)state;
	fail_each(run_gathers, 19);
	fail_each(run_gathers_coroutines, 3);
}

ASYNC(waits)
{
	struct async_task *tasks[] = { async_create_task(returns(1)),
				       async_create_task(returns(2)) };
	int64_t done = async_wait(tasks, 2, 3600, ASYNC_ALL_COMPLETED);
	struct async_as_completed *completed = async_as_completed(tasks, 2, 3600);
	int64_t result = done;
	size_t place;

	do {
		result = first(result, async_as_completed_next(completed, &place));
	} while (result > 0);
	async_as_completed_free(completed);
	async_task_detach(tasks[0]);
	async_task_detach(tasks[1]);
	return result;
}

static int64_t run_waits(void)
{
	return async_run(waits());
}

static void waits__without_memory(void **state)
{
	(void)state;
	fail_each(run_waits, 0);
}

ASYNC(shields)
{
	struct async_future *outer = async_shield(returns(3));

	async_future_cancel(outer);
	async_future_unref(outer);
	return async_await(async_shield(returns(4)));
}

static int64_t run_shields(void)
{
	return async_run(shields());
}

static void shields__without_memory(void **state)
{
	(void)state;
	fail_each(run_shields, 4);
}

ASYNC(sleeps)
{
	return async_sleep(3600);
}

ASYNC(leaves_tasks_behind)
{
	int i;

	for (i = 0; i < 20; i++)
		async_task_detach(async_create_task(sleeps()));
	return first(async_sleep(0), 3);
}

ASYNC(limits)
{
	struct async_timeout timeout;
	int64_t result;

	async_timeout_begin(&timeout, 3600);
	async_timeout_reschedule(&timeout, 1);
	result = async_timeout_end(&timeout, async_sleep_ns(1));
	if (result != -ETIMEDOUT)
		return first(result, -ENOMEM);
	result = async_wait_for(async_create_task(sleeps()), 0.0001);
	return result == -ETIMEDOUT ? async_wait_for(returns(6), 3600) : result;
}

static int64_t run_limits(void)
{
	return async_run(limits());
}

static void limits__without_memory(void **state)
{
	(void)state;
	fail_each(run_limits, 6);
}

ASYNC(groups, bool, fail)
{
	struct async_task_group *group = async_task_group_new();

	async_task_group_create_task(group, returns(1));
	async_task_group_create_task(group, fail ? fails_with_message(-EIO) : returns(2));
	return async_task_group_end(group, 7);
}

ASYNC(groups_twice)
{
	int64_t result = async_await(groups(false));

	if (result != 7)
		return result;
	result = async_await(groups(true));
	return result == -EIO ? 8 : result;
}

static int64_t run_groups(void)
{
	return async_run(groups_twice());
}

/* A task that could not be made is not passed over in silence. */
static void groups__without_memory(void **state)
{
	(void)state;
	fail_each(run_groups, 8);
}

enum { GROUPS = 70 };

/* Each has a callback of the parent, so that these need memory as well. */
ASYNC(groups_within_groups)
{
	struct async_task_group *groups[GROUPS];
	int64_t result = 9;
	int i;

	for (i = 0; i < GROUPS; i++)
		groups[i] = async_task_group_new();
	while (i--)
		result = first(async_task_group_end(groups[i], result), result);
	return result;
}

static int64_t run_many_groups(void)
{
	return async_run(groups_within_groups());
}

static void many_groups__without_memory(void **state)
{
	(void)state;
	fail_each(run_many_groups, 9);
}

static int64_t run_and_leave(void)
{
	return async_run(leaves_tasks_behind());
}

static void run__without_memory_to_cancel_what_is_left(void **state)
{
	(void)state;
	fail_each(run_and_leave, 3);
}

ASYNC(loses_message)
{
	int64_t result = async_await(async_create_task(fails_with_message(-EIO)));

	return result == -EIO ? 7 : result;
}

static int64_t run_loses_message(void)
{
	return async_run(loses_message());
}

static void message__without_memory(void **state)
{
	(void)state;
	fail_each(run_loses_message, 7);
}

static void count(void *arg)
{
	++*(int *)arg;
}

static void on_done(struct async_future *future, void *arg)
{
	(void)future;
	count(arg);
}

static int64_t schedule_callbacks(void)
{
	struct async_loop *loop;
	struct async_future *future;
	int calls = 0, expected = 0, i;
	int64_t err = async_loop_new(&loop);

	if (err)
		return err;
	future = async_future_new(loop);
	for (i = 0; i < 70; i++) {
		expected += async_call_soon(loop, count, &calls).serial != 0;
		expected += async_call_at(loop, 0, count, &calls).serial != 0;
		if (future)
			expected += !async_future_add_done_callback(future, on_done, &calls);
	}
	if (future)
		async_future_set_exception(future, -EIO, "a message");
	async_loop_stop(loop);
	async_loop_run_forever(loop);
	async_future_unref(future);
	async_loop_close(loop);
	if (calls != expected)
		return -EINVAL;
	return calls == 210 ? calls : -ENOMEM;
}

static void callbacks__without_memory(void **state)
{
	(void)state;
	fail_each(schedule_callbacks, 210);
}

ASYNC(names_itself)
{
	struct async_task *self = async_current_task();
	int64_t err = strlen(async_task_get_name(self)) ? 0 : -EINVAL;

	err = first(err, async_task_set_name(self, "a name"));
	return first(err, strcmp(async_task_get_name(self), "a name") ? -EINVAL : 2);
}

static int64_t run_names_itself(void)
{
	return async_run(names_itself());
}

static void name__without_memory(void **state)
{
	(void)state;
	fail_each(run_names_itself, 2);
}

static struct {
	intptr_t last;
	int calls, disorder;
} heard;

static void hear(void *arg)
{
	heard.disorder += (intptr_t)arg <= heard.last;
	heard.last = (intptr_t)arg;
	heard.calls++;
}

/* What was accepted is called, and in its order, even if the loop has no memory when it comes. */
static int64_t call_threadsafe(void)
{
	struct async_loop *loop;
	int expected = 0, turns;
	int64_t err = async_loop_new(&loop);
	intptr_t i;

	if (err)
		return err;
	memset(&heard, 0, sizeof(heard));
	for (i = 1; i <= 100; i++)
		expected += !async_call_soon_threadsafe(loop, hear, (void *)i);
	for (turns = 0; heard.calls < expected && turns < 10; turns++) {
		async_loop_stop(loop);
		async_loop_run_forever(loop);
	}
	async_loop_close(loop);
	if (heard.calls != expected || heard.disorder)
		return -EINVAL;
	return expected == 100 ? expected : -ENOMEM;
}

static void call_soon_threadsafe__without_memory(void **state)
{
	(void)state;
	fail_each(call_threadsafe, 100);
}

static int64_t run_threadsafe(void)
{
	struct async_concurrent_future *future;
	struct async_loop *loop;
	int64_t err = async_loop_new(&loop);

	if (err)
		return err;
	future = async_run_coroutine_threadsafe(fails_with_message(-EIO), loop);
	while (!async_concurrent_future_done(future)) {
		async_loop_stop(loop);
		async_loop_run_forever(loop);
	}
	err = async_concurrent_future_result(future, 0);
	async_concurrent_future_free(future);
	async_loop_close(loop);
	return err == -EIO ? 6 : err;
}

static void run_coroutine_threadsafe__without_memory(void **state)
{
	(void)state;
	fail_each(run_threadsafe, 6);
}

static int64_t job(void *arg)
{
	return (intptr_t)arg;
}

ASYNC(runs_jobs, struct async_executor *, executor)
{
	int64_t result = async_await(async_run_in_executor(executor, job, (void *)1));

	return first(result, async_await(async_run_in_executor(executor, job, (void *)2)));
}

static int64_t run_jobs(void)
{
	struct async_executor *executor = async_thread_pool_executor_new(1, NULL);
	int64_t result = executor ? async_run(runs_jobs(executor)) : -ENOMEM;

	async_executor_shutdown(executor, true);
	return result;
}

static void run_in_executor__without_memory(void **state)
{
	(void)state;
	/* The C library keeps what the first thread has needed. */
	assert_int_equal(run_jobs(), 2);
	fail_each(run_jobs, 2);
}

ASYNC(calls_job)
{
	return async_to_thread(job, (void *)3);
}

static int64_t run_default_executor(void)
{
	return async_run(calls_job());
}

static void to_thread__without_memory(void **state)
{
	(void)state;
	assert_int_equal(run_default_executor(), 3);
	fail_each(run_default_executor, 3);
}

static void memory__is_not_ours(void **state)
{
	(void)state;
	SKIP_FOR_MEMORY();
}

int main(void)
{
	const struct CMUnitTest none[] = { cmocka_unit_test(memory__is_not_ours) };
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(call_soon_threadsafe__without_memory),
		cmocka_unit_test(run_coroutine_threadsafe__without_memory),
		cmocka_unit_test(run_in_executor__without_memory),
		cmocka_unit_test(to_thread__without_memory),
		cmocka_unit_test(run__without_memory),
		cmocka_unit_test(gather__without_memory),
		cmocka_unit_test(waits__without_memory),
		cmocka_unit_test(shields__without_memory),
		cmocka_unit_test(limits__without_memory),
		cmocka_unit_test(groups__without_memory),
		cmocka_unit_test(many_groups__without_memory),
		cmocka_unit_test(run__without_memory_to_cancel_what_is_left),
		cmocka_unit_test(message__without_memory),
		cmocka_unit_test(callbacks__without_memory),
		cmocka_unit_test(name__without_memory),
	};

	/* Places that are printed are kept for good. */
	async_log_set_level(ASYNC_LOG_CRITICAL);
	if (!memory_is_ours())
		return cmocka_run_group_tests(none, NULL, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
