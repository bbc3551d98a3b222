/* SPDX-License-Identifier: BSD-2-Clause */
/* Others have their hands on the target, its number, its threads or its clocks. */
#include "faults.h"
#include <base/clock.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>

static void end_recorder(struct scene *scene, struct program *tracer, const char *name,
			 const struct written *before, const struct written *after)
{
	kill(tracer->pid, SIGINT);
	program_wait(tracer);
	assert_int_equal(tracer->status, 0);
	account(scene, tracer, name, before, after);
	assert_accounted();
}

/* A program whose number is that of one that has been waited for. */
static pid_t start_as(pid_t pid, const char *folder)
{
	struct clone_args arguments = { .exit_signal = SIGCHLD };
	char file[64];
	pid_t child;

	arguments.set_tid = (uintptr_t)&pid;
	arguments.set_tid_size = 1;
	snprintf(file, sizeof(file), "%s/shared", folder);
	child = syscall(SYS_clone3, &arguments, sizeof(arguments));
	if (!child) {
		execl("build/tests/programs/load", "load", file, "1", (char *)NULL);
		_exit(127);
	}
	return child;
}

static void number__reused(void **state)
{
	struct scene *scene = *state;
	struct load *load = start_load(scene, 50000, 1, "");
	struct written after;
	pid_t pid = scene->target.pid;

	attach_recorder(scene, &scene->tracer, "recording", "");
	await_records(load, 20000);
	kill(scene->tracer.pid, SIGSTOP);
	kill(pid, SIGKILL);
	program_wait(&scene->target);
	take_written(&after, load);
	program_free(&scene->target);
	memset(load, 0, sizeof(*load));
	load->pause_ns = 50000;
	scene->target.pid = start_as(pid, scene->folder);
	assert_int_equal(scene->target.pid, pid);
	await_bursts(load, 100);
	kill(scene->tracer.pid, SIGCONT);
	program_wait(&scene->tracer);
	assert_int_equal(scene->tracer.status, 0);
	account(scene, &scene->tracer, "recording", NULL, &after);
	assert_accounted();
	assert_untouched(pid);
	assert_int_equal(load->writers[0].sequence, 0);
	note("the trace ends; the new process was not touched");
}

/* Time of day jumps; it is put right at once whatever happens in between. */
static bool step_clock(int seconds)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	now.tv_sec += seconds;
	return !clock_settime(CLOCK_REALTIME, &now);
}

/* From the first switch to the last, by the records. */
static uint64_t recorded_ns(struct scene *scene, const char *name)
{
	struct at_event *events;
	size_t count, i;
	uint64_t first = 0, last = 0;

	events = read_records(scene, scene_path(scene, name), &count);
	for (i = 0; i < count; i++) {
		if (events[i].kind != AT_SWITCH)
			continue;
		first = first ? first : events[i].time_ns;
		assert_true(events[i].time_ns >= last);
		last = events[i].time_ns;
	}
	return last - first;
}

static void clock__steps(void **state)
{
	struct scene *scene = *state;
	struct load *load = start_load(scene, 50000, 1, "");
	struct timespec pause = { .tv_nsec = 30000000 };
	uint64_t begin = clock_ns();
	struct written after;
	bool forth, back;

	attach_recorder(scene, &scene->tracer, "recording", "");
	forth = step_clock(3);
	nanosleep(&pause, NULL);
	back = !forth || step_clock(-6);
	nanosleep(&pause, NULL);
	back = back && (!forth || step_clock(3));
	if (!forth) {
		note("not tried: the clock may not be set here");
		return;
	}
	assert_true(back);
	await_records(load, 10000);
	take_written(&after, load);
	end_recorder(scene, &scene->tracer, "recording", NULL, &after);
	assert_true(recorded_ns(scene, "recording") < clock_ns() - begin);
	note("CLOCK_REALTIME +3 s, -6 s, +3 s: times of records are of another clock");
}

static void clock__of_another_namespace(void **state)
{
	static const char *const offsets[] = { "1000000", "-100" };
	struct scene *scene = *state;
	uint64_t begin = clock_ns();
	struct written after;
	struct load *load;

	for (int i = 0; i < 2; i++) {
		load = share_load(scene, 50000);
		program_start(&scene->target,
			      "unshare -T --monotonic %s build/tests/programs/load %s/shared 1",
			      offsets[i], scene->folder);
		await_bursts(load, 10);
		attach_recorder(scene, &scene->tracer, "recording", "");
		await_records(load, 10000);
		take_written(&after, load);
		end_recorder(scene, &scene->tracer, "recording", NULL, &after);
		assert_true(recorded_ns(scene, "recording") < clock_ns() - begin);
		assert_untouched(scene->target.pid);
		program_free(&scene->tracer);
		program_free(&scene->target);
		unlink(scene_path(scene, "recording"));
		munmap(scene->shared, SHARED_SIZE);
		unlink(scene_path(scene, "shared"));
		scene->shared = NULL;
	}
	note("CLOCK_MONOTONIC +1000000 s, -100 s: told in the tracer's time");
}

/* Stops the target, makes it take single steps, over a probe for sure, and lets it go on. */
static void step_through(pid_t pid, int steps)
{
	int status;

	assert_int_equal(ptrace(PTRACE_INTERRUPT, pid, NULL, NULL), 0);
	assert_int_equal(waitpid(pid, &status, __WALL), pid);
	while (steps--) {
		assert_int_equal(ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL), 0);
		assert_int_equal(waitpid(pid, &status, __WALL), pid);
		assert_true(WIFSTOPPED(status));
	}
	assert_int_equal(ptrace(PTRACE_CONT, pid, NULL, NULL), 0);
}

static void debugger__at_the_same_time(void **state)
{
	struct scene *scene = *state;
	struct load *load = start_load(scene, 50000, 1, "");
	pid_t pid = scene->target.pid;
	struct written after;

	/* It was there before, steps while the tracer comes to work, and leaves after. */
	assert_int_equal(ptrace(PTRACE_SEIZE, pid, NULL, NULL), 0);
	attach_recorder(scene, &scene->tracer, "recording", "");
	for (int i = 0; i < 5; i++) {
		step_through(pid, 10000);
		await_records(load, 1000);
	}
	take_written(&after, load);
	end_recorder(scene, &scene->tracer, "recording", NULL, &after);
	assert_untouched(pid);
	step_through(pid, 1000);
	ptrace(PTRACE_INTERRUPT, pid, NULL, NULL);
	waitpid(pid, NULL, __WALL);
	assert_int_equal(ptrace(PTRACE_DETACH, pid, NULL, NULL), 0);
	await_bursts(load, 100);
	note("50,000 single steps, across probes too");
}

/* As in a sandbox: from now on this process and its children cannot use ptrace(2). */
static void forbid_ptrace(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ptrace, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = 4, .filter = filter };

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static void debugger__forbidden(void **state)
{
	struct scene *scene = *state;
	struct load *load = share_load(scene, 50000);
	struct program launcher = { 0 };
	struct written after;

	program_start(&scene->target, "build/tests/programs/load %s/shared 1", scene->folder);
	await_bursts(load, 10);
	/* The tracer's programs are started by a child of ours that may not use it. */
	launcher.out_fd = memfd_create("output", MFD_CLOEXEC);
	launcher.err_fd = memfd_create("errors", MFD_CLOEXEC);
	launcher.pid = fork();
	if (!launcher.pid) {
		char command[] = "build/asynctrace timed -- build/examples/await_coroutine";

		forbid_ptrace();
		program_become(&launcher, command);
	}
	program_wait(&launcher);
	assert_int_equal(launcher.status, 1);
	note_first_line(launcher.err);
	program_free(&launcher);
	/* To attach needs none. */
	attach_recorder(scene, &scene->tracer, "recording", "");
	await_records(load, 10000);
	take_written(&after, load);
	end_recorder(scene, &scene->tracer, "recording", NULL, &after);
}

/* What was written before the first record that a tracer saw, for it came in the middle. */
static void take_before(struct written *ret, struct scene *scene, const struct load *load,
			const char *name)
{
	struct at_event *events;
	size_t count, i;
	int k;

	take_written(ret, load);
	for (k = 0; k < LOAD_WRITERS; k++)
		ret->writers[k].sequence = 0;
	events = read_records(scene, scene_path(scene, name), &count);
	for (i = count; i-- > 0;)
		for (k = 0; k < LOAD_WRITERS; k++)
			if (events[i].thread && events[i].thread == ret->writers[k].thread)
				ret->writers[k].sequence = events[i].sequence - 1;
}

static void tracers__two(void **state)
{
	struct scene *scene = *state;
	struct load *load = start_load(scene, 50000, 2, "");
	struct written before, after;

	attach_recorder(scene, &scene->tracer, "first", "");
	await_records(load, 20000);
	attach_recorder(scene, &scene->other, "second", "");
	await_records(load, 20000);
	take_written(&after, load);
	end_recorder(scene, &scene->tracer, "first", NULL, &after);
	await_records(load, 20000);
	take_written(&after, load);
	kill(scene->other.pid, SIGINT);
	program_wait(&scene->other);
	assert_int_equal(scene->other.status, 0);
	take_before(&before, scene, load, "second");
	account(scene, &scene->other, "second", &before, &after);
	assert_accounted();
	assert_untouched(scene->target.pid);
	note("the sum of both; the second goes on when the first has left");
}

/* It has probes that cannot be attached any more, but the user is told of them. */
static void library__loaded_later(void **state)
{
	static char text[4096];
	struct scene *scene = *state;
	struct load *load = start_load(scene, 50000, 1, "build/libasync.so");
	struct written after;

	attach_recorder(scene, &scene->tracer, "recording", "");
	await_records(load, 1000);
	load->command = LOAD_OPEN;
	UNTIL(pread(scene->tracer.err_fd, text, sizeof(text) - 1, 0) > 0);
	assert_non_null(strstr(text, "libasync.so, which has probes, since: attach anew"));
	note_first_line(text);
	take_written(&after, load);
	end_recorder(scene, &scene->tracer, "recording", NULL, &after);
}

const struct fault strangers[] = {
	FAULT(number__reused, "its number comes back as another process"),
	FAULT(clock__steps, "the clock is set, forth and back"),
	FAULT(clock__of_another_namespace, "a time namespace of its own"),
	FAULT(debugger__at_the_same_time, "a debugger that stops and steps it"),
	FAULT(debugger__forbidden, "ptrace is forbidden"),
	FAULT(library__loaded_later, "dlopen of a library with probes"),
	FAULT(tracers__two, "two tracers, one leaves"),
	{ .name = NULL },
};
