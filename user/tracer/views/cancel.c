/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who cancelled whom, and how long until it took effect? Each request is followed from the moment
 * in which it is made to the end of its task; what it leads to hangs below it, as a tree.
 */
#include "cancel_note.h"
#include "cancel_print.h"
#include "view.h"
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

/*
 * Whoever is behind a shield or awaits a future is looked for among all tasks. Each record lets us
 * look at some more, so that no stream makes us do nothing else.
 */
enum { LOOKS_MAX = 1 << 20, LOOKS_A_RECORD = 32 };

struct cancel {
	struct cancel_printer printer;
	struct storms storms;
	const struct model *model;
	unsigned int looks; /* at tasks, that may be made at once */
	int error;
};

static void tell(void *user, const struct request *root)
{
	struct cancel *cancel = user;

	cancel_print(&cancel->printer, root);
}

static void *cancel_new(const struct view_options *options)
{
	struct cancel *cancel = calloc(1, sizeof(*cancel));

	if (!cancel)
		return NULL;
	cancel->looks = LOOKS_MAX;
	cancel_printer_init(&cancel->printer, options);
	storms_init(&cancel->storms, tell, cancel);
	return cancel;
}

static void cancel_open(void *view, const struct model *model)
{
	struct cancel *cancel = view;

	cancel->model = model;
	cancel->printer.model = model;
}

static void count(struct cancel *cancel, struct histogram *histogram, uint64_t from_ns,
		  uint64_t to_ns)
{
	if (histogram_add(histogram, to_ns > from_ns ? to_ns - from_ns : 0))
		cancel->error = -ENOMEM;
}

static void name(struct cancel *cancel, struct request *request)
{
	if (!request->who)
		request->who =
			cancel_note_name(cancel->model, request->key.process, request->key.id);
	if (!request->who)
		cancel->error = -ENOMEM;
}

static void settle(struct cancel *cancel, struct request *request, enum fate fate, char *note)
{
	name(cancel, request);
	free(request->note);
	request->note = note;
	storms_settle(&cancel->storms, request, fate);
}

/* Its fate is known when the step ends, if nothing else comes before. */
static void keep_open(struct cancel *cancel, struct request *request)
{
	name(cancel, request);
	storms_open(&cancel->storms, request);
}

static struct request *add(struct cancel *cancel, struct request *parent, uint64_t id,
			   uint64_t now_ns, const struct model_cancel *asked)
{
	struct request *request = storms_add(&cancel->storms, parent, id, now_ns, asked), *root;

	if (!request && cancel->storms.full)
		return NULL;
	root = request ? request->parent : NULL;
	if (root && !root->parent && !root->who)
		root->who = cancel_note_name(cancel->model, asked->process, asked->by);
	if (!root || (!root->parent && !root->who))
		cancel->error = -ENOMEM;
	return request;
}

/* What the request hangs below, or null. */
static struct request *parent_of(struct cancel *cancel, uint64_t now_ns,
				 const struct model_cancel *asked)
{
	struct request *parent = storms_find(&cancel->storms, asked->process, asked->through);
	unsigned int type = AT_ID_TYPE(asked->through);
	struct model_cancel passing = *asked;

	if (parent)
		return parent;
	parent = storms_reason(&cancel->storms, cancel->model, asked);
	if ((type != AT_GATHER && type != AT_WAIT && type != AT_GROUP) || storms_turns(asked))
		return parent;
	/* Nobody has asked a group that ends its tasks because one of them has failed. */
	passing.through = 0;
	parent = add(cancel, parent, asked->through, now_ns, &passing);
	if (parent)
		keep_open(cancel, parent);
	return parent;
}

/*
 * Whether the task has dealt with the request before it is asked again: it was told, and that step
 * has ended. A limit may be one of its cleaning up.
 */
static bool is_over(const struct cancel *cancel, const struct request *request,
		    const struct model_cancel *asked)
{
	if (!request->delivered_ns || !asked->task || asked->task->steps <= request->steps)
		return false;
	return cancel_note_lost(cancel->model) || !storms_turns(asked);
}

/* Whoever awaits a future is cancelled with it. */
static void ask_waiters(struct cancel *cancel, struct request *future, uint64_t now_ns,
			const struct model_cancel *asked)
{
	struct model_cancel passed = *asked;
	struct request *request;

	passed.task = NULL;
	while ((passed.task =
			cancel_note_waiter(cancel->model, asked, passed.task, &cancel->looks))) {
		if (storms_find(&cancel->storms, asked->process, passed.task->id))
			continue;
		request = add(cancel, future, passed.task->id, now_ns, &passed);
		if (request)
			request->function = passed.task->function;
	}
	cancel->storms.left_out += !cancel->looks;
}

static void begin(struct cancel *cancel, struct request *request, uint64_t now_ns,
		  const struct model_cancel *asked)
{
	unsigned int type = AT_ID_TYPE(asked->subject);

	request->function = asked->task ? asked->task->function : NULL;
	request->existing = asked->existing;
	if (asked->refused)
		return settle(cancel, request, FATE_REFUSED, NULL);
	if (type == AT_TASK && !asked->task)
		return settle(cancel, request, FATE_OPEN, NULL);
	if (type == AT_TASK)
		return;
	if (type == AT_SHIELD)
		request->note = cancel_note_shielded(cancel->model, asked->process, asked->subject,
						     &cancel->looks);
	else
		cancel->printer.passed_on++;
	keep_open(cancel, request);
	if (type < AT_GATHER)
		ask_waiters(cancel, request, now_ns, asked);
}

static void cancel_cancel(void *view, uint64_t now_ns, const struct model_cancel *asked)
{
	struct cancel *cancel = view;
	struct request *request = storms_find(&cancel->storms, asked->process, asked->subject);
	enum fate fate;
	char *note;

	if (request && !asked->refused && is_over(cancel, request, asked)) {
		note = cancel_note_again(cancel->model, now_ns, request, &fate);
		request->gone_ns = fate == FATE_OPEN ? 0 : now_ns;
		settle(cancel, request, fate, note);
	} else if (request && !asked->refused) {
		request->asked++;
		cancel->printer.repeated++;
		return;
	}
	request = parent_of(cancel, now_ns, asked);
	request = add(cancel, request, asked->subject, now_ns, asked);
	if (request)
		begin(cancel, request, now_ns, asked);
}

static void count_end(struct cancel *cancel, const struct request *request, enum fate fate)
{
	bool ends = fate == FATE_CANCELLED || fate == FATE_TIMED_OUT || fate == FATE_GROUP;

	if (ends && !request->existing)
		count(cancel, &cancel->printer.ends, request->asked_ns, request->gone_ns);
}

/* Who asked may be one of several. */
static void cancel_uncancel(void *view, uint64_t now_ns, const struct model_cancel *taken)
{
	struct cancel *cancel = view;
	struct request *request = storms_find(&cancel->storms, taken->process, taken->subject);
	enum fate fate;
	char *note;

	if (!request || ++request->taken_back < request->asked)
		return;
	note = cancel_note_back(cancel->model, now_ns, request, taken, &fate);
	request->gone_ns = fate == FATE_OPEN ? 0 : now_ns;
	count_end(cancel, request, fate);
	settle(cancel, request, fate, note);
}

static void cancel_deliver(void *view, uint64_t now_ns, struct model_task *task)
{
	struct cancel *cancel = view;
	struct request *request = storms_find(&cancel->storms, task->process, task->id);

	/* Nobody has asked, but what it awaits was cancelled. */
	if (!request) {
		task->user = cancel;
		return;
	}
	request->steps = task->steps;
	request->thread = task->thread;
	if (request->delivered_ns)
		return;
	request->delivered_ns = now_ns;
	if (!request->existing)
		count(cancel, &cancel->printer.deliveries, request->asked_ns, now_ns);
}

static void end_unasked(struct cancel *cancel, uint64_t now_ns, struct model_task *task)
{
	const struct model_cancel nobody = {
		.subject = task->id,
		.process = task->process,
		.thread = task->thread,
	};
	struct request *request;
	enum fate fate;
	char *note;

	if (!task->end || task->end->outcome != MODEL_CANCELLED)
		return;
	request = add(cancel, NULL, task->id, now_ns, &nobody);
	if (!request)
		return;
	note = cancel_note_unasked(cancel->model, task, &fate);
	request->function = task->function;
	settle(cancel, request, fate, note);
}

static void cancel_task_end(void *view, uint64_t now_ns, struct model_task *task)
{
	struct cancel *cancel = view;
	struct request *request = storms_find(&cancel->storms, task->process, task->id);
	enum fate fate;
	char *note;

	if (!request)
		return end_unasked(cancel, now_ns, task);
	note = cancel_note_end(cancel->model, now_ns, request, task, &fate);
	request->gone_ns = fate == FATE_OPEN ? 0 : now_ns;
	count_end(cancel, request, fate);
	settle(cancel, request, fate, note);
}

static void cancel_record(void *view, const struct at_event *event)
{
	struct cancel *cancel = view;

	if (cancel->looks < LOOKS_MAX)
		cancel->looks += LOOKS_A_RECORD;
	if (!list_empty(&cancel->storms.opened) && event->kind == AT_SWITCH)
		storms_step(&cancel->storms, event->process, event->thread);
}

static int cancel_finish(void *state, const struct model *model)
{
	struct cancel *cancel = state;

	(void)model;
	storms_step(&cancel->storms, 0, 0);
	if (cancel->storms.left_out)
		fprintf(cancel->printer.out,
			"too much at once: %" PRIu64 " requests not followed\n",
			cancel->storms.left_out);
	cancel_print_summary(&cancel->printer, cancel->storms.fates);
	return cancel->error;
}

static void cancel_free(void *state)
{
	struct cancel *cancel = state;

	if (!cancel)
		return;
	storms_clear(&cancel->storms);
	cancel_printer_clear(&cancel->printer);
	free(cancel);
}

const struct view view_cancel = {
	.listener = {
		.open = cancel_open,
		.record = cancel_record,
		.cancel = cancel_cancel,
		.uncancel = cancel_uncancel,
		.deliver = cancel_deliver,
		.task_end = cancel_task_end,
	},
	.open = cancel_new,
	.finish = cancel_finish,
	.free = cancel_free,
};
