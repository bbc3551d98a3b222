/* SPDX-License-Identifier: BSD-2-Clause */
/* The state of a loop, as it would tell it, and what it is in. */
#include "../target.h"
#include "memory.h"
#include "outside_internal.h"
#include <base/clock.h>
#include <errno.h>

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

	while ((ret = outside_walk(outside, &walk, &task)) == 1) {
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

	while ((ret = outside_walk(outside, &walk, &slot)) == 1) {
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
static uint64_t ready_entry(struct outside *outside, const struct object *loop, uint64_t index)
{
	const struct at_layout *layout = outside->layout;
	uint64_t ring = object_word(loop, layout->loop_ready), entry;
	uint64_t at = index & object_word(loop, layout->loop_mask);

	if (outside_copy(outside, ring + at * sizeof(entry), &entry, sizeof(entry)))
		return 0;
	return entry;
}

static uint64_t callbacks_ready(struct outside *outside, const struct object *loop)
{
	uint64_t head = object_word(loop, outside->layout->loop_head), count = 0, i;
	uint64_t left = object_word(loop, outside->layout->loop_tail) - head, entry;
	struct object slot;

	for (i = 0; i < left && i < LIST_MAX; i++) {
		entry = ready_entry(outside, loop, head + i);
		count += entry & 1 &&
			 !outside_object(outside, &slot, entry - 1, outside->layout->slot_size) &&
			 object_word(&slot, outside->layout->slot_serial);
	}
	return count;
}

static bool is_sleeping(struct outside *outside, const struct object *loop)
{
	const struct at_layout *layout = outside->layout;
	uint8_t sleeping = 0;

	outside_copy(outside, object_word(loop, layout->loop_mailbox) + layout->mailbox_sleeping,
		     &sleeping, sizeof(sleeping));
	return sleeping;
}

/* Of the callback that was taken from the queue last. */
static uint64_t last_callback(struct outside *outside, const struct object *loop)
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
static uint64_t who_runs(struct outside *outside, const struct object *loop, uint64_t id)
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

/* The loop as it is now: 0, or as outside_read_loop() returns. */
static int begin(struct outside *outside, const struct outside_loop *of, struct object *loop)
{
	const struct at_layout *layout = outside->layout;

	outside->count = 0;
	outside->announced_count = 0;
	outside_forget_numbers(outside);
	if (outside->reads_left < READS_LEAST)
		outside->reads_left = READS_LEAST;
	if (outside_copy(outside, layout->last_numbers, outside->last_numbers,
			 sizeof(outside->last_numbers)))
		return -EFAULT;
	outside->now_ns = clock_ns();
	if (outside_object(outside, loop, of->address, layout->loop_size) ||
	    AT_ID(AT_LOOP, object_word(loop, layout->loop_number)) != of->id ||
	    object_word32(loop, layout->loop_thread) != of->thread)
		return -ESRCH;
	return 0;
}

/* What ends a state is told however many records there are. */
static void end(struct outside *outside, uint64_t id, uint64_t ready, uint64_t timers,
		uint64_t runs)
{
	outside->records_max += 2;
	outside_record(outside, AT_STATE, AT_END | AT_OUTSIDE, id, ready, timers, 0);
	if (runs && runs != id)
		outside_record(outside, AT_SWITCH, 0, runs, id, 0, 0);
	outside->records_max -= 2;
}

int outside_read_loop(struct outside *outside, const struct outside_loop *of, uint64_t waited_ns)
{
	uint64_t runs, ready;
	struct object loop;
	int err, slots;

	err = begin(outside, of, &loop);
	if (err)
		return err;
	/* The little things first: the rest may be more than is read. */
	runs = who_runs(outside, &loop, of->id);
	ready = callbacks_ready(outside, &loop);
	outside_record(outside, AT_STATE, AT_OUTSIDE, of->id, waited_ns,
		       target_thread_state(outside->target, of->thread), 0);
	err = read_tasks(outside, &loop);
	slots = read_slots(outside, &loop);
	if (!outside->reads_left || outside->count >= outside->records_max)
		err = -EMSGSIZE;
	end(outside, of->id, ready, object_word(&loop, outside->layout->loop_timers), runs);
	return err ? err : slots;
}
