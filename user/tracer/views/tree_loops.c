/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whose a task is: records tell on which thread it runs, and that thread runs one loop at a time.
 */
#include "tree_loops.h"
#include <errno.h>
#include <stdlib.h>

static int by_thread(const struct model_loop *a, uint32_t process, uint32_t thread)
{
	if (a->process != process)
		return a->process < process ? -1 : 1;
	return (a->thread > thread) - (a->thread < thread);
}

/* Of one thread, the one that it ran last comes first. */
static int by_order(const void *one, const void *another)
{
	const struct model_loop *a = ((const struct tree_loop *)one)->loop;
	const struct model_loop *b = ((const struct tree_loop *)another)->loop;
	int order = by_thread(a, b->process, b->thread);

	if (order)
		return order;
	return (a->last_ns < b->last_ns) - (a->last_ns > b->last_ns);
}

size_t tree_loop_of(const struct tree_loops *loops, const struct model_task *task)
{
	size_t low = 0, high = loops->count - 1, middle;
	int order;

	while (low < high) {
		middle = low + (high - low) / 2;
		order = by_thread(loops->loops[middle].loop, task->process, task->thread);
		if (!order)
			return middle;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return loops->count - 1;
}

/* Only what runs on a loop can end it: another task, or a callback. */
static bool waits_inside(const struct model_task *task)
{
	static const bool inside[AT_TYPES_END] = {
		[AT_TASK] = true,      [AT_COROUTINE] = true, [AT_FUTURE] = true,
		[AT_LOCK] = true,      [AT_EVENT] = true,     [AT_CONDITION] = true,
		[AT_SEMAPHORE] = true, [AT_BARRIER] = true,   [AT_QUEUE] = true,
		[AT_GATHER] = true,    [AT_WAIT] = true,      [AT_SHIELD] = true,
		[AT_GROUP] = true,     [AT_WAIT_FOR] = true,
	};
	unsigned int type = AT_ID_TYPE(task->awaits);

	return task->state == MODEL_AWAITING && type < AT_TYPES_END && inside[type];
}

/* As far as the loop itself tells; who called it before may do so again. */
static bool sleeps_for_ever(const struct model_loop *loop)
{
	return loop->runs == loop->id && loop->wakers & AT_TASKS_ONLY && !loop->timers &&
	       !loop->callbacks && !loop->called;
}

int tree_find_loops(struct tree_loops *ret, const struct model *model)
{
	const struct model_loop *loop, *last = NULL;
	const struct model_task *task = NULL;
	struct tree_loops loops = { 0 };
	size_t count = 0, i;

	for (loop = model_loops(model); loop; loop = loop->next)
		count++;
	loops.loops = calloc(count + 1, sizeof(*loops.loops));
	if (!loops.loops)
		return -ENOMEM;
	for (i = 0, loop = model_loops(model); loop; loop = loop->next)
		loops.loops[i++].loop = loop;
	qsort(loops.loops, count, sizeof(*loops.loops), by_order);
	for (i = 0; i < count; i++) {
		loop = loops.loops[i].loop;
		if (!last || by_thread(last, loop->process, loop->thread))
			loops.loops[loops.count++].loop = loop;
		last = loop;
	}
	loops.loops[loops.count++].loop = NULL;
	for (i = 0; i + 1 < loops.count; i++)
		loops.loops[i].stuck = sleeps_for_ever(loops.loops[i].loop);
	while ((task = model_next_task(model, task))) {
		i = tree_loop_of(&loops, task);
		loops.loops[i].tasks++;
		loops.loops[i].stuck &= waits_inside(task);
	}
	*ret = loops;
	return 0;
}
