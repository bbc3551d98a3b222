/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For tests that start children: no test may leave a descriptor open or a zombie behind. Wrap them
 * in CHILD_TEST().
 */
#ifndef TESTS_CHILDREN_H
#define TESTS_CHILDREN_H

#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static inline size_t open_descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	size_t count = 0;

	while (readdir(folder))
		count++;
	closedir(folder);
	return count;
}

static inline int children_setup(void **state)
{
	*state = (void *)open_descriptors();
	return 0;
}

static inline int children_teardown(void **state)
{
	size_t before = (size_t)*state, now;
	pid_t pid = waitpid(-1, NULL, WNOHANG);
	int err = errno, left = 10000;

	/* A thread that has waited for a child may still have one. */
	while ((now = open_descriptors()) != before && left--)
		usleep(100);

	if (now != before)
		print_error("%zu descriptors were open before, %zu are now\n", before, now);
	if (pid != -1 || err != ECHILD)
		print_error("there is a child left: %d\n", (int)pid);
	return now != before || pid != -1 || err != ECHILD;
}

#define CHILD_TEST(name) cmocka_unit_test_setup_teardown(name, children_setup, children_teardown)

/* The status of a forked process that does this; -N if signal N killed it. */
static inline int status_of_fork(int (*program)(void))
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (!pid) {
		alarm(30);
		_exit(program());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

#endif
