/* SPDX-License-Identifier: BSD-2-Clause */
/* The model: what it makes of whole streams, of streams with holes, and of nonsense. */
#include "events.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#define MAIN  0x1000
#define DELAY 0x2000

/* What the listener was told of one coroutine, copied. */
struct seen {
	uint64_t id, task, awaiter;
	bool existing, ended, has_arguments;
	uint64_t arguments[AT_ARGUMENTS_MAX];
	char texts[AT_ARGUMENTS_MAX][AT_TEXT_MAX + 1], message[AT_TEXT_MAX + 1];
	bool cut[AT_ARGUMENTS_MAX], absent[AT_ARGUMENTS_MAX];
	struct model_coroutine coroutine;
	struct model_end end;
};

struct log {
	struct model *model;
	const struct model *opened;
	struct stream stream;
	struct seen seen[64];
	size_t count;
	uint64_t order[64]; /* ids, as they ended */
	size_t ended;
};

static struct seen *seen_of(struct log *log, uint64_t id)
{
	size_t i;

	for (i = 0; i < log->count; i++) {
		if (log->seen[i].id == id)
			return &log->seen[i];
	}
	return NULL;
}

static void on_open(void *view, const struct model *model)
{
	struct log *log = view;

	log->opened = model;
}

static void copy_arguments(struct seen *seen, const struct model_coroutine *coroutine)
{
	unsigned int i, type;

	seen->has_arguments = coroutine->arguments != NULL;
	for (i = 0; coroutine->arguments && i < AT_ARGUMENTS_MAX; i++) {
		type = coroutine->function->types >> 8 * i & 0xff;
		if (type == AT_ARGUMENT_STRING) {
			seen->absent[i] = !coroutine->texts[i];
			seen->cut[i] = coroutine->cut[i];
			if (coroutine->texts[i])
				strcpy(seen->texts[i], coroutine->texts[i]);
		} else if (type) {
			seen->arguments[i] = coroutine->arguments[i];
		}
	}
}

static void on_begin(void *view, uint64_t now_ns, struct model_coroutine *coroutine)
{
	struct log *log = view;
	struct seen *seen = &log->seen[log->count++];

	(void)now_ns;
	assert_true(log->count < 64);
	*seen = (struct seen){
		.id = coroutine->id & AT_ID_NUMBER,
		.existing = coroutine->existing,
		.task = coroutine->task ? coroutine->task->id & AT_ID_NUMBER : 0,
		.awaiter = coroutine->awaiter ? coroutine->awaiter->id & AT_ID_NUMBER : 0,
	};
	copy_arguments(seen, coroutine);
}

static void on_end(void *view, uint64_t now_ns, struct model_coroutine *coroutine,
		   const struct model_end *end)
{
	const struct model_times *times = &coroutine->times;
	struct log *log = view;
	struct seen *seen = seen_of(log, coroutine->id & AT_ID_NUMBER);

	(void)now_ns;
	assert_non_null(seen);
	assert_false(seen->ended);
	assert_true(times->running + times->ready + times->awaiting ==
		    coroutine->ended_ns - coroutine->begun_ns);
	seen->ended = true;
	seen->coroutine = *coroutine;
	seen->end = *end;
	seen->task = coroutine->task ? coroutine->task->id & AT_ID_NUMBER : 0;
	seen->awaiter = coroutine->awaiter ? coroutine->awaiter->id & AT_ID_NUMBER : 0;
	if (end->message)
		strcpy(seen->message, end->message);
	log->order[log->ended++] = seen->id;
}

static int setup(void **state)
{
	static const struct model_listener listener = {
		.open = on_open,
		.begin = on_begin,
		.end = on_end,
	};
	struct log *log = calloc(1, sizeof(*log));

	assert_non_null(log);
	log->model = model_new(&listener, log);
	assert_ptr_equal(log->opened, log->model);
	log->stream.now_ns = 1000;
	*state = log;
	return 0;
}

static int teardown(void **state)
{
	struct log *log = *state;

	model_free(log->model);
	stream_free(&log->stream);
	free(log);
	return 0;
}

static void assert_times(const struct model_times *times, uint64_t running, uint64_t ready,
			 uint64_t awaiting)
{
	assert_int_equal(times->running, running);
	assert_int_equal(times->ready, ready);
	assert_int_equal(times->awaiting, awaiting);
}

/* A loop whose task 1 has run from 1100 and is in coroutine 1. */
static void start_task(struct stream *s)
{
	loop_start(s);
	push(s, AT_TASK_CREATE, 0, TASK(1), MAIN, 0, 0);
	s->now_ns += 100;
	change(s, TASK(1), LOOP(1), AT_ITERATION, 0);
	begin(s, 1, MAIN);
}

static void task__has_three_times(void **state)
{
	struct log *log = *state;
	struct stream *s = &log->stream;
	const struct model_task *task;

	start_task(s);
	s->now_ns = 1150;
	change(s, LOOP(1), TASK(1), 0, 0);
	s->now_ns = 1500;
	change(s, TASK(1), LOOP(1), AT_ITERATION, 1420);
	s->now_ns = 1507;
	change(s, TASK(1), TASK(1), AT_YIELDED, 0);
	s->now_ns = 1510;
	change(s, LOOP(1), TASK(1), AT_YIELDED, 0);
	s->now_ns = 1530;
	change(s, TASK(1), LOOP(1), 0, 1520);
	feed(log->model, s);
	task = model_find_task(log->model, 42, TASK(1));
	assert_non_null(task);
	assert_string_equal(task->name, "Task-1");
	assert_int_equal(task->created_ns, 1000);
	assert_times(&task->times, 50 + 10, 100 + 80 + 20, 270);
	s->now_ns = 1540;
	end(s, 1);
	push(s, AT_TASK_DONE, 0, TASK(1), 0, 0, 0);
	feed(log->model, s);
	assert_null(model_find_task(log->model, 42, TASK(1)));
	assert_times(&log->seen[0].coroutine.times, 70, 100, 270);
	assert_int_equal(log->seen[0].coroutine.begun_ns, 1100);
	assert_int_equal(log->seen[0].coroutine.ended_ns, 1540);
}

static void task__ready_time_is_kept_within_its_wait(void **state)
{
	struct log *log = *state;
	struct stream *s = &log->stream;
	const struct model_task *task;

	start_task(s);
	s->now_ns = 1200;
	change(s, LOOP(1), TASK(1), 0, 0);
	s->now_ns = 1300;
	change(s, TASK(1), LOOP(1), 0, 7);
	change(s, LOOP(1), TASK(1), 0, 0);
	s->now_ns = 1400;
	change(s, TASK(1), LOOP(1), 0, UINT64_MAX);
	change(s, LOOP(1), TASK(1), 0, 0);
	s->now_ns = 1450;
	change(s, TASK(1), LOOP(1), 0, 0);
	feed(log->model, s);
	task = model_find_task(log->model, 42, TASK(1));
	assert_times(&task->times, 100, 100 + 100, 100 + 50);
}

static void coroutine__includes_what_it_awaits(void **state)
{
	struct log *log = *state;
	struct stream *s = &log->stream;

	start_task(s);
	s->now_ns = 1110;
	begin(s, 2, DELAY);
	s->now_ns = 1120;
	change(s, LOOP(1), TASK(1), 0, 0);
	s->now_ns = 1220;
	change(s, TASK(1), LOOP(1), 0, 1219);
	s->now_ns = 1230;
	end(s, 2);
	s->now_ns = 1235;
	push(s, AT_COROUTINE_END, AT_CANCELLED, COROUTINE(1), -ECANCELED, 0, 0);
	feed(log->model, s);
	assert_int_equal(log->seen[1].awaiter, 1);
	assert_int_equal(log->seen[1].task, 1);
	assert_times(&log->seen[1].coroutine.times, 20, 1, 99);
	assert_int_equal(log->seen[1].end.outcome, MODEL_RETURNED);
	assert_times(&log->seen[0].coroutine.times, 35, 1, 99);
	assert_int_equal(log->seen[0].end.outcome, MODEL_CANCELLED);
}

static void coroutine__outside_of_a_task_only_runs(void **state)
{
	struct log *log = *state;
	struct stream *s = &log->stream;

	loop_start(s);
	change(s, CALLBACK(0x99), LOOP(1), 0, 0);
	begin(s, 1, MAIN);
	s->now_ns += 30;
	begin(s, 2, DELAY);
	s->now_ns += 30;
	end(s, 1);
	feed(log->model, s);
	assert_int_equal(log->seen[0].task, 0);
	assert_times(&log->seen[0].coroutine.times, 60, 0, 0);
	assert_int_equal(log->seen[1].end.outcome, MODEL_OPEN);
	assert_int_equal(log->order[0], 2);
}

static void coroutine__has_typed_arguments(void **state)
{
	const uint64_t types = AT_ARGUMENT_S32 | AT_ARGUMENT_STRING << 8 |
			       AT_ARGUMENT_STRING << 16 | AT_ARGUMENT_U64 << 24;
	struct log *log = *state;
	struct stream *s = &log->stream;
	char longest[200];

	memset(longest, 'x', sizeof(longest));
	longest[sizeof(longest) - 1] = 0;
	loop_start(s);
	function(s, DELAY, "delay", "demo.c", 7, types);
	text(s, longest);
	text(s, NULL);
	push(s, AT_ARGUMENTS, 0, 11, 22, 33, 44);
	push(s, AT_COROUTINE_BEGIN, 0, COROUTINE(1), DELAY, 5, 6);
	text(s, "");
	text(s, "exactly thirty-two bytes of text");
	push(s, AT_ARGUMENTS, 0, 11, 22, 33, 44);
	push(s, AT_COROUTINE_BEGIN, 0, COROUTINE(2), DELAY, 5, 6);
	push(s, AT_COROUTINE_BEGIN, 0, COROUTINE(3), DELAY, 5, 6);
	push(s, AT_COROUTINE_BEGIN, 0, COROUTINE(4), MAIN, 5, 6);
	feed(log->model, s);
	assert_true(log->seen[0].has_arguments);
	assert_int_equal(log->seen[0].arguments[0], 5);
	assert_int_equal(log->seen[0].arguments[3], 22);
	assert_int_equal(strlen(log->seen[0].texts[1]), AT_TEXT_MAX);
	assert_true(log->seen[0].cut[1]);
	assert_true(log->seen[0].absent[2]);
	assert_string_equal(log->seen[1].texts[1], "");
	assert_string_equal(log->seen[1].texts[2], "exactly thirty-two bytes of text");
	assert_false(log->seen[1].cut[2]);
	assert_false(log->seen[2].has_arguments);
	assert_false(log->seen[3].has_arguments);
}

static void function__is_named_once(void **state)
{
	struct log *log = *state;
	struct stream *s = &log->stream;
	struct model_function *delay = model_function(log->model, 42, DELAY);

	assert_string_equal(delay->name, "0x2000");
	loop_start(s);
	function(s, DELAY, NULL, NULL, 7, AT_ARGUMENT_BOOL);
	feed(log->model, s);
	assert_string_equal(delay->name, "0x2000");
	function(s, DELAY, "delay", "demo.c", 8, AT_ARGUMENT_STRING);
	function(s, DELAY, "other", "other.c", 9, 0);
	feed(log->model, s);
	assert_ptr_equal(model_function(log->model, 42, DELAY), delay);
	assert_string_equal(delay->name, "delay");
	assert_string_equal(delay->file, "demo.c");
	assert_int_equal(delay->line, 7);
	assert_int_equal(delay->types, AT_ARGUMENT_BOOL);
	assert_ptr_not_equal(model_function(log->model, 43, DELAY), delay);
}

static void function__is_named_by_the_tracer(void **state)
{
	struct log *log = *state;
	struct stream *s = &log->stream;
	size_t i, first;

	start_task(s);
	feed(log->model, s);
	first = model_totals(log->model)->records;
	function(s, DELAY, "a_callback", "demo.c", 7, 0);
	push(s, AT_TASK_CREATE, 0, TASK(9), DELAY, 0, 0);
	for (i = 0; i < s->count; i++) {
		s->events[i].thread = 0;
		s->events[i].sequence = 0;
	}
	s->sequences[0] -= s->count;
	feed(log->model, s);
	assert_string_equal(model_function(log->model, 42, DELAY)->name, "a_callback");
	assert_null(model_find_task(log->model, 42, TASK(9)));
	push(s, AT_TASK_CREATE, 0, TASK(8), DELAY, 0, 0);
	feed(log->model, s);
	assert_int_equal(model_totals(log->model)->records, first + 1);
	assert_int_equal(model_totals(log->model)->lost, 0);
}

static void end__carries_the_message(void **state)
{
	struct log *log = *state;
	struct stream *s = &log->stream;

	start_task(s);
	push(s, AT_TASK_NAME, 0, TASK(1), 0, 0, 0);
	text(s, "worker");
	push(s, AT_TASK_NAME, 0, TASK(1), 0, 0, 0);
	text(s, "no such file");
	push(s, AT_COROUTINE_END, AT_FAILED, COROUTINE(1), -ENOENT, 0, 0);
	feed(log->model, s);
	assert_int_equal(log->seen[0].end.outcome, MODEL_FAILED);
	assert_int_equal(log->seen[0].end.result, -ENOENT);
	assert_string_equal(log->seen[0].message, "no such file");
	assert_string_equal(model_find_task(log->model, 42, TASK(1))->name, "worker");
}

static void loop__counts_its_steps(void **state)
{
	struct log *log = *state;
	struct stream *s = &log->stream;
	const struct model_loop *loop;

	start_task(s);
	s->now_ns = 1150;
	change(s, CALLBACK(DELAY), TASK(1), 0, 0);
	s->now_ns = 1250;
	change(s, LOOP(1), CALLBACK(DELAY), 0, 0);
	s->now_ns = 1350;
	change(s, TASK(1), LOOP(1), AT_ITERATION, 0);
	s->now_ns = 1360;
	change(s, LOOP(1), TASK(1), 0, 0);
	s->now_ns = 1400;
	push(s, AT_LOOP_STOP, 0, LOOP(1), 0, 0, 0);
	feed(log->model, s);
	loop = model_loops(log->model);
	assert_non_null(loop);
	assert_null(loop->next);
	assert_int_equal(loop->thread, 100);
	assert_int_equal(loop->iterations, 2);
	assert_int_equal(loop->steps, 3);
	assert_int_equal(loop->last_ns - loop->first_ns, 400);
	assert_int_equal(loop->idle_ns, 100 + 100 + 40);
	assert_int_equal(loop->longest_ns, 100);
	assert_int_equal(loop->longest_what, CALLBACK(DELAY));
	assert_int_equal(loop->longest_function->address, DELAY);
}

static void loop__is_idle_while_it_is_not_run(void **state)
{
	struct log *log = *state;
	struct stream *s = &log->stream;

	loop_start(s);
	s->now_ns = 1100;
	loop_start(s);
	s->now_ns = 1200;
	change(s, CALLBACK(1), LOOP(1), 0, 0);
	s->now_ns = 1210;
	push(s, AT_LOOP_STOP, 0, LOOP(1), 0, 0, 0);
	s->now_ns = 1500;
	loop_start(s);
	s->now_ns = 1501;
	change(s, CALLBACK(1), LOOP(1), 0, 0);
	s->now_ns = 1511;
	push(s, AT_LOOP_STOP, 0, LOOP(1), 0, 0, 0);
	feed(log->model, s);
	assert_int_equal(model_loops(log->model)->last_ns, 1511);
	assert_int_equal(model_loops(log->model)->idle_ns, 511 - 20);
}

static void loop__idle_at_the_end_is_idle(void **state)
{
	struct log *log = *state;
	struct stream *s = &log->stream;

	loop_start(s);
	s->now_ns += 500;
	detach(s, 0, 0, 0);
	feed(log->model, s);
	model_finish(log->model);
	assert_int_equal(model_loops(log->model)->idle_ns, 500);
	assert_int_equal(model_loops(log->model)->last_ns, 1500);
}

/*
 * --- Attaching in the middle --------------------------------------------------------------------
 */

/* Task 1 is in coroutines 1 and 2 and awaits; task 2, in coroutine 3, is ready. */
static void write_state(struct stream *s)
{
	push(s, AT_STATE, 0, LOOP(1), 0, 0, 0);
	function(s, MAIN, "main", "demo.c", 1, 0);
	push(s, AT_TASK_CREATE, AT_EXISTING, TASK(1), MAIN, 0, 0);
	text(s, "first");
	push(s, AT_TASK_NAME, 0, TASK(1), 0, 0, 0);
	push(s, AT_COROUTINE_BEGIN, AT_EXISTING, COROUTINE(1), MAIN, 0, 0);
	push(s, AT_COROUTINE_BEGIN, AT_EXISTING, COROUTINE(2), DELAY, 0, 0);
	push(s, AT_SWITCH, AT_EXISTING, 0, TASK(1), FUTURE(1), 0);
	push(s, AT_TASK_CREATE, AT_EXISTING, TASK(2), MAIN, 0, 0);
	push(s, AT_COROUTINE_BEGIN, AT_EXISTING, COROUTINE(3), MAIN, 0, 0);
	push(s, AT_SWITCH, AT_EXISTING | AT_YIELDED, 0, TASK(2), 0, 0);
	push(s, AT_STATE, AT_END, LOOP(1), 0, 0, 0);
}

static void state__begins_the_trace(void **state)
{
	struct log *log = *state;
	struct stream *s = &log->stream;
	const struct model_totals *totals = model_totals(log->model);

	push(s, AT_ATTACH, 0, 0, 0, 500, 0);
	s->sequences[0] = 0;
	begin(s, 9, MAIN);
	end(s, 9);
	lose(s, 1);
	push(s, AT_TASK_DONE, 0, TASK(9), 0, 0, 0);
	s->now_ns = 2000;
	write_state(s);
	s->now_ns = 2100;
	change(s, TASK(2), LOOP(1), 0, 0);
	change(s, TASK(1), TASK(2), 0, 0);
	s->now_ns = 2110;
	end(s, 2);
	feed(log->model, s);
	assert_int_equal(log->count, 3);
	assert_int_equal(totals->lost, 0);
	assert_int_equal(totals->first_ns, 2000);
	assert_int_equal(totals->tasks_existing, 2);
	assert_int_equal(totals->tasks_created, 0);
	assert_int_equal(totals->records, 17);
	assert_int_equal(log->seen[1].awaiter, 1);
	assert_true(log->seen[1].existing);
	assert_int_equal(log->seen[2].awaiter, 0);
	assert_int_equal(log->seen[2].task, 2);
	assert_times(&log->seen[1].coroutine.times, 10, 0, 100);
	assert_times(&model_find_task(log->model, 42, TASK(2))->times, 0, 100, 0);
	assert_string_equal(model_find_task(log->model, 42, TASK(1))->name, "first");
}

/* Attaching probe by probe may catch the end of a state whose beginning was missed. */
static void state__its_end_alone_begins_nothing(void **state)
{
	struct log *log = *state;
	struct stream *s = &log->stream;
	const struct model_totals *totals = model_totals(log->model);

	push(s, AT_ATTACH, 0, 0, 0, 500, 0);
	s->sequences[0] = 0;
	push(s, AT_STATE, AT_END, LOOP(1), 0, 0, 0);
	change(s, TASK(1), LOOP(1), 0, 0);
	feed(log->model, s);
	assert_int_equal(totals->records, 0);
	write_state(s);
	feed(log->model, s);
	assert_int_equal(totals->tasks_existing, 2);
	assert_int_equal(totals->tasks_created, 0);
}

/*
 * Met after a hole, and described by the state that another tracer's coming made the target write.
 */
static void state__describes_a_task_that_was_met(void **state)
{
	struct log *log = *state;
	struct stream *s = &log->stream;
	const struct model_totals *totals = model_totals(log->model);

	loop_start(s);
	push(s, AT_WARNING, 0, TASK(1), 0, 0, 0);
	lose(s, 1);
	change(s, TASK(1), LOOP(1), 0, 0);
	change(s, LOOP(1), TASK(1), 0, 0);
	feed(log->model, s);
	assert_int_equal(totals->tasks_created, 1);
	write_state(s);
	feed(log->model, s);
	assert_int_equal(totals->tasks_existing, 2);
	assert_int_equal(totals->tasks_created, 0);
}

static void state__again_changes_nothing(void **state)
{
	struct log *log = *state;
	struct stream *s = &log->stream;

	write_state(s);
	s->now_ns = 1100;
	change(s, TASK(1), LOOP(1), 0, 0);
	begin(s, 4, DELAY);
	s->now_ns = 1200;
	change(s, LOOP(1), TASK(1), 0, 0);
	s->now_ns = 1350;
	push(s, AT_STATE, 0, LOOP(1), 0, 0, 0);
	push(s, AT_TASK_CREATE, AT_EXISTING, TASK(1), MAIN, 0, 0);
	push(s, AT_COROUTINE_BEGIN, AT_EXISTING, COROUTINE(1), MAIN, 0, 0);
	push(s, AT_COROUTINE_BEGIN, AT_EXISTING, COROUTINE(2), DELAY, 0, 0);
	push(s, AT_COROUTINE_BEGIN, AT_EXISTING, COROUTINE(4), DELAY, 0, 0);
	push(s, AT_SWITCH, AT_EXISTING | AT_YIELDED, 0, TASK(1), 0, 0);
	push(s, AT_STATE, AT_END, LOOP(1), 0, 0, 0);
	s->now_ns = 1400;
	change(s, TASK(1), LOOP(1), 0, 0);
	feed(log->model, s);
	assert_int_equal(log->count, 4);
	assert_int_equal(log->ended, 0);
	assert_int_equal(model_totals(log->model)->tasks_existing, 2);
	assert_times(&model_find_task(log->model, 42, TASK(1))->times, 100, 50, 250);
	assert_int_equal(model_find_task(log->model, 42, TASK(1))->innermost->id, COROUTINE(4));
	end(s, 2);
	feed(log->model, s);
	assert_int_equal(log->order[0], 4);
	assert_int_equal(log->order[1], 2);
}

static void tell(struct stream *s, unsigned int coroutine)
{
	push(s, AT_COROUTINE_BEGIN, AT_EXISTING, COROUTINE(coroutine), DELAY, 0, 0);
}

static void state__fills_a_hole_in_the_middle(void **state)
{
	struct log *log = *state;
	struct stream *s = &log->stream;
	unsigned int i;

	start_task(s);
	begin(s, 9, DELAY);
	end(s, 9);
	begin(s, 2, DELAY);
	begin(s, 3, DELAY);
	lose(s, 2);
	begin(s, 4, DELAY);
	change(s, LOOP(1), TASK(1), 0, 0);
	push(s, AT_STATE, 0, LOOP(1), 0, 0, 0);
	push(s, AT_TASK_CREATE, AT_EXISTING, TASK(1), MAIN, 0, 0);
	for (i = 1; i <= 4; i++)
		tell(s, i);
	push(s, AT_STATE, AT_END, LOOP(1), 0, 0, 0);
	for (i = 4; i >= 1; i--)
		end(s, i);
	feed(log->model, s);
	assert_int_equal(log->ended, 5);
	for (i = 1; i <= 4; i++) {
		assert_int_equal(seen_of(log, i)->awaiter, i - 1);
		assert_int_equal(seen_of(log, i)->end.outcome, MODEL_RETURNED);
	}
}

static void state__fills_what_became_innermost(void **state)
{
	struct log *log = *state;
	struct stream *s = &log->stream;

	start_task(s);
	begin(s, 9, DELAY);
	end(s, 9);
	begin(s, 2, DELAY);
	change(s, LOOP(1), TASK(1), 0, 0);
	lose(s, 2);
	push(s, AT_STATE, 0, LOOP(1), 0, 0, 0);
	push(s, AT_TASK_CREATE, AT_EXISTING, TASK(1), MAIN, 0, 0);
	tell(s, 1);
	tell(s, 2);
	push(s, AT_STATE, AT_END, LOOP(1), 0, 0, 0);
	feed(log->model, s);
	assert_int_equal(seen_of(log, 2)->awaiter, 1);
	assert_int_equal(model_find_task(log->model, 42, TASK(1))->innermost->id, COROUTINE(2));
}

static void state__with_a_hole_does_not_mix_tasks_up(void **state)
{
	struct log *log = *state;
	struct stream *s = &log->stream;

	push(s, AT_STATE, 0, LOOP(1), 0, 0, 0);
	push(s, AT_TASK_CREATE, AT_EXISTING, TASK(1), MAIN, 0, 0);
	tell(s, 1);
	push(s, AT_TASK_CREATE, AT_EXISTING, TASK(2), MAIN, 0, 0);
	lose(s, 1);
	tell(s, 2);
	push(s, AT_TASK_CREATE, AT_EXISTING, TASK(3), MAIN, 0, 0);
	tell(s, 1);
	tell(s, 3);
	feed(log->model, s);
	assert_null(seen_of(log, 2));
	assert_int_equal(seen_of(log, 3)->task, 3);
	assert_int_equal(seen_of(log, 3)->awaiter, 0);
}

static void state__again_tells_who_became_ready(void **state)
{
	struct log *log = *state;
	struct stream *s = &log->stream;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		push(s, AT_STATE, 0, LOOP(1), 0, 0, 0);
		push(s, AT_TASK_CREATE, AT_EXISTING, TASK(1), MAIN, 0, 0);
		push(s, AT_SWITCH, AT_EXISTING | (i ? AT_YIELDED : 0), 0, TASK(1), 0, 0);
		push(s, AT_STATE, AT_END, LOOP(1), 0, 0, 0);
		s->now_ns += 100;
	}
	change(s, TASK(1), LOOP(1), 0, 0);
	feed(log->model, s);
	assert_times(&model_find_task(log->model, 42, TASK(1))->times, 0, 100, 100);
}

static void state__ends_the_step_before(void **state)
{
	struct log *log = *state;
	struct stream *s = &log->stream;
	const struct model_loop *loop;

	start_task(s);
	s->now_ns = 1150;
	push(s, AT_STATE, 0, LOOP(1), 0, 0, 0);
	push(s, AT_TASK_CREATE, AT_EXISTING, TASK(1), MAIN, 0, 0);
	tell(s, 1);
	s->now_ns = 1152;
	push(s, AT_SWITCH, AT_EXISTING | AT_YIELDED, 0, TASK(1), 0, 0);
	push(s, AT_STATE, AT_END, LOOP(1), 0, 0, 0);
	s->now_ns = 1170;
	change(s, TASK(1), LOOP(1), 0, 0);
	feed(log->model, s);
	loop = model_loops(log->model);
	assert_int_equal(loop->steps, 1);
	assert_int_equal(loop->longest_ns, 50);
	assert_times(&model_find_task(log->model, 42, TASK(1))->times, 50, 100 + 20, 0);
}

static void thread__number_is_given_to_another(void **state)
{
	struct log *log = *state;
	struct stream *s = &log->stream;

	start_task(s);
	s->sequences[0] = 0;
	s->now_ns += 100;
	push(s, AT_LOOP_START, 0, LOOP(2), 0, 0, 0);
	begin(s, 2, DELAY);
	feed(log->model, s);
	assert_int_equal(log->count, 2);
	assert_int_equal(log->seen[1].task, 0);
	assert_int_equal(model_totals(log->model)->lost, 0);
	assert_int_equal(model_loops(log->model)->next->id, LOOP(2));
}

/*
 * --- Loss ----------------------------------------------------------------------------------------
 */

static void hole__is_counted(void **state)
{
	struct log *log = *state;
	struct stream *s = &log->stream;
	const struct model_totals *totals = model_totals(log->model);

	s->sequences[0] = UINT32_MAX - 2;
	loop_start(s);
	begin(s, 1, MAIN);
	begin(s, 2, MAIN);
	begin(s, 3, MAIN);
	lose(s, 3);
	end(s, 1);
	feed(log->model, s);
	assert_int_equal(totals->lost, 3);
	assert_int_equal(totals->records, 2);
	drop(s, 10);
	feed(log->model, s);
	assert_int_equal(totals->lost, 13);
	push(s, AT_LOST, 0, 0, 0, 0, 0)->sequence -= 5;
	s->sequences[0]--;
	change(s, LOOP(1), 0, 0, 0);
	feed(log->model, s);
	assert_int_equal(totals->lost, 13);
	assert_int_equal(totals->records, 3);
	detach(s, 5, 6, 7);
	feed(log->model, s);
	assert_int_equal(totals->records, 3);
	assert_int_equal(totals->dropped, 5);
	assert_int_equal(totals->forked, 6);
	assert_int_equal(totals->unread, 7);
	assert_true(totals->complete);
}

/* The buffer was full when it attached, and the begin of the state did not fit. */
static void hole__hides_the_begin_of_the_state(void **state)
{
	struct log *log = *state;
	struct stream *s = &log->stream;
	const struct model_totals *totals = model_totals(log->model);

	push(s, AT_ATTACH, 0, 0, 0, 0, 0);
	s->sequences[0] = 0;
	change(s, TASK(1), LOOP(1), 0, 0);
	write_state(s);
	lose(s, 14);
	s->now_ns += 10;
	change(s, TASK(2), LOOP(1), 0, 0);
	s->now_ns += 10;
	begin(s, 4, DELAY);
	change(s, LOOP(1), TASK(2), 0, 0);
	feed(log->model, s);
	assert_int_equal(totals->lost, 14);
	assert_int_equal(totals->records, 3);
	assert_int_equal(log->seen[0].task, 2);
	assert_non_null(model_loops(log->model));
}

static void hole__before_the_end_of_the_state(void **state)
{
	struct log *log = *state;
	struct stream *s = &log->stream;

	push(s, AT_STATE, AT_END, LOOP(1), 0, 0, 0);
	change(s, TASK(1), LOOP(1), 0, 0);
	feed(log->model, s);
	assert_int_equal(model_totals(log->model)->records, 2);
	assert_non_null(model_find_task(log->model, 42, TASK(1)));
}

static void duplicate__is_ignored(void **state)
{
	struct log *log = *state;
	struct stream *s = &log->stream;

	start_task(s);
	assert_int_equal(model_feed(log->model, s->events, s->count), 0);
	assert_int_equal(model_feed(log->model, s->events, s->count), 0);
	assert_int_equal(model_feed(log->model, s->events + 2, 1), 0);
	assert_int_equal(log->count, 1);
	assert_int_equal(model_totals(log->model)->records, 4);
	assert_int_equal(model_totals(log->model)->lost, 0);
}

static void hole__forgets_torn_texts(void **state)
{
	const uint64_t types = AT_ARGUMENT_STRING | AT_ARGUMENT_STRING << 8;
	struct log *log = *state;
	struct stream *s = &log->stream;

	loop_start(s);
	function(s, DELAY, "delay", "demo.c", 7, types);
	text(s, "lost");
	lose(s, 1);
	text(s, "one");
	text(s, "two");
	push(s, AT_COROUTINE_BEGIN, 0, COROUTINE(1), DELAY, 0, 0);
	text(s, "one");
	text(s, "lost");
	lose(s, 1);
	push(s, AT_COROUTINE_BEGIN, 0, COROUTINE(2), DELAY, 0, 0);
	text(s, "one");
	text(s, "two");
	push(s, AT_COROUTINE_BEGIN, 0, COROUTINE(3), DELAY, 0, 0);
	text(s, "a name that takes more than one record to be told");
	lose(s, 1);
	push(s, AT_FUNCTION, 0, MAIN, 0, 0, 0);
	feed(log->model, s);
	assert_false(log->seen[0].has_arguments);
	assert_false(log->seen[1].has_arguments);
	assert_true(log->seen[2].has_arguments);
	assert_string_equal(log->seen[2].texts[1], "two");
	assert_string_equal(model_function(log->model, 42, MAIN)->name, "0x1000");
}

static void hole__lost_ends_are_open(void **state)
{
	struct log *log = *state;
	struct stream *s = &log->stream;

	start_task(s);
	begin(s, 2, DELAY);
	begin(s, 3, DELAY);
	end(s, 3);
	lose(s, 1);
	end(s, 2);
	feed(log->model, s);
	assert_int_equal(seen_of(log, 3)->end.outcome, MODEL_OPEN);
	assert_int_equal(seen_of(log, 2)->end.outcome, MODEL_RETURNED);
	assert_false(seen_of(log, 1)->ended);
	end(s, 1);
	lose(s, 1);
	push(s, AT_TASK_DONE, 0, TASK(1), 0, 0, 0);
	feed(log->model, s);
	assert_int_equal(seen_of(log, 1)->end.outcome, MODEL_OPEN);
	assert_int_equal(model_totals(log->model)->tasks_done, 1);
}

static void hole__switches_do_not_mix_tasks_up(void **state)
{
	struct log *log = *state;
	struct stream *s = &log->stream;

	start_task(s);
	s->now_ns = 1130;
	push(s, AT_TASK_CREATE, 0, TASK(2), MAIN, 0, 0);
	s->now_ns = 1150;
	change(s, TASK(2), TASK(1), 0, 0);
	lose(s, 1);
	s->now_ns = 1160;
	begin(s, 2, MAIN);
	begin(s, 3, DELAY);
	feed(log->model, s);
	assert_int_equal(seen_of(log, 2)->task, 0);
	s->now_ns = 1170;
	change(s, LOOP(1), TASK(2), 0, 0);
	s->now_ns = 1270;
	change(s, TASK(2), LOOP(1), 0, 0);
	end(s, 3);
	end(s, 2);
	feed(log->model, s);
	assert_int_equal(seen_of(log, 3)->task, 2);
	assert_int_equal(seen_of(log, 3)->awaiter, 2);
	assert_int_equal(seen_of(log, 2)->task, 2);
	assert_int_equal(seen_of(log, 2)->awaiter, 0);
	assert_times(&seen_of(log, 2)->coroutine.times, 10, 0, 100);
	change(s, TASK(1), TASK(2), 0, 0);
	end(s, 1);
	feed(log->model, s);
	assert_times(&seen_of(log, 1)->coroutine.times, 30, 0, 140);
	assert_int_equal(model_loops(log->model)->longest_ns, 0);
}

static void hole__makes_no_long_step(void **state)
{
	struct log *log = *state;
	struct stream *s = &log->stream;
	const struct model_loop *loop;

	start_task(s);
	change(s, LOOP(1), TASK(1), 0, 0);
	change(s, TASK(1), LOOP(1), 0, 0);
	lose(s, 2);
	s->now_ns = 5000;
	change(s, LOOP(1), TASK(1), 0, 0);
	feed(log->model, s);
	loop = model_loops(log->model);
	assert_int_equal(loop->steps, 1);
	assert_int_equal(loop->longest_ns, 0);
	assert_null(loop->longest_function);
	begin(s, 2, MAIN);
	s->now_ns = 6000;
	begin(s, 3, MAIN);
	lose(s, 1);
	s->now_ns = 7000;
	begin(s, 4, MAIN);
	feed(log->model, s);
	model_finish(log->model);
	assert_int_equal(loop->idle_ns, 100);
	assert_int_equal(loop->last_ns, 7000);
}

static void hole__again_ends_what_has_no_task_yet(void **state)
{
	struct log *log = *state;
	struct stream *s = &log->stream;

	start_task(s);
	change(s, LOOP(1), TASK(1), 0, 0);
	lose(s, 1);
	begin(s, 2, MAIN);
	change(s, TASK(1), LOOP(1), 0, 0);
	lose(s, 1);
	begin(s, 3, DELAY);
	change(s, LOOP(1), TASK(1), 0, 0);
	feed(log->model, s);
	assert_int_equal(seen_of(log, 2)->end.outcome, MODEL_OPEN);
	assert_true(seen_of(log, 2)->ended);
	assert_int_equal(seen_of(log, 2)->task, 0);
	change(s, TASK(1), LOOP(1), 0, 0);
	end(s, 3);
	feed(log->model, s);
	assert_int_equal(seen_of(log, 3)->task, 1);
	assert_int_equal(seen_of(log, 3)->awaiter, 1);
}

static void hole__end_needs_no_switch(void **state)
{
	struct log *log = *state;
	struct stream *s = &log->stream;

	start_task(s);
	push(s, AT_TASK_CREATE, 0, TASK(2), MAIN, 0, 0);
	change(s, TASK(2), TASK(1), 0, 0);
	begin(s, 2, MAIN);
	s->now_ns = 1150;
	change(s, TASK(1), TASK(2), 0, 0);
	lose(s, 1);
	s->now_ns = 1160;
	begin(s, 3, DELAY);
	s->now_ns = 1165;
	end(s, 3);
	end(s, 1);
	feed(log->model, s);
	assert_times(&seen_of(log, 3)->coroutine.times, 5, 0, 0);
	assert_int_equal(seen_of(log, 1)->end.outcome, MODEL_RETURNED);
	assert_times(&seen_of(log, 1)->coroutine.times, 0, 0, 65);
	assert_false(seen_of(log, 2)->ended);
}

static void hole__a_task_is_met_in_its_life(void **state)
{
	struct log *log = *state;
	struct stream *s = &log->stream;
	const struct model_task *task;

	loop_start(s);
	push(s, AT_TASK_CREATE, 0, TASK(7), MAIN, 0, 0);
	lose(s, 1);
	s->now_ns = 1010;
	change(s, TASK(7), LOOP(1), 0, 0);
	begin(s, 1, MAIN);
	s->now_ns = 1030;
	change(s, LOOP(1), TASK(7), 0, 0);
	feed(log->model, s);
	task = model_find_task(log->model, 42, TASK(7));
	assert_non_null(task);
	assert_true(task->existing);
	assert_times(&task->times, 20, 0, 0);
	assert_int_equal(task->innermost->id, COROUTINE(1));
	s->thread = 1;
	s->now_ns = 1004;
	push(s, AT_LOOP_START, 0, LOOP(2), 0, 0, 0);
	push(s, AT_TASK_CREATE, 0, TASK(7), MAIN, 0, 0);
	s->thread = 0;
	s->now_ns = 1040;
	end(s, 1);
	feed(log->model, s);
	assert_false(task->existing);
	assert_int_equal(task->created_ns, 1004);
	assert_int_equal(task->function->address, MAIN);
	assert_times(&task->times, 20, 6, 10);
	assert_times(&seen_of(log, 1)->coroutine.times, 20, 0, 10);
	assert_int_equal(model_totals(log->model)->tasks_created, 1);
}

static void hole__lost_end_of_a_task_is_seen_by_its_switch(void **state)
{
	struct log *log = *state;
	struct stream *s = &log->stream;

	start_task(s);
	end(s, 1);
	push(s, AT_TASK_DONE, 0, TASK(1), 0, 0, 0);
	lose(s, 2);
	change(s, LOOP(1), TASK(1), AT_ENDED, 0);
	feed(log->model, s);
	assert_null(model_find_task(log->model, 42, TASK(1)));
	assert_int_equal(seen_of(log, 1)->end.outcome, MODEL_OPEN);
	assert_int_equal(model_totals(log->model)->tasks_done, 1);
}

/*
 * --- The end
 * ---------------------------------------------------------------------------------------
 */

static void finish__ends_the_youngest_first(void **state)
{
	struct log *log = *state;
	struct stream *s = &log->stream;

	start_task(s);
	s->now_ns = 1120;
	begin(s, 2, DELAY);
	s->now_ns = 1150;
	change(s, LOOP(1), TASK(1), 0, 0);
	s->thread = 1;
	s->now_ns = 1110;
	push(s, AT_LOOP_START, 0, LOOP(2), 0, 0, 0);
	begin(s, 3, MAIN);
	s->thread = 0;
	s->now_ns = 1250;
	change(s, LOOP(1), LOOP(1), 0, 0);
	feed(log->model, s);
	model_finish(log->model);
	model_finish(log->model);
	assert_int_equal(log->ended, 3);
	assert_int_equal(log->order[0], 2);
	assert_int_equal(log->order[1], 3);
	assert_int_equal(log->order[2], 1);
	assert_int_equal(seen_of(log, 2)->end.outcome, MODEL_OPEN);
	assert_int_equal(seen_of(log, 2)->awaiter, 1);
	assert_times(&seen_of(log, 2)->coroutine.times, 30, 0, 100);
	assert_int_equal(seen_of(log, 2)->coroutine.ended_ns, 1250);
	assert_false(model_totals(log->model)->complete);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(task__has_three_times),
		TEST(task__ready_time_is_kept_within_its_wait),
		TEST(coroutine__includes_what_it_awaits),
		TEST(coroutine__outside_of_a_task_only_runs),
		TEST(coroutine__has_typed_arguments),
		TEST(function__is_named_once),
		TEST(function__is_named_by_the_tracer),
		TEST(end__carries_the_message),
		TEST(loop__counts_its_steps),
		TEST(loop__is_idle_while_it_is_not_run),
		TEST(loop__idle_at_the_end_is_idle),
		TEST(state__begins_the_trace),
		TEST(state__its_end_alone_begins_nothing),
		TEST(state__describes_a_task_that_was_met),
		TEST(state__again_changes_nothing),
		TEST(state__fills_a_hole_in_the_middle),
		TEST(state__fills_what_became_innermost),
		TEST(state__with_a_hole_does_not_mix_tasks_up),
		TEST(state__again_tells_who_became_ready),
		TEST(state__ends_the_step_before),
		TEST(thread__number_is_given_to_another),
		TEST(hole__is_counted),
		TEST(hole__hides_the_begin_of_the_state),
		TEST(hole__before_the_end_of_the_state),
		TEST(duplicate__is_ignored),
		TEST(hole__forgets_torn_texts),
		TEST(hole__lost_ends_are_open),
		TEST(hole__switches_do_not_mix_tasks_up),
		TEST(hole__makes_no_long_step),
		TEST(hole__again_ends_what_has_no_task_yet),
		TEST(hole__end_needs_no_switch),
		TEST(hole__a_task_is_met_in_its_life),
		TEST(hole__lost_end_of_a_task_is_seen_by_its_switch),
		TEST(finish__ends_the_youngest_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
