/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The scene of a system test: a program that is traced, one or two tracers, and a folder for their
 * files. The teardown ends and removes them all, whatever has happened.
 *
 * Nothing here sleeps for a fixed time: UNTIL() waits for what it names.
 */
#ifndef TESTS_SCENE_H
#define TESTS_SCENE_H

#include "asleep.h"
#include "needs.h"
#include "system.h"
#include <dirent.h>
#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <time.h>
#include <tracer/sources/elf.h>
#include <tracer/sources/file.h>
#include <tracer/target.h>

struct scene {
	struct program target, tracer, other;
	char folder[32], path[64];
	void *shared; /* the first page of the file "shared" */
	struct at_event *events;
};

#define SHARED_SIZE 4096

/* A folder that everybody can enter, for some tracers are not root's. */
static inline int scene_setup(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));

	*state = scene;
	/* Under sudo the tracer would become the caller, who may not write our files. */
	unsetenv("SUDO_UID");
	strcpy(scene->folder, "/tmp/asynctrace.XXXXXX");
	return mkdtemp(scene->folder) ? chmod(scene->folder, 0755) : -1;
}

/* The process that the process has started, or 0. */
static inline pid_t child_of(pid_t pid)
{
	char path[64], text[32] = "";
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		text[0] = '\0';
	close(fd);
	return atoi(text);
}

/* Kills the command of a tracer, too. */
static inline void scene_end(struct program *program)
{
	pid_t command = program->pid ? child_of(program->pid) : 0;

	if (command)
		kill(command, SIGKILL);
	program_free(program);
}

/* How many files there are in the folder of the scene. */
static inline int scene_files(const struct scene *scene)
{
	DIR *folder = opendir(scene->folder);
	struct dirent *entry;
	int count = 0;

	while (folder && (entry = readdir(folder)))
		count += entry->d_name[0] != '.';
	closedir(folder);
	return count;
}

static inline int scene_teardown(void **state)
{
	struct scene *scene = *state;
	DIR *folder = opendir(scene->folder);
	struct dirent *entry;

	scene_end(&scene->tracer);
	scene_end(&scene->other);
	scene_end(&scene->target);
	while (folder && (entry = readdir(folder)))
		unlinkat(dirfd(folder), entry->d_name, 0);
	closedir(folder);
	rmdir(scene->folder);
	if (scene->shared)
		munmap(scene->shared, SHARED_SIZE);
	free(scene->events);
	free(scene);
	return 0;
}

#define SCENE_TEST(name) cmocka_unit_test_setup_teardown(name, scene_setup, scene_teardown)

/* Waits until the condition holds; fails the test if that takes too long. */
#define UNTIL(condition)                                                                           \
	do {                                                                                       \
		struct timespec until_pause_ = { .tv_nsec = 1000000 };                             \
		int until_left_ = 20000 * slowness();                                              \
                                                                                                   \
		while (!(condition)) {                                                             \
			if (!until_left_--)                                                        \
				fail_msg("waited in vain for: %s", #condition);                    \
			nanosleep(&until_pause_, NULL);                                            \
		}                                                                                  \
	} while (0)

/* A path in the folder of the scene. Valid until the next call. */
static inline const char *scene_path(struct scene *scene, const char *name)
{
	snprintf(scene->path, sizeof(scene->path), "%s/%s", scene->folder, name);
	return scene->path;
}

/* Memory that programs share by the file "shared" of the scene, all zero. */
static inline void *scene_share(struct scene *scene)
{
	int fd = open(scene_path(scene, "shared"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	assert_int_equal(ftruncate(fd, SHARED_SIZE), 0);
	scene->shared = mmap(NULL, SHARED_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(scene->shared, MAP_FAILED);
	close(fd);
	return scene->shared;
}

static inline void copy_file(const char *from, const char *to)
{
	int in = open(from, O_RDONLY | O_CLOEXEC), out = creat(to, 0755);
	struct stat file;

	assert_int_equal(fstat(in, &file), 0);
	assert_int_equal(sendfile(out, in, NULL, file.st_size), file.st_size);
	close(in);
	close(out);
}

/* In bytes; 0 as long as there is none. */
static inline off_t file_size(const char *path)
{
	struct stat file;

	return stat(path, &file) ? 0 : file.st_size;
}

/* How many threads the process has. */
static inline int threads_of(pid_t pid)
{
	char path[32];
	struct stat folder;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	return stat(path, &folder) ? 0 : (int)folder.st_nlink - 2;
}

/* The kernel's letter for the state of its first thread; 0 if there is no such process. */
static inline char state_of(pid_t pid)
{
	char path[32], stat[512] = "";
	const char *state;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && read(fd, stat, sizeof(stat) - 1) < 0)
		stat[0] = '\0';
	close(fd);
	state = strrchr(stat, ')');
	return state ? state[2] : '\0';
}

static inline bool runs(pid_t pid)
{
	char state = state_of(pid);

	return state && !strchr("ZX", state);
}

static inline uint64_t peek(pid_t pid, uint64_t address)
{
	char path[32];
	uint64_t word = 0;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(pread(fd, &word, sizeof(word), address), sizeof(word));
	close(fd);
	return word;
}

/* What lies at a probe site in the process and in its file. */
struct site {
	uint64_t memory, file;
};

/*
 * Reads the sites of the process; returns their number, and the semaphores: batch + direct << 16.
 */
static inline size_t read_sites(pid_t pid, struct site sites[ELF_PROBES_MAX], uint64_t *semaphores)
{
	struct elf_probes probes;
	struct target *target;
	const char *why;
	size_t i;

	assert_int_equal(target_open(&target, pid, elf_has_probes, &why), 0);
	assert_int_equal(target->image_count, 1);
	assert_int_equal(elf_read_probes(&probes, target->images[0].fd), 0);
	for (i = 0; i < probes.count; i++) {
		const struct elf_probe *probe = &probes.probes[i];

		sites[i].memory = peek(pid, target->images[0].bias + probe->address);
		assert_int_equal(pread(target->images[0].fd, &sites[i].file, sizeof(sites[i].file),
				       probe->offset),
				 sizeof(sites[i].file));
		if (probe->kind == ELF_BATCH)
			*semaphores = peek(pid, target->images[0].bias + probe->semaphore_address);
	}
	target_free(target);
	return probes.count;
}

/* How many batch tracers listen to the process, plus the direct probes << 16 and a ring << 32. */
static inline uint64_t listeners_of(pid_t pid)
{
	struct site sites[ELF_PROBES_MAX];
	uint64_t semaphores = UINT64_MAX;

	read_sites(pid, sites, &semaphores);
	return semaphores;
}

/* At how many probe sites the process has something else than its file: a breakpoint. */
static inline size_t breakpoints_of(pid_t pid)
{
	struct site sites[ELF_PROBES_MAX];
	uint64_t semaphores;
	size_t count = read_sites(pid, sites, &semaphores), i, different = 0;

	assert_true(count > 1);
	for (i = 0; i < count; i++)
		different += sites[i].memory != sites[i].file;
	return different;
}

/* The process is as it was before anybody traced it. */
static inline void assert_untouched(pid_t pid)
{
	assert_int_equal(listeners_of(pid), 0);
	assert_int_equal(breakpoints_of(pid), 0);
	assert_true(runs(pid));
}

/* The closing lines of summary. */
struct totals {
	unsigned long existed, created, done, records, lost, dropped;
};

static inline struct totals read_totals(const char *summary)
{
	const char *tasks = strstr(summary, "tasks: "), *records = strstr(summary, " records, ");
	struct totals totals;

	if (!tasks || !records)
		fail_msg("this has no totals:\n%s", summary);
	while (records > summary && records[-1] != '\n')
		records--;
	assert_int_equal(sscanf(tasks, "tasks: %lu existed before the trace, %lu created, %lu done",
				&totals.existed, &totals.created, &totals.done),
			 3);
	assert_int_equal(sscanf(records, "%lu records, %lu lost, %lu dropped", &totals.records,
				&totals.lost, &totals.dropped),
			 3);
	return totals;
}

/* Waits for the end of a tracer that had nothing to complain of and lost nothing. */
static inline struct totals finish_whole(struct program *tracer)
{
	struct totals totals;

	program_wait(tracer);
	assert_string_equal(tracer->err, "");
	assert_int_equal(tracer->status, 0);
	totals = read_totals(tracer->out);
	assert_int_equal(totals.lost, 0);
	assert_int_equal(totals.dropped, 0);
	return totals;
}

/* Whether a recording, which may be unfinished, has a record of the target already. */
static inline bool has_records(const char *path)
{
	const struct at_event *events;
	struct source *source;
	const char *why;
	bool found = false;
	size_t count, i;

	if (file_source_open(&source, path, &why))
		return false;
	while (!found && source->read(source, &events, &count, 0) > 0)
		for (i = 0; i < count && !found; i++)
			found = events[i].thread && events[i].kind < AT_KINDS_END;
	source->free(source);
	return found;
}

/*
 * Starts a tracer on the target that keeps its records in `name`, and waits until it has seen some.
 */
static inline void start_summary(struct scene *scene, struct program *tracer, const char *name,
				 const char *options)
{
	program_start(tracer, "build/asynctrace summary -w %s/%s -p %d %s", scene->folder, name,
		      scene->target.pid, options);
	UNTIL(has_records(scene_path(scene, name)));
}

/* Ends it. It had nothing to complain of and lost nothing. */
static inline struct totals end_summary(struct program *tracer)
{
	kill(tracer->pid, SIGINT);
	return finish_whole(tracer);
}

/*
 * All records of a recorded file, which must be complete. The scene keeps the last ones that were
 * read.
 */
static inline struct at_event *read_records(struct scene *scene, const char *path, size_t *count)
{
	const struct at_event *events;
	struct source *source;
	const char *why;
	size_t n;
	int ret;

	free(scene->events);
	scene->events = NULL;
	*count = 0;
	assert_int_equal(file_source_open(&source, path, &why), 0);
	while ((ret = source->read(source, &events, &n, 0)) > 0) {
		scene->events = reallocarray(scene->events, *count + n, sizeof(*events));
		memcpy(scene->events + *count, events, n * sizeof(*events));
		*count += n;
	}
	source->free(source);
	assert_int_equal(ret, 0);
	return scene->events;
}

#endif
