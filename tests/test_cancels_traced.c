/* SPDX-License-Identifier: BSD-2-Clause */
/* Cancellations of a real program: each with its fate, live as replayed. */
#include "scene.h"

/* The lines without their times, and what follows them without its durations. */
static void assert_lines(const char *text)
{
	static const char *const lines[] = {
		"  cancelled  Task-2 (obey), by Task-1 (async_main) at tests/programs/cancels.c:",
		"  swallowed  Task-3 (resist), by Task-1 (async_main) at tests/programs/cancels.c:",
		", returned 7\n",
		"  cancelled  Task-4 (gather_all), by Task-1 (async_main) at ",
		"  passed on  `- gather 1\n",
		"  cancelled     |- Task-5 (work): it had not begun\n",
		"  cancelled     `- ... and 10 more (work), all within ",
		"  cancelled  Task-36 (hide), by Task-1 (async_main) at ",
		"  shielded   `- shield 1: Task-35 (obey) goes on\n",
		"  cancelled  Task-35 (obey), by Task-1 (async_main) at ",
		"  refused    Task-37, by Task-1 (async_main) at ",
		"  cancelled  Task-38 (ask_himself), by Task-38 (ask_himself) at ",
		"  timed out  Task-39 (limited), through timeout ",
		"  timed out  Task-1 (async_main), through wait_for ",
		"  cancelled  `- Task-40 (obey)\n",
		"  swallowed  Task-41 (limited_in_vain), through timeout ",
		", and did not time out\n",
		"  withdrawn  Task-42 (go_on), by Task-1 (async_main) at ",
		"  passed on  future 1, by Task-1 (async_main) at ",
		"  cancelled  `- Task-43 (awaits)\n",
		"  cancelled  Task-44 (work), by the end of async_run() at tests/programs/cancels.c:",
		"45 requests: 38 cancelled, 2 swallowed, 2 timed out, 1 shielded, 1 refused, "
		"0 too late, 1 withdrawn (2 passed on)\n",
	};
	const char *from = text;
	size_t i;

	for (i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		from = strstr(from, lines[i]);
		if (!from)
			fail_msg("\"%s\" is not, or not in its place, in:\n%s", lines[i], text);
	}
}

static void every_fate__is_told(void **state)
{
	struct scene *scene = *state;
	char *live;
	int fd;

	setenv("LC_ALL", "C", 1);
	program_start(&scene->tracer,
		      "build/asynctrace cancel -o %s/live -w %s/recording -- "
		      "build/tests/programs/cancels",
		      scene->folder, scene->folder);
	program_wait(&scene->tracer);
	assert_string_equal(scene->tracer.err, "");
	assert_int_equal(scene->tracer.status, 0);
	fd = open(scene_path(scene, "live"), O_RDONLY | O_CLOEXEC);
	live = read_whole(fd);
	close(fd);
	assert_lines(live);

	program_start(&scene->other, "build/asynctrace cancel -i %s/recording", scene->folder);
	program_wait(&scene->other);
	assert_string_equal(scene->other.out, live);
	free(live);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE_TEST(every_fate__is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
