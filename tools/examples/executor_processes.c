/* SPDX-License-Identifier: BSD-2-Clause */
/* The same as executor_threads in three processes: arguments and results are bytes there. */
#include <async.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { JOBS = 6, WORKERS = 3 };

static void say(const char *name, const char *message)
{
	fprintf(stderr, "PID %5d %18s: %s\n", getpid(), name, message);
}

static int64_t blocks(const void *in, size_t size, void *out, size_t capacity)
{
	char name[32];
	int n, square;

	if (size != sizeof(n) || capacity < sizeof(square))
		return async_fail(-EINVAL, "an int there and an int back");
	memcpy(&n, in, sizeof(n));
	snprintf(name, sizeof(name), "blocks(%d)", n);
	say(name, "running");
	usleep(100000);
	say(name, "done");
	square = n * n;
	memcpy(out, &square, sizeof(square));
	return sizeof(square);
}

static void say_results(const int results[JOBS])
{
	char text[128];
	size_t i, length = snprintf(text, sizeof(text), "results: [");

	for (i = 0; i < JOBS; i++)
		length += snprintf(text + length, sizeof(text) - length, "%s%d", i ? ", " : "",
				   results[i]);
	snprintf(text + length, sizeof(text) - length, "]");
	say("run_blocking_tasks", text);
}

ASYNC(run_blocking_tasks, struct async_executor *, executor)
{
	struct async_future *blocking_tasks[JOBS];
	int results[JOBS], i;
	int64_t completed;

	say("run_blocking_tasks", "starting");
	say("run_blocking_tasks", "creating executor tasks");
	for (i = 0; i < JOBS; i++)
		blocking_tasks[i] = async_run_in_process(executor, blocks, &i, sizeof(i),
							 &results[i], sizeof(results[i]));
	say("run_blocking_tasks", "waiting for executor tasks");
	completed = async_wait(blocking_tasks, JOBS, ASYNC_NO_TIMEOUT, ASYNC_ALL_COMPLETED);
	for (i = 0; i < JOBS; i++) {
		if (async_future_result(blocking_tasks[i]) < 0)
			completed = async_future_result(blocking_tasks[i]);
		async_future_unref(blocking_tasks[i]);
	}
	if (completed == JOBS)
		say_results(results);
	say("run_blocking_tasks", "exiting");
	return completed < 0 ? completed : 0;
}

int main(void)
{
	struct async_executor *executor = async_process_pool_executor_new(WORKERS);
	int64_t err = async_run(run_blocking_tasks(executor));

	async_executor_shutdown(executor, true);
	return err ? 1 : 0;
}
