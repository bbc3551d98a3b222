/* SPDX-License-Identifier: BSD-2-Clause */
/* What a run's exit status tells: the view's findings count if nothing has failed. */
#include "scene.h"
#include <tracer/formats/recording.h>
#include <tracer/session.h>
#include <tracer/views/view.h>

static int find_something(void *state, const struct model *model)
{
	(void)state;
	(void)model;
	return 3;
}

static int find_nothing(void *state, const struct model *model)
{
	(void)state;
	(void)model;
	return 0;
}

static const struct view finds = { .finish = find_something };
static const struct view finds_nothing = { .finish = find_nothing };

/*
 * Of the recording, or of the command if there is one: in a child, for a run gives up all rights.
 * Breakpoints in what valgrind runs kill it: there it is by a ring.
 */
static int status_of(struct scene *scene, const struct view *view, char **command)
{
	const struct options options = {
		.view = view,
		.input = command ? NULL : scene_path(scene, "recording"),
		.command = command,
		.source = getenv("SESSION_BY_RING") ? OPTIONS_SOURCE_RING : OPTIONS_SOURCE_AUTO,
		.buffer = 1 << 20,
	};
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (!pid)
		_exit(session_run(&options));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* Whole, or without its end. */
static void write_recording(struct scene *scene, bool whole)
{
	const struct at_event events[] = {
		{ .kind = AT_LOOP_START,
		  .thread = 1,
		  .sequence = 1,
		  .process = 1,
		  .subject = AT_ID(AT_LOOP, 1) },
		{ .kind = AT_DETACH },
	};
	struct recording *recording;

	assert_int_equal(recording_create(&recording, scene_path(scene, "recording")), 0);
	assert_int_equal(recording_write(recording, events, whole ? 2 : 1), 0);
	assert_int_equal(recording_close(recording), 0);
}

static void status__of_a_file(void **state)
{
	struct scene *scene = *state;

	write_recording(scene, true);
	assert_int_equal(status_of(scene, &finds_nothing, NULL), 0);
	assert_int_equal(status_of(scene, &finds, NULL), 3);
	/* Who was not shown all cannot count on the findings. */
	write_recording(scene, false);
	assert_int_equal(status_of(scene, &finds_nothing, NULL), 1);
	assert_int_equal(status_of(scene, &finds, NULL), 1);
}

static void status__of_a_command(void **state)
{
	static char works[] = "build/examples/await_coroutine";
	static char fails[] = "build/examples/echo_client_streams";
	char *working[] = { works, NULL }, *failing[] = { fails, NULL };
	struct scene *scene = *state;

	assert_int_equal(status_of(scene, &finds_nothing, working), 0);
	assert_int_equal(status_of(scene, &finds, working), 3);
	assert_int_equal(status_of(scene, &finds_nothing, failing), 1);
	assert_int_equal(status_of(scene, &finds, failing), 1);
}

/* A mistyped name looks like an idle program otherwise. */
static void filter__that_nothing_matches_is_told(void **state)
{
	static const char command[] = "build/asynctrace %s --filter %s -i tests/golden/service.rec";
	static const char *const views[] = { "timed", "summary", "slow", "flame", "timeline" };
	struct scene *scene = *state;
	size_t i;

	for (i = 0; i < sizeof(views) / sizeof(*views); i++) {
		program_start(&scene->tracer, command, views[i], "wrok");
		program_wait(&scene->tracer);
		assert_non_null(strstr(scene->tracer.err, "nothing matches"));
		program_free(&scene->tracer);
		program_start(&scene->tracer, command, views[i], "work");
		program_wait(&scene->tracer);
		assert_string_equal(scene->tracer.err, "");
		program_free(&scene->tracer);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE_TEST(status__of_a_file),
		SCENE_TEST(status__of_a_command),
		SCENE_TEST(filter__that_nothing_matches_is_told),
	};

	return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}
