/* SPDX-License-Identifier: BSD-2-Clause */
/* What is later than the end, and what was counted until then. */
#include <events.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <tracer/sources/bounds.h>
#include <tracer/sources/order.h>

#include <cmocka.h>

enum { THREAD = 7, END_NS = 1000 };

static const struct at_event *events;
static size_t count;
static struct order *order;

static int setup(void **state)
{
	(void)state;
	order = order_new(0, 0);
	return order ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	order_free(order);
	return 0;
}

static struct at_event record_of(enum at_kind kind, uint64_t time_ns, uint32_t sequence)
{
	return (struct at_event){
		.kind = kind, .time_ns = time_ns, .sequence = sequence, .thread = THREAD, .b = 5
	};
}

static void add(const struct at_event *from, size_t number)
{
	assert_int_equal(bounds_add(order, END_NS, THREAD, from, number, false), 0);
	assert_int_equal(order_take(order, UINT64_MAX, &events, &count), 0);
}

static void assert_record(size_t number, enum at_kind kind, uint64_t time_ns, uint32_t sequence)
{
	assert_true(number < count);
	assert_int_equal(events[number].kind, kind);
	assert_int_equal(events[number].time_ns, time_ns);
	assert_int_equal(events[number].sequence, sequence);
	assert_int_equal(events[number].b, 5);
}

static void later__is_left_out(void **state)
{
	const struct at_event records[] = {
		record_of(AT_SWITCH, END_NS - 1, 1),
		record_of(AT_SWITCH, END_NS, 2),
		record_of(AT_SWITCH, END_NS + 1, 3),
	};

	(void)state;
	add(records, 3);
	assert_int_equal(count, 2);
	assert_record(1, AT_SWITCH, END_NS, 2);
	add(&records[2], 1);
	assert_int_equal(count, 0);
}

/* They stand at the end, and tell what was left out since before. */
static void counts__are_as_late_as_what_precedes_them(void **state)
{
	const struct at_event records[] = {
		record_of(AT_SWITCH, 10, 1),
		record_of(AT_SWITCH, 20, 2),
		record_of(AT_SHED, 5, 3),
	};

	(void)state;
	add(records, 3);
	assert_int_equal(count, 3);
	assert_record(2, AT_SHED, 20, 3);
}

static void counts__follow_what_is_not_later(void **state)
{
	const struct at_event records[] = {
		record_of(AT_SWITCH, 10, 1),
		record_of(AT_SWITCH, END_NS + 1, 2),
		record_of(AT_SWITCH, END_NS + 2, 3),
		record_of(AT_SHED, 20, 4),
	};

	(void)state;
	add(records, 4);
	assert_int_equal(count, 2);
	assert_record(0, AT_SWITCH, 10, 1);
	assert_record(1, AT_SHED, 20, 2);
	/* Alone. */
	add(&records[2], 2);
	assert_int_equal(count, 1);
	assert_record(0, AT_SHED, 20, 3);
}

/* Else they would be behind a hole. */
static void counts__begun_later_are_left_out(void **state)
{
	const struct at_event records[] = {
		record_of(AT_SWITCH, 10, 1),
		record_of(AT_SWITCH, END_NS + 3, 2),
		record_of(AT_SHED, END_NS + 2, 3),
	};

	(void)state;
	add(records, 3);
	assert_int_equal(count, 1);
	add(&records[2], 1);
	assert_int_equal(count, 0);
}

static void last__names_the_tails_that_did_not_come(void **state)
{
	const struct at_event records[] = { record_of(AT_SWITCH, 10, 1) };
	const struct at_event detach = { .kind = AT_DETACH, .time_ns = END_NS };
	const struct tail tails[] = {
		{ .thread = THREAD, .stated = THREAD, .sequence = 1 },
		{ .thread = THREAD, .stated = THREAD, .sequence = 4, .process = 3 },
		{ .thread = 0 },
		{ .thread = 8, .stated = 8, .sequence = 2 },
	};
	struct at_event *last;

	(void)state;
	add(records, 1);
	assert_int_equal(bounds_last(&last, order, tails, 4, &detach), 3);
	assert_int_equal(last[0].kind, AT_LOST);
	assert_int_equal(last[0].sequence, 4);
	assert_int_equal(last[0].process, 3);
	assert_int_equal(last[0].time_ns, END_NS);
	assert_int_equal(last[1].thread, 8);
	assert_int_equal(last[2].kind, AT_DETACH);
	free(last);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(later__is_left_out),
		TEST(counts__are_as_late_as_what_precedes_them),
		TEST(counts__follow_what_is_not_later),
		TEST(counts__begun_later_are_left_out),
		TEST(last__names_the_tails_that_did_not_come),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
