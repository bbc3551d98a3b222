/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A loop, and a thread that is not its own: it has callbacks called there, and waits for the result
 * of a coroutine.
 */
#include <async.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>

static void hello(void *arg)
{
	printf("%s: hello from %s\n", async_thread_name(), (const char *)arg);
}

static void cancel(void *future)
{
	async_future_cancel(future);
}

ASYNC(slow_operation, double, seconds)
{
	int64_t err = async_sleep(seconds);

	return err < 0 ? err : 42;
}

struct other {
	struct async_loop *loop;
	struct async_future *future; /* of that loop */
};

static void *other_thread(void *arg)
{
	struct other *other = arg;
	struct async_concurrent_future *future;
	int64_t result;

	pthread_setname_np(pthread_self(), "OtherThread");
	async_call_soon_threadsafe(other->loop, hello, "another thread");

	future = async_run_coroutine_threadsafe(slow_operation(0.05), other->loop);
	result = async_concurrent_future_result(future, 10);
	printf("%s: the result is %" PRId64 "\n", async_thread_name(), result);
	async_concurrent_future_free(future);

	future = async_run_coroutine_threadsafe(slow_operation(3600), other->loop);
	if (async_concurrent_future_result(future, 0.05) == -ETIMEDOUT) {
		printf("%s: it took too long, cancelling the task\n", async_thread_name());
		async_concurrent_future_cancel(future);
	}
	result = async_concurrent_future_result(future, 10);
	printf("%s: cancelled? %s\n", async_thread_name(), result == -ECANCELED ? "True" : "False");
	async_concurrent_future_free(future);

	/* Not async_future_cancel(), which belongs to the loop's thread. */
	async_call_soon_threadsafe(other->loop, cancel, other->future);
	return NULL;
}

ASYNC(async_main)
{
	struct other other = { async_get_running_loop(), async_future_new(NULL) };
	pthread_t thread;
	int64_t result;

	if (!other.future || pthread_create(&thread, NULL, other_thread, &other))
		return -ENOMEM;
	result = async_await(other.future);
	printf("%s: the future was cancelled? %s\n", async_thread_name(),
	       result == -ECANCELED ? "True" : "False");
	pthread_join(thread, NULL);
	return 0;
}

int main(void)
{
	return async_run(async_main()) ? 1 : 0;
}
