/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A scheduler of its own, of which asynctrace knows nothing but the records: two coroutines that
 * are state machines take turns, and every run writes the same records.
 *
 *	toy [-w] [-c FILE] [-t THREADS] [-r ROUNDS] [-f] [-s | -k]
 *
 *	-w  waits for a byte on its input before it starts
 *	-c  counts the records that it has written in the first 8 bytes of FILE, shared memory
 *	-f  forks a child, which does the same, and fails if the child does
 *	-s  then sleeps as a loop does, until its input ends
 *	-k  then waits to be killed, without handing its last records over
 */
#define AT_PROBES_IMPLEMENTATION
#include <asynctrace/probes.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define STEPS 3

struct function {
	const char *name, *file;
	unsigned int line;
	uint64_t types;
};

static const struct function work = {
	"work", "toy.c", 25, AT_ARGUMENT_S32 | AT_ARGUMENT_STRING << 8 | AT_ARGUMENT_U64 << 16
};

struct coroutine {
	uint64_t task, id;
	unsigned int step;
	bool alive;
};

struct toy {
	struct coroutine coroutines[2];
	uint64_t loop, next, round;
	uint64_t seen;
	uint32_t counted;
};

static uint64_t uncounted, *written = &uncounted;
static uint64_t rounds = 1, loops;

static void count(struct toy *toy)
{
	__atomic_fetch_add(written, at_thread.sequence - toy->counted, __ATOMIC_RELAXED);
	toy->counted = at_thread.sequence;
}

static void record(struct toy *toy, enum at_kind kind, unsigned int flags, uint64_t subject,
		   uint64_t a, uint64_t b, uint64_t c)
{
	if (!at_listening())
		return;
	at_record(kind, flags, subject, a, b, c);
	count(toy);
}

static void define(struct toy *toy, const struct function *function)
{
	if (!at_listening() || !at_wants(AT_FUNCTION))
		return;
	at_text(function->name);
	at_text(function->file);
	record(toy, AT_FUNCTION, 0, (uintptr_t)function, function->line, function->types, 0);
}

static void begin(struct toy *toy, const struct coroutine *coroutine, unsigned int flags)
{
	record(toy, AT_TASK_CREATE, flags, coroutine->task, (uintptr_t)&work, toy->loop, 0);
	if (at_listening() && at_wants(AT_COROUTINE_BEGIN)) {
		at_text("an argument of more than thirty-two bytes");
		record(toy, AT_ARGUMENTS, 0, toy->round, 0, 0, 0);
	}
	record(toy, AT_COROUTINE_BEGIN, flags, coroutine->id, (uintptr_t)&work, toy->next, 0);
}

/* At a moment when no step is under way. */
static void write_state(struct toy *toy)
{
	record(toy, AT_STATE, 0, toy->loop, 0, 0, 0);
	record(toy, AT_LOOP_START, AT_EXISTING, toy->loop, 0, 0, 0);
	define(toy, &work);
	for (int i = 0; i < 2; i++)
		if (toy->coroutines[i].alive)
			begin(toy, &toy->coroutines[i], AT_EXISTING);
	record(toy, AT_STATE, AT_END, toy->loop, 0, 0, 0);
	at_flush();
}

static void step(struct toy *toy, struct coroutine *coroutine)
{
	bool ends = ++coroutine->step == STEPS;

	record(toy, AT_SWITCH, AT_ITERATION, coroutine->task, toy->loop, 0, toy->round);
	if (ends) {
		record(toy, AT_COROUTINE_END, 0, coroutine->id, toy->round, 0, 0);
		record(toy, AT_TASK_DONE, 0, coroutine->task, toy->round, 0, 0);
		coroutine->alive = false;
	}
	record(toy, AT_SWITCH, ends ? AT_ENDED : AT_YIELDED, toy->loop, coroutine->task, 0, 0);
}

static void run_round(struct toy *toy)
{
	for (int i = 0; i < 2; i++) {
		uint64_t number = ++toy->next;

		toy->coroutines[i] = (struct coroutine){ AT_ID(AT_TASK, number),
							 AT_ID(AT_COROUTINE, number), 0, true };
		begin(toy, &toy->coroutines[i], 0);
	}
	for (int i = 0; i < 2 * STEPS; i++) {
		if (at_listeners_rose(&toy->seen))
			write_state(toy);
		step(toy, &toy->coroutines[i % 2]);
	}
}

static void *run(void *sleeps)
{
	struct toy toy = { .loop = AT_ID(AT_LOOP,
					 __atomic_add_fetch(&loops, 1, __ATOMIC_RELAXED)) };
	struct pollfd fds[] = { { at_listeners.wakeup, POLLIN, 0 }, { 0, POLLIN, 0 } };
	uint64_t value;

	/* Numbers are unique within the process. */
	toy.next = AT_ID_NUMBER & (toy.loop << 32);
	at_listeners_rose(&toy.seen);
	record(&toy, AT_LOOP_START, 0, toy.loop, 0, 0, 0);
	define(&toy, &work);
	for (; toy.round < rounds; toy.round++)
		run_round(&toy);
	while (sleeps && !fds[1].revents) {
		at_flush();
		if (poll(fds, 2, -1) < 0 || (fds[0].revents && read(fds[0].fd, &value, 8) != 8))
			return NULL;
		if (at_listeners_rose(&toy.seen))
			write_state(&toy);
	}
	record(&toy, AT_LOOP_STOP, 0, toy.loop, 0, 0, 0);
	return NULL;
}

static int run_child(void)
{
	pid_t child = fork();
	int status = 0;

	if (!child) {
		run(NULL);
		exit(0);
	}
	return child < 0 || waitpid(child, &status, 0) < 0 || status;
}

int main(int argc, char **argv)
{
	int option, threads = 1, fd, failed = 0;
	bool waits = false, forks = false, sleeps = false, killed = false;
	pthread_t others[64];

	while ((option = getopt(argc, argv, "wc:t:r:fsk")) >= 0) {
		waits |= option == 'w';
		forks |= option == 'f';
		sleeps |= option == 's';
		killed |= option == 'k';
		threads = option == 't' ? atoi(optarg) : threads;
		rounds = option == 'r' ? strtoull(optarg, NULL, 0) : rounds;
		if (option == '?' || threads < 1 || threads > 64)
			return 2;
		if (option != 'c')
			continue;
		fd = open(optarg, O_RDWR);
		written = mmap(NULL, 8, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (written == MAP_FAILED)
			return 2;
	}
	if (sleeps)
		at_listeners.wakeup = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (waits && read(0, &option, 1) != 1)
		return 2;
	for (int i = 1; i < threads; i++)
		pthread_create(&others[i], NULL, run, NULL);
	run(sleeps ? argv : NULL);
	if (threads > 1)
		at_flush();
	for (int i = 1; i < threads; i++)
		pthread_join(others[i], NULL);
	if (forks)
		failed = run_child();
	while (killed)
		pause();
	return failed;
}
