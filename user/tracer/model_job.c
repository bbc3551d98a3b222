/* SPDX-License-Identifier: BSD-2-Clause */
/* Jobs of executors: they are counted, and so is who runs them. */
#include "model_internal.h"
#include <errno.h>

int job_begin_record(struct model *model, struct thread *thread, const struct at_event *event)
{
	struct model_totals *totals = &model->totals;

	thread->job = event->subject;
	thread->job_ns = event->time_ns;
	thread->job_function = model_function(model, event->process, event->a);
	if (!thread->job_function)
		return -ENOMEM;
	totals->jobs++;
	if (event->b == thread->job_runner)
		return 0;
	thread->job_runner = event->b;
	if (event->b == thread->key.id)
		totals->job_threads++;
	else
		totals->job_processes++;
	return 0;
}

void job_end_record(struct model *model, struct thread *thread, const struct at_event *event)
{
	if (thread->job != event->subject)
		return;
	interval_of_job(model, thread, event->time_ns, event->a, false);
	thread->job = 0;
	model->totals.jobs_done++;
	model->totals.jobs_failed += (int64_t)event->a < 0;
}
