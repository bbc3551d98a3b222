/* SPDX-License-Identifier: BSD-2-Clause */
/* What the programs beside which libasync is measured share: a table of benches, and a socket. */
#ifndef PEER_H
#define PEER_H

#include "../bench.h"
#include <errno.h>
#include <string.h>

struct peer_bench {
	const char *name;
	void (*run)(void);
};

/* Runs the bench that the command line names. */
static inline int peer_main(char *argv[], const struct peer_bench *benches)
{
	for (; benches->name; benches++) {
		if (argv[1] && !strcmp(benches->name, argv[1])) {
			benches->run();
			return 0;
		}
	}
	fprintf(stderr, "%s: no such bench\n", argv[0]);
	return 1;
}

/* What cannot fail for any reason that a benchmark could answer to. */
static inline int peer_check(int result)
{
	if (result < 0) {
		perror("bench");
		exit(1);
	}
	return result;
}

#endif
