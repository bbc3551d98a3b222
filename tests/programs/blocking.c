/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Blocks the loop in every way there is: a task that goes on, a task that ends, a callback; each for
 * longer than debug mode and the view slow take for granted.
 */
#include <async.h>
#include <unistd.h>

static void block(void)
{
	usleep(120000);
}

static void on_timer(void *arg)
{
	(void)arg;
	block();
}

ASYNC(read_file)
{
	block();
	return 1;
}

ASYNC(serve)
{
	int64_t result = async_await(read_file());

	async_sleep_ns(1000000);
	block();
	return result;
}

ASYNC(blocking_main)
{
	struct async_task *task = async_create_task(serve());

	async_call_later(NULL, 0, on_timer, NULL);
	return async_await(task) < 0;
}

int main(void)
{
	return async_run(blocking_main());
}
