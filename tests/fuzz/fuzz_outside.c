/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A runtime whose memory is looked at from outside, and that is not what it should be: it begins as
 * a sane one, the input changes words of it before it is read, and again after each read. The
 * linker leads the reads to us: --wrap=memory_read.
 */
#include "fuzz.h"
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <tracer/sources/memory.h>
#include <tracer/sources/outside_internal.h>
#include <tracer/target.h>
#include <unistd.h>

enum {
	WORDS = 1024,
	OBJECT = 16, /* words: all objects have the same fields at the same places */
	READS = 2000,
	/* What is where, in words. */
	LISTENERS = 8,
	LAYOUT = 64,
	NUMBERS = 128,
	LOOPS = 192,
	FIRST = 256,
	LOOP = FIRST,
	TASK = LOOP + OBJECT,
	COROUTINE = TASK + OBJECT,
	FUNCTION = COROUTINE + OBJECT,
	FUTURE = FUNCTION + OBJECT,
	SLOT = FUTURE + OBJECT,
	RING = SLOT + OBJECT,
	NAME = RING + OBJECT,
};

static uint64_t words[WORDS];
static struct input changes;
static bool reading;

int __real_memory_read(int memory, uint64_t address, void *to, size_t size);
int __wrap_memory_read(int memory, uint64_t address, void *to, size_t size);

/* Two bytes are a place, one how, one what. */
static void change(void)
{
	uint16_t at = input_byte(&changes);
	uint8_t how, what;

	at |= input_byte(&changes) << 8;
	how = input_byte(&changes);
	what = input_byte(&changes);
	at %= WORDS;
	switch (how % 6) {
	case 0:
		words[at] = 8ULL * what;
		break;
	case 1:
		words[at] = 8ULL * (FIRST + what);
		break;
	case 2:
		words[at] = what;
		break;
	case 3:
		((uint8_t *)&words[at])[how / 6 % 8] = what;
		break;
	case 4:
		words[at] = -(uint64_t)what;
		break;
	default:
		words[at] += 8 * (int8_t)what;
	}
}

int __wrap_memory_read(int memory, uint64_t address, void *to, size_t size)
{
	if (!reading)
		return __real_memory_read(memory, address, to, size);
	if (address > sizeof(words) || size > sizeof(words) - address)
		return -EFAULT;
	memcpy(to, (const char *)words + address, size);
	if (changes.size)
		change();
	return 0;
}

#define AT(word) (8 * (word))

static const struct at_layout sane = {
	.magic = AT_LAYOUT_MAGIC,
	.version = AT_LAYOUT_VERSION,
	.size = sizeof(struct at_layout),
	.loops = AT(LOOPS),
	.last_numbers = AT(NUMBERS),
	.loop_size = AT(OBJECT),
	.task_size = AT(OBJECT),
	.coroutine_size = AT(OBJECT),
	.function_size = AT(OBJECT),
	.future_size = AT(5),
	.slot_size = AT(OBJECT),
	.turn_size = AT(2),
	.loop_number = AT(3),
	.loop_thread = AT(4),
	.loop_tasks = AT(1),
	.loop_slots = AT(2),
	.loop_current = AT(5),
	.loop_timers = AT(6),
	.loop_ready = AT(7),
	.loop_mask = AT(8),
	.loop_head = AT(9),
	.loop_tail = AT(10),
	.loop_mailbox = AT(11),
	.task_future = AT(1),
	.task_name = AT(6),
	.task_innermost = AT(7),
	.task_coroutine = AT(8),
	.task_awaits = AT(9),
	.coroutine_awaiter = AT(1),
	.coroutine_function = AT(2),
	.coroutine_arguments = AT(3),
	.function_file = AT(1),
	.function_line = AT(2),
	.function_types = AT(3),
	.function_body = AT(4),
	.future_type = AT(0),
	.future_state = AT(1),
	.future_number = AT(2),
	.future_place = AT(3),
	.future_has_origin = AT(4),
	.turn_waiting = AT(1),
	.slot_serial = AT(1),
	.slot_callback = AT(2),
	.slot_done = AT(3),
	.slot_depends = AT(4),
	.slot_future = AT(5),
	.slot_owned = AT(6),
};

/* One loop, whose task awaits a lock; a callback is ready. */
static void make_sane(void)
{
	const struct at_listeners listeners = { .wakeup = -1, .layout = AT(LAYOUT) };

	memset(words, 0, sizeof(words));
	memcpy(&words[LISTENERS], &listeners, sizeof(listeners));
	memcpy(&words[LAYOUT], &sane, sizeof(sane));
	words[LOOPS] = AT(LOOP);
	words[LOOP] = AT(LOOPS);
	words[LOOP + 1] = AT(TASK);
	words[LOOP + 2] = AT(SLOT);
	words[LOOP + 3] = words[LOOP + 4] = 1;
	words[LOOP + 7] = AT(RING);
	words[LOOP + 10] = 1;
	words[LOOP + 11] = AT(RING + 1);
	words[TASK] = AT(LOOP + 1);
	words[TASK + 1] = AT_TASK;
	words[TASK + 3] = 1;
	words[TASK + 6] = AT(NAME);
	words[TASK + 7] = words[TASK + 8] = AT(COROUTINE);
	words[TASK + 9] = AT(FUTURE);
	words[COROUTINE + 2] = AT(FUNCTION);
	words[FUNCTION] = words[FUNCTION + 1] = AT(NAME);
	words[FUNCTION + 4] = 0x1000;
	words[FUTURE] = AT_LOCK;
	words[FUTURE + 1] = AT(FUTURE);
	words[SLOT] = AT(LOOP + 2);
	words[SLOT + 1] = words[SLOT + 4] = 1;
	words[SLOT + 5] = AT(TASK + 1);
	words[SLOT + 6] = AT(FUTURE);
	words[RING] = AT(SLOT) + 1;
	memcpy(&words[NAME], "name", 5);
}

static void read_all(struct outside *outside)
{
	struct outside_loop loops[4];
	struct outside_result result;
	int count, i;

	outside->reads_left = READS;
	outside->records_max = READS;
	count = outside_loops(outside, loops, 4);
	for (i = 0; i < count; i++) {
		if (outside_read(outside, &loops[i], 1000, &result))
			continue;
		if (result.count > READS + 2)
			abort();
	}
}

FUZZ(outside)
{
	static const struct target target = { .stated = 1, .proc = -1 };
	const uint64_t listeners[] = { AT(LISTENERS), AT(LISTENERS) };
	struct outside *outside;
	uint8_t before, i;
	const char *why;

	changes = (struct input){ .data = data, .size = size };
	before = input_byte(&changes);
	make_sane();
	for (i = 0; i < before % 32; i++)
		change();
	reading = true;
	if (!outside_open(&outside, dup(0), &target, listeners, 1 + before / 128, &why)) {
		read_all(outside);
		outside_free(outside);
	}
	reading = false;
	return 0;
}
