/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads that take jobs from the queue of an executor. One is woken for a job, never all for one,
 * and it is the one that has slept least; a new one is started only if none sleeps.
 */
#include "jobs.h"
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LIMIT_DEFAULT = 32, COMM_SIZE = 16 };

__thread struct worker *async__worker __attribute__((tls_model("initial-exec")));

struct async_executor *async_thread_pool_executor_new(unsigned int max_workers, const char *name)
{
	unsigned int usual = async__processors() + 4;

	if (!max_workers)
		max_workers = usual < LIMIT_DEFAULT ? usual : LIMIT_DEFAULT;
	return name ? async__executor_new(max_workers, name, false)
		    : async__executor_numbered(max_workers, false);
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

	async__worker = worker;
	snprintf(comm, sizeof(comm), "%.*s%s", (int)(COMM_SIZE - 1 - strlen(number)),
		 worker->executor->name, number);
	pthread_setname_np(pthread_self(), comm);
}

/* The lock is held, and given up. Nothing of the executor may be touched afterwards. */
static void end(struct async_executor *executor)
{
	bool last = !--executor->alive, abandoned = executor->abandoned;
	struct job *farewell = executor->farewell;

	async__worker = NULL;
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
	return err;
}

void async__worker_start(struct async_executor *executor)
{
	size_t size = strlen(executor->name) + sizeof("_4294967295");
	struct worker *worker = calloc(1, sizeof(*worker) + size);

	if (!worker)
		return;
	worker->executor = executor;
	pthread_cond_init(&worker->wake, NULL);
	snprintf(worker->name, size, "%s_%u", executor->name, executor->count);
	if (start_thread(worker)) {
		pthread_cond_destroy(&worker->wake);
		free(worker);
		return;
	}
	worker->next = executor->workers;
	executor->workers = worker;
	executor->count++;
	executor->alive++;
}

const char *async_thread_name(void)
{
	static __thread char comm[COMM_SIZE];

	/* This first: it is true in a worker process as well. */
	if (gettid() == getpid())
		return "MainThread";
	if (async__worker)
		return async__worker->name;
	return pthread_getname_np(pthread_self(), comm, sizeof(comm)) ? "" : comm;
}
