/* SPDX-License-Identifier: BSD-2-Clause */
/* Callbacks: whose turn it is, and who is still called. More of test_base_events.py. */
#include "iterations.h"

static struct async_handle handles[4];

static void call(void *name)
{
	note(name, 0);
}

ASYNC(yields, const char *, name, int, times)
{
	while (times--) {
		note(name, 0);
		async_sleep(0);
	}
	return 0;
}

/*
 * --- Their order
 * ---------------------------------------------------------------------------------
 */

static void schedule_two(void *name)
{
	call(name);
	async_call_soon(NULL, call, "first");
	async_call_soon(NULL, call, "second");
}

static void soon__by_callbacks_come_in_the_order_of_the_calls(void **state)
{
	(void)state;
	async_call_soon(loop, schedule_two, "a");
	async_call_soon(loop, schedule_two, "b");
	iterate();
	assert_journal("a b");
	iterate();
	assert_journal("first second first second");
	iterate();
	assert_journal("");
}

static int left;

static void call_again(void *name)
{
	call(name);
	if (--left)
		async_call_soon(loop, call_again, name);
}

static void soon__again_and_again_is_once_an_iteration(void **state)
{
	int i;

	(void)state;
	left = 5;
	async_call_soon(loop, call_again, "a");
	for (i = 0; i < 5; i++) {
		iterate();
		assert_journal("a");
	}
	iterate();
	assert_journal("");
}

/* Who calls himself again and again does not keep the others from running. */
static void soon__starves_nobody(void **state)
{
	(void)state;
	left = 3;
	async_call_soon(loop, call_again, "a");
	async_task_detach(async_loop_create_task(loop, yields("task", 3)));
	async_call_at(loop, 0, call, "timer");
	settle();
	assert_journal("a task timer a task a task");
}

ASYNC(schedules)
{
	async_call_soon(NULL, call, "callback");
	async_task_detach(async_create_task(yields("child", 1)));
	async_call_soon(NULL, call, "other");
	async_sleep(0);
	note("back", 0);
	return 0;
}

static void soon__by_a_task_comes_before_it_goes_on(void **state)
{
	(void)state;
	start(schedules());
	iterate();
	assert_journal("");
	iterate();
	assert_journal("callback child other back");
}

static void soon__of_two_loops(void **state)
{
	struct async_loop *other;

	(void)state;
	assert_int_equal(async_loop_new(&other), 0);
	async_call_soon(loop, call, "a");
	async_call_soon(other, call, "b");
	async_call_soon(loop, call, "c");
	iterate();
	assert_journal("a c");
	async_loop_stop(other);
	assert_int_equal(async_loop_run_forever(other), 0);
	assert_journal("b");
	assert_int_equal(async_loop_close(other), 0);
}

static void note_surroundings(void *name)
{
	if (async_get_running_loop() == loop && !async_current_task() &&
	    async_loop_is_running(loop))
		call(name);
}

static void soon__runs_within_its_loop_and_no_task(void **state)
{
	(void)state;
	async_call_soon(loop, note_surroundings, "soon");
	async_call_at(loop, 0, note_surroundings, "timer");
	start(yields("task", 1));
	async_call_soon(loop, note_surroundings, "after");
	iterate();
	assert_journal("soon task after timer");
}

static void soon__without_a_loop_is_nothing(void **state)
{
	struct async_handle handle = async_call_soon(NULL, call, "a");

	(void)state;
	assert_int_equal(handle.serial, 0);
	assert_true(async_handle_done(handle));
	assert_false(async_handle_cancel(handle));
	assert_int_equal(async_call_later(NULL, 1, call, "b").serial, 0);
	assert_int_equal(async_call_at(NULL, 1, call, "c").serial, 0);
}

/*
 * --- Cancelled
 * -----------------------------------------------------------------------------------
 */

static void cancel_all(void *name)
{
	int i, count = 0;

	for (i = 0; i < 4; i++)
		count += async_handle_cancel(handles[i]);
	note(name, count);
}

static void cancel__by_the_first_of_an_iteration(void **state)
{
	(void)state;
	async_call_soon(loop, cancel_all, "cancelled");
	handles[0] = async_call_soon(loop, call, "a");
	handles[1] = async_call_soon(loop, call, "b");
	handles[2] = async_call_at(loop, 0, call, "c");
	handles[3] = async_call_later(loop, 3600, call, "d");
	async_call_soon(loop, call, "e");
	settle();
	assert_journal("cancelled=4 e");
}

static void cancel__by_the_last_of_an_iteration_is_too_late(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 4; i++)
		handles[i] = async_call_soon(loop, call, "a");
	async_call_soon(loop, cancel_all, "cancelled");
	settle();
	assert_journal("a a a a cancelled");
}

static void schedule_again(void *name)
{
	call(name);
	handles[0] = async_call_soon(loop, call, "again");
}

static void cancel__of_what_comes_in_the_next_iteration(void **state)
{
	(void)state;
	async_call_soon(loop, schedule_again, "a");
	iterate();
	assert_true(async_handle_cancel(handles[0]));
	iterate();
	assert_journal("a");
}

static void cancel__between_others(void **state)
{
	(void)state;
	async_call_soon(loop, call, "a");
	handles[0] = async_call_soon(loop, call, "b");
	async_call_soon(loop, call, "c");
	handles[1] = async_call_soon(loop, call, "d");
	async_handle_cancel(handles[0]);
	async_handle_cancel(handles[1]);
	async_call_soon(loop, call, "e");
	iterate();
	assert_journal("a c e");
}

ASYNC(cancels_handle, struct async_handle *, handle)
{
	note("cancelled", async_handle_cancel(*handle));
	note("done", async_handle_done(*handle));
	return 0;
}

static void cancel__by_a_task(void **state)
{
	(void)state;
	start(cancels_handle(&handles[0]));
	handles[0] = async_call_soon(loop, call, "a");
	iterate();
	assert_journal("cancelled=1 done=1");
}

/* Handles are names, not places: an old one never reaches a newer callback. */
static void cancel__of_old_handles_harms_nobody(void **state)
{
	struct async_handle old[100];
	int i, count = 0;

	(void)state;
	for (i = 0; i < 100; i++) {
		old[i] = async_call_soon(loop, call, "old");
		if (i % 2)
			async_handle_cancel(old[i]);
		iterate();
	}
	journal.length = 0;
	handles[0] = async_call_soon(loop, call, "new");
	for (i = 0; i < 100; i++)
		count += async_handle_cancel(old[i]);
	assert_int_equal(count, 0);
	assert_false(async_handle_done(handles[0]));
	iterate();
	assert_journal("new");
}

#define test(function) LOOP_TEST(function)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(soon__by_callbacks_come_in_the_order_of_the_calls),
		test(soon__again_and_again_is_once_an_iteration),
		test(soon__starves_nobody),
		test(soon__by_a_task_comes_before_it_goes_on),
		test(soon__of_two_loops),
		test(soon__runs_within_its_loop_and_no_task),
		test(soon__without_a_loop_is_nothing),
		test(cancel__by_the_first_of_an_iteration),
		test(cancel__by_the_last_of_an_iteration_is_too_late),
		test(cancel__of_what_comes_in_the_next_iteration),
		test(cancel__between_others),
		test(cancel__by_a_task),
		test(cancel__of_old_handles_harms_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
