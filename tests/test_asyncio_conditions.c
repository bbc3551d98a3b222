/* SPDX-License-Identifier: BSD-2-Clause */
/* Conditions: no notification is lost, and the lock is always held again. As test_locks.py. */
#include "iterations.h"

static struct async_condition *condition;
static bool ready;

static int setup(void **state)
{
	condition = async_condition_new(NULL);
	ready = false;
	return condition ? setup_loop(state) : -1;
}

static int teardown(void **state)
{
	int ret = teardown_loop(state);

	async_condition_free(condition);
	return ret;
}

/* Waits, and holds the lock for another iteration. */
ASYNC(waits, const char *, name)
{
	int64_t err;

	async_condition_acquire(condition);
	err = note(name, async_condition_wait(condition));
	if (!async_condition_locked(condition))
		note("unlocked", 0);
	async_sleep(0);
	async_condition_release(condition);
	return err;
}

/* Outside of a task nobody can hold the lock: this does for the tests. */
ASYNC(notifies, size_t, count)
{
	async_condition_acquire(condition);
	async_condition_notify(condition, count);
	async_condition_release(condition);
	return 0;
}

ASYNC(holds, const char *, name)
{
	return note(name, async_condition_acquire(condition));
}

static void condition__is_its_lock(void **state)
{
	struct async_lock *lock = async_lock_new();
	struct async_condition *other = async_condition_new(lock);
	struct async_condition *own = condition;

	(void)state;
	condition = other;
	start(holds("a"));
	start(holds("b"));
	iterate();
	condition = own;
	assert_true(async_lock_locked(lock));
	assert_true(async_condition_locked(other));
	assert_int_equal(async_lock_release(lock), 0);
	iterate();
	assert_journal("a b");
	assert_true(async_condition_locked(other));
	assert_int_equal(async_condition_release(other), 0);
	assert_int_equal(async_condition_release(other), -EPERM);
	assert_false(async_lock_locked(lock));
	async_condition_free(other);
	async_lock_free(lock);
}

ASYNC(waits_for_nothing, int64_t *, results)
{
	results[0] = async_condition_wait(NULL);
	results[1] = async_condition_acquire(NULL);
	results[2] = async_condition_wait_for(NULL, NULL, NULL);
	return 0;
}

static void condition__of_no_memory(void **state)
{
	int64_t results[3] = { 0 };
	int i;

	(void)state;
	start(waits_for_nothing(results));
	iterate();
	for (i = 0; i < 3; i++)
		assert_int_equal(results[i], -ENOMEM);
	assert_int_equal(async_condition_release(NULL), -ENOMEM);
	assert_int_equal(async_condition_notify(NULL, 1), -ENOMEM);
	assert_int_equal(async_condition_notify_all(NULL), -ENOMEM);
	assert_false(async_condition_locked(NULL));
	async_condition_free(NULL);
}

static char messages[2][64];

ASYNC(forgets_the_lock)
{
	int64_t err = note("wait", async_condition_wait(condition));

	strcpy(messages[0], async_error_message(err));
	err = note("notify", async_condition_notify(condition, 1));
	strcpy(messages[1], async_error_message(err));
	note("all", async_condition_notify_all(condition));
	return 0;
}

static void wait__and_notify_need_the_lock(void **state)
{
	(void)state;
	start(forgets_the_lock());
	iterate();
	assert_journal("wait!EPERM notify!EPERM all!EPERM");
	assert_string_equal(messages[0], "cannot wait on un-acquired lock");
	assert_string_equal(messages[1], "cannot notify on un-acquired lock");
	assert_int_equal(async_condition_wait(condition), -EPERM);
}

static void wait__gives_the_lock_up_and_holds_it_again(void **state)
{
	(void)state;
	start(waits("a"));
	iterate();
	assert_false(async_condition_locked(condition));
	start(notifies(1));
	iterate();
	assert_false(async_condition_locked(condition));
	iterate();
	assert_journal("a");
	assert_true(async_condition_locked(condition));
	iterate();
	assert_false(async_condition_locked(condition));
}

static void notify__of_nobody(void **state)
{
	(void)state;
	start(notifies(5));
	iterate();
	start(waits("a"));
	settle();
	assert_journal("");
	start(notifies(0));
	settle();
	assert_journal("");
}

static void notify__of_some_in_order(void **state)
{
	(void)state;
	start(waits("a"));
	start(waits("b"));
	start(waits("c"));
	start(waits("d"));
	iterate();
	start(notifies(1));
	settle();
	assert_journal("a");
	start(notifies(2));
	settle();
	assert_journal("b c");
	start(notifies(7));
	settle();
	assert_journal("d");
}

ASYNC(notifies_all)
{
	async_condition_acquire(condition);
	async_condition_notify_all(condition);
	async_sleep(0);
	note("still held", 0);
	async_condition_release(condition);
	return 0;
}

static void notify_all__wakes_all_one_after_the_other(void **state)
{
	(void)state;
	start(waits("a"));
	start(waits("b"));
	start(waits("c"));
	iterate();
	start(notifies_all());
	settle();
	assert_journal("still held a b c");
}

static void notify__without_a_release_wakes_nobody(void **state)
{
	(void)state;
	start(waits("a"));
	iterate();
	start(holds("holder"));
	iterate();
	async_condition_notify(condition, 1);
	settle();
	assert_journal("holder");
	async_condition_release(condition);
	settle();
	assert_journal("a");
}

static bool is_ready(void *arg)
{
	(void)arg;
	return ready;
}

ASYNC(waits_until_ready, const char *, name)
{
	async_condition_acquire(condition);
	note(name, async_condition_wait_for(condition, is_ready, NULL));
	async_condition_release(condition);
	return 0;
}

static void wait_for__looks_each_time_it_is_woken(void **state)
{
	(void)state;
	start(waits_until_ready("a"));
	iterate();
	start(notifies(1));
	settle();
	assert_journal("");
	ready = true;
	settle();
	assert_journal("");
	start(notifies(1));
	settle();
	assert_journal("a");
	assert_false(async_condition_locked(condition));
}

ASYNC(waits_until_ready_unlocked)
{
	note("unlocked", async_condition_wait_for(condition, is_ready, NULL));
	return 0;
}

static void wait_for__what_is_true_does_not_wait(void **state)
{
	(void)state;
	ready = true;
	start(waits_until_ready("a"));
	start(waits_until_ready_unlocked());
	iterate();
	assert_journal("a unlocked");
	ready = false;
	start(waits_until_ready_unlocked());
	iterate();
	assert_journal("unlocked!EPERM");
	assert_int_equal(async_condition_wait_for(condition, is_ready, NULL), -EPERM);
}

/*
 * --- Cancelled
 * ----------------------------------------------------------------------------------
 */

static void cancel__while_waiting(void **state)
{
	struct async_task *task;

	(void)state;
	start(waits("a"));
	task = start(waits("b"));
	iterate();
	async_task_cancel(task);
	settle();
	assert_journal("b!ECANCELED");
	assert_int_equal(async_task_result(task), -ECANCELED);
	assert_false(async_condition_locked(condition));
	start(notifies(1));
	settle();
	assert_journal("a");
}

/* It is told of its cancellation only when it has the lock. */
static void cancel__while_the_lock_is_taken(void **state)
{
	struct async_task *task;

	(void)state;
	task = start(waits("a"));
	iterate();
	start(holds("holder"));
	iterate();
	async_task_cancel(task);
	settle();
	assert_journal("holder");
	async_condition_release(condition);
	settle();
	assert_journal("a!ECANCELED");
}

static void cancel__again_and_again_until_it_has_the_lock(void **state)
{
	struct async_task *task;
	int i;

	(void)state;
	task = start(waits("a"));
	iterate();
	start(holds("holder"));
	iterate();
	for (i = 0; i < 5; i++) {
		assert_true(async_task_cancel(task));
		settle();
	}
	assert_int_equal(async_task_cancelling(task), 5);
	assert_journal("holder");
	async_condition_release(condition);
	settle();
	assert_journal("a!ECANCELED");
	assert_false(async_condition_locked(condition));
}

static void cancel__while_it_takes_the_lock_back(void **state)
{
	struct async_task *task;

	(void)state;
	task = start(waits("a"));
	iterate();
	start(holds("holder"));
	iterate();
	async_condition_notify(condition, 1);
	settle();
	async_task_cancel(task);
	settle();
	async_condition_release(condition);
	settle();
	assert_journal("holder a!ECANCELED");
	assert_false(async_condition_locked(condition));
}

static void cancel__of_who_was_notified_passes_it_on(void **state)
{
	struct async_task *task;

	(void)state;
	task = start(waits("a"));
	start(waits("b"));
	start(waits("c"));
	iterate();
	start(holds("holder"));
	iterate();
	async_condition_notify(condition, 1);
	async_task_cancel(task);
	async_condition_release(condition);
	settle();
	assert_journal("holder a!ECANCELED b");
}

static void cancel__of_who_waits_for_the_lock_passes_it_on(void **state)
{
	struct async_task *task;

	(void)state;
	task = start(waits("a"));
	start(waits("b"));
	start(waits("c"));
	iterate();
	start(holds("holder"));
	iterate();
	async_condition_notify(condition, 1);
	settle();
	async_task_cancel(task);
	async_condition_release(condition);
	settle();
	assert_journal("holder a!ECANCELED b");
}

static void cancel__of_who_was_not_notified_wakes_nobody(void **state)
{
	struct async_task *task;

	(void)state;
	task = start(waits("a"));
	start(waits("b"));
	iterate();
	async_task_cancel(task);
	settle();
	assert_journal("a!ECANCELED");
}

/*
 * --- Loops
 * -----------------------------------------------------------------------------------------
 */

static void wait__in_another_loop_is_refused_with_the_lock_held(void **state)
{
	struct async_loop *first = loop;

	(void)state;
	start(waits("a"));
	iterate();
	assert_int_equal(async_loop_new(&loop), 0);
	start(waits("b"));
	iterate();
	assert_journal("b!EXDEV");
	assert_true(async_condition_locked(condition));
	iterate();
	assert_int_equal(async_loop_close(first), 0);
}

/* Else it could not take the lock back. */
static void wait__with_a_lock_of_another_loop_is_refused(void **state)
{
	struct async_loop *first = loop;

	(void)state;
	start(holds("a"));
	start(holds("b"));
	iterate();
	assert_int_equal(async_loop_new(&loop), 0);
	async_condition_release(condition);
	async_task_cancel(started.tasks[1]);
	async_loop_stop(first);
	assert_int_equal(async_loop_run_forever(first), 0);
	start(waits("c"));
	iterate();
	assert_journal("a b!ECANCELED c!EXDEV");
	iterate();
	assert_false(async_condition_locked(condition));
	assert_int_equal(async_loop_close(first), 0);
}

static void close__with_tasks_that_wait(void **state)
{
	(void)state;
	start(waits("a"));
	start(waits("b"));
	start(waits("c"));
	iterate();
	start(notifies(2));
	iterate();
	iterate();
	close_loop();
	async_condition_notify_all(condition);
	assert_journal("a");
}

static void free_condition(void *arg)
{
	async_condition_free(arg);
	condition = NULL;
}

ASYNC(owns)
{
	async_defer(free_condition, condition);
	async_condition_acquire(condition);
	async_sleep(0);
	async_condition_notify(condition, 1);
	return async_sleep(3600);
}

static void close__frees_in_a_deferred_function(void **state)
{
	(void)state;
	start(owns());
	start(waits("a"));
	start(waits("b"));
	iterate();
	iterate();
	async_condition_release(condition);
	iterate();
	async_condition_notify(condition, 1);
	close_loop();
	assert_null(condition);
	assert_journal("");
}

#define test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(condition__is_its_lock),
		test(condition__of_no_memory),
		test(wait__and_notify_need_the_lock),
		test(wait__gives_the_lock_up_and_holds_it_again),
		test(notify__of_nobody),
		test(notify__of_some_in_order),
		test(notify_all__wakes_all_one_after_the_other),
		test(notify__without_a_release_wakes_nobody),
		test(wait_for__looks_each_time_it_is_woken),
		test(wait_for__what_is_true_does_not_wait),
		test(cancel__while_waiting),
		test(cancel__while_the_lock_is_taken),
		test(cancel__again_and_again_until_it_has_the_lock),
		test(cancel__while_it_takes_the_lock_back),
		test(cancel__of_who_was_notified_passes_it_on),
		test(cancel__of_who_waits_for_the_lock_passes_it_on),
		test(cancel__of_who_was_not_notified_wakes_nobody),
		test(wait__in_another_loop_is_refused_with_the_lock_held),
		test(wait__with_a_lock_of_another_loop_is_refused),
		test(close__with_tasks_that_wait),
		test(close__frees_in_a_deferred_function),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
