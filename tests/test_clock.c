/* SPDX-License-Identifier: BSD-2-Clause */
/* Loops with a clock of their own: hours pass at once, and every time is exact. */
#include "fake_clock.h"
#include <async.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { SECOND = 1000000000 };

static struct async_loop *loop;
static uint64_t time_ns, seen[8];
static size_t seen_count;

static int setup(void **state)
{
	(void)state;
	time_ns = 5;
	seen_count = 0;
	if (async_loop_new(&loop))
		return -1;
	async_loop_set_clock(loop, &fake_clock, &time_ns);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	return async_loop_close(loop);
}

static void see(void *arg)
{
	seen[seen_count++] = async_loop_time(arg);
}

static void see_and_stop(void *arg)
{
	see(arg);
	async_loop_stop(arg);
}

ASYNC(sleeps, double, seconds)
{
	int64_t err = async_sleep(seconds);

	see(loop);
	return err;
}

ASYNC(sleeps_twice)
{
	struct async_task *longer = async_create_task(sleeps(7200));
	int64_t err = async_await(sleeps(3600));

	return err < 0 ? err : async_await(longer);
}

static void clock__is_what_tasks_sleep_by(void **state)
{
	(void)state;
	assert_int_equal(async_loop_time(loop), 5);
	assert_int_equal(async_loop_run_until_complete(loop, sleeps_twice()), 0);
	assert_int_equal(seen_count, 2);
	assert_int_equal(seen[0], 3600LL * SECOND + 5);
	assert_int_equal(seen[1], 7200LL * SECOND + 5);
	assert_int_equal(time_ns, seen[1]);
}

static void clock__is_what_callbacks_wait_for(void **state)
{
	(void)state;
	async_call_later(loop, 100, see_and_stop, loop);
	async_call_at(loop, 7, see, loop);
	async_call_at(loop, 3, see, loop);
	async_call_soon(loop, see, loop);
	assert_int_equal(async_loop_run_forever(loop), 0);
	assert_int_equal(seen_count, 4);
	assert_int_equal(seen[0], 5);
	assert_int_equal(seen[1], 5);
	assert_int_equal(seen[2], 7);
	assert_int_equal(seen[3], 100LL * SECOND + 5);
}

static void clock__never_goes_back(void **state)
{
	(void)state;
	async_call_at(loop, 3, see_and_stop, loop);
	assert_int_equal(async_loop_run_forever(loop), 0);
	assert_int_equal(seen[0], 5);
}

ASYNC(yields_for_ever)
{
	int64_t err;

	do {
		time_ns++;
		err = async_sleep(0);
	} while (!err);
	return err;
}

ASYNC(cancels_after, double, seconds, struct async_task *, task)
{
	async_sleep(seconds);
	see(loop);
	async_task_cancel(task);
	return async_await(task);
}

/* Nobody sleeps here: timers are seen in time all the same. */
static void clock__is_looked_at_while_tasks_are_ready(void **state)
{
	struct async_task *task = async_loop_create_task(loop, yields_for_ever());

	(void)state;
	assert_int_equal(async_loop_run_until_complete(loop, cancels_after(1e-6, task)),
			 -ECANCELED);
	assert_int_equal(seen_count, 1);
	assert_in_range(seen[0], 1005, 1010);
}

static void never_move(void *self, uint64_t when_ns)
{
	(void)when_ns;
	if (++seen_count == 3)
		*(uint64_t *)self = 9;
}

static void clock__may_return_early(void **state)
{
	static const struct async_clock slow = { fake_now, never_move };

	(void)state;
	async_loop_set_clock(loop, &slow, &time_ns);
	async_call_at(loop, 8, see_and_stop, loop);
	assert_int_equal(async_loop_run_forever(loop), 0);
	assert_int_equal(seen_count, 4);
	assert_int_equal(seen[3], 9);
}

static void clock__can_be_given_back(void **state)
{
	uint64_t before, after;

	(void)state;
	async_loop_set_clock(loop, NULL, NULL);
	before = async_loop_time(loop);
	async_call_later(loop, 0.0001, see_and_stop, loop);
	assert_int_equal(async_loop_run_forever(loop), 0);
	after = async_loop_time(loop);
	assert_true(before > 5 && seen[0] >= before + 100000 && seen[0] <= after);
	assert_int_equal(time_ns, 5);
}

#define test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(clock__is_what_tasks_sleep_by),
		test(clock__is_what_callbacks_wait_for),
		test(clock__never_goes_back),
		test(clock__is_looked_at_while_tasks_are_ready),
		test(clock__may_return_early),
		test(clock__can_be_given_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
