/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Jobs in the model: they come from threads without a loop, and some of their records are missing.
 */
#include "events.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define FUNCTION     0x3000
#define JOB(number)  AT_ID(AT_JOB, number)
#define KERNEL_ID(s) (100 + (s)->thread)

struct scene {
	struct model *model;
	struct stream stream;
};

static int setup(void **state)
{
	static const struct model_listener nobody;
	struct scene *scene = calloc(1, sizeof(*scene));

	scene->model = model_new(&nobody, NULL);
	scene->stream.now_ns = 1000;
	*state = scene;
	return 0;
}

static int teardown(void **state)
{
	struct scene *scene = *state;

	model_free(scene->model);
	stream_free(&scene->stream);
	free(scene);
	return 0;
}

static void job_begin(struct stream *s, unsigned int job)
{
	push(s, AT_JOB_BEGIN, 0, JOB(job), FUNCTION, KERNEL_ID(s), s->now_ns - 10);
}

static void job_end(struct stream *s, unsigned int job, int64_t result)
{
	s->now_ns += 100;
	push(s, AT_JOB_END, 0, JOB(job), result, 0, 0);
}

static const struct model_totals *totals_of(struct scene *scene)
{
	feed(scene->model, &scene->stream);
	return model_totals(scene->model);
}

static void assert_jobs(struct scene *scene, uint64_t jobs, uint64_t done, uint64_t failed,
			uint64_t threads)
{
	const struct model_totals *totals = totals_of(scene);

	assert_int_equal(totals->jobs, jobs);
	assert_int_equal(totals->jobs_done, done);
	assert_int_equal(totals->jobs_failed, failed);
	assert_int_equal(totals->job_threads, threads);
}

static void job__of_a_thread_without_a_loop(void **state)
{
	struct scene *scene = *state;
	struct stream *s = &scene->stream;

	s->thread = 1;
	job_begin(s, 1);
	job_end(s, 1, 5);
	assert_jobs(scene, 1, 1, 0, 1);
	assert_int_equal(model_totals(scene->model)->records, 2);
	assert_null(model_loops(scene->model));
	model_finish(scene->model);
}

static void job__threads_are_counted_once(void **state)
{
	struct scene *scene = *state;
	struct stream *s = &scene->stream;
	unsigned int i;

	loop_start(s);
	for (i = 0; i < 6; i++) {
		s->thread = 1 + i % 3;
		job_begin(s, i + 1);
		job_end(s, i + 1, i == 4 ? -EIO : 0);
	}
	assert_jobs(scene, 6, 6, 1, 3);
	assert_int_equal(model_totals(scene->model)->job_processes, 0);
	assert_int_equal(model_totals(scene->model)->lost, 0);
}

static void job__in_a_process(void **state)
{
	struct scene *scene = *state;
	struct stream *s = &scene->stream;
	unsigned int i;

	s->thread = 1;
	for (i = 1; i <= 4; i++) {
		/* The first worker dies of its second job. */
		push(s, AT_JOB_BEGIN, 0, JOB(i), FUNCTION, i <= 2 ? 777 : 888, 0);
		job_end(s, i, i == 2 ? -ECHILD : 0);
	}
	assert_jobs(scene, 4, 4, 1, 0);
	assert_int_equal(model_totals(scene->model)->job_processes, 2);
}

/* The listener came while it ran. */
static void job__end_without_a_begin(void **state)
{
	struct scene *scene = *state;
	struct stream *s = &scene->stream;

	s->thread = 1;
	job_end(s, 1, 0);
	assert_jobs(scene, 0, 0, 0, 0);
	assert_int_equal(model_totals(scene->model)->records, 0);
	job_begin(s, 2);
	job_end(s, 2, 0);
	assert_jobs(scene, 1, 1, 0, 1);
	assert_int_equal(model_totals(scene->model)->lost, 0);
}

static void job__of_another_thread_ends_nothing(void **state)
{
	struct scene *scene = *state;
	struct stream *s = &scene->stream;

	s->thread = 1;
	job_begin(s, 1);
	s->thread = 2;
	job_begin(s, 2);
	job_end(s, 1, 0);
	assert_jobs(scene, 2, 0, 0, 2);
}

static void job__lost_records_are_counted(void **state)
{
	struct scene *scene = *state;
	struct stream *s = &scene->stream;

	s->thread = 1;
	job_begin(s, 1);
	job_end(s, 1, 0);
	job_begin(s, 2);
	lose(s, 2);
	job_end(s, 2, 0);
	assert_jobs(scene, 1, 0, 0, 1);
	assert_int_equal(model_totals(scene->model)->lost, 2);
}

static void job__that_runs_a_loop(void **state)
{
	struct scene *scene = *state;
	struct stream *s = &scene->stream;

	s->thread = 1;
	job_begin(s, 1);
	loop_start(s);
	push(s, AT_TASK_CREATE, 0, TASK(1), FUNCTION, 0, 0);
	change(s, TASK(1), LOOP(1), 0, 0);
	push(s, AT_TASK_DONE, 0, TASK(1), 0, 0, 0);
	change(s, LOOP(1), TASK(1), AT_ENDED, 0);
	push(s, AT_LOOP_STOP, 0, LOOP(1), 0, 0, 0);
	job_end(s, 1, 0);
	assert_jobs(scene, 1, 1, 0, 1);
	assert_int_equal(model_totals(scene->model)->tasks_done, 1);
}

static void job__thread_number_is_given_to_another(void **state)
{
	struct scene *scene = *state;
	struct stream *s = &scene->stream;

	s->thread = 1;
	job_begin(s, 1);
	s->now_ns += 100;
	s->sequences[1] = 0;
	job_begin(s, 2);
	job_end(s, 1, 0);
	job_end(s, 2, 0);
	assert_jobs(scene, 2, 1, 0, 2);
	assert_int_equal(model_totals(scene->model)->lost, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(job__of_a_thread_without_a_loop),
		TEST(job__threads_are_counted_once),
		TEST(job__in_a_process),
		TEST(job__end_without_a_begin),
		TEST(job__of_another_thread_ends_nothing),
		TEST(job__lost_records_are_counted),
		TEST(job__that_runs_a_loop),
		TEST(job__thread_number_is_given_to_another),
	};

	return cmocka_run_group_tests_name("model_jobs", tests, NULL, NULL);
}
