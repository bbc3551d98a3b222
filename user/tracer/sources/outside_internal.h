/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files that read a runtime from outside share. */
#ifndef TRACER_SOURCES_OUTSIDE_INTERNAL_H
#define TRACER_SOURCES_OUTSIDE_INTERNAL_H

#include "outside.h"
#include <string.h>

enum {
	LAYOUTS_MAX = 8,
	OBJECT_MAX = 4096,    /* bytes of one object */
	LIST_MAX = 1000000,   /* objects of one list */
	CHAIN_MAX = 1000,     /* coroutines of one task */
	ANNOUNCED_MAX = 1024, /* functions that are remembered to have been told */
	TRIES = 3,
};

struct outside {
	int memory;
	uint32_t process;
	struct at_layout layouts[LAYOUTS_MAX];
	unsigned int layout_count;

	/* Of the loop that is being read. */
	const struct at_layout *layout;
	uint32_t thread;
	uint64_t now_ns;
	struct at_event *events;
	size_t count, size;
	int err; /* -ENOMEM: records are missing */
	uint64_t announced[ANNOUNCED_MAX];
	size_t announced_count;
	uint64_t made_up; /* numbers that were given to coroutines without one */
};

/* An object of the target. */
struct object {
	uint64_t address;
	unsigned char bytes[OBJECT_MAX];
};

/* Whether all that the layout names lies within its objects. */
bool outside_layout_is_sane(const struct at_layout *layout);

/* Copies an object; 0 or -errno, -EFAULT if its address cannot be one. */
int outside_object(const struct outside *outside, struct object *ret, uint64_t address,
		   size_t size);

static inline uint64_t object_word(const struct object *object, size_t offset)
{
	uint64_t word;

	memcpy(&word, object->bytes + offset, sizeof(word));
	return word;
}

static inline uint32_t object_word32(const struct object *object, size_t offset)
{
	uint32_t word;

	memcpy(&word, object->bytes + offset, sizeof(word));
	return word;
}

/* outside_record.c: the records, as a runtime writes them. */
void outside_record(struct outside *outside, unsigned int kind, unsigned int flags,
		    uint64_t subject, uint64_t a, uint64_t b, uint64_t c);

/* A string of the target: it comes before the record that it belongs to. */
void outside_text(struct outside *outside, uint64_t address);

/* Tells once what a function is; returns the address that it is known by, or 0. */
uint64_t outside_function(struct outside *outside, uint64_t address);

/* The id of what a future stands for, or 0. `*pending` is false if it is done. */
uint64_t outside_future(struct outside *outside, uint64_t address, bool *pending);

/* outside_task.c: one task. 0 or -errno. */
int outside_task(struct outside *outside, const struct object *task);

#endif
