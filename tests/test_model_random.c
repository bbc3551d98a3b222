/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The model against a simulated loop that keeps the times itself; then the same streams with holes
 * and with broken bytes, where they must still add up. Seeds are fixed.
 */
#include "events.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { TASKS = 12, DEPTH = 6, COROUTINES = 100000 };

enum doing { NONE, RUNNING, READY, AWAITING };

struct simulated_task {
	uint64_t number, created_ns, left_ns, ready_ns;
	enum doing doing;
	struct model_times times;
	unsigned int depth;
	uint64_t chain[DEPTH];
};

/* What a coroutine's times must be when it ends: the task's, less those when it began. */
struct expected {
	struct model_times before, times;
	bool ended;
};

struct simulation {
	struct stream stream;
	struct model *model;
	struct simulated_task tasks[TASKS];
	struct expected *expected;
	uint64_t next_task, next_coroutine, who;
	size_t ended, open, checked_tasks;
	bool exact;
};

static uint64_t sum(const struct model_times *times)
{
	return times->running + times->ready + times->awaiting;
}

static void on_end(void *view, uint64_t now_ns, struct model_coroutine *coroutine,
		   const struct model_end *end)
{
	struct simulation *simulation = view;
	const struct model_coroutine *outer;

	(void)now_ns;
	simulation->ended++;
	simulation->open += end->outcome == MODEL_OPEN;
	assert_true(sum(&coroutine->times) == coroutine->ended_ns - coroutine->begun_ns);
	for (outer = coroutine->awaiter; outer; outer = outer->awaiter)
		assert_ptr_equal(outer->task, coroutine->task);
	if (simulation->exact && end->outcome != MODEL_OPEN) {
		struct expected *expected = &simulation->expected[coroutine->id & AT_ID_NUMBER];

		assert_true(expected->ended);
		assert_memory_equal(&coroutine->times, &expected->times, sizeof(expected->times));
	}
}

/* What the intervals and the pieces of a task's time come to. It hangs on the task. */
struct book {
	uint64_t begun_ns, until_ns;
	struct model_times intervals, pieces;
};

static uint64_t *entry(struct model_times *times, enum model_state state)
{
	if (state == MODEL_RUNNING)
		return &times->running;
	return state == MODEL_READY ? &times->ready : &times->awaiting;
}

static void on_task_begin(void *view, uint64_t now_ns, struct model_task *task)
{
	struct book *book = calloc(1, sizeof(*book));

	(void)view;
	(void)now_ns;
	assert_non_null(book);
	assert_null(task->user);
	book->begun_ns = book->until_ns = task->created_ns;
	task->user = book;
}

static void on_time(void *view, struct model_task *task, enum model_state state, uint64_t begin_ns,
		    uint64_t end_ns)
{
	struct book *book = task->user;

	(void)view;
	assert_true(begin_ns < end_ns);
	*entry(&book->pieces, state) += end_ns - begin_ns;
	assert_memory_equal(&book->pieces, &task->times, sizeof(task->times));
}

static void on_interval(void *view, const struct model_interval *interval)
{
	static const enum model_state states[] = {
		[MODEL_STEP] = MODEL_RUNNING,
		[MODEL_QUEUE] = MODEL_READY,
		[MODEL_AWAIT] = MODEL_AWAITING,
	};
	struct book *book;

	(void)view;
	assert_true(interval->begin_ns <= interval->end_ns);
	if (!interval->task)
		return;
	book = interval->task->user;
	/* A creation that is told late puts one in front. */
	if (interval->kind == MODEL_QUEUE && interval->end_ns == book->begun_ns)
		book->begun_ns = interval->begin_ns;
	else
		assert_int_equal(interval->begin_ns, book->until_ns);
	if (interval->end_ns > book->until_ns)
		book->until_ns = interval->end_ns;
	*entry(&book->intervals, states[interval->kind]) += interval->end_ns - interval->begin_ns;
}

static void on_task_end(void *view, uint64_t now_ns, struct model_task *task)
{
	struct book *book = task->user;

	(void)view;
	(void)now_ns;
	assert_memory_equal(&book->intervals, &task->times, sizeof(task->times));
	assert_memory_equal(&book->pieces, &task->times, sizeof(task->times));
	free(book);
	task->user = NULL;
}

static void pass_time(struct simulation *simulation)
{
	simulation->stream.now_ns += lrand48() % 50;
}

/* The time at which the task is, in the simulator's own books. */
static void account(struct simulation *simulation, struct simulated_task *task)
{
	uint64_t now_ns = simulation->stream.now_ns;

	if (task->doing == RUNNING)
		task->times.running += now_ns - task->left_ns;
	task->left_ns = now_ns;
}

static struct simulated_task *pick(struct simulation *simulation, enum doing doing)
{
	unsigned int i, first = lrand48() % TASKS;

	for (i = 0; i < TASKS; i++) {
		struct simulated_task *task = &simulation->tasks[(first + i) % TASKS];

		if (task->doing == doing)
			return task;
	}
	return NULL;
}

static void create(struct simulation *simulation)
{
	struct simulated_task *task = pick(simulation, NONE);

	if (!task)
		return;
	*task = (struct simulated_task){
		.number = ++simulation->next_task,
		.created_ns = simulation->stream.now_ns,
		.left_ns = simulation->stream.now_ns,
		.doing = READY,
	};
	push(&simulation->stream, AT_TASK_CREATE, 0, TASK(task->number), 0x1000, 0, 0);
}

static void begin_one(struct simulation *simulation, struct simulated_task *task)
{
	if (task->depth == DEPTH)
		return;
	account(simulation, task);
	simulation->next_coroutine++;
	assert_true(simulation->next_coroutine < COROUTINES);
	simulation->expected[simulation->next_coroutine].before = task->times;
	task->chain[task->depth++] = simulation->next_coroutine;
	begin(&simulation->stream, simulation->next_coroutine, 0x1000 + lrand48() % 5);
}

static void end_one(struct simulation *simulation, struct simulated_task *task)
{
	struct expected *expected;

	if (!task->depth)
		return;
	account(simulation, task);
	expected = &simulation->expected[task->chain[--task->depth]];
	expected->times.running = task->times.running - expected->before.running;
	expected->times.ready = task->times.ready - expected->before.ready;
	expected->times.awaiting = task->times.awaiting - expected->before.awaiting;
	expected->ended = true;
	end(&simulation->stream, task->chain[task->depth]);
}

/* Who waits may become ready while others run. */
static void wake(struct simulation *simulation)
{
	struct simulated_task *task = pick(simulation, AWAITING);

	if (!task)
		return;
	task->ready_ns = simulation->stream.now_ns;
	task->times.awaiting += task->ready_ns - task->left_ns;
	task->left_ns = task->ready_ns;
	task->doing = READY;
}

static void step(struct simulation *simulation, struct simulated_task *task)
{
	unsigned int flags = 0, actions = lrand48() % 8;

	while (actions--) {
		pass_time(simulation);
		switch (lrand48() % 5) {
		case 0:
			create(simulation);
			break;
		case 1:
		case 2:
			begin_one(simulation, task);
			break;
		case 3:
			end_one(simulation, task);
			break;
		default:
			wake(simulation);
		}
	}
	pass_time(simulation);
	account(simulation, task);
	task->doing = AWAITING;
	task->ready_ns = 0;
	if (lrand48() % 8 == 0) {
		while (task->depth)
			end_one(simulation, task);
		push(&simulation->stream, AT_TASK_DONE, 0, TASK(task->number), 0, 0, 0);
		task->doing = NONE;
		flags = AT_ENDED;
	} else if (lrand48() % 4 == 0) {
		task->doing = READY;
		flags = AT_YIELDED;
	}
	simulation->who = TASK(task->number) | (uint64_t)flags << 48;
}

/* Whoever ran leaves, the next one enters. Flags of who leaves are kept beside its id. */
static void enter(struct simulation *simulation, uint64_t id, uint64_t ready_ns)
{
	uint64_t leaves = simulation->who & ~(0xffULL << 48);

	change(&simulation->stream, id, leaves, simulation->who >> 48 & 0xff, ready_ns);
	simulation->who = id;
}

static void run_step(struct simulation *simulation)
{
	struct simulated_task *task = pick(simulation, READY);

	if (!task) {
		enter(simulation, LOOP(1), 0);
		pass_time(simulation);
		wake(simulation);
		if (!pick(simulation, READY))
			create(simulation);
		return;
	}
	task->times.ready += simulation->stream.now_ns - task->left_ns;
	task->left_ns = simulation->stream.now_ns;
	task->doing = RUNNING;
	enter(simulation, TASK(task->number), task->ready_ns);
	step(simulation, task);
}

/* After its switch the task that has left must be where the simulator has it. */
static void check_tasks(struct simulation *simulation)
{
	const struct model_task *task;
	unsigned int i;

	for (i = 0; i < TASKS; i++) {
		const struct simulated_task *own = &simulation->tasks[i];

		task = model_find_task(simulation->model, 42, TASK(own->number));
		assert_int_equal(task != NULL, own->doing != NONE);
		/* That it has become ready is told only when it enters. */
		if (!task || TASK(own->number) != (simulation->who & ~(0xffULL << 48)))
			continue;
		assert_memory_equal(&task->times.ready, &own->times.ready, sizeof(uint64_t));
		assert_memory_equal(&task->times.awaiting, &own->times.awaiting, sizeof(uint64_t));
		simulation->checked_tasks++;
	}
}

static void simulation_open(struct simulation *simulation, long seed)
{
	static const struct model_listener listener = {
		.end = on_end,
		.task_begin = on_task_begin,
		.task_end = on_task_end,
		.time = on_time,
		.interval = on_interval,
	};

	srand48(seed);
	*simulation = (struct simulation){ .who = LOOP(1) };
	simulation->stream.now_ns = 1000000;
	simulation->expected = calloc(COROUTINES, sizeof(*simulation->expected));
	simulation->model = model_new(&listener, simulation);
	assert_non_null(simulation->expected);
	assert_non_null(simulation->model);
	loop_start(&simulation->stream);
	create(simulation);
}

static void simulation_close(struct simulation *simulation)
{
	model_free(simulation->model);
	stream_free(&simulation->stream);
	free(simulation->expected);
}

static void whole_stream__gives_the_simulated_times(void **state)
{
	struct simulation simulation;
	long seed, steps;

	(void)state;
	for (seed = 1; seed <= 5; seed++) {
		simulation_open(&simulation, seed);
		simulation.exact = true;
		for (steps = 0; steps < 4000; steps++) {
			run_step(&simulation);
			feed(simulation.model, &simulation.stream);
			check_tasks(&simulation);
		}
		assert_int_equal(simulation.open, 0);
		assert_true(simulation.ended > 1000);
		assert_true(simulation.checked_tasks > 1000);
		assert_int_equal(model_totals(simulation.model)->lost, 0);
		model_finish(simulation.model);
		assert_int_equal(simulation.ended, simulation.next_coroutine);
		simulation_close(&simulation);
	}
}

static void holes__still_add_up(void **state)
{
	struct simulation simulation;
	uint64_t lost, fed;
	size_t kept, i;
	long seed, steps;

	(void)state;
	for (seed = 1; seed <= 20; seed++) {
		simulation_open(&simulation, seed);
		feed(simulation.model, &simulation.stream);
		lost = 0;
		fed = 2;
		for (steps = 0; steps < 1000; steps++) {
			run_step(&simulation);
			for (i = kept = 0; i < simulation.stream.count; i++) {
				if (lrand48() % 10)
					simulation.stream.events[kept++] =
						simulation.stream.events[i];
			}
			lost += simulation.stream.count - kept;
			fed += kept;
			simulation.stream.count = kept;
			feed(simulation.model, &simulation.stream);
		}
		run_step(&simulation);
		fed += simulation.stream.count;
		feed(simulation.model, &simulation.stream);
		assert_int_equal(model_totals(simulation.model)->lost, lost);
		assert_int_equal(model_totals(simulation.model)->records, fed);
		model_finish(simulation.model);
		simulation_close(&simulation);
	}
}

/*
 * The simulator's records with some of their bytes broken; kinds and ids stay near the true ones.
 */
static void broken_records__do_no_harm(void **state)
{
	struct simulation simulation;
	long seed, steps;
	size_t i;

	(void)state;
	for (seed = 1; seed <= 20; seed++) {
		simulation_open(&simulation, seed);
		for (steps = 0; steps < 500; steps++) {
			run_step(&simulation);
			for (i = 0; i < simulation.stream.count; i++) {
				unsigned char *bytes = (void *)&simulation.stream.events[i];

				if (lrand48() % 4 == 0)
					bytes[lrand48() % sizeof(struct at_event)] ^=
						lrand48() & lrand48();
				if (lrand48() % 8 == 0)
					simulation.stream.events[i].kind = lrand48() % 16;
				if (lrand48() % 16 == 0)
					simulation.stream.events[i].flags |= AT_EXISTING;
				if (lrand48() % 16 == 0)
					simulation.stream.events[i].time_ns += mrand48();
			}
			feed(simulation.model, &simulation.stream);
		}
		model_finish(simulation.model);
		simulation_close(&simulation);
	}
}

static uint64_t random_word(void)
{
	uint64_t word = (uint64_t)mrand48() << 32 ^ mrand48();

	return lrand48() % 2 ? word : word % 4 | (word >> 32) % 8 << 56;
}

static void random_records__do_no_harm(void **state)
{
	struct simulation simulation;
	struct at_event event;
	long seed, i;

	(void)state;
	for (seed = 1; seed <= 5; seed++) {
		simulation_open(&simulation, seed);
		for (i = 0; i < 20000; i++) {
			event = (struct at_event){
				.time_ns = random_word(),
				.thread = lrand48() % 3,
				.sequence = lrand48() % 8 ? i : lrand48(),
				.kind = lrand48() % 16 ? lrand48() % 16 : lrand48(),
				.flags = random_word(),
				.process = lrand48() % 2,
				.subject = random_word(),
				.a = random_word(),
				.b = random_word(),
				.c = random_word(),
			};
			assert_int_equal(model_feed(simulation.model, &event, 1), 0);
		}
		model_finish(simulation.model);
		simulation_close(&simulation);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_stream__gives_the_simulated_times),
		cmocka_unit_test(holes__still_add_up),
		cmocka_unit_test(broken_records__do_no_harm),
		cmocka_unit_test(random_records__do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
