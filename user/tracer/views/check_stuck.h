/* SPDX-License-Identifier: BSD-2-Clause */
/* Tasks that wait for what nobody can end. */
#ifndef TRACER_VIEWS_CHECK_STUCK_H
#define TRACER_VIEWS_CHECK_STUCK_H

#include "findings.h"

/* A loop that sleeps at the end of the stream. */
struct sleeping_loop {
	const struct model_loop *loop;
	bool tasks_only; /* it watches nothing but what its tasks await */
	bool one_thread; /* nobody else is there to wake it */
};

/*
 * Looks at the tasks that are alive, of a stream of which nothing is missing. 0 or -ENOMEM.
 */
int check_stuck(struct findings *findings, const struct model *model,
		const struct sleeping_loop *loops, size_t count);

#endif
