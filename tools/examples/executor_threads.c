/* SPDX-License-Identifier: BSD-2-Clause */
/* Functions that block run on three threads, while the loop waits for all of them. */
#include <async.h>
#include <stdio.h>
#include <unistd.h>

enum { JOBS = 6, WORKERS = 3 };

static void say(const char *name, const char *message)
{
	fprintf(stderr, "%10s %18s: %s\n", async_thread_name(), name, message);
}

static int64_t blocks(void *arg)
{
	int n = (intptr_t)arg;
	char name[32];

	snprintf(name, sizeof(name), "blocks(%d)", n);
	say(name, "running");
	usleep(100000);
	say(name, "done");
	return n * n;
}

static void say_results(struct async_future *const completed[], size_t count)
{
	char text[128];
	size_t i, length = snprintf(text, sizeof(text), "results: [");

	for (i = 0; i < count; i++)
		length += snprintf(text + length, sizeof(text) - length, "%s%lld", i ? ", " : "",
				   (long long)async_future_result(completed[i]));
	snprintf(text + length, sizeof(text) - length, "]");
	say("run_blocking_tasks", text);
}

ASYNC(run_blocking_tasks, struct async_executor *, executor)
{
	struct async_future *blocking_tasks[JOBS];
	intptr_t i;
	int64_t completed;

	say("run_blocking_tasks", "starting");
	say("run_blocking_tasks", "creating executor tasks");
	for (i = 0; i < JOBS; i++)
		blocking_tasks[i] = async_run_in_executor(executor, blocks, (void *)i);
	say("run_blocking_tasks", "waiting for executor tasks");
	completed = async_wait(blocking_tasks, JOBS, ASYNC_NO_TIMEOUT, ASYNC_ALL_COMPLETED);
	if (completed > 0)
		say_results(blocking_tasks, completed);
	for (i = 0; i < JOBS; i++)
		async_future_unref(blocking_tasks[i]);
	say("run_blocking_tasks", "exiting");
	return completed < 0 ? completed : 0;
}

int main(void)
{
	struct async_executor *executor = async_thread_pool_executor_new(WORKERS, NULL);
	int64_t err = async_run(run_blocking_tasks(executor));

	async_executor_shutdown(executor, true);
	return err ? 1 : 0;
}
