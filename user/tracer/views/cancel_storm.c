/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A request is complete when its fate and that of all below it are known. Then it is folded into
 * its parent, if enough of its kind are there, and its parent may be complete.
 */
#include "cancel_storm.h"
#include <stdlib.h>
#include <string.h>

enum {
	FOLDS_MAX = 64, /* of one parent */
	REQUESTS_MAX = 1 << 18,
	OPENED_MAX = 1024, /* a thread whose records are lost closes nothing */
};

void storms_init(struct storms *storms, void (*tell)(void *user, const struct request *root),
		 void *user)
{
	storms->tell = tell;
	storms->user = user;
	list_init(&storms->roots);
	list_init(&storms->opened);
}

static void close_request(struct storms *storms, struct request *request)
{
	if (storms->recent == request)
		storms->recent = NULL;
	if (!request->open)
		return;
	request->open = false;
	list_remove(&request->opened);
	storms->opened_count--;
}

static void request_free(struct storms *storms, struct request *request)
{
	struct list *link, *next;
	struct fold *fold;

	list_for_each_safe (link, next, &request->children)
		request_free(storms, container_of(link, struct request, link));
	while ((fold = request->folds)) {
		request->folds = fold->next;
		free(fold);
	}
	if (request->live && request->parent)
		HASH_DEL(storms->live, request);
	close_request(storms, request);
	list_remove(&request->link);
	free(request->who);
	free(request->note);
	free(request);
	storms->count--;
}

void storms_clear(struct storms *storms)
{
	while (storms->roots.next && !list_empty(&storms->roots))
		request_free(storms, container_of(storms->roots.next, struct request, link));
}

struct request *storms_find(const struct storms *storms, uint32_t process, uint64_t id)
{
	struct request *request, sought = { .key = { id, process } };

	if (!storms->live)
		return NULL;
	HASH_FIND(hh, storms->live, &sought.key, sizeof(sought.key), request);
	return request;
}

bool storms_turns(const struct model_cancel *asked)
{
	unsigned int type = AT_ID_TYPE(asked->through);
	const struct model_task *task = asked->task;
	size_t i;

	if (type == AT_TIMEOUT || type == AT_WAIT_FOR)
		return true;
	if (type != AT_GROUP || !task)
		return false;
	for (i = 0; i < task->awaited_by_count; i++) {
		if (task->awaited_by[i] == asked->through)
			return false;
	}
	return true;
}

struct request *storms_reason(const struct storms *storms, const struct model *model,
			      const struct model_cancel *asked)
{
	const struct model_task *task = model_find_task(model, asked->process, asked->by);
	struct request *request = NULL;

	if (task)
		request = storms_find(storms, asked->process, asked->by);
	return request && request->delivered_ns && request->steps == task->steps ? request : NULL;
}

static struct request *request_new(struct storms *storms, uint64_t id, uint64_t now_ns,
				   const struct model_cancel *cancel)
{
	struct request *request = calloc(1, sizeof(*request));

	if (!request)
		return NULL;
	storms->count++;
	request->key.id = id;
	request->key.process = cancel->process;
	request->asked_ns = now_ns;
	request->asked = 1;
	request->by = cancel->by;
	request->through = cancel->through;
	request->place = cancel->place;
	request->thread = cancel->thread;
	request->live = true;
	request->incomplete = 1;
	list_init(&request->children);
	list_init(&request->link);
	list_init(&request->opened);
	return request;
}

static struct request *root_of(struct storms *storms, uint64_t now_ns,
			       const struct model_cancel *cancel)
{
	struct request *root = storms->recent;

	if (root && root->key.process == cancel->process && root->thread == cancel->thread &&
	    root->by == cancel->by && root->place == cancel->place &&
	    root->through == cancel->through)
		return root;
	root = request_new(storms, 0, now_ns, cancel);
	if (!root)
		return NULL;
	list_add(&storms->roots, &root->link);
	storms_open(storms, root);
	storms->recent = root;
	return root;
}

struct request *storms_add(struct storms *storms, struct request *parent, uint64_t id,
			   uint64_t now_ns, const struct model_cancel *cancel)
{
	struct request *request;

	storms->full = storms->count >= REQUESTS_MAX;
	storms->left_out += storms->full;
	if (storms->full)
		return NULL;
	request = request_new(storms, id, now_ns, cancel);
	if (request && !parent)
		parent = root_of(storms, now_ns, cancel);
	if (parent && parent->depth == STORM_DEPTH_MAX)
		parent = parent->parent;
	if (request && parent)
		HASH_ADD(hh, storms->live, key, sizeof(request->key), request);
	if (!request || !request->hh.tbl) {
		storms->count -= request != NULL;
		free(request);
		return NULL;
	}
	request->parent = parent;
	request->depth = parent->depth + 1;
	parent->incomplete++;
	list_add(&parent->children, &request->link);
	return request;
}

static enum fate fate_of_open(const struct request *request)
{
	if (!request->parent)
		return FATE_STORM;
	if (AT_ID_TYPE(request->key.id) == AT_SHIELD && list_empty(&request->children))
		return FATE_SHIELDED;
	return FATE_PASSED_ON;
}

void storms_open(struct storms *storms, struct request *request)
{
	if (request->open)
		return;
	request->open = true;
	list_add(&storms->opened, &request->opened);
	if (storms->opened_count++ < OPENED_MAX)
		return;
	request = container_of(storms->opened.next, struct request, opened);
	storms_settle(storms, request, fate_of_open(request));
}

void storms_step(struct storms *storms, uint32_t process, uint32_t thread)
{
	struct list *link, *next;

	/* A tree is freed with its last part that is live: the next one to be settled is one. */
	list_for_each_safe (link, next, &storms->opened) {
		struct request *request = container_of(link, struct request, opened);

		if (!thread || (request->thread == thread && request->key.process == process))
			storms_settle(storms, request, fate_of_open(request));
	}
}

static unsigned int type_of(const struct request *request)
{
	return AT_ID_TYPE(request->key.id);
}

/* The fold of the parent that the request belongs to, or null without memory. */
static struct fold *fold_of(struct request *parent, const struct request *request)
{
	const struct model_function *function = request->function;
	unsigned int type = type_of(request), count = 0;
	struct fold *fold;

	for (fold = parent->folds; fold; fold = fold->next, count++) {
		if (fold->fate == request->fate && fold->function == function && fold->type == type)
			return fold;
	}
	/* The rest, whatever it is of. */
	if (count >= FOLDS_MAX) {
		type = AT_NOTHING;
		function = NULL;
		for (fold = parent->folds; fold; fold = fold->next) {
			if (fold->type == type && fold->fate == request->fate)
				return fold;
		}
	}
	fold = calloc(1, sizeof(*fold));
	if (!fold)
		return NULL;
	fold->function = function;
	fold->type = type;
	fold->fate = request->fate;
	fold->next = parent->folds;
	parent->folds = fold;
	return fold;
}

static void raise_to(uint64_t *longest_ns, uint64_t from_ns, uint64_t to_ns)
{
	if (to_ns > from_ns && to_ns - from_ns > *longest_ns)
		*longest_ns = to_ns - from_ns;
}

/* The request is complete: it will be shown, or is only counted from now on, and freed. */
static void fold_in(struct storms *storms, struct request *parent, struct request *request)
{
	struct fold *fold = fold_of(parent, request);

	parent->below += request->below + (type_of(request) == AT_TASK);
	if (!fold || fold->shown++ < STORM_SHOWN)
		return;
	fold->shown = STORM_SHOWN;
	if (!fold->more++ || request->asked_ns < fold->asked_ns)
		fold->asked_ns = request->asked_ns;
	raise_to(&fold->delivery_ns, request->asked_ns, request->delivered_ns);
	raise_to(&fold->end_ns, request->asked_ns, request->gone_ns);
	fold->below += request->below;
	request_free(storms, request);
}

static void complete(struct storms *storms, struct request *request)
{
	struct request *parent;

	while (request && !--request->incomplete) {
		parent = request->parent;
		if (parent) {
			fold_in(storms, parent, request);
		} else {
			storms->tell(storms->user, request);
			request_free(storms, request);
		}
		request = parent;
	}
}

void storms_settle(struct storms *storms, struct request *request, enum fate fate)
{
	unsigned int type = type_of(request);

	close_request(storms, request);
	if (request->parent)
		HASH_DEL(storms->live, request);
	request->live = false;
	request->fate = fate;
	if (type == AT_TASK || type == AT_SHIELD || fate == FATE_REFUSED)
		storms->fates[fate]++;
	complete(storms, request);
}
