/* SPDX-License-Identifier: BSD-2-Clause */
/* Running a loop until something is done; and async_run(), which is all that most programs need. */
#include "runtime.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>

static void stop_loop(struct async_future *future, void *arg)
{
	(void)future;
	async_loop_stop(arg);
}

int64_t async_loop_run_future_until_complete(struct async_loop *loop, struct async_future *future)
{
	int64_t result = -ENOMEM;

	if (!future)
		return result;
	if (loop->running || async__running) {
		result = -EBUSY;
	} else if (future->loop != loop) {
		result = -EXDEV;
	} else if (!async_future_add_done_callback(future, stop_loop, loop)) {
		async_loop_run_forever(loop);
		async_future_remove_done_callback(future, stop_loop, loop);
		result = async_future_done(future) ? async_future_result(future) : -EINTR;
	}
	async_future_unref(future);
	return result;
}

int64_t async_loop_run_task_until_complete(struct async_loop *loop, struct async_task *task)
{
	return async_loop_run_future_until_complete(loop, async_task_future(task));
}

int64_t async_loop_run_coroutine_until_complete(struct async_loop *loop,
						struct async_coroutine *coroutine)
{
	if (loop->running || async__running) {
		async_coroutine_close(coroutine);
		return -EBUSY;
	}
	return async_loop_run_task_until_complete(
		loop, async__task_create(loop, coroutine, (uintptr_t)__builtin_return_address(0)));
}

/* What tasks failed with after they were cancelled. Gives the references up. */
static void report_failures(struct async_loop *loop, struct async_task *tasks[], size_t count)
{
	struct async_exception_context context = {
		.message = "unhandled exception during asyncio.run() shutdown",
	};
	size_t i;

	for (i = 0; i < count; i++) {
		struct async_future *future = async_task_future(tasks[i]);

		context.task = tasks[i];
		context.exception = async_future_result(future);
		context.exception_message = async_future_message(future);
		if (future->state == FINISHED && context.exception < 0)
			async_loop_call_exception_handler(loop, &context);
		async_task_detach(tasks[i]);
	}
}

static const struct async_task *awaited_task(const struct async_task *task)
{
	struct async_future *awaits = task ? task->awaits : NULL;

	return awaits && awaits->type == AT_TASK && awaits->state == PENDING ? task_of(awaits)
									     : NULL;
}

/* Whether it waits for tasks that wait for each other: no cancellation ends that. */
static bool waits_for_circle(const struct async_task *task)
{
	const struct async_task *slow = task, *fast = awaited_task(task);

	while (fast && fast != slow) {
		slow = awaited_task(slow);
		fast = awaited_task(awaited_task(fast));
	}
	return fast;
}

/*
 * Cancels all tasks and runs the loop until they have ended. Without memory they are destroyed
 * instead, as those are that wait in a circle.
 */
static void end_tasks(struct async_loop *loop, uintptr_t place)
{
	struct cancellation cancellation = { .place = place, .by = AT_ID(AT_LOOP, loop->number) };
	size_t count = async_all_tasks(loop, NULL, 0), ending = 0, i;
	struct async_task **tasks = count ? reallocarray(NULL, count, sizeof(*tasks)) : NULL;

	if (!tasks)
		return;
	async_all_tasks(loop, tasks, count);
	for (i = 0; i < count; i++)
		async__task_cancel(tasks[i], cancellation);
	for (i = 0; i < count; i++) {
		if (waits_for_circle(tasks[i]))
			async_task_detach(tasks[i]);
		else
			tasks[ending++] = async_task_ref(tasks[i]);
	}
	async_loop_run_future_until_complete(loop, async_gather(tasks, ending, NULL,
								ASYNC_RETURN_EXCEPTIONS));
	report_failures(loop, tasks, ending);
	free(tasks);
}

/*
 * What was scheduled last still runs. asyncio shuts its asynchronous generators and its executor
 * down here, which takes two iterations each even if there are none.
 */
static void iterate_last(struct async_loop *loop)
{
	int i;

	for (i = 0; i < 4; i++) {
		async_loop_stop(loop);
		async_loop_run_forever(loop);
	}
}

/* What SIGINT does while the main task runs. */
struct interrupt {
	struct async_task *main;
	bool came, cancelled;
};

static void cancel_main(void *arg)
{
	struct interrupt *interrupt = arg;

	interrupt->came = true;
	interrupt->cancelled =
		async__task_cancel(interrupt->main,
				   (struct cancellation){ .by = AT_ID(AT_SIGNAL, SIGINT) });
}

static int64_t run_main(struct async_loop *loop, struct async_coroutine *main, uintptr_t place)
{
	struct async_task *task = async__task_create(loop, main, place);
	struct interrupt interrupt = { .main = task };
	struct signal_handler *handler = async__interrupt_watch(loop, cancel_main, &interrupt);
	int64_t result = async_loop_run_task_until_complete(loop, async_task_ref(task));

	if (async__interrupt_unwatch(handler))
		interrupt.came = true;
	if (interrupt.cancelled) {
		if (result == -ECANCELED && !async_task_uncancel(task))
			result = -EINTR;
	} else if (interrupt.came && result >= 0) {
		result = -EINTR;
	}
	async_task_detach(task);
	return result;
}

static int64_t run(struct async_coroutine *main, bool debug, uintptr_t place)
{
	struct async_loop *loop = NULL;
	int64_t result = async__running ? -EBUSY : 0;

	if (!result)
		result = async_loop_new(&loop);
	if (result) {
		async_coroutine_close(main);
		return result;
	}
	if (debug)
		async_loop_set_debug(loop, true);
	result = run_main(loop, main, place);
	end_tasks(loop, place);
	iterate_last(loop);
	async__executor_end(loop);
	async_loop_close(loop);
	return result;
}

int64_t async_run(struct async_coroutine *main)
{
	return run(main, false, (uintptr_t)__builtin_return_address(0));
}

int64_t async_run_debug(struct async_coroutine *main)
{
	return run(main, true, (uintptr_t)__builtin_return_address(0));
}
