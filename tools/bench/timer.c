/* SPDX-License-Identifier: BSD-2-Clause */
/* The cost of a timer that does not fire, as of a timeout: arm and cancel, while others pend. */
#include "bench.h"
#include <async.h>

enum { COUNT = 2000000, SPREAD_NS = 1000000000 };

static void never(void *arg)
{
	(void)arg;
}

static ASYNC(bench, int, pending)
{
	uint64_t hour = async_loop_time(async_get_running_loop()) + 3600000000000ULL, seed = 1, start;
	char work[64];
	int i;

	for (i = 0; i < pending; i++)
		async_call_at(NULL, hour + bench_random(&seed) % SPREAD_NS, never, NULL);
	start = bench_now();
	for (i = 0; i < COUNT; i++) {
		uint64_t when = hour + bench_random(&seed) % SPREAD_NS;

		async_handle_cancel(async_call_at(NULL, when, never, NULL));
	}
	snprintf(work, sizeof(work), "timer, arm and cancel, %d pending", pending);
	bench_time(work, COUNT, bench_now() - start);
	return 0;
}

int main(void)
{
	async_run(bench(1000));
	async_run(bench(100000));
	return 0;
}
