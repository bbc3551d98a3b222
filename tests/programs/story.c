/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A short life that is the same in every run, for what it prints may be compared: arguments,
 * errors, cancellation, names, futures, callbacks. Where it sleeps, nothing else is there to
 * overtake.
 */
#include <async.h>
#include <errno.h>
#include <stdbool.h>

ASYNC(greet, const char *, whom, int, times, double, loudness, bool, twice, char, mark)
{
	int i;

	(void)whom, (void)loudness, (void)twice, (void)mark;
	for (i = 0; i < times; i++)
		async_sleep(0);
	return times;
}

ASYNC(fail, int, key)
{
	async_sleep_ns(1000000);
	return async_fail(-ENOENT, "there is no key %d", key);
}

ASYNC(fail_in_vain, int, key)
{
	return async_await(fail(key)) < 0 ? 0 : key;
}

ASYNC(endure, struct async_future *, future)
{
	return async_await(async_future_ref(future));
}

static void complete(void *future)
{
	async_future_set_result(future, 7);
}

ASYNC(story_main)
{
	struct async_loop *loop = async_get_running_loop();
	struct async_future *future = async_future_new(NULL), *never = async_future_new(NULL);
	struct async_task *one, *another;

	async_await(greet("the cat's garden", 3, 0.1, true, 'A'));
	one = async_create_task(greet("kitchen", 2, -1.5, false, '?'));
	async_task_set_name(one, "greeter");
	another = async_create_task(greet("hall", 0, 1e100, false, '!'));
	async_await(one);
	async_await(another);

	one = async_create_task(endure(future));
	async_call_soon(loop, complete, future);
	async_await(one);

	another = async_create_task(endure(never));
	async_sleep(0);
	async_task_cancel(another);
	async_await(another);

	async_await(fail_in_vain(3));
	one = async_create_task(fail(4));
	async_await(one);
	async_future_unref(future);
	async_future_unref(never);
	return 0;
}

int main(void)
{
	return async_run(story_main());
}
