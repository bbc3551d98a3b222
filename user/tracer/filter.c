/* SPDX-License-Identifier: BSD-2-Clause */
/* Who has been told of is remembered until his end, so that every begin has one. */
#include "filter_internal.h"
#include <base/hash.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Nobody says that the id of a coroutine is not that of a task, too. */
struct key {
	uint64_t id;
	uint32_t process;
	uint32_t is_coroutine;
};

struct told {
	struct key key;
	UT_hash_handle hh;
};

/* --- who has been told of --- */

static struct told *find(const struct filter *filter, struct key key)
{
	struct told *told;

	HASH_FIND(hh, filter->told, &key, sizeof(key), told);
	return told;
}

static struct key key_of_task(const struct model_task *task)
{
	return (struct key){ .id = task->id, .process = task->process };
}

static struct key key_of_coroutine(const struct model_coroutine *coroutine)
{
	return (struct key){ coroutine->id, coroutine->process, true };
}

/* False without memory. */
static bool remember(struct filter *filter, struct key key)
{
	struct told *told = calloc(1, sizeof(*told));

	if (told) {
		told->key = key;
		HASH_ADD(hh, filter->told, key, sizeof(told->key), told);
	}
	if (told && told->hh.tbl)
		return true;
	free(told);
	filter->error = -ENOMEM;
	return false;
}

static void forget(struct filter *filter, struct told *told)
{
	HASH_DEL(filter->told, told);
	free(told);
}

/* Tells of the task, if that has not been done. False without memory. */
static bool introduce(struct filter *filter, uint64_t now_ns, const struct model_task *task)
{
	filter->passed |= task != NULL;
	if (!task || !filter->listener.task_begin || find(filter, key_of_task(task)))
		return true;
	if (!remember(filter, key_of_task(task)))
		return false;
	/* It is the view that must not change it, but for what is its own. */
	if (filter->wrapped->task_begin)
		filter->wrapped->task_begin(filter->view, now_ns, (struct model_task *)task);
	return true;
}

/* --- what the model tells --- */

static void pass_open(void *view, const struct model *model)
{
	struct filter *filter = view;

	filter->model = model;
	if (filter->wrapped->open)
		filter->wrapped->open(filter->view, model);
}

static void pass_record(void *view, const struct at_event *event)
{
	struct filter *filter = view;

	if (!filter_matches_thread(filter, event->thread) ||
	    !filter_is_inside(filter, event->time_ns))
		return;
	filter->wrapped->record(filter->view, event);
}

static void pass_task_begin(void *view, uint64_t now_ns, struct model_task *task)
{
	struct filter *filter = view;

	if (!filter->options->min_duration_ns && filter_matches_thread(filter, task->thread) &&
	    filter_is_inside(filter, now_ns) && filter_matches_task(filter, task))
		introduce(filter, now_ns, task);
}

static void pass_task_end(void *view, uint64_t now_ns, struct model_task *task)
{
	struct filter *filter = view;
	struct told *told = find(filter, key_of_task(task));

	if (!told && filter_matches_thread(filter, task->thread) &&
	    filter_overlaps(filter, task->created_ns, now_ns) &&
	    filter_lasted(filter, task->created_ns, now_ns) && filter_matches_task(filter, task) &&
	    introduce(filter, now_ns, task))
		told = find(filter, key_of_task(task));
	if (!told)
		return;
	forget(filter, told);
	if (filter->wrapped->task_end)
		filter->wrapped->task_end(filter->view, now_ns, task);
}

static void pass_begin(void *view, uint64_t now_ns, struct model_coroutine *coroutine)
{
	struct filter *filter = view;

	if (filter->options->min_duration_ns || !filter_is_inside(filter, now_ns) ||
	    !filter_matches_coroutine(filter, coroutine) ||
	    !introduce(filter, now_ns, coroutine->task))
		return;
	if (remember(filter, key_of_coroutine(coroutine)))
		filter->wrapped->begin(filter->view, now_ns, coroutine);
}

static void pass_end(void *view, uint64_t now_ns, struct model_coroutine *coroutine,
		     const struct model_end *end)
{
	struct filter *filter = view;
	struct told *told = find(filter, key_of_coroutine(coroutine));
	bool wanted = told || (filter_matches_coroutine(filter, coroutine) &&
			       filter_overlaps(filter, coroutine->begun_ns, now_ns) &&
			       filter_lasted(filter, coroutine->begun_ns, now_ns));

	if (told)
		forget(filter, told);
	if (filter->options->moments && !filter_is_inside(filter, now_ns))
		wanted = false;
	filter->passed |= wanted;
	if (wanted && introduce(filter, now_ns, coroutine->task) && filter->wrapped->end)
		filter->wrapped->end(filter->view, now_ns, coroutine, end);
}

static void pass_time(void *view, struct model_task *task, enum model_state state,
		      uint64_t begin_ns, uint64_t end_ns)
{
	struct filter *filter = view;

	if (filter_matches_thread(filter, task->thread) &&
	    filter_clip(filter, &begin_ns, &end_ns) && filter_matches_task(filter, task) &&
	    introduce(filter, end_ns, task))
		filter->wrapped->time(filter->view, task, state, begin_ns, end_ns);
}

static void pass_interval(void *view, const struct model_interval *interval)
{
	struct model_interval clipped = *interval;
	struct filter *filter = view;

	if (!filter_matches_interval(filter, interval) ||
	    !filter_clip(filter, &clipped.begin_ns, &clipped.end_ns))
		return;
	filter->passed |= interval->function != NULL;
	if (introduce(filter, clipped.end_ns, interval->task))
		filter->wrapped->interval(filter->view, &clipped);
}

/* By any of the tasks that have to do with it, if one is known. */
static bool cancel_matches(const struct filter *filter, const struct model_cancel *cancel)
{
	const struct model_task *tasks[] = {
		cancel->task,
		model_find_task(filter->model, cancel->process, cancel->by),
		model_find_task(filter->model, cancel->process, cancel->through),
	};
	bool known = false;
	size_t i;

	for (i = 0; i < sizeof(tasks) / sizeof(*tasks); i++) {
		if (tasks[i] && filter_matches_task(filter, tasks[i]))
			return true;
		known = known || tasks[i];
	}
	return !known;
}

static void pass_cancel(void *view, uint64_t now_ns, const struct model_cancel *cancel)
{
	struct filter *filter = view;

	if (filter_matches_thread(filter, cancel->thread) && filter_is_inside(filter, now_ns) &&
	    cancel_matches(filter, cancel) && introduce(filter, now_ns, cancel->task))
		filter->wrapped->cancel(filter->view, now_ns, cancel);
}

static void pass_uncancel(void *view, uint64_t now_ns, const struct model_cancel *cancel)
{
	struct filter *filter = view;

	if (filter_matches_thread(filter, cancel->thread) && filter_is_inside(filter, now_ns) &&
	    cancel_matches(filter, cancel) && introduce(filter, now_ns, cancel->task))
		filter->wrapped->uncancel(filter->view, now_ns, cancel);
}

static void pass_deliver(void *view, uint64_t now_ns, struct model_task *task)
{
	struct filter *filter = view;
	bool matches = filter_matches_thread(filter, task->thread) &&
		       filter_is_inside(filter, now_ns) && filter_matches_task(filter, task);
	if ((matches || find(filter, key_of_task(task))) && introduce(filter, now_ns, task))
		filter->wrapped->deliver(filter->view, now_ns, task);
}

static void pass_warning(void *view, uint64_t now_ns, const struct model_warning *warning)
{
	struct filter *filter = view;
	const struct model_task *task =
		model_find_task(filter->model, warning->process, warning->subject);
	bool matches = task		   ? filter_matches_task(filter, task)
		       : warning->function ? filter_matches_name(filter, warning->function->name)
					   : true;

	if (matches && filter_matches_thread(filter, warning->thread) &&
	    filter_is_inside(filter, now_ns) && introduce(filter, now_ns, task))
		filter->wrapped->warning(filter->view, now_ns, warning);
}

static void pass_lost(void *view, uint64_t begin_ns, uint64_t end_ns, uint32_t process,
		      uint32_t thread, uint64_t count)
{
	struct filter *filter = view;

	if (filter_matches_thread(filter, thread) && filter_overlaps(filter, begin_ns, end_ns))
		filter->wrapped->lost(filter->view, begin_ns, end_ns, process, thread, count);
}

struct filter *filter_new(const struct filter_options *options,
			  const struct model_listener *wrapped, void *view)
{
	bool tasks = wrapped->task_begin || wrapped->task_end;
	bool coroutines = wrapped->begin || wrapped->end;
	struct filter *filter = calloc(1, sizeof(*filter));

	if (!filter)
		return NULL;
	filter->options = options;
	filter->wrapped = wrapped;
	filter->view = view;
	/* What nobody wants costs nothing. */
	filter->listener = (struct model_listener){
		.open = pass_open,
		.record = wrapped->record ? pass_record : NULL,
		.task_begin = tasks ? pass_task_begin : NULL,
		.task_end = tasks ? pass_task_end : NULL,
		.begin = wrapped->begin ? pass_begin : NULL,
		.end = coroutines ? pass_end : NULL,
		.time = wrapped->time ? pass_time : NULL,
		.interval = wrapped->interval ? pass_interval : NULL,
		.cancel = wrapped->cancel ? pass_cancel : NULL,
		.uncancel = wrapped->uncancel ? pass_uncancel : NULL,
		.deliver = wrapped->deliver ? pass_deliver : NULL,
		.warning = wrapped->warning ? pass_warning : NULL,
		.lost = wrapped->lost ? pass_lost : NULL,
	};
	return filter;
}

void filter_free(struct filter *filter)
{
	struct told *told, *next;

	if (!filter)
		return;
	HASH_ITER (hh, filter->told, told, next)
		forget(filter, told);
	free(filter);
}

const struct model_listener *filter_listener(const struct filter *filter)
{
	return &filter->listener;
}

bool filter_passed(const struct filter *filter)
{
	return !filter || filter->passed;
}

int filter_error(const struct filter *filter)
{
	return filter ? filter->error : 0;
}
