/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A process that forks while its loop runs. Parent and child go on in the loop, and count in shared
 * memory.
 *
 *	forker FILE	FILE begins with struct forker of forker.h
 */
#include "forker.h"
#include <async.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile struct forker *shared;

ASYNC(tick)
{
	return async_sleep_ns(500000);
}

ASYNC(child_tick)
{
	return async_sleep_ns(500000);
}

ASYNC(forker_main)
{
	pid_t child;
	int status;

	for (; !shared->fork; shared->parent_ticks++)
		async_await(tick());
	child = fork();
	if (!child) {
		for (; !shared->end; shared->child_ticks++)
			async_await(child_tick());
		_exit(7);
	}
	shared->child = child;
	for (; waitpid(child, &status, WNOHANG) != child; shared->parent_ticks++)
		async_await(tick());
	return WIFEXITED(status) && WEXITSTATUS(status) == 7 ? 0 : 1;
}

int main(int argc, char **argv)
{
	int fd = argc == 2 ? open(argv[1], O_RDWR) : -1;

	if (fd < 0) {
		fprintf(stderr, "usage: forker FILE\n");
		return 2;
	}
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	return shared == MAP_FAILED ? 1 : async_run(forker_main());
}
