/* SPDX-License-Identifier: BSD-2-Clause */
/* A plain function that the loop calls in its next iteration. */
#include "delay.h"

static void call_later(void *arg)
{
	(void)arg;
	printf("I'm being called in the future!\n");
}

ASYNC(async_main)
{
	struct async_loop *loop = async_get_running_loop();

	async_call_soon(loop, call_later, NULL);
	async_await(delay(1));
	return 0;
}

int main(void)
{
	return async_run(async_main());
}
