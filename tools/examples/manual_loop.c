/* SPDX-License-Identifier: BSD-2-Clause */
/* What async_run() does, by hand; only that tasks which are left are not cancelled. */
#include <async.h>

ASYNC(async_main)
{
	return async_sleep(1);
}

int main(void)
{
	struct async_loop *loop;
	int64_t result;
	int err = async_loop_new(&loop);

	if (err)
		return err;
	result = async_loop_run_until_complete(loop, async_main());
	async_loop_close(loop);
	return result;
}
