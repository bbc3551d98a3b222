/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A call that blocks the thread blocks the loop, and with it all tasks: three requests take three
 * times as long as one.
 */
#include <async.h>
#include <time.h>

/*
 * Stands for a library that knows nothing of loops: waits for the answer, and returns its status.
 */
static int get(const char *url)
{
	const struct timespec latency = { .tv_nsec = 50 * 1000 * 1000 };

	(void)url;
	nanosleep(&latency, NULL);
	return 200;
}

ASYNC(get_example_status)
{
	return get("http://www.example.com");
}

ASYNC(async_main)
{
	struct async_task *task_1 = async_create_task(get_example_status());
	struct async_task *task_2 = async_create_task(get_example_status());
	struct async_task *task_3 = async_create_task(get_example_status());

	async_await(task_1);
	async_await(task_2);
	async_await(task_3);
	return 0;
}

int main(void)
{
	return async_run(async_main());
}
