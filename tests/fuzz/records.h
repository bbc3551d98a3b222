/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bytes to records. Eight bytes are one, with small numbers everywhere, so that whatever the fuzzer
 * makes speaks of the same few tasks; or the bytes are records as they are.
 */
#ifndef TESTS_FUZZ_RECORDS_H
#define TESTS_FUZZ_RECORDS_H

#include "fuzz.h"
#include <asynctrace/event.h>
#include <stdbool.h>

enum { RECORD_THREADS = 8 };

struct records {
	struct input input;
	bool raw;
	uint64_t now_ns;
	uint32_t sequences[RECORD_THREADS];
};

/* In the order of the ids' likely types: of subject, a, b and c of each kind. */
static const uint8_t record_types[AT_KINDS_END][4] = {
	[AT_LOOP_START] = { AT_LOOP },
	[AT_LOOP_STOP] = { AT_LOOP },
	[AT_STATE] = { AT_LOOP },
	[AT_TASK_CREATE] = { AT_TASK, 0, AT_TASK },
	[AT_TASK_NAME] = { AT_TASK },
	[AT_TASK_CANCEL] = { AT_TASK, AT_TASK, 0, AT_GATHER },
	[AT_TASK_DONE] = { AT_TASK },
	[AT_COROUTINE_BEGIN] = { AT_COROUTINE },
	[AT_COROUTINE_END] = { AT_COROUTINE },
	[AT_SWITCH] = { AT_TASK, AT_TASK, AT_TIMER },
	[AT_WARNING] = { AT_TASK },
	[AT_JOB_BEGIN] = { AT_JOB },
	[AT_JOB_END] = { AT_JOB },
	[AT_DEPENDS] = { AT_LOCK, AT_TASK },
};

/* Five bits are the type, 0 the likely one, and three the number. */
static inline uint64_t record_id(uint8_t byte, unsigned int likely)
{
	static const uint64_t numbers[] = { 0, 1, 2, 3, 4, 5, 6, AT_ID_NUMBER };
	unsigned int type = byte >> 3;

	return AT_ID(type ? type : likely, numbers[byte & 7]);
}

static inline unsigned int record_kind(uint8_t byte)
{
	unsigned int kind = byte % (AT_KINDS_END + AT_IMAGE - AT_ATTACH + 1);

	return kind < AT_KINDS_END ? kind : kind - AT_KINDS_END + AT_ATTACH;
}

static inline unsigned int record_flags(uint8_t byte)
{
	return (byte & 0x1f) | (byte & 0x20 ? AT_END : 0) | (byte & 0x40 ? AT_EXISTING : 0) |
	       (byte & 0x80 ? AT_TEXT_MORE : 0);
}

/* Mostly the thread's next; or after a hole, again, or from the begin. */
static inline uint32_t record_sequence(struct records *records, unsigned int thread, uint8_t how)
{
	uint32_t *last = &records->sequences[thread];

	switch (how & 7) {
	case 5:
		return *last += 3;
	case 6:
		return *last;
	case 7:
		return *last = 1;
	default:
		return ++*last;
	}
}

static inline uint64_t record_time(struct records *records, uint8_t how, uint8_t amount)
{
	switch (how & 3) {
	case 1:
		return records->now_ns += amount * 1000000ULL;
	case 2:
		return records->now_ns - amount * 1000ULL;
	case 3:
		return amount == 0xff ? UINT64_MAX : amount;
	default:
		return records->now_ns += amount;
	}
}

/* Returns whether there is another one. */
static inline bool records_next(struct records *records, struct at_event *ret)
{
	uint8_t kind, how, byte[6];
	const uint8_t *likely;

	if (!records->input.size)
		return false;
	if (records->raw) {
		input_bytes(&records->input, ret, sizeof(*ret));
		return true;
	}
	kind = input_byte(&records->input);
	how = input_byte(&records->input);
	input_bytes(&records->input, byte, sizeof(byte));
	*ret = (struct at_event){
		.kind = record_kind(kind),
		.thread = how & 3,
		.process = 1 + (how >> 7),
		.flags = record_flags(byte[0]),
	};
	ret->sequence = record_sequence(records, ret->thread + 4 * (how >> 7), how >> 2);
	ret->time_ns = record_time(records, how >> 5, byte[5]);
	likely = record_types[ret->kind < AT_KINDS_END ? ret->kind : 0];
	ret->subject = record_id(byte[1], likely[0]);
	ret->a = record_id(byte[2], likely[1]);
	ret->b = record_id(byte[3], likely[2]);
	ret->c = record_id(byte[4], likely[3]);
	if (ret->kind == AT_TEXT) {
		ret->flags = (byte[0] & 0x3f) | (byte[1] & 7) << 8;
		input_bytes(&records->input, &ret->subject, AT_TEXT_PIECE);
	}
	return true;
}

#endif
