/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes a recording of any length, to measure how it is read:
 *
 *	make_recording FILE RECORDS TASKS
 *
 * One loop with so many tasks alive. Each serves, over and over: it fetches, which waits for a
 * timer, a descriptor or a lock, sometimes yields, fails or is cancelled; and after some rounds it
 * ends, and a new one takes its place. The same arguments give the same file.
 */
#include "events.h"
#include <errno.h>
#include <stdio.h>
#include <tracer/formats/recording.h>

#define SERVE 0x401000
#define FETCH 0x402000
#define PLACE 0x403010

enum { STEPS_MAX = 64, LOCKS = 16 };

struct worker {
	uint64_t task, ready_ns;
	unsigned int serve, fetch; /* coroutines; 0: it has not begun, it is in none */
	unsigned int rounds;	   /* left */
	bool cancelled;
};

struct generator {
	struct stream stream;
	struct worker *workers;
	size_t count;
	uint64_t tasks, who; /* the last task, and who runs */
	unsigned int coroutines;
};

static void pass_time(struct generator *generator, unsigned int ns_max)
{
	generator->stream.now_ns += 1 + lrand48() % ns_max;
}

static void create(struct generator *generator, struct worker *worker)
{
	struct stream *s = &generator->stream;
	char name[AT_TEXT_MAX + 1];

	*worker = (struct worker){
		.task = TASK(++generator->tasks),
		.ready_ns = s->now_ns,
		.rounds = 1 + lrand48() % 20,
	};
	push(s, AT_TASK_CREATE, 0, worker->task, SERVE,
	     AT_ID_TYPE(generator->who) == AT_TASK ? generator->who : 0, PLACE);
	if (generator->tasks % 4)
		return;
	snprintf(name, sizeof(name), "client %u", (unsigned int)(generator->tasks % 1000));
	text(s, name);
	push(s, AT_TASK_NAME, 0, worker->task, 0, 0, 0);
}

/* Who runs leaves, awaiting this. */
static void enter(struct generator *generator, uint64_t who, unsigned int flags, uint64_t awaits,
		  uint64_t ready_ns)
{
	push(&generator->stream, AT_SWITCH, flags, who, generator->who, awaits, ready_ns);
	generator->who = who;
}

static uint64_t something_to_await(struct generator *generator)
{
	struct stream *s = &generator->stream;
	uint64_t lock = AT_ID(AT_LOCK, 1 + lrand48() % LOCKS);
	size_t holder = lrand48() % generator->count;

	switch (lrand48() % 4) {
	case 0:
		push(s, AT_DEPENDS, AT_HOLDER, lock, generator->workers[holder].task, 0, 0);
		return lock;
	case 1:
		return AT_ID(AT_READ, 5 + lrand48() % generator->count);
	default:
		return AT_ID(AT_TIMER, s->now_ns / 1000 + lrand48() % 100000);
	}
}

static void end_fetch(struct generator *generator, struct worker *worker)
{
	bool fails = !(lrand48() % 50);
	struct stream *s = &generator->stream;

	if (fails && !worker->cancelled)
		text(s, "connection reset by peer");
	if (worker->cancelled)
		push(s, AT_COROUTINE_END, AT_CANCELLED, COROUTINE(worker->fetch), -ECANCELED, 0, 0);
	else
		push(s, AT_COROUTINE_END, fails ? AT_FAILED : 0, COROUTINE(worker->fetch),
		     fails ? -ECONNRESET : 200, 0, 0);
	worker->cancelled = false;
	worker->fetch = 0;
}

/* One step of the worker. Returns the flags with which it leaves, and what it awaits. */
static unsigned int step(struct generator *generator, struct worker *worker, uint64_t *awaits)
{
	struct stream *s = &generator->stream;

	*awaits = 0;
	pass_time(generator, 2000);
	if (!worker->serve) {
		worker->serve = ++generator->coroutines;
		begin(s, worker->serve, SERVE);
	}
	if (worker->fetch && !worker->cancelled && !(lrand48() % 10))
		return AT_YIELDED;
	if (worker->fetch)
		end_fetch(generator, worker);
	if (!worker->rounds--) {
		end(s, worker->serve);
		push(s, AT_TASK_DONE, 0, worker->task, 0, 0, 0);
		create(generator, worker);
		return AT_ENDED;
	}
	worker->fetch = ++generator->coroutines;
	push(s, AT_COROUTINE_BEGIN, 0, COROUTINE(worker->fetch), FETCH, lrand48() % 1000, 0);
	*awaits = something_to_await(generator);
	return 0;
}

/* An iteration of the loop: some of the tasks run. */
static void iterate(struct generator *generator)
{
	size_t steps = 1 + lrand48() % STEPS_MAX, i;
	struct stream *s = &generator->stream;
	unsigned int flags = AT_ITERATION;
	uint64_t awaits = 0;

	pass_time(generator, 50000);
	for (i = 0; i < steps; i++) {
		struct worker *worker = &generator->workers[lrand48() % generator->count];
		uint64_t task = worker->task;

		if (task == generator->who)
			continue;
		if (i && worker->fetch && !(lrand48() % 100)) {
			push(s, AT_TASK_CANCEL, 0, task, generator->who, PLACE, 0);
			worker->cancelled = true;
		}
		flags |= worker->cancelled ? AT_DELIVERS : 0;
		enter(generator, task, flags, awaits, s->now_ns - lrand48() % 1000);
		flags = step(generator, worker, &awaits);
		pass_time(generator, 500);
	}
	enter(generator, LOOP(1), flags & ~AT_ITERATION, awaits, 100);
}

static void start(struct generator *generator)
{
	struct stream *s = &generator->stream;
	size_t i;

	s->now_ns = 1000000000;
	push(s, AT_ATTACH, 0, 1700000000000000000, 0, 0, 0);
	s->sequences[0] = 0;
	loop_start(s);
	generator->who = LOOP(1);
	function(s, SERVE, "serve", "server.c", 10, 0);
	function(s, FETCH, "fetch", "server.c", 30, AT_ARGUMENT_S32);
	text(s, "main");
	text(s, "server.c");
	push(s, AT_PLACE, 0, PLACE, 50, 0, 0);
	for (i = 0; i < generator->count; i++)
		create(generator, &generator->workers[i]);
}

static int write_all(struct generator *generator, struct recording *recording, size_t records)
{
	struct stream *s = &generator->stream;
	int err = 0;

	start(generator);
	while (!err && records > s->count) {
		err = recording_write(recording, s->events, s->count);
		records -= s->count;
		s->count = 0;
		iterate(generator);
	}
	s->count = records ? records - 1 : 0;
	detach(s, 0, 0, 0);
	return err ? err : recording_write(recording, s->events, s->count);
}

int main(int argc, char **argv)
{
	struct generator generator = { 0 };
	struct recording *recording;
	int err;

	if (argc != 4) {
		fprintf(stderr, "usage: make_recording FILE RECORDS TASKS\n");
		return 2;
	}
	generator.count = strtoul(argv[3], NULL, 0);
	generator.workers = calloc(generator.count, sizeof(*generator.workers));
	err = recording_create(&recording, argv[1]);
	if (err || !generator.count || !generator.workers)
		return 1;
	err = write_all(&generator, recording, strtoul(argv[2], NULL, 0));
	err = err ? err : recording_close(recording);
	if (err)
		fprintf(stderr, "make_recording: %s: %s\n", argv[1], strerror(-err));
	stream_free(&generator.stream);
	free(generator.workers);
	return err != 0;
}
