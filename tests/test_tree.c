/* SPDX-License-Identifier: BSD-2-Clause */
/* The view tree, to the letter: who is below whom, what is folded, and cycles. */
#include "printed.h"
#include "system.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <tracer/formats/recording.h>
#include <tracer/views/view.h>

#include <cmocka.h>

#define MAIN  0x1000
#define FETCH 0x2000
#define READ  0x3000

#define SECOND	     1000000000ULL
#define TIMER(at_ns) AT_ID(AT_TIMER, (at_ns) / 1000)

static int ascii(void **state)
{
	(void)state;
	return setenv("LC_ALL", "C", 1);
}

static char *print(struct stream *stream, struct view_options options)
{
	stream_end(stream);
	return view_prints(&view_tree, stream, options);
}

static void assert_prints(struct stream *stream, const char *expected)
{
	stream_end(stream);
	assert_view_prints(&view_tree, stream, none, 0, expected);
}

/* A loop with these functions, at 10 s. */
static void start(struct stream *s)
{
	s->now_ns = 10 * SECOND;
	loop_start(s);
	function(s, MAIN, "main", "demo.c", 1, 0);
	function(s, FETCH, "fetch", "demo.c", 20, 0);
	function(s, READ, "read", "io.c", 30, 0);
}

/* A new task runs up to its await, which it stays in. */
static void task(struct stream *s, unsigned int number, uint64_t address, uint64_t awaits)
{
	push(s, AT_TASK_CREATE, 0, TASK(number), address, 0, 0);
	change(s, TASK(number), LOOP(1), 0, s->now_ns);
	begin(s, number, address);
	push(s, AT_SWITCH, 0, LOOP(1), TASK(number), awaits, 0);
}

static void depends(struct stream *s, uint64_t awaited, uint64_t on)
{
	push(s, AT_DEPENDS, 0, awaited, on, 0, 0);
}

static void hold(struct stream *s, uint64_t lock, uint64_t holder)
{
	push(s, AT_DEPENDS, AT_HOLDER, lock, holder, 0, 0);
}

static void nothing__is_said(void **state)
{
	struct stream s = { 0 };

	(void)state;
	push(&s, AT_ATTACH, 0, 0, 0, 0, 0);
	assert_prints(&s, "no task is known to be alive\n");
}

static void awaited__is_below(void **state)
{
	struct stream s = { 0 };

	(void)state;
	start(&s);
	task(&s, 1, MAIN, TASK(2));
	push(&s, AT_TASK_CREATE, 0, TASK(2), FETCH, TASK(1), 0);
	text(&s, "second\x1b");
	push(&s, AT_TASK_NAME, 0, TASK(2), 0, 0, 0);
	change(&s, TASK(2), LOOP(1), 0, s.now_ns);
	begin(&s, 2, FETCH);
	begin(&s, 3, READ);
	push(&s, AT_SWITCH, 0, TASK(3), TASK(2), AT_ID(AT_READ, 5), 0);
	push(&s, AT_TASK_CREATE, 0, TASK(4), FETCH, TASK(3), 0);
	s.now_ns += SECOND / 2;
	detach(&s, 0, 0, 0);
	assert_prints(
		&s,
		"loop 1 (thread 100): 4 tasks, 0 timers, 0 callbacks ready\n"
		"|-- Task-1: main demo.c:1, awaiting second\\x1b (fetch) for 500.0 ms\n"
		"|   `-- second\\x1b: fetch demo.c:20 -> read io.c:30, awaiting read of fd 5 for"
		" 500.0 ms\n"
		"|-- Task-3: 0x0, running for at least 500.0 ms\n"
		"`-- Task-4: fetch demo.c:20, ready for 500.0 ms\n");
}

/* Through gathers of gathers; one that nobody awaits is a root. */
static void gathered__is_below(void **state)
{
	uint64_t outer = AT_ID(AT_GATHER, 1), inner = AT_ID(AT_GATHER, 2),
		 group = AT_ID(AT_GROUP, 1);
	struct stream s = { 0 };

	(void)state;
	start(&s);
	task(&s, 1, MAIN, outer);
	task(&s, 2, FETCH, TIMER(s.now_ns + 3 * SECOND));
	task(&s, 3, FETCH, AT_ID(AT_EVENT, 1));
	task(&s, 4, READ, AT_ID(AT_EVENT, 1));
	depends(&s, inner, TASK(3));
	depends(&s, outer, inner);
	depends(&s, outer, TASK(2));
	depends(&s, group, TASK(4));
	s.now_ns += SECOND;
	detach(&s, 0, 0, 0);
	assert_prints(&s,
		      "loop 1 (thread 100): 4 tasks, 0 timers, 0 callbacks ready\n"
		      "|-- Task-1: main demo.c:1, awaiting gather 1 for 1.000 s\n"
		      "|   |-- Task-2: fetch demo.c:20, awaiting sleep for 1.000 s, 2.000 s left\n"
		      "|   `-- gather 2\n"
		      "|       `-- Task-3: fetch demo.c:20, awaiting event 1 for 1.000 s\n"
		      "`-- group 1, which nobody awaits now\n"
		      "    `-- Task-4: read io.c:30, awaiting event 1 for 1.000 s\n");
}

/* Two await the same: it is printed once. */
static void shared__is_printed_once(void **state)
{
	struct stream s = { 0 };

	(void)state;
	start(&s);
	task(&s, 1, MAIN, TASK(3));
	task(&s, 2, FETCH, TASK(3));
	task(&s, 3, READ, AT_ID(AT_QUEUE, 1));
	assert_prints(&s, "loop 1 (thread 100): 3 tasks, 0 timers, 0 callbacks ready\n"
			  "|-- Task-1: main demo.c:1, awaiting Task-3 (read) for 0 ns\n"
			  "|   `-- Task-3: read io.c:30, awaiting queue 1 for 0 ns\n"
			  "`-- Task-2: fetch demo.c:20, awaiting Task-3 (read) for 0 ns\n"
			  "    `-- Task-3 (read): see above\n");
}

static void existing__is_for_at_least(void **state)
{
	struct stream s = { .now_ns = 10 * SECOND };

	(void)state;
	push(&s, AT_STATE, 0, LOOP(1), 0, 0, 0);
	push(&s, AT_TASK_CREATE, AT_EXISTING, TASK(1), MAIN, 0, 0);
	push(&s, AT_SWITCH, AT_EXISTING, 0, TASK(1), TIMER(AT_ID_NUMBER), 0);
	push(&s, AT_STATE, AT_END, LOOP(1), 2, 1, 0);
	s.now_ns += SECOND / 20;
	detach(&s, 3, 0, 0);
	assert_prints(&s, "loop 1 (thread 100): 1 task, 1 timer, 2 callbacks ready\n"
			  "`-- Task-1: 0x1000, awaiting sleep\n"
			  "lost 3 records, 3 dropped\n");
	s.now_ns = 10 * SECOND;
	push(&s, AT_STATE, 0, LOOP(1), 0, 0, 0);
	push(&s, AT_TASK_CREATE, AT_EXISTING, TASK(1), MAIN, 0, 0);
	push(&s, AT_SWITCH, AT_EXISTING, 0, TASK(1), AT_ID(AT_LOCK, 1), 0);
	push(&s, AT_STATE, AT_END, LOOP(1), 0, 0, 0);
	s.now_ns += SECOND;
	detach(&s, 0, 0, 0);
	assert_prints(&s, "loop 1 (thread 100): 1 task, 0 timers, 0 callbacks ready\n"
			  "`-- Task-1: 0x1000, awaiting lock 1 for at least 1.000 s\n");
}

static void alike__are_folded(void **state)
{
	struct stream s = { 0 };
	unsigned int i;

	(void)state;
	start(&s);
	task(&s, 1, MAIN, AT_ID(AT_GATHER, 1));
	for (i = 2; i < 10002; i++) {
		task(&s, i, FETCH, AT_ID(AT_READ, i));
		depends(&s, AT_ID(AT_GATHER, 1), TASK(i));
	}
	task(&s, i, READ, AT_ID(AT_READ, 3));
	depends(&s, AT_ID(AT_GATHER, 1), TASK(i));
	assert_prints(&s, "loop 1 (thread 100): 10,002 tasks, 0 timers, 0 callbacks ready\n"
			  "`-- Task-1: main demo.c:1, awaiting gather 1 for 0 ns\n"
			  "    |-- Task-2: fetch demo.c:20, awaiting read of fd 2 for 0 ns\n"
			  "    |-- Task-3: fetch demo.c:20, awaiting read of fd 3 for 0 ns\n"
			  "    |-- Task-4: fetch demo.c:20, awaiting read of fd 4 for 0 ns\n"
			  "    |-- ... and 9,997 more like it: fetch, awaiting read\n"
			  "    `-- Task-10002: read io.c:30, awaiting read of fd 3 for 0 ns\n");
}

static void chain__leaves_out_its_middle(void **state)
{
	struct stream s = { 0 };
	unsigned int i;

	(void)state;
	start(&s);
	push(&s, AT_TASK_CREATE, 0, TASK(1), MAIN, 0, 0);
	change(&s, TASK(1), LOOP(1), 0, s.now_ns);
	begin(&s, 1, MAIN);
	for (i = 2; i < 1000; i++)
		begin(&s, i, FETCH);
	begin(&s, 1000, READ);
	assert_prints(&s,
		      "loop 1 (thread 100): 1 task, 0 timers, 0 callbacks ready\n"
		      "`-- Task-1: main demo.c:1 -> fetch demo.c:20 -> fetch demo.c:20"
		      " -> fetch demo.c:20 -> ... 992 more -> fetch demo.c:20 -> fetch demo.c:20"
		      " -> fetch demo.c:20 -> read io.c:30, running for 0 ns\n");
}

static void cycle__is_named_and_flat(void **state)
{
	struct stream s = { 0 };

	(void)state;
	start(&s);
	task(&s, 1, MAIN, TASK(2));
	task(&s, 2, FETCH, AT_ID(AT_GATHER, 1));
	task(&s, 3, READ, TASK(2));
	task(&s, 4, FETCH, AT_ID(AT_READ, 7));
	depends(&s, AT_ID(AT_GATHER, 1), TASK(3));
	depends(&s, AT_ID(AT_GATHER, 1), TASK(4));
	assert_prints(&s,
		      "loop 1 (thread 100): 4 tasks, 0 timers, 0 callbacks ready\n"
		      "|-- Task-1: main demo.c:1, awaiting Task-2 (fetch) for 0 ns\n"
		      "|   `-- Task-2 (fetch): in a cycle\n"
		      "|-- Task-2: fetch demo.c:20, awaiting gather 1 for 0 ns\n"
		      "|   `-- Task-4: fetch demo.c:20, awaiting read of fd 7 for 0 ns\n"
		      "`-- Task-3: read io.c:30, awaiting Task-2 (fetch) for 0 ns\n"
		      "await-graph contains cycles\n"
		      "cycle: Task-2 (fetch) awaits gather 1 -> Task-3 (read) -> Task-2 (fetch),"
		      " unless something else ends it\n");
}

static void deadlock__is_named(void **state)
{
	struct stream s = { 0 };

	(void)state;
	start(&s);
	hold(&s, AT_ID(AT_LOCK, 1), TASK(1));
	task(&s, 2, FETCH, AT_ID(AT_LOCK, 1));
	hold(&s, AT_ID(AT_LOCK, 2), TASK(2));
	task(&s, 1, MAIN, AT_ID(AT_LOCK, 2));
	hold(&s, AT_ID(AT_LOCK, 3), TASK(3));
	task(&s, 3, READ, AT_ID(AT_LOCK, 3));
	change(&s, LOOP(1), LOOP(1), AT_TASKS_ONLY, 0);
	assert_prints(
		&s,
		"loop 1 (thread 100): 3 tasks, 0 timers, 0 callbacks ready\n"
		"|-- Task-1: main demo.c:1, awaiting lock 2 (held by Task-2 (fetch)) for 0 ns\n"
		"|-- Task-2: fetch demo.c:20, awaiting lock 1 (held by Task-1 (main)) for 0 ns\n"
		"`-- Task-3: read io.c:30, awaiting lock 3 (held by itself) for 0 ns\n"
		"ERROR: await-graph contains cycles\n"
		"deadlock: Task-1 (main) awaits lock 2 -> Task-2 (fetch) awaits lock 1"
		" -> Task-1 (main)\n"
		"deadlock: Task-3 (read) awaits lock 3 -> Task-3 (read)\n");
}

/* A timer may be there to end it. */
static void deadlock__is_certain_or_a_cycle(void **state)
{
	struct stream s = { 0 };

	(void)state;
	start(&s);
	hold(&s, AT_ID(AT_LOCK, 1), TASK(1));
	task(&s, 1, MAIN, AT_ID(AT_LOCK, 1));
	change(&s, LOOP(1), LOOP(1), AT_TASKS_ONLY, 1);
	assert_prints(
		&s,
		"loop 1 (thread 100): 1 task, 1 timer, 0 callbacks ready\n"
		"`-- Task-1: main demo.c:1, awaiting lock 1 (held by itself) for 0 ns\n"
		"await-graph contains cycles\n"
		"cycle: Task-1 (main) awaits lock 1 -> Task-1 (main), unless something else ends"
		" it\n");
}

/* A cycle of a hundred thousand, and a chain as long: neither stack nor time runs out. */
static void long_chains__end(void **state)
{
	enum { COUNT = 100000 };
	struct stream s = { 0 };
	char *printed;
	unsigned int i;

	(void)state;
	start(&s);
	for (i = 1; i <= COUNT; i++)
		task(&s, i, FETCH, TASK(i < COUNT ? i + 1 : COUNT / 2));
	printed = print(&s, none);
	assert_non_null(strstr(printed, "loop 1 (thread 100): 100,000 tasks, "));
	assert_non_null(strstr(printed, " 49969 more -> Task-50000 (fetch), unless"
					" something else ends it\n"));
	free(printed);
	start(&s);
	for (i = 1; i <= COUNT; i++)
		task(&s, i, FETCH, TASK(i + 1));
	printed = print(&s, none);
	assert_non_null(strstr(printed, "`-- ...\n"));
	assert_null(strstr(printed, "cycle"));
	free(printed);
}

/* What came later is not known yet, and time has gone on to there. */
static void until__is_that_moment(void **state)
{
	char path[] = "/tmp/asynctrace.XXXXXX";
	struct program tracer = { 0 };
	struct recording *recording;
	struct stream s = { 0 };

	(void)state;
	start(&s);
	task(&s, 1, MAIN, AT_ID(AT_QUEUE, 1));
	s.now_ns += SECOND;
	task(&s, 2, FETCH, AT_ID(AT_QUEUE, 1));
	s.now_ns += SECOND;
	push(&s, AT_TASK_DONE, 0, TASK(1), 0, 0, 0);
	detach(&s, 4, 0, 0);
	close(mkstemp(path));
	assert_int_equal(recording_create(&recording, path), 0);
	recording_write(recording, s.events, s.count);
	assert_int_equal(recording_close(recording), 0);
	program_start(&tracer, "build/asynctrace tree --until 1500ms -i %s", path);
	program_wait(&tracer);
	assert_string_equal(tracer.out,
			    "loop 1 (thread 100): 2 tasks, 0 timers, 0 callbacks ready\n"
			    "|-- Task-1: main demo.c:1, awaiting queue 1 for 1.500 s\n"
			    "`-- Task-2: fetch demo.c:20, awaiting queue 1 for 500.0 ms\n"
			    "lost 4 records, 4 dropped\n");
	unlink(path);
	program_free(&tracer);
	stream_free(&s);
}

static void csv__has_a_row_per_task(void **state)
{
	struct stream s = { 0 };
	char *printed;

	(void)state;
	start(&s);
	hold(&s, AT_ID(AT_LOCK, 1), TASK(1));
	task(&s, 1, MAIN, TASK(2));
	push(&s, AT_TASK_CREATE, 0, TASK(2), FETCH, TASK(1), 0x99);
	text(&s, "=a,\"b\"");
	push(&s, AT_TASK_NAME, 0, TASK(2), 0, 0, 0);
	change(&s, TASK(2), LOOP(1), 0, s.now_ns);
	begin(&s, 2, FETCH);
	begin(&s, 3, READ);
	push(&s, AT_SWITCH, 0, LOOP(1), TASK(2), AT_ID(AT_LOCK, 1), 0);
	s.now_ns += SECOND;
	detach(&s, 0, 0, 0);
	printed = print(&s, (struct view_options){ .format = VIEW_CSV });
	assert_string_equal(
		printed,
		"task_id,name,process,thread,loop,state,since_ns,awaits_kind,awaits,held_by,"
		"awaited_by,coroutines,created_by,created_at,created_ns\r\n"
		"1,Task-1,42,100,1,awaiting,1000000000,task,\"'=a,\"\"b\"\" (fetch)\",,,main,,,"
		"10000000000\r\n"
		"2,\"'=a,\"\"b\"\"\",42,100,1,awaiting,1000000000,lock,lock 1,Task-1 (main),"
		"Task-1 (main),fetch;read,Task-1 (main),0x99,10000000000\r\n");
	free(printed);
}

static void unicode__draws_boxes(void **state)
{
	struct stream s = { 0 };
	char *printed;

	(void)state;
	start(&s);
	task(&s, 1, MAIN, TASK(2));
	task(&s, 2, FETCH, AT_ID(AT_QUEUE, 1));
	printed = print(&s, (struct view_options){ .colour = true, .unicode = true });
	assert_string_equal(printed, "loop 1 (thread 100): 2 tasks, 0 timers, 0 callbacks ready\n"
				     "└── \x1b[1mTask-1\x1b[0m: main \x1b[2mdemo.c:1\x1b[0m,"
				     " awaiting Task-2 (fetch) for 0 ns\n"
				     "    └── \x1b[1mTask-2\x1b[0m: fetch \x1b[2mdemo.c:20\x1b[0m,"
				     " awaiting queue 1 for 0 ns\n");
	free(printed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing__is_said),
		cmocka_unit_test(awaited__is_below),
		cmocka_unit_test(gathered__is_below),
		cmocka_unit_test(shared__is_printed_once),
		cmocka_unit_test(existing__is_for_at_least),
		cmocka_unit_test(alike__are_folded),
		cmocka_unit_test(chain__leaves_out_its_middle),
		cmocka_unit_test(cycle__is_named_and_flat),
		cmocka_unit_test(deadlock__is_named),
		cmocka_unit_test(deadlock__is_certain_or_a_cycle),
		cmocka_unit_test(long_chains__end),
		cmocka_unit_test(until__is_that_moment),
		cmocka_unit_test(csv__has_a_row_per_task),
		cmocka_unit_test(unicode__draws_boxes),
	};

	return cmocka_run_group_tests(tests, ascii, NULL);
}
