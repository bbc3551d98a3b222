/* SPDX-License-Identifier: BSD-2-Clause */
/* Cleanup that runs when a coroutine ends, whatever the reason. */
#include "tasks.h"

static struct seen *here;

/* The tests tell the calls by the value of their argument. */
static char marks[10];

static void mark(void *arg)
{
	meet(here, (char *)arg - marks);
}

static int setup(void **state)
{
	static struct seen seen;

	seen = (struct seen){ 0 };
	*state = here = &seen;
	return 0;
}

ASYNC(defers_two, int64_t, result)
{
	meet(here, async_defer(mark, &marks[1]));
	meet(here, async_defer(mark, &marks[2]));
	meet(here, async_sleep(0));
	return result;
}

static void defer__runs_the_last_one_first(void **state)
{
	assert_int_equal(async_run(defers_two(5)), 5);
	assert_met((struct seen *)*state, 0, 0, 0, 2, 1);
}

static void defer__leaves_the_failure(void **state)
{
	assert_int_equal(async_run(defers_two(-EIO)), -EIO);
	assert_met((struct seen *)*state, 0, 0, 0, 2, 1);
}

static void defer__outside_of_a_coroutine(void **state)
{
	assert_int_equal(async_defer(mark, &marks[1]), -EPERM);
	assert_int_equal(((struct seen *)*state)->count, 0);
}

static void defer_outside(void *arg)
{
	meet(here, async_defer(mark, arg));
}

ASYNC(calls_soon)
{
	async_call_soon(NULL, defer_outside, &marks[1]);
	return async_sleep(0);
}

static void defer__in_a_callback(void **state)
{
	assert_int_equal(async_run(calls_soon()), 0);
	assert_met((struct seen *)*state, -EPERM);
}

ASYNC(awaits_one_that_defers)
{
	async_defer(mark, &marks[3]);
	meet(here, async_await(defers_two(4)));
	return 6;
}

static void defer__belongs_to_the_coroutine_not_the_task(void **state)
{
	assert_int_equal(async_run(awaits_one_that_defers()), 6);
	assert_met((struct seen *)*state, 0, 0, 0, 2, 1, 4, 3);
}

static void mark_and_defer(void *arg)
{
	meet(here, async_defer(mark, &marks[2]));
	mark(arg);
}

ASYNC(defers_deferring)
{
	meet(here, async_defer(NULL, NULL));
	async_defer(mark, &marks[1]);
	async_defer(mark_and_defer, &marks[3]);
	return 0;
}

static void defer__while_deferred_functions_run(void **state)
{
	assert_int_equal(async_run(defers_deferring()), 0);
	assert_met((struct seen *)*state, -EINVAL, 0, 3, 2, 1);
}

static void sleep_and_mark(void *arg)
{
	meet(here, async_sleep(0));
	meet(here, async_await(returns_after(2, 8)));
	mark(arg);
}

ASYNC(sleeps_after_deferring)
{
	async_defer(sleep_and_mark, &marks[1]);
	return meet(here, async_sleep(3600));
}

ASYNC(cancels, int, turns, int, again)
{
	struct async_task *task = async_create_task(sleeps_after_deferring());

	take_turns(turns);
	async_task_cancel(task);
	take_turns(1);
	while (again--)
		async_task_cancel(task);
	return async_await(task);
}

static void cancel__runs_what_was_deferred_and_that_may_await(void **state)
{
	assert_int_equal(async_run(cancels(1, 0)), -ECANCELED);
	assert_met((struct seen *)*state, -ECANCELED, 0, 8, 1);
}

static void cancel__reaches_a_deferred_function(void **state)
{
	assert_int_equal(async_run(cancels(1, 1)), -ECANCELED);
	assert_met((struct seen *)*state, -ECANCELED, -ECANCELED, 8, 1);
}

static void cancel__before_the_start_defers_nothing(void **state)
{
	assert_int_equal(async_run(cancels(0, 0)), -ECANCELED);
	assert_int_equal(((struct seen *)*state)->count, 0);
}

ASYNC(sleeps_below)
{
	async_defer(mark, &marks[4]);
	return async_await(sleeps_after_deferring());
}

static void close__runs_what_was_deferred_and_awaits_fail(void **state)
{
	run_and_close(sleeps_below());
	assert_met((struct seen *)*state, -EPERM, -EPERM, 1, 4);
}

static void end_group(void *arg)
{
	meet(here, async_task_group_end(arg, -ECANCELED));
}

ASYNC(defers_the_end_of_a_group)
{
	struct async_task_group *group = async_task_group_new();

	async_defer(end_group, group);
	async_task_group_create_task(group, sleeps(here, 0));
	take_turns(1);
	return 2;
}

static void defer__of_the_end_of_a_group_waits_for_it(void **state)
{
	assert_int_equal(async_run(defers_the_end_of_a_group()), 2);
	assert_met((struct seen *)*state, -ECANCELED);
	assert_int_equal(here->steps, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(defer__runs_the_last_one_first, setup),
		cmocka_unit_test_setup(defer__leaves_the_failure, setup),
		cmocka_unit_test_setup(defer__outside_of_a_coroutine, setup),
		cmocka_unit_test_setup(defer__in_a_callback, setup),
		cmocka_unit_test_setup(defer__belongs_to_the_coroutine_not_the_task, setup),
		cmocka_unit_test_setup(defer__while_deferred_functions_run, setup),
		cmocka_unit_test_setup(cancel__runs_what_was_deferred_and_that_may_await, setup),
		cmocka_unit_test_setup(cancel__reaches_a_deferred_function, setup),
		cmocka_unit_test_setup(cancel__before_the_start_defers_nothing, setup),
		cmocka_unit_test_setup(close__runs_what_was_deferred_and_awaits_fail, setup),
		cmocka_unit_test_setup(defer__of_the_end_of_a_group_waits_for_it, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
