/* SPDX-License-Identifier: BSD-2-Clause */
/* The model of a target that leaves detail out to be spared: what it no longer tells is unknown. */
#include "events.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define FUNCTION 0x3000
#define MS	 1000000ULL

/*
 * A task that runs, in two coroutines of which one awaits the other; another one awaits a future.
 */
struct scene {
	struct model *model;
	struct stream stream;
	unsigned int begun, open, ended; /* coroutines */
	unsigned int tasks_open, tasks_ended;
	uint64_t ended_ns;	/* of the last coroutine */
	uint64_t last_time_ns;	/* up to which time was added to a task */
	uint64_t last_interval; /* where the last one ended */
	unsigned int intervals, torn;
};

static void note_begin(void *view, uint64_t now_ns, struct model_coroutine *coroutine)
{
	struct scene *scene = view;

	(void)now_ns, (void)coroutine;
	scene->begun++;
}

static void note_end(void *view, uint64_t now_ns, struct model_coroutine *coroutine,
		     const struct model_end *end)
{
	struct scene *scene = view;

	(void)now_ns;
	scene->ended_ns = coroutine->ended_ns;
	if (end->outcome == MODEL_OPEN)
		scene->open++;
	else
		scene->ended++;
}

static void note_task_end(void *view, uint64_t now_ns, struct model_task *task)
{
	struct scene *scene = view;

	(void)now_ns;
	if (task->end)
		scene->tasks_ended++;
	else
		scene->tasks_open++;
}

static void note_time(void *view, struct model_task *task, enum model_state state,
		      uint64_t begin_ns, uint64_t end_ns)
{
	struct scene *scene = view;

	(void)task, (void)state, (void)begin_ns;
	scene->last_time_ns = end_ns;
}

static void note_interval(void *view, const struct model_interval *interval)
{
	struct scene *scene = view;

	scene->intervals++;
	scene->torn += interval->torn || interval->open;
	if (interval->end_ns > scene->last_interval)
		scene->last_interval = interval->end_ns;
}

static const struct model_listener listener = {
	.begin = note_begin,
	.end = note_end,
	.task_end = note_task_end,
	.time = note_time,
	.interval = note_interval,
};

static int setup(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));
	struct stream *s = &scene->stream;

	scene->model = model_new(&listener, scene);
	s->now_ns = MS;
	loop_start(s);
	push(s, AT_TASK_CREATE, 0, TASK(1), FUNCTION, 0, 0);
	push(s, AT_TASK_CREATE, 0, TASK(2), FUNCTION, 0, 0);
	s->now_ns += MS;
	change(s, TASK(2), LOOP(1), 0, s->now_ns);
	begin(s, 3, FUNCTION);
	push(s, AT_SWITCH, 0, TASK(1), TASK(2), FUTURE(1), s->now_ns);
	begin(s, 1, FUNCTION);
	begin(s, 2, FUNCTION);
	s->now_ns += MS;
	feed(scene->model, s);
	*state = scene;
	return 0;
}

static int teardown(void **state)
{
	struct scene *scene = *state;

	model_free(scene->model);
	stream_free(&scene->stream);
	free(scene);
	return 0;
}

static const struct model_totals *shed(struct scene *scene, uint64_t detail, uint64_t coroutines,
				       uint64_t switches, uint64_t others)
{
	push(&scene->stream, AT_SHED, 0, detail, coroutines, switches, others);
	feed(scene->model, &scene->stream);
	return model_totals(scene->model);
}

static const struct model_task *task_of(struct scene *scene, unsigned int number)
{
	return model_find_task(scene->model, 42, TASK(number));
}

static void counts__are_summed_up(void **state)
{
	struct scene *scene = *state;
	const struct model_totals *totals = shed(scene, AT_DETAIL_NO_COROUTINES, 5, 0, 0);

	assert_int_equal(totals->shed_ns[AT_DETAIL_NO_COROUTINES], 3 * MS);
	scene->stream.now_ns += MS;
	scene->stream.thread = 1;
	shed(scene, AT_DETAIL_NO_COROUTINES, 1, 0, 0);
	shed(scene, AT_DETAIL_COUNTS, 2, 20, 200);
	scene->stream.now_ns += MS;
	shed(scene, AT_DETAIL_COUNTS, 0, 1, 0);
	assert_int_equal(totals->detail, AT_DETAIL_COUNTS);
	assert_int_equal(totals->shed_coroutines, 8);
	assert_int_equal(totals->shed_switches, 21);
	assert_int_equal(totals->shed_others, 200);
	assert_int_equal(totals->shed_ns[AT_DETAIL_NO_COROUTINES], 3 * MS);
	assert_int_equal(totals->shed_ns[AT_DETAIL_NO_SWITCHES], 4 * MS);
	assert_int_equal(totals->shed_ns[AT_DETAIL_COUNTS], 4 * MS);
	assert_int_equal(totals->lost, 0);
}

static void no_coroutines__those_known_are_open_at_once(void **state)
{
	struct scene *scene = *state;

	shed(scene, AT_DETAIL_NO_COROUTINES, 0, 0, 0);
	assert_int_equal(scene->begun, 3);
	assert_int_equal(scene->open, 3);
	assert_int_equal(scene->ended_ns, 3 * MS);
	assert_null(task_of(scene, 1)->innermost);
	assert_null(task_of(scene, 2)->innermost);
	/* The rest goes on. */
	assert_int_equal(task_of(scene, 1)->state, MODEL_RUNNING);
	assert_false(task_of(scene, 1)->unknown);
	scene->stream.now_ns += MS;
	push(&scene->stream, AT_SWITCH, 0, LOOP(1), TASK(1), FUTURE(2), 0);
	feed(scene->model, &scene->stream);
	assert_int_equal(task_of(scene, 1)->awaits, FUTURE(2));
	assert_int_equal(task_of(scene, 1)->times.running, 2 * MS);
	model_finish(scene->model);
	assert_int_equal(scene->open, 3);
	assert_int_equal(scene->ended, 0);
}

/* Another thread has not heard of it yet, or another tracer wants them. */
static void no_coroutines__none_is_taken(void **state)
{
	struct scene *scene = *state;

	shed(scene, AT_DETAIL_NO_COROUTINES, 0, 0, 0);
	begin(&scene->stream, 4, FUNCTION);
	end(&scene->stream, 2);
	shed(scene, AT_DETAIL_ALL, 0, 0, 0);
	begin(&scene->stream, 5, FUNCTION);
	feed(scene->model, &scene->stream);
	assert_int_equal(scene->begun, 3);
	assert_int_equal(scene->ended, 0);
	assert_null(task_of(scene, 1)->innermost);
	assert_int_equal(model_totals(scene->model)->detail, AT_DETAIL_NO_COROUTINES);
}

static void no_switches__nothing_is_claimed_of_states(void **state)
{
	struct scene *scene = *state;
	const struct model_totals *totals = shed(scene, AT_DETAIL_NO_SWITCHES, 0, 0, 0);
	const struct model_loop *loop = model_loops(scene->model);
	unsigned int intervals = scene->intervals;

	assert_true(task_of(scene, 1)->unknown);
	assert_true(task_of(scene, 2)->unknown);
	assert_int_equal(task_of(scene, 2)->awaits, 0);
	assert_int_equal(task_of(scene, 1)->times.running, MS);
	assert_int_equal(task_of(scene, 2)->times.awaiting, MS);
	assert_int_equal(loop->runs, 0);
	assert_true(scene->torn >= 2);
	/* A minute later nobody has run for a minute. */
	scene->stream.now_ns += 60000 * MS;
	push(&scene->stream, AT_TASK_CREATE, 0, TASK(3), FUNCTION, 0, 0);
	change(&scene->stream, TASK(1), LOOP(1), 0, 0);
	feed(scene->model, &scene->stream);
	assert_true(task_of(scene, 3)->unknown);
	push(&scene->stream, AT_TASK_DONE, 0, TASK(1), 0, 0, 0);
	push(&scene->stream, AT_LOOP_STOP, 0, LOOP(1), 0, 0, 0);
	detach(&scene->stream, 0, 0, 0);
	feed(scene->model, &scene->stream);
	assert_int_equal(scene->tasks_ended, 1);
	model_finish(scene->model);
	assert_int_equal(scene->tasks_open, 2);
	assert_int_equal(scene->last_time_ns, 3 * MS);
	assert_int_equal(scene->last_interval, 3 * MS);
	assert_int_equal(scene->intervals, intervals);
	assert_int_equal(loop->last_ns, 3 * MS);
	assert_int_equal(loop->longest_ns, 0);
	assert_int_equal(totals->tasks_created, 3);
}

static void counts_only__who_is_alive_is_not_known(void **state)
{
	struct scene *scene = *state;
	const struct model_totals *totals;

	scene->stream.thread = 1;
	push(&scene->stream, AT_JOB_BEGIN, 0, AT_ID(AT_JOB, 1), FUNCTION, 101, 0);
	scene->stream.thread = 0;
	totals = shed(scene, AT_DETAIL_COUNTS, 0, 0, 0);
	assert_null(model_next_task(scene->model, NULL));
	assert_int_equal(scene->tasks_open, 2);
	assert_int_equal(totals->tasks_done, 0);
	scene->stream.now_ns += 60000 * MS;
	push(&scene->stream, AT_TASK_DONE, 0, TASK(1), 0, 0, 0);
	push(&scene->stream, AT_TASK_CREATE, 0, TASK(3), FUNCTION, 0, 0);
	push(&scene->stream, AT_STATE, 0, LOOP(1), 0, 0, 0);
	push(&scene->stream, AT_TASK_CREATE, AT_EXISTING, TASK(2), FUNCTION, 0, 0);
	push(&scene->stream, AT_STATE, AT_END, LOOP(1), 0, 0, 0);
	feed(scene->model, &scene->stream);
	assert_null(model_next_task(scene->model, NULL));
	assert_int_equal(totals->tasks_created, 2);
	model_finish(scene->model);
	assert_int_equal(scene->last_interval, 3 * MS);
	assert_int_equal(scene->tasks_open, 2);
}

static void thread_without_loop__counts_too(void **state)
{
	struct scene *scene = *state;
	const struct model_totals *totals;

	push(&scene->stream, AT_ATTACH, 0, 0, 0, 0, 0);
	scene->stream.sequences[0]--;
	scene->stream.thread = 2;
	totals = shed(scene, AT_DETAIL_COUNTS, 0, 0, 7);
	assert_int_equal(totals->shed_others, 7);
	assert_int_equal(totals->lost, 0);
	/* What it has left over from before the trace does not. */
	scene->stream.thread = 3;
	scene->stream.now_ns -= 1;
	shed(scene, AT_DETAIL_COUNTS, 0, 0, 100);
	assert_int_equal(totals->shed_others, 7);
}

/* They may have left out more, which is over when a thread has heard that we have come. */
static void what_others_wanted__is_not_ours(void **state)
{
	struct scene *scene = *state;
	struct stream *s = &scene->stream;
	const struct model_totals *totals;

	push(s, AT_ATTACH, 0, 0, 0, 0, MS);
	s->sequences[0]--;
	s->thread = 2;
	shed(scene, AT_DETAIL_COUNTS, 1, 2, 3);
	shed(scene, AT_DETAIL_ALL, 0, 0, 0);
	s->now_ns += MS;
	push(s, AT_STATE, 0, LOOP(2), 0, 0, 0);
	push(s, AT_TASK_CREATE, AT_EXISTING, TASK(7), FUNCTION, 0, 0);
	push(s, AT_STATE, AT_END, LOOP(2), 0, 0, 0);
	totals = shed(scene, AT_DETAIL_ALL, 0, 0, 0);
	assert_int_equal(totals->detail, AT_DETAIL_ALL);
	assert_int_equal(totals->shed_coroutines + totals->shed_switches + totals->shed_others, 0);
	assert_non_null(task_of(scene, 7));
	/* What is left out from now on is left out for us. */
	totals = shed(scene, AT_DETAIL_COUNTS, 0, 0, 4);
	assert_int_equal(totals->detail, AT_DETAIL_COUNTS);
	assert_int_equal(totals->shed_others, 4);
}

static void nonsense__is_survived(void **state)
{
	struct scene *scene = *state;
	const struct model_totals *totals = shed(scene, UINT64_MAX, UINT64_MAX, 2, 2);

	assert_int_equal(totals->detail, AT_DETAIL_COUNTS);
	shed(scene, 1234, 1, 0, 0);
	shed(scene, 0, 0, 0, 0);
	assert_int_equal(totals->detail, AT_DETAIL_COUNTS);
	model_finish(scene->model);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(counts__are_summed_up),
		TEST(no_coroutines__those_known_are_open_at_once),
		TEST(no_coroutines__none_is_taken),
		TEST(no_switches__nothing_is_claimed_of_states),
		TEST(counts_only__who_is_alive_is_not_known),
		TEST(thread_without_loop__counts_too),
		TEST(what_others_wanted__is_not_ours),
		TEST(nonsense__is_survived),
	};

	return cmocka_run_group_tests_name("model_shed", tests, NULL, NULL);
}
