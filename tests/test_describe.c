/* SPDX-License-Identifier: BSD-2-Clause */
/* What things are called in text for people. */
#include "events.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <tracer/views/describe.h>

#include <cmocka.h>

#define FETCH	 0x1000
#define ON_TIMER 0x2000
#define PROCESS	 42

static const struct model_listener nobody;

/* A task of a coroutine with a name and one that is unknown, a callback, and two places. */
static int setup(void **state)
{
	struct stream s = { .now_ns = 1 };
	struct model *model = model_new(&nobody, NULL);

	assert_non_null(model);
	loop_start(&s);
	function(&s, FETCH, "fetch", "demo.c", 7, 0);
	function(&s, ON_TIMER, "on_\x1btimer", NULL, 0, 0);
	push(&s, AT_TASK_CREATE, 0, TASK(1), FETCH, 0, 0);
	push(&s, AT_TASK_CREATE, 0, TASK(2), FETCH, 0, 0);
	text(&s, "a\nb");
	push(&s, AT_TASK_NAME, 0, TASK(2), 0, 0, 0);
	text(&s, "main");
	text(&s, "de\tmo.c");
	push(&s, AT_PLACE, 0, 0x3000, 33, 0, 0);
	text(&s, "main");
	text(&s, NULL);
	push(&s, AT_PLACE, 0, 0x3001, 0, 0, 0);
	/* Nothing is known of it but that it ran. */
	change(&s, TASK(4), LOOP(1), AT_ITERATION, 0);
	feed(model, &s);
	stream_free(&s);
	*state = model;
	return 0;
}

static int teardown(void **state)
{
	model_free(*state);
	return 0;
}

static void assert_id(const struct model *model, uint64_t id, const char *text)
{
	char buffer[DESCRIBE_SIZE];

	assert_string_equal(describe_id(buffer, sizeof(buffer), model, PROCESS, id), text);
}

static void id__of_a_task(void **state)
{
	assert_id(*state, TASK(1), "Task-1 (fetch)");
	assert_id(*state, TASK(2), "a\\nb (fetch)");
	assert_id(*state, TASK(3), "Task-3");
	assert_id(*state, TASK(4), "Task-4");
}

static void id__of_a_callback(void **state)
{
	assert_id(*state, CALLBACK(ON_TIMER), "callback on_\\x1btimer");
	assert_id(*state, CALLBACK(0xcafe), "callback 0xcafe");
}

static void id__of_what_is_awaited(void **state)
{
	assert_id(*state, 0, "?");
	assert_id(*state, LOOP(1), "loop 1");
	assert_id(*state, COROUTINE(9), "coroutine 9");
	assert_id(*state, FUTURE(12), "future 12");
	assert_id(*state, AT_ID(AT_TIMER, 123456789), "sleep");
	assert_id(*state, AT_ID(AT_READ, 5), "read of fd 5");
	assert_id(*state, AT_ID(AT_WRITE, 5), "write to fd 5");
	assert_id(*state, AT_ID(AT_LOCK, 3), "lock 3");
	assert_id(*state, AT_ID(AT_EVENT, 2), "event 2");
	assert_id(*state, AT_ID(AT_CONDITION, 1), "condition 1");
	assert_id(*state, AT_ID(AT_SEMAPHORE, 4), "semaphore 4");
	assert_id(*state, AT_ID(AT_BARRIER, 1), "barrier 1");
	assert_id(*state, AT_ID(AT_QUEUE, 2), "queue 2");
	assert_id(*state, AT_ID(AT_JOB, 9), "job 9");
	assert_id(*state, AT_ID(AT_PROCESS, 4711), "process 4711");
	assert_id(*state, AT_ID(AT_SIGNAL, 2), "signal 2 (SIGINT)");
	assert_id(*state, AT_ID(AT_SIGNAL, 1ULL << 40), "signal 1099511627776");
	assert_id(*state, AT_ID(AT_GATHER, 3), "gather 3");
	assert_id(*state, AT_ID(AT_WAIT, 2), "wait 2");
	assert_id(*state, AT_ID(AT_SHIELD, 1), "shield 1");
	assert_id(*state, AT_ID(AT_GROUP, 4), "group 4");
	assert_id(*state, AT_ID(AT_TIMEOUT, 9), "timeout 9");
	assert_id(*state, AT_ID(AT_WAIT_FOR, 3), "wait_for 3");
	assert_id(*state, AT_ID(200, 3), "? 3");
}

/* No type of id was forgotten. */
static void kind__of_all_types(void **state)
{
	unsigned int type;

	(void)state;
	assert_string_equal(describe_kind(0), "?");
	for (type = AT_LOOP; type < AT_TYPES_END; type++) {
		assert_non_null(describe_kind(AT_ID(type, 1)));
		assert_string_not_equal(describe_kind(AT_ID(type, 1)), "?");
	}
	assert_string_equal(describe_kind(AT_ID(AT_TIMER, 1)), "sleep");
	assert_string_equal(describe_kind(AT_ID(AT_TYPES_END, 1)), "?");
	assert_string_equal(describe_kind(UINT64_MAX), "?");
}

static void place__is_known_in_part(void **state)
{
	char buffer[DESCRIBE_SIZE];

	assert_string_equal(describe_place(buffer, sizeof(buffer), *state, PROCESS, 0x3000),
			    "de\\tmo.c:33");
	assert_string_equal(describe_place(buffer, sizeof(buffer), *state, PROCESS, 0x3001),
			    "main+?");
	assert_string_equal(describe_place(buffer, sizeof(buffer), *state, PROCESS, 0x3002),
			    "0x3002");
	assert_string_equal(describe_place(buffer, sizeof(buffer), *state, PROCESS, 0), "?");
}

static void function__begins_somewhere(void **state)
{
	const struct model_function *fetch = model_find_function(*state, PROCESS, FETCH);
	const struct model_function *timer = model_find_function(*state, PROCESS, ON_TIMER);
	char buffer[DESCRIBE_SIZE];

	assert_string_equal(describe_function(buffer, sizeof(buffer), fetch), "demo.c:7");
	assert_string_equal(describe_function(buffer, sizeof(buffer), timer), "0x2000");
	assert_string_equal(describe_function(buffer, sizeof(buffer), NULL), "?");
}

static void assert_end(struct model_end end, const char *text)
{
	char buffer[DESCRIBE_SIZE];

	assert_string_equal(describe_end(buffer, sizeof(buffer), &end), text);
}

static void end__of_all_outcomes(void **state)
{
	(void)state;
	assert_end((struct model_end){ MODEL_RETURNED, 5, NULL }, "5");
	assert_end((struct model_end){ MODEL_RETURNED, INT64_MIN, NULL }, "-9223372036854775808");
	assert_end((struct model_end){ MODEL_FAILED, -EINVAL, "bad\x1bname" },
		   "-EINVAL: bad\\x1bname");
	assert_end((struct model_end){ MODEL_FAILED, -ETIMEDOUT, NULL }, "-ETIMEDOUT");
	assert_end((struct model_end){ MODEL_FAILED, -5000, NULL }, "-5000");
	assert_end((struct model_end){ MODEL_FAILED, INT64_MIN, NULL }, "-9223372036854775808");
	assert_end((struct model_end){ MODEL_CANCELLED, -ECANCELED, NULL }, "cancelled");
	assert_end((struct model_end){ MODEL_OPEN, 0, NULL }, "?");
}

/* What has no room is cut, and stays safe. */
static void all__fit_their_buffer(void **state)
{
	char buffer[16];
	size_t size;

	for (size = 8; size < sizeof(buffer); size++) {
		memset(buffer, 'x', sizeof(buffer));
		describe_id(buffer, size, *state, PROCESS, TASK(2));
		assert_true(strlen(buffer) < size);
		assert_int_equal(buffer[size], 'x');
		describe_id(buffer, size, *state, PROCESS, AT_ID(AT_SIGNAL, 2));
		assert_true(strlen(buffer) < size);
		assert_int_equal(buffer[size], 'x');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(id__of_a_task, setup, teardown),
		cmocka_unit_test_setup_teardown(id__of_a_callback, setup, teardown),
		cmocka_unit_test_setup_teardown(id__of_what_is_awaited, setup, teardown),
		cmocka_unit_test(kind__of_all_types),
		cmocka_unit_test_setup_teardown(place__is_known_in_part, setup, teardown),
		cmocka_unit_test_setup_teardown(function__begins_somewhere, setup, teardown),
		cmocka_unit_test(end__of_all_outcomes),
		cmocka_unit_test_setup_teardown(all__fit_their_buffer, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
