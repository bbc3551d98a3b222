/* SPDX-License-Identifier: BSD-2-Clause */
/* Cancellations as they are told: each fate once, and storms as trees. */
#include "printed.h"
#include <errno.h>
#include <stdlib.h>

#define MAIN	   0x1000
#define WORK	   0x2000
#define ASKED_HERE 0x1010
#define ASKED_TOO  0x1020

#define GATHER(number)	AT_ID(AT_GATHER, number)
#define SHIELD(number)	AT_ID(AT_SHIELD, number)
#define GROUP(number)	AT_ID(AT_GROUP, number)
#define TIMEOUT(number) AT_ID(AT_TIMEOUT, number)

#define MS 1000000ULL

#define HEAD "   asked at  delivered       gone  fate       who\n"

static int setup(void **state)
{
	struct stream *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->now_ns = 5000 * MS;
	loop_start(s);
	function(s, MAIN, "main", "demo.c", 20, 0);
	function(s, WORK, "work", "demo.c", 7, 0);
	place(s, ASKED_HERE, "main", "demo.c", 33);
	place(s, ASKED_TOO, "main", "demo.c", 35);
	push(s, AT_TASK_CREATE, 0, TASK(1), MAIN, 0, 0);
	change(s, TASK(1), LOOP(1), AT_ITERATION, 0);
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	stream_free(*state);
	free(*state);
	return 0;
}

/* Task-1 makes a task, which runs at once and awaits something; Task-1 runs again. */
static void make(struct stream *s, unsigned int number, uint64_t awaits)
{
	push(s, AT_TASK_CREATE, 0, TASK(number), WORK, TASK(1), 0);
	change(s, TASK(number), TASK(1), AT_YIELDED, 0);
	push(s, AT_SWITCH, 0, TASK(1), TASK(number), awaits, 0);
}

static void ask(struct stream *s, uint64_t subject, uint64_t through)
{
	push(s, AT_TASK_CANCEL, 0, subject, TASK(1), ASKED_HERE, through);
}

/* Task-1 waits meanwhile. */
static void deliver(struct stream *s, unsigned int number)
{
	push(s, AT_SWITCH, AT_DELIVERS, TASK(number), TASK(1), FUTURE(1), 0);
}

static void done(struct stream *s, unsigned int number, unsigned int flags, int64_t result)
{
	push(s, AT_TASK_DONE, flags, TASK(number), result, 0, 0);
	change(s, TASK(1), TASK(number), AT_ENDED, 0);
}

/* The lines, and after them the figures. */
static void assert_tells(struct stream *s, const char *lines, const char *figures)
{
	char *expected;

	detach(s, 0, 0, 0);
	assert_true(asprintf(&expected, "%s%s%s", *lines ? HEAD : "", lines, figures) > 0);
	assert_view_prints(&view_cancel, s, none, 0, expected);
	free(expected);
}

static void cancelled__has_both_durations(void **state)
{
	struct stream *s = *state;

	make(s, 2, FUTURE(9));
	s->now_ns += 1500 * MS;
	ask(s, TASK(2), 0);
	s->now_ns += 2 * MS;
	deliver(s, 2);
	s->now_ns += 3 * MS;
	done(s, 2, AT_CANCELLED, -ECANCELED);
	assert_tells(
		s,
		"   1.500000   2.000 ms   5.000 ms  cancelled  Task-2 (work), by Task-1 (main) "
		"at demo.c:33\n",
		"1 request: 1 cancelled, 0 swallowed, 0 timed out, 0 shielded, 0 refused, "
		"0 too late\n"
		"delivered after: p50 2.000 ms, p99 2.000 ms, max 2.000 ms\n"
		"gone after: p50 5.000 ms, p99 5.000 ms, max 5.000 ms\n");
}

static void swallowed__tells_how_it_went_on(void **state)
{
	struct stream *s = *state;

	make(s, 2, FUTURE(9));
	ask(s, TASK(2), 0);
	ask(s, TASK(2), 0);
	deliver(s, 2);
	s->now_ns += 1200 * MS;
	text(s, "bad\x1bthing");
	done(s, 2, AT_FAILED, -EINVAL);
	assert_tells(s,
		     "   0.000000       0 ns    1.200 s  swallowed  Task-2 (work), asked 2 times, "
		     "by Task-1 (main) at demo.c:33: ran on for 1.200 s, failed with -EINVAL: "
		     "bad\\x1bthing\n",
		     "1 request: 0 cancelled, 1 swallowed, 0 timed out, 0 shielded, 0 refused, "
		     "0 too late (1 repeated)\n"
		     "delivered after: p50 0 ns, p99 0 ns, max 0 ns\n");
}

/* It may still be cleaning up: that is not said to be swallowed. */
static void open__is_told_at_the_end(void **state)
{
	struct stream *s = *state;

	make(s, 2, FUTURE(9));
	make(s, 3, FUTURE(9));
	ask(s, TASK(2), 0);
	push(s, AT_TASK_CANCEL, 0, TASK(3), TASK(1), ASKED_TOO, 0);
	deliver(s, 2);
	s->now_ns += 1200 * MS;
	assert_tells(
		s,
		"   0.000000       0 ns          -  open       Task-2 (work), by Task-1 (main) "
		"at demo.c:33: still going on after 1.200 s\n"
		"   0.000000          -          -  open       Task-3 (work), by Task-1 (main) "
		"at demo.c:35: not told yet, after 1.200 s\n",
		"2 requests: 0 cancelled, 0 swallowed, 0 timed out, 0 shielded, 0 refused, "
		"0 too late, 2 open\n"
		"delivered after: p50 0 ns, p99 0 ns, max 0 ns\n");
}

static void refused__is_told_at_once(void **state)
{
	struct stream *s = *state;

	make(s, 2, FUTURE(9));
	change(s, TASK(2), TASK(1), AT_YIELDED, 0);
	done(s, 2, 0, 0);
	push(s, AT_TASK_CANCEL, AT_REFUSED, TASK(2), TASK(1), ASKED_HERE, 0);
	assert_tells(s,
		     "   0.000000          -          -  refused    Task-2, by Task-1 (main) at "
		     "demo.c:33\n",
		     "1 request: 0 cancelled, 0 swallowed, 0 timed out, 0 shielded, 1 refused, "
		     "0 too late\n");
}

static void too_late__never_heard_of_it(void **state)
{
	struct stream *s = *state;

	make(s, 2, FUTURE(9));
	ask(s, TASK(2), 0);
	change(s, TASK(2), TASK(1), AT_YIELDED, 0);
	s->now_ns += MS;
	done(s, 2, 0, 5);
	assert_tells(
		s,
		"   0.000000          -   1.000 ms  too late   Task-2 (work), by Task-1 (main) "
		"at demo.c:33: returned 5 before it was told\n",
		"1 request: 0 cancelled, 0 swallowed, 0 timed out, 0 shielded, 0 refused, "
		"1 too late\n");
}

static void not_begun__never_begins(void **state)
{
	struct stream *s = *state;

	push(s, AT_TASK_CREATE, 0, TASK(2), WORK, TASK(1), 0);
	ask(s, TASK(2), 0);
	deliver(s, 2);
	done(s, 2, AT_CANCELLED, -ECANCELED);
	assert_tells(
		s,
		"   0.000000       0 ns       0 ns  cancelled  Task-2 (work), by Task-1 (main) "
		"at demo.c:33: it had not begun\n",
		"1 request: 1 cancelled, 0 swallowed, 0 timed out, 0 shielded, 0 refused, "
		"0 too late\n"
		"delivered after: p50 0 ns, p99 0 ns, max 0 ns\n"
		"gone after: p50 0 ns, p99 0 ns, max 0 ns\n");
}

/* A deadline of Task-2 passes, which is told, cleans up, and ends the block so. */
static void expire(struct stream *s, unsigned int flags)
{
	make(s, 2, FUTURE(9));
	change(s, LOOP(1), TASK(1), 0, 0);
	change(s, CALLBACK(0xcafe), LOOP(1), AT_ITERATION, 0);
	push(s, AT_TASK_CANCEL, 0, TASK(2), CALLBACK(0xcafe), 0, TIMEOUT(4));
	s->now_ns += MS;
	push(s, AT_SWITCH, AT_DELIVERS | AT_ENDED, TASK(2), CALLBACK(0xcafe), 0, 0);
	push(s, AT_SWITCH, 0, LOOP(1), TASK(2), FUTURE(10), 0);
	s->now_ns += 300 * MS;
	change(s, TASK(2), LOOP(1), AT_ITERATION, 0);
	push(s, AT_TASK_CANCEL, AT_TAKEN_BACK | flags, TASK(2), TASK(2), ASKED_TOO, TIMEOUT(4));
	push(s, AT_SWITCH, 0, LOOP(1), TASK(2), FUTURE(10), 0);
	s->now_ns += MS;
}

/* The task goes on, as it should: its line does not wait for its end. */
static void timeout__is_no_swallowing(void **state)
{
	struct stream *s = *state;

	expire(s, AT_TIMED_OUT);
	assert_tells(s,
		     "   0.000000   1.000 ms   301.0 ms  timed out  Task-2 (work), through timeout "
		     "4\n",
		     "1 request: 0 cancelled, 0 swallowed, 1 timed out, 0 shielded, 0 refused, "
		     "0 too late\n"
		     "delivered after: p50 1.000 ms, p99 1.000 ms, max 1.000 ms\n"
		     "gone after: p50 301.0 ms, p99 301.0 ms, max 301.0 ms\n");
}

static void timeout__may_be_swallowed(void **state)
{
	struct stream *s = *state;

	expire(s, 0);
	assert_tells(s,
		     "   0.000000   1.000 ms   301.0 ms  swallowed  Task-2 (work), through timeout "
		     "4: ran on for 300.0 ms, and did not time out\n",
		     "1 request: 0 cancelled, 1 swallowed, 0 timed out, 0 shielded, 0 refused, "
		     "0 too late\n"
		     "delivered after: p50 1.000 ms, p99 1.000 ms, max 1.000 ms\n");
}

static void timeout__may_come_too_late(void **state)
{
	struct stream *s = *state;

	expire(s, AT_REFUSED);
	assert_tells(s,
		     "   0.000000   1.000 ms   301.0 ms  too late   Task-2 (work), through timeout "
		     "4: what it awaited was done already\n",
		     "1 request: 0 cancelled, 0 swallowed, 0 timed out, 0 shielded, 0 refused, "
		     "1 too late\n"
		     "delivered after: p50 1.000 ms, p99 1.000 ms, max 1.000 ms\n");
}

/* The task cleans up with a limit, which passes: that does not end what it cleans up for. */
static void timeout__within_a_cleaning_up(void **state)
{
	struct stream *s = *state;

	make(s, 2, FUTURE(9));
	ask(s, TASK(2), 0);
	deliver(s, 2);
	push(s, AT_SWITCH, 0, TASK(1), TASK(2), FUTURE(9), 0);
	push(s, AT_TASK_CANCEL, 0, TASK(2), CALLBACK(0xcafe), 0, TIMEOUT(4));
	deliver(s, 2);
	push(s, AT_TASK_CANCEL, AT_TAKEN_BACK | AT_TIMED_OUT, TASK(2), TASK(2), 0, TIMEOUT(4));
	s->now_ns += MS;
	done(s, 2, AT_CANCELLED, -ECANCELED);
	assert_tells(
		s,
		"   0.000000       0 ns   1.000 ms  cancelled  Task-2 (work), asked 2 times, by "
		"Task-1 (main) at demo.c:33\n",
		"1 request: 1 cancelled, 0 swallowed, 0 timed out, 0 shielded, 0 refused, "
		"0 too late (1 repeated)\n"
		"delivered after: p50 0 ns, p99 0 ns, max 0 ns\n"
		"gone after: p50 1.000 ms, p99 1.000 ms, max 1.000 ms\n");
}

/* It says that it has dealt with it. */
static void withdrawn__is_no_swallowing(void **state)
{
	struct stream *s = *state;

	make(s, 2, FUTURE(9));
	ask(s, TASK(2), 0);
	deliver(s, 2);
	s->now_ns += MS;
	push(s, AT_TASK_CANCEL, AT_TAKEN_BACK, TASK(2), TASK(2), ASKED_TOO, 0);
	done(s, 2, 0, 0);
	assert_tells(
		s,
		"   0.000000       0 ns   1.000 ms  withdrawn  Task-2 (work), by Task-1 (main) "
		"at demo.c:33\n",
		"1 request: 0 cancelled, 0 swallowed, 0 timed out, 0 shielded, 0 refused, "
		"0 too late, 1 withdrawn\n"
		"delivered after: p50 0 ns, p99 0 ns, max 0 ns\n");
}

/* Who swallows a request and is asked again has swallowed it. */
static void swallowed__before_it_is_asked_again(void **state)
{
	struct stream *s = *state;

	make(s, 2, FUTURE(9));
	ask(s, TASK(2), 0);
	deliver(s, 2);
	push(s, AT_SWITCH, 0, TASK(1), TASK(2), FUTURE(9), 0);
	s->now_ns += 50 * MS;
	push(s, AT_TASK_CANCEL, 0, TASK(2), TASK(1), ASKED_TOO, 0);
	deliver(s, 2);
	s->now_ns += MS;
	done(s, 2, AT_CANCELLED, -ECANCELED);
	assert_tells(
		s,
		"   0.000000       0 ns   50.00 ms  swallowed  Task-2 (work), by Task-1 (main) "
		"at demo.c:33: ran on for 50.00 ms, then it was asked again\n"
		"   0.050000       0 ns   1.000 ms  cancelled  Task-2 (work), by Task-1 (main) "
		"at demo.c:35\n",
		"2 requests: 1 cancelled, 1 swallowed, 0 timed out, 0 shielded, 0 refused, "
		"0 too late\n"
		"delivered after: p50 0 ns, p99 0 ns, max 0 ns\n"
		"gone after: p50 1.000 ms, p99 1.000 ms, max 1.000 ms\n");
}

static void future__takes_who_awaits_it_along(void **state)
{
	struct stream *s = *state;

	make(s, 2, FUTURE(9));
	make(s, 3, FUTURE(8));
	ask(s, FUTURE(9), 0);
	deliver(s, 2);
	s->now_ns += MS;
	done(s, 2, AT_CANCELLED, -ECANCELED);
	assert_tells(s,
		     "   0.000000          -          -  passed on  future 9, by Task-1 (main) "
		     "at demo.c:33\n"
		     "   0.000000       0 ns   1.000 ms  cancelled  `- Task-2 (work)\n",
		     "1 request: 1 cancelled, 0 swallowed, 0 timed out, 0 shielded, 0 refused, "
		     "0 too late (1 passed on)\n"
		     "delivered after: p50 0 ns, p99 0 ns, max 0 ns\n"
		     "gone after: p50 1.000 ms, p99 1.000 ms, max 1.000 ms\n");
}

static void unasked__is_told_too(void **state)
{
	struct stream *s = *state;

	make(s, 2, FUTURE(9));
	make(s, 3, TASK(2));
	change(s, TASK(2), TASK(1), AT_YIELDED, 0);
	done(s, 2, AT_CANCELLED, -ECANCELED);
	s->now_ns += MS;
	deliver(s, 3);
	done(s, 3, AT_CANCELLED, -ECANCELED);
	assert_tells(s,
		     "   0.000000          -          -  by itself  Task-2 (work): it returned "
		     "-ECANCELED\n"
		     "   0.001000          -          -  by itself  Task-3 (work): what it awaited "
		     "was cancelled\n",
		     "0 requests: 0 cancelled, 0 swallowed, 0 timed out, 0 shielded, 0 refused, "
		     "0 too late; 2 ended cancelled without one\n");
}

static void asked_before__has_no_durations(void **state)
{
	struct stream *s = *state;

	make(s, 2, FUTURE(9));
	push(s, AT_TASK_CANCEL, AT_EXISTING, TASK(2), 0, 0, 0);
	s->now_ns += MS;
	deliver(s, 2);
	done(s, 2, AT_CANCELLED, -ECANCELED);
	assert_tells(
		s,
		"   0.000000          -          -  cancelled  Task-2 (work), asked before the "
		"trace\n",
		"1 request: 1 cancelled, 0 swallowed, 0 timed out, 0 shielded, 0 refused, "
		"0 too late\n");
}

/* It may be none of the tasks, nor a callback. */
static void who__may_be_outside(void **state)
{
	struct stream *s = *state;

	make(s, 2, FUTURE(9));
	make(s, 3, FUTURE(9));
	push(s, AT_TASK_CANCEL, 0, TASK(2), 4711, ASKED_HERE, 0);
	push(s, AT_TASK_CANCEL, 0, TASK(3), LOOP(1), ASKED_TOO, 0);
	deliver(s, 2);
	done(s, 2, AT_CANCELLED, -ECANCELED);
	deliver(s, 3);
	done(s, 3, AT_CANCELLED, -ECANCELED);
	assert_tells(s,
		     "   0.000000       0 ns       0 ns  cancelled  Task-2 (work), by thread 4711 "
		     "at demo.c:33\n"
		     "   0.000000       0 ns       0 ns  cancelled  Task-3 (work), by the end of "
		     "async_run() at demo.c:35\n",
		     "2 requests: 2 cancelled, 0 swallowed, 0 timed out, 0 shielded, 0 refused, "
		     "0 too late\n"
		     "delivered after: p50 0 ns, p99 0 ns, max 0 ns\n"
		     "gone after: p50 0 ns, p99 0 ns, max 0 ns\n");
}

/* That the task was told may be among what is lost. */
static void too_late__is_not_guessed(void **state)
{
	struct stream *s = *state;

	make(s, 2, FUTURE(9));
	ask(s, TASK(2), 0);
	deliver(s, 2);
	lose(s, 1);
	s->now_ns += MS;
	done(s, 2, 0, 7);
	assert_tells(
		s,
		"   0.000000          -          -  open       Task-2 (work), by Task-1 (main) "
		"at demo.c:33: returned 7, whether it was told was not seen\n",
		"1 request: 0 cancelled, 0 swallowed, 0 timed out, 0 shielded, 0 refused, "
		"0 too late, 1 open\n"
		"lost 1 record, 0 dropped\n");
}

static void shielded__names_who_goes_on(void **state)
{
	struct stream *s = *state;

	make(s, 3, FUTURE(9));
	make(s, 2, SHIELD(1));
	push(s, AT_DEPENDS, 0, SHIELD(1), TASK(3), 0, 0);
	ask(s, TASK(2), 0);
	ask(s, SHIELD(1), TASK(2));
	deliver(s, 2);
	done(s, 2, AT_CANCELLED, -ECANCELED);
	assert_tells(
		s,
		"   0.000000       0 ns       0 ns  cancelled  Task-2 (work), by Task-1 (main) "
		"at demo.c:33\n"
		"   0.000000          -          -  shielded   `- shield 1: Task-3 (work) goes "
		"on\n",
		"2 requests: 1 cancelled, 0 swallowed, 0 timed out, 1 shielded, 0 refused, "
		"0 too late\n"
		"delivered after: p50 0 ns, p99 0 ns, max 0 ns\n"
		"gone after: p50 0 ns, p99 0 ns, max 0 ns\n");
}

static void gather__is_a_tree(void **state)
{
	struct stream *s = *state;

	make(s, 3, FUTURE(9));
	make(s, 4, FUTURE(9));
	make(s, 2, GATHER(1));
	ask(s, TASK(2), 0);
	ask(s, GATHER(1), TASK(2));
	ask(s, TASK(3), GATHER(1));
	ask(s, TASK(4), GATHER(1));
	deliver(s, 4);
	s->now_ns += MS;
	done(s, 4, AT_CANCELLED, -ECANCELED);
	deliver(s, 3);
	s->now_ns += MS;
	done(s, 3, 0, 0);
	deliver(s, 2);
	done(s, 2, AT_CANCELLED, -ECANCELED);
	assert_tells(
		s,
		"   0.000000   2.000 ms   2.000 ms  cancelled  Task-2 (work), by Task-1 (main) "
		"at demo.c:33\n"
		"   0.000000          -          -  passed on  `- gather 1\n"
		"   0.000000   1.000 ms   2.000 ms  swallowed     |- Task-3 (work): ran on for "
		"1.000 ms, returned 0\n"
		"   0.000000       0 ns   1.000 ms  cancelled     `- Task-4 (work)\n",
		"3 requests: 2 cancelled, 1 swallowed, 0 timed out, 0 shielded, 0 refused, "
		"0 too late (1 passed on)\n"
		"delivered after: p50 1.000 ms, p99 2.000 ms, max 2.000 ms\n"
		"gone after: p50 1.000 ms, p99 2.000 ms, max 2.000 ms\n");
}

/* Nobody asks the group: one of its tasks fails, so it cancels the others, and its parent. */
static void group__cancels_by_itself(void **state)
{
	struct stream *s = *state;

	make(s, 2, FUTURE(9));
	make(s, 3, FUTURE(9));
	push(s, AT_DEPENDS, 0, GROUP(7), TASK(3), 0, 0);
	change(s, CALLBACK(0xcafe), TASK(1), AT_YIELDED, 0);
	push(s, AT_TASK_CANCEL, 0, TASK(3), CALLBACK(0xcafe), 0, GROUP(7));
	push(s, AT_TASK_CANCEL, 0, TASK(2), CALLBACK(0xcafe), 0, GROUP(7));
	push(s, AT_SWITCH, AT_DELIVERS | AT_ENDED, TASK(2), CALLBACK(0xcafe), 0, 0);
	change(s, TASK(1), TASK(2), AT_YIELDED, 0);
	deliver(s, 3);
	done(s, 3, AT_CANCELLED, -ECANCELED);
	s->now_ns += MS;
	push(s, AT_TASK_CANCEL, AT_TAKEN_BACK, TASK(2), TASK(2), ASKED_TOO, GROUP(7));
	assert_tells(s,
		     "   0.000000          -          -  passed on  group 7, by callback 0xcafe\n"
		     "   0.000000       0 ns       0 ns  cancelled  |- Task-3 (work)\n"
		     "   0.000000       0 ns   1.000 ms  by group   `- Task-2 (work)\n",
		     "2 requests: 1 cancelled, 0 swallowed, 0 timed out, 0 shielded, 0 refused, "
		     "0 too late, 1 by group\n"
		     "delivered after: p50 0 ns, p99 0 ns, max 0 ns\n"
		     "gone after: p50 0 ns, p99 1.000 ms, max 1.000 ms\n");
}

/* What a task cancels in the step in which it is told of its own cancellation is part of that. */
static void clean_up__belongs_to_its_reason(void **state)
{
	struct stream *s = *state;

	make(s, 2, FUTURE(9));
	make(s, 3, FUTURE(9));
	ask(s, TASK(2), 0);
	deliver(s, 2);
	push(s, AT_TASK_CANCEL, 0, TASK(3), TASK(2), ASKED_TOO, 0);
	change(s, TASK(1), TASK(2), AT_YIELDED, 0);
	deliver(s, 3);
	done(s, 3, AT_CANCELLED, -ECANCELED);
	change(s, TASK(2), TASK(1), AT_YIELDED, 0);
	done(s, 2, AT_CANCELLED, -ECANCELED);
	assert_tells(
		s,
		"   0.000000       0 ns       0 ns  cancelled  Task-2 (work), by Task-1 (main) "
		"at demo.c:33\n"
		"   0.000000       0 ns       0 ns  cancelled  `- Task-3 (work)\n",
		"2 requests: 2 cancelled, 0 swallowed, 0 timed out, 0 shielded, 0 refused, "
		"0 too late\n"
		"delivered after: p50 0 ns, p99 0 ns, max 0 ns\n"
		"gone after: p50 0 ns, p99 0 ns, max 0 ns\n");
}

/* A thousand asked one after the other are one storm, of which few are shown. */
static void storm__is_folded(void **state)
{
	struct stream *s = *state;
	char *printed, *line;
	unsigned int i, lines = 0;

	for (i = 2; i < 1002; i++)
		make(s, i, FUTURE(9));
	for (i = 2; i < 1002; i++)
		ask(s, TASK(i), 0);
	for (i = 2; i < 1002; i++) {
		s->now_ns += MS;
		deliver(s, i);
		done(s, i, i == 500 ? 0 : AT_CANCELLED, 0);
	}
	detach(s, 0, 0, 0);
	printed = view_prints(&view_cancel, s, none);
	for (line = printed; (line = strchr(line, '\n')); line++)
		lines++;
	assert_int_equal(lines, 1 + 1 + 20 + 1 + 1 + 3);
	assert_non_null(strstr(printed, "   0.000000          -          -  storm      1000 at "
					"once, by Task-1 (main) at demo.c:33\n"));
	assert_non_null(strstr(printed, "   0.000000   499.0 ms   499.0 ms  swallowed  |- "
					"Task-500 (work): ran on for 0 ns, returned 0\n"));
	assert_non_null(strstr(printed, "   0.000000    1.000 s    1.000 s  cancelled  `- ... and "
					"979 more (work), all within 1.000 s\n"));
	assert_non_null(strstr(printed, "\n1000 requests: 999 cancelled, 1 swallowed, "));
	free(printed);
}

/* Who is asked again while the storm goes on stays where he is. */
static void storm__meets_another(void **state)
{
	struct stream *s = *state;

	make(s, 3, FUTURE(9));
	make(s, 2, GATHER(1));
	ask(s, TASK(3), 0);
	change(s, TASK(1), TASK(1), AT_YIELDED, 0);
	ask(s, TASK(2), 0);
	ask(s, GATHER(1), TASK(2));
	ask(s, TASK(3), GATHER(1));
	deliver(s, 3);
	done(s, 3, AT_CANCELLED, -ECANCELED);
	deliver(s, 2);
	done(s, 2, AT_CANCELLED, -ECANCELED);
	assert_tells(
		s,
		"   0.000000       0 ns       0 ns  cancelled  Task-3 (work), asked 2 times, "
		"by Task-1 (main) at demo.c:33\n"
		"   0.000000       0 ns       0 ns  cancelled  Task-2 (work), by Task-1 (main) "
		"at demo.c:33\n"
		"   0.000000          -          -  passed on  `- gather 1\n",
		"2 requests: 2 cancelled, 0 swallowed, 0 timed out, 0 shielded, 0 refused, "
		"0 too late (1 passed on, 1 repeated)\n"
		"delivered after: p50 0 ns, p99 0 ns, max 0 ns\n"
		"gone after: p50 0 ns, p99 0 ns, max 0 ns\n");
}

/* Each asks the next, deeper than a line is wide. */
static void chain__has_an_end(void **state)
{
	struct stream *s = *state;
	char *printed;
	unsigned int i;

	for (i = 2; i < 202; i++)
		make(s, i, TASK(i + 1));
	ask(s, TASK(2), 0);
	for (i = 3; i < 202; i++)
		ask(s, TASK(i), TASK(i - 1));
	for (i = 201; i >= 2; i--) {
		deliver(s, i);
		done(s, i, AT_CANCELLED, -ECANCELED);
	}
	detach(s, 0, 0, 0);
	printed = view_prints(&view_cancel, s, none);
	assert_non_null(strstr(printed, "\n200 requests: 200 cancelled, "));
	assert_non_null(strstr(printed, "more (work)"));
	free(printed);
}

static void lost__is_not_guessed(void **state)
{
	struct stream *s = *state;

	make(s, 2, FUTURE(9));
	ask(s, TASK(2), 0);
	ask(s, TASK(99), 0);
	deliver(s, 2);
	push(s, AT_TASK_DONE, AT_CANCELLED, TASK(2), -ECANCELED, 0, 0);
	lose(s, 1);
	change(s, TASK(1), TASK(2), AT_ENDED, 0);
	assert_tells(s,
		     "   0.000000          -          -  storm      2 at once, by Task-1 (main) at "
		     "demo.c:33\n"
		     "   0.000000       0 ns          -  open       |- Task-2 (work): its end was "
		     "not seen\n"
		     "   0.000000          -          -  open       `- Task-99\n",
		     "2 requests: 0 cancelled, 0 swallowed, 0 timed out, 0 shielded, 0 refused, "
		     "0 too late, 2 open\n"
		     "delivered after: p50 0 ns, p99 0 ns, max 0 ns\n"
		     "lost 1 record, 0 dropped\n");
}

/* Requests that make no sense cost neither the tree nor the memory. */
static void nonsense__is_survived(void **state)
{
	struct stream *s = *state;
	uint64_t random = 1, type, id;
	char *printed;
	int i;

	for (i = 0; i < 20000; i++) {
		random = random * 6364136223846793005 + 1442695040888963407;
		type = random >> 60;
		id = random >> 40 & 15;
		s->now_ns += 1000;
		if (type < 4)
			make(s, 2 + id, TASK(2 + (random >> 50 & 15)));
		else if (type < 10)
			push(s, AT_TASK_CANCEL, random >> 44 & 7,
			     AT_ID(2 + 3 * (random >> 32 & 7), 2 + id), TASK(random >> 54 & 15), 0,
			     AT_ID(random >> 36 & 31, 2 + (random >> 50 & 15)));
		else if (type < 12)
			deliver(s, 2 + id);
		else if (type < 15)
			done(s, 2 + id, random >> 35 & 3, 0);
		else
			drop(s, 2);
	}
	printed = view_prints(&view_cancel, s, none);
	assert_non_null(strstr(printed, "requests: "));
	free(printed);
}

/* Whoever awaits a future is not looked for as often as somebody likes. */
static void future__cancelled_without_end_is_not_followed(void **state)
{
	struct stream *s = *state;
	unsigned int i;
	char *printed;

	for (i = 2; i < 2000; i++)
		make(s, i, FUTURE(9));
	for (i = 0; i < 1000; i++) {
		ask(s, FUTURE(9), 0);
		change(s, TASK(1), TASK(1), 0, 0);
	}
	printed = view_prints(&view_cancel, s, none);
	assert_non_null(strstr(printed, "too much at once"));
	free(printed);
}

static void nothing__is_one_line(void **state)
{
	assert_tells(*state, "",
		     "0 requests: 0 cancelled, 0 swallowed, 0 timed out, 0 shielded, 0 refused, "
		     "0 too late\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(cancelled__has_both_durations),
		TEST(swallowed__tells_how_it_went_on),
		TEST(open__is_told_at_the_end),
		TEST(refused__is_told_at_once),
		TEST(too_late__never_heard_of_it),
		TEST(not_begun__never_begins),
		TEST(timeout__is_no_swallowing),
		TEST(timeout__may_be_swallowed),
		TEST(timeout__may_come_too_late),
		TEST(timeout__within_a_cleaning_up),
		TEST(withdrawn__is_no_swallowing),
		TEST(swallowed__before_it_is_asked_again),
		TEST(future__takes_who_awaits_it_along),
		TEST(unasked__is_told_too),
		TEST(asked_before__has_no_durations),
		TEST(who__may_be_outside),
		TEST(too_late__is_not_guessed),
		TEST(shielded__names_who_goes_on),
		TEST(gather__is_a_tree),
		TEST(group__cancels_by_itself),
		TEST(clean_up__belongs_to_its_reason),
		TEST(storm__is_folded),
		TEST(storm__meets_another),
		TEST(chain__has_an_end),
		TEST(lost__is_not_guessed),
		TEST(nonsense__is_survived),
		TEST(future__cancelled_without_end_is_not_followed),
		TEST(nothing__is_one_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
