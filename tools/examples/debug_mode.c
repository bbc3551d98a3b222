/* SPDX-License-Identifier: BSD-2-Clause */
/* In debug mode the loop says which task keeps the others from running. */
#include <async.h>

ASYNC(cpu_bound_work)
{
	volatile int counter = 0;
	int i;

	for (i = 0; i < 100000000; i++)
		counter = counter + 1;
	return counter;
}

ASYNC(async_main)
{
	struct async_task *task_one = async_create_task(cpu_bound_work());

	async_await(task_one);
	return 0;
}

int main(void)
{
	return async_run_debug(async_main());
}
