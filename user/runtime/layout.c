/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a tracer finds what a loop is doing that does not answer: see event.h. */
#include "waiting.h"

#define AT(type, member)     .type##_##member = offsetof(struct async_##type, member)
#define SLOT(member)	     .slot_##member = offsetof(struct slot, member)
#define OFFSET(type, member) offsetof(struct type, member)

_Static_assert(offsetof(struct list, next) == 0, "a node begins with the address of the next");
_Static_assert(sizeof(size_t) == 8 && sizeof(uintptr_t) == 8, "numbers have 64 bits");
_Static_assert(PENDING == 0, "what is not done has the state 0");

extern const struct at_layout async__layout __attribute__((visibility("hidden")));

const struct at_layout async__layout = {
	.magic = AT_LAYOUT_MAGIC,
	.version = AT_LAYOUT_VERSION,
	.size = sizeof(struct at_layout),
	.loops = (uintptr_t)&async__loops,
	.last_numbers = (uintptr_t)async__last_numbers,

	.loop_size = sizeof(struct async_loop),
	.task_size = sizeof(struct async_task),
	.coroutine_size = sizeof(struct async_coroutine),
	.function_size = sizeof(struct async_function),
	.future_size = sizeof(struct async_future),
	.slot_size = sizeof(struct slot),

	AT(loop, link),
	AT(loop, number),
	AT(loop, thread),
	AT(loop, tasks),
	AT(loop, slots),
	AT(loop, current),
	.loop_timers = OFFSET(async_loop, timers.count),
	AT(loop, ready),
	AT(loop, mask),
	AT(loop, head),
	AT(loop, tail),
	AT(loop, mailbox),
	.mailbox_sleeping = OFFSET(mailbox, sleeping),

	AT(task, link),
	AT(task, future),
	AT(task, name),
	AT(task, innermost),
	AT(task, coroutine),
	AT(task, awaits),

	AT(coroutine, number),
	AT(coroutine, awaiter),
	AT(coroutine, function),
	AT(coroutine, arguments),

	AT(function, name),
	AT(function, file),
	AT(function, line),
	AT(function, types),
	AT(function, body),

	AT(future, type),
	AT(future, state),
	AT(future, number),
	AT(future, place),
	AT(future, has_origin),
	.origin_place = OFFSET(origin, places),

	.turn_size = sizeof(struct turn),
	.turn_waiting = OFFSET(turn, waiting) - OFFSET(turn, future),
	.waiting_holder = (int)OFFSET(async_lock, holder) - (int)OFFSET(async_lock, waiting),

	SLOT(link),
	SLOT(serial),
	SLOT(callback),
	SLOT(done),
	SLOT(depends),
	SLOT(future),
	SLOT(owned),
};
