/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Texts and arguments come in records of their own, before the one that they belong to. They wait
 * here for it; if a record was lost among them, none of them is believed.
 */
#include "model_internal.h"
#include <errno.h>

static struct pending *pending_of(struct thread *thread)
{
	if (!thread->pending)
		thread->pending = calloc(1, sizeof(*thread->pending));
	return thread->pending;
}

int text_append(struct thread *thread, const struct at_event *event)
{
	size_t length = event->flags & AT_TEXT_LENGTH, room;
	struct pending *pending;
	struct text *text;

	if (thread->torn)
		return 0;
	pending = pending_of(thread);
	if (!pending)
		return -ENOMEM;
	if (pending->count == AT_ARGUMENTS_MAX)
		return 0;
	text = &pending->texts[pending->count];
	if (!pending->unfinished)
		*text = (struct text){ 0 };
	if (length > AT_TEXT_PIECE)
		length = AT_TEXT_PIECE;
	room = AT_TEXT_MAX - text->length;
	if (length > room)
		text->cut = true;
	length = length < room ? length : room;
	memcpy(text->bytes + text->length, (const char *)event + offsetof(struct at_event, subject),
	       length);
	text->length += length;
	text->bytes[text->length] = 0;
	pending->unfinished = event->flags & AT_TEXT_MORE;
	if (pending->unfinished)
		return 0;
	text->cut |= (event->flags & AT_TEXT_CUT) != 0;
	text->absent = event->flags & AT_TEXT_ABSENT;
	pending->count++;
	return 0;
}

int text_arguments(struct thread *thread, const struct at_event *event)
{
	struct pending *pending;

	if (thread->torn)
		return 0;
	pending = pending_of(thread);
	if (!pending)
		return -ENOMEM;
	pending->arguments[0] = event->subject;
	pending->arguments[1] = event->a;
	pending->arguments[2] = event->b;
	pending->arguments[3] = event->c;
	pending->has_arguments = true;
	return 0;
}

void text_forget(struct thread *thread)
{
	thread->torn = false;
	if (!thread->pending)
		return;
	thread->pending->count = 0;
	thread->pending->unfinished = false;
	thread->pending->has_arguments = false;
}

const char *text_pending(const struct thread *thread, unsigned int index)
{
	const struct pending *pending = thread->pending;

	if (!pending || index >= pending->count || pending->texts[index].absent)
		return NULL;
	return pending->texts[index].bytes;
}

void text_take_end(const struct thread *thread, const struct at_event *event, struct model_end *ret)
{
	*ret = (struct model_end){ .outcome = MODEL_RETURNED, .result = event->a };
	if (event->flags & AT_FAILED) {
		ret->outcome = MODEL_FAILED;
		ret->message = text_pending(thread, 0);
	} else if (event->flags & AT_CANCELLED) {
		ret->outcome = MODEL_CANCELLED;
	}
}

static unsigned int type_of(uint64_t types, unsigned int index)
{
	return types >> 8 * index & 0xff;
}

/* One piece of memory for the strings of all arguments of that type, in their order. */
static struct strings *strings_new(const struct pending *pending, unsigned int count,
				   uint64_t types)
{
	size_t size = sizeof(struct strings) + count * (AT_TEXT_MAX + 1);
	struct strings *strings = calloc(1, size);
	const struct text *text = pending->texts;
	char *bytes;
	unsigned int i;

	if (!strings)
		return NULL;
	strings->size = size;
	bytes = strings->bytes;
	for (i = 0; i < AT_ARGUMENTS_MAX && type_of(types, i); i++) {
		if (type_of(types, i) != AT_ARGUMENT_STRING)
			continue;
		if (!text->absent)
			strings->texts[i] = memcpy(bytes, text->bytes, text->length + 1);
		strings->cut[i] = text->cut;
		bytes += text->length + 1;
		text++;
	}
	return strings;
}

int text_take_arguments(struct model *model, const struct thread *thread,
			struct coroutine *coroutine, const struct at_event *event)
{
	const struct function *function = (const struct function *)coroutine->pub.function;
	const struct pending *pending = thread->pending;
	uint64_t types = function->pub.types;
	unsigned int count, strings = 0;

	for (count = 0; count < AT_ARGUMENTS_MAX && type_of(types, count); count++)
		strings += type_of(types, count) == AT_ARGUMENT_STRING;
	if (!function->described || (count > 2 && !(pending && pending->has_arguments)) ||
	    (strings && !(pending && pending->count >= strings)))
		return 0;
	if (strings) {
		if (!model_keep(model, sizeof(*coroutine->strings) + strings * (AT_TEXT_MAX + 1)))
			return 0;
		coroutine->strings = strings_new(pending, strings, types);
		if (!coroutine->strings)
			return -ENOMEM;
		coroutine->pub.texts = coroutine->strings->texts;
		coroutine->pub.cut = coroutine->strings->cut;
	}
	coroutine->arguments[0] = event->b;
	coroutine->arguments[1] = event->c;
	if (count > 2)
		memcpy(coroutine->arguments + 2, pending->arguments, sizeof(pending->arguments));
	coroutine->pub.arguments = coroutine->arguments;
	return 0;
}
