/* SPDX-License-Identifier: BSD-2-Clause */
/* Jobs, from their loop's side: the future, and what becomes of it. */
#include "jobs.h"
#include <errno.h>
#include <string.h>

/* Spare jobs (measured on one processor: 270 ns for each of 1,000 in flight, 640 without). */
enum { SPARE_LIMIT = 1024 };

__thread struct job *async__job __attribute__((tls_model("initial-exec")));

/* One side needs it no more. */
static void let_go(struct job *job)
{
	if (__atomic_sub_fetch(&job->sides, 1, __ATOMIC_ACQ_REL))
		return;
	free(job->message);
	free(job->received);
	if (async__running && !job->sized)
		pool_give(&async__running->spare_jobs, job, SPARE_LIMIT);
	else
		free(job);
}

static struct job *job_of(struct async_future *future)
{
	return container_of(future, struct job, future);
}

static void free_future(struct async_future *future)
{
	let_go(job_of(future));
}

/* Its future is done: the loop knows the job no longer. */
static void forget(struct job *job)
{
	list_remove(&job->link);
	async_future_unref(&job->future);
}

static bool cancel(struct async_future *future, struct cancellation cancellation)
{
	struct job *job = job_of(future);

	(void)cancellation;
	if (future->state != PENDING)
		return false;
	__atomic_store_n(&job->claimed, true, __ATOMIC_RELAXED);
	async__future_finish(future, CANCELLED, -ECANCELED);
	forget(job);
	return true;
}

static void finish(struct job *job)
{
	struct async_future *future = &job->future;

	if (job->result > 0 && job->received)
		memcpy(job->out, job->received, job->result);
	if (job->result < 0 && job->result == job->failed) {
		future->message = job->message;
		job->message = NULL;
	}
	async__future_finish(future, job->result == -ECANCELED ? CANCELLED : FINISHED, job->result);
}

static void ended(struct call *call, struct async_loop *loop)
{
	struct job *job = container_of(call, struct job, call);

	if (job->leaves)
		async__executor_free(job->leaves, loop != NULL);
	if (loop && !list_empty(&job->link)) {
		if (job->future.state == PENDING)
			finish(job);
		forget(job);
	}
	let_go(job);
}

struct job *async__job_new(struct async_loop *loop, size_t more)
{
	struct job *job =
		more ? malloc(sizeof(*job) + more) : pool_take(&loop->spare_jobs, sizeof(*job));

	if (!job)
		return NULL;
	memset(job, 0, sizeof(*job));
	async__future_init(&job->future, loop, AT_JOB);
	job->future.number = async__number_of(AT_JOB);
	job->future.references = 2; /* the caller's, and the loop's until it is done */
	job->future.cancel = cancel;
	job->future.free = free_future;
	list_add(&loop->jobs, &job->link);
	job->sides = 2;
	job->sized = more;
	job->call.run = ended;
	job->mailbox = async__mailbox_ref(loop->mailbox);
	return job;
}

void async__job_failed(struct job *job, int error, char *message)
{
	free(job->message);
	job->message = message;
	job->failed = error;
}

/* From now on it may be freed by the loop, whose mailbox it keeps no longer. */
void async__job_post(struct job *job)
{
	struct mailbox *mailbox = job->mailbox;

	async__mailbox_post(mailbox, &job->call);
	async__mailbox_unref(mailbox);
}

void async__job_drop(struct job *job)
{
	async__mailbox_unref(job->mailbox);
	let_go(job);
}

struct async_future *async__job_give(struct job *job, struct async_executor *executor)
{
	if (at_listening())
		job->given_ns = at_now();
	if (async__executor_take(executor, job))
		return &job->future;
	async_future_unref(&job->future);
	forget(job);
	async__job_drop(job);
	return NULL;
}

void async__jobs_close(struct async_loop *loop)
{
	struct list *link, *next;

	list_for_each_safe (link, next, &loop->jobs) {
		struct job *job = container_of(link, struct job, link);

		__atomic_store_n(&job->claimed, true, __ATOMIC_RELAXED);
		if (job->future.state == PENDING) {
			job->future.state = CANCELLED;
			job->future.result = -ECANCELED;
		}
		job->future.loop = NULL;
		forget(job);
	}
}
