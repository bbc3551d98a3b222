/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What once broke something breaks it no more, nor does any input that a fuzzer begins with: each
 * is a file of tests/fuzz/regression/NAME or tests/fuzz/corpus/NAME.
 */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define TARGETS(X) X(elf) X(file) X(model) X(options) X(outside) X(ring) X(text)

#define DECLARE(name) int fuzz_##name(const uint8_t *data, size_t size);
TARGETS(DECLARE)

struct target {
	const char *name;
	int (*run)(const uint8_t *data, size_t size);
};

static struct target targets[] = {
#define ROW(name) { #name, fuzz_##name },
	TARGETS(ROW)
};

enum { COUNT = sizeof(targets) / sizeof(*targets), PATH_SIZE = 512 };

static uint8_t *read_file(const char *path, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat file;
	uint8_t *data;

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &file), 0);
	*size = file.st_size;
	/* Of its very size, so that whoever reads on is seen. */
	data = malloc(*size ? *size : 1);
	assert_non_null(data);
	assert_int_equal(read(fd, data, *size), *size);
	close(fd);
	return data;
}

static void run_file(const struct target *target, const char *path)
{
	size_t size;
	uint8_t *data = read_file(path, &size);

	target->run(data, size);
	free(data);
}

/* Returns how many files the folder has. `path` is the one that is run. */
static size_t run_folder(const struct target *target, const char *kind, char path[PATH_SIZE])
{
	char folder_path[PATH_SIZE / 2];
	struct dirent *entry;
	size_t count = 0;
	DIR *folder;

	snprintf(folder_path, sizeof(folder_path), "tests/fuzz/%s/%s", kind, target->name);
	folder = opendir(folder_path);
	if (!folder)
		return 0;
	while ((entry = readdir(folder))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, PATH_SIZE, "%s/%s", folder_path, entry->d_name);
		run_file(target, path);
		count++;
	}
	closedir(folder);
	return count;
}

/* The option parser prints what it likes. */
static void hush(void)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	fflush(stdout);
	dup2(null, STDOUT_FILENO);
	close(null);
}

static void run_target(const struct target *target, char path[PATH_SIZE])
{
	size_t count;

	hush();
	run_folder(target, "regression", path);
	count = run_folder(target, "corpus", path);
	snprintf(path, PATH_SIZE, "the end");
	_exit(!count);
}

/* A child dies of it, however it does, and tells by which. */
static void inputs__break_nothing(void **state)
{
	char *path =
		mmap(NULL, PATH_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t child;
	int status;

	assert_ptr_not_equal(path, MAP_FAILED);
	child = fork();
	if (!child)
		run_target(*state, path);
	assert_int_equal(waitpid(child, &status, 0), child);
	if (status)
		print_error("at %s\n", path);
	assert_int_equal(status, 0);
	munmap(path, PATH_SIZE);
}

int main(void)
{
	struct CMUnitTest tests[COUNT] = { 0 };
	size_t i;

	for (i = 0; i < COUNT; i++)
		tests[i] = (struct CMUnitTest){
			.name = targets[i].name,
			.test_func = inputs__break_nothing,
			.initial_state = &targets[i],
		};
	return cmocka_run_group_tests_name("fuzz", tests, NULL, NULL);
}
