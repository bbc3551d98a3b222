/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Targets come in many shapes: stripped, static, with libasync as a library, started by another
 * program, deleted meanwhile, with many threads, with children. And some cannot be traced, which
 * must be said.
 */
#include "programs/forker.h"
#include "scene.h"
#include <elf.h>

static const char *const shapes[] = { "", "-stripped", "-static", "-static-pie", "-shared" };

#define SHAPES (sizeof(shapes) / sizeof(*shapes))

/* Where all of them take long, those that differ most. */
#define STEP  (slowness() > 1 ? 2 : 1)
#define FIRST STEP

/* The same story, whatever shape it has. */
static void launched__in_any_shape(void **state)
{
	struct scene *scene = *state;
	size_t i;

	program_start(&scene->other, "build/asynctrace timed -- build/tests/programs/story");
	program_wait(&scene->other);
	assert_int_equal(scene->other.status, 0);
	assert_non_null(strstr(scene->other.err, "finished <function story_main at 0x"));
	for (i = FIRST; i < SHAPES; i += STEP) {
		program_start(&scene->tracer,
			      "build/asynctrace timed -- build/tests/programs/story%s", shapes[i]);
		program_wait(&scene->tracer);
		assert_int_equal(scene->tracer.status, 0);
		assert_same_but_numbers(scene->tracer.err, scene->other.err);
		program_free(&scene->tracer);
	}
	program_start(&scene->tracer,
		      "build/asynctrace timed -- env A=1 build/tests/programs/story");
	program_wait(&scene->tracer);
	assert_int_equal(scene->tracer.status, 0);
	assert_same_but_numbers(scene->tracer.err, scene->other.err);
}

static void assert_idle_is_seen(struct scene *scene)
{
	struct totals totals;

	start_summary(scene, &scene->tracer, "recording", "");
	totals = end_summary(&scene->tracer);
	assert_int_equal(totals.existed, 4);
	assert_non_null(strstr(scene->tracer.out, " wait_for_ever\n"));
	assert_untouched(scene->target.pid);
	program_free(&scene->tracer);
	unlink(scene_path(scene, "recording"));
}

static void running__in_any_shape(void **state)
{
	struct scene *scene = *state;
	size_t i;

	NEED_BPF();
	for (i = FIRST; i < SHAPES; i += STEP) {
		program_start(&scene->target, "build/tests/programs/idle%s", shapes[i]);
		UNTIL(sleeps(scene->target.pid));
		assert_idle_is_seen(scene);
		program_free(&scene->target);
	}
}

static void deleted__is_traced(void **state)
{
	struct scene *scene = *state;

	NEED_BPF();
	copy_file("build/tests/programs/idle", scene_path(scene, "idle"));
	program_start(&scene->target, "%s", scene->path);
	UNTIL(sleeps(scene->target.pid));
	assert_int_equal(unlink(scene->path), 0);
	assert_idle_is_seen(scene);
}

static void four_loops__lose_nothing_and_keep_the_order_of_time(void **state)
{
	struct scene *scene = *state;
	double before = 0, time;
	char recording[64], name[32];
	bool ordered = true;
	const char *line;
	int begun = 0;

	strcpy(recording, scene_path(scene, "recording"));
	program_start(
		&scene->tracer,
		"build/asynctrace timed --columns time -w %s -- build/tests/programs/four_loops 100",
		recording);
	program_wait(&scene->tracer);
	assert_int_equal(scene->tracer.status, 0);
	for (line = scene->tracer.err; *line; line = strchr(line, '\n') + 1) {
		if (sscanf(line, "%lf", &time) != 1)
			fail_msg("%s", line);
		if (time < before && slowness() == 1)
			fail_msg("%f comes after %f", time, before);
		ordered &= time >= before;
		before = time;
		begun += sscanf(line, "%*f starting <function %31s at ", name) == 1 &&
			 !strcmp(name, "nap");
	}
	assert_int_equal(begun, 4 * 5 * 100);

	program_start(&scene->other, "build/asynctrace summary -i %s", recording);
	assert_int_equal(finish_whole(&scene->other).done, 4 * 6);
	for (int i = 1; i <= 4; i++) {
		char loop[16];

		snprintf(loop, sizeof(loop), "loop %d (", i);
		assert_non_null(strstr(scene->other.out, loop));
	}
	NEED(ordered, "a machine that lets no thread stand for longer than the tracer waits");
}

/* --- Children --- */

/* Has the process fork and its child work while they are traced. Both are unharmed. */
static void trace_forker(struct scene *scene, const char *options)
{
	volatile struct forker *forker = scene_share(scene);
	uint64_t parent, child;

	program_start(&scene->target, "build/tests/programs/forker %s/shared", scene->folder);
	UNTIL(forker->parent_ticks > 10);
	start_summary(scene, &scene->tracer, "recording", options);
	forker->fork = 1;
	UNTIL(forker->child);
	parent = forker->parent_ticks;
	child = forker->child_ticks;
	UNTIL(forker->parent_ticks > parent + 100 && forker->child_ticks > child + 100);
	kill(scene->tracer.pid, SIGINT);
	program_wait(&scene->tracer);
	assert_int_equal(scene->tracer.status, 0);
	assert_int_equal(read_totals(scene->tracer.out).lost, 0);

	parent = forker->parent_ticks;
	child = forker->child_ticks;
	UNTIL(forker->parent_ticks > parent + 100 && forker->child_ticks > child + 100);
	assert_untouched(scene->target.pid);
	assert_untouched(forker->child);
	forker->end = 1;
	program_wait(&scene->target);
	assert_int_equal(scene->target.status, 0);
}

static void forked_child__lives_and_is_counted(void **state)
{
	struct scene *scene = *state;

	NEED_BPF();
	trace_forker(scene, "");
	assert_non_null(strstr(scene->tracer.out, ", 1 forked children not traced\n"));
	assert_string_equal(scene->tracer.err, "asynctrace: children that were forked and not "
					       "traced: 1; --follow traces them\n");
	assert_non_null(strstr(scene->tracer.out, " tick\n"));
	assert_null(strstr(scene->tracer.out, " child_tick\n"));
}

static void forked_child__is_followed(void **state)
{
	struct scene *scene = *state;

	NEED_BPF();
	trace_forker(scene, "--follow");
	assert_string_equal(scene->tracer.err, "");
	assert_null(strstr(scene->tracer.out, "forked"));
	assert_non_null(strstr(scene->tracer.out, " tick\n"));
	assert_non_null(strstr(scene->tracer.out, " child_tick\n"));
}

/* --- What cannot be traced --- */

static void assert_cannot_trace(struct scene *scene, const char *reason)
{
	program_start(&scene->tracer, "build/asynctrace timed -w %s/recording -p %d", scene->folder,
		      scene->target.pid);
	program_wait(&scene->tracer);
	assert_int_equal(scene->tracer.status, 1);
	assert_string_equal(scene->tracer.out, "");
	assert_int_equal(strncmp(scene->tracer.err, "asynctrace: process ", 20), 0);
	assert_ptr_equal(strchr(scene->tracer.err, '\n'), strrchr(scene->tracer.err, '\n'));
	if (!strstr(scene->tracer.err, reason))
		fail_msg("'%s' does not say '%s'", scene->tracer.err, reason);
	assert_int_equal(file_size(scene_path(scene, "recording")), 0);
	program_free(&scene->tracer);
}

/* What was is told; nothing of it is taken for the program that it became. */
static void becomes_another__ends_the_trace(void **state)
{
	struct scene *scene = *state;
	struct totals totals;

	program_start(&scene->tracer, "build/asynctrace summary -- build/tests/programs/becomes");
	program_wait(&scene->tracer);
	assert_int_equal(scene->tracer.status, 0);
	totals = read_totals(scene->tracer.err);
	assert_int_equal(totals.created, 2);
	assert_int_equal(totals.done, 1);
	assert_int_equal(totals.lost, 0);
	assert_non_null(strstr(scene->tracer.err, " becomes_true\n"));
}

static void without_probes__says_what_to_do(void **state)
{
	struct scene *scene = *state;

	program_start(&scene->target, "sleep 30");
	UNTIL(sleeps_in(scene->target.pid) == SYS_clock_nanosleep);
	assert_cannot_trace(scene, "has no probes of asynctrace: it must be built with libasync or "
				   "asynctrace/probes.h");

	program_start(&scene->tracer, "build/asynctrace timed -w %s/recording -- true",
		      scene->folder);
	program_wait(&scene->tracer);
	assert_int_equal(scene->tracer.status, 1);
	assert_non_null(
		strstr(scene->tracer.err, "asynctrace: 'true': nothing was traced, for it "));
	assert_non_null(strstr(scene->tracer.err, "it has no probes"));
	assert_int_equal(scene_files(scene), 0);
}

/* As strip --strip-section-headers does. */
static void strip_section_headers(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	Elf64_Ehdr header;

	assert_int_equal(pread(fd, &header, sizeof(header), 0), sizeof(header));
	header.e_shoff = 0;
	header.e_shnum = header.e_shstrndx = header.e_shentsize = 0;
	assert_int_equal(pwrite(fd, &header, sizeof(header), 0), sizeof(header));
	close(fd);
}

static void without_section_headers__says_so(void **state)
{
	struct scene *scene = *state;

	copy_file("build/tests/programs/idle", scene_path(scene, "idle"));
	strip_section_headers(scene->path);
	program_start(&scene->target, "%s", scene->path);
	UNTIL(sleeps(scene->target.pid));
	assert_cannot_trace(scene, "not be stripped of its section headers");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE_TEST(launched__in_any_shape),
		SCENE_TEST(running__in_any_shape),
		SCENE_TEST(deleted__is_traced),
		SCENE_TEST(four_loops__lose_nothing_and_keep_the_order_of_time),
		SCENE_TEST(forked_child__lives_and_is_counted),
		SCENE_TEST(forked_child__is_followed),
		SCENE_TEST(becomes_another__ends_the_trace),
		SCENE_TEST(without_probes__says_what_to_do),
		SCENE_TEST(without_section_headers__says_so),
	};

	return cmocka_run_group_tests_name("shapes", tests, NULL, NULL);
}
