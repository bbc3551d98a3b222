/* SPDX-License-Identifier: BSD-2-Clause */
/* Futures: who sets them, who waits for them, who hears of it. More of test_futures.py. */
#include "iterations.h"

static struct async_future *future;

static int setup(void **state)
{
	if (setup_loop(state))
		return -1;
	future = async_future_new(loop);
	return future ? 0 : -1;
}

static int teardown(void **state)
{
	async_future_unref(future);
	return teardown_loop(state);
}

static void on_done(struct async_future *done, void *name)
{
	note(name, async_future_result(done));
}

static void call(void *name)
{
	note(name, 0);
}

ASYNC(waits, const char *, name)
{
	return note(name, async_await(async_future_ref(future)));
}

/*
 * --- Set and cancelled
 * -----------------------------------------------------------------------------
 */

static void set_result__of_zero(void **state)
{
	(void)state;
	assert_int_equal(async_future_set_result(future, 0), 0);
	assert_true(async_future_done(future));
	assert_int_equal(async_future_result(future), 0);
}

static void set_exception__without_a_message(void **state)
{
	(void)state;
	assert_int_equal(async_future_set_exception(future, -ETIMEDOUT, NULL), 0);
	assert_true(async_future_done(future));
	assert_false(async_future_cancelled(future));
	assert_int_equal(async_future_result(future), -ETIMEDOUT);
	assert_null(async_future_message(future));
}

static void set_exception__twice_keeps_the_first(void **state)
{
	(void)state;
	assert_int_equal(async_future_set_exception(future, -EIO, "first"), 0);
	assert_int_equal(async_future_set_exception(future, -EPIPE, "second"), -EALREADY);
	assert_int_equal(async_future_set_result(future, 1), -EALREADY);
	assert_false(async_future_cancel(future));
	assert_int_equal(async_future_result(future), -EIO);
	assert_string_equal(async_future_message(future), "first");
}

/* The classical trap of whoever sets a future: who waited for it has been cancelled. */
static void set_result__after_who_waits_was_cancelled(void **state)
{
	struct async_task *task = start(waits("a"));

	(void)state;
	iterate();
	async_task_cancel(task);
	assert_true(async_future_cancelled(future));
	assert_int_equal(async_future_set_result(future, 1), -EALREADY);
	iterate();
	assert_journal("a!ECANCELED");
}

static void cancel__has_no_message(void **state)
{
	(void)state;
	assert_true(async_future_cancel(future));
	assert_null(async_future_message(future));
	assert_int_equal(async_future_result(future), -ECANCELED);
}

static void cancel__of_a_tasks_future_cancels_the_task(void **state)
{
	struct async_task *task = start(waits("a"));

	(void)state;
	iterate();
	assert_true(async_future_cancel(async_task_future(task)));
	assert_false(async_task_done(task));
	assert_true(async_future_cancelled(future));
	iterate();
	assert_journal("a!ECANCELED");
	assert_true(async_task_cancelled(task));
	assert_false(async_future_cancel(async_task_future(task)));
}

static void task_of__tells_tasks_from_futures(void **state)
{
	struct async_task *task = start(waits("a"));

	(void)state;
	assert_null(async_task_of(future));
	assert_null(async_task_of(NULL));
	assert_ptr_equal(async_task_of(async_task_future(task)), task);
}

/*
 * --- Awaited
 * ---------------------------------------------------------------------------------------
 */

static void await__wakes_in_order(void **state)
{
	(void)state;
	start(waits("a"));
	start(waits("b"));
	start(waits("c"));
	iterate();
	async_future_set_result(future, 3);
	iterate();
	assert_journal("a=3 b=3 c=3");
}

static void await__again_of_what_is_done(void **state)
{
	(void)state;
	async_future_set_result(future, 4);
	start(waits("a"));
	iterate();
	start(waits("b"));
	iterate();
	assert_journal("a=4 b=4");
}

/* Nobody asked for the task to be cancelled: it heard that the future was. */
static void await__of_a_future_that_somebody_cancels(void **state)
{
	struct async_task *task = start(waits("a"));

	(void)state;
	iterate();
	async_future_cancel(future);
	iterate();
	assert_journal("a!ECANCELED");
	assert_int_equal(async_task_cancelling(task), 0);
	assert_true(async_task_cancelled(task));
}

static void cancel__of_one_who_waits_reaches_all(void **state)
{
	struct async_task *task;

	(void)state;
	start(waits("a"));
	task = start(waits("b"));
	start(waits("c"));
	iterate();
	async_task_cancel(task);
	iterate();
	assert_journal("a!ECANCELED b!ECANCELED c!ECANCELED");
	assert_int_equal(async_task_cancelling(started.tasks[0]), 0);
	assert_int_equal(async_task_cancelling(task), 1);
}

/* It was done before it was cancelled: only the one who was asked hears of it. */
static void cancel__of_one_who_was_woken_reaches_nobody_else(void **state)
{
	struct async_task *task;

	(void)state;
	start(waits("a"));
	task = start(waits("b"));
	start(waits("c"));
	iterate();
	async_future_set_result(future, 5);
	async_task_cancel(task);
	iterate();
	assert_journal("a=5 b!ECANCELED c=5");
	assert_int_equal(async_future_result(future), 5);
}

static char messages[2][32];

ASYNC(hears, int, number)
{
	int64_t result = async_await(async_future_ref(future));
	const char *message = async_error_message(result);

	strcpy(messages[number], message ? message : "none");
	return result;
}

static void await__brings_the_message_to_all(void **state)
{
	struct async_task *tasks[] = { start(hears(0)), start(hears(1)) };

	(void)state;
	iterate();
	async_future_set_exception(future, -EIO, "it broke");
	iterate();
	assert_string_equal(messages[0], "it broke");
	assert_string_equal(messages[1], "it broke");
	assert_string_equal(async_task_message(tasks[0]), "it broke");
	assert_string_equal(async_task_message(tasks[1]), "it broke");
}

ASYNC(sets, int64_t, result)
{
	return async_future_set_result(future, result);
}

static void set_result__by_another_task(void **state)
{
	(void)state;
	start(waits("a"));
	start(sets(6));
	iterate();
	assert_journal("");
	iterate();
	assert_journal("a=6");
}

/*
 * --- Done callbacks
 * --------------------------------------------------------------------------------
 */

static void callbacks__come_in_turn_with_others(void **state)
{
	(void)state;
	async_future_add_done_callback(future, on_done, "done");
	async_call_soon(loop, call, "before");
	async_future_set_result(future, 1);
	async_call_soon(loop, call, "after");
	iterate();
	assert_journal("before done=1 after");
}

static void callbacks__of_a_cancelled_future(void **state)
{
	(void)state;
	async_future_add_done_callback(future, on_done, "a");
	async_future_add_done_callback(future, on_done, "b");
	async_future_cancel(future);
	assert_journal("");
	iterate();
	assert_journal("a!ECANCELED b!ECANCELED");
}

static void add_another(struct async_future *done, void *name)
{
	on_done(done, name);
	async_future_add_done_callback(done, on_done, "added");
}

static void callbacks__added_by_a_callback_are_called_in_the_next_iteration(void **state)
{
	(void)state;
	async_future_add_done_callback(future, add_another, "a");
	async_future_add_done_callback(future, on_done, "b");
	async_future_set_result(future, 2);
	iterate();
	assert_journal("a=2 b=2");
	iterate();
	assert_journal("added=2");
	iterate();
	assert_journal("");
}

static void callbacks__added_after_it_is_done_come_last(void **state)
{
	(void)state;
	async_future_add_done_callback(future, on_done, "a");
	async_future_set_result(future, 3);
	async_future_add_done_callback(future, on_done, "b");
	iterate();
	assert_journal("a=3 b=3");
}

static void callbacks__added_twice_are_called_twice(void **state)
{
	(void)state;
	async_future_add_done_callback(future, on_done, "a");
	async_future_add_done_callback(future, on_done, "a");
	async_future_set_result(future, 1);
	iterate();
	assert_journal("a=1 a=1");
}

static void remove_b(struct async_future *done, void *name)
{
	note(name, async_future_remove_done_callback(done, on_done, "b"));
}

static void callbacks__can_be_removed_by_an_earlier_one(void **state)
{
	(void)state;
	async_future_add_done_callback(future, remove_b, "removed");
	async_future_add_done_callback(future, on_done, "b");
	async_future_add_done_callback(future, on_done, "c");
	async_future_add_done_callback(future, on_done, "b");
	async_future_set_result(future, 1);
	iterate();
	assert_journal("removed=2 c=1");
}

static void callbacks__that_were_called_cannot_be_removed(void **state)
{
	(void)state;
	async_future_add_done_callback(future, on_done, "b");
	async_future_add_done_callback(future, remove_b, "removed");
	async_future_set_result(future, 1);
	iterate();
	assert_journal("b=1 removed");
}

static void remove_itself(struct async_future *done, void *name)
{
	note(name, async_future_remove_done_callback(done, remove_itself, name));
}

static void callbacks__cannot_remove_themselves(void **state)
{
	(void)state;
	async_future_add_done_callback(future, remove_itself, "a");
	async_future_set_result(future, 1);
	iterate();
	assert_journal("a");
}

static void callbacks__of_another_future_stay(void **state)
{
	struct async_future *other = async_future_new(loop);

	(void)state;
	async_future_add_done_callback(future, on_done, "b");
	async_future_add_done_callback(other, on_done, "b");
	assert_int_equal(async_future_remove_done_callback(future, on_done, "b"), 1);
	async_future_set_result(future, 1);
	async_future_set_result(other, 2);
	iterate();
	assert_journal("b=2");
	async_future_unref(other);
}

static void cancel_future(struct async_future *done, void *name)
{
	(void)done;
	note(name, async_future_cancel(future));
}

static void callbacks__may_cancel_another_future(void **state)
{
	struct async_future *other = async_future_new(loop);

	(void)state;
	async_future_add_done_callback(other, cancel_future, "cancelled");
	async_future_add_done_callback(other, cancel_future, "again");
	start(waits("a"));
	iterate();
	async_future_set_result(other, 1);
	iterate();
	assert_journal("cancelled=1 again");
	iterate();
	assert_journal("a!ECANCELED");
	async_future_unref(other);
}

/* Their future is kept as long as they are to be called. */
static void callbacks__of_a_future_that_nobody_else_knows(void **state)
{
	(void)state;
	async_future_add_done_callback(future, on_done, "a");
	async_future_set_result(future, 8);
	async_future_unref(future);
	future = NULL;
	iterate();
	assert_journal("a=8");
}

#define test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(set_result__of_zero),
		test(set_exception__without_a_message),
		test(set_exception__twice_keeps_the_first),
		test(set_result__after_who_waits_was_cancelled),
		test(cancel__has_no_message),
		test(cancel__of_a_tasks_future_cancels_the_task),
		test(task_of__tells_tasks_from_futures),
		test(await__wakes_in_order),
		test(await__again_of_what_is_done),
		test(await__of_a_future_that_somebody_cancels),
		test(cancel__of_one_who_waits_reaches_all),
		test(cancel__of_one_who_was_woken_reaches_nobody_else),
		test(await__brings_the_message_to_all),
		test(set_result__by_another_task),
		test(callbacks__come_in_turn_with_others),
		test(callbacks__of_a_cancelled_future),
		test(callbacks__added_by_a_callback_are_called_in_the_next_iteration),
		test(callbacks__added_after_it_is_done_come_last),
		test(callbacks__added_twice_are_called_twice),
		test(callbacks__can_be_removed_by_an_earlier_one),
		test(callbacks__that_were_called_cannot_be_removed),
		test(callbacks__cannot_remove_themselves),
		test(callbacks__of_another_future_stay),
		test(callbacks__may_cancel_another_future),
		test(callbacks__of_a_future_that_nobody_else_knows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
