/* SPDX-License-Identifier: BSD-2-Clause */
/* What a switch costs before a tracer attaches, while it is attached, and after it has gone. */
#include "bench.h"
#include <async.h>
#include <asynctrace/probes.h>

enum { SLICE = 20000, SLICES_MAX = 4096 };
enum phase { BEFORE, ATTACHED, AFTER, PHASES };

struct measure {
	double slices[SLICES_MAX];
	int count;
};

static struct measure measures[PHASES];
static bool finished;

static ASYNC(yielder)
{
	while (!finished)
		async_sleep_ns(0);
	return 0;
}

static double slice(void)
{
	uint64_t start = bench_now();
	int i;

	for (i = 0; i < SLICE; i++)
		async_sleep_ns(0);
	/* Each turn of this task is one of the other, too. */
	return (double)(bench_now() - start) / SLICE / 2;
}

/* Until a tracer has come and gone. A slice at which that happens belongs to no phase. */
static void measure(void)
{
	enum phase phase = BEFORE;
	uint64_t end = UINT64_MAX;

	while (bench_now() < end) {
		bool listening = at_listening();
		struct measure *to = &measures[phase];
		double ns = slice();

		if (at_listening() != listening)
			continue;
		if (listening == (phase == ATTACHED)) {
			if (to->count < SLICES_MAX)
				to->slices[to->count++] = ns;
			continue;
		}
		phase++;
		if (phase == AFTER)
			end = bench_now() + 500000000;
	}
}

static ASYNC(bench)
{
	struct async_task *other = async_create_task(yielder());

	measure();
	finished = true;
	return async_await(other);
}

static void print(const char *what, struct measure *measure)
{
	double *slices = measure->slices;
	int count = measure->count;

	if (!count)
		return;
	qsort(slices, count, sizeof(*slices), bench_order);
	printf("%-44s %10.2f %10.2f %10.2f  %s\n", what, slices[count / 2], slices[count / 20],
	       slices[count - 1 - count / 20], "ns");
}

int main(void)
{
	async_run(bench());
	printf("%-44s %10s %10s %10s\n", "attached", "median", "5 %", "95 %");
	print("switch, before", &measures[BEFORE]);
	print("switch, a tracer attached", &measures[ATTACHED]);
	print("switch, after it has gone", &measures[AFTER]);
	return 0;
}
