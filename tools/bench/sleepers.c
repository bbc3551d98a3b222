/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A million guarded tasks that sleep: resident memory of each, mappings, and time to make and to
 * wake them.
 */
#include "bench.h"
#include <async.h>
#include <unistd.h>

enum { COUNT = 1000000 };

static uint64_t resident(void)
{
	unsigned long size, pages = 0;
	FILE *statm = fopen("/proc/self/statm", "r");

	if (statm && fscanf(statm, "%lu %lu", &size, &pages) != 2)
		pages = 0;
	if (statm)
		fclose(statm);
	return pages * sysconf(_SC_PAGESIZE);
}

static unsigned int mappings(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	unsigned int lines = 0;
	int byte;

	while (maps && (byte = getc(maps)) != EOF)
		lines += byte == '\n';
	if (maps)
		fclose(maps);
	return lines;
}

static ASYNC(sleeper)
{
	return async_sleep(5);
}

static ASYNC(bench)
{
	struct async_task **tasks = calloc(COUNT, sizeof(*tasks));
	uint64_t start = bench_now(), before = resident(), made;
	int i;

	for (i = 0; i < COUNT; i++)
		tasks[i] = async_create_task(sleeper());
	async_sleep_ns(0);
	async_sleep_ns(0);
	made = bench_now();
	printf("%-44s %10.0f  bytes resident each\n", "1000000 sleeping tasks",
	       (double)(resident() - before) / COUNT);
	printf("%-44s %10u\n", "mappings in all", mappings());
	printf("%-44s %10.0f  ns each\n", "create and fall asleep", (double)(made - start) / COUNT);
	for (i = 0; i < COUNT; i++)
		async_task_cancel(tasks[i]);
	for (i = 0; i < COUNT; i++)
		async_await(tasks[i]);
	printf("%-44s %10.0f  ns each\n", "cancel and join", (double)(bench_now() - made) / COUNT);
	free(tasks);
	return 0;
}

int main(void)
{
	printf("sleepers\n");
	return async_run(bench());
}
