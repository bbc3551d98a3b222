/* SPDX-License-Identifier: BSD-2-Clause */
/* Awaiting with a limit, as CPython's test_waitfor.py has it. */
#include "tasks.h"

/*
 * --- In time
 * ---------------------------------------------------------------------------------------
 */

ASYNC(completes, struct async_future *, future)
{
	async_future_set_result(future, 3);
	return 0;
}

ASYNC(waits_in_time, struct seen *, seen, double, timeout)
{
	struct async_future *future = async_future_new(NULL);
	struct async_task *task = async_create_task(returns_after(2, 2));

	async_task_detach(async_create_task(completes(future)));
	meet(seen, async_wait_for(returns_after(2, 1), timeout));
	meet(seen, async_wait_for(task, timeout));
	meet(seen, async_wait_for(future, timeout));
	meet(seen, async_wait_for(returns_after(2, -EIO), timeout));
	meet(seen, async_task_cancelling(async_current_task()));
	return async_sleep(0);
}

static void wait_for__ends_in_time(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(waits_in_time(&seen, 3600)), 0);
	assert_met(&seen, 1, 2, 3, -EIO, 0);
}

static void wait_for__without_a_limit(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(waits_in_time(&seen, ASYNC_NO_TIMEOUT)), 0);
	assert_met(&seen, 1, 2, 3, -EIO, 0);
	memset(&seen, 0, sizeof(seen));
	assert_int_equal(async_run(waits_in_time(&seen, -0.5)), 0);
	assert_met(&seen, 1, 2, 3, -EIO, 0);
}

ASYNC(waits_for_failure, struct seen *, seen)
{
	return meet(seen, async_wait_for(async_create_task(returns_after(2, -EIO)), 3600));
}

static void wait_for__keeps_the_message_of_a_failure(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(waits_for_failure(&seen)), -EIO);
	assert_string_equal(seen.message, "failed with -5");
}

/*
 * --- Too late
 * --------------------------------------------------------------------------------------
 */

ASYNC(waits_too_long, struct seen *, seen, double, timeout, int64_t, result)
{
	struct async_task *task = async_create_task(sleeps(seen, result));

	take_turns(1);
	meet(seen, async_wait_for(async_task_ref(task), timeout));
	meet(seen, async_task_result(task));
	meet(seen, async_task_cancelling(async_current_task()));
	async_task_detach(task);
	return async_sleep(0);
}

static void timeout__cancels_the_task_and_waits_for_its_end(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(waits_too_long(&seen, 0.001, 0)), 0);
	assert_met(&seen, -ETIMEDOUT, -ECANCELED, 0);
	assert_int_equal(seen.inner, -ECANCELED);
	assert_int_equal(seen.steps, 5);
}

static void timeout__of_a_task_that_has_a_result_all_the_same(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(waits_too_long(&seen, 0.001, 6)), 0);
	assert_met(&seen, 6, 6, 0);
}

static void timeout__of_a_task_that_fails_when_cancelled(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(waits_too_long(&seen, 0.001, -EIO)), 0);
	assert_met(&seen, -EIO, -EIO, 0);
}

ASYNC(waits_inline, struct seen *, seen, double, timeout, int64_t, result)
{
	meet(seen, async_wait_for(sleeps(seen, result), timeout));
	meet(seen, async_task_cancelling(async_current_task()));
	return async_sleep(0);
}

static void timeout__of_a_coroutine(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(waits_inline(&seen, 0.001, 0)), 0);
	assert_met(&seen, -ETIMEDOUT, 0);
	assert_int_equal(seen.steps, 5);
}

static void timeout__of_a_coroutine_that_has_a_result_all_the_same(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(waits_inline(&seen, 0.001, 6)), 0);
	assert_met(&seen, 6, 0);
}

ASYNC(waits_for_future, struct seen *, seen, double, timeout)
{
	struct async_future *future = async_future_new(NULL);

	meet(seen, async_wait_for(async_future_ref(future), timeout));
	meet(seen, async_future_cancelled(future));
	async_future_unref(future);
	return async_sleep(0);
}

static void timeout__of_a_future_cancels_it(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(waits_for_future(&seen, 0.001)), 0);
	assert_met(&seen, -ETIMEDOUT, true);
}

ASYNC(nests, struct seen *, seen, double, outer, double, inner)
{
	struct async_task *task = async_create_task(waits_inline(seen, inner, 0));

	take_turns(1);
	meet(seen, async_wait_for(task, outer));
	return 0;
}

static void timeout__of_the_inner_one(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(nests(&seen, 3600, 0.001)), 0);
	assert_met(&seen, -ETIMEDOUT, 0, 0);
}

static void timeout__of_the_outer_one(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(nests(&seen, 0.001, 3600)), 0);
	/* The inner task met a cancellation, returned normally, and that result counts. */
	assert_met(&seen, -ECANCELED, 1, 0);
}

ASYNC(waits_for_cancelled, struct seen *, seen)
{
	struct async_task *task = async_create_task(sleeps(seen, 0));

	take_turns(1);
	async_task_cancel(task);
	meet(seen, async_wait_for(task, 3600));
	return async_sleep(0);
}

static void cancel__of_the_inner_task_is_no_timeout(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(waits_for_cancelled(&seen)), 0);
	assert_met(&seen, -ECANCELED);
}

/*
 * --- A timeout of 0
 * --------------------------------------------------------------------------------
 */

static void now__cancels_a_task_that_waits(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(waits_too_long(&seen, 0, 0)), 0);
	assert_met(&seen, -ETIMEDOUT, -ECANCELED, 0);
	assert_int_equal(seen.steps, 5);
}

static void now__has_the_result_of_a_task_that_refuses(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(waits_too_long(&seen, 0, 6)), 0);
	assert_met(&seen, 6, 6, 0);
}

static void now__cancels_a_future(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(waits_for_future(&seen, 0)), 0);
	assert_met(&seen, -ETIMEDOUT, true);
}

ASYNC(begins, struct seen *, seen)
{
	seen->steps++;
	return 0;
}

ASYNC(waits_not_at_all, struct seen *, seen)
{
	struct async_task *task = async_create_task(returns_after(1, 5));

	meet(seen, async_wait_for(begins(seen), 0));
	meet(seen, async_wait_for(async_create_task(begins(seen)), 0));
	meet(seen, async_wait_for(begins(seen), -0.0));
	take_turns(1);
	meet(seen, async_wait_for(task, 0));
	meet(seen, async_task_cancelling(async_current_task()));
	return 0;
}

static void now__has_what_is_done_and_begins_nothing(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(waits_not_at_all(&seen)), 0);
	assert_met(&seen, -ETIMEDOUT, -ETIMEDOUT, -ETIMEDOUT, 5, 0);
	assert_int_equal(seen.steps, 0);
}

ASYNC(polls, struct seen *, seen)
{
	struct async_task *task = async_create_task(returns_after(3, 5));

	while (!async_task_done(task))
		async_wait_for(begins(seen), 0);
	return async_await(task);
}

static void now__lets_others_run(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(polls(&seen)), 5);
}

ASYNC(cancels_itself_first, struct seen *, seen, bool, task)
{
	async_task_cancel(async_current_task());
	if (task)
		meet(seen, async_wait_for(async_create_task(begins(seen)), 0));
	else
		meet(seen, async_wait_for(begins(seen), 0));
	meet(seen, async_task_cancelling(async_current_task()));
	return async_sleep(0);
}

static void now__when_cancelled_by_another(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(cancels_itself_first(&seen, false)), 0);
	assert_int_equal(async_run(cancels_itself_first(&seen, true)), 0);
	assert_met(&seen, -ECANCELED, 1, -ECANCELED, 1);
}

/*
 * --- Cancelled by others, and races
 * ----------------------------------------------------------------
 */

ASYNC(waits_for_sleeper, struct seen *, seen, double, timeout)
{
	int64_t result = meet(seen, async_wait_for(seen->other, timeout));

	meet(seen, async_task_cancelling(async_current_task()));
	return result;
}

ASYNC(cancels_waiter, struct seen *, seen, int64_t, result)
{
	struct async_task *waiter;

	seen->other = async_create_task(sleeps(seen, result));
	waiter = async_create_task(waits_for_sleeper(seen, 3600));
	take_turns(1);
	async_task_cancel(waiter);
	return async_await(waiter);
}

static void cancel__of_the_waiter_reaches_the_task(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(cancels_waiter(&seen, 0)), -ECANCELED);
	assert_met(&seen, -ECANCELED, 1);
	assert_int_equal(seen.steps, 5);
}

static void cancel__of_the_waiter_of_a_task_that_refuses(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(cancels_waiter(&seen, 6)), 6);
	assert_met(&seen, 6, 1);
}

static void complete_late(void *arg)
{
	struct seen *seen = arg;

	async_future_set_result(seen->future, 4);
}

static void complete_and_cancel(void *arg)
{
	struct seen *seen = arg;

	async_future_set_result(seen->future, 4);
	async_task_cancel(seen->task);
}

static void spin(void *arg)
{
	uint64_t end_ns = async_loop_time(async_get_running_loop()) + 3000000;

	(void)arg;
	while (async_loop_time(async_get_running_loop()) < end_ns)
		;
}

/* The future is done before the deadline, and both are heard of at the same time. */
ASYNC(races, struct seen *, seen, async_callback *, complete)
{
	seen->task = async_current_task();
	seen->future = async_future_new(NULL);
	async_call_soon(NULL, spin, NULL);
	async_call_later(NULL, 0.001, complete, seen);
	meet(seen, async_wait_for(async_future_ref(seen->future), 0.002));
	meet(seen, async_future_result(seen->future));
	meet(seen, async_task_cancelling(seen->task));
	async_future_unref(seen->future);
	return async_sleep(0);
}

static void result__racing_with_the_timeout_is_not_lost(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(races(&seen, complete_late)), 0);
	assert_met(&seen, 4, 4, 0);
}

static void result__racing_with_timeout_and_cancellation(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(races(&seen, complete_and_cancel)), 0);
	assert_met(&seen, -ECANCELED, 4, 1);
}

/*
 * --- What cannot be awaited, and the end of the loop
 * -----------------------------------------------
 */

ASYNC(waits_for_null, struct seen *, seen)
{
	meet(seen, async_wait_for((struct async_coroutine *)NULL, 1));
	meet(seen, async_wait_for((struct async_task *)NULL, 1));
	meet(seen, async_wait_for((struct async_future *)NULL, 0));
	meet(seen, async_wait_for(async_task_ref(async_current_task()), 1));
	return async_sleep(0);
}

static void wait_for__null_or_oneself(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(waits_for_null(&seen)), 0);
	assert_met(&seen, -ENOMEM, -ENOMEM, -ENOMEM, -EDEADLK);
}

static void wait_for__outside_of_a_task(void **state)
{
	struct seen seen = { 0 };
	struct async_loop *loop;

	(void)state;
	assert_int_equal(async_loop_new(&loop), 0);
	assert_int_equal(async_wait_for(begins(&seen), 1), -EPERM);
	assert_int_equal(async_wait_for(begins(&seen), 0), -EPERM);
	assert_int_equal(async_wait_for(async_future_new(loop), 1), -EPERM);
	assert_int_equal(async_wait_for(async_future_new(loop), 0), -EPERM);
	assert_int_equal(async_loop_close(loop), 0);
	assert_int_equal(seen.steps, 0);
}

ASYNC(waits_for_ever, struct seen *, seen, bool, inline_)
{
	if (inline_)
		return async_wait_for(sleeps(seen, 0), 3600);
	return async_wait_for(async_create_task(sleeps(seen, 0)), 3600);
}

static void close__while_waiting(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	run_and_close(waits_for_ever(&seen, false));
	run_and_close(waits_for_ever(&seen, true));
	assert_int_equal(seen.steps, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wait_for__ends_in_time),
		cmocka_unit_test(wait_for__without_a_limit),
		cmocka_unit_test(wait_for__keeps_the_message_of_a_failure),
		cmocka_unit_test(timeout__cancels_the_task_and_waits_for_its_end),
		cmocka_unit_test(timeout__of_a_task_that_has_a_result_all_the_same),
		cmocka_unit_test(timeout__of_a_task_that_fails_when_cancelled),
		cmocka_unit_test(timeout__of_a_coroutine),
		cmocka_unit_test(timeout__of_a_coroutine_that_has_a_result_all_the_same),
		cmocka_unit_test(timeout__of_a_future_cancels_it),
		cmocka_unit_test(timeout__of_the_inner_one),
		cmocka_unit_test(timeout__of_the_outer_one),
		cmocka_unit_test(cancel__of_the_inner_task_is_no_timeout),
		cmocka_unit_test(now__cancels_a_task_that_waits),
		cmocka_unit_test(now__has_the_result_of_a_task_that_refuses),
		cmocka_unit_test(now__cancels_a_future),
		cmocka_unit_test(now__has_what_is_done_and_begins_nothing),
		cmocka_unit_test(now__lets_others_run),
		cmocka_unit_test(now__when_cancelled_by_another),
		cmocka_unit_test(cancel__of_the_waiter_reaches_the_task),
		cmocka_unit_test(cancel__of_the_waiter_of_a_task_that_refuses),
		cmocka_unit_test(result__racing_with_the_timeout_is_not_lost),
		cmocka_unit_test(result__racing_with_timeout_and_cancellation),
		cmocka_unit_test(wait_for__null_or_oneself),
		cmocka_unit_test(wait_for__outside_of_a_task),
		cmocka_unit_test(close__while_waiting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
