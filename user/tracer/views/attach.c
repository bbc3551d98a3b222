/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The friendly default: what timed shows, and at the end what summary and flame do. Each of them is
 * told all, and has the last word in turn.
 *
 * They share the `user` of tasks, coroutines and functions: no two of them may use the same.
 */
#include "view.h"
#include <stdlib.h>

static const struct view *const parts[] = { &view_timed, &view_summary, &view_flame };

enum { PARTS = sizeof(parts) / sizeof(*parts) };

struct attach {
	FILE *out;
	void *states[PARTS];
};

/* Calls a function of all parts that have it. */
#define FORWARD(view, function, ...)                                                               \
	do {                                                                                       \
		struct attach *attach_ = view;                                                     \
                                                                                                   \
		for (size_t i_ = 0; i_ < PARTS; i_++) {                                            \
			if (parts[i_]->listener.function)                                          \
				parts[i_]->listener.function(attach_->states[i_], __VA_ARGS__);    \
		}                                                                                  \
	} while (0)

static void attach_model(void *view, const struct model *model)
{
	FORWARD(view, open, model);
}

static void attach_record(void *view, const struct at_event *event)
{
	FORWARD(view, record, event);
}

static void attach_task_begin(void *view, uint64_t now_ns, struct model_task *task)
{
	FORWARD(view, task_begin, now_ns, task);
}

static void attach_task_end(void *view, uint64_t now_ns, struct model_task *task)
{
	FORWARD(view, task_end, now_ns, task);
}

static void attach_begin(void *view, uint64_t now_ns, struct model_coroutine *coroutine)
{
	FORWARD(view, begin, now_ns, coroutine);
}

static void attach_end(void *view, uint64_t now_ns, struct model_coroutine *coroutine,
		       const struct model_end *end)
{
	FORWARD(view, end, now_ns, coroutine, end);
}

static void attach_time(void *view, struct model_task *task, enum model_state state,
			uint64_t begin_ns, uint64_t end_ns)
{
	FORWARD(view, time, task, state, begin_ns, end_ns);
}

static void attach_interval(void *view, const struct model_interval *interval)
{
	FORWARD(view, interval, interval);
}

static void attach_cancel(void *view, uint64_t now_ns, const struct model_cancel *cancel)
{
	FORWARD(view, cancel, now_ns, cancel);
}

static void attach_uncancel(void *view, uint64_t now_ns, const struct model_cancel *cancel)
{
	FORWARD(view, uncancel, now_ns, cancel);
}

static void attach_deliver(void *view, uint64_t now_ns, struct model_task *task)
{
	FORWARD(view, deliver, now_ns, task);
}

static void attach_warning(void *view, uint64_t now_ns, const struct model_warning *warning)
{
	FORWARD(view, warning, now_ns, warning);
}

static void attach_lost(void *view, uint64_t begin_ns, uint64_t end_ns, uint32_t process,
			uint32_t thread, uint64_t count)
{
	FORWARD(view, lost, begin_ns, end_ns, process, thread, count);
}

static void attach_free(void *state)
{
	struct attach *attach = state;
	size_t i;

	for (i = 0; attach && i < PARTS; i++) {
		if (parts[i]->free)
			parts[i]->free(attach->states[i]);
	}
	free(attach);
}

static void *attach_open(const struct view_options *options)
{
	struct attach *attach = calloc(1, sizeof(*attach));
	size_t i;

	if (!attach)
		return NULL;
	attach->out = options->out;
	for (i = 0; i < PARTS; i++) {
		if (!parts[i]->open)
			continue;
		attach->states[i] = parts[i]->open(options);
		if (!attach->states[i]) {
			attach_free(attach);
			return NULL;
		}
	}
	return attach;
}

static int attach_finish(void *state, const struct model *model)
{
	struct attach *attach = state;
	int err = 0, ret;
	size_t i;

	for (i = 0; i < PARTS; i++) {
		if (!parts[i]->finish)
			continue;
		if (i)
			fputc('\n', attach->out);
		ret = parts[i]->finish(attach->states[i], model);
		if (!err)
			err = ret;
	}
	return err;
}

const struct view view_attach = {
	.listener = {
		.open = attach_model,
		.record = attach_record,
		.task_begin = attach_task_begin,
		.task_end = attach_task_end,
		.begin = attach_begin,
		.end = attach_end,
		.time = attach_time,
		.interval = attach_interval,
		.cancel = attach_cancel,
		.uncancel = attach_uncancel,
		.deliver = attach_deliver,
		.warning = attach_warning,
		.lost = attach_lost,
	},
	.open = attach_open,
	.finish = attach_finish,
	.free = attach_free,
};
