/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What cannot be done: one line says so and what to do instead, the exit status tells scripts, and
 * no file is left that would pass for a result.
 */
#include "scene.h"
#include <tracer/formats/recording.h>
#include <tracer/recording.h>

#define NOBODY "setpriv --reuid=65534 --regid=65534 --clear-groups "

/*
 * It failed with this status and said one line, with `reason` in it. It made no file besides
 * `files`.
 */
static void assert_refused(struct scene *scene, int status, const char *reason, int files)
{
	const char *said;

	program_wait(&scene->tracer);
	said = scene->tracer.err;
	assert_int_equal(scene->tracer.status, status);
	if (strncmp(said, "asynctrace: ", strlen("asynctrace: ")) || !strstr(said, reason))
		fail_msg("'%s' does not say '%s'", said, reason);
	assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1);
	assert_int_equal(scene_files(scene), files);
	program_free(&scene->tracer);
}

/*
 * The command line behind the name of the program, with %s for the folder of the scene, is refused.
 */
#define REFUSED(scene, status, reason, files, ...)                                                 \
	do {                                                                                       \
		program_start(&(scene)->tracer, "build/asynctrace " __VA_ARGS__);                  \
		assert_refused(scene, status, reason, files);                                      \
	} while (0)

static void doctor__says_what_is_not(void **state)
{
	struct scene *scene = *state;

	program_start(&scene->tracer, "build/asynctrace doctor -p 4194305");
	program_wait(&scene->tracer);
	assert_int_equal(scene->tracer.status, 1);
	assert_non_null(
		strstr(scene->tracer.out, "no  process        4194305 cannot be looked at: "));
}

static void command_line__that_makes_no_sense(void **state)
{
	struct scene *scene = *state;
	const char *folder = scene->folder;

	REFUSED(scene, 2, "there is no view 'frobnicate': the views are timed, summary,", 0,
		"frobnicate -o %s/out -p 1", folder);
	REFUSED(scene, 2, "which view? There are timed, summary,", 0, "-o %s/out -p 1", folder);
	REFUSED(scene, 2, "timed of what? Give -p PID, -i FILE or -- COMMAND", 0, "timed -o %s/out",
		folder);
	REFUSED(scene, 2, "one source only", 0, "timed -o %s/out -p 1 -- true", folder);
	REFUSED(scene, 2, "no command follows --", 0, "timed -o %s/out --", folder);
	REFUSED(scene, 2, "-p takes the number of a process, not 'me'", 0, "timed -w %s/out -p me",
		folder);
	REFUSED(scene, 2,
		"--duration takes a time, such as 2m, 10s, 0.5, 100ms or 250us, not 'soon'", 0,
		"timed -w %s/out -p 1 --duration soon", folder);
	REFUSED(scene, 2, "there is no option '--frobnicate': asynctrace timed --help shows", 0,
		"timed -w %s/out -p 1 --frobnicate", folder);
	REFUSED(scene, 2, "there is no option '--colums': did you mean --columns?", 0,
		"timed -w %s/out -p 1 --colums task", folder);
	REFUSED(scene, 2, "--buffer takes a size from 64K to 1G, such as 8M, not '1K'", 0,
		"timed -w %s/out -p 1 --buffer 1K", folder);
	REFUSED(scene, 2, "record needs a file to write: -o FILE", 0, "record -p 1");
	REFUSED(scene, 2, "--columns is for timed, tree and attach, not for summary", 0,
		"summary -o %s/out --columns task -p 1", folder);
	REFUSED(scene, 2, "one process at a time", 0, "timed -o %s/out -p 1 -p 2", folder);
	REFUSED(scene, 2, "'2' is one word too many: one process at a time", 0,
		"timed -o %s/out -p 1 2", folder);
	REFUSED(scene, 2, "-o and -w name the same file: give each its own", 0,
		"timed -o %s/out -w %s/out -p 1", folder, folder);
}

static void process__that_there_is_not(void **state)
{
	struct scene *scene = *state;

	/* More than the kernel ever gives. */
	REFUSED(scene, 1, "process 4194305: there is no such process", 0,
		"timed -w %s/out -o %s/text -p 4194305", scene->folder, scene->folder);
}

static void command__that_cannot_run(void **state)
{
	struct scene *scene = *state;

	REFUSED(scene, 127, "cannot run './no-such-command': No such file or directory", 0,
		"timed -w %s/out -o %s/text -- ./no-such-command", scene->folder, scene->folder);
	REFUSED(scene, 126, "cannot run '/etc/passwd': Permission denied", 0,
		"timed -w %s/out -- /etc/passwd", scene->folder);
	REFUSED(scene, 126, "cannot run '/tmp': Permission denied", 0, "timed -w %s/out -- /tmp",
		scene->folder);
}

/* Without privileges. The programs are copied to where everybody may run them. */
static void privileges__are_missing(void **state)
{
	struct scene *scene = *state;
	int pid;

	NEED_ROOT();
	copy_file("build/asynctrace", scene_path(scene, "asynctrace"));
	copy_file("build/tests/programs/idle", scene_path(scene, "idle"));
	assert_int_equal(chmod(scene->folder, 0777), 0);

	program_start(&scene->target, "%s/idle", scene->folder);
	pid = scene->target.pid;
	UNTIL(sleeps(pid));
	program_start(&scene->tracer, NOBODY "%s/asynctrace timed -w %s/out -p %d", scene->folder,
		      scene->folder, pid);
	assert_refused(scene, 1, "tracing another user's process takes CAP_SYS_PTRACE", 2);
	program_free(&scene->target);

	program_start(&scene->target, NOBODY "%s/idle", scene->folder);
	pid = scene->target.pid;
	UNTIL(sleeps(pid));
	program_start(&scene->tracer, NOBODY "%s/asynctrace timed -w %s/out -p %d", scene->folder,
		      scene->folder, pid);
	assert_refused(scene, 1, "tracing by BPF takes CAP_BPF and CAP_PERFMON", 2);
	assert_true(runs(pid));

	program_start(&scene->tracer,
		      NOBODY "%s/asynctrace timed --source bpf -w %s/out -- %s/idle", scene->folder,
		      scene->folder, scene->folder);
	assert_refused(scene, 1, "tracing by BPF takes CAP_BPF and CAP_PERFMON", 2);
}

/* --- Results that cannot be written --- */

/* Nothing of the command has run. */
static void output__that_cannot_be_opened(void **state)
{
	struct scene *scene = *state;
	volatile uint64_t *returned = scene_share(scene);
	const char *folder = scene->folder;

	REFUSED(scene, 1, "no/out': No such file or directory", 1,
		"timed -o %s/no/out -- build/tests/programs/counter %s/shared 1", folder, folder);
	REFUSED(scene, 1, "no/out': No such file or directory", 1,
		"record -o %s/no/out -- build/tests/programs/counter %s/shared 1", folder, folder);
	REFUSED(scene, 1, "': Is a directory", 1,
		"timed -o %s -- build/tests/programs/counter %s/shared 1", folder, folder);
	REFUSED(scene, 1, "': Is a directory", 1,
		"summary -w %s -- build/tests/programs/counter %s/shared 1", folder, folder);
	assert_int_equal(*returned, 0);
}

/* The command goes on; only the tracer has failed. */
static void output__that_is_full(void **state)
{
	static const char *const options[] = { "timed -o /dev/full", "summary -o /dev/full",
					       "timed -o /dev/null -w /dev/full",
					       "record -o /dev/full" };
	struct scene *scene = *state;

	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
		REFUSED(scene, 1, "cannot write '/dev/full': No space left on device", 0,
			"%s -- build/tests/programs/story", options[i]);
}

/* What was recorded until then stays, and says that it is not all. */
static void recording__that_may_not_grow(void **state)
{
	struct scene *scene = *state;

	NEED_BPF();
	program_start(&scene->target, "build/examples/churn 20");
	UNTIL(sleeps(scene->target.pid));
	program_start(&scene->tracer,
		      "prlimit --fsize=8192 build/asynctrace record -o %s/out -p %d", scene->folder,
		      scene->target.pid);
	assert_refused(scene, 1, "/out': File too large", 1);
	program_start(&scene->tracer, "build/asynctrace timed -o /dev/null -i %s/out",
		      scene->folder);
	assert_refused(scene, 1, "was not finished", 1);
	assert_untouched(scene->target.pid);
}

/* --- Recordings that cannot be read --- */

#define CHUNK 100

/* A recording with so many chunks, the last of which closes it. */
static void write_recording(struct scene *scene, uint32_t chunks)
{
	struct at_event event = {
		.kind = AT_LOOP_START, .thread = 1, .process = 1, .subject = AT_ID(AT_LOOP, 1)
	};
	struct recording *recording;

	assert_int_equal(recording_create(&recording, scene_path(scene, "recording")), 0);
	for (; event.sequence < chunks * CHUNK; event.time_ns += 1000) {
		event.sequence++;
		assert_int_equal(recording_write(recording, &event, 1), 0);
		if (event.sequence % CHUNK == 0 && event.sequence < chunks * CHUNK)
			assert_int_equal(recording_flush(recording), 0);
	}
	event.kind = AT_DETACH;
	assert_int_equal(recording_write(recording, &event, 1), 0);
	assert_int_equal(recording_close(recording), 0);
}

static void patch(struct scene *scene, off_t offset, const void *bytes, size_t size)
{
	int fd = open(scene_path(scene, "recording"), O_WRONLY | O_CLOEXEC);

	assert_int_equal(pwrite(fd, bytes, size, offset), size);
	close(fd);
}

static void input__that_is_none(void **state)
{
	const uint16_t newer = RECORDING_VERSION + 1;
	struct scene *scene = *state;
	const char *folder = scene->folder;

	REFUSED(scene, 1, "/recording': No such file or directory", 0,
		"timed -i %s/recording -o %s/out", folder, folder);
	REFUSED(scene, 1, "': Is a directory", 0, "timed -i %s -o %s/out", folder, folder);
	REFUSED(scene, 1, "'Makefile': it is not a recording of asynctrace", 0,
		"timed -i Makefile -o %s/out", folder);

	write_recording(scene, 2);
	patch(scene, offsetof(struct recording_header, version), &newer, sizeof(newer));
	REFUSED(scene, 1, "it was recorded by a newer asynctrace: read it with that one", 1,
		"timed -i %s/recording -w %s/out", folder, folder);
	write_recording(scene, 2);
	patch(scene, offsetof(struct recording_header, record_size), &newer, sizeof(newer));
	REFUSED(scene, 1, "its header is damaged: copy it again, or record anew", 1,
		"timed -i %s/recording -w %s/out", folder, folder);
	assert_int_equal(truncate(scene_path(scene, "recording"), 20), 0);
	REFUSED(scene, 1, "it ends within its header: copy it again, or record anew", 1,
		"timed -i %s/recording -w %s/out", folder, folder);
	assert_int_equal(truncate(scene_path(scene, "recording"), 0), 0);
	REFUSED(scene, 1, "it is empty: the recording ended before it began", 1,
		"timed -i %s/recording -w %s/out", folder, folder);
}

/* What comes before the damage is shown, with a word of what is missing. */
static void input__that_is_damaged(void **state)
{
	struct scene *scene = *state;
	off_t size;

	write_recording(scene, 3);
	size = file_size(scene_path(scene, "recording"));
	patch(scene, size - 20, "damage", 6);
	program_start(&scene->tracer, "build/asynctrace summary -i %s/recording", scene->folder);
	program_wait(&scene->tracer);
	assert_int_equal(read_totals(scene->tracer.out).records, 2 * CHUNK);
	assert_refused(scene, 1, "/recording' is damaged: what comes before the damage is shown",
		       1);
}

static void input__that_ends_early(void **state)
{
	struct scene *scene = *state;
	off_t size;

	write_recording(scene, 3);
	size = file_size(scene_path(scene, "recording"));
	assert_int_equal(truncate(scene->path, size - 1), 0);
	program_start(&scene->tracer, "build/asynctrace summary -i %s/recording", scene->folder);
	program_wait(&scene->tracer);
	assert_int_equal(read_totals(scene->tracer.out).records, 2 * CHUNK);
	assert_non_null(strstr(scene->tracer.out, "cut off: "));
	assert_refused(scene, 1, "/recording' ends early: ", 1);
}

static void input__is_not_overwritten(void **state)
{
	static const char reason[] = "/recording': that is what is read: give another name";
	struct scene *scene = *state;
	const char *folder = scene->folder;
	off_t size;

	write_recording(scene, 1);
	size = file_size(scene->path);
	REFUSED(scene, 1, reason, 1, "timed -i %s/recording -o %s/./recording", folder, folder);
	REFUSED(scene, 1, reason, 1, "timed -i %s/./recording -w %s/recording", folder, folder);
	REFUSED(scene, 1, reason, 1, "record -i %s/recording -o %s/recording", folder, folder);
	assert_int_equal(file_size(scene_path(scene, "recording")), size);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE_TEST(doctor__says_what_is_not),
		SCENE_TEST(command_line__that_makes_no_sense),
		SCENE_TEST(process__that_there_is_not),
		SCENE_TEST(command__that_cannot_run),
		SCENE_TEST(privileges__are_missing),
		SCENE_TEST(output__that_cannot_be_opened),
		SCENE_TEST(output__that_is_full),
		SCENE_TEST(recording__that_may_not_grow),
		SCENE_TEST(input__that_is_none),
		SCENE_TEST(input__that_is_damaged),
		SCENE_TEST(input__that_ends_early),
		SCENE_TEST(input__is_not_overwritten),
	};

	return cmocka_run_group_tests_name("errors", tests, NULL, NULL);
}
