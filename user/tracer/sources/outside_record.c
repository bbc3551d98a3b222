/* SPDX-License-Identifier: BSD-2-Clause */
/* Records as a runtime writes them, of what is in its memory. */
#include "../target.h"
#include "outside_internal.h"
#include <errno.h>
#include <stdlib.h>

void outside_record(struct outside *outside, unsigned int kind, unsigned int flags,
		    uint64_t subject, uint64_t a, uint64_t b, uint64_t c)
{
	struct at_event *events = outside->events;
	size_t size = outside->size ? 2 * outside->size : 256;

	if (outside->count >= outside->records_max)
		return;
	if (outside->count == outside->size) {
		events = reallocarray(events, size, sizeof(*events));
		if (!events) {
			outside->err = -ENOMEM;
			return;
		}
		outside->events = events;
		outside->size = size;
	}
	events[outside->count] = (struct at_event){
		.time_ns = outside->now_ns,
		.thread = outside->thread,
		.sequence = outside->count + 1,
		.kind = kind,
		.flags = flags,
		.process = outside->target->stated,
		.subject = subject,
		.a = a,
		.b = b,
		.c = c,
	};
	outside->count++;
}

void outside_text(struct outside *outside, uint64_t address)
{
	char text[AT_TEXT_MAX + 1];
	unsigned int last = address ? 0 : AT_TEXT_ABSENT;
	size_t length = address ? outside_string(outside, address, text, sizeof(text)) : 0, at, n;
	uint64_t piece[4];

	if (length > AT_TEXT_MAX) {
		length = AT_TEXT_MAX;
		last = AT_TEXT_CUT;
	}
	for (at = 0; !at || at < length; at += AT_TEXT_PIECE) {
		n = length - at < AT_TEXT_PIECE ? length - at : AT_TEXT_PIECE;
		memset(piece, 0, sizeof(piece));
		memcpy(piece, text + at, n);
		outside_record(outside, AT_TEXT, n | (at + n < length ? AT_TEXT_MORE : last),
			       piece[0], piece[1], piece[2], piece[3]);
	}
}

uint64_t outside_function(struct outside *outside, uint64_t address)
{
	const struct at_layout *layout = outside->layout;
	struct object function;
	uint64_t body;
	size_t i;

	if (outside_object(outside, &function, address, layout->function_size))
		return 0;
	body = object_word(&function, layout->function_body);
	for (i = 0; i < outside->announced_count; i++) {
		if (outside->announced[i] == body)
			return body;
	}
	if (outside->announced_count < ANNOUNCED_MAX)
		outside->announced[outside->announced_count++] = body;
	outside_text(outside, object_word(&function, layout->function_name));
	outside_text(outside, object_word(&function, layout->function_file));
	outside_record(outside, AT_FUNCTION, 0, body,
		       object_word32(&function, layout->function_line),
		       object_word(&function, layout->function_types), 0);
	return body;
}

uint64_t outside_number(struct outside *outside, unsigned int type, uint64_t address)
{
	struct unnumbered *found;

	HASH_FIND(hh, outside->unnumbered, &address, sizeof(address), found);
	if (found)
		return found->number;
	found = calloc(1, sizeof(*found));
	if (found) {
		found->address = address;
		found->number = type < AT_TYPES_END ? ++outside->last_numbers[type] : address;
		HASH_ADD(hh, outside->unnumbered, address, sizeof(address), found);
	}
	if (found && found->hh.tbl)
		return found->number;
	free(found);
	outside->err = -ENOMEM;
	return 0;
}

void outside_forget_numbers(struct outside *outside)
{
	struct unnumbered *found, *next;

	HASH_ITER (hh, outside->unnumbered, found, next) {
		HASH_DEL(outside->unnumbered, found);
		free(found);
	}
}

uint64_t outside_future(struct outside *outside, uint64_t address, bool *pending)
{
	const struct at_layout *layout = outside->layout;
	struct object future;
	unsigned int type;
	uint64_t number;

	*pending = true;
	if (outside_object(outside, &future, address, layout->future_size))
		return 0;
	*pending = !future.bytes[layout->future_state];
	type = future.bytes[layout->future_type];
	number = object_word(&future, layout->future_number);
	if (type == AT_TIMER)
		return AT_ID(type, number / 1000);
	return AT_ID(type, number ? number : outside_number(outside, type, address));
}
