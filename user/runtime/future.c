/* SPDX-License-Identifier: BSD-2-Clause */
/* Futures, and the await: the one place where tasks wait. */
#include "runtime.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { SPARE_LIMIT = 4096, ERRNO_MAX = 4095 };

bool async__future_cancel_plain(struct async_future *future, struct cancellation cancellation)
{
	(void)cancellation;
	if (future->state != PENDING)
		return false;
	async__future_finish(future, CANCELLED, -ECANCELED);
	return true;
}

void async__future_free_plain(struct async_future *future)
{
	struct async_loop *loop = async__running;

	if (likely(loop))
		pool_give(&loop->spare_futures, future, SPARE_LIMIT);
	else
		free(future);
}

struct async_future *async__future_new(struct async_loop *loop, enum at_type type, uint64_t number)
{
	struct async_future *future = pool_take(&loop->spare_futures, sizeof(*future));

	if (!future)
		return NULL;
	async__future_init(future, loop, type);
	future->number = number;
	return future;
}

void async__keep_origin(struct async_future *future)
{
	future->has_origin = async__origin_keep(&future->place, DEBUG_DEPTH);
}

struct async_future *async_future_new(struct async_loop *loop)
{
	struct async_future *future;

	if (!loop)
		loop = async__running;
	future = loop ? async__future_new(loop, AT_FUTURE, 0) : NULL;
	if (!future)
		return NULL;
	future->place.address = (uintptr_t)__builtin_return_address(0);
	if (unlikely(loop->debug))
		async__keep_origin(future);
	return future;
}

struct async_future *async_future_ref(struct async_future *future)
{
	if (future)
		future->references++;
	return future;
}

void async_future_unref(struct async_future *future)
{
	if (!future || --future->references)
		return;
	if (unlikely(future->unretrieved) && async__never_retrieved(future))
		return;
	if (unlikely(future->message))
		free(future->message);
	future->free(future);
}

bool async_future_done(const struct async_future *future)
{
	return !future || future->state != PENDING;
}

bool async_future_cancelled(const struct async_future *future)
{
	return future && future->state == CANCELLED;
}

/* To look is all that `const` promises; that somebody did is the future's own note. */
static void note_retrieved(const struct async_future *future)
{
	((struct async_future *)future)->unretrieved = false;
}

int64_t async_future_result(const struct async_future *future)
{
	if (!future)
		return -ENOMEM;
	note_retrieved(future);
	return future->state == PENDING ? -EINPROGRESS : future->result;
}

const char *async_future_message(const struct async_future *future)
{
	if (!future)
		return NULL;
	note_retrieved(future);
	return future->message;
}

static __attribute__((noinline)) void note_times(const struct waiter *waiter)
{
	for (; waiter; waiter = waiter->next)
		async__ready_note_time(waiter->entry);
}

void async__future_finish(struct async_future *future, enum future_state state, int64_t result)
{
	struct waiter *waiter = future->waiters, *next;
	struct async_loop *loop = future->loop;

	future->state = state;
	future->result = result;
	future->unretrieved = result < 0 && state == FINISHED;
	future->waiters = NULL;
	future->last_waiter = &future->waiters;
	if (at_listening())
		note_times(waiter);
	for (; waiter; waiter = next) {
		entry_t entry = waiter->entry;

		next = waiter->next;
		async__ready_push(loop, entry);
		if (entry & 1)
			async__future_add_waiter(future, waiter, entry);
	}
}

void async__future_end_as(struct async_future *future, const struct async_future *other)
{
	note_retrieved(other);
	if (other->message)
		future->message = strdup(other->message);
	async__future_finish(future, other->state, other->result);
}

struct async_loop *async__loop_of(struct async_future *const futures[], size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (!futures[i] || futures[i]->loop != futures[0]->loop)
			return NULL;
	}
	return count ? futures[0]->loop : async__running;
}

int async_future_set_result(struct async_future *future, int64_t result)
{
	if (!future)
		return async__fail_plain(-ENOMEM);
	if (result < 0 || future->type == AT_TASK)
		return async__fail_plain(-EINVAL);
	if (future->state != PENDING)
		return async__fail_plain(-EALREADY);
	if (future->waiters && wrong_thread(future->loop))
		return async__fail_plain(-EPERM);
	async__future_finish(future, FINISHED, result);
	return 0;
}

int async_future_set_exception(struct async_future *future, int error, const char *message)
{
	if (!future)
		return async__fail_plain(-ENOMEM);
	if (error >= 0 || error < -ERRNO_MAX || error == -ECANCELED || future->type == AT_TASK)
		return async__fail_plain(-EINVAL);
	if (future->state != PENDING)
		return async__fail_plain(-EALREADY);
	if (future->waiters && wrong_thread(future->loop))
		return async__fail_plain(-EPERM);
	/* Without memory the error comes without its message. */
	future->message = message ? strdup(message) : NULL;
	async__future_finish(future, FINISHED, error);
	return 0;
}

bool async_future_cancel(struct async_future *future)
{
	struct cancellation cancellation = { 0 };

	if (!future || (future->state == PENDING && future->waiters && wrong_thread(future->loop)))
		return false;
	cancellation.place = (uintptr_t)__builtin_return_address(0);
	/* All others tell that themselves, for it may come from who awaits them. */
	if (at_listening() && future->cancel == async__future_cancel_plain)
		async__trace_cancel(future, future->state == PENDING ? 0 : AT_REFUSED,
				    cancellation);
	return future->cancel(future, cancellation);
}

void async__future_remove_waiter(struct async_future *future, struct waiter *waiter)
{
	struct waiter **place = &future->waiters;

	while (*place && *place != waiter)
		place = &(*place)->next;
	if (!*place)
		return;
	*place = waiter->next;
	if (future->last_waiter == &waiter->next)
		future->last_waiter = place;
}

static __attribute__((noinline)) int refuse_to_wait(struct async_task *task,
						    struct async_future *future)
{
	const char *name = async_task_get_name(task);
	const char *function = task->coroutine->function->name;

	if (future == &task->future)
		return async_fail(
			-EDEADLK,
			"Task cannot await on itself: <Task pending name='%s' coro=<%s()>>", name,
			function);
	/* Another thread may be at work on what belongs to another loop: its address must do. */
	return async_fail(-EXDEV,
			  "Task <Task pending name='%s' coro=<%s()>> got Future <%s at %p> "
			  "attached to a different loop",
			  name, function, future->type == AT_TASK ? "Task" : "Future",
			  (void *)future);
}

/* It was cancelled before: what it awaits is, in its place. */
static __attribute__((noinline)) void pass_on(struct async_task *task, struct async_future *future,
					      uintptr_t place)
{
	if (future->cancel(future, cancellation_through(&task->future, place)))
		task->must_cancel = false;
}

/* The place of the await, looked up only where it is needed. Only `direct` ones are the user's. */
#define PLACE(direct) ((direct) ? (uintptr_t)__builtin_return_address(0) : 0)

/* Suspends the task until the future is done. -ECANCELED if the task was cancelled meanwhile. */
static inline __attribute__((always_inline)) int wait_for(struct async_task *task,
							  struct async_future *future, bool direct)
{
	if (unlikely(future->loop != task->future.loop || future == &task->future))
		return refuse_to_wait(task, future);
	async__future_add_waiter(future, &task->waiter, (entry_t)task);
	task->awaits = future;
	if (unlikely(task->must_cancel))
		pass_on(task, future, PLACE(direct));
	async__suspend(task, future);
	task->awaits = NULL;
	if (unlikely(task->must_cancel)) {
		task->must_cancel = false;
		return async__fail_plain(-ECANCELED);
	}
	return 0;
}

/*
 * Takes its message over. A failure without one must not be taken for an earlier one with the same
 * error.
 */
static void hear_of_failure(struct async_task *task, struct async_future *future)
{
	future->unretrieved = false;
	if (future->message)
		async__task_failed(task, future->result, strdup(future->message));
	else
		async__fail_plain(future->result);
}

static inline __attribute__((always_inline)) int64_t await(struct async_future *future, bool direct)
{
	struct async_task *task = current_task();
	int64_t result = 0;

	if (unlikely(!task))
		return async__fail_plain(-EPERM);
	if (future->state == PENDING)
		result = wait_for(task, future, direct);
	if (likely(!result)) {
		result = future->result;
		if (unlikely(result < 0))
			hear_of_failure(task, future);
	}
	return result;
}

int64_t async__await(struct async_future *future)
{
	return await(future, false);
}

static inline __attribute__((always_inline)) int64_t await_consuming(struct async_future *future)
{
	int64_t result;

	if (!future)
		return async__fail_plain(-ENOMEM);
	result = await(future, true);
	async_future_unref(future);
	return result;
}

int64_t async_await_future(struct async_future *future)
{
	return await_consuming(future);
}

int64_t async_await_task(struct async_task *task)
{
	return await_consuming(async_task_future(task));
}
