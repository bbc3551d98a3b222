/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is inserted is the tracer's own, thread 0: it has no sequence, and nothing of it can be
 * lost.
 */
#include "names.h"
#include "symbols.h"
#include "target.h"
#include <search.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct names {
	const struct target *target;
	struct symbols *symbols; /* null until the first callback is met */
	void *known;		 /* tree of addresses that were named */
	uint64_t last;		 /* the one that was met last */
	struct at_event *records;
	size_t count, room;
};

struct names *names_new(const struct target *target)
{
	struct names *names = calloc(1, sizeof(*names));

	if (names)
		names->target = target;
	return names;
}

void names_free(struct names *names)
{
	if (!names)
		return;
	symbols_free(names->symbols);
	tdestroy(names->known, free);
	free(names->records);
	free(names);
}

static int by_address(const void *one, const void *another)
{
	uint64_t a = *(const uint64_t *)one, b = *(const uint64_t *)another;

	return (a > b) - (a < b);
}

/* True once for each address. */
static bool is_new(struct names *names, uint64_t address)
{
	uint64_t *key, **found;

	if (address == names->last)
		return false;
	names->last = address;
	key = malloc(sizeof(*key));
	if (!key)
		return false;
	*key = address;
	found = tsearch(key, &names->known, by_address);
	if (found && *found == key)
		return true;
	free(key);
	return false;
}

/* A file without symbols leaves its callbacks unnamed. The program may be one of the images. */
static struct symbols *open_symbols(const struct target *target)
{
	const struct target_image *image = &target->program;
	struct symbols *symbols = symbols_new();
	size_t i;

	if (!symbols)
		return NULL;
	symbols_add(symbols, image->path, image->fd, image->bias);
	for (i = 0; i < target->image_count; i++) {
		image = &target->images[i];
		if (image->bias != target->program.bias)
			symbols_add(symbols, image->path, image->fd, image->bias);
	}
	return symbols;
}

static struct at_event *add_record(struct names *names, const struct at_event *like,
				   unsigned int kind)
{
	struct at_event *record;

	if (names->count == names->room) {
		size_t room = names->room ? names->room * 2 : 16;

		record = reallocarray(names->records, room, sizeof(*record));
		if (!record)
			return NULL;
		names->records = record;
		names->room = room;
	}
	record = &names->records[names->count++];
	*record = (struct at_event){
		.time_ns = like->time_ns,
		.process = like->process,
		.kind = kind,
	};
	return record;
}

static void add_text(struct names *names, const struct at_event *like, const char *text)
{
	size_t length = text ? strlen(text) : 0, piece;
	unsigned int last = text ? 0 : AT_TEXT_ABSENT;
	struct at_event *record;

	if (length > AT_TEXT_MAX) {
		length = AT_TEXT_MAX;
		last = AT_TEXT_CUT;
	}
	do {
		piece = length < AT_TEXT_PIECE ? length : AT_TEXT_PIECE;
		length -= piece;
		record = add_record(names, like, AT_TEXT);
		if (!record)
			return;
		record->flags = piece | (length ? AT_TEXT_MORE : last);
		if (piece)
			memcpy((char *)record + offsetof(struct at_event, subject), text, piece);
		text += piece;
	} while (length);
}

static void name(struct names *names, const struct at_event *event, uint64_t address)
{
	struct at_event *record;
	struct symbol symbol;

	if (!names->symbols)
		names->symbols = open_symbols(names->target);
	if (!names->symbols || symbols_find(names->symbols, address, &symbol))
		return;
	add_text(names, event, symbol.name);
	add_text(names, event, symbol.file);
	record = add_record(names, event, AT_FUNCTION);
	if (record) {
		record->subject = address;
		record->a = symbol.line;
	}
}

/* Address of the callback, or function of a job, that begins with the record; else 0. */
static uint64_t nameless(const struct at_event *event)
{
	if (event->kind == AT_SWITCH && AT_ID_TYPE(event->subject) == AT_CALLBACK)
		return event->subject & AT_ID_NUMBER;
	return event->kind == AT_JOB_BEGIN ? event->a : 0;
}

const struct at_event *names_of(struct names *names, const struct at_event *events, size_t n,
				size_t *count)
{
	size_t i;

	names->count = 0;
	for (i = 0; i < n; i++) {
		uint64_t address = nameless(&events[i]);

		if (address && is_new(names, address))
			name(names, &events[i], address);
	}
	*count = names->count;
	return names->records;
}
