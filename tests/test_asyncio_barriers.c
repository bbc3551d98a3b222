/* SPDX-License-Identifier: BSD-2-Clause */
/* Barriers: filling, draining, broken and made new. The cases are those of test_locks.py. */
#include "iterations.h"

static struct async_barrier *barrier;

static int setup(void **state)
{
	barrier = async_barrier_new(3);
	return barrier ? setup_loop(state) : -1;
}

static int teardown(void **state)
{
	int ret = teardown_loop(state);

	async_barrier_free(barrier);
	return ret;
}

ASYNC(meets, const char *, name)
{
	return note(name, async_barrier_wait(barrier));
}

static void barrier__needs_parties(void **state)
{
	(void)state;
	assert_null(async_barrier_new(0));
	assert_int_equal(async_barrier_parties(barrier), 3);
	assert_int_equal(async_barrier_waiting(barrier), 0);
	assert_false(async_barrier_broken(barrier));
}

ASYNC(meets_nothing, int64_t *, result)
{
	*result = async_barrier_wait(NULL);
	return 0;
}

static void barrier__of_no_memory(void **state)
{
	int64_t result = 0;

	(void)state;
	start(meets_nothing(&result));
	iterate();
	assert_int_equal(result, -ENOMEM);
	assert_int_equal(async_barrier_reset(NULL), -ENOMEM);
	assert_int_equal(async_barrier_abort(NULL), -ENOMEM);
	assert_int_equal(async_barrier_parties(NULL), 0);
	assert_int_equal(async_barrier_waiting(NULL), 0);
	assert_false(async_barrier_broken(NULL));
	async_barrier_free(NULL);
}

static void wait__outside_of_a_task_is_refused(void **state)
{
	(void)state;
	assert_int_equal(async_barrier_wait(barrier), -EPERM);
	assert_int_equal(async_barrier_waiting(barrier), 0);
}

static void barrier__of_one_does_not_wait(void **state)
{
	struct async_barrier *three = barrier;

	(void)state;
	barrier = async_barrier_new(1);
	start(meets("a"));
	start(meets("b"));
	iterate();
	assert_journal("a b");
	async_barrier_free(three);
}

static void wait__ends_when_all_have_come(void **state)
{
	(void)state;
	start(meets("a"));
	start(meets("b"));
	iterate();
	assert_journal("");
	assert_int_equal(async_barrier_waiting(barrier), 2);
	start(meets("c"));
	iterate();
	assert_journal("c=2");
	assert_int_equal(async_barrier_waiting(barrier), 0);
	iterate();
	assert_journal("a b=1");
	assert_int_equal(async_barrier_waiting(barrier), 0);
}

ASYNC(meets_often, int, times, size_t *, sums)
{
	int i;

	for (i = 0; i < times; i++) {
		int64_t index = async_barrier_wait(barrier);

		if (index < 0)
			return index;
		sums[i] += index;
	}
	return times;
}

static void wait__again_and_again(void **state)
{
	size_t sums[10] = { 0 };
	int i;

	(void)state;
	for (i = 0; i < 3; i++)
		start(meets_often(10, sums));
	settle();
	for (i = 0; i < 3; i++)
		assert_int_equal(async_task_result(started.tasks[i]), 10);
	for (i = 0; i < 10; i++)
		assert_int_equal(sums[i], 0 + 1 + 2);
}

/* More than fit: the rest waits before the barrier until it has drained, then fills it again. */
static void wait__while_it_drains(void **state)
{
	(void)state;
	start(meets("a"));
	start(meets("b"));
	start(meets("c"));
	start(meets("d"));
	start(meets("e"));
	iterate();
	assert_journal("c=2");
	assert_int_equal(async_barrier_waiting(barrier), 0);
	settle();
	assert_journal("a b=1");
	assert_int_equal(async_barrier_waiting(barrier), 2);
	start(meets("f"));
	settle();
	assert_journal("f=2 d e=1");
}

static void cancel__leaves_the_others_waiting(void **state)
{
	struct async_task *task;

	(void)state;
	start(meets("a"));
	task = start(meets("b"));
	iterate();
	async_task_cancel(task);
	settle();
	assert_journal("b!ECANCELED");
	assert_int_equal(async_barrier_waiting(barrier), 1);
	assert_false(async_barrier_broken(barrier));
	start(meets("c"));
	start(meets("d"));
	settle();
	assert_journal("d=2 a c=1");
}

static void cancel__while_it_drains(void **state)
{
	struct async_task *task;

	(void)state;
	task = start(meets("a"));
	start(meets("b"));
	start(meets("c"));
	iterate();
	async_task_cancel(task);
	settle();
	assert_journal("c=2 a!ECANCELED b=1");
	start(meets("d"));
	iterate();
	assert_int_equal(async_barrier_waiting(barrier), 1);
}

static void cancel__before_the_barrier(void **state)
{
	struct async_task *task;

	(void)state;
	start(meets("a"));
	start(meets("b"));
	start(meets("c"));
	task = start(meets("d"));
	iterate();
	async_task_cancel(task);
	settle();
	assert_journal("c=2 a b=1 d!ECANCELED");
	assert_int_equal(async_barrier_waiting(barrier), 0);
}

static void abort__breaks_it_until_the_reset(void **state)
{
	(void)state;
	start(meets("a"));
	start(meets("b"));
	iterate();
	assert_int_equal(async_barrier_abort(barrier), 0);
	assert_true(async_barrier_broken(barrier));
	assert_int_equal(async_barrier_waiting(barrier), 0);
	settle();
	assert_journal("a!EPIPE b!EPIPE");
	start(meets("c"));
	iterate();
	assert_journal("c!EPIPE");
	assert_true(async_barrier_broken(barrier));
	assert_int_equal(async_barrier_reset(barrier), 0);
	assert_false(async_barrier_broken(barrier));
	start(meets("d"));
	start(meets("e"));
	start(meets("f"));
	settle();
	assert_journal("f=2 d e=1");
}

static void abort__while_it_drains(void **state)
{
	(void)state;
	start(meets("a"));
	start(meets("b"));
	start(meets("c"));
	start(meets("d"));
	iterate();
	async_barrier_abort(barrier);
	settle();
	assert_journal("c=2 a!EPIPE b!EPIPE d!EPIPE");
	assert_true(async_barrier_broken(barrier));
}

static void reset__of_an_empty_one(void **state)
{
	(void)state;
	async_barrier_reset(barrier);
	assert_false(async_barrier_broken(barrier));
	start(meets("a"));
	start(meets("b"));
	start(meets("c"));
	settle();
	assert_journal("c=2 a b=1");
	async_barrier_reset(barrier);
	assert_int_equal(async_barrier_waiting(barrier), 0);
}

static void reset__sends_those_away_who_wait(void **state)
{
	(void)state;
	start(meets("a"));
	start(meets("b"));
	iterate();
	async_barrier_reset(barrier);
	assert_false(async_barrier_broken(barrier));
	assert_int_equal(async_barrier_waiting(barrier), 0);
	/* Who comes before they have gone must wait until they have. */
	start(meets("c"));
	iterate();
	assert_journal("a!EPIPE b!EPIPE");
	start(meets("d"));
	start(meets("e"));
	settle();
	assert_journal("e=2 c d=1");
}

static void reset__of_a_broken_one_that_still_empties(void **state)
{
	(void)state;
	start(meets("a"));
	start(meets("b"));
	iterate();
	async_barrier_abort(barrier);
	async_barrier_reset(barrier);
	start(meets("c"));
	settle();
	assert_journal("a!EPIPE b!EPIPE");
	assert_false(async_barrier_broken(barrier));
	assert_int_equal(async_barrier_waiting(barrier), 1);
}

static char reasons[2][64];

ASYNC(hears_why, int, number)
{
	int64_t err = async_barrier_wait(barrier);

	strcpy(reasons[number], async_error_message(err));
	return err;
}

static void abort__says_so(void **state)
{
	(void)state;
	start(hears_why(0));
	iterate();
	async_barrier_abort(barrier);
	start(hears_why(1));
	settle();
	assert_string_equal(reasons[0], "Abort or reset of barrier");
	assert_string_equal(reasons[1], "Barrier aborted");
}

static void wait__in_another_loop_is_refused(void **state)
{
	struct async_loop *first = loop;

	(void)state;
	start(meets("a"));
	iterate();
	assert_int_equal(async_loop_new(&loop), 0);
	start(meets("b"));
	iterate();
	assert_journal("b!EXDEV");
	assert_int_equal(async_barrier_waiting(barrier), 1);
	assert_int_equal(async_loop_close(first), 0);
}

static void free_barrier(void *arg)
{
	async_barrier_free(arg);
	barrier = NULL;
}

ASYNC(owns)
{
	async_defer(free_barrier, barrier);
	return async_sleep(3600);
}

static void close__frees_in_a_deferred_function(void **state)
{
	(void)state;
	start(owns());
	start(meets("a"));
	start(meets("b"));
	start(meets("c"));
	start(meets("d"));
	iterate();
	close_loop();
	assert_null(barrier);
	assert_journal("c=2");
}

static void close__with_tasks_at_a_barrier(void **state)
{
	(void)state;
	start(meets("a"));
	start(meets("b"));
	start(meets("c"));
	start(meets("d"));
	iterate();
	close_loop();
	assert_journal("c=2");
	async_barrier_abort(barrier);
}

#define test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(barrier__needs_parties),
		test(barrier__of_no_memory),
		test(wait__outside_of_a_task_is_refused),
		test(barrier__of_one_does_not_wait),
		test(wait__ends_when_all_have_come),
		test(wait__again_and_again),
		test(wait__while_it_drains),
		test(cancel__leaves_the_others_waiting),
		test(cancel__while_it_drains),
		test(cancel__before_the_barrier),
		test(abort__breaks_it_until_the_reset),
		test(abort__while_it_drains),
		test(reset__of_an_empty_one),
		test(reset__sends_those_away_who_wait),
		test(reset__of_a_broken_one_that_still_empties),
		test(abort__says_so),
		test(wait__in_another_loop_is_refused),
		test(close__with_tasks_at_a_barrier),
		test(close__frees_in_a_deferred_function),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
