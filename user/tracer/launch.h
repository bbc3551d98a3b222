/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs a command up to the first instruction of the first program that is worth tracing. Its
 * libraries are mapped by then, and have run their constructors; nothing that the program does
 * itself is missed. `env X=1 prog` leads to prog.
 */
#ifndef TRACER_LAUNCH_H
#define TRACER_LAUNCH_H

#include <stdbool.h>
#include <sys/types.h>

struct at_ring;
struct launch;

/*
 * Starts `argv` and asks `accept` at the entry point of every program that it executes, one after
 * the other in the same process: 1 ends the search, 0 lets the program run, -errno with a sentence
 * for the user in `*why` gives up. Meanwhile SIGINT and SIGQUIT are the command's alone, as in
 * system(3).
 *
 * Returns 0 with the process stopped there; the same thread must call launch_go(), and the caller
 * frees `*ret` with launch_free(). Else -errno with a sentence in `*why`, which is null if the
 * command could not be executed at all. If it has ended before, `*ret` is set, too, and
 * launch_wait() tells how.
 */
int launch_start(struct launch **ret, char *const argv[],
		 int (*accept)(pid_t pid, void *context, const char **why), void *context,
		 const char **why);

/*
 * Starts `argv` with a ring, `fd` being its descriptor, and waits until what runs as its process,
 * maybe a library that this loads, has claimed it and waits for launch_go(). The ring must outlive
 * that. Returns as launch_start() does.
 */
int launch_start_ring(struct launch **ret, char *const argv[], int fd, struct at_ring *ring,
		      const char **why);

pid_t launch_pid(const struct launch *launch);

/* Lets the process run on its own. 0 or -errno. */
int launch_go(struct launch *launch);

/* Whether that was noticed. */
bool launch_has_ended(const struct launch *launch);

/*
 * Waits for the end of the command. Returns its exit status, 128 + signal if one killed it, or
 * -errno.
 */
int launch_wait(struct launch *launch);

/* Ends a process that was not let go: its ring must be there still. Takes null. */
void launch_free(struct launch *launch);

#endif
