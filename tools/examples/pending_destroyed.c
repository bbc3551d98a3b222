/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A task whose loop is closed while it waits. With ASYNCDEBUG=1 it is said where the task, and what
 * it waits for, were created.
 */
#include <async.h>
#include <errno.h>

ASYNC(kill_me)
{
	struct async_future *future = async_future_new(NULL);

	/* Nobody will complete it. */
	return async_await(future) < 0 ? -ECANCELED : 0;
}

int main(void)
{
	struct async_loop *loop;
	int err = async_loop_new(&loop);

	if (err)
		return err;
	async_task_detach(async_loop_create_task(loop, kill_me()));
	async_loop_stop(loop);
	async_loop_run_forever(loop);
	return async_loop_close(loop);
}
