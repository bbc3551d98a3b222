/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cancellation, as asyncio's test_tasks.py has it: when it is delivered, to whom, and who may
 * refuse.
 */
#include <async.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* What a victim meets, step by step. */
struct victim {
	struct async_task *task;
	struct async_task *other;
	struct async_future *future;
	int64_t met[6];
	size_t count;
	bool begun, refused;
	unsigned int cancelling[4];
	int64_t result;
};

static void meet(struct victim *victim, int64_t result)
{
	victim->met[victim->count++] = result;
}

/*
 * --- When it is delivered
 * --------------------------------------------------------------------------
 */

ASYNC(begins, struct victim *, victim)
{
	victim->begun = true;
	return 1;
}

ASYNC(cancels_before_start, struct victim *, victim)
{
	struct async_task *task = async_create_task(begins(victim));

	victim->refused = !async_task_cancel(task);
	meet(victim, async_task_result(task));
	meet(victim, async_await(task));
	return 0;
}

static void cancel__before_the_start(void **state)
{
	struct victim victim = { 0 };

	(void)state;
	assert_int_equal(async_run(cancels_before_start(&victim)), 0);
	assert_false(victim.refused);
	assert_int_equal(victim.met[0], -EINPROGRESS);
	assert_int_equal(victim.met[1], -ECANCELED);
	assert_false(victim.begun);
}

ASYNC(sleeps, struct victim *, victim, double, seconds)
{
	int64_t err = async_sleep(seconds);

	meet(victim, err);
	return err < 0 ? err : 3;
}

ASYNC(cancels_sleeper, struct victim *, victim, double, seconds)
{
	struct async_task *task = async_create_task(sleeps(victim, seconds));

	async_sleep(0);
	async_task_cancel(task);
	victim->result = async_await(async_task_ref(task));
	victim->refused = !async_task_cancelled(task);
	async_task_detach(task);
	return 0;
}

static void cancel__while_sleeping(void **state)
{
	struct victim victim = { 0 };

	(void)state;
	assert_int_equal(async_run(cancels_sleeper(&victim, 3600)), 0);
	assert_int_equal(victim.met[0], -ECANCELED);
	assert_int_equal(victim.result, -ECANCELED);
	assert_false(victim.refused);
}

static void cancel__while_yielding(void **state)
{
	struct victim victim = { 0 };

	(void)state;
	assert_int_equal(async_run(cancels_sleeper(&victim, 0)), 0);
	assert_int_equal(victim.met[0], -ECANCELED);
	assert_int_equal(victim.result, -ECANCELED);
}

ASYNC(waits_for_future, struct victim *, victim)
{
	int64_t result = async_await(async_future_ref(victim->future));

	meet(victim, result);
	return result;
}

ASYNC(cancels_waiter, struct victim *, victim)
{
	struct async_task *task;

	victim->future = async_future_new(NULL);
	task = async_create_task(waits_for_future(victim));
	async_sleep(0);
	async_task_cancel(task);
	victim->refused = !async_future_cancelled(victim->future);
	victim->result = async_await(task);
	async_future_unref(victim->future);
	return 0;
}

static void cancel__while_awaiting_a_future_cancels_it(void **state)
{
	struct victim victim = { 0 };

	(void)state;
	assert_int_equal(async_run(cancels_waiter(&victim)), 0);
	assert_false(victim.refused);
	assert_int_equal(victim.met[0], -ECANCELED);
	assert_int_equal(victim.result, -ECANCELED);
}

ASYNC(waits_for_task, struct victim *, victim, struct victim *, inner)
{
	int64_t result = async_await(async_create_task(sleeps(inner, 3600)));

	meet(victim, result);
	return result;
}

ASYNC(cancels_outer, struct victim *, victim, struct victim *, inner)
{
	struct async_task *task = async_create_task(waits_for_task(victim, inner));

	async_sleep(0);
	async_sleep(0);
	async_task_cancel(task);
	victim->result = async_await(task);
	return 0;
}

static void cancel__while_awaiting_a_task_cancels_it(void **state)
{
	struct victim victim = { 0 }, inner = { 0 };

	(void)state;
	assert_int_equal(async_run(cancels_outer(&victim, &inner)), 0);
	assert_int_equal(inner.met[0], -ECANCELED);
	assert_int_equal(victim.met[0], -ECANCELED);
	assert_int_equal(victim.result, -ECANCELED);
}

ASYNC(swallows_and_returns, struct victim *, victim)
{
	meet(victim, async_sleep(3600));
	return 11;
}

ASYNC(waits_for_stubborn_task, struct victim *, victim, struct victim *, inner)
{
	int64_t result = async_await(async_create_task(swallows_and_returns(inner)));

	meet(victim, result);
	return result;
}

ASYNC(cancels_above_stubborn, struct victim *, victim, struct victim *, inner)
{
	struct async_task *task = async_create_task(waits_for_stubborn_task(victim, inner));

	async_sleep(0);
	async_sleep(0);
	async_task_cancel(task);
	victim->result = async_await(task);
	return 0;
}

static void cancel__ends_where_the_awaited_task_swallows_it(void **state)
{
	struct victim victim = { 0 }, inner = { 0 };

	(void)state;
	assert_int_equal(async_run(cancels_above_stubborn(&victim, &inner)), 0);
	assert_int_equal(inner.met[0], -ECANCELED);
	assert_int_equal(victim.met[0], 11);
	assert_int_equal(victim.result, 11);
}

ASYNC(cancels_after_completion, struct victim *, victim)
{
	struct async_task *task;

	victim->future = async_future_new(NULL);
	task = async_create_task(waits_for_future(victim));
	async_sleep(0);
	async_future_set_result(victim->future, 5);
	victim->refused = !async_task_cancel(task);
	victim->result = async_await(task);
	async_future_unref(victim->future);
	return 0;
}

static void cancel__between_completion_and_wakeup(void **state)
{
	struct victim victim = { 0 };

	(void)state;
	assert_int_equal(async_run(cancels_after_completion(&victim)), 0);
	assert_false(victim.refused);
	assert_int_equal(victim.met[0], -ECANCELED);
	assert_int_equal(victim.result, -ECANCELED);
}

ASYNC(fails_with, int, error)
{
	return async_fail(error, "it failed");
}

ASYNC(hears_of_cancel, struct victim *, victim)
{
	int64_t result;

	result = async_await(async_future_ref(victim->future));
	meet(victim, result);
	victim->begun = async_error_message(result) != NULL;
	return result;
}

ASYNC(cancels_after_failure, struct victim *, victim)
{
	struct async_task *task;

	victim->future = async_future_new(NULL);
	task = async_create_task(hears_of_cancel(victim));
	async_sleep(0);
	async_future_set_exception(victim->future, -EIO, "it failed");
	async_task_cancel(task);
	victim->result = async_await(task);
	async_future_unref(victim->future);
	return 0;
}

static void cancel__has_no_message_of_another_failure(void **state)
{
	struct victim victim = { 0 };

	(void)state;
	assert_int_equal(async_run(cancels_after_failure(&victim)), 0);
	assert_int_equal(victim.met[0], -ECANCELED);
	assert_false(victim.begun);
	assert_int_equal(victim.result, -ECANCELED);
}

ASYNC(cancels_itself, struct victim *, victim)
{
	struct async_future *done = async_future_new(NULL);

	async_future_set_result(done, 4);
	async_task_cancel(async_current_task());
	meet(victim, async_await(done)); /* it does not suspend */
	meet(victim, async_await(fails_with(-EIO)));
	meet(victim, async_sleep(3600));
	meet(victim, async_sleep(0));
	return 6;
}

static void cancel__of_itself_comes_with_the_next_suspension(void **state)
{
	struct victim victim = { 0 };

	(void)state;
	assert_int_equal(async_run(cancels_itself(&victim)), 6);
	assert_int_equal(victim.met[0], 4);
	assert_int_equal(victim.met[1], -EIO);
	assert_int_equal(victim.met[2], -ECANCELED);
	assert_int_equal(victim.met[3], 0);
}

ASYNC(cancels_itself_then_yields, struct victim *, victim)
{
	async_task_cancel(async_current_task());
	meet(victim, async_sleep(0));
	meet(victim, async_sleep(0));
	return 6;
}

static void cancel__of_itself_comes_with_a_yield(void **state)
{
	struct victim victim = { 0 };

	(void)state;
	assert_int_equal(async_run(cancels_itself_then_yields(&victim)), 6);
	assert_int_equal(victim.met[0], -ECANCELED);
	assert_int_equal(victim.met[1], 0);
}

ASYNC(cancels_itself_then_awaits_task, struct victim *, victim, struct victim *, inner)
{
	struct async_task *task = async_create_task(sleeps(inner, 3600));

	async_sleep(0);
	async_task_cancel(async_current_task());
	meet(victim, async_await(task));
	return 6;
}

static void cancel__of_itself_goes_on_to_what_it_awaits(void **state)
{
	struct victim victim = { 0 }, inner = { 0 };

	(void)state;
	assert_int_equal(async_run(cancels_itself_then_awaits_task(&victim, &inner)), 6);
	assert_int_equal(victim.met[0], -ECANCELED);
	assert_int_equal(inner.met[0], -ECANCELED);
}

/*
 * --- The last step
 * ---------------------------------------------------------------------------------
 */

ASYNC(cancels_itself_and_returns, int64_t, result)
{
	async_task_cancel(async_current_task());
	return result;
}

static void cancel__in_the_last_step(void **state)
{
	(void)state;
	assert_int_equal(async_run(cancels_itself_and_returns(7)), -ECANCELED);
	assert_int_equal(async_run(cancels_itself_and_returns(-EIO)), -EIO);
}

ASYNC(cancels_done, struct victim *, victim)
{
	struct async_task *task = async_create_task(begins(victim));

	async_await(async_task_ref(task));
	victim->refused = !async_task_cancel(task);
	victim->cancelling[0] = async_task_cancelling(task);
	victim->result = async_task_result(task);
	async_task_detach(task);
	return 0;
}

static void cancel__while_done_is_refused(void **state)
{
	struct victim victim = { 0 };

	(void)state;
	assert_int_equal(async_run(cancels_done(&victim)), 0);
	assert_true(victim.refused);
	assert_int_equal(victim.cancelling[0], 0);
	assert_int_equal(victim.result, 1);
}

/*
 * --- Swallowed, repeated, taken back
 * ---------------------------------------------------------------
 */

ASYNC(swallows, struct victim *, victim)
{
	meet(victim, async_sleep(3600));
	meet(victim, async_sleep(0));
	meet(victim, async_sleep(0.0001));
	return 9;
}

ASYNC(cancels_stubborn, struct victim *, victim, int, times)
{
	struct async_task *task = async_create_task(swallows(victim));

	async_sleep(0);
	while (times--)
		async_task_cancel(task);
	victim->cancelling[0] = async_task_cancelling(task);
	victim->result = async_await(async_task_ref(task));
	victim->refused = async_task_cancelled(task);
	async_task_detach(task);
	return 0;
}

static void cancel__swallowed(void **state)
{
	struct victim victim = { 0 };

	(void)state;
	assert_int_equal(async_run(cancels_stubborn(&victim, 1)), 0);
	assert_int_equal(victim.met[0], -ECANCELED);
	assert_int_equal(victim.met[1], 0);
	assert_int_equal(victim.met[2], 0);
	assert_int_equal(victim.result, 9);
	assert_false(victim.refused);
	assert_int_equal(victim.cancelling[0], 1);
}

static void cancel__twice_at_once_is_delivered_once(void **state)
{
	struct victim victim = { 0 };

	(void)state;
	assert_int_equal(async_run(cancels_stubborn(&victim, 2)), 0);
	assert_int_equal(victim.cancelling[0], 2);
	assert_int_equal(victim.met[0], -ECANCELED);
	assert_int_equal(victim.met[1], 0);
	assert_int_equal(victim.result, 9);
}

ASYNC(swallows_two, struct victim *, victim)
{
	meet(victim, async_sleep(3600));
	meet(victim, async_sleep(3600));
	return 9;
}

ASYNC(cancels_again, struct victim *, victim)
{
	struct async_task *task = async_create_task(swallows_two(victim));

	async_sleep(0);
	async_task_cancel(task);
	async_sleep(0);
	async_task_cancel(task);
	victim->result = async_await(task);
	return 0;
}

static void cancel__again_is_delivered_again(void **state)
{
	struct victim victim = { 0 };

	(void)state;
	assert_int_equal(async_run(cancels_again(&victim)), 0);
	assert_int_equal(victim.met[0], -ECANCELED);
	assert_int_equal(victim.met[1], -ECANCELED);
	assert_int_equal(victim.result, 9);
}

ASYNC(takes_back, struct victim *, victim)
{
	struct async_task *task = async_create_task(begins(victim));

	victim->cancelling[0] = async_task_cancelling(task);
	async_task_cancel(task);
	async_task_cancel(task);
	victim->cancelling[1] = async_task_cancelling(task);
	victim->cancelling[2] = async_task_uncancel(task);
	victim->cancelling[3] = async_task_uncancel(task);
	async_task_uncancel(task);
	meet(victim, async_task_cancelling(task));
	victim->result = async_await(task);
	return 0;
}

static void uncancel__of_the_last_takes_it_back(void **state)
{
	struct victim victim = { 0 };

	(void)state;
	assert_int_equal(async_run(takes_back(&victim)), 0);
	assert_int_equal(victim.cancelling[0], 0);
	assert_int_equal(victim.cancelling[1], 2);
	assert_int_equal(victim.cancelling[2], 1);
	assert_int_equal(victim.cancelling[3], 0);
	assert_int_equal(victim.met[0], 0);
	assert_true(victim.begun);
	assert_int_equal(victim.result, 1);
}

ASYNC(takes_one_back, struct victim *, victim)
{
	struct async_task *task = async_create_task(begins(victim));

	async_task_cancel(task);
	async_task_cancel(task);
	async_task_uncancel(task);
	victim->result = async_await(task);
	return 0;
}

static void uncancel__of_one_of_two_takes_nothing_back(void **state)
{
	struct victim victim = { 0 };

	(void)state;
	assert_int_equal(async_run(takes_one_back(&victim)), 0);
	assert_false(victim.begun);
	assert_int_equal(victim.result, -ECANCELED);
}

ASYNC(uncancels_itself, struct victim *, victim)
{
	meet(victim, async_sleep(3600));
	victim->cancelling[0] = async_task_uncancel(async_current_task());
	meet(victim, async_sleep(0));
	return 2;
}

ASYNC(cancels_one_that_uncancels, struct victim *, victim)
{
	struct async_task *task = async_create_task(uncancels_itself(victim));

	async_sleep(0);
	async_task_cancel(task);
	async_sleep(0);
	victim->cancelling[1] = async_task_cancelling(task);
	victim->result = async_await(task);
	return 0;
}

static void uncancel__after_delivery(void **state)
{
	struct victim victim = { .cancelling = { 5, 5 } };

	(void)state;
	assert_int_equal(async_run(cancels_one_that_uncancels(&victim)), 0);
	assert_int_equal(victim.met[0], -ECANCELED);
	assert_int_equal(victim.met[1], 0);
	assert_int_equal(victim.cancelling[0], 0);
	assert_int_equal(victim.cancelling[1], 0);
	assert_int_equal(victim.result, 2);
}

/*
 * --- Several awaiters
 * ------------------------------------------------------------------------------
 */

ASYNC(cancels_one_of_two, struct victim *, one, struct victim *, two)
{
	struct async_task *first, *second;

	one->future = two->future = async_future_new(NULL);
	first = async_create_task(waits_for_future(one));
	second = async_create_task(waits_for_future(two));
	async_sleep(0);
	async_task_cancel(first);
	one->result = async_await(first);
	two->result = async_await(second);
	async_future_unref(one->future);
	return 0;
}

static void cancel__of_one_awaiter_reaches_the_other(void **state)
{
	struct victim one = { 0 }, two = { 0 };

	(void)state;
	assert_int_equal(async_run(cancels_one_of_two(&one, &two)), 0);
	assert_int_equal(one.result, -ECANCELED);
	assert_int_equal(two.met[0], -ECANCELED);
	assert_int_equal(two.result, -ECANCELED);
}

/*
 * --- Cleanup
 * ---------------------------------------------------------------------------------------
 */

ASYNC(cleans_up, struct victim *, victim)
{
	int64_t err = async_sleep(3600);

	meet(victim, err);
	meet(victim, async_sleep(0));
	meet(victim, async_sleep(0.0001));
	return err;
}

ASYNC(leaves_one_behind, struct victim *, victim)
{
	async_task_detach(async_create_task(cleans_up(victim)));
	async_sleep(0);
	return 1;
}

static void run__cancels_what_is_left_and_waits_for_it(void **state)
{
	struct victim victim = { 0 };

	(void)state;
	assert_int_equal(async_run(leaves_one_behind(&victim)), 1);
	assert_int_equal(victim.count, 3);
	assert_int_equal(victim.met[0], -ECANCELED);
	assert_int_equal(victim.met[1], 0);
	assert_int_equal(victim.met[2], 0);
}

/* Longer than a stack could hold calls for; ThreadSanitizer has a limit, too. */
enum { LENGTH = 5000 };

ASYNC(chain, int, length)
{
	if (!length)
		return async_sleep(3600);
	return async_await(async_create_task(chain(length - 1)));
}

ASYNC(cancels_chain, struct victim *, victim)
{
	struct async_task *task = async_create_task(chain(LENGTH));
	int i;

	for (i = 0; i <= LENGTH; i++)
		async_sleep(0);
	async_task_cancel(task);
	victim->result = async_await(task);
	victim->count = async_all_tasks(NULL, NULL, 0);
	return 0;
}

static void cancel__goes_down_a_chain_of_tasks(void **state)
{
	struct victim victim = { 0 };

	(void)state;
	assert_int_equal(async_run(cancels_chain(&victim)), 0);
	assert_int_equal(victim.result, -ECANCELED);
	assert_int_equal(victim.count, 1);
}

ASYNC(waits_for_the_other, struct victim *, victim, bool, first)
{
	struct async_task *other = first ? victim->other : victim->task;
	int64_t result = async_await(async_task_ref(other));

	meet(victim, result);
	return result;
}

ASYNC(cancels_circle, struct victim *, victim)
{
	victim->task = async_create_task(waits_for_the_other(victim, true));
	victim->other = async_create_task(waits_for_the_other(victim, false));
	async_sleep(0);
	victim->refused = !async_task_cancel(victim->task);
	victim->cancelling[0] = async_task_cancelling(victim->task);
	victim->cancelling[1] = async_task_cancelling(victim->other);
	return 0;
}

/* Nobody can end it but who closes the loop; asking must not hang. */
static void cancel__of_tasks_that_wait_for_each_other(void **state)
{
	struct victim victim = { 0 };
	struct async_loop *loop;

	(void)state;
	assert_int_equal(async_loop_new(&loop), 0);
	assert_int_equal(async_loop_run_until_complete(loop, cancels_circle(&victim)), 0);
	assert_false(victim.refused);
	assert_int_equal(victim.cancelling[0], 1);
	assert_int_equal(victim.cancelling[1], 1);
	assert_int_equal(victim.count, 0);
	assert_int_equal(async_loop_close(loop), 0);
	async_task_detach(victim.task);
	async_task_detach(victim.other);
}

ASYNC(gathers_the_other, struct victim *, victim)
{
	struct async_task *both[] = { async_task_ref(victim->other), async_task_ref(victim->task) };

	return async_await(async_gather(both, 2, NULL, 0));
}

ASYNC(cancels_circle_with_gathering, struct victim *, victim)
{
	victim->task = async_create_task(gathers_the_other(victim));
	victim->other = async_create_task(waits_for_the_other(victim, false));
	async_sleep(0);
	victim->refused = !async_task_cancel(victim->task);
	victim->cancelling[0] = async_task_cancelling(victim->task);
	victim->cancelling[1] = async_task_cancelling(victim->other);
	return 0;
}

static void cancel__of_a_circle_with_a_gathering(void **state)
{
	struct victim victim = { 0 };
	struct async_loop *loop;

	(void)state;
	assert_int_equal(async_loop_new(&loop), 0);
	assert_int_equal(async_loop_run_until_complete(loop,
						       cancels_circle_with_gathering(&victim)),
			 0);
	assert_false(victim.refused);
	assert_int_equal(victim.cancelling[0], 1);
	assert_int_equal(victim.cancelling[1], 1);
	assert_int_equal(async_loop_close(loop), 0);
	async_task_detach(victim.task);
	async_task_detach(victim.other);
}

static void null__is_a_task_that_is_done(void **state)
{
	struct async_task *task = NULL;
	struct async_future *future = NULL;

	(void)state;
	assert_false(async_task_cancel(task));
	assert_true(async_task_done(task));
	assert_false(async_task_cancelled(task));
	assert_int_equal(async_task_result(task), -ENOMEM);
	assert_null(async_task_message(task));
	assert_int_equal(async_task_cancelling(task), 0);
	assert_int_equal(async_task_uncancel(task), 0);
	assert_int_equal(async_task_set_name(task, "nobody"), -ENOMEM);
	assert_false(async_future_cancel(future));
	assert_true(async_future_done(future));
	assert_int_equal(async_future_result(future), -ENOMEM);
	assert_int_equal(async_future_set_result(future, 1), -ENOMEM);
	assert_int_equal(async_future_set_exception(future, -EINVAL, NULL), -ENOMEM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cancel__before_the_start),
		cmocka_unit_test(cancel__while_sleeping),
		cmocka_unit_test(cancel__while_yielding),
		cmocka_unit_test(cancel__while_awaiting_a_future_cancels_it),
		cmocka_unit_test(cancel__while_awaiting_a_task_cancels_it),
		cmocka_unit_test(cancel__ends_where_the_awaited_task_swallows_it),
		cmocka_unit_test(cancel__between_completion_and_wakeup),
		cmocka_unit_test(cancel__has_no_message_of_another_failure),
		cmocka_unit_test(cancel__of_itself_comes_with_the_next_suspension),
		cmocka_unit_test(cancel__of_itself_comes_with_a_yield),
		cmocka_unit_test(cancel__of_itself_goes_on_to_what_it_awaits),
		cmocka_unit_test(cancel__in_the_last_step),
		cmocka_unit_test(cancel__while_done_is_refused),
		cmocka_unit_test(cancel__swallowed),
		cmocka_unit_test(cancel__twice_at_once_is_delivered_once),
		cmocka_unit_test(cancel__again_is_delivered_again),
		cmocka_unit_test(uncancel__of_the_last_takes_it_back),
		cmocka_unit_test(uncancel__of_one_of_two_takes_nothing_back),
		cmocka_unit_test(uncancel__after_delivery),
		cmocka_unit_test(cancel__of_one_awaiter_reaches_the_other),
		cmocka_unit_test(run__cancels_what_is_left_and_waits_for_it),
		cmocka_unit_test(cancel__goes_down_a_chain_of_tasks),
		cmocka_unit_test(cancel__of_tasks_that_wait_for_each_other),
		cmocka_unit_test(cancel__of_a_circle_with_a_gathering),
		cmocka_unit_test(null__is_a_task_that_is_done),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
