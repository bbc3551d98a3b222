/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sleeps for ever: three tasks wait for a future that nobody completes, and the main task for them.
 */
#include <async.h>
#include <stdlib.h>

#define WAITERS 3

ASYNC(wait_for_ever, struct async_future *, future)
{
	return async_await(async_future_ref(future));
}

ASYNC(idle_main)
{
	struct async_future *never = async_future_new(NULL);
	struct async_task *waiters[WAITERS];
	int i;

	for (i = 0; i < WAITERS; i++)
		waiters[i] = async_create_task(wait_for_ever(never));
	for (i = 0; i < WAITERS; i++)
		async_await(waiters[i]);
	async_future_unref(never);
	return 0;
}

int main(void)
{
	return async_run(idle_main());
}
