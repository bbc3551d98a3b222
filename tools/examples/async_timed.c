/* SPDX-License-Identifier: BSD-2-Clause */
/* Two concurrent tasks, to be timed: asynctrace timed -- build/examples/async_timed */
#include "delay.h"

ASYNC(async_main)
{
	struct async_task *task_one = async_create_task(delay(2));
	struct async_task *task_two = async_create_task(delay(3));

	async_await(task_one);
	async_await(task_two);
	return 0;
}

int main(void)
{
	return async_run(async_main());
}
