/* SPDX-License-Identifier: BSD-2-Clause */
/* The first sleep: for a second other tasks could run, if there were any. */
#include <async.h>
#include <stdio.h>

static ASYNC(hello_world_message)
{
	return async_sleep(1);
}

static ASYNC(async_main)
{
	int64_t err = async_await(hello_world_message());

	if (err < 0)
		return err;
	printf("Hello World!\n");
	return 0;
}

int main(void)
{
	return async_run(async_main());
}
