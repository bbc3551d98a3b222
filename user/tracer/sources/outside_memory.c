/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading a stranger's memory with care: addresses lead where they like, lists need not end, and a
 * description need not describe.
 */
#include "memory.h"
#include "outside_internal.h"
#include <errno.h>

#define PAGE 4096

int outside_copy(struct outside *outside, uint64_t address, void *to, size_t size)
{
	if (!outside->reads_left)
		return -EMSGSIZE;
	outside->reads_left--;
	return memory_read(outside->memory, address, to, size);
}

int outside_object(struct outside *outside, struct object *ret, uint64_t address, size_t size)
{
	if (!address || address % sizeof(uint64_t) || size > sizeof(ret->bytes))
		return -EFAULT;
	ret->address = address;
	return outside_copy(outside, address, ret->bytes, size);
}

size_t outside_string(struct outside *outside, uint64_t address, char *to, size_t size)
{
	size_t length = 0, piece;
	const char *end = NULL;

	while (length < size && !end) {
		piece = PAGE - (address + length) % PAGE;
		if (piece > size - length)
			piece = size - length;
		if (outside_copy(outside, address + length, to + length, piece))
			break;
		end = memchr(to + length, '\0', piece);
		length += piece;
	}
	return end ? (size_t)(end - to) : length;
}

int outside_walk(struct outside *outside, struct walk *walk, struct object *ret)
{
	int err;

	if (walk->node == walk->head)
		return 0;
	if (walk->count == LIST_MAX || outside->count >= outside->records_max)
		return -EMSGSIZE;
	if (walk->node == walk->mark)
		return -EAGAIN;
	err = outside_object(outside, ret, walk->node - walk->link, walk->size);
	if (err)
		return err == -EMSGSIZE ? err : -EAGAIN;
	if (walk->count++ == walk->marked) {
		walk->mark = walk->node;
		walk->marked = 2 * walk->count;
	}
	walk->node = object_word(ret, walk->link);
	return 1;
}

struct field {
	size_t offset, width, size; /* of the object: 0 if its own address is enough */
};

static bool fits(const struct field *field)
{
	return field->size <= OBJECT_MAX && field->offset + field->width <= field->size;
}

bool outside_layout_is_sane(const struct at_layout *l)
{
	const struct field fields[] = {
		{ l->loop_link, 8, l->loop_size },
		{ l->loop_number, 8, l->loop_size },
		{ l->loop_thread, 4, l->loop_size },
		{ l->loop_tasks, 8, l->loop_size },
		{ l->loop_slots, 8, l->loop_size },
		{ l->loop_current, 8, l->loop_size },
		{ l->loop_timers, 8, l->loop_size },
		{ l->loop_ready, 8, l->loop_size },
		{ l->loop_mask, 8, l->loop_size },
		{ l->loop_head, 8, l->loop_size },
		{ l->loop_tail, 8, l->loop_size },
		{ l->loop_mailbox, 8, l->loop_size },
		{ l->task_link, 8, l->task_size },
		{ l->task_future, l->future_size, l->task_size },
		{ l->task_name, 8, l->task_size },
		{ l->task_innermost, 8, l->task_size },
		{ l->task_coroutine, 8, l->task_size },
		{ l->task_awaits, 8, l->task_size },
		{ l->coroutine_number, 8, l->coroutine_size },
		{ l->coroutine_awaiter, 8, l->coroutine_size },
		{ l->coroutine_function, 8, l->coroutine_size },
		{ l->coroutine_arguments, 8 * AT_ARGUMENTS_MAX, l->coroutine_size },
		{ l->function_name, 8, l->function_size },
		{ l->function_file, 8, l->function_size },
		{ l->function_line, 4, l->function_size },
		{ l->function_types, 8, l->function_size },
		{ l->function_body, 8, l->function_size },
		{ l->future_type, 1, l->future_size },
		{ l->future_state, 1, l->future_size },
		{ l->future_number, 8, l->future_size },
		{ l->future_place, 8, l->future_size },
		{ l->future_has_origin, 1, l->future_size },
		{ l->turn_waiting, 8, l->turn_size },
		{ l->slot_link, 8, l->slot_size },
		{ l->slot_serial, 8, l->slot_size },
		{ l->slot_callback, 8, l->slot_size },
		{ l->slot_done, 8, l->slot_size },
		{ l->slot_depends, 1, l->slot_size },
		{ l->slot_future, 8, l->slot_size },
		{ l->slot_owned, 8, l->slot_size },
	};
	size_t i;

	for (i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		if (!fits(&fields[i]))
			return false;
	}
	return true;
}
