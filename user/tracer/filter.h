/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lets only a part of what the model tells through to a view, as if nothing else had happened.
 *
 * By name: a coroutine by that of its function or of its task. A task by its own, that of its
 * function, or of any coroutine that it is in; its times, intervals and cancellation by the task's.
 * Other intervals by that of their function. `task` names tasks: what is of no task is left out. A
 * cancellation also by who asks for it or passes it on. A loss, a record, and a cancellation or
 * warning of what is neither task nor function have no name, and pass.
 *
 * By thread: where a coroutine began, where a task ran last, or what the call says. Records of the
 * tracer have none, and pass.
 *
 * By time: what lasts passes if it overlaps the window; times and intervals are cut to it. What
 * happens at one moment passes if that is inside. Ends that come later are told, but for a view of
 * moments.
 *
 * By duration: coroutines, tasks and intervals. As it is known at the end only, no begin is told.
 *
 * The end of a coroutine of which the begin was told is told, whatever has become of its names. An
 * end may be told of which no begin was. A task is told of at the latest before the first call that
 * is about it, and then its end, its delivered cancellation, and nothing else for that reason.
 */
#ifndef TRACER_FILTER_H
#define TRACER_FILTER_H

#include "model.h"

#define FILTER_GLOBS_MAX 16

/* What is wanted; all zero: everything. Times count from the begin of the trace. */
struct filter_options {
	const char *globs[FILTER_GLOBS_MAX]; /* of coroutine functions and tasks: any of them */
	size_t glob_count;
	const char *task; /* name, number or glob */
	uint32_t thread;
	uint64_t since_ns, until_ns; /* an end of 0 is none */
	uint64_t min_duration_ns;
	bool moments; /* nothing after the window */
};

struct filter;

/*
 * A filter before `wrapped`, whose functions get `view`. The options must outlive it. The caller
 * frees it with filter_free(), which takes null. Null without memory.
 */
struct filter *filter_new(const struct filter_options *options,
			  const struct model_listener *wrapped, void *view);
void filter_free(struct filter *filter);

/* What to give to the model, together with the filter. It lives as long as that. */
const struct model_listener *filter_listener(const struct filter *filter);

/* Whether anything matched so far; takes null, which lets all pass. */
bool filter_passed(const struct filter *filter);

/* -ENOMEM if something was left out for want of memory, else 0. */
int filter_error(const struct filter *filter);

#endif
