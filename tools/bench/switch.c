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
	uint64_t start, between;
	char work[64];

	yield_together(tasks, count, SWITCHES);
	start = bench_now();
	yield_together(tasks, count, count);
	between = bench_now();
	yield_together(tasks, count, SWITCHES + count);
	snprintf(work, sizeof(work), "switch among %d tasks", count);
	bench_time(work, SWITCHES, bench_now() - between - (between - start));
	free(tasks);
	return 0;
}

int main(void)
{
	async_run(bench(2));
	async_run(bench(1000));
	async_run(bench(100000));
	return 0;
}
