/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel reports the execution of a program before its dynamic loader has run. So a breakpoint
 * goes on the entry point of each, and is gone before the program itself begins.
 */
#include "breakpoint.h"
#include "launch_internal.h"
#include "target.h"
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__x86_64__)
#define MACHINE EM_X86_64
#elif defined(__aarch64__)
#define MACHINE EM_AARCH64
#endif

/* What `accept` of launch_start() is asked. */
struct question {
	int (*accept)(pid_t pid, void *context, const char **why);
	void *context;
};

static int start_child(struct launch *launch, char *const argv[])
{
	/* The capabilities of our file, if it has some, keep ptrace away from children, too. */
	bool guarded = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 1;
	int err;

	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	err = launch_fork(launch, argv, -1);
	if (guarded)
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (err)
		return err;
	if (ptrace(PTRACE_SEIZE, launch->pid, NULL, PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL))
		return -errno;
	launch->traced = true;
	return launch_execute(launch);
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
		err = launch_await(launch, &status);
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

static int search(struct launch *launch, void *context, const char **why)
{
	const struct question *question = context;
	int found;

	for (;;) {
		found = run_to_entry(launch);
		if (found < 0) {
			*why = "it cannot be stopped where it begins: start it yourself and use -p";
			return found;
		}
		if (!found)
			return launch_failed(launch, why);
		found = question->accept(launch->pid, question->context, why);
		if (found)
			return found < 0 ? found : 0;
		if (resume(launch, PTRACE_CONT, 0))
			return -errno;
	}
}

int launch_start(struct launch **ret, char *const argv[],
		 int (*accept)(pid_t pid, void *context, const char **why), void *context,
		 const char **why)
{
	struct launch *launch = calloc(1, sizeof(*launch));
	struct question question = { .accept = accept, .context = context };
	int err;

	*why = "no memory";
	if (!launch)
		return -ENOMEM;
	*why = "this machine does not let asynctrace start processes under ptrace: start the "
	       "command yourself and use -p";
	err = start_child(launch, argv);
	return launch_search(ret, launch, err, search, &question, why);
}
