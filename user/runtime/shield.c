/* SPDX-License-Identifier: BSD-2-Clause */
/* Shielding: an outer future that follows the inner one, but whose cancellation ends there. */
#include "runtime.h"
#include <errno.h>
#include <stdlib.h>

/* Until the outer future is done, the callback of the inner one keeps both. */
struct shield {
	struct async_future future;
	struct async_future *inner;
	struct async_handle handle; /* of that callback */
};

static struct shield *shield_of(struct async_future *future)
{
	return container_of(future, struct shield, future);
}

static void free_shield(struct async_future *future)
{
	free(shield_of(future));
}

/* Nobody else hears of a failure of the inner future. */
static void report(struct async_future *inner, void *arg)
{
	int64_t result = async_future_result(inner);
	struct async_exception_context context = {
		.exception = result,
		.exception_message = inner->message,
		.future = inner,
	};
	const char *name = async__error_name(result);
	char *message = NULL;

	(void)arg;
	if (async_future_cancelled(inner) || result >= 0)
		return;
	if (asprintf(&message, "%s exception in shielded future", name ? name : "OSError") < 0)
		message = NULL;
	context.message = message;
	async_loop_call_exception_handler(inner->loop, &context);
	free(message);
}

static void on_done(struct async_future *inner, void *arg)
{
	struct async_future *outer = arg;

	if (outer->state == PENDING)
		async__future_end_as(outer, inner);
	async_future_unref(outer);
}

/*
 * The inner future keeps one callback that reports, however often it was shielded. Without memory
 * for that, nobody hears.
 */
static bool cancel_shield(struct async_future *outer, struct cancellation cancellation)
{
	struct shield *shield = shield_of(outer);
	struct async_future *inner = shield->inner;

	if (outer->state != PENDING)
		return false;
	if (at_listening())
		async__trace_cancel(outer, 0, cancellation);
	if (!inner->reports)
		inner->reports = !async_future_add_done_callback(inner, report, NULL);
	async_handle_cancel(shield->handle);
	async__future_finish(outer, CANCELLED, -ECANCELED);
	return true;
}

static struct async_future *shield_at(struct async_future *inner, uintptr_t place)
{
	struct shield *shield;

	/* With a result, nothing is left to be shielded. */
	if (async_future_done(inner))
		return inner;
	shield = malloc(sizeof(*shield));
	if (!shield)
		goto error;
	async__future_init(&shield->future, inner->loop, AT_SHIELD);
	shield->future.cancel = cancel_shield;
	shield->future.free = free_shield;
	shield->future.place.address = place;
	shield->inner = inner;
	shield->handle = async__future_depend(inner, on_done, &shield->future,
					      async_future_ref(&shield->future));
	if (!shield->handle.serial)
		goto error_shield;
	async_future_unref(inner);
	return &shield->future;

error_shield:
	async_future_unref(&shield->future);
error:
	async_future_unref(inner);
	return NULL;
}

struct async_future *async_shield_future(struct async_future *inner)
{
	return shield_at(inner, (uintptr_t)__builtin_return_address(0));
}

struct async_future *async_shield_task(struct async_task *inner)
{
	return shield_at(async_task_future(inner), (uintptr_t)__builtin_return_address(0));
}

struct async_future *async_shield_coroutine(struct async_coroutine *inner)
{
	uintptr_t place = (uintptr_t)__builtin_return_address(0);
	struct async_task *task = async__task_create(async__running, inner, place);

	return shield_at(async_task_future(task), place);
}
