/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The executor itself: a queue of jobs, and threads that take them.
 *
 * A thread is woken for a job, never all for one, and it is the one that has slept least; a new one
 * is started only if none sleeps.
 */
#include "jobs.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LIMIT_DEFAULT = 32, COMM_SIZE = 16 };

static __thread struct worker *self;

static struct async_executor *executor_new(unsigned int limit, const char *name, bool processes)
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

/* Pools without a name are numbered, as Python numbers them. */
static struct async_executor *numbered_new(unsigned int limit, const char *name, bool processes)
{
	static unsigned int next[2];
	unsigned int number = __atomic_fetch_add(&next[processes], 1, __ATOMIC_RELAXED);
	char text[48];

	snprintf(text, sizeof(text), "%s-%u", name, number);
	return executor_new(limit, text, processes);
}

static unsigned int processors(void)
{
	long count = sysconf(_SC_NPROCESSORS_ONLN);

	return count > 0 ? count : 1;
}

struct async_executor *async_thread_pool_executor_new(unsigned int max_workers, const char *name)
{
	if (!max_workers)
		max_workers = processors() + 4 < LIMIT_DEFAULT ? processors() + 4 : LIMIT_DEFAULT;
	return name ? executor_new(max_workers, name, false)
		    : numbered_new(max_workers, "ThreadPoolExecutor", false);
}

struct async_executor *async_process_pool_executor_new(unsigned int max_workers)
{
	return numbered_new(max_workers ? max_workers : processors(), "ProcessPoolExecutor", true);
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

static void run_job(struct worker *worker, struct job *job)
{
	uint64_t id = AT_ID(AT_JOB, job->future.number);
	pid_t process = worker->executor->processes ? async__process_ready(worker) : 0;

	async__job = job;
	if (at_listening())
		at_record(AT_JOB_BEGIN, 0, id, job->function, process > 0 ? process : gettid(),
			  job->given_ns);
	if (process < 0)
		job->result = process;
	else if (process)
		job->result = async__process_run(worker, job);
	else
		job->result = ((async_job *)job->function)(job->arg);
	if (at_listening())
		at_record(AT_JOB_END, 0, id, job->result, 0, 0);
	async__job = NULL;
	async__job_post(job);
}

/* Without work it goes to sleep. The lock is held, but not all the time. */
static void sleep_until_called(struct worker *worker)
{
	struct async_executor *executor = worker->executor;

	if (at_listening()) {
		pthread_mutex_unlock(&executor->lock);
		at_flush();
		pthread_mutex_lock(&executor->lock);
		if (executor->shut || !list_empty(&executor->queue))
			return;
	}
	worker->called = false;
	worker->idle = executor->idle;
	executor->idle = worker;
	while (!worker->called)
		pthread_cond_wait(&worker->wake, &executor->lock);
}

/* The next job, or null if the thread shall end. The lock is held. */
static struct job *next_job(struct worker *worker)
{
	struct async_executor *executor = worker->executor;
	struct job *job;

	while (list_empty(&executor->queue)) {
		if (executor->shut)
			return NULL;
		sleep_until_called(worker);
	}
	job = container_of(executor->queue.next, struct job, queued);
	list_remove(&job->queued);
	return job;
}

static void begin(struct worker *worker)
{
	const char *number = worker->name + strlen(worker->executor->name);
	char comm[COMM_SIZE];

	self = worker;
	snprintf(comm, sizeof(comm), "%.*s%s", (int)(COMM_SIZE - 1 - strlen(number)),
		 worker->executor->name, number);
	pthread_setname_np(pthread_self(), comm);
}

/* The lock is held, and given up. Nothing of the executor may be touched afterwards. */
static void end(struct async_executor *executor)
{
	bool last = !--executor->alive, abandoned = executor->abandoned;
	struct job *farewell = executor->farewell;

	self = NULL;
	pthread_mutex_unlock(&executor->lock);
	if (last && farewell)
		async__job_post(farewell);
	else if (last && abandoned)
		async__executor_free(executor, false);
}

static void *work(void *arg)
{
	struct worker *worker = arg;
	struct async_executor *executor = worker->executor;
	struct job *job;

	begin(worker);
	pthread_mutex_lock(&executor->lock);
	while ((job = next_job(worker))) {
		pthread_mutex_unlock(&executor->lock);
		if (__atomic_exchange_n(&job->claimed, true, __ATOMIC_RELAXED))
			async__job_drop(job);
		else
			run_job(worker, job);
		pthread_mutex_lock(&executor->lock);
	}
	pthread_mutex_unlock(&executor->lock);
	async__process_end(worker);
	pthread_mutex_lock(&executor->lock);
	end(executor);
	return NULL;
}

/*
 * Signals are the business of other threads; but what the thread itself does wrong must reach its
 * handler.
 */
static int start_thread(struct worker *worker)
{
	static const int own[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS };
	sigset_t blocked, before;
	size_t i;
	int err;

	sigfillset(&blocked);
	for (i = 0; i < sizeof(own) / sizeof(*own); i++)
		sigdelset(&blocked, own[i]);
	pthread_sigmask(SIG_SETMASK, &blocked, &before);
	err = pthread_create(&worker->thread, NULL, work, worker);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -err;
}

static int start_worker(struct async_executor *executor)
{
	size_t size = strlen(executor->name) + sizeof("_4294967295");
	struct worker *worker = calloc(1, sizeof(*worker) + size);
	int err;

	if (!worker)
		return -ENOMEM;
	worker->executor = executor;
	pthread_cond_init(&worker->wake, NULL);
	snprintf(worker->name, size, "%s_%u", executor->name, executor->count);
	err = start_thread(worker);
	if (err) {
		pthread_cond_destroy(&worker->wake);
		free(worker);
		return err;
	}
	worker->next = executor->workers;
	executor->workers = worker;
	executor->count++;
	executor->alive++;
	return 0;
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

int async__executor_take(struct async_executor *executor, struct job *job)
{
	struct worker *worker = NULL;
	int err = 0;

	pthread_mutex_lock(&executor->lock);
	if (!executor->shut) {
		worker = call_idle(executor);
		if (!worker && executor->count < executor->limit)
			err = start_worker(executor);
	}
	if (executor->shut || !executor->alive)
		err = err ? err : -ESHUTDOWN;
	else
		err = 0;
	if (!err)
		list_add(&executor->queue, &job->queued);
	pthread_mutex_unlock(&executor->lock);
	/* Not before: it would wake to find the lock taken. */
	if (worker)
		pthread_cond_signal(&worker->wake);
	return err;
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

void async__executor_shut(struct async_executor *executor, struct job *farewell)
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
	if (self && self->executor == executor)
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

const char *async_thread_name(void)
{
	static __thread char comm[COMM_SIZE];

	/* This first: it is true in a worker process as well. */
	if (gettid() == getpid())
		return "MainThread";
	if (self)
		return self->name;
	return pthread_getname_np(pthread_self(), comm, sizeof(comm)) ? "" : comm;
}
