/* SPDX-License-Identifier: BSD-2-Clause */
/* Every way in which a cancellation can end, each once and on its own line. */
#include <async.h>
#include <errno.h>

#define WORKERS 30

ASYNC(work)
{
	return async_sleep(60);
}

ASYNC(obey)
{
	return async_sleep(60);
}

ASYNC(resist)
{
	async_sleep(60);
	async_sleep(0);
	return 7;
}

ASYNC(end_soon)
{
	return 5;
}

ASYNC(gather_all)
{
	struct async_coroutine *workers[WORKERS];
	int i;

	for (i = 0; i < WORKERS; i++)
		workers[i] = work();
	return async_await(async_gather(workers, WORKERS, NULL, 0));
}

ASYNC(hide, struct async_task *, inner)
{
	return async_await(async_shield(async_task_ref(inner)));
}

/* Asks for the end of a task that has begun, or runs for the first time meanwhile, and awaits it. */
static int64_t end(struct async_task *task)
{
	async_sleep(0);
	async_task_cancel(task);
	return async_await(task);
}

/* It wants to be cancelled, and ends before it can be. */
ASYNC(ask_himself)
{
	async_task_cancel(async_current_task());
	return 3;
}

ASYNC(limited)
{
	struct async_timeout limit;

	async_timeout_begin(&limit, 0.01);
	return async_timeout_end(&limit, async_sleep(60)) == -ETIMEDOUT ? 0 : -EIO;
}

/* Its limit has no effect. */
ASYNC(limited_in_vain)
{
	struct async_timeout limit;

	async_timeout_begin(&limit, 0.01);
	async_sleep(60);
	async_sleep(0);
	return async_timeout_end(&limit, 0);
}

ASYNC(go_on)
{
	if (async_sleep(60) == -ECANCELED)
		async_task_uncancel(async_current_task());
	return async_sleep(0);
}

ASYNC(awaits, struct async_future *, future)
{
	return async_await(async_future_ref(future));
}

ASYNC(async_main)
{
	struct async_future *future = async_future_new(NULL);
	struct async_task *task, *inner;

	end(async_create_task(obey()));
	end(async_create_task(resist()));
	end(async_create_task(gather_all()));

	inner = async_create_task(obey());
	end(async_create_task(hide(inner)));
	end(inner);

	task = async_create_task(end_soon());
	async_sleep(0);
	async_sleep(0);
	async_task_cancel(task);
	async_await(task);

	async_await(async_create_task(ask_himself()));
	async_await(async_create_task(limited()));
	async_wait_for(async_create_task(obey()), 0.01);
	async_await(async_create_task(limited_in_vain()));
	end(async_create_task(go_on()));

	task = async_create_task(awaits(future));
	async_sleep(0);
	async_future_cancel(future);
	async_await(task);
	async_future_unref(future);

	async_task_detach(async_create_task(work()));
	async_sleep(0);
	return 0;
}

int main(void)
{
	return async_run(async_main());
}
