/* SPDX-License-Identifier: BSD-2-Clause */
/* Locks and events: who gets them, and in which order. The cases are those of test_locks.py. */
#include "iterations.h"

static struct async_lock *lock;
static struct async_event *event;

static int setup(void **state)
{
	lock = async_lock_new();
	event = async_event_new();
	return lock && event ? setup_loop(state) : -1;
}

static int teardown(void **state)
{
	int ret = teardown_loop(state);

	async_lock_free(lock);
	async_event_free(event);
	return ret;
}

/*
 * --- Locks
 * -----------------------------------------------------------------------------------------
 */

ASYNC(takes, const char *, name)
{
	return note(name, async_lock_acquire(lock));
}

static void lock__is_free_at_first(void **state)
{
	(void)state;
	assert_false(async_lock_locked(lock));
	start(takes("a"));
	iterate();
	assert_journal("a");
	assert_true(async_lock_locked(lock));
	assert_int_equal(async_lock_release(lock), 0);
	assert_false(async_lock_locked(lock));
}

ASYNC(takes_nothing, int64_t *, result)
{
	*result = async_lock_acquire(NULL);
	return 0;
}

static void lock__of_no_memory(void **state)
{
	int64_t result = 0;

	(void)state;
	start(takes_nothing(&result));
	iterate();
	assert_int_equal(result, -ENOMEM);
	assert_int_equal(async_lock_release(NULL), -ENOMEM);
	assert_false(async_lock_locked(NULL));
	async_lock_free(NULL);
}

static void take_in_callback(void *arg)
{
	*(int64_t *)arg = async_lock_acquire(lock);
}

static void acquire__outside_of_a_task_is_refused(void **state)
{
	int64_t result = 0;

	(void)state;
	assert_int_equal(async_lock_acquire(lock), -EPERM);
	async_call_soon(loop, take_in_callback, &result);
	iterate();
	assert_int_equal(result, -EPERM);
	assert_false(async_lock_locked(lock));
}

ASYNC(releases, char *, message)
{
	int64_t err = async_lock_release(lock);

	strcpy(message, async_error_message(err));
	return err;
}

static void release__of_a_free_lock_is_refused(void **state)
{
	char message[64] = "";
	struct async_task *task = start(releases(message));

	(void)state;
	assert_int_equal(async_lock_release(lock), -EPERM);
	iterate();
	assert_int_equal(async_task_result(task), -EPERM);
	assert_string_equal(message, "Lock is not acquired.");
}

static void acquire__is_in_order(void **state)
{
	(void)state;
	start(takes("a"));
	start(takes("b"));
	start(takes("c"));
	iterate();
	assert_journal("a");
	async_lock_release(lock);
	assert_false(async_lock_locked(lock));
	iterate();
	assert_journal("b");
	assert_true(async_lock_locked(lock));
	iterate();
	assert_journal("");
	async_lock_release(lock);
	iterate();
	assert_journal("c");
}

static void acquire__does_not_overtake_who_was_woken(void **state)
{
	(void)state;
	start(takes("a"));
	start(takes("b"));
	iterate();
	start(takes("c"));
	async_lock_release(lock);
	/* c runs before b does, and finds the lock free. */
	iterate();
	assert_journal("a b");
	async_lock_release(lock);
	iterate();
	assert_journal("c");
}

static void cancel__while_waiting(void **state)
{
	struct async_task *task;

	(void)state;
	start(takes("a"));
	task = start(takes("b"));
	start(takes("c"));
	iterate();
	async_task_cancel(task);
	iterate();
	assert_journal("a b!ECANCELED");
	assert_true(async_task_cancelled(task));
	assert_true(async_lock_locked(lock));
	async_lock_release(lock);
	iterate();
	assert_journal("c");
}

static void cancel__of_who_was_woken_wakes_the_next(void **state)
{
	struct async_task *task;

	(void)state;
	start(takes("a"));
	task = start(takes("b"));
	start(takes("c"));
	iterate();
	async_lock_release(lock);
	async_task_cancel(task);
	settle();
	assert_journal("a b!ECANCELED c");
	assert_true(async_lock_locked(lock));
}

static void cancel__of_who_was_woken_and_all_others(void **state)
{
	struct async_task *tasks[3];
	int i;

	(void)state;
	start(takes("a"));
	for (i = 0; i < 3; i++)
		tasks[i] = start(takes("b"));
	iterate();
	async_lock_release(lock);
	for (i = 0; i < 3; i++)
		async_task_cancel(tasks[i]);
	settle();
	assert_journal("a b!ECANCELED b!ECANCELED b!ECANCELED");
	start(takes("c"));
	iterate();
	assert_journal("c");
}

static void cancel__before_the_release(void **state)
{
	struct async_task *task;

	(void)state;
	start(takes("a"));
	task = start(takes("b"));
	start(takes("c"));
	iterate();
	async_task_cancel(task);
	async_lock_release(lock);
	settle();
	assert_journal("a b!ECANCELED c");
}

/* Those who wait are all cancelled: nobody is overtaken. */
static void acquire__past_who_was_cancelled(void **state)
{
	struct async_task *task;

	(void)state;
	start(takes("a"));
	task = start(takes("b"));
	iterate();
	start(takes("c"));
	async_task_cancel(task);
	async_lock_release(lock);
	iterate();
	assert_journal("a c b!ECANCELED");
	assert_true(async_lock_locked(lock));
}

/* Woken, cancelled, and the next one is woken; then the lock has gone to nobody twice. */
static void cancel__of_who_was_woken_lets_nobody_overtake(void **state)
{
	struct async_task *task;

	(void)state;
	start(takes("a"));
	task = start(takes("b"));
	start(takes("c"));
	iterate();
	start(takes("d"));
	async_lock_release(lock);
	async_task_cancel(task);
	settle();
	assert_journal("a b!ECANCELED c");
	async_lock_release(lock);
	settle();
	assert_journal("d");
}

ASYNC(takes_cancelled, const char *, name)
{
	async_task_cancel(async_current_task());
	return note(name, async_lock_acquire(lock));
}

static void acquire__of_a_cancelled_task_comes_if_it_need_not_wait(void **state)
{
	(void)state;
	start(takes_cancelled("a"));
	start(takes_cancelled("b"));
	start(takes("c"));
	settle();
	assert_journal("a b!ECANCELED");
	async_lock_release(lock);
	settle();
	assert_journal("c");
}

static struct {
	int inside, most, total;
} section;

ASYNC(works, int, times)
{
	while (times--) {
		async_lock_acquire(lock);
		section.inside++;
		if (section.inside > section.most)
			section.most = section.inside;
		async_sleep(0);
		section.inside--;
		section.total++;
		async_lock_release(lock);
	}
	return 0;
}

static void acquire__by_one_at_a_time(void **state)
{
	int i;

	(void)state;
	memset(&section, 0, sizeof(section));
	for (i = 0; i < 20; i++)
		start(works(10));
	for (i = 0; i < 20; i++)
		async_loop_run_until_complete(loop, async_task_ref(started.tasks[i]));
	assert_int_equal(section.total, 200);
	assert_int_equal(section.most, 1);
	assert_false(async_lock_locked(lock));
}

ASYNC(works_until_cancelled, unsigned int, seed)
{
	int64_t err = 0;

	while (!err) {
		err = async_lock_acquire(lock);
		if (err)
			break;
		section.most += section.inside++ > 0;
		if (rand_r(&seed) % 2)
			err = async_sleep(0);
		section.inside--;
		section.total++;
		async_lock_release(lock);
		if (!err && rand_r(&seed) % 2)
			err = async_sleep(0);
	}
	return err;
}

/* However it comes, the lock is never held twice and never forgotten. */
static void cancel__at_random(void **state)
{
	unsigned int seed = 1;
	int i;

	(void)state;
	memset(&section, 0, sizeof(section));
	for (i = 0; i < 40; i++)
		start(works_until_cancelled(i));
	for (i = 0; i < 400; i++) {
		async_task_cancel(started.tasks[rand_r(&seed) % 40]);
		if (i % 3)
			iterate();
	}
	for (i = 0; i < 40; i++)
		async_task_cancel(started.tasks[i]);
	for (i = 0; i < 10; i++)
		settle();
	assert_true(section.total > 40);
	assert_int_equal(section.most, 0);
	assert_int_equal(async_all_tasks(loop, NULL, 0), 0);
	start(takes("last"));
	iterate();
	assert_journal("last");
}

/*
 * --- A lock and its loop
 * ------------------------------------------------------------------------------
 */

static void acquire__in_another_loop_is_refused_if_it_waits(void **state)
{
	struct async_loop *first = loop;

	(void)state;
	start(takes("a"));
	start(takes("b"));
	iterate();
	assert_int_equal(async_loop_new(&loop), 0);
	start(takes("c"));
	iterate();
	assert_journal("a c!EXDEV");
	async_lock_release(lock);
	async_loop_stop(first);
	async_loop_run_forever(first);
	assert_journal("b");
	async_lock_release(lock);
	/* As long as nobody has to wait, it does not matter. */
	start(takes("d"));
	iterate();
	assert_journal("d");
	assert_int_equal(async_loop_close(first), 0);
}

static void acquire__after_its_loop_was_closed(void **state)
{
	(void)state;
	start(takes("a"));
	start(takes("b"));
	iterate();
	close_loop();
	assert_int_equal(async_loop_new(&loop), 0);
	start(takes("c"));
	iterate();
	assert_journal("a c!EXDEV");
}

static void close__with_tasks_that_wait(void **state)
{
	(void)state;
	start(takes("a"));
	start(takes("b"));
	start(takes("c"));
	iterate();
	close_loop();
	assert_int_equal(async_lock_release(lock), 0);
	assert_false(async_lock_locked(lock));
	assert_journal("a");
}

static void close__with_a_task_that_was_woken(void **state)
{
	(void)state;
	start(takes("a"));
	start(takes("b"));
	start(takes("c"));
	iterate();
	async_lock_release(lock);
	close_loop();
	assert_int_equal(async_lock_release(lock), -EPERM);
	assert_journal("a");
}

static void release_lock(void *arg)
{
	note("released", async_lock_release(arg));
}

ASYNC(takes_and_defers, const char *, name)
{
	note(name, async_lock_acquire(lock));
	async_defer(release_lock, lock);
	return async_sleep(3600);
}

static void close__releases_in_a_deferred_function(void **state)
{
	(void)state;
	start(takes("a"));
	start(takes("b"));
	iterate();
	async_lock_release(lock);
	start(takes_and_defers("c"));
	start(takes("d"));
	iterate();
	assert_journal("a b");
	async_lock_release(lock);
	iterate();
	assert_journal("c");
	close_loop();
	assert_journal("released");
}

static void free_lock(void *arg)
{
	async_lock_free(arg);
	lock = NULL;
}

ASYNC(owns)
{
	note("owner", async_lock_acquire(lock));
	async_defer(free_lock, lock);
	return async_sleep(3600);
}

/* The owner of the lock goes first, and those who wait for it after that. */
static void close__frees_in_a_deferred_function(void **state)
{
	(void)state;
	start(owns());
	start(takes("a"));
	start(takes("b"));
	iterate();
	async_lock_release(lock);
	close_loop();
	assert_null(lock);
	assert_journal("owner");
}

ASYNC(runs_two_with_a_lock)
{
	int64_t err = async_lock_acquire(lock);

	async_defer(release_lock, lock);
	async_task_detach(async_create_task(takes_and_defers("child")));
	async_sleep(0);
	return err;
}

static void run__ends_with_a_task_that_waits(void **state)
{
	(void)state;
	assert_int_equal(async_run(runs_two_with_a_lock()), 0);
	assert_journal("released child released");
}

/*
 * --- Events
 * ----------------------------------------------------------------------------------------
 */

ASYNC(waits, const char *, name)
{
	return note(name, async_event_wait(event));
}

static void event__is_not_set_at_first(void **state)
{
	(void)state;
	assert_false(async_event_is_set(event));
	async_event_set(event);
	assert_true(async_event_is_set(event));
	async_event_set(event);
	assert_true(async_event_is_set(event));
	async_event_clear(event);
	assert_false(async_event_is_set(event));
	async_event_clear(event);
	assert_false(async_event_is_set(event));
}

ASYNC(waits_for_nothing, int64_t *, result)
{
	*result = async_event_wait(NULL);
	return 0;
}

static void event__of_no_memory(void **state)
{
	int64_t result = 0;

	(void)state;
	start(waits_for_nothing(&result));
	iterate();
	assert_int_equal(result, -ENOMEM);
	async_event_set(NULL);
	async_event_clear(NULL);
	assert_false(async_event_is_set(NULL));
	async_event_free(NULL);
}

static void wait__outside_of_a_task_is_refused(void **state)
{
	(void)state;
	assert_int_equal(async_event_wait(event), -EPERM);
	async_event_set(event);
	assert_int_equal(async_event_wait(event), -EPERM);
}

static void wait__for_what_is_set_does_not_suspend(void **state)
{
	(void)state;
	async_event_set(event);
	start(waits("a"));
	start(waits("b"));
	iterate();
	assert_journal("a b");
}

static void set__wakes_all_in_order(void **state)
{
	(void)state;
	start(waits("a"));
	start(waits("b"));
	start(waits("c"));
	iterate();
	assert_journal("");
	async_event_set(event);
	assert_journal("");
	iterate();
	assert_journal("a b c");
	iterate();
	assert_journal("");
}

static void clear__does_not_take_it_from_who_was_woken(void **state)
{
	(void)state;
	start(waits("a"));
	start(waits("b"));
	iterate();
	async_event_set(event);
	async_event_clear(event);
	start(waits("c"));
	settle();
	assert_journal("a b");
	async_event_set(event);
	settle();
	assert_journal("c");
}

static void cancel__while_waiting_for_an_event(void **state)
{
	struct async_task *task;

	(void)state;
	start(waits("a"));
	task = start(waits("b"));
	start(waits("c"));
	iterate();
	async_task_cancel(task);
	iterate();
	assert_journal("b!ECANCELED");
	async_event_set(event);
	iterate();
	assert_journal("a c");
}

static void cancel__in_the_iteration_of_the_event(void **state)
{
	struct async_task *task;

	(void)state;
	task = start(waits("a"));
	start(waits("b"));
	iterate();
	async_event_set(event);
	async_task_cancel(task);
	iterate();
	assert_journal("a!ECANCELED b");
}

static void wait__in_another_loop_is_refused(void **state)
{
	struct async_loop *first = loop;

	(void)state;
	start(waits("a"));
	iterate();
	assert_int_equal(async_loop_new(&loop), 0);
	start(waits("b"));
	iterate();
	assert_journal("b!EXDEV");
	assert_int_equal(async_loop_close(first), 0);
	async_event_set(event);
	start(waits("c"));
	iterate();
	assert_journal("c");
}

static void set_event(void *arg)
{
	async_event_set(arg);
}

ASYNC(sets_at_its_end)
{
	async_defer(set_event, event);
	return async_sleep(3600);
}

static void close__sets_in_a_deferred_function(void **state)
{
	(void)state;
	start(waits("a"));
	start(sets_at_its_end());
	start(waits("b"));
	iterate();
	close_loop();
	assert_true(async_event_is_set(event));
	assert_journal("");
}

#define test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(lock__is_free_at_first),
		test(lock__of_no_memory),
		test(acquire__outside_of_a_task_is_refused),
		test(release__of_a_free_lock_is_refused),
		test(acquire__is_in_order),
		test(acquire__does_not_overtake_who_was_woken),
		test(cancel__while_waiting),
		test(cancel__of_who_was_woken_wakes_the_next),
		test(cancel__of_who_was_woken_and_all_others),
		test(cancel__before_the_release),
		test(acquire__past_who_was_cancelled),
		test(cancel__of_who_was_woken_lets_nobody_overtake),
		test(acquire__of_a_cancelled_task_comes_if_it_need_not_wait),
		test(acquire__by_one_at_a_time),
		test(cancel__at_random),
		test(acquire__in_another_loop_is_refused_if_it_waits),
		test(acquire__after_its_loop_was_closed),
		test(close__with_tasks_that_wait),
		test(close__with_a_task_that_was_woken),
		test(close__releases_in_a_deferred_function),
		test(close__frees_in_a_deferred_function),
		test(run__ends_with_a_task_that_waits),
		test(event__is_not_set_at_first),
		test(event__of_no_memory),
		test(wait__outside_of_a_task_is_refused),
		test(wait__for_what_is_set_does_not_suspend),
		test(set__wakes_all_in_order),
		test(clear__does_not_take_it_from_who_was_woken),
		test(cancel__while_waiting_for_an_event),
		test(cancel__in_the_iteration_of_the_event),
		test(wait__in_another_loop_is_refused),
		test(close__sets_in_a_deferred_function),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
