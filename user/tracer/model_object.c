/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What tasks meet at, as far as it tells who depends on whom: the holder of a lock, the children of
 * a gather. An object lives as long as a task has to do with it.
 */
#include "model_internal.h"
#include <errno.h>

/* More than that depends on one task in no sane program. */
enum { AWAITED_BY_MAX = 64 };

static struct object *object_find(const struct model *model, uint32_t process, uint64_t id)
{
	const struct model_key key = { .id = id, .process = process };
	struct object *object;

	if (!model->objects)
		return NULL;
	MODEL_FIND(model->objects, &key, object);
	return object;
}

static void object_free(struct model *model, struct object *object)
{
	if (model->unused_object == object)
		model->unused_object = NULL;
	HASH_DEL(model->objects, object);
	free(object);
	model_drop(model, sizeof(*object));
}

/*
 * Whoever was made and then used by nobody, because records are missing, goes first. Null if there
 * is no room.
 */
static struct object *object_of(struct model *model, uint32_t process, uint64_t id)
{
	struct object *object = object_find(model, process, id);

	if (object)
		return object;
	if (model->unused_object && !model->unused_object->users)
		object_free(model, model->unused_object);
	if (!model_keep(model, sizeof(*object)))
		return NULL;
	object = calloc(1, sizeof(*object));
	if (!object)
		return model_fail(model);
	object->key.id = id;
	object->key.process = process;
	MODEL_ADD(model->objects, object);
	if (!object->hh.tbl) {
		free(object);
		return model_fail(model);
	}
	return model->unused_object = object;
}

static void object_release(struct model *model, struct object *object)
{
	if (object && !--object->users)
		object_free(model, object);
}

static int task_depends(struct model *model, struct task *task, const struct at_event *event)
{
	struct model_task *pub = &task->pub;
	struct object *object;
	uint64_t *ids;
	size_t i;

	for (i = 0; i < pub->awaited_by_count; i++) {
		if (pub->awaited_by[i] == event->subject)
			return 0;
	}
	if (pub->awaited_by_count == AWAITED_BY_MAX)
		return 0;
	object = object_of(model, event->process, event->subject);
	if (!object || !model_keep(model, sizeof(*ids)))
		return 0;
	ids = reallocarray(task->awaited_by, pub->awaited_by_count + 1, sizeof(*ids));
	if (!ids)
		return -ENOMEM;
	task->awaited_by = ids;
	pub->awaited_by = ids;
	object->users++;
	ids[pub->awaited_by_count++] = event->subject;
	return 0;
}

int object_depends_record(struct model *model, const struct at_event *event)
{
	struct object *object;
	struct task *task;

	if (event->flags & AT_HOLDER) {
		object = object_of(model, event->process, event->subject);
		if (object)
			object->holder = event->a;
		return 0;
	}
	if (AT_ID_TYPE(event->a) == AT_TASK) {
		task = task_find(model, event->process, event->a);
		return task ? task_depends(model, task, event) : 0;
	}
	object = object_find(model, event->process, event->a);
	if (object)
		object->awaited_by = event->subject;
	return 0;
}

void object_await(struct model *model, struct task *task)
{
	struct object *object = NULL;

	/* A gather that is awaited is known by its children. */
	if (AT_ID_TYPE(task->pub.awaits) == AT_LOCK)
		object = object_find(model, task->pub.process, task->pub.awaits);
	if (object)
		object->users++;
	task->awaits_object = object;
}

void object_leave(struct model *model, struct task *task)
{
	object_release(model, task->awaits_object);
	task->awaits_object = NULL;
}

void object_forget_task(struct model *model, struct task *task)
{
	size_t i;

	object_leave(model, task);
	for (i = 0; i < task->pub.awaited_by_count; i++)
		object_release(model, object_find(model, task->pub.process, task->awaited_by[i]));
	model_drop(model, task->pub.awaited_by_count * sizeof(*task->awaited_by));
	free(task->awaited_by);
	task->awaited_by = NULL;
	task->pub.awaited_by = NULL;
	task->pub.awaited_by_count = 0;
}

uint64_t model_holder(const struct model *model, uint32_t process, uint64_t id)
{
	const struct object *object = object_find(model, process, id);

	return object ? object->holder : 0;
}

uint64_t model_awaited_by(const struct model *model, uint32_t process, uint64_t id)
{
	const struct object *object = object_find(model, process, id);

	return object ? object->awaited_by : 0;
}

void object_free_all(struct model *model)
{
	struct object *object, *next;

	HASH_ITER (hh, model->objects, object, next)
		object_free(model, object);
}
