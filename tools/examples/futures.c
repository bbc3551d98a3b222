/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A future is a result that is not there yet: first one that is set at once, then one that a task
 * sets later. Everybody who keeps a future has a reference, and awaiting gives one up.
 */
#include <async.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

static const char *done(const struct async_future *future)
{
	return async_future_done(future) ? "True" : "False";
}

ASYNC(set_at_once)
{
	struct async_future *my_future = async_future_new(NULL);

	if (!my_future)
		return -ENOMEM;
	printf("Is my_future done? %s\n", done(my_future));
	async_future_set_result(my_future, 42);
	printf("Is my_future done? %s\n", done(my_future));
	printf("What is the result of my_future? %" PRId64 "\n", async_future_result(my_future));
	async_future_unref(my_future);
	return 0;
}

ASYNC(set_future_value, struct async_future *, future)
{
	int64_t err = async_sleep(1);

	if (!err)
		async_future_set_result(future, 42);
	async_future_unref(future);
	return err;
}

static struct async_future *make_request(void)
{
	struct async_future *future = async_future_new(NULL);

	if (future)
		async_task_detach(async_create_task(set_future_value(async_future_ref(future))));
	return future;
}

ASYNC(set_later)
{
	struct async_future *future = make_request();
	int64_t value;

	if (!future)
		return -ENOMEM;
	printf("Is the future done? %s\n", done(future));
	value = async_await(async_future_ref(future));
	printf("Is the future done? %s\n", done(future));
	printf("%" PRId64 "\n", value);
	async_future_unref(future);
	return 0;
}

ASYNC(async_main)
{
	int64_t err = async_await(set_at_once());

	return err < 0 ? err : async_await(set_later());
}

int main(void)
{
	return async_run(async_main());
}
