/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * On which stack time is counted. A task stands on the stack of who created it, at that moment;
 * upon it stand its coroutines, and upon the innermost what it awaits. Every ns of every task is in
 * exactly one stack.
 */
#ifndef TRACER_FLAME_STACKS_H
#define TRACER_FLAME_STACKS_H

#include "../formats/stacks.h"
#include "../model.h"
#include <base/list.h>

struct flame_stacks {
	const struct model *model;
	struct stacks *tree;
	struct list places;
	uint64_t tasks; /* that were met */
	int error;	/* -ENOMEM if it was short of memory */
};

/* 0 or -ENOMEM. */
int flame_stacks_init(struct flame_stacks *flame);
void flame_stacks_clear(struct flame_stacks *flame);

/* Names the frames, for stacks_finish(). 0 or -ENOMEM. */
int flame_stacks_name(struct flame_stacks *flame);

/* A listener's, where `view` begins with a struct flame_stacks. */
void flame_stacks_open(void *view, const struct model *model);
void flame_stacks_record(void *view, const struct at_event *event);
void flame_stacks_task_begin(void *view, uint64_t now_ns, struct model_task *task);
void flame_stacks_task_end(void *view, uint64_t now_ns, struct model_task *task);
void flame_stacks_begin(void *view, uint64_t now_ns, struct model_coroutine *coroutine);
void flame_stacks_time(void *view, struct model_task *task, enum model_state state,
		       uint64_t begin_ns, uint64_t end_ns);

#endif
