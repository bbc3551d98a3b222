/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What lasted from one moment to another, told when it is over. Who woke a task is not in the
 * records: it is who ran at the moment in which the task became ready.
 */
#include "model_internal.h"

/* What was dropped and left no hole is missing at the end, of whom is not known. */
static bool is_torn(const struct model *model, const struct thread *thread, bool open)
{
	if (open && model->totals.dropped > model->totals.lost)
		return true;
	return thread && thread->in_doubt;
}

void interval_tell_task(const struct model *model, const struct task *task, uint64_t next,
			bool open)
{
	static const enum model_kind kinds[] = {
		[MODEL_AWAITING] = MODEL_AWAIT,
		[MODEL_READY] = MODEL_QUEUE,
		[MODEL_RUNNING] = MODEL_STEP,
	};
	const struct model_task *pub = &task->pub;
	struct model_interval interval = {
		.kind = kinds[pub->state],
		.id = pub->id,
		.process = pub->process,
		.thread = pub->thread,
		.begin_ns = pub->since_ns,
		.end_ns = task->settled_ns,
		.existing = task->first && pub->existing,
		.open = open,
		.torn = is_torn(model, task->thread, open),
		.task = pub,
		.function = pub->function,
		.awaits = pub->awaits,
		.next = next,
		.woken_by = task->woken_by,
		.woken_ns = task->woken_ns,
	};

	/* No time in the queue, or nothing known yet. */
	if (interval.begin_ns == interval.end_ns &&
	    (pub->state == MODEL_READY || task->first || open))
		return;
	if (task->thread && task->thread->loop) {
		interval.loop = &task->thread->loop->pub;
		interval.iteration = interval.loop->iterations;
	}
	model->listener.interval(model->view, &interval);
}

void interval_of_creation(const struct model *model, const struct task *task, uint64_t begin_ns,
			  uint64_t end_ns)
{
	const struct model_interval interval = {
		.kind = MODEL_QUEUE,
		.id = task->pub.id,
		.process = task->pub.process,
		.thread = task->pub.thread,
		.begin_ns = begin_ns,
		.end_ns = end_ns,
		.task = &task->pub,
		.function = task->pub.function,
		.woken_by = task->pub.creator,
		.woken_ns = begin_ns,
	};

	if (model->listener.interval)
		model->listener.interval(model->view, &interval);
}

void interval_tell_step(struct model *model, const struct thread *thread, uint64_t now_ns,
			bool open)
{
	bool callback = AT_ID_TYPE(thread->step) == AT_CALLBACK;
	struct model_interval interval = {
		.kind = callback ? MODEL_CALLBACK : MODEL_IDLE,
		.id = thread->step,
		.process = thread->key.process,
		.thread = thread->key.id,
		.begin_ns = thread->step_ns,
		.end_ns = now_ns,
		.open = open,
		.torn = is_torn(model, thread, open),
	};

	if (now_ns < thread->step_ns)
		return;
	if (!callback && AT_ID_TYPE(thread->step) != AT_LOOP)
		return;
	if (callback)
		interval.function =
			model_function(model, thread->key.process, thread->step & AT_ID_NUMBER);
	if (thread->loop) {
		interval.loop = &thread->loop->pub;
		interval.iteration = interval.loop->iterations;
	}
	model->listener.interval(model->view, &interval);
}

void interval_of_job(const struct model *model, const struct thread *thread, uint64_t now_ns,
		     int64_t result, bool open)
{
	const struct model_interval interval = {
		.kind = MODEL_JOB,
		.id = thread->job,
		.process = thread->key.process,
		.thread = thread->job_runner,
		.begin_ns = thread->job_ns,
		.end_ns = now_ns > thread->job_ns ? now_ns : thread->job_ns,
		.open = open,
		.torn = is_torn(model, NULL, open),
		.function = thread->job_function,
		.result = result,
	};

	if (model->listener.interval)
		model->listener.interval(model->view, &interval);
}

static struct step *step_at(struct steps *steps, uint32_t index)
{
	return &steps->ring[index % steps->size];
}

static size_t steps_bytes(uint32_t size)
{
	return sizeof(struct steps) + size * sizeof(struct step);
}

/* Without memory or room it stays as it is. */
static void grow(struct model *model, struct thread *thread)
{
	uint32_t size = thread->steps ? 2 * thread->steps->size : STEPS_MIN, i;
	struct steps *before = thread->steps, *steps;

	if (model->kept + steps_bytes(size) > model->limits.bytes)
		return;
	steps = calloc(1, steps_bytes(size));
	if (!steps)
		return;
	model->kept += steps_bytes(size);
	steps->size = size;
	if (before) {
		steps->count = before->count;
		steps->oldest = before->oldest;
		for (i = before->oldest; i != before->count; i++)
			*step_at(steps, i) = *step_at(before, i);
	}
	interval_free_steps(model, thread);
	thread->steps = steps;
}

void interval_add_step(struct model *model, struct thread *thread, uint64_t id, uint64_t now_ns)
{
	struct steps *steps = thread->steps;

	if (!steps || (steps->count - steps->oldest == steps->size && steps->size < STEPS_MAX))
		grow(model, thread);
	steps = thread->steps;
	if (!steps)
		return;
	*step_at(steps, steps->count++) = (struct step){ .begin_ns = now_ns, .id = id };
	if (steps->count - steps->oldest > steps->size)
		steps->oldest = steps->count - steps->size;
}

void interval_free_steps(struct model *model, struct thread *thread)
{
	if (thread->steps)
		model_drop(model, steps_bytes(thread->steps->size));
	free(thread->steps);
	thread->steps = NULL;
}

void interval_end_step(struct thread *thread, uint64_t now_ns)
{
	struct steps *steps = thread->steps;

	if (steps && steps->count != steps->oldest)
		step_at(steps, steps->count - 1)->end_ns = now_ns;
}

void interval_forget_steps(struct thread *thread)
{
	if (thread->steps)
		thread->steps->oldest = thread->steps->count;
}

/*
 * The last step that began before, the one at hand aside, or null: by halves, for a crowded loop's
 * tasks wait for long.
 */
static const struct step *find_step(struct steps *steps, uint64_t ready_ns)
{
	uint32_t before = 0, after, middle;

	if (!steps || steps->count == steps->oldest)
		return NULL;
	after = steps->count - steps->oldest - 1;
	while (before < after) {
		middle = (before + after) / 2;
		if (step_at(steps, steps->oldest + middle)->begin_ns <= ready_ns)
			before = middle + 1;
		else
			after = middle;
	}
	return before ? step_at(steps, steps->oldest + before - 1) : NULL;
}

/* A task that ends wakes others when its step is over: that is told of the step's last ns. */
void interval_find_waker(const struct thread *thread, struct task *task, uint64_t ready_ns)
{
	const struct step *step = find_step(thread->steps, ready_ns);
	uint64_t end_ns = step ? step->end_ns : 0;

	task->woken_by = step ? step->id : 0;
	task->woken_ns = ready_ns;
	if (end_ns && ready_ns >= end_ns)
		task->woken_ns = end_ns - (end_ns > step->begin_ns);
}
