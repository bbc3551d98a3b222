/* SPDX-License-Identifier: BSD-2-Clause */
/* Jobs of real programs, traced: in batches and one by one, live and replayed. */
#include "scene.h"

enum { JOBS = 6, WORKERS = 3 };

/* What was recorded of each job. */
struct job {
	uint64_t id, function, runner;
	uint32_t thread;
	int begins, ends;
	bool given; /* before it began */
	int64_t result;
};

static struct job *job_of(struct job jobs[JOBS], const struct at_event *event)
{
	size_t i;

	for (i = 0; i < JOBS; i++) {
		if (!jobs[i].id || jobs[i].id == event->subject) {
			jobs[i].id = event->subject;
			return &jobs[i];
		}
	}
	fail_msg("there are more jobs than were given");
	return NULL;
}

static void read_jobs(struct scene *scene, struct job jobs[JOBS])
{
	size_t count, i;
	struct at_event *events = read_records(scene, scene_path(scene, "jobs"), &count);

	for (i = 0; i < count; i++) {
		const struct at_event *event = &events[i];
		struct job *job;

		if (event->kind != AT_JOB_BEGIN && event->kind != AT_JOB_END)
			continue;
		job = job_of(jobs, event);
		assert_int_equal(AT_ID_TYPE(job->id), AT_JOB);
		if (event->kind == AT_JOB_BEGIN) {
			job->begins++;
			job->function = event->a;
			job->runner = event->b;
			job->given = event->c && event->c <= event->time_ns;
			job->thread = event->thread;
		} else {
			job->ends++;
			job->result = event->a;
			assert_int_equal(event->thread, job->thread);
		}
	}
}

/* The tracer has given the function at that address its name, before the first job begins. */
static bool is_named(struct scene *scene, uint64_t address, const char *name)
{
	size_t count, i;
	struct at_event *events = read_records(scene, scene_path(scene, "jobs"), &count);

	for (i = 0; i < count && events[i].kind != AT_JOB_BEGIN; i++) {
		const struct at_event *text = &events[i];

		if (text->kind != AT_FUNCTION || text->thread || text->subject != address)
			continue;
		while (text > events && text[-1].kind == AT_TEXT && !text[-1].thread)
			text--;
		return !strncmp((const char *)&text->subject, name, AT_TEXT_PIECE);
	}
	return false;
}

static size_t count_runners(const struct job jobs[JOBS])
{
	size_t count = 0, i, j;

	for (i = 0; i < JOBS; i++) {
		for (j = 0; j < i && jobs[j].runner != jobs[i].runner; j++)
			;
		count += j == i;
	}
	return count;
}

static void record(struct scene *scene, const char *probes, const char *example)
{
	if (!strcmp(probes, "direct"))
		NEED_BPF();
	program_start(&scene->tracer,
		      "build/asynctrace summary --probes %s -w %s/jobs -o %s/live -- "
		      "build/examples/%s",
		      probes, scene->folder, scene->folder, example);
	program_wait(&scene->tracer);
	assert_int_equal(scene->tracer.status, 0);
}

/* Replayed, it prints what it printed live. */
static void assert_replay(struct scene *scene, const char *line)
{
	int fd = open(scene_path(scene, "live"), O_RDONLY | O_CLOEXEC);
	char *live = read_whole(fd);

	close(fd);
	program_start(&scene->other, "build/asynctrace summary -i %s", scene_path(scene, "jobs"));
	program_wait(&scene->other);
	assert_string_equal(scene->other.out, live);
	free(live);
	assert_non_null(strstr(scene->other.out, line));
}

static void assert_threads_traced(struct scene *scene, const char *probes)
{
	struct job jobs[JOBS] = { { 0 } };
	size_t i;

	record(scene, probes, "executor_threads");
	read_jobs(scene, jobs);
	for (i = 0; i < JOBS; i++) {
		assert_int_equal(jobs[i].begins, 1);
		assert_int_equal(jobs[i].ends, 1);
		assert_int_equal(jobs[i].runner, jobs[i].thread);
		assert_int_equal(jobs[i].function, jobs[0].function);
		assert_true(jobs[i].given);
	}
	assert_int_equal(count_runners(jobs), WORKERS);
	assert_true(is_named(scene, jobs[0].function, "blocks"));
	assert_replay(scene, "\njobs: 6 run on 3 threads, 6 done, 0 failed\n");
}

static void threads__in_batches(void **state)
{
	assert_threads_traced(*state, "batch");
}

static void threads__one_by_one(void **state)
{
	assert_threads_traced(*state, "direct");
}

static void assert_processes_traced(struct scene *scene, const char *probes)
{
	struct job jobs[JOBS] = { { 0 } };
	size_t i;

	record(scene, probes, "executor_processes");
	read_jobs(scene, jobs);
	for (i = 0; i < JOBS; i++) {
		assert_int_equal(jobs[i].begins, 1);
		assert_int_equal(jobs[i].ends, 1);
		assert_int_equal(jobs[i].result, sizeof(int));
		assert_int_not_equal(jobs[i].runner, jobs[i].thread);
	}
	assert_int_equal(count_runners(jobs), WORKERS);
	assert_replay(scene, "\njobs: 6 run in 3 processes, 6 done, 0 failed\n");
}

static void processes__in_batches(void **state)
{
	assert_processes_traced(*state, "batch");
}

static void processes__one_by_one(void **state)
{
	assert_processes_traced(*state, "direct");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE_TEST(threads__in_batches),
		SCENE_TEST(threads__one_by_one),
		SCENE_TEST(processes__in_batches),
		SCENE_TEST(processes__one_by_one),
	};

	return cmocka_run_group_tests_name("jobs_traced", tests, NULL, NULL);
}
