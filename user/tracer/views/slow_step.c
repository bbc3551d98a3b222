/* SPDX-License-Identifier: BSD-2-Clause */
/* A step may be in more functions than are kept: those in which it has been for longest stay. */
#include "slow_step.h"
#include <base/hash.h>
#include <stdlib.h>
#include <string.h>

enum { PARTS_MAX = 8, THREADS_TRIED = 8 };

struct slow_thread {
	struct {
		uint32_t process, thread;
	} key;
	unsigned int count;
	struct slow_part parts[PARTS_MAX];
	struct slow_iteration iteration;
	UT_hash_handle hh;
};

struct slow_thread *slow_find_thread(struct slow_threads *threads, uint32_t process,
				     uint32_t thread)
{
	struct slow_thread *found = threads->recent;
	const uint32_t key[] = { process, thread };

	if (found && found->key.process == process && found->key.thread == thread)
		return found;
	HASH_FIND(hh, threads->table, key, sizeof(key), found);
	if (found)
		threads->recent = found;
	return found;
}

struct slow_thread *slow_add_thread(struct slow_threads *threads, uint32_t process, uint32_t thread)
{
	struct slow_thread *added = calloc(1, sizeof(*added));

	if (!added)
		return NULL;
	added->key.process = process;
	added->key.thread = thread;
	HASH_ADD(hh, threads->table, key, sizeof(added->key), added);
	if (!added->hh.tbl) {
		free(added);
		return NULL;
	}
	return threads->recent = added;
}

static bool is_idle(const struct slow_thread *thread)
{
	return !thread->count && !thread->iteration.steps && !thread->iteration.incomplete;
}

struct slow_thread *slow_spare_thread(struct slow_threads *threads)
{
	struct slow_thread *thread;
	int tried;

	if (!threads->table || HASH_COUNT(threads->table) < SLOW_THREADS_MAX)
		return NULL;
	for (tried = 0; tried < THREADS_TRIED; tried++) {
		thread = threads->table;
		if (is_idle(thread))
			break;
		HASH_DEL(threads->table, thread);
		HASH_ADD(hh, threads->table, key, sizeof(thread->key), thread);
	}
	return thread;
}

void slow_forget_thread(struct slow_threads *threads, struct slow_thread *thread)
{
	if (threads->recent == thread)
		threads->recent = NULL;
	HASH_DEL(threads->table, thread);
	free(thread);
}

void slow_threads_free(struct slow_threads *threads)
{
	struct slow_thread *thread, *next;

	HASH_ITER (hh, threads->table, thread, next)
		slow_forget_thread(threads, thread);
}

struct slow_thread *slow_next_thread(const struct slow_threads *threads,
				     const struct slow_thread *thread)
{
	return thread ? thread->hh.next : threads->table;
}

void slow_add_part(struct slow_thread *thread, const struct model_function *function, uint64_t ns)
{
	struct slow_part *part = thread->parts, *shortest = part;
	struct slow_part *end = part + thread->count;

	for (; part < end && part->function != function; part++) {
		if (part->ns < shortest->ns)
			shortest = part;
	}
	if (part < end) {
		part->ns += ns;
		return;
	}
	if (thread->count < PARTS_MAX)
		shortest = &thread->parts[thread->count++];
	else if (ns <= shortest->ns)
		return;
	*shortest = (struct slow_part){ function, ns };
}

struct slow_part slow_take_part(struct slow_thread *thread)
{
	struct slow_part longest = { 0 };
	unsigned int i;

	for (i = 0; i < thread->count; i++) {
		if (thread->parts[i].ns > longest.ns)
			longest = thread->parts[i];
	}
	thread->count = 0;
	return longest;
}

static uint64_t loop_of(const struct model_interval *step)
{
	return step->loop ? step->loop->id : 0;
}

bool slow_ends_iteration(const struct slow_thread *thread, const struct model_interval *step)
{
	const struct slow_iteration *iteration = &thread->iteration;

	return iteration->steps &&
	       (iteration->number != step->iteration || iteration->loop != loop_of(step));
}

void slow_add_step(struct slow_thread *thread, const struct model_interval *step,
		   const struct model_function *function)
{
	struct slow_iteration *iteration = &thread->iteration;
	uint64_t ns = step->end_ns - step->begin_ns;

	iteration->loop = loop_of(step);
	iteration->number = step->iteration;
	iteration->steps++;
	iteration->ns += ns;
	iteration->incomplete |= step->torn || !step->loop;
	if (ns >= iteration->longest.ns)
		iteration->longest = (struct slow_part){ function, ns };
}

void slow_spoil_iteration(struct slow_thread *thread)
{
	thread->iteration.incomplete = true;
}

struct slow_iteration slow_take_iteration(struct slow_thread *thread)
{
	struct slow_iteration iteration = thread->iteration;

	thread->iteration = (struct slow_iteration){ 0 };
	return iteration;
}
