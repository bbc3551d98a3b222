/* SPDX-License-Identifier: BSD-2-Clause */
/* A task is there at once, and its result when it is awaited. */
#include "delay.h"
#include <inttypes.h>

static ASYNC(async_main)
{
	struct async_task *sleep_for_three = async_create_task(delay(3));

	printf("%s\n", async_task_get_name(sleep_for_three));
	printf("%" PRId64 "\n", async_await(sleep_for_three));
	return 0;
}

int main(void)
{
	return async_run(async_main());
}
