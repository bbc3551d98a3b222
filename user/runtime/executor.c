/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What both kinds of executors share: the queue, how it is shut down, and the one that a loop has
 * of its own.
 */
#include "jobs.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct async_executor *async__executor_new(unsigned int limit, const char *name, bool processes)
{
	struct async_executor *executor = calloc(1, sizeof(*executor) + strlen(name) + 1);

	if (!executor)
		return NULL;
	pthread_mutex_init(&executor->lock, NULL);
	list_init(&executor->queue);
	executor->limit = limit;
	executor->processes = processes;
	strcpy(executor->name, name);
	return executor;
}

struct async_executor *async__executor_numbered(unsigned int limit, bool processes)
{
	static unsigned int next[2];
	unsigned int number = __atomic_fetch_add(&next[processes], 1, __ATOMIC_RELAXED);
	char name[48];

	snprintf(name, sizeof(name), "%sPoolExecutor-%u", processes ? "Process" : "Thread", number);
	return async__executor_new(limit, name, processes);
}

unsigned int async__processors(void)
{
	long count = sysconf(_SC_NPROCESSORS_ONLN);

	return count > 0 ? count : 1;
}

void async__executor_free(struct async_executor *executor, bool join)
{
	struct worker *worker;

	while ((worker = executor->workers)) {
		executor->workers = worker->next;
		if (join)
			pthread_join(worker->thread, NULL);
		else
			pthread_detach(worker->thread);
		pthread_cond_destroy(&worker->wake);
		free(worker);
	}
	pthread_mutex_destroy(&executor->lock);
	free(executor);
}

static struct worker *call_idle(struct async_executor *executor)
{
	struct worker *worker = executor->idle;

	if (worker) {
		executor->idle = worker->idle;
		worker->called = true;
	}
	return worker;
}

bool async__executor_take(struct async_executor *executor, struct job *job)
{
	struct worker *worker = NULL;
	bool taken = false;

	pthread_mutex_lock(&executor->lock);
	if (!executor->shut) {
		worker = call_idle(executor);
		/* If no more can be started, those that are there do it. */
		if (!worker && executor->count < executor->limit)
			async__worker_start(executor);
		taken = executor->alive > 0;
	}
	if (taken)
		list_add(&executor->queue, &job->queued);
	pthread_mutex_unlock(&executor->lock);
	/* Not before: it would wake to find the lock taken. */
	if (worker)
		pthread_cond_signal(&worker->wake);
	return taken;
}

/* Takes no more jobs. True if there is no worker: then nobody else will free it. */
static bool shut(struct async_executor *executor)
{
	struct worker *worker;

	executor->shut = true;
	while ((worker = call_idle(executor)))
		pthread_cond_signal(&worker->wake);
	return !executor->alive;
}

static void shut_with(struct async_executor *executor, struct job *farewell)
{
	bool empty;

	pthread_mutex_lock(&executor->lock);
	executor->farewell = farewell;
	empty = shut(executor);
	pthread_mutex_unlock(&executor->lock);
	if (empty)
		async__job_post(farewell);
}

/* Those that no worker has begun: their loops hear that they are cancelled. */
static void cancel_queue(struct list *queue)
{
	struct list *link, *next;

	list_for_each_safe (link, next, queue) {
		struct job *job = container_of(link, struct job, queued);

		list_remove(link);
		job->result = -ECANCELED;
		async__job_post(job);
	}
}

static void abandon(struct async_executor *executor)
{
	struct list queue;
	bool empty;

	list_init(&queue);
	pthread_mutex_lock(&executor->lock);
	/* The ring gets another head. */
	if (!list_empty(&executor->queue)) {
		list_add(executor->queue.next, &queue);
		list_remove(&executor->queue);
	}
	executor->abandoned = true;
	empty = shut(executor);
	pthread_mutex_unlock(&executor->lock);
	cancel_queue(&queue);
	if (empty)
		async__executor_free(executor, false);
}

int async_executor_shutdown(struct async_executor *executor, bool wait)
{
	if (!executor)
		return 0;
	if (async__worker && async__worker->executor == executor)
		return -EDEADLK;
	if (!wait) {
		abandon(executor);
		return 0;
	}
	pthread_mutex_lock(&executor->lock);
	shut(executor);
	pthread_mutex_unlock(&executor->lock);
	async__executor_free(executor, true);
	return 0;
}

static struct async_executor *executor_of(struct async_loop *loop)
{
	if (!loop->executor && !loop->executor_shut)
		loop->executor = async_thread_pool_executor_new(0, "asyncio");
	return loop->executor;
}

struct async_future *async_run_in_executor(struct async_executor *executor, async_job *function,
					   void *arg)
{
	struct async_loop *loop = async__running;
	struct job *job;

	if (loop && !executor)
		executor = executor_of(loop);
	if (!loop || !executor || executor->processes)
		return NULL;
	job = async__job_new(loop, 0);
	if (!job)
		return NULL;
	job->function = (uintptr_t)function;
	job->arg = arg;
	return async__job_give(job, executor);
}

struct async_future *async__run_on_copy(async_job *function, const void *in, size_t size, void *out)
{
	struct async_loop *loop = async__running;
	struct async_executor *executor = executor_of(loop);
	struct job *job = executor ? async__job_new(loop, size) : NULL;

	if (!job)
		return NULL;
	job->function = (uintptr_t)function;
	job->arg = memcpy(job + 1, in, size);
	job->out = out;
	return async__job_give(job, executor);
}

int64_t async_to_thread(async_job *function, void *arg)
{
	if (!current_task())
		return -EPERM;
	return async_await_future(async_run_in_executor(NULL, function, arg));
}

/* A future for the end of the loop's executor; null without memory, and then it stays. */
static struct async_future *leave(struct async_loop *loop)
{
	struct async_executor *executor = loop->executor;
	struct job *job = executor ? async__job_new(loop, 0) : NULL;

	if (!job)
		return NULL;
	loop->executor = NULL;
	job->leaves = executor;
	shut_with(executor, job);
	return &job->future;
}

int64_t async_loop_shutdown_default_executor(struct async_loop *loop)
{
	if (!current_task())
		return -EPERM;
	loop = loop ? loop : async__running;
	loop->executor_shut = true;
	return loop->executor ? async_await_future(leave(loop)) : 0;
}

void async__executor_end(struct async_loop *loop)
{
	loop->executor_shut = true;
	if (loop->executor)
		async_loop_run_future_until_complete(loop, leave(loop));
}
