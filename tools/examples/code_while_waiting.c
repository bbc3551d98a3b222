/* SPDX-License-Identifier: BSD-2-Clause */
/* While tasks wait, whoever created them is free to run. */
#include "delay.h"

ASYNC(hello_every_second)
{
	int i;

	for (i = 0; i < 2; i++) {
		int64_t err = async_sleep(1);

		if (err < 0)
			return err;
		printf("I'm running other code while I'm waiting!\n");
	}
	return 0;
}

ASYNC(async_main)
{
	struct async_task *first_delay = async_create_task(delay(3));
	struct async_task *second_delay = async_create_task(delay(3));

	async_await(hello_every_second());
	async_await(first_delay);
	async_await(second_delay);
	return 0;
}

int main(void)
{
	return async_run(async_main());
}
