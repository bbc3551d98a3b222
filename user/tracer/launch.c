/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel reports the execution of a program before its dynamic loader has run. So a breakpoint
 * goes on the entry point of each, and is gone before the program itself begins.
 */
#include "launch.h"
#include "breakpoint.h"
#include "target.h"
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__x86_64__)
#define MACHINE EM_X86_64
#elif defined(__aarch64__)
#define MACHINE EM_AARCH64
#endif

struct launch {
	pid_t pid;
	int channel; /* the child waits here to be traced, and says why it cannot run */
	bool traced;
	bool ended;
	int status;	/* of wait(2), once it has ended */
	uint64_t entry; /* where the breakpoint is, or 0 */
};

static void run_child(int channel, char *const argv[])
{
	int err;

	if (read(channel, &err, sizeof(err)) == sizeof(err)) {
		execvp(argv[0], argv);
		err = errno;
		if (write(channel, &err, sizeof(err)) < 0)
			_exit(126);
	}
	_exit(127);
}

static int start_child(struct launch *launch, char *const argv[])
{
	int ends[2], go = 0, err = 0;
	bool guarded;

	/* Inherited as ignored, it would leave nothing to wait for. */
	signal(SIGCHLD, SIG_DFL);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return -errno;
	launch->channel = ends[0];
	/* The capabilities of our file, if it has some, keep ptrace away from children, too. */
	guarded = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 1;
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	launch->pid = fork();
	if (launch->pid < 0)
		err = -errno;
	if (!launch->pid) {
		close(ends[0]);
		run_child(ends[1], argv);
	}
	close(ends[1]);
	if (guarded)
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (err)
		return err;
	if (ptrace(PTRACE_SEIZE, launch->pid, NULL, PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL))
		return -errno;
	launch->traced = true;
	return send(launch->channel, &go, sizeof(go), MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* Waits for the next stop or the end. 0 or -errno. */
static int await_child(struct launch *launch, int *status)
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

/*
 * Sets the breakpoint, if the program is one that can be traced here. Else it goes on without. 0 or
 * -errno.
 */
static int set_breakpoint(struct launch *launch)
{
	char path[32];
	Elf64_Ehdr header;
	uint64_t entry;
	int proc, exe, err;
	bool native;

	launch->entry = 0;
	snprintf(path, sizeof(path), "/proc/%d", launch->pid);
	proc = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (proc < 0)
		return 0;
	exe = openat(proc, "exe", O_RDONLY | O_CLOEXEC);
	native = exe >= 0 && pread(exe, &header, sizeof(header), 0) == sizeof(header) &&
		 header.e_ident[EI_CLASS] == ELFCLASS64 && header.e_machine == MACHINE &&
		 !target_entry(&entry, proc);
	if (exe >= 0)
		close(exe);
	close(proc);
	if (!native)
		return 0;
	err = breakpoint_set(launch->pid, entry);
	if (!err)
		launch->entry = entry;
	return err == -ESRCH ? 0 : err;
}

/* If the process has come to the breakpoint, removes it. 1, 0 if it is elsewhere, -errno. */
static int leave_breakpoint(struct launch *launch)
{
	int err;

	if (!launch->entry || !breakpoint_is_at(launch->pid, launch->entry))
		return 0;
	launch->entry = 0;
	err = breakpoint_clear(launch->pid);
	return err ? err : 1;
}

static int resume(struct launch *launch, int request, int signal)
{
	/* It may have been killed since; the next wait tells. */
	return ptrace(request, launch->pid, NULL, (long)signal) && errno != ESRCH ? -errno : 0;
}

/* Goes on to the next entry point. 1 there, 0 if the process has ended first, -errno. */
static int run_to_entry(struct launch *launch)
{
	int status, event, signal, err;

	for (;;) {
		err = await_child(launch, &status);
		if (err)
			return err;
		if (launch->ended)
			return 0;
		event = status >> 16;
		signal = WSTOPSIG(status);
		if (event == PTRACE_EVENT_STOP && signal != SIGTRAP) {
			err = resume(launch, PTRACE_LISTEN, 0);
		} else if (event) {
			err = event == PTRACE_EVENT_EXEC ? set_breakpoint(launch) : 0;
			if (!err)
				err = resume(launch, PTRACE_CONT, 0);
		} else {
			err = signal == SIGTRAP ? leave_breakpoint(launch) : 0;
			if (err > 0)
				return 1;
			if (!err)
				err = resume(launch, PTRACE_CONT, signal);
		}
		if (err)
			return err;
	}
}

static int search(struct launch *launch, int (*accept)(pid_t pid, void *context, const char **why),
		  void *context, const char **why)
{
	int found, failure;

	for (;;) {
		found = run_to_entry(launch);
		if (found < 0) {
			*why = "it cannot be stopped where it begins: start it yourself and use -p";
			return found;
		}
		if (!found)
			break;
		found = accept(launch->pid, context, why);
		if (found)
			return found < 0 ? found : 0;
		if (resume(launch, PTRACE_CONT, 0))
			return -errno;
	}
	*why = NULL;
	if (recv(launch->channel, &failure, sizeof(failure), MSG_DONTWAIT) == sizeof(failure))
		return -failure;
	*why = "it has ended, and nothing that ran as this process has probes: it must be built "
	       "with libasync or asynctrace/probes.h, and not be a child of the command, so in a "
	       "shell write: sh -c 'exec ...'";
	return -ENOEXEC;
}

int launch_start(struct launch **ret, char *const argv[],
		 int (*accept)(pid_t pid, void *context, const char **why), void *context,
		 const char **why)
{
	struct launch *launch = calloc(1, sizeof(*launch));
	struct sigaction ignore = { .sa_handler = SIG_IGN }, interrupt, quit;
	int err;

	*why = "no memory";
	if (!launch)
		return -ENOMEM;
	launch->channel = -1;
	*why = "this machine does not let asynctrace start processes under ptrace: start the "
	       "command yourself and use -p";
	err = start_child(launch, argv);
	if (!err) {
		sigaction(SIGINT, &ignore, &interrupt);
		sigaction(SIGQUIT, &ignore, &quit);
		err = search(launch, accept, context, why);
		sigaction(SIGINT, &interrupt, NULL);
		sigaction(SIGQUIT, &quit, NULL);
	}
	if (err) {
		launch_free(launch);
		return err;
	}
	*ret = launch;
	return 0;
}

int launch_go(struct launch *launch)
{
	if (launch->traced && ptrace(PTRACE_DETACH, launch->pid, NULL, NULL) && errno != ESRCH)
		return -errno;
	launch->traced = false;
	return 0;
}

int launch_wait(struct launch *launch)
{
	int status, err = 0;

	if (!launch->ended)
		err = await_child(launch, &status);
	if (err)
		return err;
	return WIFEXITED(launch->status) ? WEXITSTATUS(launch->status)
					 : 128 + WTERMSIG(launch->status);
}

void launch_free(struct launch *launch)
{
	int status;

	if (!launch)
		return;
	/* Where privileges were given up, only ptrace still reaches the process. */
	if (launch->traced && !launch->ended &&
	    (!kill(launch->pid, SIGKILL) || !resume(launch, PTRACE_CONT, SIGKILL))) {
		while (!launch->ended && !await_child(launch, &status))
			;
	}
	if (launch->channel >= 0)
		close(launch->channel);
	free(launch);
}
