/* SPDX-License-Identifier: BSD-2-Clause */
/* The loops and the tasks that are alive: whose they are, and whether they can still go on. */
#ifndef TRACER_VIEWS_TREE_LOOPS_H
#define TRACER_VIEWS_TREE_LOOPS_H

#include "../model.h"

/* A loop, and how many of the tasks that are alive are its own. */
struct tree_loop {
	const struct model_loop *loop; /* null, of the last one: tasks whose loop is not known */
	uint64_t tasks;

	/*
	 * It sleeps, and nothing that it knows of will wake it: all of its tasks wait for what only
	 * runs on a loop. A signal or another thread can.
	 */
	bool stuck;
};

struct tree_loops {
	struct tree_loop *loops; /* one per thread, sorted */
	size_t count;
};

/* Looks at the tasks. The caller frees `loops`. 0 or -ENOMEM. */
int tree_find_loops(struct tree_loops *ret, const struct model *model);

/* The index of a task's loop: the one that its thread runs, or ran last. */
size_t tree_loop_of(const struct tree_loops *loops, const struct model_task *task);

#endif
