/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Commands that are traced by a ring, by a user who has no privileges: everything else is as with
 * BPF, whatever becomes of the command.
 */
#include "scene.h"

#define NOBODY 65534

/* Drops what there is of privileges, if there are any. */
static const char *as_nobody(void)
{
	return geteuid() ? ""
			 : "setpriv --reuid 65534 --clear-groups --inh-caps=-all "
			   "--bounding-set=-all --no-new-privs ";
}

/* A scene of nobody's: programs and files that nobody may use. */
static int setup(void **state)
{
	int ret = scene_setup(state);
	struct scene *scene = *state;

	if (ret || geteuid())
		return ret;
	return chown(scene->folder, NOBODY, -1);
}

/* A copy of the program in the folder: that of the sources may be closed to nobody. */
static void bring(struct scene *scene, const char *path)
{
	copy_file(path, scene_path(scene, strrchr(path, '/') + 1));
}

/* The view of a command, both in the folder, as nobody. */
static void start(struct scene *scene, const char *view, const char *command)
{
	bring(scene, "build/asynctrace");
	program_start(&scene->tracer, "env -C %s %s ./asynctrace %s --source ring -- %s",
		      scene->folder, as_nobody(), view, command);
}

/* Its totals: they are with its messages, for the output is the command's. */
static struct totals finish(struct scene *scene)
{
	struct totals totals;

	program_wait(&scene->tracer);
	assert_int_equal(scene->tracer.status, 0);
	totals = read_totals(scene->tracer.err);
	assert_int_equal(totals.lost, 0);
	assert_int_equal(totals.dropped, 0);
	return totals;
}

static void command__is_traced_to_its_end(void **state)
{
	struct scene *scene = *state;
	struct totals totals;

	bring(scene, "build/examples/service");
	start(scene, "summary", "./service");
	totals = finish(scene);
	assert_int_equal(totals.created, 36);
	assert_int_equal(totals.done, 36);
}

static void command__status_is_its_own(void **state)
{
	struct scene *scene = *state;

	bring(scene, "build/tests/toy");
	start(scene, "summary", "sh -c exec./toy");
	program_wait(&scene->tracer);
	assert_int_equal(scene->tracer.status, 127);
	assert_non_null(
		strstr(scene->tracer.err, "for it did not take the ring: it has no probes, "));
	program_free(&scene->tracer);
	start(scene, "summary", "./toy");
	assert_int_equal(finish(scene).records, 31);
	program_free(&scene->tracer);
	start(scene, "summary", "./toys");
	program_wait(&scene->tracer);
	assert_int_equal(scene->tracer.status, 127);
	program_free(&scene->tracer);
	start(scene, "summary", "/");
	program_wait(&scene->tracer);
	assert_int_equal(scene->tracer.status, 126);
}

/* It has probes, and knows of no ring. */
static void command__environment_is_cleared(void **state)
{
	struct scene *scene = *state;

	bring(scene, "build/tests/toy");
	start(scene, "summary", "env -i ./toy");
	program_wait(&scene->tracer);
	assert_int_equal(scene->tracer.status, 1);
	assert_non_null(strstr(scene->tracer.err, "or its environment was cleared. "));
}

/* What `env` executes is the same process. */
static void command__is_another_program_first(void **state)
{
	struct scene *scene = *state;

	bring(scene, "build/tests/toy");
	start(scene, "summary", "env A=1 ./toy -r 1000 -t 3");
	assert_int_equal(finish(scene).records, 3 * (26 * 1000 + 5));
}

static void command__forks(void **state)
{
	struct scene *scene = *state;
	struct totals totals;

	bring(scene, "build/tests/toy");
	start(scene, "summary", "./toy -r 1000 -f");
	totals = finish(scene);
	assert_int_equal(totals.records, 26 * 1000 + 5);
	assert_non_null(strstr(scene->tracer.err, "children that were forked and not traced: 1\n"));
}

/* It is traced from when it loads what has probes. */
static void command__loads_its_probes_late(void **state)
{
	struct scene *scene = *state;
	struct at_event *events;
	size_t count, i, loops = 0;

	bring(scene, "build/tests/programs/late");
	bring(scene, "build/libasync.so");
	start(scene, "record -o recording", "./late ./libasync.so");
	program_wait(&scene->tracer);
	assert_int_equal(scene->tracer.status, 0);
	events = read_records(scene, scene_path(scene, "recording"), &count);
	assert_int_equal(events[count - 1].kind, AT_DETACH);
	for (i = 0; i < count; i++)
		loops += events[i].kind == AT_LOOP_START;
	assert_true(loops > 0);
}

/* By BPF it is not, which says how it would be. */
static void command__loads_its_probes_late_with_bpf(void **state)
{
	struct scene *scene = *state;

	NEED_ROOT();
	program_start(&scene->tracer, "build/asynctrace summary --source bpf -- "
				      "build/tests/programs/late build/libasync.so");
	program_wait(&scene->tracer);
	assert_int_equal(scene->tracer.status, 1);
	assert_non_null(strstr(scene->tracer.err, "later, use --source ring\n"));
}

/* The stream ends when the program does that wrote it. */
static void command__becomes_another_program(void **state)
{
	struct scene *scene = *state;

	bring(scene, "build/tests/programs/becomes");
	start(scene, "summary", "./becomes /bin/true");
	assert_true(finish(scene).created > 0);
}

/* Kills the command when it has written all it wants to, of which it has handed over nothing. */
static void kill_with(struct scene *scene, int signal)
{
	uint64_t *written = scene_share(scene);
	struct at_event *events;
	size_t count, i;
	pid_t command;

	chmod(scene_path(scene, "shared"), 0666);
	bring(scene, "build/tests/toy");
	/* A sanitizer would exit for it. */
	start(scene, "record -o recording",
	      "env ASAN_OPTIONS=handle_segv=0 TSAN_OPTIONS=handle_segv=0 ./toy -c shared -r 10 -k");
	UNTIL(__atomic_load_n(written, __ATOMIC_RELAXED) == 26 * 10 + 5);
	command = child_of(scene->tracer.pid);
	assert_true(command > 0);
	kill(command, signal);
	program_wait(&scene->tracer);
	assert_int_equal(scene->tracer.status, 128 + signal);
	events = read_records(scene, scene_path(scene, "recording"), &count);
	assert_int_equal(events[count - 1].kind, AT_DETACH);
	assert_int_equal(events[count - 1].a, 0);
	for (i = 0; i < count; i++) {
		if (events[i].thread)
			*written -= 1;
	}
	assert_int_equal(*written, 0);
}

static void command__is_killed(void **state)
{
	kill_with(*state, SIGKILL);
}

static void command__crashes(void **state)
{
	kill_with(*state, SIGSEGV);
}

static void interrupted__command_runs_on(void **state)
{
	struct scene *scene = *state;
	pid_t command;

	bring(scene, "build/tests/programs/idle");
	start(scene, "record -o recording", "./idle");
	UNTIL(has_records(scene_path(scene, "recording")));
	command = child_of(scene->tracer.pid);
	/* The first is the command's, which a terminal would give it as well. */
	kill(scene->tracer.pid, SIGINT);
	kill(scene->tracer.pid, SIGTERM);
	program_wait(&scene->tracer);
	assert_non_null(strstr(scene->tracer.err, "the command runs on"));
	assert_true(runs(command));
	kill(command, SIGKILL);
}

/* A line of that file of the process has the text. */
static bool says(pid_t pid, const char *name, const char *text)
{
	char path[32], line[4096];
	bool found = false;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	file = fopen(path, "r");
	while (file && !found && fgets(line, sizeof(line), file))
		found = strstr(line, text);
	if (file)
		fclose(file);
	return found;
}

/* Nobody reads any more, and the command does not mind. */
static void killed_tracer__command_runs_on(void **state)
{
	struct scene *scene = *state;
	uint64_t *written = scene_share(scene);
	pid_t command;

	chmod(scene_path(scene, "shared"), 0666);
	bring(scene, "build/tests/toy");
	start(scene, "record --buffer 64K -o recording", "./toy -c shared -r 100000000 -k");
	UNTIL(__atomic_load_n(written, __ATOMIC_RELAXED) > 100);
	command = child_of(scene->tracer.pid);
	kill(scene->tracer.pid, SIGKILL);
	/* Until it has noticed. Nobody has reaped the tracer yet. */
	UNTIL(listeners_of(command) == 0);
	assert_true(runs(command));
	program_wait(&scene->tracer);
	kill(command, SIGKILL);
}

/* Up to where it has probes, nobody would ever let it go. */
static void killed_tracer__ends_what_waits_for_it(void **state)
{
	struct scene *scene = *state;
	pid_t command;

	start(scene, "summary", "sleep 1000");
	UNTIL((command = child_of(scene->tracer.pid)) > 0 && says(command, "comm", "sleep"));
	kill(scene->tracer.pid, SIGKILL);
	UNTIL(!runs(command));
	program_wait(&scene->tracer);
}

/* As in a container: neither eBPF nor perf events, ptrace or the memory of others. */
static void sandbox__has_the_ring(void **state)
{
	struct scene *scene = *state;

	bring(scene, "build/asynctrace");
	bring(scene, "build/tests/programs/sandbox");
	bring(scene, "build/examples/await_coroutine");
	program_start(&scene->tracer,
		      "env -C %s %s ./sandbox ./asynctrace timed -- ./await_coroutine",
		      scene->folder, as_nobody());
	program_wait(&scene->tracer);
	assert_int_equal(scene->tracer.status, 0);
	assert_string_equal(scene->tracer.out, "2\n3\n");
	assert_non_null(strstr(scene->tracer.err, "starting <function async_main at 0x"));
	/* No probe is hit. */
	assert_non_null(strstr(scene->tracer.cost, " records of "));
	assert_null(strstr(scene->tracer.cost, "hand-over"));
	program_free(&scene->tracer);
	program_start(&scene->tracer,
		      "env -C %s %s ./sandbox ./asynctrace timed --source bpf -- "
		      "./await_coroutine",
		      scene->folder, as_nobody());
	program_wait(&scene->tracer);
	assert_int_not_equal(scene->tracer.status, 0);
	assert_string_equal(scene->tracer.out, "");
}

/* Its memory counts as a file: who may not have one that large is told so. */
static void limited_files__are_told(void **state)
{
	struct scene *scene = *state;

	program_start(&scene->tracer, "prlimit --fsize=512 build/asynctrace timed --source ring -- "
				      "build/examples/await_coroutine");
	program_wait(&scene->tracer);
	assert_int_equal(scene->tracer.status, 1);
	assert_non_null(strstr(scene->tracer.err, "there is no memory for the buffer"));
}

/* By BPF besides: what a thread wrote last is in a block that it did not hand over. */
static void another_tracer__gets_the_end(void **state)
{
	struct scene *scene = *state;
	uint64_t *written = scene_share(scene);
	struct at_event *events;
	size_t count, i;
	pid_t command;
	FILE *script;
	int go;

	NEED_BPF();
	chmod(scene_path(scene, "shared"), 0666);
	assert_int_equal(mkfifo(scene_path(scene, "go"), 0666), 0);
	go = open(scene_path(scene, "go"), O_RDWR | O_CLOEXEC);
	assert_true(go >= 0);
	bring(scene, "build/asynctrace");
	bring(scene, "build/tests/toy");
	script = fopen(scene_path(scene, "script"), "w");
	fputs("exec ./asynctrace record -o recording --source ring -- "
	      "./toy -w -c shared -r 10 -k <go\n",
	      script);
	fclose(script);
	program_start(&scene->tracer, "env -C %s sh script", scene->folder);
	UNTIL((command = child_of(scene->tracer.pid)) > 0 && says(command, "comm", "toy"));
	UNTIL(says(command, "maps", "memfd:asynctrace"));
	program_start(&scene->other, "build/asynctrace record -o %s/other -p %d", scene->folder,
		      command);
	UNTIL(listeners_of(command) & 0xffff);
	assert_int_equal(write(go, "", 1), 1);
	UNTIL(__atomic_load_n(written, __ATOMIC_RELAXED) == 26 * 10 + 5);
	kill(command, SIGKILL);
	program_wait(&scene->other);
	program_wait(&scene->tracer);
	events = read_records(scene, scene_path(scene, "other"), &count);
	assert_int_equal(events[count - 1].a, 0);
	for (i = 0; i < count; i++) {
		if (events[i].thread)
			*written -= 1;
	}
	assert_int_equal(*written, 0);
	close(go);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, scene_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(command__is_traced_to_its_end),
		TEST(command__status_is_its_own),
		TEST(command__environment_is_cleared),
		TEST(command__is_another_program_first),
		TEST(command__forks),
		TEST(command__loads_its_probes_late),
		TEST(command__loads_its_probes_late_with_bpf),
		TEST(command__becomes_another_program),
		TEST(command__is_killed),
		TEST(command__crashes),
		TEST(interrupted__command_runs_on),
		TEST(killed_tracer__command_runs_on),
		TEST(killed_tracer__ends_what_waits_for_it),
		TEST(another_tracer__gets_the_end),
		TEST(sandbox__has_the_ring),
		TEST(limited_files__are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
