/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes records if anybody listens, and says in shared memory how many it has written: of what it
 * keeps for itself nobody else could know.
 *
 *	writer FILE	FILE begins with the number of rounds, and the sequence of the last record
 */
#define AT_PROBES_IMPLEMENTATION
#include <asynctrace/probes.h>
#include <stdio.h>
#include <sys/mman.h>

int main(int argc, char **argv)
{
	const struct timespec pause = { .tv_nsec = 100000 };
	int fd = argc == 2 ? open(argv[1], O_RDWR) : -1;
	volatile uint64_t *shared;

	if (fd < 0) {
		fprintf(stderr, "usage: writer FILE\n");
		return 2;
	}
	shared = mmap(NULL, 2 * sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (shared == MAP_FAILED)
		return 1;
	for (;; shared[0]++) {
		if (at_listening())
			at_record(AT_LOOP_START, 0, AT_ID(AT_LOOP, 1), 0, 0, 0);
		shared[1] = at_thread.sequence;
		at_flush();
		nanosleep(&pause, NULL);
	}
}
