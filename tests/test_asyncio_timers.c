/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Timers: in order, never early, never twice. More of test_events.py. No test waits for a clock to
 * be quick: what is due, is due since long.
 */
#include "iterations.h"
#include <errno.h>
#include <math.h>
#include <time.h>
#include <unistd.h>

static struct async_handle handle;

static void call(void *name)
{
	note(name, 0);
}

static void call_and_stop(void *name)
{
	call(name);
	async_loop_stop(loop);
}

ASYNC(sleeps, const char *, name, int, ns)
{
	return note(name, async_sleep_ns(ns));
}

static void pass_time(uint64_t ns)
{
	uint64_t until = async_loop_time(loop) + ns;

	while (async_loop_time(loop) < until)
		;
}

/*
 * --- Their order
 * ---------------------------------------------------------------------------------
 */

/* What is ready goes first: a timer gets ready when the clock is looked at. */
static void later__of_no_time_comes_after_what_is_ready(void **state)
{
	(void)state;
	async_call_soon(loop, call, "a");
	async_call_later(loop, 0, call, "timer");
	async_call_soon(loop, call, "b");
	iterate();
	assert_journal("a b timer");
}

static void at__of_equal_times_is_in_order_of_the_calls(void **state)
{
	static char names[50][4];
	char expected[300] = "";
	int i;

	(void)state;
	for (i = 0; i < 50; i++) {
		sprintf(names[i], "%d", i);
		sprintf(expected + strlen(expected), i ? " %d" : "%d", i);
		async_call_at(loop, 12345, call, names[i]);
	}
	iterate();
	assert_journal(expected);
}

struct due {
	uint64_t when;
	int number;
};

static struct due due[500], *called[500];
static size_t calls;

static void note_due(void *arg)
{
	called[calls++] = arg;
}

static void at__of_many_times(void **state)
{
	unsigned int seed = 1;
	size_t i;

	(void)state;
	calls = 0;
	for (i = 0; i < 500; i++) {
		due[i].when = rand_r(&seed) % 100;
		due[i].number = i;
		async_call_at(loop, due[i].when, note_due, &due[i]);
	}
	iterate();
	assert_int_equal(calls, 500);
	for (i = 1; i < 500; i++) {
		assert_true(called[i - 1]->when <= called[i]->when);
		assert_true(called[i - 1]->when < called[i]->when ||
			    called[i - 1]->number < called[i]->number);
	}
}

static void sleeps__are_in_the_order_in_which_they_began(void **state)
{
	(void)state;
	start(sleeps("a", 1));
	start(sleeps("b", 1));
	start(sleeps("c", 1));
	iterate();
	assert_journal("");
	pass_time(1000);
	iterate();
	assert_journal("a b c");
}

static void later__and_sleeps_are_in_order_of_time(void **state)
{
	(void)state;
	start(sleeps("sleep", 200000));
	iterate();
	async_call_later(loop, 0.0004, call_and_stop, "last");
	async_call_at(loop, 0, call, "first");
	assert_int_equal(async_loop_run_forever(loop), 0);
	assert_journal("first sleep last");
}

static void call_twice_later(void *name)
{
	call(name);
	async_call_at(loop, 2, call, "late");
	async_call_at(loop, 1, call, "early");
}

/* They are due since long, and yet not before the next iteration. */
static void at__by_a_timer_comes_in_the_next_iteration(void **state)
{
	(void)state;
	async_call_at(loop, 3, call_twice_later, "a");
	async_call_at(loop, 4, call, "b");
	iterate();
	assert_journal("a b");
	iterate();
	assert_journal("early late");
}

/*
 * --- Time
 * ------------------------------------------------------------------------------------------
 */

static void later__counts_while_the_loop_does_not_run(void **state)
{
	(void)state;
	async_call_later(loop, 0.0001, call, "a");
	pass_time(200000);
	iterate();
	assert_journal("a");
}

static void later__is_not_called_in_an_iteration_before_its_time(void **state)
{
	int i;

	(void)state;
	handle = async_call_later(loop, 3600, call, "a");
	for (i = 0; i < 10; i++)
		iterate();
	assert_journal("");
	assert_false(async_handle_done(handle));
}

static void later__is_called_once(void **state)
{
	(void)state;
	handle = async_call_later(loop, 0, call, "a");
	settle();
	assert_journal("a");
	assert_true(async_handle_done(handle));
	assert_false(async_handle_cancel(handle));
}

static void later__of_a_long_time_ago(void **state)
{
	(void)state;
	async_call_later(loop, -HUGE_VAL, call, "a");
	async_call_later(loop, -3600, call, "b");
	iterate();
	assert_journal("a b");
}

static uint64_t times[2];

static void note_time(void *arg)
{
	*(uint64_t *)arg = async_loop_time(loop);
	async_loop_stop(loop);
}

/* So that the loop does not sleep, and looks at the clock all the time. */
static void spin(void *arg)
{
	if (!times[1])
		async_call_soon(loop, spin, arg);
}

static void at__is_never_early_even_by_a_nanosecond(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 100; i++) {
		times[0] = async_loop_time(loop) + 20007;
		times[1] = 0;
		async_call_at(loop, times[0], note_time, &times[1]);
		if (i % 2)
			async_call_soon(loop, spin, NULL);
		assert_int_equal(async_loop_run_forever(loop), 0);
		assert_true(times[1] >= times[0]);
	}
}

static void time__is_the_monotonic_clock(void **state)
{
	struct timespec before, after;
	uint64_t now;

	(void)state;
	clock_gettime(CLOCK_MONOTONIC, &before);
	now = async_loop_time(loop);
	clock_gettime(CLOCK_MONOTONIC, &after);
	assert_true(now >= before.tv_sec * 1000000000ULL + before.tv_nsec);
	assert_true(now <= after.tv_sec * 1000000000ULL + after.tv_nsec);
}

/*
 * --- Cancelled
 * -----------------------------------------------------------------------------------
 */

static void cancel_handle(void *name)
{
	note(name, async_handle_cancel(handle));
}

static void cancel__by_a_timer_of_the_same_time(void **state)
{
	(void)state;
	async_call_at(loop, 5, cancel_handle, "cancelled");
	handle = async_call_at(loop, 5, call, "a");
	async_call_at(loop, 5, call, "b");
	settle();
	assert_journal("cancelled=1 b");
}

static void cancel__by_what_is_ready_when_it_is_due(void **state)
{
	(void)state;
	async_call_soon(loop, cancel_handle, "cancelled");
	handle = async_call_at(loop, 5, call, "a");
	settle();
	assert_journal("cancelled=1");
}

static void cancel__of_the_first_lets_the_next_be_due(void **state)
{
	(void)state;
	handle = async_call_later(loop, 0.0001, call, "a");
	async_call_later(loop, 0.0002, call_and_stop, "b");
	assert_true(async_handle_cancel(handle));
	assert_int_equal(async_loop_run_forever(loop), 0);
	assert_journal("b");
}

/* The next timer would not be due for an hour: it must not be what the loop sleeps for. */
static void cancel__of_all_timers_but_one(void **state)
{
	struct async_handle cancelled[100];
	int i;

	(void)state;
	for (i = 0; i < 100; i++)
		cancelled[i] = async_call_later(loop, i % 2 ? 3600 : 0, call, "a");
	async_call_later(loop, 0.0003, call_and_stop, "b");
	for (i = 0; i < 100; i++)
		assert_true(async_handle_cancel(cancelled[i]));
	assert_int_equal(async_loop_run_forever(loop), 0);
	assert_journal("b");
}

static void cancel__of_a_sleep_that_is_over(void **state)
{
	struct async_task *task = start(sleeps("a", 1));

	(void)state;
	iterate();
	pass_time(1000);
	/* The timer is due, but has not fired: the sleep is cancelled, and the timer gone. */
	async_task_cancel(task);
	settle();
	assert_journal("a!ECANCELED");
}

static void cancel_first(void *name)
{
	note(name, async_task_cancel(started.tasks[0]));
}

/* The sleep is over and its task about to run: it is told all the same. */
static void cancel__of_a_sleeper_that_was_woken(void **state)
{
	(void)state;
	start(sleeps("a", 1));
	iterate();
	pass_time(1000);
	async_call_at(loop, 1, cancel_first, "cancel");
	iterate();
	assert_journal("cancel=1 a!ECANCELED");
}

#define test(function) LOOP_TEST(function)

ASYNC(counts_yields_until, bool *, seen)
{
	int64_t count = 0;

	while (!*seen && count < 1000) {
		async_sleep(0);
		count++;
	}
	return count;
}

static void set(void *arg)
{
	*(bool *)arg = true;
}

ASYNC(yields_to_a_timer)
{
	bool seen = false;

	async_call_later(NULL, 0, set, &seen);
	return async_await(counts_yields_until(&seen));
}

/* It is due: tasks that are always ready do not keep it waiting. */
static void later__by_nothing_comes_in_the_next_iteration(void **state)
{
	(void)state;
	assert_in_range(async_run(yields_to_a_timer()), 1, 2);
}

ASYNC(yields_at_length, int *, fds)
{
	bool seen = false;
	int64_t count;

	async_loop_add_reader(NULL, fds[0], set, &seen);
	if (write(fds[1], "x", 1) != 1)
		return -errno;
	for (count = 0; !seen && count < 1000; count++) {
		struct timespec now, until;

		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_sec += (until.tv_nsec += 1000000) / 1000000000;
		until.tv_nsec %= 1000000000;
		do
			clock_gettime(CLOCK_MONOTONIC, &now);
		while (now.tv_sec < until.tv_sec ||
		       (now.tv_sec == until.tv_sec && now.tv_nsec < until.tv_nsec));
		async_sleep(0);
	}
	async_loop_remove_reader(NULL, fds[0]);
	return count;
}

/* Steps of a millisecond: descriptors are looked at between any two. */
static void reader__hears_between_long_steps(void **state)
{
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_in_range(async_run(yields_at_length(fds)), 1, 3);
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(later__by_nothing_comes_in_the_next_iteration),
		cmocka_unit_test(reader__hears_between_long_steps),
		test(later__of_no_time_comes_after_what_is_ready),
		test(at__of_equal_times_is_in_order_of_the_calls),
		test(at__of_many_times),
		test(sleeps__are_in_the_order_in_which_they_began),
		test(later__and_sleeps_are_in_order_of_time),
		test(at__by_a_timer_comes_in_the_next_iteration),
		test(later__counts_while_the_loop_does_not_run),
		test(later__is_not_called_in_an_iteration_before_its_time),
		test(later__is_called_once),
		test(later__of_a_long_time_ago),
		test(at__is_never_early_even_by_a_nanosecond),
		test(time__is_the_monotonic_clock),
		test(cancel__by_a_timer_of_the_same_time),
		test(cancel__by_what_is_ready_when_it_is_due),
		test(cancel__of_the_first_lets_the_next_be_due),
		test(cancel__of_all_timers_but_one),
		test(cancel__of_a_sleep_that_is_over),
		test(cancel__of_a_sleeper_that_was_woken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
