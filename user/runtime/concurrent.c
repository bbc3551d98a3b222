/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The result of a coroutine for another thread. Both sides hold it: the caller, and the loop, whose
 * reference is `link`, which a done callback of the task owns. So it is given up in any case, be it
 * that the loop is closed and the callback dropped.
 */
#include "runtime.h"
#include <errno.h>
#include <pthread.h>
#include <string.h>

struct async_concurrent_future {
	pthread_mutex_t lock;
	pthread_cond_t ended;
	uint32_t references; /* atomic */
	bool done;
	int64_t result;
	char *message;

	struct mailbox *mailbox;
	struct async_loop *loop; /* to be compared only */
	struct call start, cancel;
	bool cancelling; /* `cancel` is under way */
	uintptr_t place; /* where it was asked for, and by which thread, as the kernel calls it */
	pid_t thread;

	/* The loop's own. */
	struct async_future link;
	struct async_coroutine *coroutine;
	struct async_task *task;
	int64_t otherwise; /* the result if it is not the task's */
};

static void unref(struct async_concurrent_future *this)
{
	if (__atomic_sub_fetch(&this->references, 1, __ATOMIC_ACQ_REL))
		return;
	async__mailbox_unref(this->mailbox);
	pthread_cond_destroy(&this->ended);
	pthread_mutex_destroy(&this->lock);
	free(this->message);
	free(this);
}

static void finish(struct async_concurrent_future *this, int64_t result, const char *message)
{
	pthread_mutex_lock(&this->lock);
	if (!this->done) {
		this->message = message ? strdup(message) : NULL;
		this->result = result;
		__atomic_store_n(&this->done, true, __ATOMIC_RELEASE);
		pthread_cond_broadcast(&this->ended);
	}
	pthread_mutex_unlock(&this->lock);
}

static void let_go(struct async_future *link)
{
	struct async_concurrent_future *this =
		container_of(link, struct async_concurrent_future, link);

	finish(this, this->otherwise, NULL);
	async_task_detach(this->task);
	this->task = NULL;
	unref(this);
}

static void on_done(struct async_future *future, void *link)
{
	finish(container_of(link, struct async_concurrent_future, link),
	       async_future_result(future), async_future_message(future));
	async_future_unref(link);
}

static void start(struct call *call, struct async_loop *loop)
{
	struct async_concurrent_future *this =
		container_of(call, struct async_concurrent_future, start);
	struct async_task *task;

	async__future_init(&this->link, NULL, AT_FUTURE);
	this->link.free = let_go;
	this->otherwise = loop ? -ENOMEM : -ECANCELED;
	if (loop)
		this->task = async_loop_create_task(loop, this->coroutine);
	else
		async_coroutine_close(this->coroutine);
	if (!this->task) {
		async_future_unref(&this->link);
		return;
	}
	task = async_task_ref(this->task);
	if (async__future_add_owner(async_task_future(task), on_done, &this->link))
		async_task_cancel(task);
	else
		this->otherwise = -ECANCELED;
	async_task_detach(task);
}

static void cancel(struct call *call, struct async_loop *loop)
{
	struct async_concurrent_future *this =
		container_of(call, struct async_concurrent_future, cancel);
	struct cancellation cancellation = { .place = this->place, .by = this->thread };

	__atomic_store_n(&this->cancelling, false, __ATOMIC_RELEASE);
	if (loop)
		async__task_cancel(this->task, cancellation);
	unref(this);
}

static struct async_concurrent_future *future_new(struct async_loop *loop)
{
	struct async_concurrent_future *this = calloc(1, sizeof(*this));
	pthread_condattr_t attributes;

	if (!this)
		return NULL;
	pthread_mutex_init(&this->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&this->ended, &attributes);
	pthread_condattr_destroy(&attributes);
	this->references = 2;
	this->mailbox = async__mailbox_ref(loop->mailbox);
	this->loop = loop;
	this->start.run = start;
	this->cancel.run = cancel;
	return this;
}

struct async_concurrent_future *async_run_coroutine_threadsafe(struct async_coroutine *coroutine,
							       struct async_loop *loop)
{
	struct async_concurrent_future *this = loop ? future_new(loop) : NULL;

	if (!this) {
		async_coroutine_close(coroutine);
		return NULL;
	}
	this->coroutine = coroutine;
	async__coroutine_take(coroutine);
	async__post(loop, &this->start);
	return this;
}

int64_t async_concurrent_future_result(struct async_concurrent_future *this, double timeout)
{
	uint64_t end = clock_ns() + async__ns_of(timeout);
	struct timespec until = { .tv_sec = end / 1000000000, .tv_nsec = end % 1000000000 };
	int64_t result;
	int err = 0;

	if (!this)
		return async__fail_plain(-ENOMEM);
	pthread_mutex_lock(&this->lock);
	if (!this->done && async__running == this->loop)
		err = EDEADLK;
	while (!this->done && !err) {
		if (timeout < 0)
			pthread_cond_wait(&this->ended, &this->lock);
		else
			err = pthread_cond_timedwait(&this->ended, &this->lock, &until);
	}
	result = this->done ? this->result : -err;
	pthread_mutex_unlock(&this->lock);
	return result;
}

const char *async_concurrent_future_message(const struct async_concurrent_future *this)
{
	return async_concurrent_future_done(this) && this ? this->message : NULL;
}

bool async_concurrent_future_done(const struct async_concurrent_future *this)
{
	return !this || __atomic_load_n(&this->done, __ATOMIC_ACQUIRE);
}

bool async_concurrent_future_cancel(struct async_concurrent_future *this)
{
	if (async_concurrent_future_done(this))
		return false;
	if (!__atomic_exchange_n(&this->cancelling, true, __ATOMIC_ACQUIRE)) {
		this->place = (uintptr_t)__builtin_return_address(0);
		this->thread = at_listening() ? async__thread_id() : 0;
		__atomic_fetch_add(&this->references, 1, __ATOMIC_RELAXED);
		async__mailbox_post(this->mailbox, &this->cancel);
	}
	return true;
}

void async_concurrent_future_free(struct async_concurrent_future *this)
{
	if (this)
		unref(this);
}
