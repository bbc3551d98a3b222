/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tasks that wait in all ways, and a loop that no longer comes back: it is busy in a task, or with
 * the argument "callback" in a callback, or with "sleep" it only sleeps.
 */
#include <async.h>
#include <stdio.h>
#include <string.h>

static struct async_lock *locks[2];
static const char *how;

ASYNC(nap, double, seconds)
{
	async_sleep(seconds);
	return 0;
}

ASYNC(deeper, int, depth)
{
	if (!depth)
		return async_await(nap(1e6));
	return async_await(deeper(depth - 1));
}

ASYNC(hold_lock)
{
	async_lock_acquire(locks[0]);
	async_lock_acquire(locks[1]);
	async_sleep(1e6);
	return 0;
}

ASYNC(want_lock, const char *, name, int, which)
{
	(void)name;
	return async_lock_acquire(locks[which]);
}

ASYNC(gather_two)
{
	struct async_task *tasks[] = { async_create_task(nap(1e6)), async_create_task(deeper(2)) };

	return async_await(async_gather(tasks, 2, NULL, 0));
}

/* Whoever reads our output knows now that all tasks are where they stay. */
static void say_ready(void)
{
	puts("ready");
	fflush(stdout);
}

static void be_busy(void)
{
	say_ready();
	for (;;)
		__asm__ volatile("");
}

ASYNC(busy)
{
	be_busy();
	return 0;
}

static void busy_callback(void *arg)
{
	(void)arg;
	be_busy();
}

ASYNC(stuck_main)
{
	struct async_task *tasks[5];

	locks[0] = async_lock_new();
	locks[1] = async_lock_new();
	tasks[0] = async_create_task(hold_lock());
	tasks[1] = async_create_task(want_lock("first", 0));
	tasks[2] = async_create_task(gather_two());
	tasks[3] = async_create_task(deeper(3));
	async_task_set_name(tasks[3], "deep");
	tasks[4] = async_create_task(want_lock("second", 1));
	async_sleep(0.01);
	if (!strcmp(how, "task"))
		async_task_detach(async_create_task(busy()));
	else if (!strcmp(how, "callback"))
		async_call_soon(NULL, busy_callback, NULL);
	else
		say_ready();
	return async_await(tasks[2]);
}

int main(int argc, char **argv)
{
	how = argc > 1 ? argv[1] : "task";
	return async_run(stuck_main());
}
