/* SPDX-License-Identifier: BSD-2-Clause */
/* Each is awaited before the next one: they end in the order in which they are written. */
#include "files.h"

ASYNC(test)
{
	async_await(create());
	async_await(write_into());
	async_await(close_it());
	async_sleep(2.0);
	async_loop_stop(async_get_running_loop());
	return 0;
}

int main(void)
{
	return run_and_show(test());
}
