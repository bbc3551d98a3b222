/* SPDX-License-Identifier: BSD-2-Clause */
/* The target dies, divides, or becomes another. */
#include "faults.h"

static void killed_by(struct scene *scene, int signal)
{
	struct load *load = record_load(scene, 50000, 2, "");
	struct written after;

	await_records(load, 50000);
	kill(child_of(scene->tracer.pid), signal);
	program_wait(&scene->tracer);
	assert_int_equal(scene->tracer.status, 128 + signal);
	take_written(&after, load);
	account(scene, &scene->tracer, "recording", NULL, &after);
	assert_accounted();
	note("the tracer ends with status %d, as the command did", scene->tracer.status);
}

static void target__killed(void **state)
{
	killed_by(*state, SIGKILL);
}

static void target__crashes(void **state)
{
	killed_by(*state, SIGSEGV);
}

static void target__terminated(void **state)
{
	killed_by(*state, SIGTERM);
}

/* It dies while its probes are being attached, at a moment that is another one each time. */
static void target__exits_during_attach(void **state)
{
	struct timespec pause = { 0 };
	struct scene *scene = *state;
	int refused = 0, seen = 0;
	struct written after;
	struct load *load;

	for (int i = 0; i < 100; i++) {
		load = start_load(scene, 50000, 1, "");
		program_start(&scene->tracer, "build/asynctrace record -o %s/recording -p %d",
			      scene->folder, scene->target.pid);
		pause.tv_nsec = i * i * 60000;
		nanosleep(&pause, NULL);
		kill(scene->target.pid, SIGKILL);
		program_wait(&scene->target);
		program_wait(&scene->tracer);
		assert_in_range(scene->tracer.status, 0, 1);
		if (scene->tracer.status)
			assert_non_null(strstr(scene->tracer.err, "asynctrace: process "));
		take_written(&after, load);
		if (!scene->tracer.status)
			account(scene, &scene->tracer, "recording", NULL, &after);
		refused += scene->tracer.status;
		seen += !scene->tracer.status;
		program_free(&scene->tracer);
		program_free(&scene->target);
		unlink(scene_path(scene, "recording"));
		unlink(scene_path(scene, "shared"));
		munmap(scene->shared, SHARED_SIZE);
		scene->shared = NULL;
	}
	assert_accounted();
	assert_true(seen && refused);
	note("100 times: %d were recorded to their end, %d had ended before", seen, refused);
}

static void becomes(struct scene *scene, enum load_command command, const char *what)
{
	struct load *load = start_load(scene, 50000, 2, what);
	struct written after;

	attach_recorder(scene, &scene->tracer, "recording", "");
	await_records(load, 50000);
	load->command = command;
	program_wait(&scene->tracer);
	assert_int_equal(scene->tracer.status, 0);
	program_wait(&scene->target);
	assert_int_equal(scene->target.status, 0);
	take_written(&after, load);
	account(scene, &scene->tracer, "recording", NULL, &after);
	assert_accounted();
	note("the trace ends; the other program is left alone");
}

static void target__becomes_another(void **state)
{
	becomes(*state, LOAD_EXEC, "true");
}

static void target__becomes_one_with_probes(void **state)
{
	becomes(*state, LOAD_EXEC, "build/examples/await_coroutine");
}

static void target__becomes_another_by_a_thread(void **state)
{
	becomes(*state, LOAD_LATE_EXEC, "true");
}

static void target__forks(void **state)
{
	struct scene *scene = *state;
	struct load *load = start_load(scene, 50000, 2, "");
	struct written after;
	uint64_t bursts;

	attach_recorder(scene, &scene->tracer, "recording", "--follow");
	await_records(load, 20000);
	load->command = LOAD_FORK;
	UNTIL(*(volatile pid_t *)&load->child);
	bursts = load_bursts(load);
	UNTIL(load_bursts(load) > bursts + 2000);
	load->command = LOAD_END;
	program_wait(&scene->target);
	program_wait(&scene->tracer);
	assert_int_equal(scene->target.status, 0);
	assert_int_equal(scene->tracer.status, 0);
	assert_int_equal(WEXITSTATUS(load->child_status), 7);
	take_written(&after, load);
	account(scene, &scene->tracer, "recording", NULL, &after);
	assert_accounted();
	note("parent and child, with --follow");
}

const struct fault deaths[] = {
	FAULT(target__killed, "SIGKILL in the middle"),
	FAULT(target__crashes, "SIGSEGV in the middle"),
	FAULT(target__terminated, "SIGTERM in the middle"),
	FAULT(target__exits_during_attach, "ends while it is attached to"),
	FAULT(target__becomes_another, "exec of a program without probes"),
	FAULT(target__becomes_one_with_probes, "exec of a program with probes"),
	FAULT(target__becomes_another_by_a_thread, "exec by another thread"),
	FAULT(target__forks, "fork without exec, both go on"),
	{ .name = NULL },
};
