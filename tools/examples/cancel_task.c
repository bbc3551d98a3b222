/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A task that takes too long is cancelled. It is done a moment later only, when the loop has told
 * it: that is why this asks a sixth time.
 */
#include "delay.h"
#include <errno.h>

ASYNC(async_main)
{
	struct async_task *long_task = async_create_task(delay(10));
	int seconds_elapsed = 0;

	if (!long_task)
		return -ENOMEM;
	while (!async_task_done(long_task)) {
		printf("Task not finished, checking again in a second.\n");
		async_sleep(1);
		seconds_elapsed++;
		if (seconds_elapsed == 5)
			async_task_cancel(long_task);
	}
	if (async_await(long_task) == -ECANCELED)
		printf("Our task was cancelled\n");
	return 0;
}

int main(void)
{
	return async_run(async_main());
}
