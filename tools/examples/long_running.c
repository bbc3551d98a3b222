/* SPDX-License-Identifier: BSD-2-Clause */
/* Who takes longer than half a second, and where was it created? */
#include <async.h>
#include <stdio.h>

#define THRESHOLD 0.5

enum { DEPTH = 10 };

/* To standard error, as the module logging does. */
static void log_time(struct async_coroutine *coroutine, uint64_t ns, int64_t result, void *arg)
{
	struct async_frame frames[DEPTH];
	size_t count = async_coroutine_origin(coroutine, frames, DEPTH), i;

	(void)ns, (void)result, (void)arg;
	fprintf(stderr, "WARNING:root:协程 %s 执行时间过长\n", async_coroutine_name(coroutine));
	for (i = 0; i < count; i++)
		fprintf(stderr, "WARNING:root:('%s', %d, '%s')\n", frames[i].file, frames[i].line,
			frames[i].function);
	/* As the original says in any case: the `else` of a Python loop without `break`. */
	fprintf(stderr, "WARNING:root:coroutine 没有 origin\n");
}

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
	async_set_coroutine_origin_tracking_depth(DEPTH);
	async_loop_set_long_coroutine_handler(loop, THRESHOLD, log_time, NULL);
	result = async_loop_run_until_complete(loop, async_main());
	async_loop_close(loop);
	return result;
}
