/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Child processes inside of the runtime, below the two forms that users see: pipes and a program
 * are made a child, which the loop watches until it has ended, whoever else has lost interest.
 */
#ifndef CHILD_H
#define CHILD_H

#include "waiting.h"
#include <sys/types.h>

/* By standard stream; -1 if there is none. All are above 2. */
struct pipes {
	int ours[3];
	int theirs[3]; /* what the child gets, be it a pipe or a descriptor of the user's */
	bool borrowed[3];
};

struct child {
	struct source source; /* its pidfd; or nothing but what ends with the loop */
	struct waiting waiting;
	pid_t pid;
	int returncode;
	bool kept;		     /* somebody has a pointer to it */
	void (*exited)(void *owner); /* called between two steps; may be null */
	void *owner;
};

#pragma GCC visibility push(hidden)

/*
 * spawn.c: what the options ask for. Descriptors of ours that somebody takes over are to be made
 * -1. close() closes the rest. 0 or -errno.
 */
int async__pipes_open(struct pipes *pipes, const struct async_process_options *options);
void async__pipes_close(struct pipes *pipes);

/* Starts a program. 0 or -errno, with a message. */
int async__spawn(const struct pipes *pipes, const struct async_process_options *options,
		 const char *const argv[], pid_t *ret);

/* child.c: starts a program and watches it. The child is the caller's, who gives it up. */
int async__child_start(struct async_loop *loop, const struct pipes *pipes,
		       const struct async_process_options *options, const char *const argv[],
		       struct child **ret);
void async__child_give_up(struct child *child);
int64_t async__child_wait(struct child *child);
int async__child_signal(const struct child *child, int signal);
void async__child_ended(struct child *child);

/* child_thread.c: a thread that waits for the child where there is no pidfd. 0 or -errno. */
int async__child_thread_start(struct child *child);

#pragma GCC visibility pop

#endif
