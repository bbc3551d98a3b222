/* SPDX-License-Identifier: BSD-2-Clause */
#include "writers.h"
#include <base/hash.h>
#include <errno.h>
#include <stdlib.h>

struct writer_place {
	struct place place;
	UT_hash_handle hh;
};

struct writers {
	struct writer_place *all;
	struct writer_place *latest; /* found last, or null */
};

struct writers *writers_new(void)
{
	return calloc(1, sizeof(struct writers));
}

void writers_free(struct writers *writers)
{
	struct writer_place *writer, *next;

	if (!writers)
		return;
	HASH_ITER (hh, writers->all, writer, next) {
		HASH_DEL(writers->all, writer);
		free(writer);
	}
	free(writers);
}

static struct writer_place *find(const struct writers *writers, __u32 thread)
{
	struct writer_place *writer = writers->latest;

	if (!writer || writer->place.thread != thread)
		HASH_FIND(hh, writers->all, &thread, sizeof(thread), writer);
	return writer;
}

static struct writer_place *add(struct writers *writers, __u32 thread)
{
	struct writer_place *writer = calloc(1, sizeof(*writer));

	if (!writer)
		return NULL;
	writer->place.thread = thread;
	HASH_ADD(hh, writers->all, place.thread, sizeof(thread), writer);
	if (writer->hh.tbl)
		return writer;
	free(writer);
	return NULL;
}

int writers_note(struct writers *writers, const struct sample *sample)
{
	struct writer_place *writer = find(writers, sample->thread);

	if (sample->flags & (SAMPLE_LEFT | SAMPLE_LAST)) {
		writers->latest = NULL;
		if (writer)
			HASH_DEL(writers->all, writer);
		free(writer);
		return 0;
	}
	if (!sample->batch || (!sample->count && !(sample->flags & SAMPLE_HERE)))
		return 0;
	if (!writer)
		writer = add(writers, sample->thread);
	if (!writer)
		return -ENOMEM;
	writer->place.process = sample->process;
	writer->place.stated = sample->events->thread;
	writer->place.batch = sample->batch;
	writers->latest = writer;
	return 0;
}

bool writers_know(const struct writers *writers, __u32 thread)
{
	return find(writers, thread);
}

const struct place *writers_next(const struct writers *writers, const struct place *place)
{
	const struct writer_place *next = writers->all;

	/* The place is what a writer begins with. */
	if (place)
		next = ((const struct writer_place *)place)->hh.next;
	return next ? &next->place : NULL;
}
