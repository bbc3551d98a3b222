/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A steady load to be traced: workers that sleep, yield, await tasks and futures, fail and cancel,
 * over and over. churn [TASKS [SECONDS]] has 100 of them, until it is killed. It prints its process
 * id.
 */
#include <async.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

ASYNC(sleep_shortly)
{
	return async_sleep_ns(1000000 + random() % 19000000);
}

ASYNC(sleep_and_yield, int, key)
{
	int i;

	for (i = 0; i < key % 4; i++)
		async_sleep(0);
	return async_await(sleep_shortly());
}

ASYNC(fetch, int, key)
{
	int64_t err = async_await(sleep_shortly());

	if (err < 0)
		return err;
	return random() % 8 ? key : async_fail(-ENOENT, "there is no key %d", key);
}

ASYNC(join_child, int, key)
{
	return async_await(async_create_task(fetch(key)));
}

ASYNC(cancel_child, int, key)
{
	struct async_task *child = async_create_task(fetch(key));

	if (!child)
		return -ENOMEM;
	async_await(sleep_shortly());
	async_task_cancel(child);
	return async_await(child);
}

ASYNC(set_future, struct async_future *, future, int, key)
{
	int64_t err = async_await(sleep_shortly());

	async_future_set_result(future, key);
	return err;
}

ASYNC(await_future, int, key)
{
	struct async_future *future = async_future_new(NULL);
	struct async_task *setter;
	int64_t result;

	if (!future)
		return -ENOMEM;
	setter = async_create_task(set_future(future, key));
	result = async_await(async_future_ref(future));
	/* It uses our reference. */
	async_await(setter);
	async_future_unref(future);
	return result;
}

typedef struct async_coroutine *action(int key);

ASYNC(work, int, key)
{
	static action *const actions[] = { sleep_and_yield, fetch, join_child, cancel_child,
					   await_future };

	while (!async_task_cancelling(async_current_task()))
		async_await(actions[random() % (sizeof(actions) / sizeof(*actions))](key));
	return -ECANCELED;
}

ASYNC(async_main, int, tasks, double, seconds)
{
	int i;

	for (i = 0; i < tasks; i++)
		async_task_detach(async_create_task(work(i)));
	/* Then async_run() cancels the workers. */
	return async_sleep(seconds);
}

int main(int argc, char **argv)
{
	int tasks = argc > 1 ? atoi(argv[1]) : 100;
	double seconds = argc > 2 ? atof(argv[2]) : INFINITY;

	if (argc > 3 || tasks <= 0 || !(seconds > 0)) {
		fprintf(stderr, "usage: churn [TASKS [SECONDS]]\n");
		return 2;
	}
	printf("%d\n", getpid());
	fflush(stdout);
	srandom(1);
	return async_run(async_main(tasks, seconds));
}
