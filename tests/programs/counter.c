/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * To be killed in the middle of its work: a coroutine is called over and over within one step of a
 * task, so that what was written last is in no batch that was handed over. It counts in shared
 * memory what it has written for sure.
 *
 *	counter FILE CALLS	the first 8 bytes of FILE count the calls that have returned
 *
 * After so many calls it waits, still within the step.
 */
#include <async.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static volatile uint64_t *returned;

ASYNC(call, uint64_t, number)
{
	return number;
}

ASYNC(call_often, uint64_t, calls)
{
	uint64_t i;

	for (i = 1; i <= calls; i++) {
		async_await(call(i));
		*returned = i;
	}
	for (;;)
		pause();
	return 0;
}

int main(int argc, char **argv)
{
	int fd = argc == 3 ? open(argv[1], O_RDWR) : -1;

	if (fd < 0) {
		fprintf(stderr, "usage: counter FILE CALLS\n");
		return 2;
	}
	returned = mmap(NULL, sizeof(*returned), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	return returned == MAP_FAILED ? 1 : async_run(call_often(strtoull(argv[2], NULL, 10)));
}
