/* SPDX-License-Identifier: BSD-2-Clause */
/* Two concurrent tasks, to be timed: asynctrace timed -- build/examples/async_timed */
#include "delay.h"

ASYNC(async_main)
{
	struct async_task *one = async_create_task(delay(2));
	struct async_task *two = async_create_task(delay(3));

	async_await(one);
	async_await(two);
	return 0;
}

int main(void)
{
	return async_run(async_main());
}
