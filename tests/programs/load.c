/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A runtime under load, which says in shared memory what it has written and does what it is told
 * there: it forks, becomes another program, loads a library, or ends.
 *
 *	load FILE THREADS [WHAT]	FILE begins with struct load of load.h, WHAT is the program
 *					to become or the library to load
 */
#define AT_PROBES_IMPLEMENTATION
#include "load.h"
#include <asynctrace/probes.h>
#include <dlfcn.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define BURST 20

static struct load *shared;
static uint64_t loops;
static volatile int ended;

struct writer {
	struct load_writer *counts;
	uint64_t loop, task, seen;
};

static void record(struct writer *writer, enum at_kind kind, unsigned int flags, uint64_t subject,
		   uint64_t a)
{
	if (!at_listening())
		return;
	at_record(kind, flags, subject, a, 0, 0);
	__atomic_store_n(&writer->counts->sequence, at_thread.sequence, __ATOMIC_RELAXED);
}

static void write_state(struct writer *writer)
{
	record(writer, AT_STATE, 0, writer->loop, 0);
	record(writer, AT_LOOP_START, AT_EXISTING, writer->loop, 0);
	record(writer, AT_TASK_CREATE, AT_EXISTING, writer->task, 0);
	record(writer, AT_STATE, AT_END, writer->loop, 0);
}

static void burst(struct writer *writer)
{
	struct timespec pause = { .tv_nsec = shared->pause_ns };
	int i;

	if (at_listeners_rose(&writer->seen))
		write_state(writer);
	for (i = 0; i < BURST / 2; i++) {
		record(writer, AT_SWITCH, AT_ITERATION, writer->task, writer->loop);
		record(writer, AT_SWITCH, AT_YIELDED, writer->loop, writer->task);
	}
	writer->counts->bursts++;
	if (!pause.tv_nsec)
		return;
	at_flush();
	nanosleep(&pause, NULL);
}

static void begin(struct writer *writer, struct load_writer *counts)
{
	uint64_t number = __atomic_add_fetch(&loops, 1, __ATOMIC_RELAXED);

	writer->counts = counts;
	writer->loop = AT_ID(AT_LOOP, number);
	writer->task = AT_ID(AT_TASK, number);
	writer->seen = 0;
	counts->thread = gettid();
	counts->sequence = 0;
	at_listeners_rose(&writer->seen);
	record(writer, AT_LOOP_START, 0, writer->loop, 0);
	record(writer, AT_TASK_CREATE, 0, writer->task, 0);
}

static struct load_writer *next_counts(void)
{
	uint32_t number = __atomic_fetch_add(&shared->writer_count, 1, __ATOMIC_RELAXED);

	return &shared->writers[number % LOAD_WRITERS];
}

/* With records that were not handed over. */
static void become(struct writer *writer, const char *what)
{
	record(writer, AT_SWITCH, AT_ITERATION, writer->task, writer->loop);
	shared->command = LOAD_NOTHING;
	execlp("sh", "sh", "-c", what, (char *)NULL);
	_exit(127);
}

static void *run_thread(void *what)
{
	struct writer writer;

	begin(&writer, next_counts());
	while (!ended) {
		burst(&writer);
		if (shared->command == LOAD_LATE_EXEC)
			become(&writer, what);
	}
	return NULL;
}

static void *run_shortly(void *unused)
{
	struct load_writer counts = { 0 };
	struct writer writer;

	begin(&writer, &counts);
	burst(&writer);
	__atomic_fetch_add(&shared->churned_records, counts.sequence, __ATOMIC_RELAXED);
	return unused;
}

static void churn(void)
{
	pthread_t threads[8];
	int i;

	for (i = 0; i < 8; i++)
		pthread_create(&threads[i], NULL, run_shortly, NULL);
	for (i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	shared->churned += 8;
}

/* The child is the same to itself as the parent was: only its counts are its own. */
static void divide(struct writer *writer)
{
	pid_t child = fork();

	if (child) {
		shared->child = child;
		return;
	}
	begin(writer, next_counts());
	while (shared->command != LOAD_END)
		burst(writer);
	exit(7);
}

static void obey(struct writer *writer, const char *what)
{
	uint32_t command = shared->command;

	switch (command) {
	case LOAD_END:
		ended = 1;
		return;
	case LOAD_CHURN:
		churn();
		return;
	case LOAD_FORK:
		shared->command = LOAD_NOTHING;
		divide(writer);
		return;
	case LOAD_EXEC:
		become(writer, what);
		return;
	case LOAD_OPEN:
		if (!dlopen(what, RTLD_NOW)) {
			fprintf(stderr, "%s\n", dlerror());
			exit(1);
		}
		shared->command = LOAD_NOTHING;
	}
}

int main(int argc, char **argv)
{
	int fd = argc >= 3 ? open(argv[1], O_RDWR | O_CLOEXEC) : -1;
	int threads = fd < 0 ? 0 : atoi(argv[2]), i;
	pthread_t others[LOAD_WRITERS];
	char *what = argc > 3 ? argv[3] : "true";
	struct writer writer;

	if (threads < 1 || threads > LOAD_WRITERS / 2) {
		fprintf(stderr, "usage: load FILE THREADS [WHAT]\n");
		return 2;
	}
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (shared == MAP_FAILED)
		return 1;
	/* Some tests take longer than a program is given. */
	alarm(1200);
	for (i = 1; i < threads; i++)
		pthread_create(&others[i], NULL, run_thread, what);
	begin(&writer, next_counts());
	while (!ended) {
		burst(&writer);
		obey(&writer, what);
	}
	at_flush();
	for (i = 1; i < threads; i++)
		pthread_join(others[i], NULL);
	if (shared->child)
		waitpid(shared->child, &shared->child_status, 0);
	return 0;
}
