/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs a coroutine, and another one in which it becomes another program: its tasks are gone then.
 */
#include <async.h>
#include <unistd.h>

ASYNC(ends)
{
	return async_sleep_ns(1000000);
}

ASYNC(becomes_true)
{
	async_sleep_ns(1000000);
	execl("/bin/true", "true", (char *)NULL);
	return -1;
}

int main(void)
{
	async_run(ends());
	return async_run(becomes_true());
}
