/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A future may be cancelled before its result is there: who sets it looks first, and who computes
 * for it saves the work.
 */
#include <async.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static void set_done(struct async_future *future)
{
	int err = -ECANCELED;

	if (!async_future_cancelled(future))
		err = async_future_set_result(future, 1);
	printf("set_result: %s\n", err ? strerror(-err) : "done");
}

static ASYNC(slow_operation, struct async_future *, future)
{
	if (async_future_cancelled(future)) {
		printf("nobody wants it: slow computation left out\n");
		return -ECANCELED;
	}
	printf("slow computation\n");
	return async_await(async_future_ref(future));
}

static ASYNC(async_main)
{
	struct async_future *wanted = async_future_new(NULL);
	struct async_future *unwanted = async_future_new(NULL);

	async_future_cancel(unwanted);
	set_done(wanted);
	set_done(unwanted);
	async_await(slow_operation(wanted));
	async_await(slow_operation(unwanted));
	async_future_unref(wanted);
	async_future_unref(unwanted);
	return 0;
}

int main(void)
{
	return async_run(async_main());
}
