/* SPDX-License-Identifier: BSD-2-Clause */
/* Functions, by their addresses. An address that no record has named is its own name. */
#include "model_internal.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

struct model_function *model_function(struct model *model, uint32_t process, uint64_t address)
{
	const struct model_key key = { .id = address, .process = process };
	struct function *function;

	MODEL_FIND(model->functions, &key, function);
	if (function)
		return &function->pub;
	function = calloc(1, sizeof(*function));
	if (!function)
		return NULL;
	function->pub.address = address;
	function->pub.process = process;
	snprintf(function->address, sizeof(function->address), "0x%" PRIx64, address);
	function->pub.name = function->address;
	MODEL_ADD(model->functions, function);
	if (!function->hh.tbl) {
		free(function);
		return NULL;
	}
	return &function->pub;
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
	if (function->name)
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

void function_free_all(struct model *model)
{
	struct function *function, *next;

	HASH_ITER (hh, model->functions, function, next) {
		HASH_DEL(model->functions, function);
		free(function->name);
		free(function->file);
		free(function);
	}
}
