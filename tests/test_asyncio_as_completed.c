/* SPDX-License-Identifier: BSD-2-Clause */
/* Tasks in the order in which they get done, as asyncio.as_completed() has them. */
#include "tasks.h"

/* For async_defer(): nothing else keeps it if the task is destroyed. */
static void free_completed(void *completed)
{
	async_as_completed_free(completed);
}

/* Meets each place, and what ends it. */
static void meet_all(struct seen *seen, struct async_as_completed *completed)
{
	int64_t result;
	size_t place;

	while ((result = async_as_completed_next(completed, &place)) > 0)
		meet(seen, place);
	meet(seen, result);
}

ASYNC(takes_all, struct seen *, seen, double, timeout)
{
	struct async_task *tasks[] = {
		async_create_task(returns_after(6, 1)),
		async_create_task(returns_after(2, -EIO)),
		async_create_task(returns_after(4, 3)),
		async_create_task(returns_after(2, 4)),
	};
	struct async_as_completed *completed = async_as_completed(tasks, 4, timeout);
	int i;

	meet_all(seen, completed);
	async_as_completed_free(completed);
	for (i = 0; i < 4; i++)
		async_task_detach(tasks[i]);
	return async_sleep(0);
}

static void as_completed__in_the_order_of_their_ends(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(takes_all(&seen, 3600)), 0);
	assert_met(&seen, 1, 3, 2, 0, 0);
}

static void as_completed__without_a_limit(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(takes_all(&seen, ASYNC_NO_TIMEOUT)), 0);
	assert_met(&seen, 1, 3, 2, 0, 0);
}

ASYNC(takes_futures, struct seen *, seen)
{
	struct async_future *futures[] = { async_future_new(NULL), async_future_new(NULL) };
	struct async_future *many[] = { futures[0], futures[1], futures[0] };
	struct async_as_completed *completed;

	async_future_set_result(futures[1], 1);
	completed = async_as_completed(many, 3, ASYNC_NO_TIMEOUT);
	async_future_cancel(futures[0]);
	meet_all(seen, completed);
	async_as_completed_free(completed);
	async_future_unref(futures[0]);
	async_future_unref(futures[1]);
	return 0;
}

static void as_completed__of_futures_that_are_done_or_there_twice(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(takes_futures(&seen)), 0);
	assert_met(&seen, 1, 0, 2, 0);
}

ASYNC(takes_none, struct seen *, seen)
{
	struct async_task *nobody[] = { NULL };
	struct async_as_completed *completed = async_as_completed(nobody, 0, 0);
	size_t place = 77;

	meet_all(seen, completed);
	async_as_completed_free(completed);
	meet(seen, !async_as_completed(nobody, 1, 0));
	meet(seen, async_as_completed_next(NULL, &place));
	meet(seen, place);
	return 0;
}

static void as_completed__of_nothing(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(takes_none(&seen)), 0);
	assert_met(&seen, 0, true, -ENOMEM, 77);
	async_as_completed_free(NULL);
}

ASYNC(takes_too_long, struct seen *, seen, double, timeout)
{
	struct async_task *tasks[] = {
		async_create_task(sleeps(seen, 0)),
		async_create_task(returns_after(1, 1)),
	};
	struct async_as_completed *completed;

	take_turns(3);
	completed = async_as_completed(tasks, 2, timeout);
	meet_all(seen, completed);
	meet_all(seen, completed);
	meet(seen, async_task_result(tasks[0]));
	/* It ends only now, when nobody listens to it any more. */
	async_task_cancel(tasks[0]);
	async_await(tasks[0]);
	meet_all(seen, completed);
	async_as_completed_free(completed);
	async_task_detach(tasks[1]);
	return 0;
}

static void timeout__cancels_nothing(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(takes_too_long(&seen, 0.002)), 0);
	assert_met(&seen, 1, -ETIMEDOUT, -ETIMEDOUT, -EINPROGRESS, -ETIMEDOUT);
}

/* A callback that was queued before the deadline has passed would be called after it. */
ASYNC(takes_just_in_time, struct seen *, seen)
{
	struct async_future *futures[] = { async_future_new(NULL), async_future_new(NULL) };
	struct async_as_completed *completed = async_as_completed(futures, 2, 0);
	uint64_t now_ns = async_loop_time(async_get_running_loop());

	async_future_set_result(futures[1], 1);
	while (async_loop_time(async_get_running_loop()) < now_ns + 5000000)
		;
	meet_all(seen, completed);
	async_as_completed_free(completed);
	async_future_unref(futures[0]);
	async_future_unref(futures[1]);
	return 0;
}

static void timeout__leaves_what_was_done_by_then(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(takes_just_in_time(&seen)), 0);
	assert_met(&seen, 1, -ETIMEDOUT);
}

ASYNC(takes_of, struct seen *, seen, struct async_as_completed *, completed)
{
	size_t place;

	return meet(seen, async_as_completed_next(completed, &place));
}

ASYNC(cancels_taker, struct seen *, seen)
{
	struct async_task *tasks[] = { async_create_task(sleeps(seen, 5)) };
	struct async_as_completed *completed = async_as_completed(tasks, 1, 3600);
	struct async_task *taker = async_create_task(takes_of(seen, completed));

	take_turns(1);
	meet(seen, async_await(takes_of(seen, completed)));
	async_task_cancel(taker);
	meet(seen, async_await(taker));
	meet(seen, async_task_cancelling(tasks[0]));
	async_task_cancel(tasks[0]);
	meet_all(seen, completed);
	async_as_completed_free(completed);
	async_task_detach(tasks[0]);
	return 0;
}

static void cancel__of_the_taker_loses_nothing(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(cancels_taker(&seen)), 0);
	assert_met(&seen, -EBUSY, -EBUSY, -ECANCELED, -ECANCELED, 0, 0, 0);
}

static void cancel_soon(struct async_future *future, void *arg)
{
	struct seen *seen = arg;

	(void)future;
	async_task_cancel(seen->task);
}

ASYNC(races, struct seen *, seen)
{
	struct async_future *futures[] = { async_future_new(NULL) };
	struct async_as_completed *completed = async_as_completed(futures, 1, ASYNC_NO_TIMEOUT);
	size_t place;

	seen->task = async_current_task();
	async_future_add_done_callback(futures[0], cancel_soon, seen);
	async_future_set_result(futures[0], 1);
	meet(seen, async_as_completed_next(completed, &place));
	meet_all(seen, completed);
	async_as_completed_free(completed);
	async_future_unref(futures[0]);
	return 0;
}

static void cancel__racing_with_completion_loses_nothing(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(races(&seen)), 0);
	assert_met(&seen, -ECANCELED, 0, 0);
}

ASYNC(stops_early, struct seen *, seen)
{
	struct async_task *tasks[] = {
		async_create_task(returns_after(5, 1)),
		async_create_task(returns_after(1, 2)),
	};
	size_t before = callbacks(), place;
	struct async_as_completed *completed = async_as_completed(tasks, 2, 3600);

	meet(seen, async_as_completed_next(completed, &place));
	meet(seen, place);
	async_as_completed_free(completed);
	meet(seen, callbacks() - before);
	return async_await(tasks[0]) + async_await(tasks[1]);
}

static void free__before_all_were_taken(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(stops_early(&seen)), 3);
	assert_met(&seen, 1, 1, 0);
}

static void next__outside_of_a_task(void **state)
{
	size_t place;

	(void)state;
	assert_int_equal(async_as_completed_next(NULL, &place), -EPERM);
}

enum { MANY = 5000 };

ASYNC(takes_many, struct seen *, seen)
{
	static struct async_task *tasks[MANY];
	struct async_as_completed *completed;
	size_t place;
	int i;

	for (i = 0; i < MANY; i++)
		tasks[i] = async_create_task(returns_after(i % 7, i));
	completed = async_as_completed(tasks, MANY, 3600);
	while (async_as_completed_next(completed, &place) > 0)
		seen->inner += async_await(tasks[place]);
	async_as_completed_free(completed);
	return 0;
}

static void as_completed__of_many(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(takes_many(&seen)), 0);
	assert_int_equal(seen.inner, (int64_t)MANY * (MANY - 1) / 2);
}

ASYNC(takes_for_ever, struct seen *, seen)
{
	struct async_task *tasks[] = {
		async_create_task(sleeps(seen, 0)),
		async_create_task(returns_after(1, 2)),
	};
	struct async_as_completed *completed = async_as_completed(tasks, 2, 3600);

	async_defer(free_completed, completed);
	async_task_detach(tasks[0]);
	async_task_detach(tasks[1]);
	meet_all(seen, completed);
	return 0;
}

static void close__while_waiting_for_the_next(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	run_and_close(takes_for_ever(&seen));
	assert_met(&seen, 1);
}

static void close__before_it_is_freed(void **state)
{
	struct async_as_completed *completed;
	struct async_future *futures[1];
	struct async_loop *loop;

	(void)state;
	assert_int_equal(async_loop_new(&loop), 0);
	futures[0] = async_future_new(loop);
	completed = async_as_completed(futures, 1, 3600);
	assert_non_null(completed);
	assert_int_equal(async_loop_close(loop), 0);
	async_as_completed_free(completed);
	async_future_unref(futures[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_completed__in_the_order_of_their_ends),
		cmocka_unit_test(as_completed__without_a_limit),
		cmocka_unit_test(as_completed__of_futures_that_are_done_or_there_twice),
		cmocka_unit_test(as_completed__of_nothing),
		cmocka_unit_test(timeout__cancels_nothing),
		cmocka_unit_test(timeout__leaves_what_was_done_by_then),
		cmocka_unit_test(cancel__of_the_taker_loses_nothing),
		cmocka_unit_test(cancel__racing_with_completion_loses_nothing),
		cmocka_unit_test(free__before_all_were_taken),
		cmocka_unit_test(next__outside_of_a_task),
		cmocka_unit_test(as_completed__of_many),
		cmocka_unit_test(close__while_waiting_for_the_next),
		cmocka_unit_test(close__before_it_is_freed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
