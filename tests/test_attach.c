/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * asynctrace comes to a process that runs already, sees what it was doing, and leaves no trace
 * behind.
 */
#include "scene.h"

static void churn__is_summed_up(void **state)
{
	struct scene *scene = *state;
	struct totals totals;

	NEED_BPF();
	program_start(&scene->target, "build/examples/churn 20");
	UNTIL(scene->target.pid && sleeps(scene->target.pid));
	program_start(&scene->tracer, "build/asynctrace summary -p %d --duration 1",
		      scene->target.pid);
	totals = finish_whole(&scene->tracer);
	assert_true(totals.existed > 0);
	assert_true(totals.created > 0);
	assert_true(totals.records > totals.created);
	assert_non_null(strstr(scene->tracer.out, " async_main\n"));
	assert_non_null(strstr(scene->tracer.out, " work\n"));
	assert_non_null(strstr(scene->tracer.out, " sleep_shortly\n"));
	assert_untouched(scene->target.pid);
}

/* While it is traced it is not as it was: that nothing is seen later must mean something. */
static void attached__shows_in_the_target(void **state)
{
	static const char *const probes[] = { "batch", "direct" };
	struct scene *scene = *state;
	char options[32];
	pid_t pid;

	NEED_BPF();
	program_start(&scene->target, "build/examples/churn 20");
	pid = scene->target.pid;
	UNTIL(sleeps(pid));
	assert_untouched(pid);
	for (int direct = 0; direct < 2; direct++) {
		snprintf(options, sizeof(options), "--probes %s", probes[direct]);
		start_summary(scene, &scene->tracer, probes[direct], options);
		assert_int_equal(breakpoints_of(pid), direct ? AT_KINDS_END : 2);
		assert_int_equal(listeners_of(pid), direct ? (AT_KINDS_END - 1) << 16 : 1);
		kill(scene->tracer.pid, SIGTERM);
		finish_whole(&scene->tracer);
		assert_untouched(pid);
		program_free(&scene->tracer);
	}
}

/* What the program "writer" has in its shared memory. */
struct writer {
	uint64_t rounds, sequence;
};

static void detached__costs_no_record(void **state)
{
	struct scene *scene = *state;
	volatile struct writer *writer = scene_share(scene);
	uint64_t sequence, rounds;

	NEED_BPF();
	program_start(&scene->target, "build/tests/programs/writer %s",
		      scene_path(scene, "shared"));
	UNTIL(writer->rounds > 100);
	assert_int_equal(writer->sequence, 0);

	start_summary(scene, &scene->tracer, "recording", "");
	assert_true(writer->sequence > 0);
	end_summary(&scene->tracer);

	rounds = writer->rounds;
	UNTIL(writer->rounds > rounds + 1);
	sequence = writer->sequence;
	rounds = writer->rounds;
	UNTIL(writer->rounds > rounds + 1000);
	assert_int_equal(writer->sequence, sequence);
	assert_untouched(scene->target.pid);
}

/* Nothing will ever happen in it: what is known of it is what it told when it was woken. */
static void idle__is_known_at_once(void **state)
{
	struct scene *scene = *state;
	struct totals totals;

	NEED_BPF();
	program_start(&scene->target, "build/tests/programs/idle");
	UNTIL(sleeps(scene->target.pid));
	start_summary(scene, &scene->tracer, "recording", "");
	totals = end_summary(&scene->tracer);
	assert_int_equal(totals.existed, 4);
	assert_int_equal(totals.created, 0);
	assert_int_equal(totals.done, 0);
	assert_non_null(strstr(scene->tracer.out, " idle_main\n"));
	assert_non_null(strstr(scene->tracer.out, "       3      0         0      3 "));
	assert_non_null(strstr(scene->tracer.out, " wait_for_ever\n"));
	assert_untouched(scene->target.pid);
}

/*
 * A tracer that goes while the loop sleeps leaves no trace in it; the next one must be heard all
 * the same.
 */
static void idle__is_known_to_the_next_tracer(void **state)
{
	static const char *const recordings[] = { "first", "second", "third" };
	struct scene *scene = *state;
	struct totals totals;
	int i, tracers = slowness() > 1 ? 2 : 3;

	NEED_BPF();
	program_start(&scene->target, "build/tests/programs/idle");
	UNTIL(sleeps(scene->target.pid));
	for (i = 0; i < tracers; i++) {
		start_summary(scene, &scene->tracer, recordings[i], "");
		totals = end_summary(&scene->tracer);
		assert_int_equal(totals.existed, 4);
		program_free(&scene->tracer);
	}
}

/* The records of one thread, without those of the tracer, follow each other without a hole. */
static struct at_event *read_contiguous(struct scene *scene, const char *path, size_t *count)
{
	struct at_event *events = read_records(scene, path, count);
	size_t all = *count, i;

	assert_true(all > 2);
	for (i = 0; events[i].kind != AT_ATTACH; i++)
		assert_int_equal(events[i].thread, 0);
	assert_int_equal(events[all - 1].kind, AT_DETACH);
	for (i = *count = 0; i < all; i++) {
		if (events[i].thread)
			events[(*count)++] = events[i];
	}
	for (i = 1; i < *count; i++)
		assert_int_equal(events[i].sequence, events[i - 1].sequence + 1);
	return events;
}

/* What both tracers saw is the same; the second one came after the first and left after it. */
static void assert_overlap(struct scene *scene, const char *first, const char *second)
{
	size_t first_count, second_count, skipped, common;
	struct at_event *events, *others;

	events = read_contiguous(scene, first, &first_count);
	scene->events = NULL;
	others = read_contiguous(scene, second, &second_count);
	assert_true(others[0].sequence > events[0].sequence);
	skipped = others[0].sequence - events[0].sequence;
	assert_true(skipped < first_count);
	common = first_count - skipped;
	assert_true(common < second_count);
	assert_memory_equal(events + skipped, others, common * sizeof(*events));
	free(events);
}

static void two_tracers__see_the_same_and_leave_one_by_one(void **state)
{
	struct scene *scene = *state;
	char first[64], second[64];
	off_t size;
	pid_t pid;

	NEED_BPF();
	strcpy(first, scene_path(scene, "first"));
	strcpy(second, scene_path(scene, "second"));
	program_start(&scene->target, "build/examples/churn 20");
	pid = scene->target.pid;
	UNTIL(sleeps(pid));
	start_summary(scene, &scene->tracer, "first", "");
	start_summary(scene, &scene->other, "second", "");
	size = file_size(first);
	UNTIL(file_size(first) > size);

	assert_true(end_summary(&scene->tracer).existed > 0);
	assert_true(listeners_of(pid) > 0);
	assert_true(breakpoints_of(pid) > 0);

	size = file_size(second);
	UNTIL(file_size(second) > size + 1000);
	assert_true(end_summary(&scene->other).existed > 0);
	assert_untouched(pid);
	assert_overlap(scene, first, second);
}

/* The kernel does not tell the target of a second listener at the same site; we must. */
static void second_tracer__knows_what_exists(void **state)
{
	static const char *const probes[] = { "--probes batch", "--probes direct" };
	struct scene *scene = *state;
	/* Where that takes long, only both in the same way. */
	int step = slowness() > 1 ? 3 : 1;

	NEED_BPF();
	program_start(&scene->target, "build/tests/programs/idle");
	UNTIL(sleeps(scene->target.pid));
	for (int i = 0; i < 4; i += step) {
		start_summary(scene, &scene->tracer, "first", probes[i / 2]);
		start_summary(scene, &scene->other, "second", probes[i % 2]);
		assert_int_equal(end_summary(&scene->other).existed, 4);
		assert_int_equal(end_summary(&scene->tracer).existed, 4);
		assert_non_null(strstr(scene->tracer.out, "       3      0         0      3 "));
		assert_untouched(scene->target.pid);
		program_free(&scene->tracer);
		program_free(&scene->other);
		unlink(scene_path(scene, "first"));
		unlink(scene_path(scene, "second"));
	}
}

static void one_tracer_too_many__is_refused(void **state)
{
	struct scene *scene = *state;
	struct program third = { 0 };

	NEED_BPF();
	program_start(&scene->target, "build/tests/programs/idle");
	UNTIL(sleeps(scene->target.pid));
	start_summary(scene, &scene->tracer, "first", "--probes direct");
	start_summary(scene, &scene->other, "second", "--probes direct");
	program_start(&third, "build/asynctrace timed --probes direct -p %d", scene->target.pid);
	program_wait(&third);
	assert_non_null(strstr(third.err, ": too many tracers listen to it already: end one of "
					  "them\n"));
	assert_int_equal(third.status, 1);
	program_free(&third);
	end_summary(&scene->tracer);
	end_summary(&scene->other);
	assert_untouched(scene->target.pid);
}

static void interrupt__shows_what_was_seen(void **state)
{
	struct scene *scene = *state;

	NEED_BPF();
	program_start(&scene->target, "build/examples/churn 20");
	UNTIL(sleeps(scene->target.pid));
	start_summary(scene, &scene->tracer, "recording", "");
	assert_true(end_summary(&scene->tracer).records > 0);
	assert_untouched(scene->target.pid);
}

/* As `asynctrace timed … | head -1` does, while the target goes on. */
static void reader_that_leaves__ends_it_quietly(void **state)
{
	static const char script[] =
		"{ build/asynctrace timed -p $1; echo status $? >&2; } | head -1";
	struct scene *scene = *state;
	int fd;

	NEED_BPF();
	fd = creat(scene_path(scene, "script"), 0600);
	assert_int_equal(write(fd, script, strlen(script)), strlen(script));
	close(fd);
	program_start(&scene->target, "build/examples/churn 20");
	UNTIL(sleeps(scene->target.pid));
	program_start(&scene->tracer, "sh %s %d", scene->path, scene->target.pid);
	program_wait(&scene->tracer);
	/* Besides the line that tells the cost. */
	assert_int_equal(strncmp(scene->tracer.err, "asynctrace: tracing took ", 25), 0);
	assert_string_equal(strchr(scene->tracer.err, '\n') + 1, "status 0\n");
	assert_ptr_equal(strchr(scene->tracer.out, '\n'), strrchr(scene->tracer.out, '\n'));
	assert_non_null(strstr(scene->tracer.out, " <function "));
	assert_untouched(scene->target.pid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE_TEST(churn__is_summed_up),
		SCENE_TEST(attached__shows_in_the_target),
		SCENE_TEST(detached__costs_no_record),
		SCENE_TEST(idle__is_known_at_once),
		SCENE_TEST(idle__is_known_to_the_next_tracer),
		SCENE_TEST(two_tracers__see_the_same_and_leave_one_by_one),
		SCENE_TEST(second_tracer__knows_what_exists),
		SCENE_TEST(one_tracer_too_many__is_refused),
		SCENE_TEST(interrupt__shows_what_was_seen),
		SCENE_TEST(reader_that_leaves__ends_it_quietly),
	};

	return cmocka_run_group_tests_name("attach", tests, NULL, NULL);
}
