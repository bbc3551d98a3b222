/* SPDX-License-Identifier: BSD-2-Clause */
/* The delay cannot even begin before the work is done: the times add up. */
#include "delay.h"

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
	struct async_task *delay_task = async_create_task(delay(4));

	async_await(task_one);
	async_await(task_two);
	async_await(delay_task);
	return 0;
}

int main(void)
{
	return async_run(async_main());
}
