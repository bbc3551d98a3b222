/* SPDX-License-Identifier: BSD-2-Clause */
/* A task of two seconds that is given one: it is cancelled. */
#include "delay.h"
#include <errno.h>
#include <inttypes.h>

ASYNC(async_main)
{
	struct async_task *delay_task = async_create_task(delay(2));
	int64_t result = async_wait_for(async_task_ref(delay_task), 1);

	if (result == -ETIMEDOUT) {
		printf("Got a timeout!\n");
		printf("Was the task cancelled? %s\n",
		       async_task_cancelled(delay_task) ? "True" : "False");
	} else {
		printf("%" PRId64 "\n", result);
	}
	async_task_detach(delay_task);
	return 0;
}

int main(void)
{
	return async_run(async_main());
}
