/* SPDX-License-Identifier: BSD-2-Clause */
/* Jobs of executors: they are counted, and so is who runs them. */
#include "model_internal.h"

void job_begin_record(struct model *model, struct thread *thread, const struct at_event *event)
{
	struct model_totals *totals = &model->totals;

	thread->job = event->subject;
	totals->jobs++;
	if (event->b == thread->job_runner)
		return;
	thread->job_runner = event->b;
	if (event->b == thread->key.id)
		totals->job_threads++;
	else
		totals->job_processes++;
}

void job_end_record(struct model *model, struct thread *thread, const struct at_event *event)
{
	if (thread->job != event->subject)
		return;
	thread->job = 0;
	model->totals.jobs_done++;
	model->totals.jobs_failed += (int64_t)event->a < 0;
}
