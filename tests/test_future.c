/* SPDX-License-Identifier: BSD-2-Clause */
/* Futures: states, awaits, done callbacks. Most follow asyncio's test_futures.py. */
#include <async.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct async_loop *loop;

static int setup(void **state)
{
	(void)state;
	return async_loop_new(&loop);
}

static int teardown(void **state)
{
	(void)state;
	return async_loop_close(loop);
}

/* Runs the loop for one iteration. */
static void iterate(void)
{
	async_loop_stop(loop);
	assert_int_equal(async_loop_run_forever(loop), 0);
}

static void new__is_pending(void **state)
{
	struct async_future *future = async_future_new(loop);

	(void)state;
	assert_false(async_future_done(future));
	assert_false(async_future_cancelled(future));
	assert_int_equal(async_future_result(future), -EINPROGRESS);
	assert_null(async_future_message(future));
	async_future_unref(future);
	async_future_unref(NULL);
	assert_null(async_future_ref(NULL));
}

static void new__needs_a_loop(void **state)
{
	(void)state;
	assert_null(async_future_new(NULL));
}

static void set_result__makes_done(void **state)
{
	struct async_future *future = async_future_new(loop);

	(void)state;
	assert_int_equal(async_future_set_result(future, -1), -EINVAL);
	assert_false(async_future_done(future));
	assert_int_equal(async_future_set_result(future, INT64_MAX), 0);
	assert_true(async_future_done(future));
	assert_false(async_future_cancelled(future));
	assert_true(async_future_result(future) == INT64_MAX);
	async_future_unref(future);
}

static void set__of_done_is_invalid_state(void **state)
{
	struct async_future *future = async_future_new(loop);

	(void)state;
	assert_int_equal(async_future_set_result(future, 1), 0);
	assert_int_equal(async_future_set_result(future, 2), -EALREADY);
	assert_int_equal(async_future_set_exception(future, -EIO, "late"), -EALREADY);
	assert_false(async_future_cancel(future));
	assert_int_equal(async_future_result(future), 1);
	assert_null(async_future_message(future));
	async_future_unref(future);
}

static void set__of_cancelled_is_invalid_state(void **state)
{
	struct async_future *future = async_future_new(loop);

	(void)state;
	assert_true(async_future_cancel(future));
	assert_true(async_future_cancelled(future));
	assert_int_equal(async_future_set_result(future, 2), -EALREADY);
	assert_int_equal(async_future_set_exception(future, -EIO, NULL), -EALREADY);
	assert_false(async_future_cancel(future));
	assert_int_equal(async_future_result(future), -ECANCELED);
	async_future_unref(future);
}

static void set_exception__keeps_its_message(void **state)
{
	struct async_future *future = async_future_new(loop);
	char message[] = "gone";

	(void)state;
	assert_int_equal(async_future_set_exception(future, 0, NULL), -EINVAL);
	assert_int_equal(async_future_set_exception(future, EIO, NULL), -EINVAL);
	assert_int_equal(async_future_set_exception(future, -ECANCELED, NULL), -EINVAL);
	assert_int_equal(async_future_set_exception(future, -4096, NULL), -EINVAL);
	assert_int_equal(async_future_set_exception(future, -EIO, message), 0);
	message[0] = 'd';
	assert_int_equal(async_future_result(future), -EIO);
	assert_string_equal(async_future_message(future), "gone");
	assert_false(async_future_cancelled(future));
	async_future_unref(future);
}

/*
 * --- Tasks as futures
 * ------------------------------------------------------------------------------
 */

ASYNC(returns, int64_t, value)
{
	return value;
}

static void set__of_a_task_is_refused(void **state)
{
	struct async_task *task = async_loop_create_task(loop, returns(7));
	struct async_future *future = async_task_future(task);

	(void)state;
	assert_int_equal(async_future_set_result(future, 1), -EINVAL);
	assert_int_equal(async_future_set_exception(future, -EIO, NULL), -EINVAL);
	assert_false(async_future_done(future));
	assert_int_equal(async_loop_run_until_complete(loop, task), 7);
}

static void task__is_a_future(void **state)
{
	struct async_task *task = async_loop_create_task(loop, returns(7));
	struct async_future *future = async_future_ref(async_task_future(task));

	(void)state;
	assert_null(async_task_future(NULL));
	assert_int_equal(async_loop_run_until_complete(loop, task), 7);
	assert_true(async_future_done(future));
	assert_int_equal(async_future_result(future), 7);
	async_future_unref(future);
}

/*
 * --- Await
 * -----------------------------------------------------------------------------------------
 */

struct waiting {
	struct async_future *future;
	int64_t result;
	int steps; /* of another task, when the result was there */
	int *counter;
};

ASYNC(counts, int *, counter)
{
	int i;

	for (i = 0; i < 10; i++) {
		++*counter;
		async_sleep(0);
	}
	return 0;
}

ASYNC(waits, struct waiting *, waiting)
{
	waiting->result = async_await(async_future_ref(waiting->future));
	waiting->steps = waiting->counter ? *waiting->counter : 0;
	return 0;
}

static void await__of_done_does_not_suspend(void **state)
{
	int counter = 0;
	struct waiting waiting = { .future = async_future_new(loop), .counter = &counter };
	struct async_task *counting = async_loop_create_task(loop, counts(&counter));

	(void)state;
	async_future_set_result(waiting.future, 5);
	assert_int_equal(async_loop_run_until_complete(loop, waits(&waiting)), 0);
	assert_int_equal(waiting.result, 5);
	assert_int_equal(waiting.steps, 1);
	assert_int_equal(async_loop_run_until_complete(loop, counting), 0);
	async_future_unref(waiting.future);
}

static void await__by_many_wakes_all(void **state)
{
	struct waiting waiting[3] = { { 0 } };
	struct async_future *future = async_future_new(loop);
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		waiting[i].future = future;
		waiting[i].result = -1;
		async_task_detach(async_loop_create_task(loop, waits(&waiting[i])));
	}
	iterate();
	async_future_set_result(future, 9);
	for (i = 0; i < 3; i++)
		assert_int_equal(waiting[i].result, -1);
	iterate();
	for (i = 0; i < 3; i++)
		assert_int_equal(waiting[i].result, 9);
	async_future_unref(future);
}

static void await__of_cancelled(void **state)
{
	struct waiting waiting = { .future = async_future_new(loop) };

	(void)state;
	async_task_detach(async_loop_create_task(loop, waits(&waiting)));
	iterate();
	assert_true(async_future_cancel(waiting.future));
	iterate();
	assert_int_equal(waiting.result, -ECANCELED);
	async_future_unref(waiting.future);
}

static void await__of_another_loops_future_is_refused(void **state)
{
	struct async_loop *other;
	struct waiting waiting;

	(void)state;
	assert_int_equal(async_loop_new(&other), 0);
	waiting = (struct waiting){ .future = async_future_new(other) };
	assert_int_equal(async_loop_run_until_complete(loop, waits(&waiting)), 0);
	assert_int_equal(waiting.result, -EXDEV);
	async_future_set_result(waiting.future, 3);
	assert_int_equal(async_loop_run_until_complete(loop, waits(&waiting)), 0);
	assert_int_equal(waiting.result, 3);
	async_future_unref(waiting.future);
	assert_int_equal(async_loop_close(other), 0);
}

static void await__outside_of_a_task_is_refused(void **state)
{
	struct async_future *future = async_future_new(loop);

	(void)state;
	async_future_set_result(future, 1);
	assert_int_equal(async_await(async_future_ref(future)), -EPERM);
	assert_int_equal(async_await(future), -EPERM);
}

/*
 * --- Done callbacks
 * --------------------------------------------------------------------------------
 */

static struct {
	int order[8];
	size_t count;
	int64_t result;
	struct async_future *future;
} called;

static int numbers[] = { 0, 1, 2, 3 };

static void on_done(struct async_future *future, void *arg)
{
	called.order[called.count++] = *(int *)arg;
	called.result = async_future_result(future);
	called.future = future;
}

static void on_done_other(struct async_future *future, void *arg)
{
	on_done(future, arg);
}

static void callbacks__are_called_in_order(void **state)
{
	struct async_future *future = async_future_new(loop);
	int i;

	(void)state;
	memset(&called, 0, sizeof(called));
	for (i = 0; i < 4; i++)
		assert_int_equal(async_future_add_done_callback(future, on_done, &numbers[i]), 0);
	iterate();
	assert_int_equal(called.count, 0);
	async_future_set_result(future, 6);
	assert_int_equal(called.count, 0);
	iterate();
	assert_int_equal(called.count, 4);
	for (i = 0; i < 4; i++)
		assert_int_equal(called.order[i], i);
	assert_int_equal(called.result, 6);
	assert_ptr_equal(called.future, future);
	iterate();
	assert_int_equal(called.count, 4);
	async_future_unref(future);
}

static void callbacks__of_done_are_called_soon(void **state)
{
	struct async_future *future = async_future_new(loop);

	(void)state;
	memset(&called, 0, sizeof(called));
	async_future_cancel(future);
	assert_int_equal(async_future_add_done_callback(future, on_done, &numbers[1]), 0);
	assert_int_equal(called.count, 0);
	async_future_unref(future);
	iterate();
	assert_int_equal(called.count, 1);
	assert_int_equal(called.result, -ECANCELED);
}

static void callbacks__can_be_removed(void **state)
{
	struct async_future *future = async_future_new(loop);

	(void)state;
	memset(&called, 0, sizeof(called));
	async_future_add_done_callback(future, on_done, &numbers[0]);
	async_future_add_done_callback(future, on_done, &numbers[1]);
	async_future_add_done_callback(future, on_done_other, &numbers[1]);
	async_future_add_done_callback(future, on_done, &numbers[1]);
	async_future_add_done_callback(future, on_done, &numbers[2]);
	assert_int_equal(async_future_remove_done_callback(future, on_done, &numbers[1]), 2);
	assert_int_equal(async_future_remove_done_callback(future, on_done, &numbers[1]), 0);
	assert_int_equal(async_future_remove_done_callback(future, on_done, &numbers[3]), 0);
	async_future_set_result(future, 1);
	assert_int_equal(async_future_remove_done_callback(future, on_done, &numbers[2]), 1);
	assert_int_equal(async_future_remove_done_callback(future, on_done, &numbers[2]), 0);
	iterate();
	assert_int_equal(called.count, 2);
	assert_int_equal(called.order[0], 0);
	assert_int_equal(called.order[1], 1);
	async_future_unref(future);
}

static void callbacks__the_last_one_can_be_removed(void **state)
{
	struct async_future *future = async_future_new(loop);

	(void)state;
	memset(&called, 0, sizeof(called));
	async_future_add_done_callback(future, on_done, &numbers[0]);
	async_future_add_done_callback(future, on_done, &numbers[1]);
	assert_int_equal(async_future_remove_done_callback(future, on_done, &numbers[1]), 1);
	async_future_add_done_callback(future, on_done, &numbers[2]);
	async_future_set_result(future, 1);
	iterate();
	assert_int_equal(called.count, 2);
	assert_int_equal(called.order[1], 2);
	async_future_unref(future);
}

static void remove_all(struct async_future *future, void *arg)
{
	on_done(future, arg);
	async_future_remove_done_callback(future, on_done, &numbers[1]);
	async_future_remove_done_callback(future, remove_all, arg);
}

static void callbacks__may_remove_each_other(void **state)
{
	struct async_future *future = async_future_new(loop);

	(void)state;
	memset(&called, 0, sizeof(called));
	async_future_add_done_callback(future, remove_all, &numbers[0]);
	async_future_add_done_callback(future, remove_all, &numbers[0]);
	async_future_add_done_callback(future, on_done, &numbers[1]);
	async_future_add_done_callback(future, on_done, &numbers[2]);
	async_future_set_result(future, 1);
	iterate();
	assert_int_equal(called.count, 2);
	assert_int_equal(called.order[1], 2);
	async_future_unref(future);
}

static void callbacks__and_awaits_share_one_order(void **state)
{
	struct async_future *future = async_future_new(loop);
	struct waiting waiting = { .future = future };

	(void)state;
	memset(&called, 0, sizeof(called));
	async_task_detach(async_loop_create_task(loop, waits(&waiting)));
	async_future_add_done_callback(future, on_done, &numbers[0]);
	iterate();
	async_future_add_done_callback(future, on_done, &numbers[1]);
	async_future_set_result(future, 1);
	iterate();
	assert_int_equal(called.count, 2);
	assert_int_equal(waiting.result, 1);
	async_future_unref(future);
}

static void callbacks__of_null(void **state)
{
	(void)state;
	assert_int_equal(async_future_add_done_callback(NULL, on_done, NULL), -ENOMEM);
	assert_int_equal(async_future_remove_done_callback(NULL, on_done, NULL), 0);
}

static void callbacks__keep_their_future(void **state)
{
	struct async_future *future = async_future_new(loop);

	(void)state;
	memset(&called, 0, sizeof(called));
	async_future_add_done_callback(future, on_done, &numbers[0]);
	async_future_set_exception(future, -EIO, "message");
	async_future_unref(future);
	iterate();
	assert_int_equal(called.result, -EIO);
}

static void callbacks__of_a_pending_future_are_dropped_with_the_loop(void **state)
{
	struct async_loop *other;
	struct async_future *future;

	(void)state;
	memset(&called, 0, sizeof(called));
	assert_int_equal(async_loop_new(&other), 0);
	future = async_future_new(other);
	async_future_add_done_callback(future, on_done, &numbers[0]);
	assert_int_equal(async_loop_close(other), 0);
	assert_int_equal(async_future_set_result(future, 1), 0);
	async_future_unref(future);
	assert_int_equal(called.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(new__is_pending),
		cmocka_unit_test(new__needs_a_loop),
		cmocka_unit_test(set_result__makes_done),
		cmocka_unit_test(set__of_done_is_invalid_state),
		cmocka_unit_test(set__of_cancelled_is_invalid_state),
		cmocka_unit_test(set_exception__keeps_its_message),
		cmocka_unit_test(set__of_a_task_is_refused),
		cmocka_unit_test(task__is_a_future),
		cmocka_unit_test(await__of_done_does_not_suspend),
		cmocka_unit_test(await__by_many_wakes_all),
		cmocka_unit_test(await__of_cancelled),
		cmocka_unit_test(await__of_another_loops_future_is_refused),
		cmocka_unit_test(await__outside_of_a_task_is_refused),
		cmocka_unit_test(callbacks__are_called_in_order),
		cmocka_unit_test(callbacks__of_done_are_called_soon),
		cmocka_unit_test(callbacks__can_be_removed),
		cmocka_unit_test(callbacks__the_last_one_can_be_removed),
		cmocka_unit_test(callbacks__may_remove_each_other),
		cmocka_unit_test(callbacks__and_awaits_share_one_order),
		cmocka_unit_test(callbacks__of_null),
		cmocka_unit_test(callbacks__keep_their_future),
		cmocka_unit_test(callbacks__of_a_pending_future_are_dropped_with_the_loop),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
