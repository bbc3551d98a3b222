/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A task that takes too long and is not cancelled for that: the timeout ends the shield alone, and
 * the task can be awaited again.
 */
#include "delay.h"
#include <errno.h>

ASYNC(async_main)
{
	struct async_task *task = async_create_task(delay(10));
	int64_t result = async_wait_for(async_shield(async_task_ref(task)), 5);

	if (result == -ETIMEDOUT) {
		printf("Task took longer than five seconds!\n");
		result = async_await(async_task_ref(task));
	}
	async_task_detach(task);
	return result < 0 ? result : 0;
}

int main(void)
{
	return async_run(async_main());
}
