/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loops: what a run leaves for the next one, what async_run() does with those who are left, and
 * what closing does. More of test_base_events.py and test_runners.py.
 */
#include "iterations.h"

static void call(void *name)
{
	note(name, 0);
}

static void call_and_stop(void *name)
{
	call(name);
	async_loop_stop(loop);
}

ASYNC(returns, int64_t, result)
{
	return result;
}

ASYNC(yields, const char *, name, int, times)
{
	while (times--)
		async_sleep(0);
	note(name, 0);
	return 9;
}

ASYNC(sleeps, const char *, name)
{
	return note(name, async_sleep(3600));
}

/*
 * --- Stop and go on
 * --------------------------------------------------------------------------------
 */

static void stop__leaves_the_rest_for_the_next_run(void **state)
{
	(void)state;
	async_task_detach(async_loop_create_task(loop, yields("task", 2)));
	async_call_soon(loop, call_and_stop, "stop");
	async_call_at(loop, 0, call, "timer");
	assert_int_equal(async_loop_run_forever(loop), 0);
	assert_journal("stop timer");
	settle();
	assert_journal("task");
}

static void stop__in_one_iteration_with_the_end(void **state)
{
	struct async_task *task = start(yields("task", 0));

	(void)state;
	async_call_soon(loop, call_and_stop, "stop");
	/* The task is done, though the run was ended before it could be told. */
	assert_int_equal(async_loop_run_until_complete(loop, async_task_ref(task)), 9);
	assert_journal("task stop");
	async_call_soon(loop, call_and_stop, "again");
	assert_int_equal(async_loop_run_forever(loop), 0);
	assert_journal("again");
}

ASYNC(stops, const char *, name)
{
	async_loop_stop(async_get_running_loop());
	note(name, async_sleep(0));
	return 3;
}

static void stop__by_the_task_that_is_waited_for(void **state)
{
	struct async_task *task = start(stops("task"));

	(void)state;
	assert_int_equal(async_loop_run_until_complete(loop, async_task_ref(task)), -EINTR);
	assert_journal("");
	assert_int_equal(async_loop_run_until_complete(loop, async_task_ref(task)), 3);
	assert_journal("task");
}

static void stop__does_not_wait_for_timers(void **state)
{
	(void)state;
	async_call_later(loop, 3600, call, "timer");
	start(sleeps("task"));
	async_call_soon(loop, call_and_stop, "stop");
	assert_int_equal(async_loop_run_forever(loop), 0);
	assert_journal("stop");
}

static void until_complete__again_on_one_loop(void **state)
{
	struct async_task *other = start(yields("other", 4));
	int i;

	(void)state;
	for (i = 0; i < 10; i++)
		assert_int_equal(async_loop_run_until_complete(loop, returns(i)), i);
	assert_int_equal(async_loop_run_until_complete(loop, async_task_ref(other)), 9);
	assert_journal("other");
}

static void until_complete__of_what_is_done_makes_an_iteration(void **state)
{
	struct async_future *future = async_future_new(loop);

	(void)state;
	async_future_set_result(future, 4);
	async_call_soon(loop, call, "a");
	assert_int_equal(async_loop_run_until_complete(loop, future), 4);
	assert_journal("a");
}

static void until_complete__of_a_failed_task_that_is_done(void **state)
{
	struct async_task *task = start(returns(-EIO));

	(void)state;
	iterate();
	assert_int_equal(async_loop_run_until_complete(loop, async_task_ref(task)), -EIO);
	assert_int_equal(async_loop_run_until_complete(loop, async_task_ref(task)), -EIO);
}

static void cancel_task(void *task)
{
	async_task_cancel(task);
}

static void until_complete__of_a_task_that_is_cancelled(void **state)
{
	struct async_task *task = start(sleeps("task"));

	(void)state;
	async_call_soon(loop, cancel_task, task);
	assert_int_equal(async_loop_run_until_complete(loop, async_task_ref(task)), -ECANCELED);
	assert_journal("task!ECANCELED");
	assert_true(async_task_cancelled(task));
}

static void until_complete__does_not_wait_for_others(void **state)
{
	(void)state;
	start(sleeps("other"));
	async_call_later(loop, 3600, call, "timer");
	assert_int_equal(async_loop_run_until_complete(loop, yields("task", 3)), 9);
	assert_journal("task");
}

static void on_done(struct async_future *done, void *name)
{
	note(name, async_future_result(done));
}

static void until_complete__leaves_other_callbacks(void **state)
{
	struct async_task *task = start(returns(2));

	(void)state;
	async_future_add_done_callback(async_task_future(task), on_done, "mine");
	assert_int_equal(async_loop_run_until_complete(loop, async_task_ref(task)), 2);
	assert_journal("mine=2");
}

static void loops__take_turns(void **state)
{
	struct async_loop *first = loop, *second;
	int i;

	(void)state;
	assert_int_equal(async_loop_new(&second), 0);
	async_task_detach(async_loop_create_task(first, yields("first", 3)));
	async_task_detach(async_loop_create_task(second, yields("second", 3)));
	for (i = 0; i < 4; i++) {
		loop = first;
		iterate();
		loop = second;
		iterate();
	}
	assert_journal("first second");
	loop = first;
	assert_int_equal(async_loop_close(second), 0);
}

/*
 * --- async_run
 * -------------------------------------------------------------------------------------
 */

ASYNC(cleans_up, const char *, name)
{
	note(name, async_sleep(3600));
	async_sleep(0);
	note(name, async_sleep_ns(1000));
	return async_await(yields(name, 2));
}

ASYNC(leaves, int64_t, result)
{
	async_task_detach(async_create_task(cleans_up("a")));
	async_task_detach(async_create_task(cleans_up("b")));
	async_sleep(0);
	return result;
}

static void run__lets_those_who_are_left_clean_up(void **state)
{
	(void)state;
	assert_int_equal(async_run(leaves(5)), 5);
	assert_int_equal(strlen(journal.text), strlen("a!ECANCELED b!ECANCELED a b a b"));
	assert_memory_equal(journal.text, "a!ECANCELED b!ECANCELED", 23);
}

static void run__cleans_up_after_a_failure(void **state)
{
	(void)state;
	assert_int_equal(async_run(leaves(-EIO)), -EIO);
	assert_int_equal(strlen(journal.text), strlen("a!ECANCELED b!ECANCELED a b a b"));
}

ASYNC(swallows, const char *, name)
{
	async_sleep(3600);
	return note(name, async_sleep_ns(100000));
}

ASYNC(leaves_stubborn)
{
	async_task_detach(async_create_task(swallows("stubborn")));
	async_task_detach(async_create_task(sleeps("obedient")));
	async_sleep(0);
	return 6;
}

static void run__waits_for_who_swallows_his_cancellation(void **state)
{
	(void)state;
	assert_int_equal(async_run(leaves_stubborn()), 6);
	assert_journal("obedient!ECANCELED stubborn");
}

ASYNC(fails_at_the_end)
{
	async_sleep(3600);
	return async_fail(-EPIPE, "it broke at the end");
}

ASYNC(leaves_failure)
{
	async_task_detach(async_create_task(fails_at_the_end()));
	async_task_detach(async_create_task(swallows("other")));
	async_sleep(0);
	return 7;
}

static void run__is_not_hurt_by_a_failure_at_the_end(void **state)
{
	(void)state;
	assert_int_equal(async_run(leaves_failure()), 7);
	assert_journal("other");
}

ASYNC(cancels_itself)
{
	async_task_detach(async_create_task(sleeps("child")));
	async_sleep(0);
	async_task_cancel(async_current_task());
	return async_sleep(3600);
}

static void run__of_a_main_task_that_is_cancelled(void **state)
{
	(void)state;
	assert_int_equal(async_run(cancels_itself()), -ECANCELED);
	assert_journal("child!ECANCELED");
}

static struct async_task *last;

ASYNC(creates_at_the_end)
{
	async_sleep(3600);
	last = async_create_task(swallows("late"));
	return 0;
}

ASYNC(leaves_creator)
{
	async_task_detach(async_create_task(creates_at_the_end()));
	async_sleep(0);
	return 8;
}

/* Who comes that late is not waited for: closing the loop ends it. */
static void run__with_a_task_created_at_the_end(void **state)
{
	(void)state;
	assert_int_equal(async_run(leaves_creator()), 8);
	assert_true(async_task_cancelled(last));
	async_task_detach(last);
	assert_journal("");
}

ASYNC(leaves_timers)
{
	async_call_later(NULL, 3600, call, "timer");
	async_call_soon(NULL, call, "soon");
	return 1;
}

static void run__drops_timers(void **state)
{
	(void)state;
	assert_int_equal(async_run(leaves_timers()), 1);
	assert_journal("soon");
}

static void run__of_null(void **state)
{
	(void)state;
	assert_int_equal(async_run(NULL), -ENOMEM);
	assert_null(async_get_running_loop());
}

/*
 * --- Close
 * -----------------------------------------------------------------------------------------
 */

static struct async_future *future;

ASYNC(waits, const char *, name)
{
	return note(name, async_await(async_future_ref(future)));
}

static void close__with_one_of_everything(void **state)
{
	(void)state;
	future = async_future_new(loop);
	start(waits("task"));
	start(sleeps("sleeper"));
	start(yields("yields", 100));
	iterate();
	start(returns(1));
	async_future_add_done_callback(future, on_done, "pending");
	async_future_add_done_callback(async_task_future(started.tasks[0]), on_done, "of a task");
	async_call_soon(loop, call, "soon");
	async_call_later(loop, 3600, call, "later");
	async_call_at(loop, 0, call, "due");
	close_loop();
	assert_journal("");
	assert_false(async_future_done(future));
	assert_int_equal(async_future_set_result(future, 1), 0);
	async_future_unref(future);
}

/* What is deferred may use the loop, for as long as it is being closed. */
static void use_loop(void *arg)
{
	(void)arg;
	note("deferred", 0);
	async_call_soon(loop, call, "soon");
	async_call_later(loop, 1, call, "later");
	async_future_add_done_callback(future, on_done, "done");
	note("set", async_future_set_result(future, 1));
	note("running", async_loop_is_running(loop));
}

ASYNC(defers, async_callback *, function, void *, arg)
{
	async_defer(function, arg);
	return async_sleep(3600);
}

static void close__with_deferred_functions_that_use_the_loop(void **state)
{
	(void)state;
	future = async_future_new(loop);
	start(waits("before"));
	start(defers(use_loop, NULL));
	start(waits("after"));
	iterate();
	close_loop();
	assert_journal("deferred set running");
	async_future_unref(future);
}

static void create_another(void *name)
{
	last = async_loop_create_task(loop, sleeps(name));
}

static void close__with_a_deferred_function_that_creates_a_task(void **state)
{
	(void)state;
	start(sleeps("a"));
	start(defers(create_another, "late"));
	iterate();
	close_loop();
	assert_true(async_task_cancelled(last));
	assert_int_equal(async_task_result(last), -ECANCELED);
	async_task_detach(last);
	assert_journal("");
}

static void cancel_all(void *arg)
{
	struct async_task *tasks[8];
	size_t count = async_all_tasks(loop, tasks, 8);

	(void)arg;
	note("tasks", count);
	while (count--) {
		async_task_cancel(tasks[count]);
		async_task_detach(tasks[count]);
	}
}

static void close__with_a_deferred_function_that_cancels_all(void **state)
{
	(void)state;
	start(sleeps("a"));
	start(defers(cancel_all, NULL));
	start(sleeps("b"));
	start(defers(cancel_all, NULL));
	iterate();
	close_loop();
	/* Those that were destroyed before are gone; the one at hand is still there. */
	assert_journal("tasks=3 tasks=1");
}

ASYNC(defers_and_waits, async_callback *, function, void *, arg)
{
	async_defer(function, arg);
	return async_await(async_future_new(NULL));
}

/* What it awaited has gone with its last reference. */
static void close__with_a_deferred_function_that_cancels_its_own_task(void **state)
{
	(void)state;
	start(defers_and_waits(cancel_all, NULL));
	iterate();
	close_loop();
	assert_journal("tasks=1");
}

#define test(function) LOOP_TEST(function)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(stop__leaves_the_rest_for_the_next_run),
		test(stop__in_one_iteration_with_the_end),
		test(stop__by_the_task_that_is_waited_for),
		test(stop__does_not_wait_for_timers),
		test(until_complete__again_on_one_loop),
		test(until_complete__of_what_is_done_makes_an_iteration),
		test(until_complete__of_a_failed_task_that_is_done),
		test(until_complete__of_a_task_that_is_cancelled),
		test(until_complete__does_not_wait_for_others),
		test(until_complete__leaves_other_callbacks),
		test(loops__take_turns),
		test(run__lets_those_who_are_left_clean_up),
		test(run__cleans_up_after_a_failure),
		test(run__waits_for_who_swallows_his_cancellation),
		test(run__is_not_hurt_by_a_failure_at_the_end),
		test(run__of_a_main_task_that_is_cancelled),
		test(run__with_a_task_created_at_the_end),
		test(run__drops_timers),
		test(run__of_null),
		test(close__with_one_of_everything),
		test(close__with_deferred_functions_that_use_the_loop),
		test(close__with_a_deferred_function_that_creates_a_task),
		test(close__with_a_deferred_function_that_cancels_all),
		test(close__with_a_deferred_function_that_cancels_its_own_task),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
