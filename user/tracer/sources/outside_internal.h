/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files that read a runtime from outside share. */
#ifndef TRACER_SOURCES_OUTSIDE_INTERNAL_H
#define TRACER_SOURCES_OUTSIDE_INTERNAL_H

#include "outside.h"
#include <base/hash.h>
#include <string.h>

enum {
	LAYOUTS_MAX = 8,
	OBJECT_MAX = 4096,    /* bytes of one object */
	LIST_MAX = 1000000,   /* objects of one list */
	CHAIN_MAX = 1000,     /* coroutines of one task */
	ANNOUNCED_MAX = 1024, /* functions that are remembered to have been told */
	RECORDS_MAX = 10000000,
	READS_MAX = 16000000, /* some seconds */
	READS_LEAST = 1000,   /* of a loop, even if others took the rest */
	TRIES = 3,
};

/* What the runtime has given no number yet, for nobody listened. */
struct unnumbered {
	uint64_t address; /* the key */
	uint64_t number;
	UT_hash_handle hh;
};

struct outside {
	int memory;
	const struct target *target;
	struct at_layout layouts[LAYOUTS_MAX];
	unsigned int layout_count;
	uint64_t reads_left; /* 0: what is read now is not all that there is */

	/* Of the loop that is being read. */
	const struct at_layout *layout;
	uint32_t thread;
	uint64_t now_ns;
	struct at_event *events;
	size_t count, size;
	size_t records_max;
	int err; /* -ENOMEM: records are missing */
	uint64_t announced[ANNOUNCED_MAX];
	size_t announced_count;
	uint64_t last_numbers[AT_TYPES_END];
	struct unnumbered *unnumbered;
};

/* An object of the target. */
struct object {
	uint64_t address;
	unsigned char bytes[OBJECT_MAX];
};

/* Whether all that the layout names lies within its objects. */
bool outside_layout_is_sane(const struct at_layout *layout);

/* Copies `size` bytes; 0 or -errno, -EMSGSIZE if too much has been read. */
int outside_copy(struct outside *outside, uint64_t address, void *to, size_t size);

/* Copies an object; as outside_copy(), and -EFAULT if its address cannot be one. */
int outside_object(struct outside *outside, struct object *ret, uint64_t address, size_t size);

/*
 * Up to `size` bytes of a string, which may end with the last page that can be read. Returns its
 * length.
 */
size_t outside_string(struct outside *outside, uint64_t address, char *to, size_t size);

/*
 * A walk through a list of objects, each of which has a node of it; `head`, `node` (the first),
 * `link` and `size` are given.
 */
struct walk {
	uint64_t head, node;
	size_t link, size; /* of the object: where its node is, how large it is */
	uint64_t count;
	uint64_t mark, marked; /* a node, and when another one is marked: to see circles */
};

/*
 * Returns 1 and the next object; 0 at the end; -EAGAIN if the list leads astray, -EMSGSIZE if that
 * is more than anybody wants.
 */
int outside_walk(struct outside *outside, struct walk *walk, struct object *ret);

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

/* The number of what has none in its memory: one that the runtime has not given to another. */
uint64_t outside_number(struct outside *outside, unsigned int type, uint64_t address);
void outside_forget_numbers(struct outside *outside);

/* Tells once what a function is; returns the address that it is known by, or 0. */
uint64_t outside_function(struct outside *outside, uint64_t address);

/* The id of what a future stands for, or 0. `*pending` is false if it is done. */
uint64_t outside_future(struct outside *outside, uint64_t address, bool *pending);

/*
 * outside_loop.c: the state of a loop, from the begin of `events` on. 0; -EAGAIN if the memory
 * changed meanwhile; -ESRCH if the loop is not there any more; -errno.
 */
int outside_read_loop(struct outside *outside, const struct outside_loop *of, uint64_t waited_ns);

/* outside_task.c: one task. 0 or -errno. */
int outside_task(struct outside *outside, const struct object *task);

#endif
