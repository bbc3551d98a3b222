/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Often: threads that come and go, tracers that come and go. What is left of them must be nothing.
 */
#include "faults.h"
#include <tracer/live.h>
#include <tracer/options.h>
#include <tracer/sources/source.h>

#define THREADS 4000

static void threads__come_and_go(void **state)
{
	struct scene *scene = *state;
	struct load *load = record_load(scene, 50000, 1, "--buffer 16M");
	struct written after;

	load->command = LOAD_CHURN;
	UNTIL(*(volatile uint32_t *)&load->churned >= THREADS);
	load->command = LOAD_END;
	program_wait(&scene->tracer);
	assert_int_equal(scene->tracer.status, 0);
	take_written(&after, load);
	account(scene, &scene->tracer, "recording", NULL, &after);
	assert_accounted();
	note("%u threads of some 20 records each", load->churned);
}

/* What a process holds. The kernel's links, maps and programs live as long as their descriptors. */
struct holding {
	size_t rss_kib, descriptors, mappings;
};

static size_t count_lines(const char *format, pid_t pid)
{
	char path[64], *line = NULL;
	size_t size = 0, count = 0;
	FILE *file;

	snprintf(path, sizeof(path), format, pid);
	file = fopen(path, "re");
	while (file && getline(&line, &size, file) >= 0)
		count++;
	free(line);
	if (file)
		fclose(file);
	return count;
}

static size_t rss_kib(pid_t pid)
{
	unsigned long size = 0, pages = 0;
	char path[32];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/statm", pid);
	file = fopen(path, "re");
	if (file && fscanf(file, "%lu %lu", &size, &pages) != 2)
		pages = 0;
	if (file)
		fclose(file);
	return pages * sysconf(_SC_PAGESIZE) / 1024;
}

static size_t count_descriptors(pid_t pid)
{
	char path[32];
	size_t count = 0;
	DIR *folder;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	folder = opendir(path);
	while (folder && readdir(folder))
		count++;
	if (folder)
		closedir(folder);
	return count;
}

static struct holding holding_of(pid_t pid)
{
	return (struct holding){ rss_kib(pid), count_descriptors(pid),
				 count_lines("/proc/%d/maps", pid) };
}

static uint64_t cpu_ns(clockid_t clock)
{
	struct timespec used;

	assert_int_equal(clock_gettime(clock, &used), 0);
	return used.tv_sec * 1000000000ULL + used.tv_nsec;
}

/* The middle one of bursts in a ms of its processor time, of slices in which nobody listens. */
static double median_speed(pid_t pid, const struct load *load)
{
	struct timespec pause = { .tv_nsec = 10000000 };
	double speeds[51];
	clockid_t clock;
	int i, j;

	assert_int_equal(clock_getcpuclockid(pid, &clock), 0);
	for (i = 0; i < 51; i++) {
		uint64_t begin = cpu_ns(clock), before = load_bursts(load);
		double speed;

		do
			nanosleep(&pause, NULL);
		while (cpu_ns(clock) == begin);
		speed = (load_bursts(load) - before) * 1e6 / (cpu_ns(clock) - begin);
		for (j = i; j && speeds[j - 1] > speed; j--)
			speeds[j] = speeds[j - 1];
		speeds[j] = speed;
	}
	return speeds[25];
}

/* Attaches, reads something, and leaves, all within this process. */
static void cycle(pid_t pid)
{
	const struct options options = { .pid = pid, .buffer = 1 << 16 };
	const struct at_event *events;
	struct live live = { 0 };
	const char *why = "";
	size_t count;
	int i, ret = 1;

	if (live_open(&live, &options, &why))
		fail_msg("%s", why);
	for (i = 0; i < 3 && ret == 1; i++)
		ret = live.source->read(live.source, &events, &count, 5);
	assert_int_equal(ret, 1);
	assert_int_equal(live.source->stop(live.source), 0);
	while ((ret = live.source->read(live.source, &events, &count, 100)) == 1)
		;
	assert_int_equal(ret, 0);
	live_close(&live);
}

static void assert_same(const char *what, size_t before, size_t after)
{
	if (before != after)
		fail_msg("%s: %zu before, %zu after", what, before, after);
}

/* Some memory comes with the first tenth: the others must not need more. */
static void cycle_often(struct scene *scene, struct load *load, int times, void (*once)(pid_t pid),
			const char *how)
{
	pid_t pid = scene->target.pid, own = getpid();
	struct holding target, tracer, target_after, tracer_after;
	double before = median_speed(pid, load), after = 0;
	int i;

	for (i = 0; i < times / 10; i++)
		once(pid);
	target = holding_of(pid);
	tracer = holding_of(own);
	for (; i < times; i++)
		once(pid);
	target_after = holding_of(pid);
	tracer_after = holding_of(own);
	assert_untouched(pid);
	assert_same("descriptors of the target", target.descriptors, target_after.descriptors);
	assert_same("mappings of the target", target.mappings, target_after.mappings);
	assert_same("descriptors of the tracer", tracer.descriptors, tracer_after.descriptors);
	assert_same("mappings of the tracer", tracer.mappings, tracer_after.mappings);
	assert_true(target_after.rss_kib < target.rss_kib + 512);
	assert_true(tracer_after.rss_kib < tracer.rss_kib + 1024);
	/* Others of this machine may slow it down for a while; what has been left behind stays. */
	for (i = 0; i < 10 && after < before * 0.9; i++)
		after = median_speed(pid, load);
	note("%d %s: target %+ld KiB, tracer %+ld KiB; speed after / before %.2f", times, how,
	     (long)(target_after.rss_kib - target.rss_kib),
	     (long)(tracer_after.rss_kib - tracer.rss_kib), after / before);
	assert_true(after > before / 2);
}

static int cycles_wanted(int usual)
{
	const char *text = getenv("FAULTS_CYCLES");

	return text ? atoi(text) : usual;
}

static void cycles__in_one_process(void **state)
{
	struct scene *scene = *state;
	struct load *load = start_load(scene, 0, 1, "");

	cycle_often(scene, load, cycles_wanted(1000), cycle, "in one process");
}

static void trace_shortly(pid_t pid)
{
	struct program tracer = { 0 };

	program_start(&tracer, "build/asynctrace summary --duration 10ms -p %d", pid);
	program_wait(&tracer);
	if (tracer.status)
		fail_msg("%s", tracer.err);
	program_free(&tracer);
}

static void cycles__of_processes(void **state)
{
	struct scene *scene = *state;
	struct load *load = start_load(scene, 0, 1, "");

	cycle_often(scene, load, cycles_wanted(100), trace_shortly, "tracers");
}

const struct fault cycles[] = {
	FAULT(threads__come_and_go, "threads come and go"),
	FAULT(cycles__in_one_process, "attached, detached, full load"),
	FAULT(cycles__of_processes, "the same by processes"),
	{ .name = NULL },
};
