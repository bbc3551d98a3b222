/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The eventfd by which a tracer wakes loops that sleep (see at_listeners). One for the process:
 * every loop watches it edge-triggered, so that one write wakes all and nobody has to read it.
 */
#include "runtime.h"
#include <errno.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned int loops;

/* The number first: a tracer must not take another file for this one. */
static void forget(void)
{
	int fd = at_listeners.wakeup;

	*(volatile __s32 *)&at_listeners.wakeup = -1;
	if (fd >= 0)
		close(fd);
}

int async__wakeup_open(struct async_loop *loop)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET, .data.ptr = &loop->tracer };
	int err = 0;

	loop->tracer.loop = loop;
	pthread_mutex_lock(&lock);
	if (!loops)
		at_listeners.wakeup = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (at_listeners.wakeup < 0 ||
	    epoll_ctl(loop->epoll, EPOLL_CTL_ADD, at_listeners.wakeup, &event))
		err = -errno;
	if (!err) {
		loops++;
	} else if (!loops && at_listeners.wakeup >= 0) {
		close(at_listeners.wakeup);
		at_listeners.wakeup = -1;
	}
	pthread_mutex_unlock(&lock);
	return err;
}

void async__wakeup_close(void)
{
	pthread_mutex_lock(&lock);
	if (!--loops)
		forget();
	pthread_mutex_unlock(&lock);
}

void async__wakeup_forget(void)
{
	static const pthread_mutex_t unlocked = PTHREAD_MUTEX_INITIALIZER;

	/* Another thread may have held it at the fork. */
	lock = unlocked;
	loops = 0;
	*(volatile __s32 *)&at_listeners.wakeup = -1;
}
