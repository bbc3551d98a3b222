/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loops: run, stop, run again, run until something is done, close. As asyncio's test_base_events.py
 * has it.
 */
#include <async.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/resource.h>

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

static void count(void *arg)
{
	++*(int *)arg;
}

static void stop(void *arg)
{
	(void)arg;
	async_loop_stop(loop);
}

ASYNC(returns, int64_t, value)
{
	return value;
}

ASYNC(yields, int *, steps, int, times)
{
	while (times--) {
		int64_t err = async_sleep(0);

		if (err < 0)
			return err;
		++*steps;
	}
	return *steps;
}

/*
 * --- Run and stop
 * ----------------------------------------------------------------------------------
 */

static void stop__before_the_run_makes_one_iteration(void **state)
{
	int calls = 0;

	(void)state;
	async_call_soon(loop, count, &calls);
	async_loop_stop(loop);
	assert_int_equal(async_loop_run_forever(loop), 0);
	assert_int_equal(calls, 1);
	async_loop_stop(loop);
	assert_int_equal(async_loop_run_forever(loop), 0);
	assert_int_equal(calls, 1);
}

static void call_again(void *arg)
{
	++*(int *)arg;
	async_call_soon(loop, call_again, arg);
}

static void stop__lets_the_iteration_end(void **state)
{
	int before = 0, after = 0;

	(void)state;
	async_call_soon(loop, call_again, &before);
	async_call_soon(loop, stop, NULL);
	async_call_soon(loop, count, &after);
	assert_int_equal(async_loop_run_forever(loop), 0);
	assert_int_equal(before, 1);
	assert_int_equal(after, 1);
	/* It is no longer stopping, and goes on where it was. */
	async_call_soon(loop, stop, NULL);
	assert_int_equal(async_loop_run_forever(loop), 0);
	assert_int_equal(before, 2);
}

static void stop__twice_is_as_once(void **state)
{
	int calls = 0;

	(void)state;
	async_loop_stop(loop);
	async_loop_stop(loop);
	async_call_soon(loop, call_again, &calls);
	assert_int_equal(async_loop_run_forever(loop), 0);
	assert_int_equal(calls, 1);
	async_call_soon(loop, stop, NULL);
	assert_int_equal(async_loop_run_forever(loop), 0);
	assert_int_equal(calls, 2);
}

static void stop__reaches_tasks_that_never_wait(void **state)
{
	int steps = 0;

	(void)state;
	async_task_detach(async_loop_create_task(loop, yields(&steps, 1000000000)));
	async_call_soon(loop, stop, NULL);
	assert_int_equal(async_loop_run_forever(loop), 0);
	assert_int_equal(steps, 0);
	async_loop_stop(loop);
	assert_int_equal(async_loop_run_forever(loop), 0);
	assert_int_equal(steps, 1);
}

struct nested {
	struct async_loop *other;
	int64_t results[6];
	bool running, same;
};

static void run_nested(void *arg)
{
	struct nested *nested = arg;

	nested->results[0] = async_loop_run_forever(loop);
	nested->results[1] = async_loop_run_forever(nested->other);
	nested->results[2] = async_loop_run_until_complete(loop, returns(1));
	nested->results[3] = async_loop_run_until_complete(nested->other, returns(1));
	nested->results[4] = async_run(returns(1));
	nested->results[5] = async_loop_close(loop);
	nested->running = async_loop_is_running(loop) && !async_loop_is_running(nested->other);
	nested->same = async_get_running_loop() == loop;
	async_loop_stop(loop);
}

ASYNC(runs_nested, struct nested *, nested)
{
	run_nested(nested);
	return 0;
}

static void assert_refused(const struct nested *nested)
{
	size_t i;

	for (i = 0; i < 6; i++)
		assert_int_equal(nested->results[i], -EBUSY);
	assert_true(nested->running);
	assert_true(nested->same);
}

static void run__within_a_run_is_refused(void **state)
{
	struct nested nested = { 0 };

	(void)state;
	assert_int_equal(async_loop_new(&nested.other), 0);
	async_call_soon(loop, run_nested, &nested);
	assert_int_equal(async_loop_run_forever(loop), 0);
	assert_refused(&nested);
	nested = (struct nested){ .other = nested.other };
	async_task_detach(async_loop_create_task(loop, runs_nested(&nested)));
	assert_int_equal(async_loop_run_forever(loop), 0);
	assert_refused(&nested);
	assert_false(async_loop_is_running(loop));
	assert_null(async_get_running_loop());
	assert_int_equal(async_loop_close(nested.other), 0);
}

static void run__sleeps_until_a_timer(void **state)
{
	struct rusage before, after;
	int tries = 10;

	(void)state;
	getrusage(RUSAGE_THREAD, &before);
	/* On a busy machine it may be late already before it can sleep: once is enough. */
	do {
		async_call_later(loop, 0.001, stop, NULL);
		assert_int_equal(async_loop_run_forever(loop), 0);
		getrusage(RUSAGE_THREAD, &after);
	} while (after.ru_nvcsw == before.ru_nvcsw && --tries);
	assert_true(tries > 0);
}

/*
 * --- Until complete
 * --------------------------------------------------------------------------------
 */

static void until_complete__of_each_awaitable(void **state)
{
	struct async_future *future = async_future_new(loop);

	(void)state;
	assert_int_equal(async_loop_run_until_complete(loop, returns(4)), 4);
	assert_int_equal(async_loop_run_until_complete(loop, returns(-EIO)), -EIO);
	assert_int_equal(async_loop_run_until_complete(loop,
						       async_loop_create_task(loop, returns(5))),
			 5);
	async_future_set_result(future, 6);
	assert_int_equal(async_loop_run_until_complete(loop, async_future_ref(future)), 6);
	async_future_unref(future);
	future = async_future_new(loop);
	async_future_cancel(future);
	assert_int_equal(async_loop_run_until_complete(loop, future), -ECANCELED);
	assert_int_equal(async_loop_run_until_complete(loop, (struct async_task *)NULL), -ENOMEM);
	assert_int_equal(async_loop_run_until_complete(loop, (struct async_future *)NULL), -ENOMEM);
	assert_int_equal(async_loop_run_until_complete(loop, (struct async_coroutine *)NULL),
			 -ENOMEM);
}

static void complete(void *future)
{
	async_future_set_exception(future, -EPIPE, "broken");
}

static void until_complete__of_a_future_that_is_set_later(void **state)
{
	struct async_future *future = async_future_new(loop);

	(void)state;
	async_call_later(loop, 0.0003, complete, future);
	assert_int_equal(async_loop_run_until_complete(loop, future), -EPIPE);
}

static void stop_after(void *arg)
{
	int *iterations = arg;

	if (--*iterations)
		async_call_soon(loop, stop_after, iterations);
	else
		async_loop_stop(loop);
}

static void until_complete__stopped_before(void **state)
{
	struct async_task *task;
	int steps = 0, iterations = 20;

	(void)state;
	task = async_loop_create_task(loop, yields(&steps, 10));
	async_loop_stop(loop);
	assert_int_equal(async_loop_run_until_complete(loop, async_task_ref(task)), -EINTR);
	assert_false(async_task_done(task));
	/* The task does not stop a later run: who waited for it has gone. */
	async_call_soon(loop, stop_after, &iterations);
	assert_int_equal(async_loop_run_forever(loop), 0);
	assert_int_equal(iterations, 0);
	assert_true(async_task_done(task));
	assert_int_equal(async_loop_run_until_complete(loop, task), 10);
}

static void until_complete__leaves_the_others_for_later(void **state)
{
	int steps = 0;
	struct async_task *other = async_loop_create_task(loop, yields(&steps, 5));

	(void)state;
	assert_int_equal(async_loop_run_until_complete(loop, returns(1)), 1);
	assert_false(async_task_done(other));
	assert_int_equal(async_loop_run_until_complete(loop, other), 5);
}

static void until_complete__of_another_loops_future_is_refused(void **state)
{
	struct async_loop *other;
	struct async_task *task;

	(void)state;
	assert_int_equal(async_loop_new(&other), 0);
	task = async_loop_create_task(other, returns(3));
	assert_int_equal(async_loop_run_until_complete(loop, async_task_ref(task)), -EXDEV);
	assert_int_equal(async_loop_run_until_complete(other, task), 3);
	assert_int_equal(async_loop_close(other), 0);
}

/*
 * --- async_run
 * -------------------------------------------------------------------------------------
 */

ASYNC(stops_its_loop, bool *, cancelled)
{
	async_loop_stop(async_get_running_loop());
	*cancelled = async_sleep(3600) == -ECANCELED;
	return 1;
}

static void run__stopped_before_cancels_the_main_task(void **state)
{
	bool cancelled = false;

	(void)state;
	assert_int_equal(async_run(stops_its_loop(&cancelled)), -EINTR);
	assert_true(cancelled);
}

ASYNC(leaves_children, int *, ends)
{
	struct async_task *unused = async_create_task(yields(ends, 1));

	async_task_detach(unused);
	async_task_detach(async_create_task(yields(ends, 1000)));
	return async_create_task(NULL) ? 1 : 2;
}

static void run__ends_with_what_never_began(void **state)
{
	int ends = 0;

	(void)state;
	assert_int_equal(async_run(leaves_children(&ends)), 2);
	assert_int_equal(ends, 0);
}

static void run__many_times(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 100; i++)
		assert_int_equal(async_run(returns(i)), i);
}

/*
 * --- Close
 * -----------------------------------------------------------------------------------------
 */

ASYNC(sleeps_for_ever, bool *, went_on)
{
	async_sleep(3600);
	*went_on = true;
	return 0;
}

ASYNC(awaits_sleeper, bool *, went_on)
{
	int64_t result = async_await(async_create_task(sleeps_for_ever(went_on)));

	*went_on = true;
	return result;
}

ASYNC(nests, int, depth, struct async_future *, future)
{
	int64_t result = depth ? async_await(nests(depth - 1, future)) : async_await(future);

	return result + 1;
}

static void ignore(struct async_future *future, void *arg)
{
	(void)future;
	(void)arg;
}

static void close__destroys_what_is_pending(void **state)
{
	struct async_loop *other;
	struct async_task *kept;
	bool went_on = false;
	int steps = 0;

	(void)state;
	assert_int_equal(async_loop_new(&other), 0);
	async_task_detach(async_loop_create_task(other, awaits_sleeper(&went_on)));
	kept = async_loop_create_task(other, sleeps_for_ever(&went_on));
	async_task_set_name(kept, "kept");
	async_future_add_done_callback(async_task_future(kept), ignore, NULL);
	async_task_detach(async_loop_create_task(other, nests(5, async_future_new(other))));
	async_task_detach(async_loop_create_task(other, yields(&steps, 1000)));
	async_loop_stop(other);
	assert_int_equal(async_loop_run_forever(other), 0);
	async_loop_stop(other);
	assert_int_equal(async_loop_run_forever(other), 0);
	async_task_detach(async_loop_create_task(other, sleeps_for_ever(&went_on)));
	assert_int_equal(async_loop_close(other), 0);
	assert_true(async_task_cancelled(kept));
	assert_int_equal(async_task_result(kept), -ECANCELED);
	assert_false(async_task_cancel(kept));
	assert_string_equal(async_task_get_name(kept), "kept");
	async_task_detach(kept);
	assert_false(went_on);
}

static void close__forgets_who_awaits(void **state)
{
	struct async_loop *other;
	struct async_future *future;

	(void)state;
	assert_int_equal(async_loop_new(&other), 0);
	future = async_future_new(other);
	async_task_detach(async_loop_create_task(other, nests(2, async_future_ref(future))));
	async_loop_stop(other);
	assert_int_equal(async_loop_run_forever(other), 0);
	assert_int_equal(async_loop_close(other), 0);
	assert_int_equal(async_future_set_result(future, 1), 0);
	async_future_unref(future);
}

static void close__of_null(void **state)
{
	(void)state;
	assert_int_equal(async_loop_close(NULL), 0);
}

ASYNC(closes_another, struct async_loop *, other)
{
	return async_loop_close(other);
}

static void close__of_another_loop_within_a_run(void **state)
{
	struct async_loop *other;
	bool went_on = false;

	(void)state;
	assert_int_equal(async_loop_new(&other), 0);
	async_task_detach(async_loop_create_task(other, awaits_sleeper(&went_on)));
	async_loop_stop(other);
	assert_int_equal(async_loop_run_forever(other), 0);
	assert_int_equal(async_loop_run_until_complete(loop, closes_another(other)), 0);
	assert_int_equal(async_loop_run_until_complete(loop, returns(3)), 3);
	assert_false(went_on);
}

static void new__without_descriptors(void **state)
{
	struct rlimit before, none = { 0, 0 };
	struct async_loop *other = NULL;
	int err;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none.rlim_max = before.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	err = async_loop_new(&other);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(err, -EMFILE);
	assert_null(other);
}

#define test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

static int met[2];

static void closes_and_runs(void *arg)
{
	(void)arg;
	met[0] = async_loop_close(loop);
	met[1] = async_loop_run_forever(loop);
}

ASYNC(defers_a_close)
{
	async_defer(closes_and_runs, NULL);
	return async_sleep(3600);
}

static void close__within_a_close(void **state)
{
	struct async_task *task = async_loop_create_task(loop, defers_a_close());

	(void)state;
	async_loop_stop(loop);
	async_loop_run_forever(loop);
	assert_int_equal(async_loop_close(loop), 0);
	async_task_detach(task);
	assert_int_equal(met[0], -EBUSY);
	assert_int_equal(met[1], -EBUSY);
	assert_int_equal(async_loop_new(&loop), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(stop__before_the_run_makes_one_iteration),
		test(stop__lets_the_iteration_end),
		test(stop__twice_is_as_once),
		test(stop__reaches_tasks_that_never_wait),
		test(run__within_a_run_is_refused),
		test(run__sleeps_until_a_timer),
		test(until_complete__of_each_awaitable),
		test(until_complete__of_a_future_that_is_set_later),
		test(until_complete__stopped_before),
		test(until_complete__leaves_the_others_for_later),
		test(until_complete__of_another_loops_future_is_refused),
		test(run__stopped_before_cancels_the_main_task),
		test(run__ends_with_what_never_began),
		test(run__many_times),
		test(close__destroys_what_is_pending),
		test(close__forgets_who_awaits),
		test(close__of_null),
		test(close__of_another_loop_within_a_run),
		test(new__without_descriptors),
		test(close__within_a_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
