/* SPDX-License-Identifier: BSD-2-Clause */
/* Tasks: how they end, who hears of it, and cancellation. More of test_tasks.py. */
#include "iterations.h"

static void on_done(struct async_future *done, void *name)
{
	note(name, async_future_result(done));
}

ASYNC(returns, int64_t, result)
{
	return result;
}

ASYNC(sleeps, const char *, name)
{
	return note(name, async_sleep(3600));
}

ASYNC(yields, const char *, name, int, times)
{
	while (times--)
		async_sleep(0);
	note(name, 0);
	return 0;
}

/* A reference of the awaiting task's own. */
ASYNC(awaits, const char *, name, struct async_task *, task)
{
	return note(name, async_await(task));
}

static struct async_task *start_awaits(const char *name, struct async_task *task)
{
	return start(awaits(name, async_task_ref(task)));
}

/*
 * --- Begin and end
 * ---------------------------------------------------------------------------------
 */

static void create__runs_in_order(void **state)
{
	(void)state;
	start(yields("a", 0));
	start(yields("b", 0));
	start(yields("c", 0));
	iterate();
	assert_journal("a b c");
}

ASYNC(creates)
{
	async_task_detach(async_create_task(yields("child", 0)));
	async_task_detach(async_create_task(yields("other", 0)));
	note("parent", 0);
	return 0;
}

static void create__within_a_task_is_the_next_iteration(void **state)
{
	(void)state;
	start(creates());
	start(yields("a", 0));
	iterate();
	assert_journal("parent a");
	iterate();
	assert_journal("child other");
}

static void create_task(void *name)
{
	async_task_detach(async_create_task(yields(name, 0)));
}

static void create__within_a_callback(void **state)
{
	(void)state;
	async_call_soon(loop, create_task, "a");
	iterate();
	assert_journal("");
	iterate();
	assert_journal("a");
}

ASYNC(nests, int, depth)
{
	return depth ? async_await(nests(depth - 1)) : async_current_task() == started.tasks[0];
}

ASYNC(awaits_coroutines)
{
	note("nested", async_await(nests(10)));
	note("returned", async_await(returns(7)));
	return note("failed", async_await(returns(-EIO)));
}

static void await__of_a_coroutine_does_not_suspend(void **state)
{
	(void)state;
	start(awaits_coroutines());
	start(yields("other", 0));
	iterate();
	assert_journal("nested=1 returned=7 failed!EIO other");
}

static void await__hears_in_the_next_iteration(void **state)
{
	struct async_task *task = start(yields("task", 1));

	(void)state;
	start_awaits("awaiter", task);
	iterate();
	iterate();
	assert_journal("task");
	iterate();
	assert_journal("awaiter");
}

static void await__of_a_done_task_does_not_suspend(void **state)
{
	struct async_task *task = start(returns(5));

	(void)state;
	iterate();
	start_awaits("a", task);
	start_awaits("b", task);
	iterate();
	assert_journal("a=5 b=5");
}

/* To return it is to raise CancelledError: nobody need have asked. */
static void end__cancelled_of_its_own_accord(void **state)
{
	struct async_task *task = start(returns(-ECANCELED));

	(void)state;
	start_awaits("awaiter", task);
	iterate();
	assert_true(async_task_cancelled(task));
	assert_int_equal(async_task_cancelling(task), 0);
	assert_int_equal(async_task_result(task), -ECANCELED);
	assert_null(async_task_message(task));
	iterate();
	assert_journal("awaiter!ECANCELED");
}

ASYNC(fails)
{
	return async_fail(-EIO, "it broke");
}

static void end__failed(void **state)
{
	struct async_task *task = start(fails()), *awaiter = start_awaits("awaiter", task);

	(void)state;
	iterate();
	assert_true(async_task_done(task));
	assert_false(async_task_cancelled(task));
	iterate();
	assert_journal("awaiter!EIO");
	assert_string_equal(async_task_message(awaiter), "it broke");
}

static void await__of_another_loops_task_is_refused(void **state)
{
	struct async_loop *first = loop;
	struct async_task *task = start(sleeps("task")), *done = start(returns(3));

	(void)state;
	iterate();
	assert_int_equal(async_loop_new(&loop), 0);
	start_awaits("pending", task);
	start_awaits("done", done);
	iterate();
	assert_journal("pending!EXDEV done=3");
	assert_int_equal(async_loop_close(first), 0);
	start_awaits("destroyed", task);
	iterate();
	assert_journal("destroyed!ECANCELED");
}

/*
 * --- Lists and names
 * -------------------------------------------------------------------------------
 */

static void all_tasks__has_those_that_have_not_begun_and_not_ended(void **state)
{
	struct async_task *tasks[4], *sleeping = start(sleeps("sleeping")), *fresh;
	size_t i;

	(void)state;
	start(returns(1));
	iterate();
	fresh = start(returns(2));
	async_task_cancel(sleeping);
	assert_int_equal(async_all_tasks(loop, tasks, 4), 2);
	assert_ptr_equal(tasks[0], sleeping);
	assert_ptr_equal(tasks[1], fresh);
	for (i = 0; i < 2; i++)
		async_task_detach(tasks[i]);
	iterate();
	assert_int_equal(async_all_tasks(loop, tasks, 4), 0);
	assert_journal("sleeping!ECANCELED");
}

static void all_tasks__of_each_loop(void **state)
{
	struct async_loop *other;

	(void)state;
	assert_int_equal(async_loop_new(&other), 0);
	start(sleeps("a"));
	start(sleeps("b"));
	async_task_detach(async_loop_create_task(other, sleeps("c")));
	assert_int_equal(async_all_tasks(loop, NULL, 0), 2);
	assert_int_equal(async_all_tasks(other, NULL, 0), 1);
	assert_int_equal(async_loop_close(other), 0);
}

static void name__of_null_is_refused(void **state)
{
	struct async_task *task = start(returns(1));
	char before[32];

	(void)state;
	strcpy(before, async_task_get_name(task));
	assert_int_equal(async_task_set_name(task, NULL), -EINVAL);
	assert_string_equal(async_task_get_name(task), before);
	assert_int_equal(async_task_set_name(task, ""), 0);
	assert_string_equal(async_task_get_name(task), "");
}

ASYNC(says_its_name)
{
	note(async_task_get_name(async_current_task()), 0);
	return 0;
}

static void name__is_known_to_the_task(void **state)
{
	struct async_task *task = start(says_its_name());

	(void)state;
	async_task_set_name(task, "reader");
	iterate();
	assert_journal("reader");
}

/*
 * --- Done callbacks
 * --------------------------------------------------------------------------------
 */

static void callbacks__of_a_task(void **state)
{
	struct async_task *task = start(returns(7));

	(void)state;
	async_future_add_done_callback(async_task_future(task), on_done, "first");
	async_future_add_done_callback(async_task_future(task), on_done, "second");
	iterate();
	assert_true(async_task_done(task));
	assert_journal("");
	iterate();
	assert_journal("first=7 second=7");
	async_future_add_done_callback(async_task_future(task), on_done, "late");
	iterate();
	assert_journal("late=7");
}

static void callbacks__of_a_task_that_never_began(void **state)
{
	struct async_task *task = start(sleeps("never"));

	(void)state;
	async_future_add_done_callback(async_task_future(task), on_done, "done");
	async_task_cancel(task);
	settle();
	assert_journal("done!ECANCELED");
}

static void look_at_current(struct async_future *done, void *name)
{
	note(name, async_current_task() || async_task_of(done) != started.tasks[0]);
}

static void callbacks__are_no_tasks(void **state)
{
	struct async_task *task = start(returns(7));

	(void)state;
	async_future_add_done_callback(async_task_future(task), look_at_current, "current");
	settle();
	assert_journal("current");
}

static void wait_in_callback(struct async_future *done, void *name)
{
	note(name, async_await(async_future_ref(done)));
	note(name, async_await(returns(1)));
	note(name, async_sleep(0));
	note(name, async_task_cancel(async_task_of(done)));
}

static void callbacks__cannot_wait(void **state)
{
	struct async_task *task = start(returns(7));

	(void)state;
	async_future_add_done_callback(async_task_future(task), wait_in_callback, "a");
	settle();
	assert_journal("a!EPERM a!EPERM a!EPERM a");
}

/*
 * --- Cancelled
 * ----------------------------------------------------------------------------------
 */

static void cancel__of_one_who_awaits_a_shared_task_reaches_all(void **state)
{
	struct async_task *shared = start(sleeps("shared")), *one;

	(void)state;
	one = start_awaits("a", shared);
	start_awaits("b", shared);
	iterate();
	async_task_cancel(one);
	settle();
	assert_journal("shared!ECANCELED a!ECANCELED b!ECANCELED");
	assert_int_equal(async_task_cancelling(shared), 1);
	assert_int_equal(async_task_cancelling(started.tasks[2]), 0);
}

static void cancel__ends_a_chain_from_its_inside(void **state)
{
	struct async_task *inner = start(sleeps("inner"));
	struct async_task *middle = start_awaits("middle", inner);
	struct async_task *outer = start_awaits("outer", middle);

	(void)state;
	iterate();
	assert_true(async_task_cancel(outer));
	assert_int_equal(async_task_cancelling(outer), 1);
	assert_int_equal(async_task_cancelling(middle), 1);
	assert_int_equal(async_task_cancelling(inner), 1);
	iterate();
	assert_journal("inner!ECANCELED");
	assert_false(async_task_done(middle));
	iterate();
	assert_journal("middle!ECANCELED");
	iterate();
	assert_journal("outer!ECANCELED");
	assert_true(async_task_cancelled(outer));
}

ASYNC(turns_into, const char *, name, struct async_task *, task, int64_t, result)
{
	note(name, async_await(task));
	return result;
}

static void cancel__of_a_chain_may_become_a_failure(void **state)
{
	struct async_task *inner = start(sleeps("inner"));
	struct async_task *middle = start(turns_into("middle", async_task_ref(inner), -EIO));
	struct async_task *outer = start_awaits("outer", middle);

	(void)state;
	iterate();
	async_task_cancel(outer);
	settle();
	assert_journal("inner!ECANCELED middle!ECANCELED outer!EIO");
	assert_false(async_task_cancelled(outer));
	assert_int_equal(async_task_result(outer), -EIO);
}

static void cancel__before_the_start_of_who_awaits(void **state)
{
	struct async_task *inner = start(sleeps("inner")), *outer = start_awaits("outer", inner);

	(void)state;
	async_task_cancel(outer);
	settle();
	/* It never came to await: what it would have awaited goes on. */
	assert_journal("");
	assert_true(async_task_cancelled(outer));
	assert_false(async_task_done(inner));
	async_task_detach(inner);
}

static void cancel__of_the_inner_task_only(void **state)
{
	struct async_task *inner = start(sleeps("inner"));
	struct async_task *outer = start(turns_into("outer", async_task_ref(inner), 4));

	(void)state;
	iterate();
	async_task_cancel(inner);
	settle();
	assert_journal("inner!ECANCELED outer!ECANCELED");
	assert_int_equal(async_task_cancelling(outer), 0);
	assert_int_equal(async_task_result(outer), 4);
}

/* The inner task has ended, but the outer one has not heard of it yet. */
static void cancel__between_the_end_and_the_wakeup(void **state)
{
	struct async_task *inner = start(yields("inner", 1)), *outer = start_awaits("outer", inner);

	(void)state;
	iterate();
	iterate();
	assert_true(async_task_done(inner));
	assert_true(async_task_cancel(outer));
	iterate();
	assert_journal("inner outer!ECANCELED");
	assert_false(async_task_cancelled(inner));
}

ASYNC(swallows, const char *, name, int, times)
{
	while (times--)
		note(name, async_sleep(3600));
	return 8;
}

static void cancel__swallowed_again_and_again(void **state)
{
	struct async_task *task = start(swallows("a", 3));
	int i;

	(void)state;
	iterate();
	for (i = 1; i <= 3; i++) {
		assert_true(async_task_cancel(task));
		assert_int_equal(async_task_cancelling(task), i);
		iterate();
		assert_journal("a!ECANCELED");
	}
	assert_false(async_task_cancelled(task));
	assert_int_equal(async_task_result(task), 8);
	assert_false(async_task_cancel(task));
	assert_int_equal(async_task_cancelling(task), 3);
}

ASYNC(cleans_up, const char *, name, int64_t, result)
{
	int64_t err = async_sleep(3600);

	note(name, async_sleep(0));
	note(name, async_await(async_create_task(returns(2))));
	return result ? result : err;
}

static void cancel__lets_the_cleanup_wait(void **state)
{
	struct async_task *task = start(cleans_up("a", 0)), *awaiter = start_awaits("b", task);

	(void)state;
	iterate();
	async_task_cancel(awaiter);
	settle();
	assert_journal("a a=2 b!ECANCELED");
	assert_true(async_task_cancelled(task));
}

static void cancel__then_a_failure_in_the_cleanup(void **state)
{
	struct async_task *task = start(cleans_up("a", -EPIPE));

	(void)state;
	iterate();
	async_task_cancel(task);
	settle();
	assert_journal("a a=2");
	assert_false(async_task_cancelled(task));
	assert_int_equal(async_task_result(task), -EPIPE);
}

ASYNC(cancels_itself, const char *, name)
{
	async_task_cancel(async_current_task());
	async_task_cancel(async_current_task());
	note(name, async_sleep(3600));
	note(name, async_sleep_ns(1));
	return async_task_cancelling(async_current_task());
}

static void cancel__of_itself_twice_is_delivered_once(void **state)
{
	struct async_task *task = start(cancels_itself("a"));

	(void)state;
	assert_int_equal(async_loop_run_until_complete(loop, async_task_ref(task)), 2);
	assert_journal("a!ECANCELED a");
}

ASYNC(takes_back, const char *, name)
{
	struct async_task *self = async_current_task();

	async_task_cancel(self);
	async_task_cancel(self);
	note(name, async_task_uncancel(self));
	note(name, async_task_uncancel(self));
	note(name, async_task_uncancel(self));
	note(name, async_sleep(0));
	return async_task_cancelling(self);
}

static void uncancel__never_goes_below_zero(void **state)
{
	struct async_task *task = start(takes_back("a"));

	(void)state;
	settle();
	assert_journal("a=1 a a a");
	assert_int_equal(async_task_result(task), 0);
}

static void uncancel__leaves_what_was_delivered(void **state)
{
	struct async_task *task = start(sleeps("a"));

	(void)state;
	iterate();
	async_task_cancel(task);
	assert_int_equal(async_task_uncancel(task), 0);
	iterate();
	/* Its sleep had been cancelled already. */
	assert_journal("a!ECANCELED");
	assert_int_equal(async_task_cancelling(task), 0);
}

static void cancel__while_it_yields(void **state)
{
	struct async_task *task = start(yields("a", 3));

	(void)state;
	iterate();
	async_task_cancel(task);
	async_task_cancel(task);
	settle();
	/* One of the yields was told, and yields() does not care. */
	assert_journal("a");
	assert_int_equal(async_task_result(task), 0);
	assert_int_equal(async_task_cancelling(task), 2);
}

static void cancel_task(struct async_future *done, void *task)
{
	(void)done;
	note("cancel", async_task_cancel(task));
}

static void cancel__by_a_callback_of_the_same_iteration(void **state)
{
	struct async_future *future = async_future_new(loop);
	struct async_task *task = start(sleeps("a"));

	(void)state;
	iterate();
	async_future_add_done_callback(future, cancel_task, task);
	async_future_set_result(future, 0);
	async_future_unref(future);
	iterate();
	assert_journal("cancel=1");
	iterate();
	assert_journal("a!ECANCELED");
}

static void cancel__of_what_has_just_ended(void **state)
{
	struct async_task *task = start(returns(1));

	(void)state;
	async_future_add_done_callback(async_task_future(task), cancel_task, task);
	settle();
	assert_journal("cancel");
	assert_int_equal(async_task_result(task), 1);
}

/*
 * --- Deferred functions
 * ----------------------------------------------------------------------------
 */

static void note_end(void *name)
{
	note(name, 0);
}

ASYNC(defers_inside, const char *, name)
{
	async_defer(note_end, "inner");
	return note(name, async_sleep(3600));
}

ASYNC(defers, const char *, name)
{
	async_defer(note_end, "first");
	async_defer(note_end, "second");
	return async_await(defers_inside(name));
}

static void cancel__runs_what_was_deferred(void **state)
{
	struct async_task *task = start(defers("a"));

	(void)state;
	start_awaits("awaiter", task);
	iterate();
	async_task_cancel(task);
	settle();
	assert_journal("a!ECANCELED inner second first awaiter!ECANCELED");
}

static void close__runs_what_was_deferred(void **state)
{
	(void)state;
	start(defers("a"));
	iterate();
	start(defers("b"));
	close_loop();
	assert_journal("inner second first");
}

#define test(function) LOOP_TEST(function)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(create__runs_in_order),
		test(create__within_a_task_is_the_next_iteration),
		test(create__within_a_callback),
		test(await__of_a_coroutine_does_not_suspend),
		test(await__hears_in_the_next_iteration),
		test(await__of_a_done_task_does_not_suspend),
		test(end__cancelled_of_its_own_accord),
		test(end__failed),
		test(await__of_another_loops_task_is_refused),
		test(all_tasks__has_those_that_have_not_begun_and_not_ended),
		test(all_tasks__of_each_loop),
		test(name__of_null_is_refused),
		test(name__is_known_to_the_task),
		test(callbacks__of_a_task),
		test(callbacks__of_a_task_that_never_began),
		test(callbacks__are_no_tasks),
		test(callbacks__cannot_wait),
		test(cancel__of_one_who_awaits_a_shared_task_reaches_all),
		test(cancel__ends_a_chain_from_its_inside),
		test(cancel__of_a_chain_may_become_a_failure),
		test(cancel__before_the_start_of_who_awaits),
		test(cancel__of_the_inner_task_only),
		test(cancel__between_the_end_and_the_wakeup),
		test(cancel__swallowed_again_and_again),
		test(cancel__lets_the_cleanup_wait),
		test(cancel__then_a_failure_in_the_cleanup),
		test(cancel__of_itself_twice_is_delivered_once),
		test(uncancel__never_goes_below_zero),
		test(uncancel__leaves_what_was_delivered),
		test(cancel__while_it_yields),
		test(cancel__by_a_callback_of_the_same_iteration),
		test(cancel__of_what_has_just_ended),
		test(cancel__runs_what_was_deferred),
		test(close__runs_what_was_deferred),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
