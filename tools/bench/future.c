/* SPDX-License-Identifier: BSD-2-Clause */
/* The cost of a future: made, awaited, and given a result by another task or by a callback. */
#include "bench.h"
#include <async.h>

enum { COUNT = 1000000 };

static struct async_future *futures[2];

static void set(struct async_future **future)
{
	if (*future)
		async_future_set_result(*future, 1);
	*future = NULL;
}

static ASYNC(one_of_two, int, mine)
{
	int i;

	for (i = 0; i < COUNT / 2; i++) {
		futures[mine] = async_future_new(NULL);
		set(&futures[!mine]);
		async_await(futures[mine]);
	}
	set(&futures[!mine]);
	return 0;
}

static ASYNC(by_a_task)
{
	double rounds[ROUNDS];
	int i;

	for (i = 0; i < ROUNDS; i++) {
		uint64_t start = bench_now();
		struct async_task *one = async_create_task(one_of_two(0));
		struct async_task *two = async_create_task(one_of_two(1));

		async_await(one);
		async_await(two);
		rounds[i] = (double)(bench_now() - start) / COUNT;
	}
	bench_row("future, set by a task, one switch", "ns", rounds);
	return 0;
}

static void set_by_callback(void *arg)
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

			async_call_soon(NULL, set_by_callback, future);
			async_await(future);
		}
		rounds[round] = (double)(bench_now() - start) / COUNT;
	}
	bench_row("future, set by a callback, two switches", "ns", rounds);
	return 0;
}

int main(void)
{
	bench_head("future");
	async_run(by_a_task());
	async_run(by_a_callback());
	return 0;
}
