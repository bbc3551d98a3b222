/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ready queue, and who runs next.
 *
 * A task that suspends or ends picks its successor itself and switches to it, without a detour over
 * the loop. Only callbacks, timers, events and the end of an iteration at which these are due need
 * the loop's own stack.
 *
 * The queue is a ring of addresses, not a linked list, so that the tasks and stacks that come next
 * can be fetched while the present one runs (measured with 100,000 tasks: 72 ns a switch against
 * 141).
 *
 * The loop is taken from the thread, though the task has it too: what the next task is must not
 * wait for a load from the present one (measured: 10.0 ns a switch against 10.7).
 */
#include "runtime.h"
#include "switch.h"
#include <errno.h>
#include <stdlib.h>

enum {
	TURN = 61, /* steps after which timers and events are looked at, whatever is ready */
	FETCH_TASK = 10,
	FETCH_STACK = 5,
};

/* Of the processor's counter: some 30 µs, within which a turn of short steps is over anyway. */
#if defined(__x86_64__)
enum { TURN_TICKS = 100000 };
#define ticks() __builtin_ia32_rdtsc()
#elif defined(__aarch64__)
enum { TURN_TICKS = 1000 };
static inline uint64_t ticks(void)
{
	uint64_t value;

	__asm__ volatile("mrs %0, cntvct_el0" : "=r"(value));
	return value;
}
#endif

int async__ready_grow(struct async_loop *loop)
{
	size_t size = loop->mask ? (loop->mask + 1) * 2 : 64, i;
	entry_t *ready = calloc(size, sizeof(*ready));

	if (!ready)
		return -ENOMEM;
	for (i = loop->head; i != loop->tail; i++)
		ready[i & (size - 1)] = loop->ready[i & loop->mask];
	free(loop->ready);
	loop->ready = ready;
	loop->mask = size - 1;
	return 0;
}

void async__ready_note_time(entry_t entry)
{
	async__trace_between_steps(async__running);
	if (entry & 1)
		slot_of_entry(entry)->ready_ns = at_now();
	else
		((struct async_task *)entry)->ready_ns = at_now();
}

/*
 * Steps that are long must not keep timers and descriptors waiting for a whole turn. There may be
 * something to hear of if the counter has gone on.
 */
static __attribute__((noinline)) bool turn_is_long(const struct async_loop *loop)
{
	if (unlikely(loop->clock))
		return loop_now(loop) >= heap_least(&loop->timers);
	return ticks() - loop->turn_ticks > TURN_TICKS;
}

static void begin_iteration(struct async_loop *loop)
{
	loop->end = loop->tail;
	loop->step_flags = AT_ITERATION;
}

/* The iteration is over; so is the turn of the tasks if the loop has something to do. */
static inline __attribute__((always_inline)) bool turn_is_over(struct async_loop *loop)
{
	if (loop->head == loop->tail || loop->stopping || loop->head >= loop->turn ||
	    !async__mailbox_empty(loop->mailbox) ||
	    ((loop->timers.count || !list_empty(&loop->sources)) && turn_is_long(loop)))
		return true;
	begin_iteration(loop);
	return false;
}

/*
 * Always inlined, for GCC takes a function that does nothing but prefetch for one that does
 * nothing, and drops the call.
 */
static inline __attribute__((always_inline)) void fetch_ahead(const struct async_loop *loop)
{
	const char *sp;
	entry_t next;

	if (likely(loop->end - loop->head <= FETCH_TASK))
		return;
	__builtin_prefetch((void *)loop->ready[(loop->head + FETCH_TASK) & loop->mask]);
	next = loop->ready[(loop->head + FETCH_STACK) & loop->mask];
	if (next & 1)
		return;
	sp = ((struct async_task *)next)->sp;
	__builtin_prefetch(sp);
	__builtin_prefetch(sp + 64);
}

/* Takes the task that runs next, or null if the loop itself must go on. */
static inline __attribute__((always_inline)) struct async_task *take_task(struct async_loop *loop)
{
	entry_t entry;

	if (unlikely(loop->head == loop->end) && turn_is_over(loop))
		return NULL;
	entry = loop->ready[loop->head & loop->mask];
	if (unlikely(entry & 1))
		return NULL;
	loop->head++;
	fetch_ahead(loop);
	return (struct async_task *)entry;
}

/*
 * Switches to the task that runs next, or to the loop if it must act, until somebody switches back.
 */
static inline __attribute__((always_inline)) void
switch_away(struct async_loop *loop, struct async_task *task, struct async_task *next)
{
	loop->current = next;
	if (likely(next))
		switch_to(&task->sp, next->sp, next->stack, 0);
	else
		switch_to(&task->sp, loop->sp, NULL, 0);
}

void async__suspend(struct async_task *task, struct async_future *awaits)
{
	struct async_loop *loop = async__running;
	struct async_task *next = take_task(loop);

	if (at_listening()) {
		async__trace_leave(loop, 0, awaits);
		if (next)
			async__trace_enter_task(loop, next);
	}
	if (next != task)
		switch_away(loop, task, next);
}

static __attribute__((noinline)) struct async_task *trace_yield(struct async_task *task)
{
	struct async_loop *loop = async__running;
	struct async_task *next;

	task->ready_ns = at_now();
	next = take_task(loop);
	async__trace_leave(loop, AT_YIELDED, NULL);
	if (next)
		async__trace_enter_task(loop, next);
	return next;
}

int64_t async__yield(struct async_task *task)
{
	struct async_loop *loop = async__running;
	struct async_task *next;

	loop->ready[loop->tail++ & loop->mask] = (entry_t)task;
	next = unlikely(at_listening()) ? trace_yield(task) : take_task(loop);
	if (next != task)
		switch_away(loop, task, next);
	if (likely(!task->must_cancel))
		return 0;
	task->must_cancel = false;
	return async__fail_plain(-ECANCELED);
}

void async__leave(struct async_task *task)
{
	struct async_loop *loop = async__running;
	struct async_task *next;
	void *stack = task->stack, *nowhere;

	/* It may call the exception handler: that is no task, and must not be given this stack. */
	task->stack = NULL;
	loop->current = NULL;
	async_future_unref(&task->future);
	next = take_task(loop);
	if (at_listening()) {
		async__trace_leave(loop, AT_ENDED, NULL);
		if (next)
			async__trace_enter_task(loop, next);
	}
	loop->current = next;
	async__stack_give(&loop->stacks, stack);
#ifdef SANITIZED
	async__stack_ends(stack);
#endif
	switch_to(&nowhere, next ? next->sp : loop->sp, next ? next->stack : NULL, 1);
	__builtin_unreachable();
}

static void run_task(struct async_loop *loop, struct async_task *task)
{
	if (at_listening())
		async__trace_enter_task(loop, task);
	loop->current = task;
	switch_to(&loop->sp, task->sp, task->stack, 0);
}

/* Runs one entry, so that it comes back to the loop; and looks at the time that it took. */
static void run_step(struct async_loop *loop, entry_t entry)
{
	struct async_task *task = entry & 1 ? NULL : async_task_ref((struct async_task *)entry);
	struct slot slot = { 0 };
	uint64_t start = clock_ns(), ns;

	loop->end = loop->turn = loop->head;
	if (task) {
		run_task(loop, task);
	} else {
		slot = *slot_of_entry(entry);
		async__slot_run(slot_of_entry(entry));
	}
	ns = clock_ns() - start;
	if (ns >= loop->slow_ns && (task || slot.serial))
		async__warn_slow(task, &slot, ns);
	async_task_detach(task);
}

/* Debug mode: one iteration, in which tasks do not switch to each other. */
static __attribute__((noinline)) void run_watched(struct async_loop *loop)
{
	size_t end;

	begin_iteration(loop);
	end = loop->end;
	while (loop->head != end)
		run_step(loop, loop->ready[loop->head++ & loop->mask]);
}

void async__run_ready(struct async_loop *loop)
{
	if (unlikely(loop->debug)) {
		run_watched(loop);
		return;
	}
	loop->turn = loop->head + TURN;
	loop->turn_ticks = ticks();
	begin_iteration(loop);
	while (loop->head != loop->end || !turn_is_over(loop)) {
		entry_t entry = loop->ready[loop->head++ & loop->mask];

		if (entry & 1)
			async__slot_run(slot_of_entry(entry));
		else
			run_task(loop, (struct async_task *)entry);
	}
}
