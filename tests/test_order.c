/* SPDX-License-Identifier: BSD-2-Clause */
/* Records of several threads come out in order of time, none twice, none held for ever. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <malloc.h>

#include "tracer/sources/order.h"

#define WINDOW 20
#define SINCE  100

static int setup(void **state)
{
	*state = order_new(WINDOW, SINCE);
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	order_free(*state);
	return 0;
}

/*
 * Adds `count` records of times from `time_ns` on, `step` apart, with sequences from `sequence` on.
 */
static void add(struct order *order, uint32_t thread, uint32_t sequence, uint64_t time_ns,
		uint64_t step, size_t count, bool again)
{
	struct at_event events[64] = { 0 };

	for (size_t i = 0; i < count; i++) {
		events[i].thread = thread;
		events[i].sequence = sequence + i;
		events[i].time_ns = time_ns + i * step;
	}
	assert_int_equal(order_add(order, thread, events, count, again), 0);
}

static size_t take(struct order *order, uint64_t now_ns, const struct at_event **events)
{
	size_t count;

	assert_int_equal(order_take(order, now_ns, events, &count), 0);
	return count;
}

static void single_thread__passes_at_once(void **state)
{
	const struct at_event *events;

	add(*state, 1, 1, 200, 1, 5, false);
	assert_int_equal(take(*state, 0, &events), 5);
	assert_int_equal(events[4].sequence, 5);
	assert_int_equal(take(*state, 0, &events), 0);
	add(*state, 1, 6, 300, 1, 2, false);
	assert_int_equal(take(*state, 0, &events), 2);
	assert_int_equal(events[0].sequence, 6);
}

static void two_threads__come_by_time(void **state)
{
	const struct at_event *events;

	add(*state, 1, 1, 200, 10, 10, false);
	add(*state, 2, 1, 201, 7, 10, false);
	assert_int_equal(take(*state, UINT64_MAX, &events), 20);
	for (size_t i = 1; i < 20; i++)
		assert_true(events[i - 1].time_ns <= events[i].time_ns);
}

static void window__holds_the_newest_back(void **state)
{
	const struct at_event *events;

	add(*state, 1, 1, 200, 1, 1, false);
	add(*state, 2, 1, 230, 1, 1, false);
	assert_int_equal(take(*state, 1000, &events), 1);
	assert_int_equal(events[0].thread, 1);
	/* One that was on its way comes in time. */
	add(*state, 1, 2, 215, 1, 1, false);
	assert_int_equal(take(*state, 1000 + WINDOW - 1, &events), 1);
	assert_int_equal(events[0].time_ns, 215);
	assert_int_equal(take(*state, 1000 + WINDOW, &events), 1);
	assert_int_equal(events[0].time_ns, 230);
}

static void late_record__is_given_at_once(void **state)
{
	const struct at_event *events;

	add(*state, 1, 1, 500, 1, 1, false);
	add(*state, 2, 1, 400, 1, 1, false);
	assert_int_equal(take(*state, UINT64_MAX, &events), 2);
	add(*state, 2, 2, 450, 1, 1, false);
	assert_int_equal(take(*state, 0, &events), 1);
}

static void repeated__is_left_out(void **state)
{
	const struct at_event *events;

	add(*state, 1, 1, 200, 1, 10, false);
	add(*state, 1, 6, 205, 1, 10, true);
	assert_int_equal(take(*state, UINT64_MAX, &events), 15);
	for (size_t i = 0; i < 15; i++)
		assert_int_equal(events[i].sequence, i + 1);
	add(*state, 1, 6, 205, 1, 10, true);
	assert_int_equal(take(*state, UINT64_MAX, &events), 0);
}

static void repeated__across_the_end_of_the_sequence(void **state)
{
	const struct at_event *events;

	add(*state, 1, UINT32_MAX - 2, 200, 1, 5, false);
	add(*state, 1, UINT32_MAX, 202, 1, 6, true);
	assert_int_equal(take(*state, UINT64_MAX, &events), 8);
	assert_int_equal(events[7].sequence, 4);
}

static void number_of_a_thread__may_be_used_again(void **state)
{
	const struct at_event *events;

	add(*state, 1, 1000, 200, 1, 5, false);
	add(*state, 1, 1, 300, 1, 5, false);
	assert_int_equal(take(*state, UINT64_MAX, &events), 10);
}

static void old_records__of_an_earlier_listener_are_left_out(void **state)
{
	const struct at_event *events;
	uint32_t last = 0;

	add(*state, 1, 1, SINCE - 3, 1, 5, false);
	assert_int_equal(take(*state, UINT64_MAX, &events), 2);
	assert_int_equal(events[0].sequence, 4);
	assert_true(order_last(*state, 1, &last));
	assert_int_equal(last, 5);
	assert_false(order_last(*state, 2, &last));
}

static void records_without_end_in_the_window__do_not_fill_the_memory(void **state)
{
	const struct at_event *events;
	size_t held = 1, added;

	add(*state, 1, 1, 200, 0, 1, false);
	for (added = 0; added < 2 * ORDER_HELD_MAX; added += 64) {
		add(*state, 2, added, 201, 0, 64, false);
		held += 64 - take(*state, 0, &events);
		assert_true(held <= ORDER_HELD_MAX + 64);
	}
}

/* Against a plain sort, with clocks that stutter. */
static void many_threads__keep_their_own_order(void **state)
{
	const struct at_event *events;
	uint32_t seed = 1, next[8] = { 0 };
	uint64_t time_ns[8] = { 0 }, before = 0;
	size_t count;

	for (int i = 0; i < 200; i++) {
		uint32_t thread = (seed = seed * 1103515245 + 12345) >> 16 & 7;

		add(*state, thread, next[thread] + 1, 1000 + time_ns[thread], seed >> 20 & 3, 10,
		    false);
		next[thread] += 10;
		time_ns[thread] += 9 * (seed >> 20 & 3);
	}
	memset(next, 0, sizeof(next));
	count = take(*state, UINT64_MAX, &events);
	assert_int_equal(count, 2000);
	for (size_t i = 0; i < count; i++) {
		assert_true(events[i].time_ns >= before);
		before = events[i].time_ns;
		assert_int_equal(events[i].sequence, ++next[events[i].thread]);
	}
}

/* The room for what two threads, or one, have given. */
static size_t room(const struct at_event *events)
{
	return malloc_usable_size((void *)events);
}

static void backlog__gives_its_memory_back(void **state)
{
	const struct at_event *events;
	size_t single, merged;
	uint32_t i;

	for (i = 0; i < 1000; i++)
		add(*state, 1, 1 + 64 * i, 200 + 64 * i, 1, 64, false);
	assert_int_equal(take(*state, UINT64_MAX, &events), 64000);
	single = room(events);
	for (i = 0; i < 1000; i++) {
		add(*state, 1, 64001 + 64 * i, 100000 + 64 * i, 1, 64, false);
		add(*state, 2, 1 + 64 * i, 100000 + 64 * i, 1, 64, false);
	}
	assert_int_equal(take(*state, UINT64_MAX, &events), 128000);
	merged = room(events);
	for (i = 0; i < 3; i++) {
		add(*state, 1, 128001 + i, 300000 + i, 1, 1, false);
		add(*state, 2, 64001 + i, 300000 + i, 1, 1, false);
		assert_int_equal(take(*state, UINT64_MAX, &events), 2);
	}
	assert_true(room(events) < merged / 8);
	add(*state, 1, 128004, 400000, 1, 1, false);
	assert_int_equal(take(*state, UINT64_MAX, &events), 1);
	assert_true(room(events) < single / 8);
}

/* More than keep their memory, each with one record at a time, and some that fall silent. */
static void hundreds_of_threads__take_turns(void **state)
{
	enum { THREADS = 300, ROUNDS = 20 };
	static uint32_t next[THREADS];
	const struct at_event *events;
	uint64_t before = 0;
	size_t total = 0, count;

	for (uint32_t round = 0; round <= ROUNDS; round++) {
		for (uint32_t i = 0; i < THREADS && round < ROUNDS; i++) {
			uint32_t thread = (i * 7 + round) % THREADS;

			if (thread % 3 && round > ROUNDS / 2)
				continue;
			add(*state, thread + 1, round + 1, 1000 + round * 10 + thread % 10, 1, 1,
			    false);
			total++;
		}
		count = take(*state, round < ROUNDS ? 0 : UINT64_MAX, &events);
		total -= count;
		for (size_t i = 0; i < count; i++) {
			assert_true(events[i].time_ns >= before);
			before = events[i].time_ns;
			assert_int_equal(events[i].sequence, ++next[events[i].thread - 1]);
		}
	}
	assert_int_equal(total, 0);
}

/* Each is heard of once, but for one that writes all the time. */
static void threads__without_end_are_forgotten(void **state)
{
	const struct at_event *events;
	uint32_t last, known = 0, thread;
	size_t total = 0;

	for (thread = 2; thread < 4 * ORDER_THREADS_MAX; thread++) {
		add(*state, thread, 7, 200 + thread, 0, 1, false);
		if (thread % 64)
			continue;
		add(*state, 1, thread, 200 + thread, 0, 1, false);
		total += take(*state, UINT64_MAX, &events);
		assert_true(order_last(*state, 1, &last));
		assert_int_equal(last, thread);
	}
	total += take(*state, UINT64_MAX, &events);
	assert_int_equal(total, 4 * ORDER_THREADS_MAX - 2 + 4 * ORDER_THREADS_MAX / 64 - 1);
	for (thread = 1; thread < 4 * ORDER_THREADS_MAX; thread++)
		known += order_last(*state, thread, &last);
	assert_in_range(known, ORDER_THREADS_MAX, 2 * ORDER_THREADS_MAX);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(single_thread__passes_at_once),
		TEST(two_threads__come_by_time),
		TEST(window__holds_the_newest_back),
		TEST(late_record__is_given_at_once),
		TEST(repeated__is_left_out),
		TEST(repeated__across_the_end_of_the_sequence),
		TEST(number_of_a_thread__may_be_used_again),
		TEST(old_records__of_an_earlier_listener_are_left_out),
		TEST(records_without_end_in_the_window__do_not_fill_the_memory),
		TEST(backlog__gives_its_memory_back),
		TEST(many_threads__keep_their_own_order),
		TEST(hundreds_of_threads__take_turns),
		TEST(threads__without_end_are_forgotten),
	};

	return cmocka_run_group_tests_name("order", tests, NULL, NULL);
}
