/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A loop that runs changes its lists while they are read: a walk that does not come back to where it
 * began is tried again. What was read of the last try is given all the same.
 */
#include "outside.h"
#include "memory.h"
#include "outside_internal.h"
#include <base/clock.h>
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

int outside_open(struct outside **ret, pid_t pid, int pidfd, const uint64_t *listeners,
		 size_t count, const char **why)
{
	struct outside *outside = calloc(1, sizeof(*outside));
	int err = 0;
	size_t i;

	*why = "no memory";
	if (!outside)
		return -ENOMEM;
	outside->process = pid;
	outside->memory = memory_open(pid, pidfd);
	if (outside->memory < 0) {
		*why = unreadable;
		err = outside->memory;
	}
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
	free(outside->events);
	free(outside);
}

/* A walk through a list of objects, each of which has a node of it. */
struct walk {
	uint64_t head, node;
	size_t link, size; /* of the object: where its node is, how large it is */
	uint64_t count;
	uint64_t mark, marked; /* a node, and when another one is marked: to see circles */
};

/* Returns 1 and the next object; 0 at the end; -EAGAIN if the list leads astray. */
static int walk_on(const struct outside *outside, struct walk *walk, struct object *ret)
{
	if (walk->node == walk->head)
		return 0;
	if (walk->node == walk->mark || walk->count == LIST_MAX ||
	    outside_object(outside, ret, walk->node - walk->link, walk->size))
		return -EAGAIN;
	if (walk->count++ == walk->marked) {
		walk->mark = walk->node;
		walk->marked = 2 * walk->count;
	}
	walk->node = object_word(ret, walk->link);
	return 1;
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
	while (count < max && (ret = walk_on(outside, &walk, &loop)) == 1) {
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

static int read_tasks(struct outside *outside, const struct object *loop)
{
	const struct at_layout *layout = outside->layout;
	struct walk walk = {
		.head = loop->address + layout->loop_tasks,
		.node = object_word(loop, layout->loop_tasks),
		.link = layout->task_link,
		.size = layout->task_size,
	};
	struct object task;
	int ret, err = 0;

	while ((ret = walk_on(outside, &walk, &task)) == 1) {
		if (outside_task(outside, &task))
			err = -EAGAIN;
	}
	return ret < 0 ? ret : err;
}

/* The callback of each child of a gather tells what depends on it. */
static int read_slots(struct outside *outside, const struct object *loop)
{
	const struct at_layout *layout = outside->layout;
	struct walk walk = {
		.head = loop->address + layout->loop_slots,
		.node = object_word(loop, layout->loop_slots),
		.link = layout->slot_link,
		.size = layout->slot_size,
	};
	bool child_pending, whole_pending;
	uint64_t child, whole;
	struct object slot;
	int ret;

	while ((ret = walk_on(outside, &walk, &slot)) == 1) {
		if (!slot.bytes[layout->slot_depends] || !object_word(&slot, layout->slot_future))
			continue;
		child = outside_future(outside, object_word(&slot, layout->slot_future),
				       &child_pending);
		whole = outside_future(outside, object_word(&slot, layout->slot_owned),
				       &whole_pending);
		if (child && whole && child_pending && whole_pending)
			outside_record(outside, AT_DEPENDS, 0, whole, child, 0, 0);
	}
	return ret;
}

/* An entry of the queue. */
static uint64_t ready_entry(const struct outside *outside, const struct object *loop,
			    uint64_t index)
{
	const struct at_layout *layout = outside->layout;
	uint64_t ring = object_word(loop, layout->loop_ready), entry;
	uint64_t at = index & object_word(loop, layout->loop_mask);

	if (memory_read(outside->memory, ring + at * sizeof(entry), &entry, sizeof(entry)))
		return 0;
	return entry;
}

static uint64_t callbacks_ready(const struct outside *outside, const struct object *loop)
{
	uint64_t head = object_word(loop, outside->layout->loop_head), count = 0, i;
	uint64_t left = object_word(loop, outside->layout->loop_tail) - head;

	for (i = 0; i < left && i < LIST_MAX; i++)
		count += ready_entry(outside, loop, head + i) & 1;
	return count;
}

static bool is_sleeping(const struct outside *outside, const struct object *loop)
{
	const struct at_layout *layout = outside->layout;
	uint8_t sleeping = 0;

	memory_read(outside->memory,
		    object_word(loop, layout->loop_mailbox) + layout->mailbox_sleeping, &sleeping,
		    sizeof(sleeping));
	return sleeping;
}

/* Of the callback that was taken from the queue last. */
static uint64_t last_callback(const struct outside *outside, const struct object *loop)
{
	const struct at_layout *layout = outside->layout;
	uint64_t head = object_word(loop, layout->loop_head);
	uint64_t entry = ready_entry(outside, loop, head - 1), function;
	struct object slot;

	if (!(entry & 1) || outside_object(outside, &slot, entry & ~1ULL, layout->slot_size))
		return 0;
	function = object_word(&slot, layout->slot_done);
	if (!function)
		function = object_word(&slot, layout->slot_callback);
	return function ? AT_ID(AT_CALLBACK, function) : 0;
}

/* Who runs: a task, a callback, the loop itself while it sleeps; or 0. */
static uint64_t who_runs(const struct outside *outside, const struct object *loop, uint64_t id)
{
	const struct at_layout *layout = outside->layout;
	uint64_t current = object_word(loop, layout->loop_current);
	struct object task;

	if (is_sleeping(outside, loop))
		return id;
	if (!current)
		return last_callback(outside, loop);
	if (outside_object(outside, &task, current, layout->task_size))
		return 0;
	return AT_ID(AT_TASK, object_word(&task, layout->task_future + layout->future_number));
}

/* 0, -EAGAIN if it changed meanwhile, or another -errno. */
static int read_loop(struct outside *outside, const struct outside_loop *of, uint64_t waited_ns)
{
	const struct at_layout *layout = outside->layout;
	struct object loop;
	uint64_t runs;
	int err, slots;

	outside->count = 0;
	outside->announced_count = 0;
	outside->now_ns = clock_ns();
	if (outside_object(outside, &loop, of->address, layout->loop_size) ||
	    AT_ID(AT_LOOP, object_word(&loop, layout->loop_number)) != of->id ||
	    object_word32(&loop, layout->loop_thread) != of->thread)
		return -ESRCH;
	outside_record(outside, AT_STATE, AT_OUTSIDE, of->id, waited_ns, 0, 0);
	err = read_tasks(outside, &loop);
	slots = read_slots(outside, &loop);
	outside_record(outside, AT_STATE, AT_END | AT_OUTSIDE, of->id,
		       callbacks_ready(outside, &loop), object_word(&loop, layout->loop_timers), 0);
	runs = who_runs(outside, &loop, of->id);
	if (runs && runs != of->id)
		outside_record(outside, AT_SWITCH, 0, runs, of->id, 0, 0);
	return err ? err : slots;
}

int outside_read(struct outside *outside, const struct outside_loop *loop, uint64_t waited_ns,
		 struct outside_result *ret)
{
	int tries = 0, err;

	outside->layout = &outside->layouts[loop->layout];
	outside->thread = loop->thread;
	do {
		err = read_loop(outside, loop, waited_ns);
	} while (err == -EAGAIN && ++tries < TRIES);
	if (err && err != -EAGAIN)
		return err;
	if (outside->err)
		return outside->err;
	ret->events = outside->events;
	ret->count = outside->count;
	ret->torn = err;
	return 0;
}
