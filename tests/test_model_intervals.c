/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the model tells besides coroutines: intervals and who woke whom, cancellations, warnings,
 * who depends on whom. Each call is a line; a test compares the lines.
 */
#include "events.h"
#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#define MAIN	  0x1000
#define ON_TIMER  0x2000
#define LOCK(n)	  AT_ID(AT_LOCK, n)
#define GATHER(n) AT_ID(AT_GATHER, n)

struct log {
	struct model *model;
	struct stream stream;
	char *text;
	size_t size;
	FILE *out;
	struct model_times times; /* of the pieces */
};

static void print_id(FILE *out, const char *label, uint64_t id)
{
	static const char *const types[AT_TYPES_END] = {
		[AT_LOOP] = "loop",	      [AT_TASK] = "task",     [AT_CALLBACK] = "callback",
		[AT_COROUTINE] = "coroutine", [AT_FUTURE] = "future", [AT_LOCK] = "lock",
		[AT_GATHER] = "gather",	      [AT_JOB] = "job",
	};

	if (id)
		fprintf(out, " %s%s:%" PRIx64, label, types[AT_ID_TYPE(id)],
			(uint64_t)(id & AT_ID_NUMBER));
}

static void on_interval(void *view, const struct model_interval *interval)
{
	static const char *const kinds[] = { "step", "callback", "idle", "queue", "await", "job" };
	FILE *out = ((struct log *)view)->out;

	fputs(kinds[interval->kind], out);
	print_id(out, "", interval->id);
	fprintf(out, " %" PRIu64 "-%" PRIu64, interval->begin_ns, interval->end_ns);
	print_id(out, "of ", interval->awaits);
	print_id(out, "by ", interval->woken_by);
	if (interval->kind == MODEL_JOB && interval->result)
		fprintf(out, " = %" PRId64, interval->result);
	if (interval->task && interval->task->end)
		fprintf(out, " = %" PRId64, interval->task->end->result);
	fprintf(out, "%s%s%s\n", interval->existing ? " existing" : "",
		interval->open ? " open" : "", interval->torn ? " torn" : "");
}

static void on_task_begin(void *view, uint64_t now_ns, struct model_task *task)
{
	FILE *out = ((struct log *)view)->out;

	fprintf(out, "begin %s %" PRIu64, task->name, now_ns);
	print_id(out, "by ", task->creator);
	fputc('\n', out);
}

static void on_task_end(void *view, uint64_t now_ns, struct model_task *task)
{
	FILE *out = ((struct log *)view)->out;

	fprintf(out, "end %s %" PRIu64 "%s\n", task->name, now_ns, task->end ? "" : " open");
}

static void on_begin(void *view, uint64_t now_ns, struct model_coroutine *coroutine)
{
	FILE *out = ((struct log *)view)->out;

	(void)now_ns;
	fprintf(out, "begin %s() %" PRIu64 "\n", coroutine->function->name, coroutine->begun_ns);
}

static void on_end(void *view, uint64_t now_ns, struct model_coroutine *coroutine,
		   const struct model_end *end)
{
	FILE *out = ((struct log *)view)->out;

	(void)now_ns;
	fprintf(out, "end %s() %" PRIu64 "%s\n", coroutine->function->name, coroutine->ended_ns,
		end->outcome == MODEL_OPEN ? " open" : "");
}

static void on_time(void *view, struct model_task *task, enum model_state state, uint64_t begin_ns,
		    uint64_t end_ns)
{
	struct model_times *times = &((struct log *)view)->times;

	(void)task;
	if (state == MODEL_RUNNING)
		times->running += end_ns - begin_ns;
	else if (state == MODEL_READY)
		times->ready += end_ns - begin_ns;
	else
		times->awaiting += end_ns - begin_ns;
}

static void on_cancel(void *view, uint64_t now_ns, const struct model_cancel *cancel)
{
	FILE *out = ((struct log *)view)->out;

	fprintf(out, "cancel %" PRIu64, now_ns);
	print_id(out, "", cancel->subject);
	print_id(out, "by ", cancel->by);
	print_id(out, "through ", cancel->through);
	fprintf(out, " at %" PRIx64 "%s%s\n", cancel->place, cancel->task ? "" : " unknown",
		cancel->refused ? " refused" : "");
}

static void on_deliver(void *view, uint64_t now_ns, struct model_task *task)
{
	FILE *out = ((struct log *)view)->out;

	fprintf(out, "deliver %s %" PRIu64, task->name, now_ns);
	print_id(out, "by ", task->cancelled_by);
	fputc('\n', out);
}

static void on_warning(void *view, uint64_t now_ns, const struct model_warning *warning)
{
	FILE *out = ((struct log *)view)->out;

	fprintf(out, "warning %u %" PRIu64, warning->kind, now_ns);
	print_id(out, "of ", warning->subject);
	fprintf(out, " in %s at %" PRIx64 ": %s\n",
		warning->function ? warning->function->name : "-", warning->place,
		warning->text ? warning->text : "-");
}

static void on_lost(void *view, uint64_t begin_ns, uint64_t end_ns, uint32_t process,
		    uint32_t thread, uint64_t count)
{
	FILE *out = ((struct log *)view)->out;

	(void)process;
	fprintf(out, "lost %" PRIu64 " of %" PRIu32 " %" PRIu64 "-%" PRIu64 "\n", count, thread,
		begin_ns, end_ns);
}

static int setup(void **state)
{
	static const struct model_listener listener = {
		.task_begin = on_task_begin,
		.task_end = on_task_end,
		.begin = on_begin,
		.end = on_end,
		.time = on_time,
		.interval = on_interval,
		.cancel = on_cancel,
		.deliver = on_deliver,
		.warning = on_warning,
		.lost = on_lost,
	};
	struct log *log = calloc(1, sizeof(*log));

	assert_non_null(log);
	log->out = open_memstream(&log->text, &log->size);
	log->model = model_new(&listener, log);
	log->stream.now_ns = 1000;
	*state = log;
	return 0;
}

static int teardown(void **state)
{
	struct log *log = *state;

	model_free(log->model);
	stream_free(&log->stream);
	fclose(log->out);
	free(log->text);
	free(log);
	return 0;
}

/* All that was told since the last time. */
static void assert_told(struct log *log, const char *lines)
{
	feed(log->model, &log->stream);
	fflush(log->out);
	assert_string_equal(log->text, lines);
	rewind(log->out);
}

static void create(struct stream *s, unsigned int number, uint64_t creator)
{
	push(s, AT_TASK_CREATE, 0, TASK(number), MAIN, creator, 0);
}

static void done(struct stream *s, unsigned int number, int64_t result)
{
	push(s, AT_TASK_DONE, 0, TASK(number), result, 0, 0);
}

static void await(struct stream *s, uint64_t enters, uint64_t leaves, uint64_t awaits)
{
	push(s, AT_SWITCH, 0, enters, leaves, awaits, 0);
}

static void task__is_told_from_begin_to_end(void **state)
{
	struct log *log = *state;
	struct stream *s = &log->stream;

	loop_start(s);
	create(s, 1, LOOP(1));
	s->now_ns = 1010;
	change(s, TASK(1), LOOP(1), AT_ITERATION, 0);
	s->now_ns = 1030;
	await(s, LOOP(1), TASK(1), FUTURE(5));
	s->now_ns = 1100;
	change(s, TASK(1), LOOP(1), AT_ITERATION, 1070);
	s->now_ns = 1120;
	done(s, 1, 7);
	s->now_ns = 1125;
	change(s, LOOP(1), TASK(1), AT_ENDED, 0);
	assert_told(log, "begin Task-1 1000 by loop:1\n"
			 "idle loop:1 1000-1010\n"
			 "queue task:1 1000-1010 by loop:1\n"
			 "step task:1 1010-1030\n"
			 "idle loop:1 1030-1100\n"
			 "await task:1 1030-1070 of future:5 by loop:1\n"
			 "queue task:1 1070-1100 by loop:1\n"
			 "step task:1 1100-1120 = 7\n"
			 "end Task-1 1120\n");
	assert_int_equal(log->times.running, 40);
	assert_int_equal(log->times.ready, 40);
	assert_int_equal(log->times.awaiting, 40);
	assert_null(model_next_task(log->model, NULL));
	assert_int_equal(model_loops(log->model)->steps, 2);
}

/* Task 1 creates task 2, wakes it, and yields. */
static void waker__is_who_ran_then(void **state)
{
	struct log *log = *state;
	struct stream *s = &log->stream;

	loop_start(s);
	create(s, 1, 0);
	create(s, 2, 0);
	change(s, TASK(2), LOOP(1), AT_ITERATION, 0);
	s->now_ns = 1010;
	await(s, TASK(1), TASK(2), FUTURE(1));
	s->now_ns = 1050;
	change(s, TASK(2), TASK(1), AT_YIELDED, 1020);
	s->now_ns = 1060;
	await(s, CALLBACK(ON_TIMER), TASK(2), FUTURE(2));
	s->now_ns = 1070;
	change(s, TASK(1), CALLBACK(ON_TIMER), AT_ENDED, 1050);
	s->now_ns = 1080;
	await(s, TASK(2), TASK(1), FUTURE(3));
	s->events[s->count - 1].c = 1065;
	s->now_ns = 1081;
	change(s, TASK(2), TASK(2), AT_YIELDED, 1080);
	assert_told(log, "begin Task-1 1000\n"
			 "begin Task-2 1000\n"
			 "idle loop:1 1000-1000\n"
			 "step task:2 1000-1010\n"
			 "queue task:1 1000-1010\n"
			 "step task:1 1010-1050\n"
			 "await task:2 1010-1020 of future:1 by task:1\n"
			 "queue task:2 1020-1050 by task:1\n"
			 "step task:2 1050-1060\n"
			 "callback callback:2000 1060-1070\n"
			 "queue task:1 1050-1070 by task:1\n"
			 "step task:1 1070-1080\n"
			 "await task:2 1060-1065 of future:2 by callback:2000\n"
			 "queue task:2 1065-1080 by callback:2000\n"
			 "step task:2 1080-1081\n");
	assert_int_equal(model_find_task(log->model, 42, TASK(1))->self_wakes, 1);
	assert_int_equal(model_find_task(log->model, 42, TASK(1))->awaits, FUTURE(3));
	assert_int_equal(model_find_task(log->model, 42, TASK(1))->since_ns, 1080);
}

/* However long ago that was, but for what so many steps have pushed out. */
static void waker__is_found_among_many_steps(void **state)
{
	struct log *log = *state;
	struct stream *s = &log->stream;
	uint64_t i, last = LOOP(1);

	loop_start(s);
	create(s, 1, 0);
	create(s, 2, 0);
	change(s, TASK(1), LOOP(1), AT_ITERATION, 0);
	await(s, TASK(2), TASK(1), FUTURE(1));
	await(s, LOOP(1), TASK(2), FUTURE(2));
	for (i = 1; i <= 5000; i++) {
		s->now_ns = 1000 + 10 * i;
		change(s, CALLBACK(0x10000 + i), last, 0, 0);
		last = CALLBACK(0x10000 + i);
		if (i == 500) {
			s->now_ns += 5;
			change(s, TASK(1), last, 0, 1032);
			await(s, LOOP(1), TASK(1), FUTURE(3));
			last = LOOP(1);
		}
	}
	feed(log->model, s);
	fflush(log->out);
	assert_non_null(
		strstr(log->text, "await task:1 1000-1032 of future:1 by callback:10003\n"));
	change(s, TASK(1), last, 0, 1000 + 10 * 600 + 3);
	await(s, TASK(2), TASK(1), FUTURE(4));
	s->events[s->count - 1].c = 1000 + 10 * 4990 + 3;
	feed(log->model, s);
	fflush(log->out);
	assert_non_null(strstr(log->text, "await task:1 6005-7003 of future:3\n"));
	assert_non_null(strstr(log->text, "of future:2 by callback:1137e\n"));
}

/* A thread that ran a loop is as good as gone. */
static void threads__keep_little(void **state)
{
	struct log *log = *state;
	struct stream *s = &log->stream;
	size_t before = 0, k;
	unsigned int i;

	for (i = 0; i < 2000; i++) {
		s->now_ns += 10;
		s->sequences[0] = 0;
		loop_start(s);
		text(s, "a name");
		push(s, AT_LOOP_STOP, 0, LOOP(1), 0, 0, 0);
		for (k = 0; k < s->count; k++)
			s->events[k].thread = 1000 + i;
		feed(log->model, s);
		if (i == 999)
			before = mallinfo2().uordblks;
	}
	assert_true(mallinfo2().uordblks - before < 1000 * 1000);
}

/* At the ns of its own step it was somebody before that step. */
static void waker__is_not_the_step_that_begins(void **state)
{
	struct log *log = *state;
	struct stream *s = &log->stream;

	loop_start(s);
	create(s, 1, 0);
	change(s, TASK(1), LOOP(1), AT_ITERATION, 0);
	s->now_ns = 1010;
	await(s, LOOP(1), TASK(1), FUTURE(1));
	s->now_ns = 1050;
	change(s, TASK(1), LOOP(1), AT_ITERATION, 1050);
	assert_told(log, "begin Task-1 1000\n"
			 "idle loop:1 1000-1000\n"
			 "step task:1 1000-1010\n"
			 "idle loop:1 1010-1050\n"
			 "await task:1 1010-1050 of future:1 by loop:1\n");
	assert_int_equal(model_find_task(log->model, 42, TASK(1))->self_wakes, 0);
}

static void hole__tears_what_it_is_in(void **state)
{
	struct log *log = *state;
	struct stream *s = &log->stream;

	loop_start(s);
	create(s, 1, 0);
	change(s, TASK(1), LOOP(1), AT_ITERATION, 0);
	change(s, LOOP(1), TASK(1), 0, 0);
	change(s, TASK(1), LOOP(1), 0, 0);
	lose(s, 2);
	s->now_ns = 1500;
	await(s, LOOP(1), TASK(1), FUTURE(1));
	assert_told(log, "begin Task-1 1000\n"
			 "idle loop:1 1000-1000\n"
			 "lost 2 of 100 1000-1500\n"
			 "step task:1 1000-1500 torn\n");
}

static void finish__leaves_open_what_is_not_over(void **state)
{
	struct log *log = *state;
	struct stream *s = &log->stream;

	loop_start(s);
	create(s, 1, 0);
	create(s, 2, 0);
	change(s, TASK(1), LOOP(1), AT_ITERATION, 0);
	s->now_ns = 1100;
	await(s, CALLBACK(ON_TIMER), TASK(1), LOCK(1));
	s->now_ns = 1150;
	s->thread = 1;
	push(s, AT_JOB_BEGIN, 0, AT_ID(AT_JOB, 1), MAIN, 101, 1100);
	s->now_ns = 1200;
	push(s, AT_JOB_END, 0, AT_ID(AT_JOB, 1), -EIO, 0, 0);
	push(s, AT_JOB_BEGIN, 0, AT_ID(AT_JOB, 2), MAIN, 101, 1100);
	s->now_ns = 1250;
	detach(s, 0, 0, 0);
	feed(log->model, s);
	model_finish(log->model);
	model_finish(log->model);
	assert_told(log, "begin Task-1 1000\n"
			 "begin Task-2 1000\n"
			 "idle loop:1 1000-1000\n"
			 "step task:1 1000-1100\n"
			 "job job:1 1150-1200 = -5\n"
			 "callback callback:2000 1100-1250 open\n"
			 "job job:2 1200-1250 open\n"
			 "await task:1 1100-1250 of lock:1 open\n"
			 "queue task:2 1000-1250 open\n"
			 "end Task-1 1250 open\n"
			 "end Task-2 1250 open\n");
	assert_int_equal(model_find_task(log->model, 42, TASK(1))->state, MODEL_AWAITING);
}

/* Of whom they were is not known. */
static void drops__without_a_hole_tear_the_end(void **state)
{
	struct log *log = *state;
	struct stream *s = &log->stream;

	loop_start(s);
	create(s, 1, 0);
	create(s, 2, 0);
	change(s, TASK(1), LOOP(1), AT_ITERATION, 0);
	s->now_ns = 1250;
	detach(s, 3, 0, 0);
	feed(log->model, s);
	model_finish(log->model);
	assert_told(log, "begin Task-1 1000\n"
			 "begin Task-2 1000\n"
			 "idle loop:1 1000-1000\n"
			 "step task:1 1000-1250 open torn\n"
			 "queue task:2 1000-1250 open torn\n"
			 "end Task-1 1250 open\n"
			 "end Task-2 1250 open\n");
}

static void existing_task__is_told_where_it_is(void **state)
{
	struct log *log = *state;
	struct stream *s = &log->stream;

	push(s, AT_STATE, 0, LOOP(1), 0, 0, 0);
	push(s, AT_TASK_CREATE, AT_EXISTING, TASK(1), MAIN, 0, 0);
	push(s, AT_SWITCH, AT_EXISTING, 0, TASK(1), LOCK(1), 0);
	push(s, AT_STATE, AT_END, LOOP(1), 4, 3, 0);
	assert_told(log, "begin Task-1 1000\n");
	assert_int_equal(model_find_task(log->model, 42, TASK(1))->awaits, LOCK(1));
	assert_int_equal(model_loops(log->model)->callbacks, 4);
	assert_int_equal(model_loops(log->model)->timers, 3);
	s->now_ns = 1500;
	change(s, TASK(1), LOOP(1), AT_ITERATION, 1400);
	assert_told(log, "idle loop:1 1000-1500\n"
			 "await task:1 1000-1400 of lock:1 by loop:1 existing\n"
			 "queue task:1 1400-1500 by loop:1\n");
}

/* Its records take a while; coroutines are around what their task does, from begin to end. */
static void existing_coroutines__are_around_intervals(void **state)
{
	struct log *log = *state;
	struct stream *s = &log->stream;
	unsigned int i;

	push(s, AT_STATE, 0, LOOP(1), 0, 0, 0);
	for (i = 1; i <= 2; i++) {
		s->now_ns += 10;
		push(s, AT_TASK_CREATE, AT_EXISTING, TASK(i), MAIN, 0, 0);
		s->now_ns += 10;
		push(s, AT_COROUTINE_BEGIN, AT_EXISTING, COROUTINE(i), MAIN, 0, 0);
		s->now_ns += 10;
		push(s, AT_SWITCH, AT_EXISTING | (i == 2 ? AT_YIELDED : 0), 0, TASK(i),
		     i == 2 ? 0 : FUTURE(1), 0);
	}
	push(s, AT_STATE, AT_END, LOOP(1), 1, 0, 0);
	s->now_ns = 1100;
	feed(log->model, s);
	s->now_ns = 1200;
	change(s, TASK(2), LOOP(1), AT_ITERATION, 0);
	s->now_ns = 1250;
	await(s, LOOP(1), TASK(2), FUTURE(2));
	s->now_ns = 1300;
	detach(s, 0, 0, 0);
	feed(log->model, s);
	model_finish(log->model);
	assert_told(log, "begin Task-1 1010\n"
			 "begin 0x1000() 1010\n"
			 "begin Task-2 1040\n"
			 "begin 0x1000() 1040\n"
			 "idle loop:1 1000-1200\n"
			 "queue task:2 1040-1200 existing\n"
			 "step task:2 1200-1250\n"
			 "idle loop:1 1250-1300 open\n"
			 "await task:1 1010-1300 of future:1 existing open\n"
			 "await task:2 1250-1300 of future:2 open\n"
			 "end 0x1000() 1300 open\n"
			 "end 0x1000() 1300 open\n"
			 "end Task-1 1300 open\n"
			 "end Task-2 1300 open\n");
	assert_int_equal(log->times.running, 50);
	assert_int_equal(log->times.ready, 160);
	assert_int_equal(log->times.awaiting, 290 + 50);
}

static void cancel__is_told_and_delivered(void **state)
{
	struct log *log = *state;
	struct stream *s = &log->stream;

	loop_start(s);
	create(s, 1, 0);
	change(s, LOOP(1), LOOP(1), AT_ITERATION, 0);
	push(s, AT_TASK_CANCEL, 0, GATHER(2), TASK(9), 0xbeef, TASK(8));
	push(s, AT_TASK_CANCEL, 0, TASK(1), TASK(9), 0xbeef, GATHER(2));
	push(s, AT_TASK_CANCEL, AT_REFUSED, TASK(3), TASK(1), 0xbeef, 0);
	s->now_ns = 1100;
	change(s, TASK(1), LOOP(1), AT_DELIVERS, 1000);
	assert_told(log, "begin Task-1 1000\n"
			 "idle loop:1 1000-1000\n"
			 "cancel 1000 gather:2 by task:9 through task:8 at beef unknown\n"
			 "cancel 1000 task:1 by task:9 through gather:2 at beef\n"
			 "cancel 1000 task:3 by task:1 at beef unknown refused\n"
			 "idle loop:1 1000-1100\n"
			 "queue task:1 1000-1100\n"
			 "deliver Task-1 1100 by task:9\n");
}

/*
 * A coroutine that is forgotten where no loop ever runs; and the rest of one that has begun before.
 */
static void warning__needs_no_loop(void **state)
{
	struct log *log = *state;
	struct stream *s = &log->stream;

	function(s, MAIN, "main", "demo.c", 20, 0);
	text(s, "coroutine 'main' was never awaited");
	push(s, AT_WARNING, AT_NEVER_AWAITED, COROUTINE(1), MAIN, 0xbeef, 0);
	s->thread = 1;
	s->sequences[1] = 900;
	text(s, "(second piece of a text)");
	push(s, AT_WARNING, AT_UNCLOSED, 0, 0, 0, 0);
	push(s, AT_TASK_CREATE, 0, TASK(1), MAIN, 0, 0);
	text(s, "unclosed loop");
	push(s, AT_WARNING, AT_UNCLOSED, 0, 0, 0, 0);
	assert_told(log,
		    "warning 1 1000 of coroutine:1 in main at beef: coroutine 'main' was never "
		    "awaited\n"
		    "warning 4 1000 in - at 0: -\n"
		    "warning 4 1000 in - at 0: unclosed loop\n");
}

static void warning__has_function_place_and_text(void **state)
{
	struct log *log = *state;
	struct stream *s = &log->stream;

	loop_start(s);
	function(s, MAIN, "main", "main.c", 1, 0);
	text(s, "coroutine 'main' was never awaited");
	push(s, AT_WARNING, AT_NEVER_AWAITED, COROUTINE(1), MAIN, 0xbeef, 0);
	push(s, AT_WARNING, 0, 0, 0x9999, 0, 0);
	assert_told(log,
		    "warning 1 1000 of coroutine:1 in main at beef: coroutine 'main' was never "
		    "awaited\n"
		    "warning 0 1000 in - at 0: -\n");
}

static void child__knows_what_depends_on_it(void **state)
{
	struct log *log = *state;
	struct stream *s = &log->stream;
	const struct model_task *task;

	loop_start(s);
	create(s, 1, 0);
	create(s, 2, 0);
	push(s, AT_DEPENDS, 0, GATHER(1), TASK(1), 0, 0);
	push(s, AT_DEPENDS, 0, GATHER(1), TASK(2), 0, 0);
	push(s, AT_DEPENDS, 0, GATHER(1), TASK(2), 0, 0);
	push(s, AT_DEPENDS, 0, GATHER(2), GATHER(1), 0, 0);
	push(s, AT_DEPENDS, 0, GATHER(2), TASK(77), 0, 0);
	feed(log->model, s);
	task = model_find_task(log->model, 42, TASK(2));
	assert_int_equal(task->awaited_by_count, 1);
	assert_int_equal(task->awaited_by[0], GATHER(1));
	assert_int_equal(model_awaited_by(log->model, 42, GATHER(1)), GATHER(2));
	done(s, 1, 0);
	feed(log->model, s);
	assert_int_equal(model_awaited_by(log->model, 42, GATHER(1)), GATHER(2));
	done(s, 2, 0);
	feed(log->model, s);
	assert_int_equal(model_awaited_by(log->model, 42, GATHER(1)), 0);
}

static void holder__is_known_while_somebody_waits(void **state)
{
	struct log *log = *state;
	struct stream *s = &log->stream;

	loop_start(s);
	create(s, 1, 0);
	create(s, 2, 0);
	change(s, TASK(2), LOOP(1), AT_ITERATION, 0);
	push(s, AT_DEPENDS, AT_HOLDER, LOCK(1), TASK(1), 0, 0);
	await(s, LOOP(1), TASK(2), LOCK(1));
	feed(log->model, s);
	assert_int_equal(model_holder(log->model, 42, LOCK(1)), TASK(1));
	push(s, AT_DEPENDS, AT_HOLDER, LOCK(2), TASK(1), 0, 0);
	push(s, AT_DEPENDS, AT_HOLDER, LOCK(3), TASK(1), 0, 0);
	feed(log->model, s);
	assert_int_equal(model_holder(log->model, 42, LOCK(1)), TASK(1));
	assert_int_equal(model_holder(log->model, 42, LOCK(2)), 0);
	push(s, AT_DEPENDS, AT_HOLDER, LOCK(1), TASK(2), 0, 0);
	feed(log->model, s);
	assert_int_equal(model_holder(log->model, 42, LOCK(1)), TASK(2));
	change(s, TASK(2), LOOP(1), 0, 0);
	feed(log->model, s);
	assert_int_equal(model_holder(log->model, 42, LOCK(1)), 0);
}

static void place__is_what_the_tracer_found(void **state)
{
	struct log *log = *state;
	struct stream *s = &log->stream;
	size_t i;

	text(s, "main");
	text(s, "main.c");
	push(s, AT_PLACE, 0, 0xbeef, 33, 0, 0);
	for (i = 0; i < s->count; i++)
		s->events[i].thread = 0;
	feed(log->model, s);
	assert_null(model_find_place(log->model, 42, 0xbee0));
	assert_null(model_find_place(log->model, 43, 0xbeef));
	assert_string_equal(model_find_place(log->model, 42, 0xbeef)->function, "main");
	assert_string_equal(model_find_place(log->model, 42, 0xbeef)->file, "main.c");
	assert_int_equal(model_find_place(log->model, 42, 0xbeef)->line, 33);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(task__is_told_from_begin_to_end),
		TEST(waker__is_who_ran_then),
		TEST(waker__is_found_among_many_steps),
		TEST(threads__keep_little),
		TEST(waker__is_not_the_step_that_begins),
		TEST(hole__tears_what_it_is_in),
		TEST(finish__leaves_open_what_is_not_over),
		TEST(drops__without_a_hole_tear_the_end),
		TEST(existing_task__is_told_where_it_is),
		TEST(existing_coroutines__are_around_intervals),
		TEST(cancel__is_told_and_delivered),
		TEST(warning__needs_no_loop),
		TEST(warning__has_function_place_and_text),
		TEST(child__knows_what_depends_on_it),
		TEST(holder__is_known_while_somebody_waits),
		TEST(place__is_what_the_tracer_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
