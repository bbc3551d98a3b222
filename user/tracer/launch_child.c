/* SPDX-License-Identifier: BSD-2-Clause */
/* The child of a launch, from the fork to its end, however it is made to wait in between. */
#include "launch_internal.h"
#include <asynctrace/ring.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void inherit(int ring)
{
	char number[16];

	/* It waits for us, and must not run on without. What claims the ring is free from `go` on. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	snprintf(number, sizeof(number), "%d", ring);
	fcntl(ring, F_SETFD, 0);
	setenv(AT_RING_VARIABLE, number, 1);
}

static void run_child(int channel, char *const argv[], int ring)
{
	int err;

	if (ring >= 0)
		inherit(ring);
	if (read(channel, &err, sizeof(err)) == sizeof(err)) {
		execvp(argv[0], argv);
		err = errno;
		if (write(channel, &err, sizeof(err)) < 0)
			_exit(126);
	}
	_exit(127);
}

int launch_fork(struct launch *launch, char *const argv[], int ring)
{
	int ends[2], err = 0;

	launch->channel = -1;
	/* Inherited as ignored, it would leave nothing to wait for. */
	signal(SIGCHLD, SIG_DFL);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return -errno;
	launch->channel = ends[0];
	launch->pid = fork();
	if (launch->pid < 0)
		err = -errno;
	if (!launch->pid) {
		close(ends[0]);
		run_child(ends[1], argv, ring);
	}
	close(ends[1]);
	return err;
}

int launch_execute(struct launch *launch)
{
	int go = 0;

	return send(launch->channel, &go, sizeof(go), MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int launch_await(struct launch *launch, int *status)
{
	while (waitpid(launch->pid, status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	if (WIFEXITED(*status) || WIFSIGNALED(*status)) {
		launch->ended = true;
		launch->status = *status;
	}
	return 0;
}

#define BUILD_IT                                                                                   \
	". Build it with libasync or asynctrace/probes.h; in a shell write: sh -c 'exec ...'"

#define NO_PROBES                                                                                  \
	"nothing was traced, for it has no probes" BUILD_IT                                        \
	"; if it loads them later, use --source ring"

/* Nobody has looked what it is. */
#define NOT_TAKEN                                                                                  \
	"nothing was traced, for it did not take the ring: it has no probes, or those of another " \
	"version, or its environment was cleared" BUILD_IT

int launch_failed(struct launch *launch, const char **why)
{
	int failure;

	*why = NULL;
	if (recv(launch->channel, &failure, sizeof(failure), MSG_DONTWAIT) == sizeof(failure))
		return -failure;
	*why = launch->ring ? NOT_TAKEN : NO_PROBES;
	return -ENOEXEC;
}

int launch_search(struct launch **ret, struct launch *launch, int err,
		  int (*search)(struct launch *launch, void *context, const char **why),
		  void *context, const char **why)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, interrupt, quit;

	if (!err) {
		sigaction(SIGINT, &ignore, &interrupt);
		sigaction(SIGQUIT, &ignore, &quit);
		err = search(launch, context, why);
		sigaction(SIGINT, &interrupt, NULL);
		sigaction(SIGQUIT, &quit, NULL);
	}
	if (err && !launch->ended) {
		launch_free(launch);
		return err;
	}
	*ret = launch;
	return err;
}

pid_t launch_pid(const struct launch *launch)
{
	return launch->pid;
}

static void tell_waiting(struct launch *launch, uint32_t go)
{
	if (!launch->ring)
		return;
	__atomic_store_n(&launch->ring->go, go, __ATOMIC_RELEASE);
	syscall(SYS_futex, &launch->ring->go, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

int launch_go(struct launch *launch)
{
	if (launch->traced && ptrace(PTRACE_DETACH, launch->pid, NULL, NULL) && errno != ESRCH)
		return -errno;
	launch->traced = false;
	tell_waiting(launch, AT_RING_GO);
	launch->ring = NULL;
	return 0;
}

bool launch_has_ended(const struct launch *launch)
{
	return launch->ended;
}

int launch_wait(struct launch *launch)
{
	int status, err = 0;

	if (!launch->ended)
		err = launch_await(launch, &status);
	if (err)
		return err;
	return WIFEXITED(launch->status) ? WEXITSTATUS(launch->status)
					 : 128 + WTERMSIG(launch->status);
}

void launch_free(struct launch *launch)
{
	bool waits;
	int status;

	if (!launch)
		return;
	waits = (launch->traced || launch->ring) && !launch->ended;
	if (waits)
		tell_waiting(launch, AT_RING_END);
	/* Where privileges were given up, no signal reaches the process but by ptrace. */
	if (waits && (!kill(launch->pid, SIGKILL) ||
		      (launch->traced && !ptrace(PTRACE_CONT, launch->pid, NULL, (long)SIGKILL)))) {
		while (!launch->ended && !launch_await(launch, &status))
			;
	}
	if (launch->channel >= 0)
		close(launch->channel);
	free(launch);
}
