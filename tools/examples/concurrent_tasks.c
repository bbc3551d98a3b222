/* SPDX-License-Identifier: BSD-2-Clause */
/* Tasks run beside each other: three of three seconds each take three seconds. */
#include "delay.h"

ASYNC(async_main)
{
	struct async_task *sleep_for_three = async_create_task(delay(3));
	struct async_task *sleep_again = async_create_task(delay(3));
	struct async_task *sleep_once_more = async_create_task(delay(3));

	async_await(sleep_for_three);
	async_await(sleep_again);
	async_await(sleep_once_more);
	return 0;
}

int main(void)
{
	return async_run(async_main());
}
