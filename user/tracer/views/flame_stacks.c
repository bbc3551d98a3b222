/* SPDX-License-Identifier: BSD-2-Clause */
#include "flame_stacks.h"
#include "describe.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* Kinds of frames: functions, and from the first type on what is awaited. */
enum { FUNCTION = 0, AWAITED = 1 };

/* Coroutines that found their task late stand on at most so many of each other. */
enum { LATE_MAX = STACKS_DEPTH };

/* Of a task. Who is awaited may be gone when the time of that is told. */
struct place {
	struct list node;
	struct stack *base; /* what the task stands on */
	uint64_t awaits;
	const struct model_function *awaited; /* null if that is no task, or none that is known */
};

/* The stack of `parent` and what is awaited or called upon it; without memory `parent`. */
static struct stack *upon(struct flame_stacks *flame, struct stack *parent, const void *what,
			  unsigned int kind)
{
	struct stacks_frame *frame = stacks_frame(flame->tree, what, kind);
	struct stack *stack = frame ? stacks_child(flame->tree, parent, frame) : NULL;

	if (stack)
		return stack;
	flame->error = -ENOMEM;
	return parent;
}

static struct stack *base_of(const struct flame_stacks *flame, const struct model_task *task)
{
	const struct place *place = task->user;

	return place ? place->base : flame->tree->root;
}

/* The stack that ends in a coroutine. One that began outside of its task finds its place late. */
static struct stack *stack_of_coroutine(struct flame_stacks *flame,
					struct model_coroutine *coroutine, unsigned int late)
{
	struct stack *parent;

	if (coroutine->user)
		return coroutine->user;
	if (coroutine->awaiter && late < LATE_MAX)
		parent = stack_of_coroutine(flame, coroutine->awaiter, late + 1);
	else
		parent = base_of(flame, coroutine->task);
	coroutine->user = upon(flame, parent, coroutine->function, FUNCTION);
	((struct stack *)coroutine->user)->calls++;
	return coroutine->user;
}

/* Before its first coroutine begins, and after it has ended, the task is at that one's function. */
static struct stack *stack_of_task(struct flame_stacks *flame, const struct model_task *task)
{
	if (task->innermost)
		return stack_of_coroutine(flame, task->innermost, 0);
	return upon(flame, base_of(flame, task), task->function, FUNCTION);
}

/* Of a task that existed before the trace, where its creator was is not known. */
static struct stack *stack_of_creator(struct flame_stacks *flame, const struct model_task *task)
{
	struct stack *root = flame->tree->root;
	const struct model_function *function;
	const struct model_task *creator;

	if (AT_ID_TYPE(task->creator) == AT_CALLBACK) {
		function = model_find_function(flame->model, task->process,
					       task->creator & AT_ID_NUMBER);
		return function ? upon(flame, root, function, FUNCTION) : root;
	}
	if (AT_ID_TYPE(task->creator) != AT_TASK || task->creator == task->id)
		return root;
	creator = model_find_task(flame->model, task->process, task->creator);
	if (!creator)
		return root;
	if (task->existing)
		return upon(flame, base_of(flame, creator), creator->function, FUNCTION);
	return stack_of_task(flame, creator);
}

void flame_stacks_task_begin(void *view, uint64_t now_ns, struct model_task *task)
{
	struct place *place = calloc(1, sizeof(*place));
	struct flame_stacks *flame = view;

	(void)now_ns;
	flame->tasks++;
	if (!place) {
		flame->error = -ENOMEM;
		return;
	}
	place->base = stack_of_creator(flame, task);
	list_add(&flame->places, &place->node);
	task->user = place;
}

static void place_free(struct list *node)
{
	list_remove(node);
	free(container_of(node, struct place, node));
}

void flame_stacks_task_end(void *view, uint64_t now_ns, struct model_task *task)
{
	struct place *place = task->user;

	(void)view;
	(void)now_ns;
	if (place)
		place_free(&place->node);
	task->user = NULL;
}

static const struct model_function *function_of(const struct flame_stacks *flame, uint32_t process,
						uint64_t id)
{
	const struct model_task *task = model_find_task(flame->model, process, id);

	return task ? task->function : NULL;
}

void flame_stacks_record(void *view, const struct at_event *event)
{
	const struct model_task *task;
	struct flame_stacks *flame = view;
	struct place *place;

	if (event->kind != AT_SWITCH || AT_ID_TYPE(event->b) != AT_TASK)
		return;
	task = model_find_task(flame->model, event->process, event->a);
	place = task ? task->user : NULL;
	if (!place)
		return;
	place->awaits = event->b;
	place->awaited = function_of(flame, event->process, event->b);
}

void flame_stacks_begin(void *view, uint64_t now_ns, struct model_coroutine *coroutine)
{
	(void)now_ns;
	if (coroutine->task)
		stack_of_coroutine(view, coroutine, 0);
}

static struct stack *stack_of_awaited(struct flame_stacks *flame, const struct model_task *task,
				      struct stack *parent)
{
	const struct model_function *function = NULL;
	const struct place *place = task->user;
	unsigned int type = AT_ID_TYPE(task->awaits);

	if (type == AT_TASK) {
		function = function_of(flame, task->process, task->awaits);
		if (!function && place && place->awaits == task->awaits)
			function = place->awaited;
	}
	return upon(flame, parent, function, AWAITED + (type < AT_TYPES_END ? type : 0));
}

void flame_stacks_time(void *view, struct model_task *task, enum model_state state,
		       uint64_t begin_ns, uint64_t end_ns)
{
	struct flame_stacks *flame = view;
	struct stack *stack = stack_of_task(flame, task);
	enum stacks_state into = STACKS_RUNNING;

	if (state == MODEL_AWAITING) {
		stack = stack_of_awaited(flame, task, stack);
		stack->calls += begin_ns == task->since_ns;
		into = STACKS_AWAITING;
	} else if (state == MODEL_READY) {
		into = STACKS_READY;
	}
	stack->self_ns[into] += end_ns - begin_ns;
}

/* "fetch", "[sleep]" or "[task fetch]". */
static int name_frame(struct stacks_frame *frame)
{
	const struct model_function *function = frame->what;
	const char *name = function && function->address ? function->name : NULL;
	uint64_t id = AT_ID((uint64_t)frame->kind - AWAITED, 1);
	int length;

	if (frame->name)
		return 0;
	frame->awaited = frame->kind != FUNCTION;
	if (frame->awaited) {
		length = asprintf(&frame->name, "[%s%s%s]",
				  frame->kind == AWAITED ? "unknown" : describe_kind(id),
				  name ? " " : "", name ? name : "");
	} else {
		length = asprintf(&frame->name, "%s", name ? name : "[unknown]");
		frame->file = name ? function->file : NULL;
		frame->line = name ? function->line : 0;
	}
	if (length >= 0)
		return 0;
	frame->name = NULL;
	return -ENOMEM;
}

int flame_stacks_name(struct flame_stacks *flame)
{
	struct stacks_frame *frame;
	int err = flame->error;

	for (frame = flame->tree->frames; frame && !err; frame = frame->next)
		err = name_frame(frame);
	return err;
}

int flame_stacks_init(struct flame_stacks *flame)
{
	*flame = (struct flame_stacks){ .tree = stacks_new() };
	list_init(&flame->places);
	return flame->tree ? 0 : -ENOMEM;
}

void flame_stacks_open(void *view, const struct model *model)
{
	struct flame_stacks *flame = view;

	flame->model = model;
}

void flame_stacks_clear(struct flame_stacks *flame)
{
	while (!list_empty(&flame->places))
		place_free(flame->places.next);
	stacks_free(flame->tree);
}
