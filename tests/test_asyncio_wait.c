/* SPDX-License-Identifier: BSD-2-Clause */
/* Waiting for several tasks or futures, as asyncio.wait() does. */
#include "tasks.h"
#include <stdlib.h>

enum { COUNT = 4 };

/* Whose place in the first array was the one that is now in the second one. */
static int64_t places(struct async_task *const before[], struct async_task *const after[])
{
	int64_t digits = 0;
	int i, j;

	for (i = 0; i < COUNT; i++) {
		for (j = 0; before[j] != after[i]; j++)
			;
		digits = digits * 10 + j;
	}
	return digits;
}

static void detach(struct async_task *const tasks[], size_t count)
{
	while (count--)
		async_task_detach(tasks[count]);
}

/* Tasks that end in another order than that of the array: met are how many, and who comes where. */
ASYNC(waits, struct seen *, seen, double, timeout, enum async_return_when, when, int64_t, third)
{
	struct async_task *tasks[COUNT] = {
		async_create_task(returns_after(9, 0)),
		async_create_task(returns_after(2, 1)),
		async_create_task(returns_after(4, third)),
		async_create_task(returns_after(2, 3)),
	};
	struct async_task *before[COUNT];

	memcpy(before, tasks, sizeof(tasks));
	meet(seen, async_wait(tasks, COUNT, timeout, when));
	meet(seen, places(before, tasks));
	detach(tasks, COUNT);
	return 0;
}

static void wait__for_all(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(waits(&seen, ASYNC_NO_TIMEOUT, ASYNC_ALL_COMPLETED, -EIO)), 0);
	assert_met(&seen, 4, 123);
}

static void wait__for_the_first(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(waits(&seen, 3600, ASYNC_FIRST_COMPLETED, 2)), 0);
	assert_met(&seen, 2, 1302);
}

static void wait__for_the_first_failure(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(waits(&seen, ASYNC_NO_TIMEOUT, ASYNC_FIRST_EXCEPTION, -EIO)), 0);
	assert_met(&seen, 3, 1230);
}

static void first_exception__without_one_waits_for_all(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(waits(&seen, ASYNC_NO_TIMEOUT, ASYNC_FIRST_EXCEPTION, 2)), 0);
	assert_met(&seen, 4, 123);
}

static void first_exception__is_no_cancellation(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(
				 waits(&seen, ASYNC_NO_TIMEOUT, ASYNC_FIRST_EXCEPTION, -ECANCELED)),
			 0);
	assert_met(&seen, 4, 123);
}

ASYNC(waits_for_failed, struct seen *, seen)
{
	struct async_task *tasks[] = {
		async_create_task(sleeps(seen, 0)),
		async_create_task(returns_after(0, -EIO)),
	};

	take_turns(1);
	meet(seen, async_wait(tasks, 2, ASYNC_NO_TIMEOUT, ASYNC_FIRST_EXCEPTION));
	meet(seen, async_task_result(tasks[0]));
	detach(tasks, 2);
	return 0;
}

static void first_exception__that_is_there_already(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(waits_for_failed(&seen)), 0);
	assert_met(&seen, 1, -EIO);
}

ASYNC(waits_too_long, struct seen *, seen, double, timeout)
{
	struct async_task *tasks[] = {
		async_create_task(sleeps(seen, 0)),
		async_create_task(returns_after(1, 5)),
	};

	take_turns(3);
	meet(seen, async_wait(tasks, 2, timeout, ASYNC_ALL_COMPLETED));
	meet(seen, async_task_result(tasks[0]));
	meet(seen, async_task_result(tasks[1]));
	meet(seen, async_task_cancelling(tasks[1]));
	detach(tasks, 2);
	return 0;
}

static void timeout__cancels_nothing(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(waits_too_long(&seen, 0.005)), 0);
	assert_met(&seen, 1, 5, -EINPROGRESS, 0);
}

ASYNC(polls, struct seen *, seen)
{
	struct async_task *tasks[] = { async_create_task(returns_after(20, 5)) };
	int64_t done;

	do {
		done = async_wait(tasks, 1, 0, ASYNC_ALL_COMPLETED);
	} while (!done);
	meet(seen, done);
	return async_await(tasks[0]);
}

static void timeout__of_0_lets_others_run(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(polls(&seen)), 5);
	assert_met(&seen, 1);
}

ASYNC(waits_for_done, struct seen *, seen)
{
	struct async_future *futures[] = { async_future_new(NULL), NULL, async_future_new(NULL) };

	async_future_set_result(futures[2], 7);
	async_task_detach(async_create_task(sleeps(seen, 0)));
	meet(seen, async_wait(futures, 3, ASYNC_NO_TIMEOUT, ASYNC_FIRST_COMPLETED));
	meet(seen, seen->steps);
	meet(seen, async_future_result(futures[0]));
	meet(seen, async_future_result(futures[1]));
	meet(seen, async_future_result(futures[2]));
	async_future_unref(futures[1]);
	async_future_unref(futures[2]);
	return 0;
}

static void wait__for_what_is_done_does_not_suspend(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(waits_for_done(&seen)), 0);
	assert_met(&seen, 2, 0, -ENOMEM, 7, -EINPROGRESS);
}

ASYNC(waits_for_one_twice, struct seen *, seen)
{
	struct async_task *task = async_create_task(returns_after(3, 5));
	struct async_task *tasks[] = { task, task };

	meet(seen, async_wait(tasks, 2, ASYNC_NO_TIMEOUT, ASYNC_ALL_COMPLETED));
	return async_await(task);
}

static void wait__for_the_same_twice(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(waits_for_one_twice(&seen)), 5);
	assert_met(&seen, 2);
}

ASYNC(waits_for_other, struct seen *, seen)
{
	struct async_future *futures[] = { async_future_ref(seen->future) };

	seen->inner += async_wait(futures, 1, ASYNC_NO_TIMEOUT, ASYNC_ALL_COMPLETED);
	async_future_unref(futures[0]);
	return 0;
}

ASYNC(two_wait_for_one, struct seen *, seen)
{
	struct async_task *tasks[2];

	seen->future = async_future_new(NULL);
	tasks[0] = async_create_task(waits_for_other(seen));
	tasks[1] = async_create_task(waits_for_other(seen));
	take_turns(2);
	async_future_set_result(seen->future, 1);
	async_future_unref(seen->future);
	return async_wait(tasks, 2, ASYNC_NO_TIMEOUT, ASYNC_ALL_COMPLETED) + async_await(tasks[0]) +
	       async_await(tasks[1]);
}

static void wait__of_two_for_the_same(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(two_wait_for_one(&seen)), 2);
	assert_int_equal(seen.inner, 2);
}

ASYNC(waits_wrongly, struct seen *, seen)
{
	struct async_future *futures[] = { async_future_new(NULL) };

	meet(seen, async_wait(futures, 0, ASYNC_NO_TIMEOUT, ASYNC_ALL_COMPLETED));
	meet(seen, async_wait(futures, 1, ASYNC_NO_TIMEOUT, (enum async_return_when)3));
	async_future_unref(futures[0]);
	return 0;
}

static void wait__for_nothing_is_invalid(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(waits_wrongly(&seen)), 0);
	assert_met(&seen, -EINVAL, -EINVAL);
}

static void wait__outside_of_a_task(void **state)
{
	struct async_future *futures[] = { NULL };

	(void)state;
	assert_int_equal(async_wait(futures, 1, 0, ASYNC_ALL_COMPLETED), -EPERM);
}

static void wait__for_another_loop(void **state)
{
	struct seen seen = { 0 };
	struct async_loop *loop;

	(void)state;
	assert_int_equal(async_loop_new(&loop), 0);
	seen.future = async_future_new(loop);
	assert_int_equal(async_run(waits_for_other(&seen)), 0);
	assert_int_equal(seen.inner, -EXDEV);
	async_future_unref(seen.future);
	assert_int_equal(async_loop_close(loop), 0);
}

/*
 * --- Cancellation
 * ----------------------------------------------------------------------------------
 */

ASYNC(waits_for_two, struct seen *, seen)
{
	struct async_task *tasks[] = { seen->task, seen->other };
	int64_t result = async_wait(tasks, 2, 3600, ASYNC_ALL_COMPLETED);

	meet(seen, result);
	meet(seen, tasks[0] == seen->task);
	return result;
}

ASYNC(cancels_waiter, struct seen *, seen, int, turns)
{
	struct async_task *waiter;

	seen->task = async_create_task(sleeps(seen, 0));
	seen->other = async_create_task(returns_after(2, 5));
	waiter = async_create_task(waits_for_two(seen));
	take_turns(turns);
	async_task_cancel(waiter);
	meet(seen, async_await(waiter));
	meet(seen, async_task_cancelling(seen->task));
	meet(seen, async_await(seen->other));
	async_task_detach(seen->task);
	return 0;
}

static void cancel__while_waiting_cancels_nothing_else(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(cancels_waiter(&seen, 1)), 0);
	assert_met(&seen, -ECANCELED, 1, -ECANCELED, 0, 5);
}

static void cancel__when_some_are_done_leaves_the_array(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(cancels_waiter(&seen, 6)), 0);
	assert_met(&seen, -ECANCELED, 1, -ECANCELED, 0, 5);
}

static void cancel__before_the_start(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(cancels_waiter(&seen, 0)), 0);
	assert_met(&seen, -ECANCELED, 0, 5);
}

ASYNC(cancels_itself, struct seen *, seen)
{
	struct async_future *futures[] = { async_future_new(NULL) };

	async_task_cancel(async_current_task());
	meet(seen, async_wait(futures, 1, ASYNC_NO_TIMEOUT, ASYNC_ALL_COMPLETED));
	meet(seen, async_future_result(futures[0]));
	async_future_unref(futures[0]);
	return meet(seen, async_sleep(0));
}

static void cancel__of_itself_comes_with_the_wait(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(cancels_itself(&seen)), 0);
	assert_met(&seen, -ECANCELED, -EINPROGRESS, 0);
}

static void complete_and_cancel(void *arg)
{
	struct seen *seen = arg;

	async_future_set_result(seen->future, 1);
	async_task_cancel(seen->task);
}

ASYNC(races, struct seen *, seen)
{
	struct async_future *futures[] = { async_future_new(NULL) };

	seen->future = futures[0];
	seen->task = async_current_task();
	async_call_soon(NULL, complete_and_cancel, seen);
	meet(seen, async_wait(futures, 1, ASYNC_NO_TIMEOUT, ASYNC_ALL_COMPLETED));
	meet(seen, async_wait(futures, 1, ASYNC_NO_TIMEOUT, ASYNC_ALL_COMPLETED));
	async_future_unref(futures[0]);
	return meet(seen, async_sleep(0));
}

static void cancel__racing_with_completion(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(races(&seen)), 0);
	assert_met(&seen, -ECANCELED, 1, 0);
}

/*
 * --- Many, and the end of the loop
 * ---------------------------------------------------------------------
 */

ASYNC(counts_callbacks, struct seen *, seen)
{
	struct async_future *futures[] = { async_future_new(NULL), async_future_new(NULL) };
	size_t before = callbacks();

	async_wait(futures, 2, 0, ASYNC_ALL_COMPLETED);
	meet(seen, callbacks() - before);
	async_future_set_result(futures[0], 1);
	async_wait(futures, 2, 0, ASYNC_ALL_COMPLETED);
	meet(seen, callbacks() - before);
	async_future_unref(futures[0]);
	async_future_unref(futures[1]);
	return 0;
}

static void wait__leaves_no_callbacks(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(counts_callbacks(&seen)), 0);
	assert_met(&seen, 0, 0);
}

enum { MANY = 5000 };

ASYNC(waits_for_many, struct seen *, seen)
{
	struct async_task **tasks = calloc(MANY, sizeof(struct async_task *));
	size_t left = MANY, i;

	for (i = 0; i < MANY; i++)
		tasks[i] = async_create_task(returns_after(i * 4 / MANY, i));
	while (left) {
		int64_t done = async_wait(tasks, left, ASYNC_NO_TIMEOUT, ASYNC_FIRST_COMPLETED);

		seen->steps++;
		for (i = 0; i < (size_t)done; i++)
			seen->inner += async_await(tasks[i]);
		left -= done;
		memmove(tasks, tasks + done, left * sizeof(*tasks));
	}
	free(tasks);
	return 0;
}

static void wait__for_many(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(async_run(waits_for_many(&seen)), 0);
	assert_int_equal(seen.inner, (int64_t)MANY * (MANY - 1) / 2);
	assert_in_range(seen.steps, 1, 8);
}

ASYNC(waits_for_ever, struct seen *, seen)
{
	seen->task = async_create_task(sleeps(seen, 0));
	seen->other = async_create_task(returns_after(2, 5));
	return async_await(waits_for_two(seen));
}

static void close__while_waiting(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	run_and_close(waits_for_ever(&seen));
	assert_int_equal(seen.count, 0);
	async_task_detach(seen.task);
	async_task_detach(seen.other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wait__for_all),
		cmocka_unit_test(wait__for_the_first),
		cmocka_unit_test(wait__for_the_first_failure),
		cmocka_unit_test(first_exception__without_one_waits_for_all),
		cmocka_unit_test(first_exception__is_no_cancellation),
		cmocka_unit_test(first_exception__that_is_there_already),
		cmocka_unit_test(timeout__cancels_nothing),
		cmocka_unit_test(timeout__of_0_lets_others_run),
		cmocka_unit_test(wait__for_what_is_done_does_not_suspend),
		cmocka_unit_test(wait__for_the_same_twice),
		cmocka_unit_test(wait__of_two_for_the_same),
		cmocka_unit_test(wait__for_nothing_is_invalid),
		cmocka_unit_test(wait__outside_of_a_task),
		cmocka_unit_test(wait__for_another_loop),
		cmocka_unit_test(cancel__while_waiting_cancels_nothing_else),
		cmocka_unit_test(cancel__when_some_are_done_leaves_the_array),
		cmocka_unit_test(cancel__before_the_start),
		cmocka_unit_test(cancel__of_itself_comes_with_the_wait),
		cmocka_unit_test(cancel__racing_with_completion),
		cmocka_unit_test(wait__leaves_no_callbacks),
		cmocka_unit_test(wait__for_many),
		cmocka_unit_test(close__while_waiting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
