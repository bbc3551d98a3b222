/* SPDX-License-Identifier: BSD-2-Clause */
/* How slow is slow? In debug mode, what takes longer than 250 milliseconds is reported here. */
#include <async.h>
#include <unistd.h>

ASYNC(block, int, milliseconds)
{
	return usleep(milliseconds * 1000);
}

ASYNC(async_main)
{
	struct async_loop *loop = async_get_running_loop();

	async_loop_set_slow_callback_duration(loop, .250);
	async_await(async_create_task(block(150)));
	return async_await(async_create_task(block(300)));
}

int main(void)
{
	return async_run_debug(async_main());
}
