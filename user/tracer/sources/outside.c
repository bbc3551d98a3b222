/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A loop that runs changes its lists while they are read: a walk that does not come back to where
 * it began is tried again. What was read of the last try is given all the same.
 */
#include "outside.h"
#include "memory.h"
#include "outside_internal.h"
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static const char unreadable[] = "its memory cannot be read";
static const char nothing[] = "its runtime does not describe its memory";
static const char newer[] = "its runtime is newer than this asynctrace: its memory cannot be read";
static const char senseless[] = "its runtime's description of its memory makes no sense";

/* 0 if it has none. */
static int read_layout(struct outside *outside, uint64_t listeners, const char **why)
{
	struct at_layout *layout = &outside->layouts[outside->layout_count];
	struct at_listeners found;
	struct object head = { 0 };

	*why = unreadable;
	if (memory_read(outside->memory, listeners, &found, sizeof(found)))
		return -EFAULT;
	*why = nothing;
	if (!found.layout || outside->layout_count == LAYOUTS_MAX)
		return 0;
	*why = senseless;
	if (outside_object(outside, &head, found.layout, offsetof(struct at_layout, loops)))
		return -EBADMSG;
	memcpy(layout, head.bytes, offsetof(struct at_layout, loops));
	if (layout->magic != AT_LAYOUT_MAGIC)
		return -EBADMSG;
	*why = newer;
	if (layout->version != AT_LAYOUT_VERSION)
		return -ENOTSUP;
	*why = senseless;
	if (layout->size < sizeof(*layout) ||
	    outside_object(outside, &head, found.layout, sizeof(*layout)))
		return -EBADMSG;
	memcpy(layout, head.bytes, sizeof(*layout));
	if (!outside_layout_is_sane(layout))
		return -EBADMSG;
	outside->layout_count++;
	return 0;
}

int outside_open(struct outside **ret, int memory, const struct target *target,
		 const uint64_t *listeners, size_t count, const char **why)
{
	struct outside *outside = calloc(1, sizeof(*outside));
	int err = memory < 0 ? memory : 0;
	size_t i;

	*why = "no memory";
	if (!outside) {
		if (memory >= 0)
			close(memory);
		return -ENOMEM;
	}
	outside->target = target;
	outside->records_max = RECORDS_MAX;
	outside->reads_left = READS_MAX;
	outside->memory = memory;
	*why = unreadable;
	for (i = 0; i < count && !err; i++)
		err = read_layout(outside, listeners[i], why);
	if (!err && !outside->layout_count) {
		*why = nothing;
		err = -ENOENT;
	}
	if (err)
		outside_free(outside);
	else
		*ret = outside;
	return err;
}

void outside_free(struct outside *outside)
{
	if (!outside)
		return;
	if (outside->memory >= 0)
		close(outside->memory);
	outside_forget_numbers(outside);
	free(outside->events);
	free(outside);
}

static int find_loops(struct outside *outside, unsigned int index, struct outside_loop *loops,
		      size_t max)
{
	const struct at_layout *layout = &outside->layouts[index];
	struct walk walk = { .head = layout->loops, .link = layout->loop_link };
	struct object loop;
	size_t count = 0;
	int ret;

	walk.size = layout->loop_size;
	if (memory_read(outside->memory, walk.head, &walk.node, sizeof(walk.node)))
		return -EFAULT;
	while (count < max && (ret = outside_walk(outside, &walk, &loop)) == 1) {
		loops[count].thread = object_word32(&loop, layout->loop_thread);
		if (!loops[count].thread)
			continue;
		loops[count].id = AT_ID(AT_LOOP, object_word(&loop, layout->loop_number));
		loops[count].address = loop.address;
		loops[count++].layout = index;
	}
	return count;
}

int outside_loops(struct outside *outside, struct outside_loop *loops, size_t max)
{
	unsigned int i;
	int count = 0, n;

	for (i = 0; i < outside->layout_count; i++) {
		n = find_loops(outside, i, loops + count, max - count);
		if (n < 0)
			return n;
		count += n;
	}
	return count;
}

int outside_read(struct outside *outside, const struct outside_loop *loop, uint64_t waited_ns,
		 struct outside_result *ret)
{
	int tries = 0, err;

	outside->layout = &outside->layouts[loop->layout];
	outside->thread = loop->thread;
	do {
		err = outside_read_loop(outside, loop, waited_ns);
	} while (err == -EAGAIN && ++tries < TRIES);
	if (err && err != -EAGAIN && err != -EMSGSIZE)
		return err;
	if (outside->err)
		return outside->err;
	ret->events = outside->events;
	ret->count = outside->count;
	ret->torn = err;
	return 0;
}
