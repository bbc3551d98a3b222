/* SPDX-License-Identifier: BSD-2-Clause */
#include "bounds.h"
#include "order.h"
#include <base/clock.h>
#include <errno.h>
#include <events.h>
#include <stdlib.h>
#include <time.h>

static uint64_t wall_clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

struct at_event bounds_event(enum at_kind kind, pid_t pid)
{
	return (struct at_event){
		.time_ns = clock_ns(),
		.kind = kind,
		.process = pid,
		.subject = wall_clock_ns(),
	};
}

/* What stands at the end and began before what precedes it: how much was left out; or null. */
static const struct at_event *counts_of(const struct at_event *events, size_t count)
{
	const struct at_event *last;

	if (count < 2)
		return NULL;
	last = events + count - 1;
	return last->kind == AT_SHED && last->time_ns < last[-1].time_ns ? last : NULL;
}

int bounds_add(struct order *order, uint64_t end_ns, uint32_t thread, const struct at_event *events,
	       size_t count, bool again)
{
	const struct at_event *counts = counts_of(events, count);
	struct at_event shed;
	int err = 0;

	if (counts)
		count--;
	while (count && events[count - 1].time_ns > end_ns)
		count--;
	if (count)
		err = order_add(order, thread, events, count, again);
	if (err || !counts || counts->time_ns > end_ns)
		return err;
	shed = *counts;
	/* In place of what is later, so that there is no hole before. */
	shed.sequence = events[count].sequence;
	if (count && shed.time_ns < events[count - 1].time_ns)
		shed.time_ns = events[count - 1].time_ns;
	return order_add(order, thread, &shed, 1, again);
}

static bool lost_its_end(const struct order *order, const struct tail *tail)
{
	uint32_t last;

	if (!tail->thread)
		return false;
	return !order_last(order, tail->thread, &last) || order_after(tail->sequence, last);
}

int bounds_last(struct at_event **ret, const struct order *order, const struct tail *tails,
		size_t count, const struct at_event *detach)
{
	struct at_event *last = calloc(count + 1, sizeof(*last));
	const struct tail *tail;
	int written = 0;

	if (!last)
		return -ENOMEM;
	for (tail = tails; tail < tails + count; tail++) {
		if (!lost_its_end(order, tail))
			continue;
		last[written].time_ns = detach->time_ns;
		last[written].kind = AT_LOST;
		last[written].thread = tail->stated;
		last[written].process = tail->process;
		last[written++].sequence = tail->sequence;
	}
	last[written++] = *detach;
	*ret = last;
	return written;
}
