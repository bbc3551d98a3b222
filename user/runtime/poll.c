/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Events from outside: descriptors, by epoll, and calls from other threads.
 *
 * Both eventfds are edge-triggered, so that nobody has to read them.
 */
#include "base/sanitized.h"
#include "runtime.h"
#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { EVENTS_MAX = 256 };

static void tracer_came(struct source *source, uint32_t events)
{
	(void)events;
	/* Another one may have gone meanwhile: their number alone would not show it. */
	source->loop->listeners = 0;
}

static void called(struct source *source, uint32_t events)
{
	(void)source;
	(void)events;
}

static int watch(struct async_loop *loop, struct source *source, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = source };

	source->loop = loop;
	return epoll_ctl(loop->epoll, EPOLL_CTL_ADD, source->fd, &event) ? -errno : 0;
}

int async__poll_open(struct async_loop *loop)
{
	int err;

	list_init(&loop->sources);
	loop->tracer.ready = tracer_came;
	loop->caller.ready = called;
	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	err = loop->epoll < 0 ? -errno : 0;
	if (!err) {
		loop->mailbox = async__mailbox_new();
		err = loop->mailbox ? 0 : -errno;
	}
	if (!err) {
		loop->caller.fd = loop->mailbox->eventfd;
		err = watch(loop, &loop->caller, EPOLLIN | EPOLLET);
	}
	if (!err)
		err = async__wakeup_open(loop);
	if (!err)
		return 0;
	async__mailbox_unref(loop->mailbox);
	if (loop->epoll >= 0)
		close(loop->epoll);
	return err;
}

void async__poll_close(struct async_loop *loop)
{
	while (!list_empty(&loop->sources)) {
		struct source *source = container_of(loop->sources.next, struct source, link);

		source->close(source);
	}
	async__mailbox_close(loop->mailbox);
	async__wakeup_close();
	close(loop->epoll);
	async__mailbox_unref(loop->mailbox);
}

int async__source_add(struct async_loop *loop, struct source *source, uint32_t events)
{
	int err = watch(loop, source, events);

	if (!err) {
		async__watcher_forget(loop, source->fd);
		list_add(&loop->sources, &source->link);
	}
	return err;
}

int async__source_change(struct source *source, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = source };

	return epoll_ctl(source->loop->epoll, EPOLL_CTL_MOD, source->fd, &event) ? -errno : 0;
}

int async__source_remove(struct source *source)
{
	list_remove(&source->link);
	return epoll_ctl(source->loop->epoll, EPOLL_CTL_DEL, source->fd, NULL) ? -errno : 0;
}

static int wait_for_events(struct async_loop *loop, struct epoll_event *events,
			   const struct timespec *limit)
{
	int ms = -1;

	if (limit && !limit->tv_sec && !limit->tv_nsec)
		return epoll_wait(loop->epoll, events, EVENTS_MAX, 0);
#ifndef SANITIZED_THREAD /* It keeps signals until a call that it knows, which this is not. */
	int ready = epoll_pwait2(loop->epoll, events, EVENTS_MAX, limit, NULL);

	if (ready >= 0 || errno == EINTR)
		return ready;
#endif
	/*
	 * Before Linux 5.11, or in a sandbox that does not know of it: milliseconds, rounded up,
	 * for timers are never early.
	 */
	if (limit)
		ms = limit->tv_sec < 1000000
			     ? (int)(limit->tv_sec * 1000 + (limit->tv_nsec + 999999) / 1000000)
			     : 1000000000;
	return epoll_wait(loop->epoll, events, EVENTS_MAX, ms);
}

int async__poll(struct async_loop *loop, const struct timespec *limit)
{
	static const struct timespec no_time;
	struct mailbox *mailbox = loop->mailbox;
	struct epoll_event events[EVENTS_MAX];
	bool sleeps = !limit || limit->tv_sec || limit->tv_nsec;
	int count, i;

	/* First the word that it sleeps, then the look for calls; callers do it the other way. */
	if (sleeps)
		__atomic_store_n(&mailbox->sleeping, true, __ATOMIC_SEQ_CST);
	if (sleeps && __atomic_load_n(&mailbox->calls, __ATOMIC_SEQ_CST))
		limit = &no_time;
	count = wait_for_events(loop, events, limit);
	if (sleeps)
		__atomic_store_n(&mailbox->sleeping, false, __ATOMIC_RELAXED);
	for (i = 0; i < count; i++) {
		struct source *source = events[i].data.ptr;

		source->ready(source, events[i].events);
	}
	if (!async__mailbox_empty(mailbox))
		async__mailbox_run(mailbox, loop);
	return count;
}
