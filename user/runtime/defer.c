/* SPDX-License-Identifier: BSD-2-Clause */
/* Cleanup that runs when a coroutine ends, last in first out. */
#include "runtime.h"
#include <errno.h>
#include <stdlib.h>

struct deferral {
	struct deferral *next;
	void (*function)(void *arg);
	void *arg;
};

int async_defer(void (*function)(void *arg), void *arg)
{
	struct async_task *task = current_task();
	struct async_coroutine *coroutine = task ? task->innermost : NULL;
	struct deferral *deferral;

	if (!function)
		return -EINVAL;
	if (!coroutine)
		return -EPERM;
	deferral = malloc(sizeof(*deferral));
	if (!deferral)
		return async__fail_plain(-ENOMEM);
	deferral->function = function;
	deferral->arg = arg;
	deferral->next = coroutine->deferred;
	coroutine->deferred = deferral;
	return 0;
}

/* What is deferred meanwhile is run as well. */
void async__run_deferred(struct async_coroutine *coroutine)
{
	struct deferral *deferral;

	while ((deferral = coroutine->deferred)) {
		void (*function)(void *arg) = deferral->function;
		void *arg = deferral->arg;

		coroutine->deferred = deferral->next;
		free(deferral);
		function(arg);
	}
}
