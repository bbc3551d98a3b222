/* SPDX-License-Identifier: BSD-2-Clause */
/* What a check finds, what it must not find, and how it says so. */
#include "printed.h"
#include <errno.h>
#include <stdlib.h>

#define MAIN	  0x1000
#define WORK	  0x2000
#define MADE_HERE 0x1010
#define MADE_TOO  0x1020

#define FOUND 3

#define SECOND 1000000000ULL

#define EVENT(number)  AT_ID(AT_EVENT, number)
#define GATHER(number) AT_ID(AT_GATHER, number)
#define WAIT(number)   AT_ID(AT_WAIT, number)
#define LOCK(number)   AT_ID(AT_LOCK, number)
#define TIMER(number)  AT_ID(AT_TIMER, number)

static int setup(void **state)
{
	struct stream *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->now_ns = 5 * SECOND;
	loop_start(s);
	function(s, MAIN, "main", "demo.c", 20, 0);
	function(s, WORK, "work", "demo.c", 7, 0);
	place(s, MADE_HERE, "main", "demo.c", 33);
	place(s, MADE_TOO, "main", "demo.c", 9);
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	stream_free(*state);
	free(*state);
	return 0;
}

static void assert_finds(struct stream *s, int status, const char *expected)
{
	detach(s, 0, 0, 0);
	assert_view_prints(&view_check, s, none, status, expected);
}

static void warn(struct stream *s, unsigned int kind, uint64_t address, uint64_t where,
		 const char *what)
{
	text(s, what);
	push(s, AT_WARNING, kind, 0, address, where, 0);
}

/* A task that runs for so long and then waits. */
static void make(struct stream *s, unsigned int number, uint64_t awaits)
{
	push(s, AT_TASK_CREATE, 0, TASK(number), WORK, LOOP(1), MADE_HERE);
	change(s, TASK(number), LOOP(1), AT_ITERATION, 0);
	push(s, AT_SWITCH, 0, LOOP(1), TASK(number), awaits, 0);
}

/* The loop goes to sleep once more. */
static void sleep_for_ever(struct stream *s, unsigned int flags, unsigned int timers)
{
	change(s, CALLBACK(0xcafe), LOOP(1), AT_ITERATION, 0);
	push(s, AT_SWITCH, AT_ENDED | flags, LOOP(1), CALLBACK(0xcafe), 0, timers);
	s->now_ns += SECOND;
}

/* Nobody is there to wake it. */
static void sleep_alone(struct stream *s)
{
	sleep_for_ever(s, AT_TASKS_ONLY | AT_ONE_THREAD, 0);
}

static void nothing__is_said(void **state)
{
	struct stream *s = *state;

	push(s, AT_TASK_CREATE, 0, TASK(1), MAIN, 0, 0);
	change(s, TASK(1), LOOP(1), AT_ITERATION, 0);
	begin(s, 1, MAIN);
	end(s, 1);
	push(s, AT_TASK_DONE, 0, TASK(1), 0, 0, 0);
	change(s, LOOP(1), TASK(1), AT_ENDED, 0);
	assert_finds(s, 0, "nothing found in 1 task, 1 coroutine\n");
}

static void warnings__are_merged_and_sorted(void **state)
{
	struct stream *s = *state;

	warn(s, AT_UNCLOSED, 0, 0, "unclosed transport <fd=7>");
	warn(s, 0, 0, 0, "something\nelse");
	warn(s, AT_NEVER_AWAITED, WORK, MADE_HERE, "coroutine 'work' was never awaited");
	warn(s, AT_NEVER_AWAITED, WORK, MADE_TOO, "coroutine 'work' was never awaited");
	warn(s, AT_NEVER_AWAITED, WORK, MADE_HERE, "coroutine 'work' was never awaited");
	warn(s, AT_NEVER_AWAITED, MAIN, MADE_HERE, "coroutine 'main' was never awaited");
	warn(s, AT_DESTROYED_PENDING, WORK, 0xdead, "Task was destroyed but it is pending!");
	assert_finds(s, FOUND,
		     "demo.c:9: error: coroutine 'work' was never awaited\n"
		     "    defined at demo.c:7\n"
		     "    await it, or make it a task with async_create_task()\n"
		     "demo.c:33: error: coroutine 'main' was never awaited\n"
		     "    defined at demo.c:20\n"
		     "    await it, or make it a task with async_create_task()\n"
		     "demo.c:33: error: coroutine 'work' was never awaited (2 times)\n"
		     "    defined at demo.c:7\n"
		     "    await it, or make it a task with async_create_task()\n"
		     "demo.c:7: error: Task was destroyed but it is pending!\n"
		     "    await it, or cancel and await it, before its loop is closed\n"
		     "warning: unclosed transport <fd=7>\n"
		     "    close it when it is no longer used\n"
		     "warning: something\\nelse\n"
		     "4 errors, 2 warnings in 0 tasks, 0 coroutines\n");
}

static void warn_of_task(struct stream *s, unsigned int kind, unsigned int number, const char *what)
{
	text(s, what);
	push(s, AT_WARNING, kind, TASK(number), WORK, MADE_HERE, 0);
}

static void fail_task(struct stream *s, unsigned int number)
{
	push(s, AT_TASK_CREATE, 0, TASK(number), WORK, LOOP(1), MADE_HERE);
	change(s, TASK(number), LOOP(1), AT_ITERATION, 0);
	text(s, "no such key");
	push(s, AT_TASK_DONE, AT_FAILED, TASK(number), -ENOENT, 0, 0);
	change(s, LOOP(1), TASK(number), AT_ENDED, 0);
}

static void warnings__name_the_task(void **state)
{
	struct stream *s = *state;

	fail_task(s, 1);
	fail_task(s, 2);
	warn_of_task(s, AT_NEVER_RETRIEVED, 2, "Task exception was never retrieved");
	warn_of_task(s, AT_NEVER_RETRIEVED, 1, "Task exception was never retrieved");
	make(s, 3, EVENT(1));
	warn_of_task(s, AT_DESTROYED_PENDING, 3, "Task was destroyed but it is pending!");
	assert_finds(
		s, FOUND,
		"demo.c:33: error: Task exception was never retrieved (2 times)\n"
		"    first <Task finished name='Task-2' coro=<work() done, defined at demo.c:7> "
		"exception=ENOENT('no such key') created at demo.c:33>\n"
		"    defined at demo.c:7\n"
		"    await it, or look at its result when it is done\n"
		"demo.c:33: error: Task was destroyed but it is pending!\n"
		"    <Task pending name='Task-3' coro=<work() running, defined at demo.c:7> "
		"wait_for=<event 1> created at demo.c:33>\n"
		"    defined at demo.c:7\n"
		"    await it, or cancel and await it, before its loop is closed\n"
		"2 errors in 3 tasks, 0 coroutines\n");
}

/* Who failed long ago is not known any more, which does no harm. */
static void warnings__of_who_is_forgotten(void **state)
{
	struct stream *s = *state;
	unsigned int i;

	for (i = 1; i <= 300; i++)
		fail_task(s, i);
	warn_of_task(s, AT_NEVER_RETRIEVED, 1, "Task exception was never retrieved");
	assert_finds(s, FOUND,
		     "demo.c:33: error: Task exception was never retrieved\n"
		     "    defined at demo.c:7\n"
		     "    await it, or look at its result when it is done\n"
		     "1 error in 300 tasks, 0 coroutines\n");
}

static void step(struct stream *s, unsigned int number, uint64_t took_ns)
{
	change(s, TASK(number), LOOP(1), AT_ITERATION, 0);
	s->now_ns += took_ns;
}

static void never_yielded__is_one_long_step(void **state)
{
	struct stream *s = *state;
	unsigned int i;

	for (i = 1; i <= 3; i++)
		push(s, AT_TASK_CREATE, 0, TASK(i), WORK, LOOP(1), MADE_HERE);
	/* Not long enough. */
	step(s, 1, SECOND - 1);
	push(s, AT_TASK_DONE, 0, TASK(1), 0, 0, 0);
	change(s, LOOP(1), TASK(1), AT_ENDED, 0);
	/* It lets others run. */
	step(s, 2, SECOND);
	change(s, LOOP(1), TASK(2), AT_YIELDED, 0);
	step(s, 2, SECOND);
	push(s, AT_TASK_DONE, 0, TASK(2), 0, 0, 0);
	change(s, LOOP(1), TASK(2), AT_ENDED, 0);
	step(s, 3, SECOND + SECOND / 2);
	push(s, AT_TASK_DONE, 0, TASK(3), 0, 0, 0);
	change(s, LOOP(1), TASK(3), AT_ENDED, 0);
	assert_finds(s, FOUND,
		     "demo.c:33: warning: Task-3 (work) has never yielded (1.500 s)\n"
		     "    defined at demo.c:7\n"
		     "    give the work to async_run_in_executor(), or let others run with "
		     "async_sleep(0)\n"
		     "1 warning in 3 tasks, 0 coroutines\n");
}

static void never_yielded__may_still_run(void **state)
{
	struct stream *s = *state;

	push(s, AT_TASK_CREATE, 0, TASK(1), WORK, LOOP(1), MADE_HERE);
	step(s, 1, 2 * SECOND);
	detach(s, 0, 0, 0);
	assert_finds(s, FOUND,
		     "demo.c:33: warning: Task-1 (work) has never yielded (2.000 s)\n"
		     "    defined at demo.c:7\n"
		     "    give the work to async_run_in_executor(), or let others run with "
		     "async_sleep(0)\n"
		     "1 warning in 1 task, 0 coroutines\n");
}

static void spin(struct stream *s, unsigned int number, unsigned int times)
{
	push(s, AT_TASK_CREATE, 0, TASK(number), WORK, LOOP(1), MADE_HERE);
	for (; times; times--) {
		step(s, number, 1000);
		change(s, LOOP(1), TASK(number), AT_YIELDED, 0);
	}
}

static void self_wakes__need_many_wakeups(void **state)
{
	struct stream *s = *state;

	spin(s, 1, 999);
	spin(s, 2, 2000);
	assert_finds(s, FOUND,
		     "demo.c:33: warning: Task-2 (work) has woken itself for 2000 of its 2000 "
		     "wakeups (100 %)\n"
		     "    defined at demo.c:7\n"
		     "    wait for what it looks for, with an event, a queue or a future\n"
		     "1 warning in 2 tasks, 0 coroutines\n");
}

/* That is what who works for long is told to do. */
static void self_wakes__of_who_works_are_none(void **state)
{
	struct stream *s = *state;
	unsigned int times;

	push(s, AT_TASK_CREATE, 0, TASK(1), WORK, LOOP(1), MADE_HERE);
	for (times = 2000; times; times--) {
		step(s, 1, 500000);
		change(s, LOOP(1), TASK(1), AT_YIELDED, 0);
	}
	assert_finds(s, 0, "nothing found in 1 task, 0 coroutines\n");
}

#define CYCLE_ADVICE                                                                               \
	"    let one of them go on without the others: take locks in one order, or give a wait a " \
	"limit\n"

static void cycle__of_tasks_is_named(void **state)
{
	struct stream *s = *state;

	make(s, 1, TASK(2));
	make(s, 2, TASK(1));
	sleep_alone(s);
	assert_finds(s, FOUND,
		     "demo.c:33: error: Task-1 (work) waits for Task-2 (work), which waits for "
		     "Task-1 (work)\n"
		     "    defined at demo.c:7\n" CYCLE_ADVICE "1 error in 2 tasks, 0 coroutines\n");
}

#define MAY_END_ADVICE                                                                              \
	"    if nothing is to end it, let one of them go on without the others: take locks in one " \
	"order\n"

/* A limit of one of the waits, or who looks after them. */
static void cycle__that_a_timer_may_end_is_a_note(void **state)
{
	struct stream *s = *state;

	make(s, 1, TASK(1));
	sleep_for_ever(s, AT_TASKS_ONLY | AT_ONE_THREAD, 1);
	assert_finds(s, 0,
		     "demo.c:33: note: Task-1 (work) waits for Task-1 (work), unless something "
		     "else ends it\n"
		     "    defined at demo.c:7\n" MAY_END_ADVICE "1 note in 1 task, 0 coroutines\n");
}

/* If that one fails, its group cancels the others. */
static void cycle__that_a_sibling_may_end_is_a_note(void **state)
{
	struct stream *s = *state;

	make(s, 2, TASK(1));
	make(s, 3, AT_ID(AT_READ, 5));
	push(s, AT_DEPENDS, 0, AT_ID(AT_GROUP, 1), TASK(2), 0, 0);
	push(s, AT_DEPENDS, 0, AT_ID(AT_GROUP, 1), TASK(3), 0, 0);
	make(s, 1, AT_ID(AT_GROUP, 1));
	sleep_alone(s);
	assert_finds(s, 0,
		     "demo.c:33: note: Task-1 (work) waits for group 1, of which one waits for "
		     "Task-2 (work), which waits for Task-1 (work), unless something else ends "
		     "it\n"
		     "    defined at demo.c:7\n" MAY_END_ADVICE
		     "1 note in 3 tasks, 0 coroutines\n");
}

/* A thread that has called the loop before may do so again. */
static void cycle__that_a_thread_may_end_is_a_note(void **state)
{
	struct stream *s = *state;

	make(s, 1, TASK(1));
	sleep_for_ever(s, AT_TASKS_ONLY, 0);
	change(s, CALLBACK(0xcafe), LOOP(1), AT_ITERATION, s->now_ns);
	push(s, AT_SWITCH, AT_ENDED | AT_TASKS_ONLY, LOOP(1), CALLBACK(0xcafe), 0, 0);
	s->now_ns += SECOND;
	assert_finds(s, 0,
		     "demo.c:33: note: Task-1 (work) waits for Task-1 (work), unless something "
		     "else ends it\n"
		     "    defined at demo.c:7\n" MAY_END_ADVICE "1 note in 1 task, 0 coroutines\n");
}

/* They were made at the same place, and each is one to look at. */
static void cycles__are_told_each(void **state)
{
	struct stream *s = *state;

	make(s, 1, TASK(1));
	make(s, 2, TASK(2));
	sleep_alone(s);
	assert_finds(s, FOUND,
		     "demo.c:33: error: Task-1 (work) waits for Task-1 (work)\n"
		     "    defined at demo.c:7\n" CYCLE_ADVICE
		     "demo.c:33: error: Task-2 (work) waits for Task-2 (work)\n"
		     "    defined at demo.c:7\n" CYCLE_ADVICE
		     "2 errors in 2 tasks, 0 coroutines\n");
}

static void cycle__through_a_gather_is_named(void **state)
{
	struct stream *s = *state;

	make(s, 2, TASK(1));
	push(s, AT_DEPENDS, 0, GATHER(1), TASK(2), 0, 0);
	make(s, 1, GATHER(1));
	sleep_alone(s);
	assert_finds(s, FOUND,
		     "demo.c:33: error: Task-1 (work) waits for gather 1, of which one waits for "
		     "Task-2 (work), which waits for Task-1 (work)\n"
		     "    defined at demo.c:7\n" CYCLE_ADVICE "1 error in 2 tasks, 0 coroutines\n");
}

static void cycle__through_one_of_several_is_none(void **state)
{
	struct stream *s = *state;

	make(s, 2, TASK(1));
	make(s, 3, TIMER(1));
	push(s, AT_DEPENDS, 0, WAIT(1), TASK(2), 0, 0);
	push(s, AT_DEPENDS, 0, WAIT(1), TASK(3), 0, 0);
	make(s, 1, WAIT(1));
	assert_finds(s, 0, "nothing found in 3 tasks, 0 coroutines\n");
}

/* Others that it waits for need not be tasks, and so are not known. */
static void cycle__through_a_wait_is_none(void **state)
{
	struct stream *s = *state;

	make(s, 2, TASK(1));
	push(s, AT_DEPENDS, 0, WAIT(1), TASK(2), 0, 0);
	push(s, AT_DEPENDS, 0, WAIT(1), FUTURE(1), 0, 0);
	make(s, 1, WAIT(1));
	sleep_for_ever(s, AT_ONE_THREAD, 0);
	assert_finds(s, 0, "nothing found in 2 tasks, 0 coroutines\n");
}

static void stuck__may_be_a_wait(void **state)
{
	struct stream *s = *state;

	make(s, 2, TASK(1));
	push(s, AT_DEPENDS, 0, WAIT(1), TASK(2), 0, 0);
	make(s, 1, WAIT(1));
	sleep_alone(s);
	assert_finds(s, FOUND,
		     "demo.c:33: error: nothing but a signal can wake loop 1 any more: Task-2 "
		     "(work) waits for Task-1 (work), Task-1 (work) waits for wait 1\n"
		     "    defined at demo.c:7\n"
		     "    look for who was to end these waits, and did not\n"
		     "1 error in 2 tasks, 0 coroutines\n");
}

static void cycle__that_was_resolved_is_none(void **state)
{
	struct stream *s = *state;

	make(s, 1, TASK(2));
	make(s, 2, TASK(1));
	push(s, AT_SWITCH, AT_DELIVERS, TASK(2), LOOP(1), 0, 0);
	push(s, AT_TASK_DONE, AT_CANCELLED, TASK(2), -ECANCELED, 0, 0);
	change(s, LOOP(1), TASK(2), AT_ENDED, 0);
	assert_finds(s, 0, "nothing found in 2 tasks, 0 coroutines\n");
}

static void cycle__of_locks_is_named(void **state)
{
	struct stream *s = *state;

	push(s, AT_DEPENDS, AT_HOLDER, LOCK(1), TASK(2), 0, 0);
	make(s, 1, LOCK(1));
	push(s, AT_DEPENDS, AT_HOLDER, LOCK(2), TASK(1), 0, 0);
	make(s, 2, LOCK(2));
	sleep_alone(s);
	assert_finds(s, FOUND,
		     "demo.c:33: error: Task-1 (work) waits for lock 1, held by Task-2 (work), "
		     "which waits for lock 2, held by Task-1 (work)\n"
		     "    defined at demo.c:7\n" CYCLE_ADVICE "1 error in 2 tasks, 0 coroutines\n");
}

static void lock__of_a_task_that_is_gone(void **state)
{
	struct stream *s = *state;

	push(s, AT_DEPENDS, AT_HOLDER, LOCK(1), TASK(9), 0, 0);
	make(s, 1, LOCK(1));
	sleep_for_ever(s, AT_TASKS_ONLY | AT_ONE_THREAD, 0);
	assert_finds(s, FOUND,
		     "demo.c:33: error: Task-1 (work) waits for lock 1, held by Task-9, which is "
		     "gone\n"
		     "    defined at demo.c:7\n"
		     "    release it on every way out of the task\n"
		     "1 error in 1 task, 0 coroutines\n");
}

/* Locks know no owner: others may release it. */
static void lock__of_a_task_that_is_gone_may_be_released(void **state)
{
	struct stream *s = *state;

	push(s, AT_DEPENDS, AT_HOLDER, LOCK(1), TASK(9), 0, 0);
	make(s, 1, LOCK(1));
	make(s, 2, TIMER(1));
	sleep_for_ever(s, AT_TASKS_ONLY | AT_ONE_THREAD, 1);
	assert_finds(s, 0,
		     "demo.c:33: note: Task-1 (work) waits for lock 1, held by Task-9, which is "
		     "gone\n"
		     "    defined at demo.c:7\n"
		     "    if nobody else is to release it, release it on every way out of the "
		     "task\n"
		     "1 note in 2 tasks, 0 coroutines\n");
}

static void stuck__if_nothing_can_wake_the_loop(void **state)
{
	struct stream *s = *state;

	make(s, 1, EVENT(1));
	make(s, 2, FUTURE(3));
	sleep_for_ever(s, AT_TASKS_ONLY | AT_ONE_THREAD, 0);
	assert_finds(
		s, FOUND,
		"demo.c:33: error: nothing but a signal can wake loop 1 any more: Task-1 (work) waits for "
		"event 1, Task-2 (work) waits for future 3\n"
		"    defined at demo.c:7\n"
		"    look for who was to end these waits, and did not\n"
		"1 error in 2 tasks, 0 coroutines\n");
}

/* That may be meant so, and is no reason to fail. */
static void stuck__is_a_note_if_threads_are_there(void **state)
{
	struct stream *s = *state;

	make(s, 1, EVENT(1));
	sleep_for_ever(s, AT_TASKS_ONLY, 0);
	assert_finds(
		s, 0,
		"demo.c:33: note: nothing but a signal or another thread can wake loop 1 any more: "
		"Task-1 (work) waits for event 1\n"
		"    defined at demo.c:7\n"
		"    if neither was to end these waits, look for who was\n"
		"1 note in 1 task, 0 coroutines\n");
}

/* Who was called once while nothing else could wake it is called again. */
static void stuck__is_no_loop_that_is_called(void **state)
{
	struct stream *s = *state;

	make(s, 1, EVENT(1));
	sleep_for_ever(s, AT_TASKS_ONLY, 0);
	change(s, CALLBACK(0xcafe), LOOP(1), AT_ITERATION, s->now_ns);
	push(s, AT_SWITCH, AT_ENDED | AT_TASKS_ONLY, LOOP(1), CALLBACK(0xcafe), 0, 0);
	s->now_ns += SECOND;
	assert_finds(s, 0, "nothing found in 1 task, 0 coroutines\n");
}

/* A descriptor has woken it, and nobody has called. */
static void stuck__may_have_read_before(void **state)
{
	struct stream *s = *state;

	make(s, 1, AT_ID(AT_READ, 5));
	sleep_for_ever(s, AT_TASKS_ONLY, 0);
	change(s, TASK(1), LOOP(1), AT_ITERATION, s->now_ns);
	push(s, AT_SWITCH, AT_TASKS_ONLY, LOOP(1), TASK(1), EVENT(1), 0);
	s->now_ns += SECOND;
	assert_finds(s, 0,
		     "demo.c:33: note: nothing but a signal or another thread can wake loop 1 any "
		     "more: Task-1 (work) waits for event 1\n"
		     "    defined at demo.c:7\n"
		     "    if neither was to end these waits, look for who was\n"
		     "1 note in 1 task, 0 coroutines\n");
}

/* They run the same code, and each is one to look at. */
static void stuck__are_told_each(void **state)
{
	struct stream *s = *state;

	make(s, 1, EVENT(1));
	sleep_alone(s);
	s->thread = 1;
	push(s, AT_LOOP_START, 0, LOOP(2), 0, 0, 0);
	push(s, AT_TASK_CREATE, 0, TASK(2), WORK, LOOP(2), MADE_HERE);
	change(s, TASK(2), LOOP(2), AT_ITERATION, 0);
	push(s, AT_SWITCH, AT_TASKS_ONLY | AT_ONE_THREAD, LOOP(2), TASK(2), EVENT(2), 0);
	s->now_ns += SECOND;
	s->thread = 0;
	assert_finds(s, FOUND,
		     "demo.c:33: error: nothing but a signal can wake loop 1 any more: Task-1 "
		     "(work) waits for event 1\n"
		     "    defined at demo.c:7\n"
		     "    look for who was to end these waits, and did not\n"
		     "demo.c:33: error: nothing but a signal can wake loop 2 any more: Task-2 "
		     "(work) waits for event 2\n"
		     "    defined at demo.c:7\n"
		     "    look for who was to end these waits, and did not\n"
		     "2 errors in 2 tasks, 0 coroutines\n");
}

static void stuck__is_nobody_who_waits_for_the_outside(void **state)
{
	struct stream *s = *state;

	make(s, 1, EVENT(1));
	make(s, 2, AT_ID(AT_READ, 5));
	sleep_for_ever(s, AT_TASKS_ONLY | AT_ONE_THREAD, 0);
	assert_finds(s, 0, "nothing found in 2 tasks, 0 coroutines\n");
}

static void stuck__is_no_loop_with_a_timer(void **state)
{
	struct stream *s = *state;

	make(s, 1, EVENT(1));
	sleep_for_ever(s, AT_TASKS_ONLY | AT_ONE_THREAD, 1);
	assert_finds(s, 0, "nothing found in 1 task, 0 coroutines\n");
}

static void stuck__is_no_loop_that_watches(void **state)
{
	struct stream *s = *state;

	make(s, 1, EVENT(1));
	sleep_alone(s);
	sleep_for_ever(s, 0, 0);
	assert_finds(s, 0, "nothing found in 1 task, 0 coroutines\n");
}

static void lost__leaves_the_waits_unknown(void **state)
{
	struct stream *s = *state;

	warn(s, AT_UNCLOSED, 0, 0, "unclosed transport <fd=7>");
	push(s, AT_TASK_CREATE, 0, TASK(3), WORK, LOOP(1), MADE_HERE);
	make(s, 1, TASK(2));
	make(s, 2, TASK(1));
	drop(s, 1);
	step(s, 3, 2 * SECOND);
	assert_finds(s, FOUND,
		     "warning: unclosed transport <fd=7>\n"
		     "    close it when it is no longer used\n"
		     "1 warning in 3 tasks, 0 coroutines\n"
		     "lost 1 record, 0 dropped\n"
		     "so there may be more to find, and who waits for whom is not known\n");
}

static void cut_off__leaves_the_waits_unknown(void **state)
{
	struct stream *s = *state;

	make(s, 1, TASK(2));
	make(s, 2, TASK(1));
	assert_view_prints(&view_check, s, none, 0,
			   "nothing found in 2 tasks, 0 coroutines\n"
			   "cut off: what came after the last record is not known\n"
			   "so there may be more to find, and who waits for whom is not known\n");
}

static void job__that_fails_is_noted(void **state)
{
	struct stream *s = *state;

	s->thread = 1;
	push(s, AT_JOB_BEGIN, 0, AT_ID(AT_JOB, 1), WORK, 101, 0);
	push(s, AT_JOB_END, 0, AT_ID(AT_JOB, 1), -ENOENT, 0, 0);
	push(s, AT_JOB_BEGIN, 0, AT_ID(AT_JOB, 2), WORK, 101, 0);
	push(s, AT_JOB_END, 0, AT_ID(AT_JOB, 2), 0, 0, 0);
	assert_finds(s, 0,
		     "demo.c:7: note: job 'work' failed with -ENOENT\n"
		     "    see that whoever awaits it expects that\n"
		     "1 note in 0 tasks, 0 coroutines\n");
}

/* A program that leaves a million things behind does not cost a million entries. */
static void findings__are_bounded(void **state)
{
	struct stream *s = *state;
	char what[AT_TEXT_MAX + 1], *printed;
	unsigned int i;
	int status;

	for (i = 0; i < 5000; i++) {
		snprintf(what, sizeof(what), "unclosed <fd=%u>", i);
		warn(s, AT_UNCLOSED, 0, 0, what);
	}
	detach(s, 0, 0, 0);
	printed = view_run(&view_check, s, none, &status).printed;
	assert_int_equal(status, FOUND);
	assert_non_null(strstr(printed, "\nand 4000 more\n"));
	free(printed);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing__is_said),
		TEST(warnings__are_merged_and_sorted),
		TEST(warnings__name_the_task),
		TEST(warnings__of_who_is_forgotten),
		TEST(never_yielded__is_one_long_step),
		TEST(never_yielded__may_still_run),
		TEST(self_wakes__need_many_wakeups),
		TEST(self_wakes__of_who_works_are_none),
		TEST(cycle__of_tasks_is_named),
		TEST(cycle__that_a_timer_may_end_is_a_note),
		TEST(cycle__that_a_sibling_may_end_is_a_note),
		TEST(cycle__that_a_thread_may_end_is_a_note),
		TEST(cycles__are_told_each),
		TEST(cycle__through_a_gather_is_named),
		TEST(cycle__through_one_of_several_is_none),
		TEST(cycle__through_a_wait_is_none),
		TEST(stuck__may_be_a_wait),
		TEST(cycle__that_was_resolved_is_none),
		TEST(cycle__of_locks_is_named),
		TEST(lock__of_a_task_that_is_gone),
		TEST(lock__of_a_task_that_is_gone_may_be_released),
		TEST(stuck__if_nothing_can_wake_the_loop),
		TEST(stuck__is_a_note_if_threads_are_there),
		TEST(stuck__is_no_loop_that_is_called),
		TEST(stuck__may_have_read_before),
		TEST(stuck__are_told_each),
		TEST(stuck__is_nobody_who_waits_for_the_outside),
		TEST(stuck__is_no_loop_with_a_timer),
		TEST(stuck__is_no_loop_that_watches),
		TEST(lost__leaves_the_waits_unknown),
		TEST(cut_off__leaves_the_waits_unknown),
		TEST(job__that_fails_is_noted),
		TEST(findings__are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
