/* SPDX-License-Identifier: BSD-2-Clause */
/* A task that fails, and three that may look: nobody, another coroutine, and who runs the loop. */
#include <async.h>
#include <errno.h>
#include <stdio.h>

ASYNC(bug)
{
	return async_fail(-EIO, "not consumed");
}

ASYNC(handle_exception)
{
	if (async_await(bug()) < 0)
		puts("exception consumed");
	return 0;
}

/* The task runs once, for the loop has been told to stop. */
static void run_once(struct async_loop *loop, struct async_coroutine *coroutine)
{
	async_task_detach(async_loop_create_task(loop, coroutine));
	async_loop_stop(loop);
	async_loop_run_forever(loop);
}

int main(void)
{
	struct async_loop *loop;
	int err = async_loop_new(&loop);

	if (err)
		return err;
	run_once(loop, bug());
	run_once(loop, handle_exception());
	if (async_loop_run_until_complete(loop, async_loop_create_task(loop, bug())) < 0)
		puts("exception consumed");
	return async_loop_close(loop);
}
