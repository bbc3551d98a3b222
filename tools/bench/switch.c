/* SPDX-License-Identifier: BSD-2-Clause */
/* The cost of a switch: tasks that do nothing but yield. */
#include "bench.h"
#include <async.h>

enum { SWITCHES = 4000000 };

static uint64_t left;

static ASYNC(yielder)
{
	while (left) {
		left--;
		async_sleep_ns(0);
	}
	return 0;
}

/* All tasks run `switches` times together, and end. */
static void yield_together(struct async_task **tasks, int count, uint64_t switches)
{
	int i;

	left = switches;
	for (i = 0; i < count; i++)
		tasks[i] = async_create_task(yielder());
	for (i = 0; i < count; i++)
		async_await(tasks[i]);
}

/* What creating and joining the tasks costs is measured too, and taken off. */
static ASYNC(bench, int, count)
{
	struct async_task **tasks = calloc(count, sizeof(*tasks));
	double rounds[ROUNDS];
	char what[64];
	int i;

	yield_together(tasks, count, SWITCHES);
	for (i = 0; i < ROUNDS; i++) {
		uint64_t start = bench_now(), between;

		yield_together(tasks, count, count);
		between = bench_now();
		yield_together(tasks, count, SWITCHES + count);
		rounds[i] = (double)(bench_now() - between - (between - start)) / SWITCHES;
	}
	free(tasks);
	snprintf(what, sizeof(what), "switch among %d tasks", count);
	bench_row(what, "ns", rounds);
	return 0;
}

int main(void)
{
	bench_head("switch");
	async_run(bench(2));
	async_run(bench(1000));
	async_run(bench(100000));
	return 0;
}
