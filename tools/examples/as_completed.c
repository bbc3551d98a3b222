/* SPDX-License-Identifier: BSD-2-Clause */
/* Results in the order in which they come, until one is too long in coming. */
#include <async.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

enum { COUNT = 4 };

ASYNC(sleep_for, double, seconds)
{
	return async_sleep(seconds);
}

ASYNC(async_main)
{
	static const double seconds[COUNT] = { 0.6, 0.2, 3600, 0.4 };
	struct async_as_completed *completed;
	struct async_task *tasks[COUNT];
	int64_t result;
	size_t i;

	for (i = 0; i < COUNT; i++)
		tasks[i] = async_create_task(sleep_for(seconds[i]));
	completed = async_as_completed(tasks, COUNT, 1.5);
	while ((result = async_as_completed_next(completed, &i)) > 0)
		printf("slept for %.1f second(s)\n", seconds[i]);
	if (result == -ETIMEDOUT)
		printf("That is all within 1.5 seconds.\n");
	async_as_completed_free(completed);
	for (i = 0; i < COUNT; i++)
		async_task_detach(tasks[i]);
	return 0;
}

int main(void)
{
	return async_run(async_main());
}
