/* SPDX-License-Identifier: BSD-2-Clause */
/* The cost of a task: create, run, join, one at a time and in crowds. */
#include "bench.h"
#include <async.h>

static ASYNC(nothing)
{
	return 0;
}

static ASYNC(one_at_a_time)
{
	enum { COUNT = 2000000 };
	double rounds[ROUNDS];
	int i, round;

	for (round = 0; round < ROUNDS; round++) {
		uint64_t start = bench_now();

		for (i = 0; i < COUNT; i++)
			async_await(async_create_task(nothing()));
		rounds[round] = (double)(bench_now() - start) / COUNT;
	}
	bench_row("create + run + join, one at a time", "ns", rounds);
	return 0;
}

static ASYNC(in_crowds, int, count)
{
	struct async_task **tasks = calloc(count, sizeof(*tasks));
	double rounds[ROUNDS];
	char what[64];
	int i, round, crowd, crowds = 2000000 / count;

	for (round = 0; round < ROUNDS; round++) {
		uint64_t start = bench_now();

		for (crowd = 0; crowd < crowds; crowd++) {
			for (i = 0; i < count; i++)
				tasks[i] = async_create_task(nothing());
			for (i = 0; i < count; i++)
				async_await(tasks[i]);
		}
		rounds[round] = (double)(bench_now() - start) / crowds / count;
	}
	free(tasks);
	snprintf(what, sizeof(what), "create %d, run all, join all, each", count);
	bench_row(what, "ns", rounds);
	return 0;
}

int main(void)
{
	bench_head("create");
	async_run(one_at_a_time());
	async_run(in_crowds(1000));
	return 0;
}
