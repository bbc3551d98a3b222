/* SPDX-License-Identifier: BSD-2-Clause */
/* What filter.h says of names, threads and times, one question each. */
#include "filter_internal.h"
#include <fnmatch.h>
#include <stdlib.h>

/* The window: [*since, *until], by the clock of the records. */
static void get_window(const struct filter *filter, uint64_t *since_ns, uint64_t *until_ns)
{
	uint64_t first_ns = model_totals(filter->model)->first_ns;
	const struct filter_options *options = filter->options;

	*since_ns = options->since_ns ? first_ns + options->since_ns : 0;
	/* Before the first record of a target only the tracer has spoken. */
	*until_ns = options->until_ns && first_ns ? first_ns + options->until_ns : UINT64_MAX;
}

bool filter_clip(const struct filter *filter, uint64_t *begin_ns, uint64_t *end_ns)
{
	uint64_t since_ns, until_ns;

	get_window(filter, &since_ns, &until_ns);
	if (*end_ns < since_ns || *begin_ns > until_ns)
		return false;
	if (*begin_ns < since_ns)
		*begin_ns = since_ns;
	if (*end_ns > until_ns)
		*end_ns = until_ns;
	return true;
}

bool filter_overlaps(const struct filter *filter, uint64_t begin_ns, uint64_t end_ns)
{
	return filter_clip(filter, &begin_ns, &end_ns);
}

bool filter_is_inside(const struct filter *filter, uint64_t now_ns)
{
	return filter_overlaps(filter, now_ns, now_ns);
}

bool filter_lasted(const struct filter *filter, uint64_t begin_ns, uint64_t end_ns)
{
	return end_ns - begin_ns >= filter->options->min_duration_ns;
}

bool filter_matches_thread(const struct filter *filter, uint32_t thread)
{
	return !filter->options->thread || !thread || thread == filter->options->thread;
}

bool filter_matches_name(const struct filter *filter, const char *name)
{
	size_t i;

	for (i = 0; i < filter->options->glob_count; i++) {
		if (!fnmatch(filter->options->globs[i], name, 0))
			return true;
	}
	return !i;
}

/* Whether it is the one that was asked for. There may be none. */
static bool is_task(const struct filter *filter, const struct model_task *task)
{
	const char *wanted = filter->options->task;
	char *end;

	if (!wanted)
		return true;
	if (!task)
		return false;
	return !fnmatch(wanted, task->name, 0) ||
	       (strtoull(wanted, &end, 10) == (task->id & AT_ID_NUMBER) && !*end);
}

bool filter_matches_task(const struct filter *filter, const struct model_task *task)
{
	const struct model_coroutine *coroutine;

	if (!is_task(filter, task))
		return false;
	if (filter_matches_name(filter, task->name) ||
	    (task->function && filter_matches_name(filter, task->function->name)))
		return true;
	for (coroutine = task->innermost; coroutine; coroutine = coroutine->awaiter) {
		if (filter_matches_name(filter, coroutine->function->name))
			return true;
	}
	return false;
}

bool filter_matches_coroutine(const struct filter *filter, const struct model_coroutine *coroutine)
{
	const struct model_task *task = coroutine->task;

	return filter_matches_thread(filter, coroutine->thread) && is_task(filter, task) &&
	       (filter_matches_name(filter, coroutine->function->name) ||
		(task && filter_matches_name(filter, task->name)));
}

bool filter_matches_interval(const struct filter *filter, const struct model_interval *interval)
{
	if (!filter_matches_thread(filter, interval->thread) ||
	    !filter_lasted(filter, interval->begin_ns, interval->end_ns))
		return false;
	if (interval->task)
		return filter_matches_task(filter, interval->task);
	return is_task(filter, NULL) &&
	       filter_matches_name(filter, interval->function ? interval->function->name : "");
}
