/* SPDX-License-Identifier: BSD-2-Clause */
/* The cost of a task: create, run, join, one at a time and in crowds. */
#include "bench.h"
#include <async.h>

enum { COUNT = 2000000, CROWD = 1000 };

static ASYNC(nothing)
{
	return 0;
}

static ASYNC(one_at_a_time)
{
	uint64_t start = bench_now();
	int i;

	for (i = 0; i < COUNT; i++)
		async_await(async_create_task(nothing()));
	bench_time("create, run and join, one at a time", COUNT, bench_now() - start);
	return 0;
}

static ASYNC(in_crowds)
{
	static struct async_task *tasks[CROWD];
	uint64_t start = bench_now();
	int i, crowd;

	for (crowd = 0; crowd < COUNT / CROWD; crowd++) {
		for (i = 0; i < CROWD; i++)
			tasks[i] = async_create_task(nothing());
		for (i = 0; i < CROWD; i++)
			async_await(tasks[i]);
	}
	bench_time("create 1000, run all, join all, each", COUNT, bench_now() - start);
	return 0;
}

int main(void)
{
	async_run(one_at_a_time());
	async_run(in_crowds());
	return 0;
}
