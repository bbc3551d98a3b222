/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The cost of a future: one task makes it and awaits it, somebody else sets its result. Two
 * switches a round, or a callback and two switches.
 */
#include "bench.h"
#include <async.h>

enum { COUNT = 1000000 };

static struct async_future *box;
static bool finished;

static ASYNC(setter)
{
	while (!finished) {
		async_future_set_result(box, 1);
		async_sleep_ns(0);
	}
	return 0;
}

static ASYNC(by_a_task)
{
	struct async_task *other = NULL;
	double rounds[ROUNDS];
	int i, round;

	for (round = 0; round < ROUNDS; round++) {
		uint64_t start = bench_now();

		for (i = 0; i < COUNT; i++) {
			box = async_future_new(NULL);
			if (!other)
				other = async_create_task(setter());
			async_await(box);
		}
		rounds[round] = (double)(bench_now() - start) / COUNT;
	}
	box = NULL;
	finished = true;
	bench_row("future, set by a task", "ns", rounds);
	return async_await(other);
}

static void set(void *arg)
{
	async_future_set_result(arg, 1);
}

static ASYNC(by_a_callback)
{
	double rounds[ROUNDS];
	int i, round;

	for (round = 0; round < ROUNDS; round++) {
		uint64_t start = bench_now();

		for (i = 0; i < COUNT; i++) {
			struct async_future *future = async_future_new(NULL);

			async_call_soon(NULL, set, future);
			async_await(future);
		}
		rounds[round] = (double)(bench_now() - start) / COUNT;
	}
	bench_row("future, set by a callback", "ns", rounds);
	return 0;
}

int main(void)
{
	bench_head("future");
	async_run(by_a_task());
	async_run(by_a_callback());
	return 0;
}
