/* SPDX-License-Identifier: BSD-2-Clause */
/* A clock that stands still while anything runs, and jumps to when a loop would sleep until. */
#ifndef TESTS_FAKE_CLOCK_H
#define TESTS_FAKE_CLOCK_H

#include <async.h>

static inline uint64_t fake_now(void *self)
{
	return *(uint64_t *)self;
}

static inline void fake_sleep_until(void *self, uint64_t when_ns)
{
	*(uint64_t *)self = when_ns;
}

/* Its `self` is the time, a uint64_t. */
static const struct async_clock fake_clock = { fake_now, fake_sleep_until };

#endif
