/* SPDX-License-Identifier: BSD-2-Clause */
/* Events. Who was woken has seen the event, even if it is cleared before he runs. */
#include "waiting.h"
#include <errno.h>
#include <stdlib.h>

struct async_event {
	bool set;
	struct waiting waiting;
};

struct async_event *async_event_new(void)
{
	struct async_event *event = malloc(sizeof(*event));

	if (!event)
		return NULL;
	event->set = false;
	async__waiting_init(&event->waiting, AT_EVENT, async__number_of(AT_EVENT));
	return event;
}

void async_event_free(struct async_event *event)
{
	if (event)
		async__waiting_free(&event->waiting);
	free(event);
}

int64_t async_event_wait(struct async_event *event)
{
	int64_t err = async__waiting_allowed(event);
	bool woken;

	if (err || event->set)
		return err;
	return async__waiting_wait(&event->waiting, &woken);
}

void async_event_set(struct async_event *event)
{
	if (!event)
		return;
	event->set = true;
	async__waiting_wake(&event->waiting, SIZE_MAX);
}

void async_event_clear(struct async_event *event)
{
	if (event)
		event->set = false;
}

bool async_event_is_set(const struct async_event *event)
{
	return event && event->set;
}
