/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tasks: a future, a stack and the coroutine that runs on it. Cancellation follows asyncio's Task.
 */
#include "runtime.h"
#include "switch.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SPARE_LIMIT = 4096 };

static void free_task(struct async_future *future)
{
	struct async_task *task = task_of(future);
	struct async_loop *loop = async__running;

	if (unlikely(task->name || task->failed_message || task->aside)) {
		free(task->name);
		async__free_failures(task);
	}
	if (loop)
		pool_give(&loop->spare_tasks, task, SPARE_LIMIT);
	else
		free(task);
}

/* Counts the request, and returns the pending task that this one waits for, or null. */
static struct async_task *ask(struct async_task *task, struct cancellation *cancellation)
{
	struct async_future *awaits = task->awaits;

	if (at_listening())
		*cancellation = async__trace_cancel(&task->future, 0, *cancellation);
	task->cancelling++;
	return awaits && awaits->type == AT_TASK && awaits->state == PENDING ? task_of(awaits)
									     : NULL;
}

/*
 * What a task awaits is cancelled in its place: down a chain of tasks without recursion, for the
 * chain may be longer than the stack. A gathering or group in it does recurse: wait.h sets a limit.
 * Tasks that wait for each other in a circle, be it by way of a gathering, are asked once each.
 */
bool async__task_cancel(struct async_task *task, struct cancellation cancellation)
{
	struct async_task *last = task, *next;

	if (task->on_path)
		return true;
	if (task->future.state != PENDING) {
		if (at_listening())
			async__trace_cancel(&task->future, AT_REFUSED, cancellation);
		return false;
	}
	task->on_path = true;
	while ((next = ask(last, &cancellation)) && !next->on_path) {
		next->on_path = true;
		last = next;
	}
	if (next || !last->awaits || !last->awaits->cancel(last->awaits, cancellation))
		last->must_cancel = true;
	for (next = task; next != last; next = task_of(next->awaits))
		next->on_path = false;
	last->on_path = false;
	return true;
}

static bool cancel_future(struct async_future *future, struct cancellation cancellation)
{
	return async__task_cancel(task_of(future), cancellation);
}

bool async_task_cancel(struct async_task *task)
{
	if (!task || (task->future.state == PENDING && wrong_thread(task->future.loop)))
		return false;
	return async__task_cancel(task, (struct cancellation){
						.place = (uintptr_t)__builtin_return_address(0) });
}

static void init(struct async_task *task, struct async_loop *loop,
		 struct async_coroutine *coroutine)
{
	async__future_init(&task->future, loop, AT_TASK);
	task->future.references = 2; /* the caller's, and the loop's until it is done */
	task->future.cancel = cancel_future;
	task->future.free = free_task;
	task->future.number = async__number(&loop->task_numbers, AT_TASK);
	task->sp = first_frame(task->stack, task);
	task->ready_ns = 0;
	task->innermost = NULL;
	task->awaits = NULL;
	task->must_cancel = false;
	task->on_path = false;
	task->cancelling = 0;
	task->coroutine = coroutine;
	coroutine->state = TAKEN;
	task->name = NULL;
	task->failed = 0;
	task->failed_message = NULL;
	task->aside = NULL;
}

struct async_task *async__task_create(struct async_loop *loop, struct async_coroutine *coroutine,
				      uintptr_t place)
{
	struct async_task *task = NULL;

	if (!loop || !coroutine || wrong_thread(loop) || async__ready_reserve(loop))
		goto error;
	task = pool_take_aligned(&loop->spare_tasks, sizeof(*task), _Alignof(struct async_task));
	if (!task)
		goto error_reserved;
	task->stack = async__stack_take(&loop->stacks);
	if (!task->stack)
		goto error_reserved;
	init(task, loop, coroutine);
	task->future.place.address = place;
	if (unlikely(loop->debug))
		async__keep_origin(&task->future);
	list_add(&loop->tasks, &task->link);
	if (at_listening())
		async__trace_create(task, 0);
	async__wake(loop, (entry_t)task);
	return task;

error_reserved:
	free(task);
	async__ready_release(loop);
error:
	async_coroutine_close(coroutine);
	return NULL;
}

struct async_task *async_create_task(struct async_coroutine *coroutine)
{
	return async__task_create(async__running, coroutine,
				  (uintptr_t)__builtin_return_address(0));
}

struct async_task *async_loop_create_task(struct async_loop *loop,
					  struct async_coroutine *coroutine)
{
	return async__task_create(loop ? loop : async__running, coroutine,
				  (uintptr_t)__builtin_return_address(0));
}

static void finish(struct async_task *task, int64_t result)
{
	struct async_loop *loop = task->future.loop;

	/* Cancelled in its last step: it ends cancelled, unless it failed by itself. */
	if (unlikely(task->must_cancel) && result >= 0)
		result = -ECANCELED;
	if (unlikely(result < 0 && result == task->failed)) {
		task->future.message = task->failed_message;
		task->failed_message = NULL;
	}
	task->future.result = result;
	if (at_listening())
		async__trace_done(task);
	list_remove(&task->link);
	async__ready_release(loop);
	async__future_finish(&task->future, result == -ECANCELED ? CANCELLED : FINISHED, result);
}

void async__task_main(struct async_task *task)
{
	struct async_function *function = task->coroutine->function;
	int64_t result = -ECANCELED;

#ifdef SANITIZED
	async__switch_ends(NULL);
#endif
	if (unlikely(task->must_cancel)) {
		task->must_cancel = false;
		async_coroutine_close(task->coroutine);
	} else {
		result = async__coroutine_run(task, task->coroutine);
	}
	task->function = function;
	finish(task, result);
	async__leave(task);
}

void async__task_destroy(struct async_task *task)
{
	struct async_coroutine *coroutine = task->innermost, *awaiter;
	struct async_function *function = task->coroutine->function;

	async__destroyed_pending(task);
	if (task->awaits) {
		async__future_remove_waiter(task->awaits, &task->waiter);
		async_future_unref(task->awaits);
		task->awaits = NULL;
	}
	if (!coroutine)
		async_coroutine_close(task->coroutine);
	for (; coroutine; coroutine = awaiter) {
		awaiter = coroutine->awaiter;
		if (coroutine->deferred)
			async__run_deferred(coroutine);
		async_coroutine_close(coroutine);
	}
#ifdef SANITIZED
	async__stack_forget(task->stack);
#endif
	list_remove(&task->link);
	task->function = function;
	task->future.state = CANCELLED;
	task->future.result = -ECANCELED;
	task->future.loop = NULL;
	async_future_unref(&task->future);
}

unsigned int async__task_uncancel(struct async_task *task)
{
	if (task->cancelling && !--task->cancelling)
		task->must_cancel = false;
	return task->cancelling;
}

unsigned int async_task_uncancel(struct async_task *task)
{
	if (!task)
		return 0;
	if (at_listening() && task->cancelling && task->future.state == PENDING)
		async__trace_cancel(&task->future, AT_TAKEN_BACK,
				    (struct cancellation){
					    .place = (uintptr_t)__builtin_return_address(0) });
	return async__task_uncancel(task);
}

unsigned int async_task_cancelling(const struct async_task *task)
{
	return task ? task->cancelling : 0;
}

struct async_task *async_task_ref(struct async_task *task)
{
	if (task)
		async_future_ref(&task->future);
	return task;
}

void async_task_detach(struct async_task *task)
{
	if (task)
		async_future_unref(&task->future);
}

struct async_future *async_task_future(struct async_task *task)
{
	return task ? &task->future : NULL;
}

static const struct async_future *future_of(const struct async_task *task)
{
	return task ? &task->future : NULL;
}

struct async_task *async_task_of(struct async_future *future)
{
	return future && future->type == AT_TASK ? task_of(future) : NULL;
}

bool async_task_done(const struct async_task *task)
{
	return async_future_done(future_of(task));
}

bool async_task_cancelled(const struct async_task *task)
{
	return async_future_cancelled(future_of(task));
}

int64_t async_task_result(const struct async_task *task)
{
	return async_future_result(future_of(task));
}

const char *async_task_message(const struct async_task *task)
{
	return async_future_message(future_of(task));
}

int async_task_set_name(struct async_task *task, const char *name)
{
	char *copy;

	if (!name)
		return async__fail_plain(-EINVAL);
	copy = task ? strdup(name) : NULL;
	if (!copy)
		return async__fail_plain(-ENOMEM);
	free(task->name);
	task->name = copy;
	if (at_listening())
		async__trace_name(task);
	return 0;
}

const char *async_task_get_name(struct async_task *task)
{
	if (!task)
		return "Task";
	if (!task->name &&
	    asprintf(&task->name, "Task-%llu", (unsigned long long)task->future.number) < 0)
		task->name = NULL;
	return task->name ? task->name : "Task";
}

struct async_task *async_current_task(void)
{
	return current_task();
}

size_t async_all_tasks(struct async_loop *loop, struct async_task *tasks[], size_t size)
{
	struct list *link;
	size_t count = 0;

	if (!loop)
		loop = async__running;
	if (!loop)
		return 0;
	list_for_each (link, &loop->tasks) {
		if (count < size)
			tasks[count] = async_task_ref(container_of(link, struct async_task, link));
		count++;
	}
	return count;
}
