/* SPDX-License-Identifier: BSD-2-Clause */
/* Tasks that nobody awaits: they end in any order, or not before the loop is stopped. */
#include "files.h"

ASYNC(test)
{
	async_task_detach(async_create_task(create()));
	async_task_detach(async_create_task(write_into()));
	async_task_detach(async_create_task(close_it()));
	async_sleep(2.0);
	async_loop_stop(async_get_running_loop());
	return 0;
}

int main(void)
{
	return run_and_show(test());
}
