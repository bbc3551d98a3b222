/* SPDX-License-Identifier: BSD-2-Clause */
/* The cost of a job: given to a thread and awaited, one at a time and in crowds. */
#include "bench.h"
#include <async.h>
#include <async/executor.h>

enum { CROWD = 1000 };

static struct async_executor *executor;

static int64_t nothing(void *arg)
{
	(void)arg;
	return 0;
}

static ASYNC(one_at_a_time)
{
	uint64_t start;
	int i;

	async_await(async_run_in_executor(executor, nothing, NULL));
	start = bench_now();
	for (i = 0; i < BENCH_JOBS; i++)
		async_await(async_run_in_executor(executor, nothing, NULL));
	bench_time("executor, round trip", BENCH_JOBS, bench_now() - start);
	return 0;
}

static ASYNC(in_crowds)
{
	static struct async_future *futures[CROWD];
	uint64_t start = bench_now();
	int i, crowd;

	for (crowd = 0; crowd < BENCH_JOBS / CROWD; crowd++) {
		for (i = 0; i < CROWD; i++)
			futures[i] = async_run_in_executor(executor, nothing, NULL);
		for (i = 0; i < CROWD; i++)
			async_await(futures[i]);
	}
	bench_time("executor, 1000 jobs in flight, each", BENCH_JOBS, bench_now() - start);
	return 0;
}

int main(void)
{
	executor = async_thread_pool_executor_new(1, NULL);
	async_run(one_at_a_time());
	async_run(in_crowds());
	return async_executor_shutdown(executor, true);
}
