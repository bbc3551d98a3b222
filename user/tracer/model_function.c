/* SPDX-License-Identifier: BSD-2-Clause */
/* Functions, by their addresses. An address that no record has named is its own name. */
#include "model_internal.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

const struct model_function *model_find_function(const struct model *model, uint32_t process,
						 uint64_t address)
{
	const struct model_key key = { .id = address, .process = process };
	struct function *function;

	MODEL_FIND(model->functions, &key, function);
	return function ? &function->pub : NULL;
}

const struct model_place *model_find_place(const struct model *model, uint32_t process,
					   uint64_t address)
{
	const struct model_key key = { .id = address, .process = process };
	struct place *place;

	MODEL_FIND(model->places, &key, place);
	return place ? &place->pub : NULL;
}

/* One of them, or what stands for all that have no room. Null without memory. */
static struct function *function_add(struct model *model, uint32_t process, uint64_t address,
				     const char *name)
{
	struct function *function = calloc(1, sizeof(*function));

	if (!function)
		return NULL;
	function->pub.address = address;
	function->pub.process = process;
	snprintf(function->address, sizeof(function->address), "%s", name);
	function->pub.name = function->address;
	MODEL_ADD(model->functions, function);
	if (!function->hh.tbl) {
		free(function);
		return NULL;
	}
	return function;
}

struct model_function *model_function(struct model *model, uint32_t process, uint64_t address)
{
	const struct model_key key = { .id = address, .process = process };
	struct function *function;
	char name[20];

	MODEL_FIND(model->functions, &key, function);
	if (function)
		return &function->pub;
	if (HASH_COUNT(model->functions) < model->limits.functions) {
		snprintf(name, sizeof(name), "0x%" PRIx64, address);
		function = function_add(model, process, address, name);
	} else {
		if (!model->others)
			model->others = function_add(model, 0, UINT64_MAX, "[other functions]");
		function = model->others;
	}
	return function ? &function->pub : NULL;
}

/* Sets a text once. 0 or -ENOMEM. */
static int set_text(char **text, const char *value)
{
	if (*text || !value)
		return 0;
	*text = strdup(value);
	return *text ? 0 : -ENOMEM;
}

int function_record(struct model *model, const struct thread *thread, const struct at_event *event)
{
	struct function *function =
		(struct function *)model_function(model, event->process, event->subject);

	if (!function)
		return -ENOMEM;
	if (function->name || function == model->others)
		return 0;
	/* Coroutines may hold arguments of these types already. */
	if (!function->described) {
		function->pub.types = event->b;
		function->pub.line = event->a;
	}
	function->described = true;
	if (set_text(&function->name, text_pending(thread, 0)) ||
	    set_text(&function->file, text_pending(thread, 1)))
		return -ENOMEM;
	if (function->name)
		function->pub.name = function->name;
	function->pub.file = function->file;
	return 0;
}

static char *copy_text(const struct thread *thread, unsigned int index)
{
	const char *text = text_pending(thread, index);

	return text ? strdup(text) : NULL;
}

int place_record(struct model *model, const struct thread *thread, const struct at_event *event)
{
	struct place *place;

	if (model_find_place(model, event->process, event->subject) ||
	    HASH_COUNT(model->places) >= model->limits.functions)
		return 0;
	place = calloc(1, sizeof(*place));
	if (!place)
		return -ENOMEM;
	place->pub.address = event->subject;
	place->pub.process = event->process;
	place->pub.line = event->a;
	place->pub.function = copy_text(thread, 0);
	place->pub.file = copy_text(thread, 1);
	MODEL_ADD(model->places, place);
	if (place->hh.tbl)
		return 0;
	free((char *)place->pub.function);
	free((char *)place->pub.file);
	free(place);
	return -ENOMEM;
}

static void place_free_all(struct model *model)
{
	struct place *place, *next;

	HASH_ITER (hh, model->places, place, next) {
		HASH_DEL(model->places, place);
		free((char *)place->pub.function);
		free((char *)place->pub.file);
		free(place);
	}
}

void function_free_all(struct model *model)
{
	struct function *function, *next;

	place_free_all(model);
	HASH_ITER (hh, model->functions, function, next) {
		HASH_DEL(model->functions, function);
		free(function->name);
		free(function->file);
		free(function);
	}
}
