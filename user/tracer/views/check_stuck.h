/* SPDX-License-Identifier: BSD-2-Clause */
/* Tasks that wait for what nobody can end. */
#ifndef TRACER_VIEWS_CHECK_STUCK_H
#define TRACER_VIEWS_CHECK_STUCK_H

#include "findings.h"

/* A loop, and how it was when it went to sleep last. */
struct sleeper {
	uint64_t id;
	uint32_t process;
	bool tasks_only;	       /* it watches nothing but what its tasks await */
	bool one_thread;	       /* nobody else is there to wake it */
	const struct model_loop *loop; /* null if it did not sleep at the end of the stream */
};

/*
 * Looks at the tasks that are alive, of a stream of which nothing is missing. 0 or -ENOMEM.
 */
int check_stuck(struct findings *findings, const struct model *model,
		const struct sleeper *sleepers, size_t count);

#endif
