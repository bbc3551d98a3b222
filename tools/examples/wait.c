/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Waiting for several tasks: those that are done come first in the array afterwards, where they can
 * be found again. That is why coroutines are not accepted: they are no tasks yet.
 */
#include <async.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

enum { COUNT = 3 };

ASYNC(sleep_for, double, seconds, int64_t, result)
{
	int64_t err = async_sleep(seconds);

	return err < 0 ? err : result;
}

static void report(const char *when, struct async_task *const tasks[], int64_t done)
{
	int64_t i;

	printf("%s: %" PRId64 " done, %" PRId64 " pending;", when, done, COUNT - done);
	for (i = 0; i < done; i++)
		printf(" %" PRId64, async_task_result(tasks[i]));
	printf("\n");
}

ASYNC(async_main)
{
	struct async_task *tasks[COUNT] = {
		async_create_task(sleep_for(0.9, 1)),
		async_create_task(sleep_for(0.6, -EIO)),
		async_create_task(sleep_for(0.3, 3)),
	};
	int i;

	report("timeout", tasks, async_wait(tasks, COUNT, 0.01, ASYNC_ALL_COMPLETED));
	report("FIRST_COMPLETED", tasks,
	       async_wait(tasks, COUNT, ASYNC_NO_TIMEOUT, ASYNC_FIRST_COMPLETED));
	report("FIRST_EXCEPTION", tasks,
	       async_wait(tasks, COUNT, ASYNC_NO_TIMEOUT, ASYNC_FIRST_EXCEPTION));
	report("ALL_COMPLETED", tasks,
	       async_wait(tasks, COUNT, ASYNC_NO_TIMEOUT, ASYNC_ALL_COMPLETED));
	for (i = 0; i < COUNT; i++)
		async_task_detach(tasks[i]);
	return 0;
}

int main(void)
{
	return async_run(async_main());
}
