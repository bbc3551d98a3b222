/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes records of every class, in bursts that a reader can follow, fewer with SLOWNESS, until
 * SIGTERM, or until SIGHUP makes it become another program. In shared memory it counts what it has to tell of.
 *
 *	talker FILE	FILE begins with the number of coroutines that have begun, and of tasks
 */
#include <async.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { TASKS = 64, CALLS = 4 };

static volatile sig_atomic_t ends;
static volatile uint64_t *coroutines, *tasks;
static double pause_s = 0.001;

static void on_signal(int signal)
{
	ends = signal;
}

ASYNC(leaf, int, number)
{
	(*coroutines)++;
	return number;
}

ASYNC(child, int, calls)
{
	int i;

	(*coroutines)++;
	for (i = 0; i < calls; i++)
		async_await(leaf(i));
	return async_sleep(0);
}

ASYNC(talker_main)
{
	int i;

	(*coroutines)++;
	(*tasks)++;
	while (!ends) {
		for (i = 0; i < TASKS; i++)
			async_await(async_create_task(child(CALLS)));
		*tasks += TASKS;
		async_sleep(pause_s);
	}
	if (ends == SIGHUP)
		execl("/bin/true", "true", (char *)NULL);
	return 0;
}

int main(int argc, char **argv)
{
	int fd = argc == 2 ? open(argv[1], O_RDWR) : -1;
	const char *slowness = getenv("SLOWNESS");

	if (fd < 0) {
		fprintf(stderr, "usage: talker FILE\n");
		return 2;
	}
	coroutines = mmap(NULL, 2 * sizeof(*coroutines), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (coroutines == MAP_FAILED)
		return 1;
	tasks = coroutines + 1;
	if (slowness)
		pause_s *= atof(slowness);
	signal(SIGTERM, on_signal);
	signal(SIGHUP, on_signal);
	return async_run(talker_main());
}
