/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every view makes of tests/golden/service.rec, a run of build/examples/service, and of its
 * first half, middle.rec: byte for byte what lies beside them. "make golden" writes down what they
 * make of it now: read the difference before you commit it.
 */
#include "scene.h"
#include <errno.h>
#include <tracer/formats/recording.h>

#define GOLDEN "tests/golden/"

/* The file, and what prints it; or writes it, if its name tells what is wanted. */
static struct golden {
	const char *name, *view;
	bool named;
	int status;
} goldens[] = {
	{ "service.timed", "timed", false, 0 },
	{ "service.columns.timed", "timed --columns task,time,where", false, 0 },
	{ "service.summary", "summary", false, 0 },
	{ "service.slow", "slow", false, 0 },
	{ "service.flame", "flame", false, 0 },
	{ "service.ready.flame", "flame --weight ready", false, 0 },
	{ "service.svg", "flame", true, 0 },
	{ "service.folded", "flame", true, 0 },
	{ "service.speedscope.json", "flame", true, 0 },
	{ "service.timeline.csv", "timeline", false, 0 },
	{ "middle.events.csv", "timeline --events", false, 0 },
	{ "middle.perfetto-trace", "timeline", true, 0 },
	{ "middle.chrome.json", "timeline", true, 0 },
	{ "service.cancel", "cancel", false, 0 },
	{ "service.check", "check", false, 3 },
	{ "service.tree", "tree", false, 0 },
	{ "middle.timed", "timed", false, 0 },
	{ "middle.summary", "summary", false, 0 },
	{ "middle.timeline.csv", "timeline", false, 0 },
	{ "middle.folded", "flame", true, 0 },
	{ "middle.tree", "tree", false, 0 },
	{ "middle.tree.csv", "tree --csv", false, 0 },
	{ "middle.check", "check", false, 3 },
};

enum { GOLDENS = sizeof(goldens) / sizeof(*goldens) };

static char *read_file(const char *path, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *bytes;

	if (fd < 0)
		fail_msg("%s: %s", path, strerror(errno));
	bytes = read_whole(fd);
	*size = lseek(fd, 0, SEEK_END);
	close(fd);
	return bytes;
}

/* What the view makes of the recording. The caller frees it. */
static char *view(struct scene *scene, const struct golden *golden, size_t *size)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/%s", scene->folder, golden->name);
	program_start(&scene->tracer, "build/asynctrace %s -i " GOLDEN "%.*s.rec%s%s", golden->view,
		      (int)strcspn(golden->name, "."), golden->name, golden->named ? " -o " : "",
		      golden->named ? path : "");
	program_wait(&scene->tracer);
	assert_string_equal(scene->tracer.err, "");
	assert_int_equal(scene->tracer.status, golden->status);
	if (golden->named)
		return read_file(path, size);
	*size = strlen(scene->tracer.out);
	return strdup(scene->tracer.out);
}

/* Where the first difference is, for texts of any length. */
static void assert_same(const char *path, const char *made, size_t made_size, const char *expected,
			size_t size)
{
	size_t i, line = 1, begin = 0;

	for (i = 0; i < made_size && i < size && made[i] == expected[i]; i++) {
		if (made[i] == '\n') {
			line++;
			begin = i + 1;
		}
	}
	if (i < made_size || i < size)
		fail_msg("%s:%zu: expected\n%.*s\nand not\n%.*s", path, line,
			 (int)strcspn(expected + begin, "\n"), expected + begin,
			 (int)strcspn(made + begin, "\n"), made + begin);
}

static void write_file(const char *path, const char *bytes, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_int_equal(write(fd, bytes, size), size);
	close(fd);
}

/* The first half of the records, as if the tracer had left then. */
static int write_middle(void **state)
{
	struct at_event *events, detach;
	struct recording *recording;
	struct scene scene = { 0 };
	size_t count;

	(void)state;
	if (!getenv("GOLDEN_WRITE"))
		return 0;
	events = read_records(&scene, GOLDEN "service.rec", &count);
	detach = events[count - 1];
	detach.time_ns = events[count / 2 - 1].time_ns;
	if (recording_create(&recording, GOLDEN "middle.rec"))
		return -1;
	recording_write(recording, events, count / 2);
	recording_write(recording, &detach, 1);
	free(scene.events);
	return recording_close(recording) || chmod(GOLDEN "middle.rec", 0644);
}

static void view__makes_what_it_made(void **state)
{
	const struct golden *golden = *state;
	size_t made_size, size;
	struct scene *scene;
	char *made, *expected, path[64];

	scene_setup((void **)&scene);
	*state = scene;
	snprintf(path, sizeof(path), GOLDEN "%s", golden->name);
	made = view(scene, golden, &made_size);
	if (getenv("GOLDEN_WRITE")) {
		write_file(path, made, made_size);
	} else {
		expected = read_file(path, &size);
		assert_same(path, made, made_size, expected, size);
		free(expected);
	}
	free(made);
}

int main(void)
{
	struct CMUnitTest tests[GOLDENS];
	char names[GOLDENS][64];
	size_t i;

	setenv("COLUMNS", "100", 1);
	setenv("LC_ALL", "C.UTF-8", 1);
	setenv("NO_COLOR", "1", 1);
	for (i = 0; i < GOLDENS; i++) {
		snprintf(names[i], sizeof(names[i]), "%s__is_what_it_was", goldens[i].name);
		tests[i] = (struct CMUnitTest){
			.name = names[i],
			.test_func = view__makes_what_it_made,
			.teardown_func = scene_teardown,
			.initial_state = &goldens[i],
		};
	}
	return cmocka_run_group_tests_name("golden", tests, write_middle, NULL);
}
