/* SPDX-License-Identifier: BSD-2-Clause */
/* Nobody stops the process: it waits itself, in the constructor of its runtime. */
#include "launch_internal.h"
#include <asynctrace/ring.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* How often to look at the ring, which cannot wake us. */
#define LOOK_MIN_MS 1
#define LOOK_MAX_MS 16

/* Waits until the process writes into the ring. 0, or -errno; that it has ended is -ENOEXEC. */
static int await_claim(struct launch *launch, int pidfd, const char **why)
{
	struct pollfd end = { .fd = pidfd, .events = POLLIN };
	int look_ms = LOOK_MIN_MS, ready, status, err;

	while (!__atomic_load_n(&launch->ring->claimed, __ATOMIC_ACQUIRE)) {
		ready = poll(&end, 1, look_ms);
		if (ready < 0 && errno != EINTR)
			return -errno;
		if (ready > 0) {
			err = launch_await(launch, &status);
			return err ? err : launch_failed(launch, why);
		}
		if (look_ms < LOOK_MAX_MS)
			look_ms *= 2;
	}
	return 0;
}

static int search(struct launch *launch, void *context, const char **why)
{
	int pidfd = syscall(SYS_pidfd_open, launch->pid, 0), err;

	(void)context;
	*why = "this kernel is too old: Linux 5.10 is needed";
	if (pidfd < 0)
		return -errno;
	__atomic_store_n(&launch->ring->process, launch->pid, __ATOMIC_RELEASE);
	err = launch_execute(launch);
	if (!err)
		err = await_claim(launch, pidfd, why);
	close(pidfd);
	return err;
}

int launch_start_ring(struct launch **ret, char *const argv[], int fd, struct at_ring *ring,
		      const char **why)
{
	struct launch *launch = calloc(1, sizeof(*launch));
	int err;

	*why = "no memory";
	if (!launch)
		return -ENOMEM;
	*why = "no process can be started";
	err = launch_fork(launch, argv, fd);
	if (!err)
		launch->ring = ring;
	return launch_search(ret, launch, err, search, NULL, why);
}
