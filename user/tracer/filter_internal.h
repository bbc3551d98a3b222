/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TRACER_FILTER_INTERNAL_H
#define TRACER_FILTER_INTERNAL_H

#include "filter.h"

struct told;

struct filter {
	const struct filter_options *options;
	const struct model_listener *wrapped;
	void *view;
	struct model_listener listener;
	const struct model *model;
	struct told *told; /* tasks and coroutines that are alive */
	bool passed;	   /* anything */
	int error;
};

/* Cuts what lasts to the window; false, and nothing is cut, if nothing of it is inside. */
bool filter_clip(const struct filter *filter, uint64_t *begin_ns, uint64_t *end_ns);
bool filter_overlaps(const struct filter *filter, uint64_t begin_ns, uint64_t end_ns);
bool filter_is_inside(const struct filter *filter, uint64_t now_ns);

/* As long as it must. */
bool filter_lasted(const struct filter *filter, uint64_t begin_ns, uint64_t end_ns);

bool filter_matches_thread(const struct filter *filter, uint32_t thread);
bool filter_matches_name(const struct filter *filter, const char *name);
bool filter_matches_task(const struct filter *filter, const struct model_task *task);
bool filter_matches_coroutine(const struct filter *filter, const struct model_coroutine *coroutine);
bool filter_matches_interval(const struct filter *filter, const struct model_interval *interval);

#endif
