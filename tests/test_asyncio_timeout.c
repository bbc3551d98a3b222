/* SPDX-License-Identifier: BSD-2-Clause */
/* Blocks with a deadline, as asyncio's test_timeouts.py has them. */
#include "tasks.h"

enum { MS = 1000000 };

/* Keeps the loop from looking at its clock until that time. */
static void spin_until(uint64_t when_ns)
{
	while (async_loop_time(async_get_running_loop()) < when_ns)
		;
}

ASYNC(ends_in_time, struct seen *, seen)
{
	struct async_timeout timeout;

	meet(seen, async_timeout_begin(&timeout, 3600));
	meet(seen, async_timeout_end(&timeout, async_await(returns_after(3, 7))));
	meet(seen, async_timeout_expired(&timeout));
	meet(seen, async_task_cancelling(async_current_task()));
	return async_sleep(0);
}

static void timeout__that_is_kept(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(ends_in_time(&seen)), 0);
	assert_met(&seen, 0, 7, false, 0);
}

ASYNC(expires, struct seen *, seen, double, delay)
{
	struct async_timeout timeout;
	int64_t result;

	async_timeout_begin(&timeout, delay);
	result = meet(seen, async_sleep(3600));
	meet(seen, async_timeout_expired(&timeout));
	meet(seen, async_task_cancelling(async_current_task()));
	meet(seen, async_timeout_end(&timeout, result));
	meet(seen, async_timeout_expired(&timeout));
	meet(seen, async_task_cancelling(async_current_task()));
	return async_sleep(0);
}

static void timeout__expires(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(expires(&seen, 0.001)), 0);
	assert_met(&seen, -ECANCELED, true, 1, -ETIMEDOUT, true, 0);
}

static void timeout__of_0(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(expires(&seen, 0)), 0);
	assert_met(&seen, -ECANCELED, true, 1, -ETIMEDOUT, true, 0);
}

ASYNC(expires_before, struct seen *, seen, bool, waits)
{
	struct async_timeout timeout;
	int64_t result = 5;

	async_timeout_begin_at(&timeout, 1);
	if (waits)
		result = async_sleep(0);
	meet(seen, async_timeout_end(&timeout, result));
	meet(seen, async_timeout_expired(&timeout));
	return async_sleep(0);
}

static void deadline__in_the_past_cancels_at_the_first_await(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(expires_before(&seen, true)), 0);
	assert_met(&seen, -ETIMEDOUT, true);
}

static void deadline__in_the_past_without_an_await(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(expires_before(&seen, false)), 0);
	assert_met(&seen, 5, false);
}

ASYNC(has_no_limit, struct seen *, seen)
{
	struct async_timeout timeout;

	async_timeout_begin(&timeout, ASYNC_NO_TIMEOUT);
	seen->inner = async_timeout_when(&timeout) == UINT64_MAX;
	meet(seen, async_timeout_end(&timeout, async_sleep(0.001)));
	async_timeout_begin_at(&timeout, UINT64_MAX);
	meet(seen, async_timeout_end(&timeout, async_sleep(0.001)));
	return 0;
}

static void timeout__without_a_limit(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(has_no_limit(&seen)), 0);
	assert_met(&seen, 0, 0);
	assert_true(seen.inner);
}

ASYNC(goes_on, struct seen *, seen, int64_t, result)
{
	struct async_timeout timeout;

	async_timeout_begin(&timeout, 0.001);
	meet(seen, async_sleep(3600));
	meet(seen, async_sleep(0));
	meet(seen, async_timeout_end(&timeout, result));
	meet(seen, async_timeout_expired(&timeout));
	meet(seen, async_task_cancelling(async_current_task()));
	return async_sleep(0);
}

static void expiry__that_is_swallowed(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(goes_on(&seen, 9)), 0);
	assert_met(&seen, -ECANCELED, 0, 9, true, 0);
}

static void expiry__that_makes_the_block_fail(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(goes_on(&seen, -EIO)), 0);
	assert_met(&seen, -ECANCELED, 0, -EIO, true, 0);
}

ASYNC(has_old_message, struct seen *, seen)
{
	struct async_timeout timeout;

	meet(seen, async_await(returns_after(0, -ETIMEDOUT)));
	strcpy(seen->message, "");
	async_timeout_begin(&timeout, 0);
	meet(seen, async_timeout_end(&timeout, async_sleep(3600)));
	return 0;
}

static void expiry__has_no_message_of_another_failure(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(has_old_message(&seen)), 0);
	assert_met(&seen, -ETIMEDOUT, -ETIMEDOUT);
	assert_string_equal(seen.message, "");
}

/*
 * --- Rescheduling
 * ----------------------------------------------------------------------------------
 */

ASYNC(reschedules, struct seen *, seen, double, delay, uint64_t, later_ns)
{
	struct async_timeout timeout;
	uint64_t when_ns = later_ns == UINT64_MAX
				   ? UINT64_MAX
				   : async_loop_time(async_get_running_loop()) + later_ns;
	int64_t result;

	async_timeout_begin(&timeout, delay);
	meet(seen, async_timeout_reschedule(&timeout, when_ns));
	meet(seen, async_timeout_when(&timeout) == when_ns);
	result = async_sleep(0.02);
	meet(seen, async_timeout_end(&timeout, result));
	meet(seen, async_timeout_reschedule(&timeout, when_ns));
	return async_sleep(0);
}

static void reschedule__to_a_later_time(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(reschedules(&seen, 0.001, 3600000ULL * MS)), 0);
	assert_met(&seen, 0, true, 0, -EALREADY);
}

static void reschedule__to_an_earlier_time(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(reschedules(&seen, 3600, MS)), 0);
	assert_met(&seen, 0, true, -ETIMEDOUT, -EALREADY);
}

static void reschedule__to_no_time(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(reschedules(&seen, 0.001, UINT64_MAX)), 0);
	assert_met(&seen, 0, true, 0, -EALREADY);
}

static void reschedule__of_what_had_no_limit(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(reschedules(&seen, ASYNC_NO_TIMEOUT, 0)), 0);
	assert_met(&seen, 0, true, -ETIMEDOUT, -EALREADY);
}

ASYNC(reschedules_late, struct seen *, seen)
{
	struct async_timeout timeout;
	int64_t result;

	async_timeout_begin(&timeout, 0);
	result = async_sleep(3600);
	meet(seen, async_timeout_reschedule(&timeout, UINT64_MAX));
	meet(seen, async_timeout_end(&timeout, result));
	return 0;
}

static void reschedule__after_expiry(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(reschedules_late(&seen)), 0);
	assert_met(&seen, -EALREADY, -ETIMEDOUT);
}

/*
 * --- One in the other
 * ------------------------------------------------------------------------------
 */

ASYNC(nests, struct seen *, seen, double, outer_s, double, inner_s)
{
	struct async_timeout outer, inner;
	int64_t result;

	async_timeout_begin(&outer, outer_s);
	async_timeout_begin(&inner, inner_s);
	result = async_sleep(3600);
	result = meet(seen, async_timeout_end(&inner, result));
	result = meet(seen, async_timeout_end(&outer, result));
	meet(seen, async_timeout_expired(&inner));
	meet(seen, async_timeout_expired(&outer));
	meet(seen, async_task_cancelling(async_current_task()));
	return async_sleep(0);
}

static void nested__the_inner_one_expires(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(nests(&seen, 3600, 0.001)), 0);
	assert_met(&seen, -ETIMEDOUT, -ETIMEDOUT, true, false, 0);
}

static void nested__the_outer_one_expires(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(nests(&seen, 0.001, 3600)), 0);
	assert_met(&seen, -ECANCELED, -ETIMEDOUT, false, true, 0);
}

static void nested__both_expire_at_once(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(nests(&seen, 0, 0)), 0);
	assert_met(&seen, -ECANCELED, -ETIMEDOUT, true, true, 0);
}

/*
 * --- Cancelled by others
 * ---------------------------------------------------------------------------
 */

ASYNC(waits_in_block, struct seen *, seen, double, delay)
{
	struct async_timeout timeout;
	int64_t result;

	async_timeout_begin(&timeout, delay);
	result = async_sleep(3600);
	result = meet(seen, async_timeout_end(&timeout, result));
	meet(seen, async_timeout_expired(&timeout));
	meet(seen, async_task_cancelling(async_current_task()));
	return result;
}

static void cancel(void *arg)
{
	async_task_cancel(arg);
}

ASYNC(cancels_block, struct seen *, seen, double, delay, bool, at_once)
{
	struct async_task *task = async_create_task(waits_in_block(seen, delay));

	take_turns(1);
	/* A delay of 0 has its callback queued by now; the task hears of neither before both. */
	if (at_once)
		async_task_cancel(task);
	else
		async_call_soon(NULL, cancel, task);
	return async_await(task);
}

static void cancel__by_another_stays_one(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(cancels_block(&seen, 3600, true)), -ECANCELED);
	assert_met(&seen, -ECANCELED, false, 1);
}

static void cancel__before_expiry_in_the_same_iteration(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(cancels_block(&seen, 0, true)), -ECANCELED);
	assert_met(&seen, -ECANCELED, true, 1);
}

static void cancel__after_expiry_in_the_same_iteration(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(cancels_block(&seen, 0, false)), -ECANCELED);
	assert_met(&seen, -ECANCELED, true, 1);
}

ASYNC(has_timeout_in_cleanup, struct seen *, seen)
{
	meet(seen, async_sleep(3600));
	return async_await(waits_in_block(seen, 0.001));
}

ASYNC(cancels_one_with_cleanup, struct seen *, seen)
{
	struct async_task *task = async_create_task(has_timeout_in_cleanup(seen));

	take_turns(1);
	async_task_cancel(task);
	return async_await(task);
}

static void timeout__within_the_cleanup_of_a_cancelled_task(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(cancels_one_with_cleanup(&seen)), -ETIMEDOUT);
	assert_met(&seen, -ECANCELED, -ETIMEDOUT, true, 1);
}

ASYNC(cancels_itself_first, struct seen *, seen, double, delay)
{
	async_task_cancel(async_current_task());
	return async_await(waits_in_block(seen, delay));
}

static void cancel__not_heard_of_before_the_block(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(cancels_itself_first(&seen, 3600)), -ECANCELED);
	assert_int_equal(async_run(cancels_itself_first(&seen, 0)), -ECANCELED);
	assert_met(&seen, -ECANCELED, false, 1, -ECANCELED, true, 1);
}

static void complete_late(void *arg)
{
	struct seen *seen = arg;

	async_future_set_result(seen->future, 4);
	spin_until(seen->inner);
}

ASYNC(races, struct seen *, seen)
{
	struct async_timeout timeout;
	int64_t result;

	seen->future = async_future_new(NULL);
	seen->inner = async_loop_time(async_get_running_loop()) + MS;
	async_call_at(NULL, seen->inner - 1, complete_late, seen);
	async_timeout_begin_at(&timeout, seen->inner);
	spin_until(seen->inner);
	result = async_await(async_future_ref(seen->future));
	meet(seen, async_timeout_end(&timeout, result));
	meet(seen, async_future_result(seen->future));
	async_future_unref(seen->future);
	return async_sleep(0);
}

static void expiry__racing_with_completion(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(races(&seen)), 0);
	assert_met(&seen, -ETIMEDOUT, 4);
}

/*
 * --- Outside of tasks and loops
 * --------------------------------------------------------------------
 */

static void timeout__outside_of_a_task(void **state)
{
	struct async_timeout timeout;

	(void)state;
	assert_int_equal(async_timeout_begin(&timeout, 1), -EPERM);
	assert_int_equal(async_timeout_reschedule(&timeout, 1), -EPERM);
	assert_false(async_timeout_expired(&timeout));
	assert_int_equal(async_timeout_end(&timeout, 3), -EPERM);
}

static void close__within_a_block(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	run_and_close(waits_in_block(&seen, 3600));
	assert_int_equal(seen.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(timeout__that_is_kept),
		cmocka_unit_test(timeout__expires),
		cmocka_unit_test(timeout__of_0),
		cmocka_unit_test(deadline__in_the_past_cancels_at_the_first_await),
		cmocka_unit_test(deadline__in_the_past_without_an_await),
		cmocka_unit_test(timeout__without_a_limit),
		cmocka_unit_test(expiry__that_is_swallowed),
		cmocka_unit_test(expiry__that_makes_the_block_fail),
		cmocka_unit_test(expiry__has_no_message_of_another_failure),
		cmocka_unit_test(reschedule__to_a_later_time),
		cmocka_unit_test(reschedule__to_an_earlier_time),
		cmocka_unit_test(reschedule__to_no_time),
		cmocka_unit_test(reschedule__of_what_had_no_limit),
		cmocka_unit_test(reschedule__after_expiry),
		cmocka_unit_test(nested__the_inner_one_expires),
		cmocka_unit_test(nested__the_outer_one_expires),
		cmocka_unit_test(nested__both_expire_at_once),
		cmocka_unit_test(cancel__by_another_stays_one),
		cmocka_unit_test(cancel__before_expiry_in_the_same_iteration),
		cmocka_unit_test(cancel__after_expiry_in_the_same_iteration),
		cmocka_unit_test(timeout__within_the_cleanup_of_a_cancelled_task),
		cmocka_unit_test(cancel__not_heard_of_before_the_block),
		cmocka_unit_test(expiry__racing_with_completion),
		cmocka_unit_test(timeout__outside_of_a_task),
		cmocka_unit_test(close__within_a_block),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
