/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a file tells is what was seen: a view of a recorded run prints, byte for byte, what it
 * printed live. And both ways to trace, by batches and by the probe of each kind, see the same.
 */
#include "scene.h"

static const char *const commands[] = {
	"build/tests/programs/story",
	"build/examples/churn 10 0.5",
	"build/tests/programs/four_loops 100",
};

/* One run of the command by a view that keeps the records; what it printed is in "live". */
static void run_live(struct scene *scene, const char *view, const char *command)
{
	char recording[64], live[64];

	strcpy(recording, scene_path(scene, "recording"));
	strcpy(live, scene_path(scene, "live"));
	program_start(&scene->tracer, "build/asynctrace %s -w %s -o %s -- %s", view, recording,
		      live, command);
	program_wait(&scene->tracer);
	assert_string_equal(scene->tracer.err, "");
	assert_int_equal(scene->tracer.status, 0);
}

static void assert_replayed(struct scene *scene, const char *view)
{
	int fd = open(scene_path(scene, "live"), O_RDONLY | O_CLOEXEC);
	char *live = read_whole(fd);

	close(fd);
	program_start(&scene->other, "build/asynctrace %s -i %s", view,
		      scene_path(scene, "recording"));
	program_wait(&scene->other);
	assert_string_equal(scene->other.err, "");
	assert_int_equal(scene->other.status, 0);
	assert_true(strlen(live) > 500);
	assert_string_equal(scene->other.out, live);
	free(live);
}

static void replay(struct scene *scene, const char *view)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		run_live(scene, view, commands[i]);
		assert_replayed(scene, view);
		program_free(&scene->tracer);
		program_free(&scene->other);
	}
}

static void timed__is_replayed(void **state)
{
	replay(*state, "timed --columns task,time,where");
}

static void summary__is_replayed(void **state)
{
	replay(*state, "summary");
}

static void filtered__is_replayed(void **state)
{
	replay(*state, "summary --since 1us --min-duration 1us --filter *");
}

/* What a view says of the recording, added to the text. */
static void append_view(struct scene *scene, char *text, size_t size, const char *view)
{
	program_start(&scene->other, "build/asynctrace %s -i %s", view,
		      scene_path(scene, "recording"));
	program_wait(&scene->other);
	assert_int_equal(scene->other.status, 0);
	assert_true(strlen(text) + strlen(scene->other.out) + 2 < size);
	strcat(strcat(text, text[0] ? "\n" : ""), scene->other.out);
	program_free(&scene->other);
}

static void attach__says_what_its_parts_say(void **state)
{
	static char parts[1 << 20];
	struct scene *scene = *state;

	parts[0] = '\0';
	run_live(scene, "attach", commands[0]);
	append_view(scene, parts, sizeof(parts), "timed");
	append_view(scene, parts, sizeof(parts), "summary");
	append_view(scene, parts, sizeof(parts), "flame");
	program_start(&scene->other, "build/asynctrace attach -i %s", scene->path);
	program_wait(&scene->other);
	assert_string_equal(scene->other.out, parts);
}

/* By attaching to it, for names of callbacks and tasks that existed are in the file, too. */
static void running_process__is_replayed(void **state)
{
	struct scene *scene = *state;
	char recording[64];

	NEED_BPF();
	program_start(&scene->target, "build/tests/programs/four_loops");
	UNTIL(threads_of(scene->target.pid) == 5);
	strcpy(recording, scene_path(scene, "recording"));
	program_start(&scene->tracer, "build/asynctrace summary -w %s -o %s/live -p %d", recording,
		      scene->folder, scene->target.pid);
	UNTIL(file_size(recording) > 10000);
	kill(scene->tracer.pid, SIGINT);
	program_wait(&scene->tracer);
	assert_string_equal(scene->tracer.err, "");
	assert_replayed(scene, "summary");
}

/*
 * What record and -w keep is the same, up to times and addresses: the same view of both files is.
 */
static void record__keeps_what_w_keeps(void **state)
{
	struct scene *scene = *state;
	char *live;
	int fd;

	run_live(scene, "timed", commands[0]);
	program_free(&scene->tracer);
	program_start(&scene->tracer, "build/asynctrace record -o %s -- %s",
		      scene_path(scene, "recording"), commands[0]);
	program_wait(&scene->tracer);
	assert_int_equal(scene->tracer.status, 0);
	program_start(&scene->other, "build/asynctrace timed -i %s", scene->path);
	program_wait(&scene->other);
	assert_int_equal(scene->other.status, 0);
	fd = open(scene_path(scene, "live"), O_RDONLY | O_CLOEXEC);
	live = read_whole(fd);
	close(fd);
	assert_same_but_numbers(scene->other.out, live);
	free(live);
}

/* --- batch and direct --- */

static void run_story(struct program *tracer, const char *view, const char *probes)
{
	program_start(tracer, "build/asynctrace %s --probes %s -- build/tests/programs/story", view,
		      probes);
}

static void batch_and_direct__print_the_same_lines(void **state)
{
	struct scene *scene = *state;

	NEED_BPF();
	run_story(&scene->tracer, "timed --columns task,where", "batch");
	run_story(&scene->other, "timed --columns task,where", "direct");
	program_wait(&scene->tracer);
	program_wait(&scene->other);
	assert_int_equal(scene->tracer.status | scene->other.status, 0);
	assert_non_null(strstr(scene->tracer.err, "finished <function story_main at 0x"));
	assert_non_null(strstr(scene->tracer.err, " (cancelled)\n"));
	assert_non_null(strstr(scene->tracer.err, " (error -ENOENT: there is no key 4)\n"));
	assert_non_null(strstr(scene->tracer.err, "greeter "));
	assert_same_but_numbers(scene->other.err, scene->tracer.err);
}

static int by_text(const void *one, const void *another)
{
	return strcmp(*(const char *const *)one, *(const char *const *)another);
}

/*
 * Keeps of a summary what does not depend on time, in an order that does not either: of each
 * coroutine function its counts and its name, of the loop its iterations, of the stream the totals.
 */
static char *without_times(char *summary)
{
	char *lines[32], *line, *result, *end;
	unsigned long counts[4];
	size_t count = 0, i, size;
	FILE *out = open_memstream(&result, &size);

	for (line = strtok(summary, "\n"); line; line = strtok(NULL, "\n")) {
		assert_true(count < sizeof(lines) / sizeof(*lines));
		end = strstr(line, " iterations, ");
		if (end)
			*end = '\0';
		if (!strncmp(line, "loop ", 5))
			memset(line, ' ', strchr(line, ':') - line);
		if (sscanf(line, "%lu %lu %lu %lu", &counts[0], &counts[1], &counts[2],
			   &counts[3]) == 4)
			assert_true(asprintf(&line, "%s: %lu %lu %lu %lu", strrchr(line, ' ') + 1,
					     counts[0], counts[1], counts[2], counts[3]) > 0);
		else
			line = strdup(line);
		lines[count++] = line;
	}
	qsort(lines, count, sizeof(*lines), by_text);
	for (i = 0; i < count; i++) {
		fprintf(out, "%s\n", lines[i]);
		free(lines[i]);
	}
	fclose(out);
	return result;
}

static void batch_and_direct__count_the_same(void **state)
{
	struct scene *scene = *state;
	char *batch, *direct;

	NEED_BPF();
	run_story(&scene->tracer, "summary", "batch");
	run_story(&scene->other, "summary", "direct");
	program_wait(&scene->tracer);
	program_wait(&scene->other);
	batch = without_times(scene->tracer.err);
	direct = without_times(scene->other.err);
	assert_non_null(strstr(batch, "fail: 2 2 0 0\n"));
	assert_non_null(strstr(batch, "endure: 2 0 1 0\n"));
	assert_non_null(strstr(batch, "greet: 3 0 0 0\n"));
	assert_non_null(strstr(batch, "tasks: 0 existed before the trace, 6 created, 6 done\n"));
	assert_non_null(strstr(batch, " records, 0 lost, 0 dropped\n"));
	assert_string_equal(direct, batch);
	free(batch);
	free(direct);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE_TEST(timed__is_replayed),
		SCENE_TEST(summary__is_replayed),
		SCENE_TEST(filtered__is_replayed),
		SCENE_TEST(attach__says_what_its_parts_say),
		SCENE_TEST(running_process__is_replayed),
		SCENE_TEST(record__keeps_what_w_keeps),
		SCENE_TEST(batch_and_direct__print_the_same_lines),
		SCENE_TEST(batch_and_direct__count_the_same),
	};

	return cmocka_run_group_tests_name("replay", tests, NULL, NULL);
}
