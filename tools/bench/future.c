/* SPDX-License-Identifier: BSD-2-Clause */
/* The cost of a future: made, awaited, and given a result by another task or by a callback. */
#include "bench.h"
#include <async.h>

enum { COUNT = 2000000 };

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

/* One switch each. */
static ASYNC(by_a_task)
{
	uint64_t start = bench_now();
	struct async_task *one = async_create_task(one_of_two(0));
	struct async_task *two = async_create_task(one_of_two(1));

	async_await(one);
	async_await(two);
	bench_time("future, set by a task", COUNT, bench_now() - start);
	return 0;
}

static void set_by_callback(void *arg)
{
	async_future_set_result(arg, 1);
}

static ASYNC(by_a_callback)
{
	uint64_t start = bench_now();
	int i;

	for (i = 0; i < COUNT; i++) {
		struct async_future *future = async_future_new(NULL);

		async_call_soon(NULL, set_by_callback, future);
		async_await(future);
	}
	bench_time("future, set by a callback", COUNT, bench_now() - start);
	return 0;
}

int main(void)
{
	async_run(by_a_task());
	async_run(by_a_callback());
	return 0;
}
