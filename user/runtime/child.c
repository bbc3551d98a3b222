/* SPDX-License-Identifier: BSD-2-Clause */
/* Children that run: the loop reaps each one as soon as it has ended, and tells who waits. */
#include "child.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	UNKNOWN_STATUS = 255, /* what asyncio says if somebody else has reaped it */
	PIDFD = 3,	      /* P_PIDFD, which glibc knows since 2.36 */
};

static int reap(const struct child *child)
{
	siginfo_t info;
	int err;

	do
		err = child->source.fd < 0
			      ? waitid(P_PID, child->pid, &info, WEXITED)
			      : waitid((idtype_t)PIDFD, child->source.fd, &info, WEXITED);
	while (err && errno == EINTR);
	/* Linux 5.3 has descriptors of processes, but cannot wait for one. */
	if (err && errno == EINVAL)
		err = waitid(P_PID, child->pid, &info, WEXITED);
	if (err) {
		async_log(ASYNC_LOG_WARNING,
			  "Unknown child process pid %d, will report returncode 255", child->pid);
		return UNKNOWN_STATUS;
	}
	return info.si_code == CLD_EXITED ? info.si_status : -info.si_status;
}

/*
 * It was watched for one event, and that has come, or the loop is being closed: epoll need not be
 * told, even if a process that was forked meanwhile keeps a copy open.
 */
static void unwatch(struct child *child)
{
	list_remove(&child->source.link);
	if (child->source.fd >= 0)
		close(child->source.fd);
	child->source.fd = -1;
}

void async__child_ended(struct child *child)
{
	child->returncode = reap(child);
	unwatch(child);
	async__waiting_wake(&child->waiting, SIZE_MAX);
	if (!child->kept)
		free(child);
	else if (child->exited)
		child->exited(child->owner);
}

static void ready(struct source *source, uint32_t events)
{
	(void)events;
	async__child_ended(container_of(source, struct child, source));
}

/* It runs on, and becomes somebody else's. */
static void close_child(struct source *source)
{
	struct child *child = container_of(source, struct child, source);

	if (child->kept)
		async__unclosed(AT_ID(AT_PROCESS, child->pid), 0, false,
				"unclosed transport <_UnixSubprocessTransport pid=%d running>",
				child->pid);
	unwatch(child);
	child->source.loop = NULL;
	if (!child->kept)
		free(child);
}

static int watch(struct child *child)
{
	struct async_loop *loop = child->source.loop;

	child->source.fd = syscall(SYS_pidfd_open, child->pid, 0);
	if (child->source.fd >= 0 &&
	    !async__source_add(loop, &child->source, EPOLLIN | EPOLLONESHOT))
		return 0;
	if (child->source.fd >= 0)
		close(child->source.fd);
	child->source.fd = -1;
	list_add(&loop->sources, &child->source.link);
	return async__child_thread_start(child);
}

/* Nobody could hear of its end. */
static void end_at_once(struct child *child)
{
	kill(child->pid, SIGKILL);
	reap(child);
	list_remove(&child->source.link);
	free(child);
}

int async__child_start(struct async_loop *loop, const struct pipes *pipes,
		       const struct async_process_options *options, const char *const argv[],
		       struct child **ret)
{
	struct child *child = calloc(1, sizeof(*child));
	int err;

	if (!child)
		return async__fail_plain(-ENOMEM);
	child->source.loop = loop;
	child->source.ready = ready;
	child->source.close = close_child;
	child->returncode = ASYNC_RUNNING;
	child->kept = true;
	err = async__spawn(pipes, options, argv, &child->pid);
	if (err) {
		free(child);
		return err;
	}
	async__waiting_init(&child->waiting, AT_PROCESS, child->pid);
	err = watch(child);
	if (err) {
		end_at_once(child);
		return async__fail_with_reason(err);
	}
	*ret = child;
	return 0;
}

void async__child_give_up(struct child *child)
{
	if (child->returncode != ASYNC_RUNNING || !child->source.loop)
		free(child);
	else
		child->kept = false;
}

int64_t async__child_wait(struct child *child)
{
	bool woken;

	if (!current_task())
		return -EPERM;
	if (child->returncode != ASYNC_RUNNING)
		return 0;
	if (child->source.loop != async__running)
		return async_fail(-EXDEV, "the process belongs to a different event loop");
	return async__waiting_wait(&child->waiting, &woken);
}

/* One that has ended but was not reaped would take the signal without a word. */
int async__child_signal(const struct child *child, int signal)
{
	siginfo_t info = { 0 };

	if (child->returncode != ASYNC_RUNNING ||
	    waitid(P_PID, child->pid, &info, WEXITED | WNOHANG | WNOWAIT) || info.si_pid)
		return async__fail_with_reason(-ESRCH);
	return kill(child->pid, signal) ? async__fail_with_reason(-errno) : 0;
}
