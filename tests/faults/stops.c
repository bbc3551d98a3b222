/* SPDX-License-Identifier: BSD-2-Clause */
/* Who should read or write does not, cannot, or is gone. */
#include "faults.h"
#include <base/clock.h>
#include <signal.h>
#include <sys/mount.h>

/* Ends the tracer; its figures are the row's. The target is as it was before. */
static void end_recorder(struct scene *scene, struct load *load, const struct written *before)
{
	struct written after;

	take_written(&after, load);
	kill(scene->tracer.pid, SIGINT);
	program_wait(&scene->tracer);
	assert_int_equal(scene->tracer.status, 0);
	account(scene, &scene->tracer, "recording", before, &after);
	assert_accounted();
	assert_untouched(scene->target.pid);
	await_bursts(load, 100);
}

static void target__stopped(void **state)
{
	struct scene *scene = *state;
	struct load *load = start_load(scene, 50000, 2, "");
	struct written after;

	attach_recorder(scene, &scene->tracer, "recording", "");
	await_records(load, 20000);
	kill(scene->target.pid, SIGSTOP);
	UNTIL(state_of(scene->target.pid) == 'T');
	take_written(&after, load);
	kill(scene->tracer.pid, SIGINT);
	program_wait(&scene->tracer);
	assert_int_equal(scene->tracer.status, 0);
	account(scene, &scene->tracer, "recording", NULL, &after);
	assert_accounted();
	assert_untouched(scene->target.pid);
	kill(scene->target.pid, SIGCONT);
	await_bursts(load, 100);
	note("Ctrl-C ends the tracer at once; the target goes on when it is let");
}

/* Bursts a second over a quarter of one. */
static double speed(const struct load *load)
{
	struct timespec pause = { .tv_nsec = 250000000 };
	uint64_t begin = clock_ns(), before = load_bursts(load);

	nanosleep(&pause, NULL);
	return (load_bursts(load) - before) * 1e9 / (clock_ns() - begin);
}

static void tracer__stopped(void **state)
{
	struct scene *scene = *state;
	struct load *load = start_load(scene, 0, 1, "");
	double traced, stopped;

	attach_recorder(scene, &scene->tracer, "recording", "--buffer 1M");
	traced = speed(load);
	kill(scene->tracer.pid, SIGSTOP);
	stopped = speed(load);
	kill(scene->tracer.pid, SIGCONT);
	end_recorder(scene, load, NULL);
	assert_true(row->lost > 0);
	note("the target does %.1f times the work meanwhile", stopped / traced);
	/* How fast is told, and depends on who else runs. */
	assert_true(stopped > 0);
}

static void buffer__too_small(void **state)
{
	struct scene *scene = *state;
	struct load *load = start_load(scene, 0, 2, "");

	attach_recorder(scene, &scene->tracer, "recording", "--buffer 64K");
	speed(load);
	end_recorder(scene, load, NULL);
	assert_non_null(strstr(scene->tracer.err, "try --buffer"));
	note_first_line(strstr(scene->tracer.err, "the buffer"));
}

/* The next one knows all that is written from then on. */
static void tracer__killed(void **state)
{
	struct scene *scene = *state;
	struct load *load = start_load(scene, 50000, 2, "");
	struct written before;

	attach_recorder(scene, &scene->tracer, "first", "");
	await_records(load, 20000);
	assert_true(listeners_of(scene->target.pid) && breakpoints_of(scene->target.pid));
	kill(scene->tracer.pid, SIGKILL);
	program_wait(&scene->tracer);
	program_free(&scene->tracer);
	UNTIL(!listeners_of(scene->target.pid) && !breakpoints_of(scene->target.pid));
	await_bursts(load, 100);
	take_written(&before, load);
	attach_recorder(scene, &scene->tracer, "recording", "");
	await_records(load, 20000);
	end_recorder(scene, load, &before);
	note("no semaphore and no breakpoint is left; figures of the next tracer");
}

/* A file system of 1 MiB, which goes with the last that uses it. */
static const char *mount_small(struct scene *scene)
{
	static char path[64];

	strcpy(path, scene_path(scene, "small"));
	assert_int_equal(mkdir(path, 0700), 0);
	if (mount("none", path, "tmpfs", 0, "size=1M"))
		return NULL;
	return path;
}

/*
 * The recording ends early, and says so to who reads it. The target does not notice. It is stopped
 * when the tracer finds out, for it would write on until that has left.
 */
static void disk__full(void **state)
{
	struct scene *scene = *state;
	struct load *load = start_load(scene, 50000, 1, "");
	const char *folder = mount_small(scene);
	struct written after;
	char path[128];

	if (!folder) {
		note("not tried: nothing may be mounted here");
		return;
	}
	attach_recorder(scene, &scene->tracer, "small/recording", "--buffer 64M");
	kill(scene->tracer.pid, SIGSTOP);
	await_records(load, 500000);
	kill(scene->target.pid, SIGSTOP);
	UNTIL(state_of(scene->target.pid) == 'T');
	take_written(&after, load);
	kill(scene->tracer.pid, SIGCONT);
	program_wait(&scene->tracer);
	snprintf(path, sizeof(path), "%s/recording", folder);
	account_cut(path, &after, scene->tracer.err);
	program_start(&scene->other, "build/asynctrace summary -i %s", path);
	program_wait(&scene->other);
	umount2(folder, MNT_DETACH);
	rmdir(folder);
	assert_int_equal(scene->tracer.status, 1);
	assert_non_null(strstr(scene->tracer.err, "No space left on device"));
	note_first_line(strstr(scene->tracer.err, "No space"));
	assert_int_equal(scene->other.status, 1);
	assert_accounted();
	assert_untouched(scene->target.pid);
	kill(scene->target.pid, SIGCONT);
	await_bursts(load, 100);
}

const struct fault stops[] = {
	FAULT(target__stopped, "SIGSTOP of the target"),
	FAULT(tracer__stopped, "SIGSTOP of the tracer, full load"),
	FAULT(buffer__too_small, "a buffer of 64K, full load"),
	FAULT(disk__full, "the disk is full"),
	FAULT(tracer__killed, "SIGKILL of the tracer, then another"),
	{ .name = NULL },
};
