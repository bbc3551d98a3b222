/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The state of a loop, told to a listener who has come while it runs: what is told of it from then
 * on means something only to who knows that.
 */
#include "waiting.h"
#include <string.h>

enum { PIECE = 64 };

/* Tells of the last `count` of the first `depth`, the outermost first. */
static void begin_piece(struct async_loop *loop, struct async_coroutine *innermost, size_t depth,
			size_t count)
{
	struct async_coroutine *piece[PIECE], *coroutine = innermost;
	size_t i;

	for (i = 0; i < depth; i++, coroutine = coroutine->awaiter)
		piece[i % PIECE] = coroutine;
	for (i = depth; i > depth - count; i--)
		async__trace_begin(loop, piece[(i - 1) % PIECE], AT_EXISTING);
}

/*
 * The innermost coroutine is known; the listener wants the outermost first. Their chain is walked
 * again for each piece of it: it may be longer than this stack can hold.
 */
static void begin_records(struct async_loop *loop, struct async_coroutine *innermost)
{
	const struct async_coroutine *coroutine;
	size_t depth = 0, count;

	for (coroutine = innermost; coroutine; coroutine = coroutine->awaiter)
		depth++;
	for (; depth; depth -= count) {
		count = depth < PIECE ? depth : PIECE;
		begin_piece(loop, innermost, depth, count);
	}
}

static void task_state(struct async_loop *loop, struct async_task *task)
{
	bool ready = !task->awaits || task->awaits->state != PENDING;

	async__trace_create(task, AT_EXISTING);
	if (task->name)
		async__trace_name(task);
	begin_records(loop, task->innermost);
	/* Before it is told that somebody awaits it, for listeners forget what nobody awaits. */
	if (!ready && task->awaits->type == AT_LOCK)
		async__trace_holder(async__waiting_of(task->awaits));
	at_record(AT_SWITCH, AT_EXISTING | (ready ? AT_YIELDED : 0), 0, task_id(task),
		  ready ? 0 : async__trace_id(task->awaits), 0);
	if (task->cancelling)
		at_record(AT_TASK_CANCEL, AT_EXISTING, task_id(task), 0, 0, 0);
	task->ready_ns = 0;
}

/* The callback of each child tells what depends on it, be it awaited or not. */
static void depend_records(struct async_loop *loop)
{
	struct list *link;

	list_for_each (link, &loop->slots) {
		const struct slot *slot = container_of(link, struct slot, link);

		if (slot->depends && slot->future)
			async__trace_depends(slot);
	}
}

static size_t ready_callbacks(const struct async_loop *loop)
{
	size_t count = 0, i;

	for (i = loop->head; i != loop->tail; i++) {
		entry_t entry = loop->ready[i & loop->mask];

		count += entry & 1 && slot_of_entry(entry)->serial;
	}
	return count;
}

void async__trace_state(struct async_loop *loop)
{
	uint64_t id = AT_ID(AT_LOOP, loop->number);
	struct list *link;

	if (loop->announced)
		memset(loop->announced, 0, loop->announced_words * sizeof(*loop->announced));
	loop->running_id = id;
	loop->left = false;
	loop->left_flags = 0;
	loop->left_awaits = 0;
	at_record(AT_STATE, 0, id, 0, 0, 0);
	list_for_each (link, &loop->tasks)
		task_state(loop, container_of(link, struct async_task, link));
	depend_records(loop);
	at_record(AT_STATE, AT_END | async__trace_wakers(loop), id, ready_callbacks(loop),
		  loop->timers.count, 0);
	/*
	 * Whoever knows this thread's buffer can read what it holds when the thread dies or is
	 * stuck.
	 */
	at_flush();
}
