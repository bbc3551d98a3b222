/* SPDX-License-Identifier: BSD-2-Clause */
/* Shielding from cancellation, as CPython's test_tasks.py has it. */
#include "tasks.h"

ASYNC(shields, struct seen *, seen, int64_t, result)
{
	meet(seen, async_await(async_shield(returns_after(2, result))));
	meet(seen, async_await(async_shield(async_create_task(returns_after(2, result)))));
	return async_sleep(0);
}

static void shield__has_the_result(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(shields(&seen, 5)), 0);
	assert_met(&seen, 5, 5);
}

static void shield__has_the_failure_and_its_message(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(shields(&seen, -EIO)), 0);
	assert_met(&seen, -EIO, -EIO);
	assert_string_equal(seen.message, "failed with -5");
}

ASYNC(shields_done, struct seen *, seen)
{
	struct async_future *future = async_future_new(NULL), *outer;

	async_future_set_result(future, 5);
	outer = async_shield(async_future_ref(future));
	meet(seen, async_future_result(outer));
	meet(seen, async_future_cancel(outer));
	meet(seen, async_await(outer));
	async_future_unref(future);
	return async_sleep(0);
}

static void shield__of_what_is_done_is_done(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(shields_done(&seen)), 0);
	assert_met(&seen, 5, false, 5);
}

ASYNC(shields_null, struct seen *, seen)
{
	meet(seen, async_await(async_shield((struct async_coroutine *)NULL)));
	meet(seen, async_await(async_shield((struct async_task *)NULL)));
	meet(seen, async_await(async_shield((struct async_future *)NULL)));
	return 0;
}

static void shield__of_null(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(shields_null(&seen)), 0);
	assert_met(&seen, -ENOMEM, -ENOMEM, -ENOMEM);
	assert_null(async_shield(returns_after(0, 0)));
}

ASYNC(cancels_outer, struct seen *, seen)
{
	struct async_future *inner = async_future_new(NULL), *outer;

	outer = async_shield(async_future_ref(inner));
	meet(seen, async_future_cancel(outer));
	meet(seen, async_future_cancelled(outer));
	meet(seen, async_future_done(inner));
	async_future_set_result(inner, 3);
	take_turns(2);
	meet(seen, async_await(inner));
	meet(seen, async_await(outer));
	return 0;
}

static void cancel__of_the_outer_leaves_the_inner(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(cancels_outer(&seen)), 0);
	assert_met(&seen, true, true, false, 3, -ECANCELED);
}

ASYNC(cancels_inner, struct seen *, seen)
{
	struct async_task *inner = async_create_task(sleeps(seen, 0));
	struct async_future *outer = async_shield(async_task_ref(inner));

	take_turns(1);
	async_task_cancel(inner);
	meet(seen, async_await(async_future_ref(outer)));
	meet(seen, async_future_cancelled(outer));
	meet(seen, async_task_cancelling(async_current_task()));
	async_future_unref(outer);
	async_task_detach(inner);
	return 0;
}

static void cancel__of_the_inner_cancels_the_outer(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(cancels_inner(&seen)), 0);
	assert_met(&seen, -ECANCELED, true, 0);
}

ASYNC(awaits_shield, struct seen *, seen)
{
	int64_t result = meet(seen, async_await(async_shield(async_task_ref(seen->other))));

	return result;
}

ASYNC(cancels_awaiter, struct seen *, seen, int64_t, result)
{
	struct async_task *awaiter;

	seen->other = async_create_task(returns_after(6, result));
	awaiter = async_create_task(awaits_shield(seen));
	take_turns(2);
	async_task_cancel(awaiter);
	meet(seen, async_await(awaiter));
	meet(seen, async_task_cancelling(seen->other));
	meet(seen, async_await(seen->other));
	return async_sleep(0);
}

static void cancel__of_the_awaiter_leaves_the_inner(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(cancels_awaiter(&seen, 5)), 0);
	assert_met(&seen, -ECANCELED, -ECANCELED, 0, 5);
}

static void failure__after_the_outer_was_cancelled(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(cancels_awaiter(&seen, -EIO)), 0);
	assert_met(&seen, -ECANCELED, -ECANCELED, 0, -EIO);
}

ASYNC(cancels_when_done, struct seen *, seen)
{
	struct async_future *inner = async_future_new(NULL), *outer;

	outer = async_shield(async_future_ref(inner));
	async_future_set_exception(inner, -EIO, "it failed");
	meet(seen, async_future_cancel(outer));
	take_turns(2);
	meet(seen, async_await(inner));
	meet(seen, async_await(outer));
	return 0;
}

static void cancel__of_the_outer_when_the_inner_is_just_done(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(cancels_when_done(&seen)), 0);
	assert_met(&seen, true, -EIO, -ECANCELED);
}

ASYNC(asks_again_and_again, struct seen *, seen)
{
	struct async_task *task = async_create_task(returns_after(30, 8));
	size_t before = callbacks(), most = 0;
	int64_t result;

	do {
		result = async_wait_for(async_shield(async_task_ref(task)), 0);
		seen->steps++;
		take_turns(1);
		if (callbacks() > most)
			most = callbacks();
	} while (result == -ETIMEDOUT);
	meet(seen, result);
	/* One that would report a failure. */
	meet(seen, most - before);
	meet(seen, async_task_cancelling(task));
	async_task_detach(task);
	return 0;
}

static void wait_for__with_a_shield_leaves_the_inner(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(asks_again_and_again(&seen)), 0);
	assert_met(&seen, 8, 1, 0);
	assert_true(seen.steps > 2);
}

ASYNC(shields_twice, struct seen *, seen)
{
	struct async_task *inner = async_create_task(returns_after(4, 5));
	struct async_future *one = async_shield(async_task_ref(inner));
	struct async_future *two = async_shield(async_shield(async_task_ref(inner)));

	async_future_cancel(one);
	meet(seen, async_await(one));
	meet(seen, async_await(two));
	meet(seen, async_await(inner));
	return 0;
}

static void shield__of_one_by_several(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(shields_twice(&seen)), 0);
	assert_met(&seen, -ECANCELED, 5, 5);
}

ASYNC(gathers_shielded, struct seen *, seen)
{
	struct async_future *futures[] = {
		async_shield(async_task_ref(seen->task)),
		async_task_future(seen->other),
	};

	return meet(seen, async_await(async_gather(futures, 2, NULL, 0)));
}

ASYNC(cancels_gathering, struct seen *, seen)
{
	struct async_task *task;

	seen->task = async_create_task(returns_after(6, 5));
	seen->other = async_create_task(sleeps(seen, 0));
	task = async_create_task(gathers_shielded(seen));
	take_turns(2);
	async_task_cancel(task);
	meet(seen, async_await(task));
	meet(seen, seen->inner);
	meet(seen, async_await(seen->task));
	return 0;
}

static void shield__within_a_gathering(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(cancels_gathering(&seen)), 0);
	assert_met(&seen, -ECANCELED, -ECANCELED, -ECANCELED, 5);
}

ASYNC(gives_outer_up, struct seen *, seen)
{
	async_future_unref(async_shield(sleeps(seen, 4)));
	take_turns(1);
	meet(seen, seen->steps);
	return 0;
}

static void shield__that_is_given_up_lets_the_inner_go_on(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(gives_outer_up(&seen)), 0);
	assert_met(&seen, 1);
	assert_int_equal(seen.inner, -ECANCELED);
}

ASYNC(shields_for_ever, struct seen *, seen, bool, cancel)
{
	struct async_future *outer = async_shield(sleeps(seen, 0));

	if (cancel)
		async_future_cancel(outer);
	async_await(outer);
	return async_sleep(3600);
}

static void close__while_awaiting_a_shield(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	run_and_close(shields_for_ever(&seen, false));
	run_and_close(shields_for_ever(&seen, true));
	assert_int_equal(seen.steps, 2);
}

static void close__while_a_shield_is_kept(void **state)
{
	struct async_future *inner, *outer;
	struct async_loop *loop;

	(void)state;
	assert_int_equal(async_loop_new(&loop), 0);
	inner = async_future_new(loop);
	outer = async_shield(async_future_ref(inner));
	assert_int_equal(async_loop_close(loop), 0);
	assert_false(async_future_done(outer));
	async_future_unref(outer);
	async_future_unref(inner);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shield__has_the_result),
		cmocka_unit_test(shield__has_the_failure_and_its_message),
		cmocka_unit_test(shield__of_what_is_done_is_done),
		cmocka_unit_test(shield__of_null),
		cmocka_unit_test(cancel__of_the_outer_leaves_the_inner),
		cmocka_unit_test(cancel__of_the_inner_cancels_the_outer),
		cmocka_unit_test(cancel__of_the_awaiter_leaves_the_inner),
		cmocka_unit_test(failure__after_the_outer_was_cancelled),
		cmocka_unit_test(cancel__of_the_outer_when_the_inner_is_just_done),
		cmocka_unit_test(wait_for__with_a_shield_leaves_the_inner),
		cmocka_unit_test(shield__of_one_by_several),
		cmocka_unit_test(shield__within_a_gathering),
		cmocka_unit_test(shield__that_is_given_up_lets_the_inner_go_on),
		cmocka_unit_test(close__while_awaiting_a_shield),
		cmocka_unit_test(close__while_a_shield_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
