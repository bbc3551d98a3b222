/* SPDX-License-Identifier: BSD-2-Clause */
/* The cost of a timer that does not fire, as of a timeout: arm and cancel, while others are pending. */
#include "bench.h"
#include <async.h>

enum { COUNT = 1000000, SPREAD_NS = 1000000000 };

static void never(void *arg)
{
	(void)arg;
}

static ASYNC(bench, int, pending)
{
	uint64_t hour = async_loop_time(NULL) + 3600000000000ULL, seed = 1;
	double rounds[ROUNDS];
	char what[64];
	int i, round;

	for (i = 0; i < pending; i++)
		async_call_at(NULL, hour + bench_random(&seed) % SPREAD_NS, never, NULL);
	for (round = 0; round < ROUNDS; round++) {
		uint64_t start = bench_now();

		for (i = 0; i < COUNT; i++) {
			uint64_t when = hour + bench_random(&seed) % SPREAD_NS;

			async_handle_cancel(async_call_at(NULL, when, never, NULL));
		}
		rounds[round] = (double)(bench_now() - start) / COUNT;
	}
	snprintf(what, sizeof(what), "timer arm + cancel, %d pending", pending);
	bench_row(what, "ns", rounds);
	return 0;
}

int main(void)
{
	bench_head("timer");
	async_run(bench(1000));
	async_run(bench(100000));
	return 0;
}
