/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Executors, and the jobs that are given to them: what threads and processes share.
 *
 * A job is looked at from two sides, each of which holds it: the loop's, whose future it is, and
 * the executor's, from the moment it is queued until its end has been posted to the loop. Who
 * raises `claimed` first decides whether a worker runs it or it is taken back. So a loop can be
 * closed while its jobs run, and an executor be freed before the loop has heard of their ends;
 * neither needs the other's lock.
 *
 * A process pool is a pool of threads as well: each has a worker process of its own, and waits for
 * it in the place of the loop.
 */
#ifndef RUNTIME_JOBS_H
#define RUNTIME_JOBS_H

#include "runtime.h"
#include <pthread.h>

struct process; /* process_pool.c */

struct job {
	struct async_future future;
	struct list link; /* of the loop's jobs, until the future is done */
	uint32_t sides;	  /* atomic */
	bool sized;	  /* more bytes follow: it is not kept for another one */

	struct list queued;
	bool claimed; /* atomic */
	struct call call;
	struct mailbox *mailbox;
	uintptr_t function;
	uint64_t given_ns; /* 0 if nobody listened then */
	int64_t result;
	int failed; /* the error that `message` came with */
	char *message;
	struct async_executor *leaves; /* or null: it is the end of that, and no job */

	void *arg; /* of a thread */

	/* Of a process. */
	const void *in;
	void *out; /* the caller's; written by the loop's thread alone */
	void *received;
	size_t size, capacity;
};

struct worker {
	struct worker *next; /* all; the last one started first */
	struct worker *idle; /* the next idle one */
	struct async_executor *executor;
	struct process *process; /* null until it is needed */
	pthread_t thread;
	pthread_cond_t wake;
	bool called; /* there may be a job for it */
	char name[];
};

struct async_executor {
	pthread_mutex_t lock;
	struct list queue;
	struct worker *workers, *idle; /* the last one to become idle first: it is in the cache */
	unsigned int count, limit;     /* of workers */
	unsigned int alive;	       /* of these */
	bool processes;
	bool shut;	      /* takes no more jobs */
	bool abandoned;	      /* nobody waits: the last worker frees it */
	struct job *farewell; /* or null: the last worker posts it */
	char name[];
};

#pragma GCC visibility push(hidden)

/* The worker that this thread is, or null. */
extern __thread struct worker *async__worker __attribute__((tls_model("initial-exec")));

/* job.c */
struct job *async__job_new(struct async_loop *loop, size_t more);
/* Its future, or null if the executor does not take it. */
struct async_future *async__job_give(struct job *job, struct async_executor *executor);
void async__job_post(struct job *job); /* it has ended */
void async__job_drop(struct job *job); /* it was taken back */

/* executor.c */
/*
 * async_run_in_executor() on the running loop's own executor with a copy of `in`, which lives as
 * long as the job. The result says how many bytes of what the job leaves at `received` are put at
 * `out`, unless it is cancelled.
 */
struct async_future *async__run_on_copy(async_job *function, const void *in, size_t size,
					void *out);
struct async_executor *async__executor_new(unsigned int limit, const char *name, bool processes);
/* Without a name they are numbered, as Python does. */
struct async_executor *async__executor_numbered(unsigned int limit, bool processes);
unsigned int async__processors(void);
bool async__executor_take(struct async_executor *executor, struct job *job);
/* Its workers have ended, or are about to and touch it no longer. */
void async__executor_free(struct async_executor *executor, bool join);

/* thread_pool.c: the lock is held. Does nothing if there is no memory or thread to be had. */
void async__worker_start(struct async_executor *executor);

/* process_pool.c: the process of the worker. */
pid_t async__process_ready(struct worker *worker); /* starts it if need be; its id or -errno */
int64_t async__process_run(struct worker *worker, struct job *job);
void async__process_end(struct worker *worker);

/*
 * What goes over the socket to a worker process, and back: these, with bytes behind. All of it is
 * sent and received at once, for a worker has one job at a time.
 */
struct request {
	uint64_t function, size, capacity;
};
struct reply {
	int64_t result;	       /* as many bytes follow */
	uint64_t message_size; /* then these, of a failure */
};

/* worker.c: what a worker process does. */
_Noreturn void async__process_main(int socket, pid_t parent);

/* worker.c: all of the bytes. 0, -EPIPE if the other side is gone, or -errno. */
int async__socket_send(int socket, const void *bytes, size_t size);
int async__socket_receive(int socket, void *bytes, size_t size);

#pragma GCC visibility pop

#endif
