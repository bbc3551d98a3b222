/* SPDX-License-Identifier: BSD-2-Clause */
/* Mistakes of real programs are found from outside, and what is no mistake is left alone. */
#include "scene.h"

#define FOUND 3

#define TROUBLES "tests/programs/troubles.c"

/* Checks the program, which ends by itself. */
static const char *check_whole(struct scene *scene, const char *trouble, int status)
{
	int fd;

	program_start(&scene->tracer,
		      "build/asynctrace check -o %s/found -- build/tests/programs/troubles %s",
		      scene->folder, trouble);
	program_wait(&scene->tracer);
	assert_int_equal(scene->tracer.status, status);
	fd = open(scene_path(scene, "found"), O_RDONLY | O_CLOEXEC);
	free(scene->tracer.out);
	scene->tracer.out = read_whole(fd);
	close(fd);
	return scene->tracer.out;
}

/* Comes when the program waits for ever already. */
static const char *check_late(struct scene *scene, const char *trouble, int status)
{
	NEED_BPF();
	program_start(&scene->target, "build/tests/programs/troubles %s", trouble);
	UNTIL(sleeps(scene->target.pid));
	program_start(&scene->tracer, "build/asynctrace check -w %s/recording -p %d", scene->folder,
		      scene->target.pid);
	UNTIL(has_records(scene_path(scene, "recording")));
	kill(scene->tracer.pid, SIGTERM);
	program_wait(&scene->tracer);
	assert_string_equal(scene->tracer.err, "");
	assert_int_equal(scene->tracer.status, status);
	return scene->tracer.out;
}

static void assert_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("\"%s\" is not in:\n%s", part, text);
}

static void coroutine__is_forgotten(void **state)
{
	assert_has(check_whole(*state, "forgotten", FOUND),
		   "error: coroutine 'nap' was never awaited\n");
}

static void failure__is_not_retrieved(void **state)
{
	assert_has(check_whole(*state, "unretrieved", FOUND),
		   "error: Task exception was never retrieved\n");
}

static void task__wakes_itself(void **state)
{
	assert_has(check_whole(*state, "spin", FOUND),
		   "warning: Task-1 (spin) has woken itself for ");
}

static void task__never_yields(void **state)
{
	assert_has(check_whole(*state, "hog", FOUND),
		   "warning: Task-1 (hog) has never yielded (1.");
}

static void place__is_the_programs(void **state)
{
	const char *found = check_whole(*state, "spin looped", FOUND);

	if (strncmp(found, TROUBLES ":", strlen(TROUBLES ":")))
		fail_msg("not at its place:\n%s", found);
}

static void healthy__is_left_alone(void **state)
{
	assert_has(check_whole(*state, "healthy", 0), "nothing found in 2 tasks, ");
}

static void tasks__wait_for_each_other(void **state)
{
	assert_has(check_late(*state, "cycle", FOUND),
		   "Task-2 (wait_for_other) waits for Task-3 (wait_for_other), which waits for "
		   "Task-2 (wait_for_other)\n");
}

static void locks__are_taken_crosswise(void **state)
{
	assert_has(check_late(*state, "deadlock", FOUND),
		   ", held by Task-3 (take_both), which waits for lock ");
}

static void lock__was_never_released(void **state)
{
	assert_has(check_late(*state, "gone", FOUND),
		   " waits for lock 1, held by Task-2, which is gone\n");
}

static void event__is_never_set(void **state)
{
	assert_has(check_late(*state, "stuck", FOUND),
		   "error: nothing but a signal can wake loop 1 any more: Task-1 (stuck) waits for "
		   "gather 1, Task-2 (wait_for_event) waits for event 1, "
		   "Task-3 (wait_for_event) waits for event 1\n");
}

static void event__may_be_set_by_a_thread(void **state)
{
	assert_has(check_late(*state, "threaded", 0),
		   "note: nothing but a signal or another thread can wake loop 1 any more: ");
}

static void signal__may_come(void **state)
{
	assert_has(check_late(*state, "signalled", 0), "nothing found in 3 tasks, ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE_TEST(coroutine__is_forgotten),
		SCENE_TEST(failure__is_not_retrieved),
		SCENE_TEST(task__wakes_itself),
		SCENE_TEST(task__never_yields),
		SCENE_TEST(place__is_the_programs),
		SCENE_TEST(healthy__is_left_alone),
		SCENE_TEST(tasks__wait_for_each_other),
		SCENE_TEST(locks__are_taken_crosswise),
		SCENE_TEST(lock__was_never_released),
		SCENE_TEST(event__is_never_set),
		SCENE_TEST(event__may_be_set_by_a_thread),
		SCENE_TEST(signal__may_come),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
