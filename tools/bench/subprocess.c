/* SPDX-License-Identifier: BSD-2-Clause */
/* Children that do nothing, started and waited for one after the other. */
#include "bench.h"
#include <async.h>
#include <async/process.h>

static ASYNC(bench)
{
	const char *const argv[] = { bench_child(), NULL };
	uint64_t start = bench_now();
	int i;

	for (i = 0; i < BENCH_CHILDREN; i++) {
		struct async_process *process;
		int64_t err = async_create_subprocess_exec(&process, NULL, argv);

		if (err)
			return err;
		async_process_wait(process);
		async_process_free(process);
	}
	bench_rate("subprocess, spawn and wait", BENCH_CHILDREN, bench_now() - start);
	return 0;
}

int main(void)
{
	return async_run(bench()) != 0;
}
