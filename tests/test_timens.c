/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Times of a process in another time namespace become ours, and nothing else of its records does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>
#include <tracer/sources/timens.h>

#define AHEAD_NS 5000000000LL

static void own__is_not_ahead(void **state)
{
	(void)state;
	assert_int_equal(timens_ahead_ns(getpid()), 0);
}

static void process_that_is_gone__is_not_ahead(void **state)
{
	(void)state;
	assert_int_equal(timens_ahead_ns(0x7ffffff0), 0);
}

static void times__are_shifted(void **state)
{
	struct at_event events[] = {
		{ .kind = AT_SWITCH,
		  .time_ns = AHEAD_NS + 10,
		  .subject = AT_ID(AT_TASK, 1),
		  .b = AT_ID(AT_TIMER, 5000007),
		  .c = AHEAD_NS + 3 },
		{ .kind = AT_JOB_BEGIN, .time_ns = AHEAD_NS + 20, .c = AHEAD_NS + 4 },
	};

	(void)state;
	timens_shift(events, 2, AHEAD_NS, false);
	assert_int_equal(events[0].time_ns, 10);
	assert_int_equal(events[0].b, AT_ID(AT_TIMER, 7));
	assert_int_equal(events[0].c, 3);
	assert_int_equal(events[1].time_ns, 20);
	assert_int_equal(events[1].c, 4);
}

static void behind__is_shifted_forth(void **state)
{
	struct at_event event = { .kind = AT_SWITCH, .time_ns = 10, .b = AT_ID(AT_TIMER, 7) };

	(void)state;
	timens_shift(&event, 1, -AHEAD_NS, false);
	assert_int_equal(event.time_ns, AHEAD_NS + 10);
	assert_int_equal(event.b, AT_ID(AT_TIMER, 5000007));
}

/* The number of timers of a loop, a result, an absent time, what the kernel has stamped. */
static void other_numbers__stay(void **state)
{
	struct at_event events[] = {
		{ .kind = AT_SWITCH, .subject = AT_ID(AT_LOOP, 1), .b = AT_ID(AT_TASK, 2), .c = 9 },
		{ .kind = AT_SWITCH, .subject = AT_ID(AT_TASK, 1), .c = 0 },
		{ .kind = AT_TASK_DONE, .a = 5, .b = AT_ID(AT_TIMER, 6), .c = 7 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++)
		events[i].time_ns = 1;
	timens_shift(events, 3, AHEAD_NS, true);
	for (i = 0; i < 3; i++)
		assert_int_equal(events[i].time_ns, 1);
	assert_int_equal(events[0].b, AT_ID(AT_TASK, 2));
	assert_int_equal(events[0].c, 9);
	assert_int_equal(events[1].c, 0);
	assert_int_equal(events[2].a, 5);
	assert_int_equal(events[2].b, AT_ID(AT_TIMER, 6));
	assert_int_equal(events[2].c, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(own__is_not_ahead),
		cmocka_unit_test(process_that_is_gone__is_not_ahead),
		cmocka_unit_test(times__are_shifted),
		cmocka_unit_test(behind__is_shifted_forth),
		cmocka_unit_test(other_numbers__stay),
	};

	return cmocka_run_group_tests_name("timens", tests, NULL, NULL);
}
