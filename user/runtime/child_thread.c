/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A thread per child, where the kernel has no pidfd (before Linux 5.3), a sandbox forbids it, or
 * there are no descriptors left. It is none of an executor's, whose jobs would wait for as long as
 * children run. It only tells the loop, which reaps.
 */
#include "child.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

struct child_thread {
	struct call call;
	struct mailbox *mailbox;
	struct child *child; /* it lives at least as long as the loop */
	pid_t pid;
};

static void told(struct call *call, struct async_loop *loop)
{
	struct child_thread *thread = container_of(call, struct child_thread, call);

	if (loop)
		async__child_ended(thread->child);
	free(thread);
}

static void *wait_for_end(void *arg)
{
	struct child_thread *thread = arg;
	struct mailbox *mailbox = thread->mailbox;
	siginfo_t info;

	while (waitid(P_PID, thread->pid, &info, WEXITED | WNOWAIT) && errno == EINTR)
		;
	async__mailbox_post(mailbox, &thread->call);
	async__mailbox_unref(mailbox);
	return NULL;
}

/* Signals are for the program's own threads. */
static int create(struct child_thread *thread)
{
	pthread_attr_t attributes;
	sigset_t all, before;
	pthread_t ignored;
	int err = pthread_attr_init(&attributes);

	if (err)
		return -err;
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&ignored, &attributes, wait_for_end, thread);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	return -err;
}

int async__child_thread_start(struct child *child)
{
	struct child_thread *thread = calloc(1, sizeof(*thread));
	int err;

	if (!thread)
		return -ENOMEM;
	thread->call.run = told;
	thread->mailbox = async__mailbox_ref(child->source.loop->mailbox);
	thread->child = child;
	thread->pid = child->pid;
	err = create(thread);
	if (err) {
		async__mailbox_unref(thread->mailbox);
		free(thread);
	}
	return err;
}
