/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tracer is told, and when: the records of event.h. Nothing here is called while nobody
 * listens.
 *
 * A switch is one record, though two know of it: who leaves notes why, and who enters writes it
 * down.
 */
#include "waiting.h"
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/single_threaded.h>

static uint32_t last_index;

/* What a function is. */
static void describe(const struct async_function *function)
{
	uint64_t types;

	memcpy(&types, function->types, sizeof(types));
	at_text(function->name);
	at_text(function->file);
	at_record(AT_FUNCTION, 0, (uintptr_t)function->body, function->line, types, 0);
}

/* Describes it once to this listener; without memory, each time. */
static void announce(struct async_loop *loop, struct async_function *function)
{
	uint32_t index = __atomic_load_n(&function->index, __ATOMIC_RELAXED), none = 0;
	uint64_t bit;

	if (unlikely(!index)) {
		index = __atomic_add_fetch(&last_index, 1, __ATOMIC_RELAXED);
		if (!__atomic_compare_exchange_n(&function->index, &none, index, false,
						 __ATOMIC_RELAXED, __ATOMIC_RELAXED))
			index = none;
	}
	bit = 1ULL << index % 64;
	if (index / 64 >= loop->announced_words) {
		size_t words = index / 64 + 1;
		uint64_t *announced = reallocarray(loop->announced, words, sizeof(*announced));

		if (announced) {
			memset(announced + loop->announced_words, 0,
			       (words - loop->announced_words) * sizeof(*announced));
			loop->announced = announced;
			loop->announced_words = words;
		}
	}
	if (index / 64 < loop->announced_words) {
		if (loop->announced[index / 64] & bit)
			return;
		loop->announced[index / 64] |= bit;
	}
	describe(function);
}

/* Those that need a number only here get it when the first listener hears of them. */
static void give_number(struct async_future *future)
{
	if (future->type == AT_FUTURE && future->loop)
		future->number = async__number(&future->loop->future_numbers, AT_FUTURE);
	else if (future->type == AT_FUTURE || future->type >= AT_GATHER)
		future->number = async__number_of(future->type);
}

uint64_t async__trace_id(struct async_future *future)
{
	if (!future)
		return 0;
	if (future->type == AT_TIMER)
		return AT_ID(AT_TIMER, future->number / 1000);
	if (!future->number)
		give_number(future);
	return AT_ID(future->type, future->number);
}

void async__trace_loop(struct async_loop *loop, bool starts)
{
	uint64_t id = AT_ID(AT_LOOP, loop->number);

	if (!starts)
		async__trace_enter_loop(loop, 0);
	at_record(starts ? AT_LOOP_START : AT_LOOP_STOP, 0, id, 0, 0, 0);
	loop->running_id = id;
}

void async__trace_create(struct async_task *task, unsigned int flags)
{
	struct async_loop *loop = task->future.loop;
	struct async_function *function = task->coroutine->function;
	uintptr_t place = async__origin_address(task->future.place, task->future.has_origin);
	uint64_t creator = 0;

	if (loop->running && !(flags & AT_EXISTING)) {
		async__trace_between_steps(loop);
		creator = loop->running_id;
	}
	if (at_wants(AT_TASK_CREATE))
		announce(loop, function);
	at_record(AT_TASK_CREATE, flags, task_id(task), (uintptr_t)function->body, creator, place);
}

void async__trace_name(struct async_task *task)
{
	if (at_wants(AT_TASK_NAME))
		at_text(task->name);
	at_record(AT_TASK_NAME, 0, task_id(task), 0, 0, 0);
}

/* What is done depends on nothing, and nothing on it. */
void async__trace_depends(const struct slot *slot)
{
	struct async_future *future = slot->future, *whole = slot->owned;

	if (future->state == PENDING && whole->state == PENDING)
		at_record(AT_DEPENDS, 0, async__trace_id(whole), async__trace_id(future), 0, 0);
}

void async__trace_holder(const struct waiting *lock)
{
	uint64_t holder = async__lock_holder(lock);

	at_record(AT_DEPENDS, AT_HOLDER, AT_ID(AT_LOCK, lock->number),
		  holder ? AT_ID(AT_TASK, holder) : 0, 0, 0);
}

struct cancellation async__trace_cancel(struct async_future *future, unsigned int flags,
					struct cancellation cancellation)
{
	struct async_loop *loop = async__running;
	uint64_t id = async__trace_id(future);

	async__trace_between_steps(loop);
	if (!cancellation.by && loop)
		cancellation.by = loop->running_id;
	at_record(AT_TASK_CANCEL, flags, id, cancellation.by, cancellation.place,
		  cancellation.through);
	cancellation.through = id;
	return cancellation;
}

static void write_arguments(const struct async_coroutine *coroutine, int flags)
{
	const struct async_function *function = coroutine->function;
	const uint64_t *arguments = coroutine->arguments;
	size_t i;

	for (i = 0; i < AT_ARGUMENTS_MAX; i++) {
		/*
		 * A string is looked at only when its coroutine begins: who knows if it is still
		 * there?
		 */
		if (function->types[i] == AT_ARGUMENT_STRING && !(flags & AT_EXISTING))
			at_text((const char *)(uintptr_t)arguments[i]);
	}
	if (function->types[2])
		at_record(AT_ARGUMENTS, 0, arguments[2], arguments[3], arguments[4], arguments[5]);
}

void async__trace_begin(struct async_loop *loop, struct async_coroutine *coroutine, int flags)
{
	const uint64_t *arguments = coroutine->arguments;

	if (!coroutine->number)
		coroutine->number = async__number(&loop->coroutine_numbers, AT_COROUTINE);
	if (at_wants(AT_COROUTINE_BEGIN)) {
		announce(loop, coroutine->function);
		write_arguments(coroutine, flags);
	}
	at_record(AT_COROUTINE_BEGIN, flags, AT_ID(AT_COROUTINE, coroutine->number),
		  (uintptr_t)coroutine->function->body, arguments[0], arguments[1]);
}

static unsigned int outcome(int64_t result)
{
	if (result >= 0)
		return 0;
	return result == -ECANCELED ? AT_CANCELLED : AT_FAILED;
}

void async__trace_end(struct async_task *task, struct async_coroutine *coroutine, int64_t result)
{
	if (!coroutine->number)
		return; /* the listener came during this step and has not been told of it */
	if (result < 0 && result == task->failed && task->failed_message &&
	    at_wants(AT_COROUTINE_END))
		at_text(task->failed_message);
	at_record(AT_COROUTINE_END, outcome(result), AT_ID(AT_COROUTINE, coroutine->number), result,
		  0, 0);
}

void async__trace_done(struct async_task *task)
{
	if (task->future.message && at_wants(AT_TASK_DONE))
		at_text(task->future.message);
	at_record(AT_TASK_DONE, outcome(task->future.result), task_id(task), task->future.result, 0,
		  0);
}

void async__trace_leave(struct async_loop *loop, unsigned int flags, struct async_future *awaits)
{
	loop->left = true;
	loop->left_flags = flags;
	loop->left_awaits = async__trace_id(awaits);
}

void async__trace_enter(struct async_loop *loop, uint64_t id, uint64_t ready_ns, unsigned int flags)
{
	at_record(AT_SWITCH, loop->left_flags | loop->step_flags | flags, id, loop->running_id,
		  loop->left_awaits, ready_ns);
	loop->running_id = id;
	loop->left = false;
	loop->left_flags = 0;
	loop->left_awaits = 0;
	loop->step_flags = 0;
}

unsigned int async__trace_wakers(const struct async_loop *loop)
{
	if (!list_empty(&loop->sources) || async__signals_handled(loop))
		return 0;
	return AT_TASKS_ONLY | (__libc_single_threaded ? AT_ONE_THREAD : 0);
}

void async__trace_enter_loop(struct async_loop *loop, unsigned int wakers)
{
	async__trace_enter(loop, AT_ID(AT_LOOP, loop->number), loop->timers.count, wakers);
}

void async__trace_between_steps(struct async_loop *loop)
{
	if (loop && loop->left)
		async__trace_enter_loop(loop, 0);
}

void async__trace_enter_task(struct async_loop *loop, struct async_task *task)
{
	bool delivers = task->must_cancel || (task->awaits && task->awaits->state == CANCELLED);

	async__trace_enter(loop, task_id(task), task->ready_ns, delivers ? AT_DELIVERS : 0);
}

/* Its function may not have been announced: it may have been created before anybody listened. */
void async__trace_warning(unsigned int flags, uint64_t subject,
			  const struct async_function *function, uintptr_t place, const char *text)
{
	if (function && at_wants(AT_WARNING))
		describe(function);
	if (at_wants(AT_WARNING))
		at_text(text);
	at_record(AT_WARNING, flags, subject, function ? (uintptr_t)function->body : 0, place, 0);
}

/*
 * A child may be followed until it becomes another program, by somebody whom it has told of
 * nothing.
 */
static void forked(void)
{
	async__thread_forked();
	if (async__running)
		async__running->listeners = 0;
}

__attribute__((constructor)) static void watch_forks(void)
{
	pthread_atfork(NULL, NULL, forked);
}
