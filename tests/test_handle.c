/* SPDX-License-Identifier: BSD-2-Clause */
/* Callbacks, soon and at a time: their order, their clock, and their handles. */
#include <async.h>
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct async_loop *loop;

static struct {
	int order[16];
	size_t count;
	uint64_t time[16];
	struct async_handle handle;
	bool cancelled, done;
} called;

static int numbers[] = { 0, 1, 2, 3, 4, 5 };

static int setup(void **state)
{
	(void)state;
	memset(&called, 0, sizeof(called));
	return async_loop_new(&loop);
}

static int teardown(void **state)
{
	(void)state;
	return async_loop_close(loop);
}

static void iterate(void)
{
	async_loop_stop(loop);
	assert_int_equal(async_loop_run_forever(loop), 0);
}

static void note(void *arg)
{
	called.time[called.count] = async_loop_time(loop);
	called.order[called.count++] = *(int *)arg;
}

static void note_and_stop(void *arg)
{
	note(arg);
	async_loop_stop(loop);
}

static void assert_order(size_t count, ...)
{
	va_list order;
	size_t i;

	assert_int_equal(called.count, count);
	va_start(order, count);
	for (i = 0; i < count; i++)
		assert_int_equal(called.order[i], va_arg(order, int));
	va_end(order);
}

/*
 * --- Soon
 * ------------------------------------------------------------------------------------------
 */

static void soon__is_in_order_and_not_at_once(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 4; i++)
		async_call_soon(loop, note, &numbers[i]);
	assert_int_equal(called.count, 0);
	iterate();
	assert_order(4, 0, 1, 2, 3);
	iterate();
	assert_int_equal(called.count, 4);
}

static void note_and_call_again(void *arg)
{
	note(arg);
	async_call_soon(loop, note, &numbers[5]);
}

static void soon__within_a_callback_is_the_next_iteration(void **state)
{
	(void)state;
	async_call_soon(loop, note_and_call_again, &numbers[0]);
	async_call_soon(loop, note, &numbers[1]);
	iterate();
	assert_order(2, 0, 1);
	iterate();
	assert_order(3, 0, 1, 5);
}

static void soon__many(void **state)
{
	enum { COUNT = 10000 };
	static int counters[COUNT];
	size_t count = 0, i;
	struct async_handle handle = { 0 };

	(void)state;
	for (i = 0; i < COUNT; i++) {
		handle = async_call_soon(loop, note, &counters[i]);
		count += async_handle_cancel(handle);
	}
	assert_int_equal(count, COUNT);
	iterate();
	assert_int_equal(called.count, 0);
	assert_true(async_handle_done(handle));
}

/*
 * --- At a time
 * -------------------------------------------------------------------------------------
 */

static void at__is_in_order_of_time_then_of_call(void **state)
{
	uint64_t now = async_loop_time(loop);

	(void)state;
	async_call_at(loop, now + 300000, note_and_stop, &numbers[5]);
	async_call_at(loop, now + 200000, note, &numbers[2]);
	async_call_at(loop, now + 100000, note, &numbers[1]);
	async_call_at(loop, now + 200000, note, &numbers[3]);
	async_call_at(loop, now + 200000, note, &numbers[4]);
	async_call_soon(loop, note, &numbers[0]);
	assert_int_equal(async_loop_run_forever(loop), 0);
	assert_order(6, 0, 1, 2, 3, 4, 5);
}

static void at__is_never_early(void **state)
{
	uint64_t when[8], now = async_loop_time(loop);
	int i;

	(void)state;
	for (i = 0; i < 6; i++) {
		when[i] = now + i * 150123;
		async_call_at(loop, when[i], i < 5 ? note : note_and_stop, &numbers[i]);
	}
	assert_int_equal(async_loop_run_forever(loop), 0);
	assert_order(6, 0, 1, 2, 3, 4, 5);
	for (i = 0; i < 6; i++)
		assert_true(called.time[i] >= when[i]);
}

static void at__in_the_past_is_soon(void **state)
{
	(void)state;
	async_call_soon(loop, note, &numbers[0]);
	async_call_at(loop, 0, note, &numbers[1]);
	assert_int_equal(called.count, 0);
	iterate();
	assert_order(2, 0, 1);
}

static void at__the_end_of_time_does_not_come(void **state)
{
	struct async_handle handle = async_call_at(loop, UINT64_MAX, note, &numbers[0]);

	(void)state;
	async_call_later(loop, HUGE_VAL, note, &numbers[0]);
	async_call_later(loop, 1e300, note, &numbers[0]);
	async_call_later(loop, 0.0005, note_and_stop, &numbers[1]);
	assert_int_equal(async_loop_run_forever(loop), 0);
	assert_order(1, 1);
	assert_false(async_handle_done(handle));
	assert_true(async_handle_cancel(handle));
}

static void later__counts_from_now(void **state)
{
	uint64_t now = async_loop_time(loop);

	(void)state;
	async_call_later(loop, -5, note, &numbers[0]);
	async_call_later(loop, NAN, note, &numbers[1]);
	async_call_later(loop, 0.0004, note_and_stop, &numbers[2]);
	assert_int_equal(async_loop_run_forever(loop), 0);
	assert_order(3, 0, 1, 2);
	assert_true(called.time[2] >= now + 400000);
}

static void at_again(void *arg)
{
	note(arg);
	if (called.count < 3)
		async_call_at(loop, 0, at_again, arg);
	else
		async_loop_stop(loop);
}

static void at__within_a_callback_is_the_next_iteration(void **state)
{
	(void)state;
	async_call_at(loop, 0, at_again, &numbers[0]);
	iterate();
	assert_int_equal(called.count, 1);
	assert_int_equal(async_loop_run_forever(loop), 0);
	assert_int_equal(called.count, 3);
}

/*
 * --- Handles
 * ---------------------------------------------------------------------------------------
 */

static void cancel__before_it_is_due(void **state)
{
	struct async_handle soon = async_call_soon(loop, note, &numbers[0]);
	struct async_handle later = async_call_later(loop, 3600, note, &numbers[1]);

	(void)state;
	assert_false(async_handle_done(soon));
	assert_false(async_handle_done(later));
	assert_true(async_handle_cancel(soon));
	assert_true(async_handle_cancel(later));
	assert_true(async_handle_done(soon));
	assert_true(async_handle_done(later));
	assert_false(async_handle_cancel(soon));
	assert_false(async_handle_cancel(later));
	iterate();
	assert_int_equal(called.count, 0);
}

static void cancel__after_it_ran(void **state)
{
	struct async_handle old = async_call_soon(loop, note, &numbers[0]), new;

	(void)state;
	iterate();
	assert_int_equal(called.count, 1);
	assert_true(async_handle_done(old));
	assert_false(async_handle_cancel(old));
	/* The slot is used again: the old handle must not reach it. */
	new = async_call_soon(loop, note, &numbers[1]);
	assert_ptr_equal(new.slot, old.slot);
	assert_false(async_handle_cancel(old));
	assert_false(async_handle_done(new));
	iterate();
	assert_order(2, 0, 1);
}

static void cancel_other(void *arg)
{
	note(arg);
	called.done = async_handle_done(called.handle);
	called.cancelled = async_handle_cancel(called.handle);
}

static void cancel__within_itself(void **state)
{
	(void)state;
	called.handle = async_call_soon(loop, cancel_other, &numbers[0]);
	iterate();
	assert_order(1, 0);
	assert_true(called.done);
	assert_false(called.cancelled);
}

static void cancel__of_one_that_is_about_to_run(void **state)
{
	(void)state;
	async_call_soon(loop, cancel_other, &numbers[0]);
	called.handle = async_call_soon(loop, note, &numbers[1]);
	async_call_soon(loop, note, &numbers[2]);
	iterate();
	assert_order(2, 0, 2);
	assert_true(called.cancelled);
}

static void cancel__of_a_timer_that_has_fired(void **state)
{
	uint64_t now = async_loop_time(loop);

	(void)state;
	async_call_at(loop, now - 2, cancel_other, &numbers[0]);
	called.handle = async_call_at(loop, now - 1, note, &numbers[1]);
	iterate();
	assert_order(1, 0);
	assert_true(called.cancelled);
	iterate();
	assert_int_equal(called.count, 1);
}

static void cancel__of_timers_keeps_the_others_in_order(void **state)
{
	enum { COUNT = 200 };
	static int all[COUNT];
	struct async_handle handles[COUNT];
	uint64_t now = async_loop_time(loop);
	size_t i;

	(void)state;
	for (i = 0; i < COUNT; i++) {
		all[i] = (int)(i * 37 % COUNT);
		handles[i] = async_call_at(loop, now - COUNT + all[i], note, &all[i]);
	}
	for (i = 0; i < COUNT; i++) {
		if (all[i] % 20)
			assert_true(async_handle_cancel(handles[i]));
	}
	iterate();
	assert_int_equal(called.count, COUNT / 20);
	for (i = 0; i < COUNT / 20; i++)
		assert_int_equal(called.order[i], i * 20);
}

static void handle__of_nothing_is_done(void **state)
{
	struct async_handle handle = { 0 };

	(void)state;
	assert_true(async_handle_done(handle));
	assert_false(async_handle_cancel(handle));
}

static void close__drops_callbacks(void **state)
{
	struct async_loop *other;

	(void)state;
	assert_int_equal(async_loop_new(&other), 0);
	async_call_soon(other, note, &numbers[0]);
	async_handle_cancel(async_call_soon(other, note, &numbers[0]));
	async_call_at(other, 0, note, &numbers[1]);
	async_call_later(other, 3600, note, &numbers[2]);
	assert_int_equal(async_loop_close(other), 0);
	assert_int_equal(called.count, 0);
}

#define test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(soon__is_in_order_and_not_at_once),
		test(soon__within_a_callback_is_the_next_iteration),
		test(soon__many),
		test(at__is_in_order_of_time_then_of_call),
		test(at__is_never_early),
		test(at__in_the_past_is_soon),
		test(at__the_end_of_time_does_not_come),
		test(later__counts_from_now),
		test(at__within_a_callback_is_the_next_iteration),
		test(cancel__before_it_is_due),
		test(cancel__after_it_ran),
		test(cancel__within_itself),
		test(cancel__of_one_that_is_about_to_run),
		test(cancel__of_a_timer_that_has_fired),
		test(cancel__of_timers_keeps_the_others_in_order),
		test(handle__of_nothing_is_done),
		test(close__drops_callbacks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
