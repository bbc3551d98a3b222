/* SPDX-License-Identifier: BSD-2-Clause */
/* What is written to a terminal, and not elsewhere: colours, its width, progress. */
#include "events.h"
#include "scene.h"
#include <sys/ioctl.h>
#include <tracer/formats/recording.h>
#include <tracer/progress.h>

#define MAIN 0x1000

/* Two tasks, one inside of the other's time, in the file "recording" of the scene. */
static void write_recording(struct scene *scene)
{
	struct stream s = { .now_ns = 1000 };
	struct recording *recording;

	loop_start(&s);
	function(&s, MAIN, "main", "demo.c", 20, 0);
	push(&s, AT_TASK_CREATE, 0, TASK(1), MAIN, 0, 0);
	change(&s, TASK(1), LOOP(1), AT_ITERATION, s.now_ns);
	begin(&s, 1, MAIN);
	s.now_ns += 1000000;
	change(&s, LOOP(1), TASK(1), 0, 0);
	s.now_ns += 3000000;
	change(&s, TASK(1), LOOP(1), AT_ITERATION, s.now_ns);
	s.now_ns += 1000000;
	end(&s, 1);
	push(&s, AT_TASK_DONE, 0, TASK(1), 0, 0, 0);
	change(&s, LOOP(1), TASK(1), AT_ENDED, 0);
	detach(&s, 0, 0, 0);
	assert_int_equal(recording_create(&recording, scene_path(scene, "recording")), 0);
	assert_int_equal(recording_write(recording, s.events, s.count), 0);
	assert_int_equal(recording_close(recording), 0);
	stream_free(&s);
}

/* All that a program writes to the terminal of which this is the other end. */
static void read_terminal(int fd, char *text, size_t size)
{
	size_t length = 0;
	ssize_t n;

	/* It is an error when all have gone. */
	while ((n = read(fd, text + length, size - 1 - length)) > 0)
		length += n;
	text[length] = '\0';
}

/* What flame says of the recording on a terminal of so many columns. */
static void show(struct scene *scene, const char *options, int columns, char *said, size_t size)
{
	struct winsize window = { .ws_row = 24, .ws_col = columns };
	int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct program program = { 0 };
	char command[256];
	int terminal;

	assert_true(fd >= 0);
	assert_int_equal(grantpt(fd) | unlockpt(fd), 0);
	assert_int_equal(ioctl(fd, TIOCSWINSZ, &window), 0);
	snprintf(command, sizeof(command), "build/asynctrace flame -i %s %s",
		 scene_path(scene, "recording"), options);
	terminal = open(ptsname(fd), O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(terminal >= 0);
	program.out_fd = program.err_fd = terminal;
	program.pid = fork();
	if (!program.pid)
		program_become(&program, command);
	close(terminal);
	read_terminal(fd, said, size);
	close(fd);
	assert_int_equal(waitpid(program.pid, NULL, 0), program.pid);
}

/* Whether it is coloured. */
static bool coloured(struct scene *scene, const char *options)
{
	char said[16384];

	show(scene, options, 100, said, sizeof(said));
	assert_non_null(strstr(said, "main"));
	return strstr(said, "\x1b[");
}

static void colour__is_for_terminals_that_know_it(void **state)
{
	struct scene *scene = *state;

	write_recording(scene);
	setenv("TERM", "xterm", 1);
	unsetenv("NO_COLOR");
	assert_true(coloured(scene, ""));
	assert_true(coloured(scene, "--color auto"));
	assert_false(coloured(scene, "--color never"));
	assert_false(coloured(scene, "--colour=never"));
	setenv("TERM", "dumb", 1);
	assert_false(coloured(scene, ""));
	assert_true(coloured(scene, "--color always"));
	unsetenv("TERM");
	assert_false(coloured(scene, ""));
}

static void colour__is_left_out_for_who_asks(void **state)
{
	struct scene *scene = *state;

	write_recording(scene);
	setenv("TERM", "xterm", 1);
	setenv("NO_COLOR", "1", 1);
	assert_false(coloured(scene, ""));
	assert_true(coloured(scene, "--color always"));
	/* As no-color.org has it. */
	setenv("NO_COLOR", "", 1);
	assert_true(coloured(scene, ""));
	unsetenv("NO_COLOR");
}

static void colour__is_not_for_files(void **state)
{
	struct scene *scene = *state;

	write_recording(scene);
	setenv("TERM", "xterm", 1);
	program_start(&scene->tracer, "build/asynctrace flame -i %s",
		      scene_path(scene, "recording"));
	program_wait(&scene->tracer);
	assert_null(strchr(scene->tracer.out, '\x1b'));
	program_start(&scene->other, "build/asynctrace flame --color always -i %s", scene->path);
	program_wait(&scene->other);
	assert_non_null(strchr(scene->other.out, '\x1b'));
}

/* Where the names begin, in bytes: behind bars that are as long as there is room. */
static int indentation(const char *text)
{
	const char *name = strstr(text, "all tasks"), *line = name;

	assert_non_null(name);
	while (line > text && line[-1] != '\n')
		line--;
	return name - line;
}

static int on_terminal(struct scene *scene, int columns)
{
	char said[16384];

	show(scene, "--color never", columns, said, sizeof(said));
	return indentation(said);
}

static int elsewhere(struct scene *scene)
{
	int found;

	program_start(&scene->tracer, "build/asynctrace flame -i %s",
		      scene_path(scene, "recording"));
	program_wait(&scene->tracer);
	assert_int_equal(scene->tracer.status, 0);
	found = indentation(scene->tracer.out);
	program_free(&scene->tracer);
	return found;
}

static void width__is_that_of_the_terminal(void **state)
{
	struct scene *scene = *state;

	write_recording(scene);
	setenv("COLUMNS", "20", 1);
	assert_in_range(on_terminal(scene, 60), 1, on_terminal(scene, 80) - 1);
	assert_in_range(on_terminal(scene, 80), 1, on_terminal(scene, 150) - 1);
	unsetenv("COLUMNS");
}

static void width__elsewhere(void **state)
{
	struct scene *scene = *state;
	int usual;

	write_recording(scene);
	unsetenv("COLUMNS");
	usual = on_terminal(scene, 100);
	assert_int_equal(elsewhere(scene), usual);
	setenv("COLUMNS", "150", 1);
	assert_int_equal(elsewhere(scene), on_terminal(scene, 150));
	setenv("COLUMNS", "many", 1);
	assert_int_equal(elsewhere(scene), usual);
	setenv("COLUMNS", "150x", 1);
	assert_int_equal(elsewhere(scene), usual);
	setenv("COLUMNS", "0", 1);
	assert_int_equal(elsewhere(scene), usual);
	unsetenv("COLUMNS");
}

/* --- progress --- */

#define MS 1000000ULL

static void progress__appears_after_a_second_and_goes(void **state)
{
	struct progress progress = { .begin_ns = 5000 * MS };
	char *drawn;
	size_t size;

	(void)state;
	progress.out = open_memstream(&drawn, &size);
	progress_show(&progress, 5999 * MS, 0.2);
	progress_erase(&progress);
	fflush(progress.out);
	assert_int_equal(size, 0);
	progress_show(&progress, 6000 * MS, 0.25);
	progress_show(&progress, 6099 * MS, 0.26);
	progress_show(&progress, 6100 * MS, 0.27);
	progress_erase(&progress);
	progress_erase(&progress);
	fclose(progress.out);
	assert_string_equal(drawn, "\rreading: 25 %, 1 s\x1b[K"
				   "\rreading: 27 %, 1 s\x1b[K"
				   "\r\x1b[K");
	free(drawn);
}

static void progress__that_is_not_wanted(void **state)
{
	struct progress progress = { 0 };

	(void)state;
	progress_show(&progress, 9000 * MS, 0.5);
	progress_erase(&progress);
}

/* What takes no second says nothing of it. */
static void progress__of_a_small_file(void **state)
{
	struct scene *scene = *state;
	char said[16384];

	write_recording(scene);
	setenv("TERM", "xterm", 1);
	show(scene, "--color never", 100, said, sizeof(said));
	assert_null(strchr(said, '\x1b'));
	assert_null(strstr(said, "reading"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE_TEST(colour__is_for_terminals_that_know_it),
		SCENE_TEST(colour__is_left_out_for_who_asks),
		SCENE_TEST(colour__is_not_for_files),
		SCENE_TEST(width__is_that_of_the_terminal),
		SCENE_TEST(width__elsewhere),
		cmocka_unit_test(progress__appears_after_a_second_and_goes),
		cmocka_unit_test(progress__that_is_not_wanted),
		SCENE_TEST(progress__of_a_small_file),
	};

	return cmocka_run_group_tests_name("terminal", tests, NULL, NULL);
}
