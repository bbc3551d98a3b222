/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a run writes to: text as it happens, and files for other software when they are whole. */
#include "scene.h"
#include <errno.h>
#include <sched.h>
#include <sys/mount.h>
#include <tracer/output.h>
#include <tracer/privileges.h>

/* What the file of the scene holds. The caller frees it. */
static char *content(struct scene *scene, const char *name)
{
	int fd = open(scene_path(scene, name), O_RDONLY | O_CLOEXEC);
	char *text;

	assert_true(fd >= 0);
	text = read_whole(fd);
	close(fd);
	return text;
}

static void assert_content(struct scene *scene, const char *name, const char *expected)
{
	char *text = content(scene, name);

	assert_string_equal(text, expected);
	free(text);
}

static void write_file(struct scene *scene, const char *name, const char *text)
{
	FILE *file = fopen(scene_path(scene, name), "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static bool exists(struct scene *scene, const char *name)
{
	return !access(scene_path(scene, name), F_OK);
}

static void open_whole(struct scene *scene, struct output *output, char path[64])
{
	strcpy(path, scene_path(scene, "x.svg"));
	assert_int_equal(output_open_whole(output, path), 0);
	fputs("new", output->text);
	assert_int_equal(output_flush(output, NULL, 0), 0);
}

static void whole__appears_when_it_is_complete(void **state)
{
	struct output output = { 0 };
	struct scene *scene = *state;
	char path[64];

	open_whole(scene, &output, path);
	assert_false(exists(scene, "x.svg"));
	assert_true(exists(scene, "x.svg.part"));
	assert_int_equal(output_close(&output), 0);
	assert_content(scene, "x.svg", "new");
	assert_int_equal(scene_files(scene), 1);
}

static void whole__replaces_only_when_it_is_complete(void **state)
{
	struct output output = { 0 };
	struct scene *scene = *state;
	char path[64];

	write_file(scene, "x.svg", "old");
	open_whole(scene, &output, path);
	assert_content(scene, "x.svg", "old");
	assert_int_equal(output_close(&output), 0);
	assert_content(scene, "x.svg", "new");
}

static void whole__is_thrown_away(void **state)
{
	struct output output = { 0 };
	struct scene *scene = *state;
	char path[64];

	write_file(scene, "x.svg", "old");
	open_whole(scene, &output, path);
	output_discard(&output);
	assert_content(scene, "x.svg", "old");
	assert_int_equal(scene_files(scene), 1);

	output = (struct output){ 0 };
	open_whole(scene, &output, path);
	output_spoil(&output);
	assert_int_equal(output_close(&output), 0);
	assert_content(scene, "x.svg", "old");
	assert_int_equal(scene_files(scene), 1);
}

/* Nothing is written through it. */
static void whole__over_what_was_left(void **state)
{
	struct output output = { 0 };
	struct scene *scene = *state;
	char path[64], part[64];

	write_file(scene, "other", "other");
	strcpy(part, scene_path(scene, "x.svg.part"));
	assert_int_equal(symlink("other", part), 0);
	open_whole(scene, &output, path);
	assert_int_equal(output_close(&output), 0);
	assert_content(scene, "x.svg", "new");
	assert_content(scene, "other", "other");
}

/* Whose it is nobody knows. */
static void whole__leaves_a_part_that_was_there(void **state)
{
	struct output output = { 0 };
	struct scene *scene = *state;
	char path[64];

	write_file(scene, "x.svg.part", "somebody's");
	open_whole(scene, &output, path);
	assert_true(exists(scene, "x.svg.part.2"));
	assert_int_equal(output_close(&output), 0);
	assert_content(scene, "x.svg", "new");
	assert_content(scene, "x.svg.part", "somebody's");
	assert_int_equal(scene_files(scene), 2);
}

/* What is recorded, or drawn, is not for whoever made a pipe of that name. */
static void pipe__of_a_stranger(void **state)
{
	struct output output = { 0 };
	struct scene *scene = *state;
	char path[64];
	int reader;

	NEED_ROOT();
	strcpy(path, scene_path(scene, "pipe"));
	assert_int_equal(mkfifo(path, 0666), 0);
	reader = open(path, O_RDWR | O_CLOEXEC);
	assert_int_equal(output_open_recording(&output, path), 0);
	output_discard(&output);
	assert_int_equal(chown(path, 65534, 65534), 0);
	assert_int_equal(output_open_recording(&output, path), -EACCES);
	assert_int_equal(output_open_whole(&output, path), -EACCES);
	assert_int_equal(output_open_text(&output, path, NULL), -EACCES);
	assert_true(exists(scene, "pipe"));
	close(reader);
}

/* The old one is there until there is something new. */
static void recording__replaces_when_it_has_something(void **state)
{
	const struct at_event event = { .kind = AT_ATTACH };
	struct output output = { 0 };
	struct scene *scene = *state;
	char path[64];

	write_file(scene, "kept", "old");
	strcpy(path, scene_path(scene, "kept"));
	assert_int_equal(output_open_recording(&output, path), 0);
	assert_content(scene, "kept", "old");
	output_discard(&output);
	assert_content(scene, "kept", "old");
	assert_int_equal(scene_files(scene), 1);
	assert_int_equal(output_open_recording(&output, path), 0);
	assert_int_equal(output_flush(&output, &event, 1), 0);
	assert_true(file_size(path) > 3);
	assert_int_equal(output_close(&output), 0);
	assert_int_equal(scene_files(scene), 1);
}

/* As with a redirection of the shell. */
static void whole__through_a_link(void **state)
{
	struct output output = { 0 };
	struct scene *scene = *state;
	char path[64], link[64];

	write_file(scene, "x.svg", "old");
	strcpy(link, scene_path(scene, "link.svg"));
	assert_int_equal(symlink("x.svg", link), 0);
	assert_int_equal(output_open_whole(&output, link), 0);
	fputs("new", output.text);
	assert_content(scene, "x.svg", "old");
	assert_int_equal(output_close(&output), 0);
	assert_content(scene, "x.svg", "new");
	assert_true(readlink(link, path, sizeof(path)) > 0);
}

/* Which may lead to no file yet. */
static void whole__through_a_link_to_nothing(void **state)
{
	struct output output = { 0 };
	struct scene *scene = *state;
	char path[64], link[64];

	strcpy(link, scene_path(scene, "link.svg"));
	assert_int_equal(symlink("x.svg", link), 0);
	assert_int_equal(output_open_whole(&output, link), 0);
	fputs("new", output.text);
	assert_int_equal(output_close(&output), 0);
	assert_content(scene, "x.svg", "new");
	assert_true(readlink(link, path, sizeof(path)) > 0);
	assert_int_equal(scene_files(scene), 2);
}

/* From the first byte on: who could not read the old one cannot read the new one. */
static void whole__has_the_rights_of_what_was(void **state)
{
	static const mode_t modes[] = { 0600, 0640, 0666 };
	struct output output = { 0 };
	struct scene *scene = *state;
	struct stat part, whole;
	char path[64];
	size_t i;

	write_file(scene, "x.svg", "old");
	strcpy(path, scene_path(scene, "x.svg"));
	assert_true(geteuid() || !chown(path, 65534, 65533));
	for (i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
		assert_int_equal(chmod(path, modes[i]), 0);
		assert_int_equal(output_open_whole(&output, path), 0);
		assert_int_equal(stat(scene_path(scene, "x.svg.part"), &part), 0);
		assert_int_equal(part.st_mode & 07777, modes[i]);
		assert_int_equal(output_close(&output), 0);
		assert_int_equal(stat(path, &whole), 0);
		assert_int_equal(whole.st_mode & 07777, modes[i]);
		assert_true(geteuid() || (whole.st_uid == 65534 && whole.st_gid == 65533));
	}
}

/* Root without capabilities could not rename there in the end. */
static void whole__in_a_folder_of_another_user(void **state)
{
	struct output output = { 0 };
	struct scene *scene = *state;
	char path[64];

	NEED_ROOT();
	assert_int_equal(chown(scene->folder, 65534, 65534), 0);
	strcpy(path, scene_path(scene, "x.svg"));
	assert_int_equal(output_open_whole(&output, path), 0);
	assert_null(output.part);
	fputs("new", output.text);
	assert_int_equal(output_close(&output), 0);
	assert_content(scene, "x.svg", "new");
}

/* Nor remove there what it has made. */
static void recording__in_a_folder_of_another_user(void **state)
{
	struct output output = { 0 };
	struct scene *scene = *state;
	char path[64];
	pid_t child;
	int status;

	NEED_ROOT();
	write_file(scene, "kept", "old");
	assert_int_equal(chown(scene->folder, 65534, 65534), 0);
	strcpy(path, scene_path(scene, "kept"));
	child = fork();
	if (!child) {
		if (output_open_recording(&output, path) || privileges_drop())
			_exit(1);
		output_discard(&output);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_content(scene, "kept", "");
	assert_int_equal(scene_files(scene), 1);
}

static void whole__to_a_device(void **state)
{
	struct output output = { 0 };

	(void)state;
	assert_int_equal(output_open_whole(&output, "/dev/null"), 0);
	assert_null(output.part);
	assert_int_equal(output_close(&output), 0);
}

static void whole__that_cannot_be(void **state)
{
	struct output output = { 0 };
	struct scene *scene = *state;
	char path[64];

	assert_int_equal(output_open_whole(&output, "/no/such/folder/x.svg"), -ENOENT);
	strcpy(path, scene_path(scene, "x.svg"));
	assert_int_equal(output_open_whole(&output, path), 0);
	/* A folder of that name cannot be replaced. */
	assert_int_equal(mkdir(path, 0755), 0);
	assert_int_equal(output_close(&output), -EISDIR);
	assert_string_equal(output.failed, path);
	assert_int_equal(scene_files(scene), 1);
	rmdir(path);
}

/* --- by the command line --- */

static void replay_into(struct scene *scene, const char *folder)
{
	program_start(&scene->tracer,
		      "build/asynctrace flame -i tests/golden/service.rec -o %s/x.svg -w %s/kept",
		      folder, folder);
	program_wait(&scene->tracer);
	assert_string_equal(scene->tracer.err, "");
	assert_int_equal(scene->tracer.status, 0);
	program_free(&scene->tracer);
}

/* A folder of root's below: in the end there is no capability to go there by its path. */
static void replaced__below_a_private_folder_of_another_user(void **state)
{
	struct scene *scene = *state;
	char folder[64], command[96];
	int i;

	NEED_ROOT();
	strcpy(folder, scene_path(scene, "own"));
	assert_int_equal(mkdir(folder, 0755), 0);
	assert_int_equal(chown(scene->folder, 65534, 65534), 0);
	assert_int_equal(chmod(scene->folder, 0700), 0);
	for (i = 0; i < 2; i++)
		replay_into(scene, folder);
	snprintf(command, sizeof(command), "ls %s | xargs | grep -qx 'kept x.svg'", folder);
	assert_int_equal(system(command), 0);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	assert_int_equal(system(command), 0);
}

/* Cut off before its first chunk is whole. */
static void recording__of_nothing_leaves_what_was(void **state)
{
	static const char *const words[] = { "summary -w", "record -o" };
	struct scene *scene = *state;
	char cut[64];
	size_t i;

	strcpy(cut, scene_path(scene, "cut"));
	copy_file("tests/golden/service.rec", cut);
	assert_int_equal(truncate(cut, 60), 0);
	write_file(scene, "kept", "old");
	for (i = 0; i < 2; i++) {
		program_start(&scene->tracer, "build/asynctrace %s %s -i %s", words[i],
			      scene_path(scene, "kept"), cut);
		program_wait(&scene->tracer);
		assert_int_equal(scene->tracer.status, 1);
		assert_non_null(strstr(scene->tracer.err, "kept': there are no records, and"));
		assert_null(strstr(scene->tracer.err, "0 records"));
		assert_content(scene, "kept", "old");
		program_free(&scene->tracer);
	}
	assert_int_equal(scene_files(scene), 2);
}

/* Ends what is seen with the result of what has been. */
static void interrupted__is_completed(void **state)
{
	struct scene *scene = *state;
	char *picture;

	NEED_BPF();
	program_start(&scene->target, "build/examples/churn 20");
	UNTIL(sleeps(scene->target.pid));
	program_start(&scene->tracer, "build/asynctrace flame -o %s/x.folded -w %s/kept -p %d",
		      scene->folder, scene->folder, scene->target.pid);
	UNTIL(file_size(scene_path(scene, "kept")) > 1000);
	assert_true(exists(scene, "x.folded.part"));
	assert_false(exists(scene, "x.folded"));
	kill(scene->tracer.pid, SIGINT);
	program_wait(&scene->tracer);
	assert_string_equal(scene->tracer.err, "");
	assert_int_equal(scene->tracer.status, 0);
	picture = content(scene, "x.folded");
	assert_non_null(strstr(picture, "work"));
	assert_false(exists(scene, "x.folded.part"));
	free(picture);
}

/* The writer of a recording. All of it stays in the pipe's buffer or is read. */
static int feed_pipe(struct scene *scene, const char *from)
{
	int in = open(from, O_RDONLY | O_CLOEXEC), out;
	char part[4096];
	ssize_t n;

	assert_int_equal(mkfifo(scene_path(scene, "pipe"), 0600), 0);
	out = open(scene->path, O_RDWR | O_CLOEXEC);
	assert_true(in >= 0 && out >= 0);
	n = read(in, part, sizeof(part));
	assert_int_equal(n, sizeof(part));
	assert_int_equal(write(out, part, n), n);
	close(in);
	return out;
}

/* Of a file the rest is left out, which its result cannot tell. */
static void interrupted__replay_says_so(void **state)
{
	struct scene *scene = *state;
	int pipe = feed_pipe(scene, "tests/golden/service.rec");

	program_start(&scene->tracer, "build/asynctrace flame -i %s/pipe -o %s/x.svg",
		      scene->folder, scene->folder);
	UNTIL(exists(scene, "x.svg.part"));
	kill(scene->tracer.pid, SIGINT);
	program_wait(&scene->tracer);
	close(pipe);
	assert_int_equal(scene->tracer.status, 130);
	if (!strstr(scene->tracer.err, "asynctrace: stopped: the rest of '"))
		fail_msg("it says: %s", scene->tracer.err);
	assert_true(exists(scene, "x.svg"));
}

/* A disk that is full leaves what was there. */
static void failed__leaves_what_was(void **state)
{
	struct scene *scene = *state;

	write_file(scene, "x.csv", "old");
	program_start(&scene->tracer,
		      "prlimit --fsize=512 build/asynctrace timeline -o %s -i "
		      "tests/golden/service.rec",
		      scene_path(scene, "x.csv"));
	program_wait(&scene->tracer);
	assert_int_equal(scene->tracer.status, 1);
	assert_non_null(strstr(scene->tracer.err, "x.csv': File too large"));
	assert_content(scene, "x.csv", "old");
	assert_int_equal(scene_files(scene), 1);
}

/* How many records are in it, that was not finished. */
static size_t read_unfinished(const char *path)
{
	const struct at_event *events;
	struct source *source;
	size_t count = 0, n;
	const char *why;
	int ret;

	assert_int_equal(file_source_open(&source, path, &why), 0);
	while ((ret = source->read(source, &events, &n, 0)) > 0)
		count += n;
	source->free(source);
	assert_int_equal(ret, -EINPROGRESS);
	return count;
}

/* What follows the words in the text, with commas within. */
static unsigned long number_after(const char *text, const char *words)
{
	const char *at = strstr(text, words);
	unsigned long number = 0;

	if (!at)
		fail_msg("'%s' is not in '%s'", words, text);
	for (at += strlen(words); *at == ',' || (*at >= '0' && *at <= '9'); at++)
		number = *at == ',' ? number : number * 10 + *at - '0';
	return number;
}

/* The disk is full while it is recorded: what was there stays, and is counted. */
static void full_disk__keeps_whole_chunks(void **state)
{
	struct scene *scene = *state;
	char folder[64], path[80];

	NEED_ROOT();
	strcpy(folder, scene_path(scene, "disk"));
	assert_int_equal(mkdir(folder, 0755), 0);
	if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("none", folder, "tmpfs", 0, "size=12k")) {
		print_message("skipped: needs the right to mount file systems\n");
		rmdir(folder);
		skip();
	}
	snprintf(path, sizeof(path), "%s/kept", folder);
	program_start(&scene->target, "build/examples/churn 20 3");
	UNTIL(sleeps(scene->target.pid));
	program_start(&scene->tracer, "build/asynctrace record -o %s -p %d", path,
		      scene->target.pid);
	program_wait(&scene->tracer);
	assert_int_equal(scene->tracer.status, 1);
	assert_non_null(strstr(scene->tracer.err, "kept': No space left on device: it has"));
	assert_int_equal(number_after(scene->tracer.err, "it has the first "),
			 read_unfinished(path));
	assert_true(number_after(scene->tracer.err, "records; ") > 0);
	program_free(&scene->tracer);
	program_start(&scene->tracer, "build/asynctrace summary -i %s", path);
	program_wait(&scene->tracer);
	assert_int_equal(scene->tracer.status, 1);
	assert_non_null(strstr(scene->tracer.err, "kept' was not finished: "));
	assert_untouched(scene->target.pid);
	assert_int_equal(umount(folder), 0);
	rmdir(folder);
}

/* What is on the disk can be read, and says that it is not all. */
static void killed_tracer__leaves_whole_chunks(void **state)
{
	struct scene *scene = *state;
	pid_t command;

	program_start(&scene->tracer,
		      "build/asynctrace record -o %s/kept -- build/examples/churn 20 3",
		      scene->folder);
	UNTIL(file_size(scene_path(scene, "kept")) > 3000);
	command = child_of(scene->tracer.pid);
	kill(scene->tracer.pid, SIGKILL);
	program_wait(&scene->tracer);
	assert_true(read_unfinished(scene_path(scene, "kept")) > 10);
	assert_true(runs(command));
	kill(command, SIGKILL);
}

static void assert_refused(struct scene *scene, const char *words, const char *reason)
{
	program_start(&scene->tracer, "build/asynctrace %s", words);
	program_wait(&scene->tracer);
	assert_int_equal(scene->tracer.status, 2);
	if (!strstr(scene->tracer.err, reason))
		fail_msg("'%s' is not in '%s'", reason, scene->tracer.err);
	program_free(&scene->tracer);
}

static void format__that_the_view_does_not_write(void **state)
{
	struct scene *scene = *state;

	assert_refused(scene, "timed -o x.svg -p 1", "timed does not write .svg: it writes text");
	assert_refused(scene, "flame -o x.csv -p 1", "flame does not write .csv: it writes .svg,");
	assert_refused(scene, "timeline -o x.speedscope.json -p 1",
		       "does not write .speedscope.json: it writes .csv");
	assert_refused(scene, "record -o x.svg -p 1", "leave off the .svg");
	assert_refused(scene, "timed -w x.json -p 1", "leave off the .json");
}

/* Neither is there before. What it makes of them goes again, but the link. */
static void recording__over_the_text(void **state)
{
	static const char *const commands[] = {
		"build/asynctrace timeline --format csv -o %s/./both -w %s/both -i %s",
		"build/asynctrace timed -o %s/./both -w %s/both -i %s",
		"build/asynctrace timeline --format csv -o %s/link -w %s/both -i %s",
	};
	struct scene *scene = *state;
	size_t i;

	assert_int_equal(symlink("both", scene_path(scene, "link")), 0);
	for (i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		program_start(&scene->tracer, commands[i], scene->folder, scene->folder,
			      "tests/golden/service.rec");
		program_wait(&scene->tracer);
		assert_int_equal(scene->tracer.status, 1);
		assert_non_null(strstr(scene->tracer.err, "-o and -w lead to the same file"));
		assert_int_equal(scene_files(scene), 1);
		program_free(&scene->tracer);
	}
}

static void recording__through_a_link(void **state)
{
	struct scene *scene = *state;

	assert_int_equal(symlink("/no/such", scene_path(scene, "link")), 0);
	program_start(&scene->tracer,
		      "build/asynctrace record -i tests/golden/middle.rec -o %s/link",
		      scene->folder);
	program_wait(&scene->tracer);
	assert_int_equal(scene->tracer.status, 1);
	assert_non_null(strstr(scene->tracer.err,
			       "link' is a symbolic link: give the file that it leads to\n"));
}

/* Ctrl-C while nobody reads it. */
static void pipe__without_a_reader(void **state)
{
	struct scene *scene = *state;

	assert_int_equal(mkfifo(scene_path(scene, "pipe"), 0600), 0);
	program_start(&scene->tracer,
		      "build/asynctrace record -i tests/golden/middle.rec -o %s/pipe",
		      scene->folder);
	UNTIL(sleeps_in(scene->tracer.pid) == SYS_openat);
	kill(scene->tracer.pid, SIGINT);
	program_wait(&scene->tracer);
	assert_int_equal(scene->tracer.status, 130);
	assert_string_equal(scene->tracer.err, "");
}

/* Between programs: "-" is no file. */
static void standard_streams__have_a_name(void **state)
{
	(void)state;
	assert_int_equal(system("build/asynctrace record -o - -i tests/golden/middle.rec "
				"2>/dev/null | build/asynctrace flame --format folded -i - -o - | "
				"grep -q '^async_main;'"),
			 0);
	assert_int_equal(access("-", F_OK), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE_TEST(whole__appears_when_it_is_complete),
		SCENE_TEST(whole__replaces_only_when_it_is_complete),
		SCENE_TEST(whole__is_thrown_away),
		SCENE_TEST(whole__over_what_was_left),
		SCENE_TEST(whole__leaves_a_part_that_was_there),
		SCENE_TEST(pipe__of_a_stranger),
		SCENE_TEST(recording__replaces_when_it_has_something),
		SCENE_TEST(whole__through_a_link),
		SCENE_TEST(whole__through_a_link_to_nothing),
		SCENE_TEST(whole__has_the_rights_of_what_was),
		SCENE_TEST(whole__in_a_folder_of_another_user),
		SCENE_TEST(recording__in_a_folder_of_another_user),
		cmocka_unit_test(whole__to_a_device),
		SCENE_TEST(whole__that_cannot_be),
		SCENE_TEST(replaced__below_a_private_folder_of_another_user),
		SCENE_TEST(recording__of_nothing_leaves_what_was),
		SCENE_TEST(interrupted__is_completed),
		SCENE_TEST(interrupted__replay_says_so),
		SCENE_TEST(failed__leaves_what_was),
		SCENE_TEST(full_disk__keeps_whole_chunks),
		SCENE_TEST(killed_tracer__leaves_whole_chunks),
		SCENE_TEST(recording__over_the_text),
		SCENE_TEST(recording__through_a_link),
		SCENE_TEST(pipe__without_a_reader),
		cmocka_unit_test(standard_streams__have_a_name),
		SCENE_TEST(format__that_the_view_does_not_write),
	};

	return cmocka_run_group_tests_name("output", tests, NULL, NULL);
}
