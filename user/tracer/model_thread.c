/* SPDX-License-Identifier: BSD-2-Clause */
/* Threads: there have been any number of them, and few are alive. */
#include "model_internal.h"

/* So many are looked at for one that makes room. */
enum { THREADS_TRIED = 8 };

static void thread_free(struct model *model, struct thread *thread)
{
	HASH_DEL(model->threads, thread);
	interval_free_steps(model, thread);
	free(thread->pending);
	free(thread);
}

void thread_free_all(struct model *model)
{
	struct thread *thread, *next;

	HASH_ITER (hh, model->threads, thread, next)
		thread_free(model, thread);
}

/* Whether nothing is known of it but what it wrote last. */
static bool thread_is_idle(const struct thread *thread)
{
	return !thread->loop && !thread->task && !thread->outside && !thread->job;
}

/*
 * Of a few that run nothing the one goes that was heard of longest ago: what comes back is met
 * anew, and what it has lost is not known. The others go to the end.
 */
static bool threads_make_room(struct model *model)
{
	struct thread *thread, *stale = NULL;
	int tried;

	if (HASH_COUNT(model->threads) < model->limits.threads)
		return true;
	for (tried = 0; tried < THREADS_TRIED; tried++) {
		thread = model->threads;
		HASH_DEL(model->threads, thread);
		MODEL_ADD(model->threads, thread);
		if (thread_is_idle(thread) && (!stale || thread->last_ns < stale->last_ns))
			stale = thread;
	}
	if (stale)
		thread_free(model, stale);
	else
		model->totals.unkept++;
	return stale;
}

struct thread *thread_of(struct model *model, const struct at_event *event)
{
	const struct model_key key = { .id = event->thread, .process = event->process };
	struct thread *thread = model->recent;

	if (thread && thread->key.id == key.id && thread->key.process == key.process)
		return thread;
	MODEL_FIND(model->threads, &key, thread);
	if (thread)
		return model->recent = thread;
	model->recent = NULL;
	if (!threads_make_room(model))
		return NULL;
	thread = calloc(1, sizeof(*thread));
	if (!thread)
		return model_fail(model);
	thread->key = key;
	MODEL_ADD(model->threads, thread);
	if (!thread->hh.tbl) {
		free(thread);
		return model_fail(model);
	}
	return model->recent = thread;
}
