/* SPDX-License-Identifier: BSD-2-Clause */
/* State Threads: stackful tasks in C, as libasync's are. */
#include "peer.h"
#include <st.h>

static uint64_t left;

static void *yield(void *arg)
{
	while (left) {
		left--;
		st_usleep(0);
	}
	return arg;
}

static void yield_together(st_thread_t *threads, int count, uint64_t switches)
{
	int i;

	left = switches;
	for (i = 0; i < count; i++)
		threads[i] = st_thread_create(yield, NULL, 1, 0);
	for (i = 0; i < count; i++)
		st_thread_join(threads[i], NULL);
}

static void switch_among(int count, uint64_t switches)
{
	st_thread_t *threads = calloc(count, sizeof(*threads));
	uint64_t start, between;
	char work[64];

	yield_together(threads, count, switches);
	start = bench_now();
	yield_together(threads, count, count);
	between = bench_now();
	yield_together(threads, count, switches + count);
	snprintf(work, sizeof(work), "switch among %d tasks", count);
	bench_time(work, switches, bench_now() - between - (between - start));
	free(threads);
}

static void switches(void)
{
	switch_among(2, 500000);
	switch_among(1000, 500000);
}

static void *nothing(void *arg)
{
	return arg;
}

static void create(void)
{
	enum { COUNT = 500000, CROWD = 1000 };
	static st_thread_t threads[CROWD];
	uint64_t start = bench_now();
	int i, crowd;

	for (i = 0; i < COUNT; i++)
		st_thread_join(st_thread_create(nothing, NULL, 1, 0), NULL);
	bench_time("create, run and join, one at a time", COUNT, bench_now() - start);
	start = bench_now();
	for (crowd = 0; crowd < COUNT / CROWD; crowd++) {
		for (i = 0; i < CROWD; i++)
			threads[i] = st_thread_create(nothing, NULL, 1, 0);
		for (i = 0; i < CROWD; i++)
			st_thread_join(threads[i], NULL);
	}
	bench_time("create 1000, run all, join all, each", COUNT, bench_now() - start);
}

enum { SIGNALS = 500000 };

static st_cond_t conditions[2];

static void *one_of_two(void *arg)
{
	int mine = arg != NULL, i;

	for (i = 0; i < SIGNALS / 2; i++) {
		st_cond_signal(conditions[!mine]);
		st_cond_wait(conditions[mine]);
	}
	st_cond_signal(conditions[!mine]);
	return NULL;
}

/* It has no futures: who waits for a condition is what comes closest. */
static void future(void)
{
	uint64_t start = bench_now();
	st_thread_t threads[2];
	int i;

	for (i = 0; i < 2; i++) {
		conditions[i] = st_cond_new();
		threads[i] = st_thread_create(one_of_two, i ? &threads : NULL, 1, 0);
	}
	for (i = 0; i < 2; i++)
		st_thread_join(threads[i], NULL);
	bench_time("future, set by a task", SIGNALS, bench_now() - start);
}

static void *serve(void *arg)
{
	st_netfd_t stream = arg;
	char data[16384];
	ssize_t size;

	while ((size = st_read(stream, data, sizeof(data), ST_UTIME_NO_TIMEOUT)) > 0)
		st_write(stream, data, size, ST_UTIME_NO_TIMEOUT);
	st_netfd_close(stream);
	return NULL;
}

static void echo(void)
{
	st_netfd_t listener = st_netfd_open_socket(bench_listen()), stream;

	while ((stream = st_accept(listener, NULL, NULL, ST_UTIME_NO_TIMEOUT)))
		st_thread_create(serve, stream, 0, 0);
}

int main(int argc, char *argv[])
{
	static const struct peer_bench benches[] = {
		{ "switch", switches }, { "create", create }, { "future", future },
		{ "echo", echo },	{ NULL, NULL },
	};

	(void)argc;
	st_set_eventsys(ST_EVENTSYS_ALT);
	peer_check(st_init());
	return peer_main(argv, benches);
}
