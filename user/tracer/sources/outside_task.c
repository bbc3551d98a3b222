/* SPDX-License-Identifier: BSD-2-Clause */
/* One task: what it is, the coroutines that it is in, and what it awaits. */
#include "outside_internal.h"
#include <errno.h>
#include <stdlib.h>

static uint64_t place_of(struct outside *outside, const struct object *task)
{
	const struct at_layout *layout = outside->layout;
	size_t future = layout->task_future;
	uint64_t place = object_word(task, future + layout->future_place), first = 0;

	if (!task->bytes[future + layout->future_has_origin])
		return place;
	outside_copy(outside, place + layout->origin_place, &first, sizeof(first));
	return first;
}

static void begin(struct outside *outside, const struct object *coroutine)
{
	const struct at_layout *layout = outside->layout;
	uint64_t number = object_word(coroutine, layout->coroutine_number);
	uint64_t body =
		outside_function(outside, object_word(coroutine, layout->coroutine_function));
	uint64_t arguments[AT_ARGUMENTS_MAX];

	if (!number)
		number = outside_number(outside, AT_COROUTINE, coroutine->address);
	memcpy(arguments, coroutine->bytes + layout->coroutine_arguments, sizeof(arguments));
	outside_record(outside, AT_ARGUMENTS, 0, arguments[2], arguments[3], arguments[4],
		       arguments[5]);
	outside_record(outside, AT_COROUTINE_BEGIN, AT_EXISTING, AT_ID(AT_COROUTINE, number), body,
		       arguments[0], arguments[1]);
}

/* The innermost is known; listeners want the outermost first. */
static int coroutines(struct outside *outside, uint64_t innermost)
{
	const struct at_layout *layout = outside->layout;
	uint64_t chain[CHAIN_MAX], address = innermost;
	struct object coroutine;
	size_t count = 0;
	int err = 0;

	for (; address; count++) {
		/* In a circle, who goes half as fast is met again. */
		if (count == CHAIN_MAX || (count && address == chain[count / 2]))
			err = -EAGAIN;
		else
			err = outside_object(outside, &coroutine, address, layout->coroutine_size);
		if (err)
			break;
		chain[count] = address;
		address = object_word(&coroutine, layout->coroutine_awaiter);
	}
	while (count--) {
		if (!outside_object(outside, &coroutine, chain[count], layout->coroutine_size))
			begin(outside, &coroutine);
	}
	return err;
}

/* Who holds the lock that is awaited by this future. */
static void holder(struct outside *outside, uint64_t lock, uint64_t future)
{
	const struct at_layout *layout = outside->layout;
	uint64_t number;
	struct object turn;

	if (outside_object(outside, &turn, future, layout->turn_size) ||
	    outside_copy(outside, object_word(&turn, layout->turn_waiting) + layout->waiting_holder,
			 &number, sizeof(number)))
		return;
	outside_record(outside, AT_DEPENDS, AT_HOLDER, lock, number ? AT_ID(AT_TASK, number) : 0, 0,
		       0);
}

int outside_task(struct outside *outside, const struct object *task)
{
	const struct at_layout *layout = outside->layout;
	uint64_t id =
		AT_ID(AT_TASK, object_word(task, layout->task_future + layout->future_number));
	uint64_t awaits = object_word(task, layout->task_awaits), awaited = 0;
	uint64_t name = object_word(task, layout->task_name), function = 0;
	struct object coroutine;
	bool pending = false;
	int err;

	err = outside_object(outside, &coroutine, object_word(task, layout->task_coroutine),
			     layout->coroutine_size);
	if (!err)
		function = outside_function(outside,
					    object_word(&coroutine, layout->coroutine_function));
	outside_record(outside, AT_TASK_CREATE, AT_EXISTING, id, function, 0,
		       place_of(outside, task));
	if (name) {
		outside_text(outside, name);
		outside_record(outside, AT_TASK_NAME, 0, id, 0, 0, 0);
	}
	if (!err)
		err = coroutines(outside, object_word(task, layout->task_innermost));
	if (awaits)
		awaited = outside_future(outside, awaits, &pending);
	if (pending && AT_ID_TYPE(awaited) == AT_LOCK)
		holder(outside, awaited, awaits);
	outside_record(outside, AT_SWITCH, AT_EXISTING | (pending ? 0 : AT_YIELDED), 0, id,
		       pending ? awaited : 0, 0);
	return err;
}
