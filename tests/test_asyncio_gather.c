/* SPDX-License-Identifier: BSD-2-Clause */
/* Gathering of futures, and together with what else waits; test_gather.c has the tasks. */
#include "tasks.h"

enum { COUNT = 3 };

static void make(struct async_future *futures[])
{
	int i;

	for (i = 0; i < COUNT; i++)
		futures[i] = async_future_new(NULL);
}

static void ref(struct async_future *const futures[])
{
	int i;

	for (i = 0; i < COUNT; i++)
		async_future_ref(futures[i]);
}

static void unref(struct async_future *const futures[])
{
	int i;

	for (i = 0; i < COUNT; i++)
		async_future_unref(futures[i]);
}

/* Gathers three futures, the last of which ends with `result`, and the caller's references stay. */
ASYNC(gathers, struct seen *, seen, int64_t, result, unsigned int, flags)
{
	struct async_future *futures[COUNT], *gathering;
	int64_t results[COUNT] = { 77, 77, 77 };
	int i;

	make(futures);
	ref(futures);
	gathering = async_gather((struct async_future *const *)futures, COUNT, results, flags);
	async_future_set_result(futures[0], 1);
	if (result == -ECANCELED)
		async_future_cancel(futures[2]);
	else if (result < 0)
		async_future_set_exception(futures[2], result, "it failed");
	else
		async_future_set_result(futures[2], result);
	meet(seen, async_future_done(gathering));
	take_turns(2);
	meet(seen, async_future_done(gathering));
	async_future_set_result(futures[1], 2);
	meet(seen, async_await(gathering));
	for (i = 0; i < COUNT; i++)
		seen->met[seen->count++] = results[i];
	unref(futures);
	return 0;
}

static void futures__with_results(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(gathers(&seen, 3, 0)), 0);
	assert_met(&seen, false, false, 0, 1, 2, 3);
}

static void futures__one_of_which_fails(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(gathers(&seen, -EIO, 0)), 0);
	assert_met(&seen, false, true, -EIO, 77, 77, 77);
	assert_string_equal(seen.message, "it failed");
}

static void futures__one_of_which_is_cancelled(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(gathers(&seen, -ECANCELED, 0)), 0);
	assert_met(&seen, false, true, -ECANCELED, 77, 77, 77);
}

static void futures__whose_failures_are_results(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(gathers(&seen, -EIO, ASYNC_RETURN_EXCEPTIONS)), 0);
	assert_met(&seen, false, false, 0, 1, 2, -EIO);
}

static void futures__whose_cancellations_are_results(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(gathers(&seen, -ECANCELED, ASYNC_RETURN_EXCEPTIONS)), 0);
	assert_met(&seen, false, false, 0, 1, 2, -ECANCELED);
}

ASYNC(cancels_gathering, struct seen *, seen)
{
	struct async_future *futures[COUNT], *gathering;

	make(futures);
	ref(futures);
	gathering = async_gather(futures, COUNT, NULL, 0);
	meet(seen, async_future_cancel(gathering));
	meet(seen, async_future_done(gathering));
	meet(seen, async_future_cancelled(futures[0]) && async_future_cancelled(futures[2]));
	/* All of them are done now, although it does not know yet. */
	meet(seen, async_future_cancel(gathering));
	meet(seen, async_await(gathering));
	unref(futures);
	return async_sleep(0);
}

static void cancel__of_the_gathering(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(cancels_gathering(&seen)), 0);
	assert_met(&seen, true, false, true, false, -ECANCELED);
}

ASYNC(awaits_done_ones, struct seen *, seen)
{
	struct async_future *futures[COUNT], *gathering;

	make(futures);
	async_future_set_result(futures[0], 1);
	async_future_set_result(futures[1], 1);
	async_future_set_result(futures[2], 1);
	seen->future = gathering = async_gather(futures, COUNT, NULL, 0);
	async_task_cancel(async_current_task());
	meet(seen, async_await(gathering));
	return async_sleep(0);
}

static void cancel__that_no_child_takes_is_still_delivered(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(awaits_done_ones(&seen)), 0);
	assert_met(&seen, -ECANCELED);
}

ASYNC(gathers_gatherings, struct seen *, seen, bool, cancel)
{
	struct async_task *tasks[] = {
		async_create_task(sleeps(seen, 4)),
		async_create_task(returns_after(2, 5)),
	};
	int64_t inner[2] = { 0 }, outer[2] = { 0 };
	struct async_future *futures[] = { async_gather(tasks, 2, inner, 0),
					   async_future_new(NULL) };
	struct async_future *gathering = async_gather(futures, 2, outer, 0);

	take_turns(3);
	if (cancel)
		async_future_cancel(gathering);
	else
		async_task_cancel(async_current_task());
	meet(seen, async_await(gathering));
	meet(seen, seen->inner);
	return async_sleep(0);
}

static void cancel__goes_through_nested_gatherings(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(gathers_gatherings(&seen, true)), 0);
	assert_int_equal(async_run(gathers_gatherings(&seen, false)), 0);
	assert_met(&seen, -ECANCELED, -ECANCELED, -ECANCELED, -ECANCELED);
}

ASYNC(fails_twice, struct seen *, seen)
{
	struct async_task *tasks[] = {
		async_create_task(returns_after(1, -EIO)),
		async_create_task(returns_after(1, -ENOENT)),
	};
	struct async_future *gathering = async_gather(tasks, 2, NULL, 0);

	take_turns(6);
	meet(seen, async_future_cancel(gathering));
	meet(seen, async_await(gathering));
	return 0;
}

static void failure__of_another_later_changes_nothing(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(fails_twice(&seen)), 0);
	assert_met(&seen, false, -EIO);
	assert_string_equal(seen.message, "failed with -5");
}

ASYNC(limits_gathering, struct seen *, seen)
{
	struct async_task *tasks[] = {
		async_create_task(sleeps(seen, 0)),
		async_create_task(returns_after(2, 5)),
	};
	int64_t results[2] = { 77, 77 };

	take_turns(1);
	meet(seen, async_wait_for(async_gather(tasks, 2, results, 0), 0.001));
	meet(seen, results[1]);
	meet(seen, async_task_cancelling(async_current_task()));
	return async_sleep(0);
}

static void wait_for__a_gathering(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(limits_gathering(&seen)), 0);
	assert_met(&seen, -ETIMEDOUT, 77, 0);
	assert_int_equal(seen.inner, -ECANCELED);
}

ASYNC(awaits_shared, struct seen *, seen)
{
	return meet(seen, async_await(async_future_ref(seen->future)));
}

ASYNC(shares_gathering, struct seen *, seen)
{
	struct async_task *tasks[] = { async_create_task(returns_after(4, 5)) }, *awaiter;

	seen->future = async_gather(tasks, 1, NULL, 0);
	awaiter = async_create_task(awaits_shared(seen));
	meet(seen, async_await(async_future_ref(seen->future)));
	meet(seen, async_await(awaiter));
	async_future_unref(seen->future);
	return 0;
}

static void gather__awaited_by_two(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(shares_gathering(&seen)), 0);
	assert_met(&seen, 0, 0, 0);
}

ASYNC(gathers_for_ever, struct seen *, seen)
{
	struct async_task *tasks[] = {
		async_create_task(sleeps(seen, 0)),
		async_create_task(returns_after(2, 5)),
	};
	struct async_future *futures[] = {
		async_gather(tasks, 2, NULL, 0),
		async_shield(async_future_new(NULL)),
	};

	return async_wait_for(async_gather(futures, 2, NULL, 0), 3600);
}

static void close__while_everything_waits_for_everything(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	run_and_close(gathers_for_ever(&seen));
	assert_int_equal(seen.steps, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(futures__with_results),
		cmocka_unit_test(futures__one_of_which_fails),
		cmocka_unit_test(futures__one_of_which_is_cancelled),
		cmocka_unit_test(futures__whose_failures_are_results),
		cmocka_unit_test(futures__whose_cancellations_are_results),
		cmocka_unit_test(cancel__of_the_gathering),
		cmocka_unit_test(cancel__that_no_child_takes_is_still_delivered),
		cmocka_unit_test(cancel__goes_through_nested_gatherings),
		cmocka_unit_test(failure__of_another_later_changes_nothing),
		cmocka_unit_test(wait_for__a_gathering),
		cmocka_unit_test(gather__awaited_by_two),
		cmocka_unit_test(close__while_everything_waits_for_everything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
