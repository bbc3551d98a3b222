/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Coroutines. Those of a task form a chain from the innermost outwards, like the frames of a stack;
 * so do those of a thread that run in no task. Their times are what the task's have grown by.
 */
#include "model_internal.h"
#include <errno.h>

enum { SPARE_MAX = 65536 };

static struct coroutine *coroutine_find(const struct model *model, uint32_t process, uint64_t id)
{
	const struct model_key key = { .id = id, .process = process };
	struct coroutine *coroutine;

	MODEL_FIND(model->coroutines, &key, coroutine);
	return coroutine;
}

static struct model_coroutine **chain_of(const struct coroutine *coroutine)
{
	return coroutine->pub.task ? &coroutine->pub.task->innermost : &coroutine->thread->outside;
}

static uint32_t *depth_of(const struct coroutine *coroutine)
{
	return coroutine->pub.task ? &task_of(coroutine->pub.task)->depth
				   : &coroutine->thread->outside_depth;
}

static struct coroutine *outermost_of(struct model_coroutine *innermost)
{
	while (innermost && innermost->awaiter)
		innermost = innermost->awaiter;
	return innermost ? coroutine_of(innermost) : NULL;
}

static void awaits(struct coroutine *outer, struct coroutine *inner)
{
	inner->pub.awaiter = &outer->pub;
	outer->inner = inner;
}

static void give_back(struct model *model, struct coroutine *coroutine)
{
	if (coroutine->strings)
		model_drop(model, coroutine->strings->size);
	model_drop(model, sizeof(*coroutine));
	free(coroutine->strings);
	pool_give(&model->spare_coroutines, coroutine, SPARE_MAX);
}

/* A coroutine in no chain yet, for one that has so many. Null if there is no room. */
static struct coroutine *coroutine_add(struct model *model, const struct thread *thread,
				       const struct at_event *event, uint32_t depth)
{
	struct model_function *function = model_function(model, event->process, event->a);
	struct coroutine *coroutine;

	if (!function)
		return model_fail(model);
	if (depth >= model->limits.depth) {
		model->totals.unkept++;
		return NULL;
	}
	if (!model_keep(model, sizeof(*coroutine)))
		return NULL;
	coroutine = pool_take(&model->spare_coroutines, sizeof(*coroutine));
	if (!coroutine)
		return model_fail(model);
	memset(coroutine, 0, sizeof(*coroutine));
	coroutine->pub.id = event->subject;
	coroutine->pub.process = event->process;
	coroutine->pub.existing = event->flags & AT_EXISTING;
	coroutine->pub.function = function;
	coroutine->pub.begun_ns = event->time_ns;
	coroutine->pub.thread = event->thread;
	if (!text_take_arguments(model, thread, coroutine, event))
		MODEL_ADD(model->coroutines, coroutine);
	if (!coroutine->hh.tbl) {
		give_back(model, coroutine);
		return model_fail(model);
	}
	return coroutine;
}

/* Puts it into its chain: awaited by `outer`, or as the outermost. */
static void link_inside(struct coroutine *coroutine, struct coroutine *outer)
{
	struct model_coroutine **chain = chain_of(coroutine);
	struct coroutine *inner = outer ? outer->inner : outermost_of(*chain);

	if (outer)
		awaits(outer, coroutine);
	if (inner)
		awaits(coroutine, inner);
	else
		*chain = &coroutine->pub;
}

static void enter_task(struct model *model, struct coroutine *coroutine, struct task *task)
{
	/* As long as it is not known what the task does, its time stands still. */
	if (!task->unsettled)
		task_settle(model, task, coroutine->pub.begun_ns);
	coroutine->pub.begun_ns = task->settled_ns;
	coroutine->pub.task = &task->pub;
	coroutine->before = task->pub.times;
	task->pub.begun = true;
}

/* The state lists the coroutines of a task behind it, the outermost first. */
static int begin_existing(struct model *model, struct thread *thread, const struct at_event *event)
{
	struct task *task = task_find(model, event->process, thread->told_task);
	struct coroutine *outer, *coroutine;

	if (!task)
		return 0;
	outer = coroutine_find(model, event->process, thread->told_coroutine);
	if (outer && outer->pub.task != &task->pub)
		outer = NULL;
	coroutine = coroutine_add(model, thread, event, task->depth);
	if (!coroutine)
		return 0;
	enter_task(model, coroutine, task);
	task->depth++;
	link_inside(coroutine, outer);
	thread->told_coroutine = event->subject;
	if (model->listener.begin)
		model->listener.begin(model->view, event->time_ns, &coroutine->pub);
	return 0;
}

int coroutine_begin_record(struct model *model, struct thread *thread, const struct at_event *event)
{
	struct coroutine *coroutine = coroutine_find(model, event->process, event->subject);
	bool in_task = thread->task && !thread->in_doubt;
	struct model_coroutine *outer;

	if (coroutine) {
		thread->told_coroutine = event->subject;
		return 0;
	}
	if (event->flags & AT_EXISTING)
		return begin_existing(model, thread, event);
	coroutine = coroutine_add(model, thread, event,
				  in_task ? thread->task->depth : thread->outside_depth);
	if (!coroutine)
		return 0;
	coroutine->thread = thread;
	if (in_task)
		enter_task(model, coroutine, thread->task);
	outer = *chain_of(coroutine);
	if (outer)
		awaits(coroutine_of(outer), coroutine);
	*chain_of(coroutine) = &coroutine->pub;
	++*depth_of(coroutine);
	if (model->listener.begin)
		model->listener.begin(model->view, event->time_ns, &coroutine->pub);
	return 0;
}

static void report_end(struct model *model, struct coroutine *coroutine, uint64_t now_ns,
		       const struct model_end *end)
{
	struct model_coroutine *pub = &coroutine->pub;
	const struct model_times *before = &coroutine->before;

	if (pub->task) {
		task_settle(model, task_of(pub->task), now_ns);
		pub->ended_ns = task_of(pub->task)->settled_ns;
		pub->times.running = pub->task->times.running - before->running;
		pub->times.ready = pub->task->times.ready - before->ready;
		pub->times.awaiting = pub->task->times.awaiting - before->awaiting;
	} else {
		pub->ended_ns = now_ns > pub->begun_ns ? now_ns : pub->begun_ns;
		pub->times.running = pub->ended_ns - pub->begun_ns;
	}
	if (model->listener.end)
		model->listener.end(model->view, now_ns, pub, end);
}

/* Ends the innermost coroutine of a chain. */
static void end_innermost(struct model *model, struct coroutine *coroutine, uint64_t now_ns,
			  const struct model_end *end)
{
	report_end(model, coroutine, now_ns, end);
	*chain_of(coroutine) = coroutine->pub.awaiter;
	--*depth_of(coroutine);
	if (coroutine->pub.awaiter)
		coroutine_of(coroutine->pub.awaiter)->inner = NULL;
	HASH_DEL(model->coroutines, coroutine);
	give_back(model, coroutine);
}

void coroutine_end_inner(struct model *model, struct model_coroutine **innermost,
			 const struct model_coroutine *last, uint64_t now_ns)
{
	const struct model_end open = { .outcome = MODEL_OPEN };

	while (*innermost && *innermost != last)
		end_innermost(model, coroutine_of(*innermost), now_ns, &open);
}

void coroutine_end_record(struct model *model, struct thread *thread, const struct at_event *event)
{
	struct model_coroutine *innermost = thread->task ? thread->task->pub.innermost : NULL;
	struct coroutine *coroutine;
	struct model_end end;

	if (innermost && innermost->id == event->subject && innermost->process == event->process)
		coroutine = coroutine_of(innermost);
	else
		coroutine = coroutine_find(model, event->process, event->subject);
	if (!coroutine)
		return;
	text_take_end(thread, event, &end);
	coroutine_end_inner(model, chain_of(coroutine), &coroutine->pub, event->time_ns);
	end_innermost(model, coroutine, event->time_ns, &end);
}

uint64_t coroutine_doubt_ns(const struct thread *thread, uint64_t now_ns)
{
	const struct coroutine *outermost = outermost_of(thread->outside);

	return outermost ? outermost->pub.begun_ns : now_ns;
}

void coroutine_adopt(struct model *model, struct thread *thread, struct task *task, uint64_t now_ns)
{
	struct coroutine *outermost = outermost_of(thread->outside), *coroutine;
	struct model_coroutine *awaiter = task->pub.innermost;

	if (thread->task != task) {
		task_leave(model, thread->task, MODEL_AWAITING, 0);
		task_enter(model, task, thread, coroutine_doubt_ns(thread, now_ns), 0);
	}
	if (!outermost)
		return;
	if (task->depth + thread->outside_depth > model->limits.depth) {
		model->totals.unkept += thread->outside_depth;
		coroutine_end_inner(model, &thread->outside, NULL, now_ns);
		return;
	}
	task->depth += thread->outside_depth;
	thread->outside_depth = 0;
	for (coroutine = outermost; coroutine; coroutine = coroutine->inner)
		enter_task(model, coroutine, task);
	if (awaiter)
		awaits(coroutine_of(awaiter), outermost);
	task->pub.innermost = thread->outside;
	thread->outside = NULL;
}

static int by_begin(const struct coroutine *one, const struct coroutine *another)
{
	return (one->pub.begun_ns > another->pub.begun_ns) -
	       (one->pub.begun_ns < another->pub.begun_ns);
}

void coroutine_end_all(struct model *model, uint64_t now_ns)
{
	const struct model_end open = { .outcome = MODEL_OPEN };
	struct coroutine *coroutine, *last = NULL;

	HASH_SORT(model->coroutines, by_begin);
	for (coroutine = model->coroutines; coroutine; coroutine = coroutine->hh.next)
		last = coroutine;
	for (coroutine = last; coroutine; coroutine = coroutine->hh.prev)
		report_end(model, coroutine, now_ns, &open);
}

void coroutine_free_all(struct model *model)
{
	struct coroutine *coroutine, *next;

	HASH_ITER (hh, model->coroutines, coroutine, next) {
		HASH_DEL(model->coroutines, coroutine);
		give_back(model, coroutine);
	}
	pool_free(&model->spare_coroutines);
}
