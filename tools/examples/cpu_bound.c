/* SPDX-License-Identifier: BSD-2-Clause */
/* Tasks share one thread: what computes and never awaits keeps all others from running. */
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
	struct async_task *task_two = async_create_task(cpu_bound_work());

	async_await(task_one);
	async_await(task_two);
	return 0;
}

int main(void)
{
	return async_run(async_main());
}
