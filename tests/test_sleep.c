/* SPDX-License-Identifier: BSD-2-Clause */
/* Sleeping: never for less, and not outside of tasks. */
#include <errno.h>
#include <math.h>
#include <runtime/runtime.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct sleeps {
	uint64_t slept[4];
	int64_t results[4];
};

static uint64_t now(void)
{
	return async_loop_time(async_get_running_loop());
}

ASYNC(sleeps_once, struct sleeps *, sleeps, int, number, double, seconds)
{
	uint64_t began = now();

	sleeps->results[number] = async_sleep(seconds);
	sleeps->slept[number] = now() - began;
	return 0;
}

ASYNC(sleeps_by_four, struct sleeps *, sleeps)
{
	struct async_task *tasks[] = {
		async_create_task(sleeps_once(sleeps, 0, 0.0009)),
		async_create_task(sleeps_once(sleeps, 1, 0.0003)),
		async_create_task(sleeps_once(sleeps, 2, 0)),
		async_create_task(sleeps_once(sleeps, 3, 0.0006)),
	};

	return async_await(async_gather(tasks, 4, NULL, 0));
}

static void sleep__is_never_early(void **state)
{
	struct sleeps sleeps = { .results = { 1, 1, 1, 1 } };
	size_t i;

	(void)state;
	assert_int_equal(async_run(sleeps_by_four(&sleeps)), 0);
	for (i = 0; i < 4; i++)
		assert_int_equal(sleeps.results[i], 0);
	assert_true(sleeps.slept[0] >= 900000);
	assert_true(sleeps.slept[1] >= 300000);
	assert_true(sleeps.slept[3] >= 600000);
}

ASYNC(sleeps_for_no_time, struct sleeps *, sleeps)
{
	sleeps->results[0] = async_sleep(-1);
	sleeps->results[1] = async_sleep(NAN);
	sleeps->results[2] = async_sleep(-HUGE_VAL);
	sleeps->results[3] = async_sleep_ns(1);
	return 0;
}

static void sleep__of_no_time_yields(void **state)
{
	struct sleeps sleeps = { .results = { 1, 1, 1, 1 } };
	size_t i;

	(void)state;
	assert_int_equal(async_run(sleeps_for_no_time(&sleeps)), 0);
	for (i = 0; i < 4; i++)
		assert_int_equal(sleeps.results[i], 0);
}

ASYNC(sleeps_ns, int64_t *, result, uint64_t, ns)
{
	*result = async_sleep_ns(ns);
	return 0;
}

ASYNC(sleeps_seconds, int64_t *, result, double, seconds)
{
	*result = async_sleep(seconds);
	return 0;
}

ASYNC(outlives_sleepers, int64_t *, results)
{
	async_task_detach(async_create_task(sleeps_ns(&results[0], UINT64_MAX)));
	async_task_detach(async_create_task(sleeps_ns(&results[1], UINT64_MAX - 1)));
	async_task_detach(async_create_task(sleeps_seconds(&results[2], HUGE_VAL)));
	async_task_detach(async_create_task(sleeps_seconds(&results[3], 1e200)));
	return async_sleep(0.0005);
}

static void sleep__for_ever(void **state)
{
	int64_t results[4] = { 0 };
	size_t i;

	(void)state;
	assert_int_equal(async_run(outlives_sleepers(results)), 0);
	for (i = 0; i < 4; i++)
		assert_int_equal(results[i], -ECANCELED);
}

ASYNC(cancels_sleepers, size_t *, timers)
{
	int64_t results[10];
	int i;

	for (i = 0; i < 10; i++) {
		struct async_task *task = async_create_task(sleeps_seconds(&results[i], 3600));

		async_sleep(0);
		async_task_cancel(task);
		async_await(task);
	}
	*timers = async_get_running_loop()->timers.count;
	return results[9];
}

static void sleep__cancelled_leaves_no_timer(void **state)
{
	size_t timers = 1;

	(void)state;
	assert_int_equal(async_run(cancels_sleepers(&timers)), -ECANCELED);
	assert_int_equal(timers, 0);
}

static void sleep_in_callback(void *arg)
{
	*(int64_t *)arg = async_sleep(0);
	async_loop_stop(async_get_running_loop());
}

static void sleep__outside_of_a_task_is_refused(void **state)
{
	struct async_loop *loop;
	int64_t result = 0;

	(void)state;
	assert_int_equal(async_sleep(1), -EPERM);
	assert_int_equal(async_sleep_ns(0), -EPERM);
	assert_int_equal(async_loop_new(&loop), 0);
	async_call_soon(loop, sleep_in_callback, &result);
	assert_int_equal(async_loop_run_forever(loop), 0);
	assert_int_equal(result, -EPERM);
	assert_int_equal(async_loop_close(loop), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sleep__is_never_early),
		cmocka_unit_test(sleep__of_no_time_yields),
		cmocka_unit_test(sleep__for_ever),
		cmocka_unit_test(sleep__cancelled_leaves_no_timer),
		cmocka_unit_test(sleep__outside_of_a_task_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
