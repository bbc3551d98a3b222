/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Callbacks for descriptors that are the program's own. Level-triggered, as in asyncio: they are
 * called again and again as long as there is something to do.
 */
#include "runtime.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

struct watcher {
	struct source source;
	struct slot *reader, *writer; /* or null */
};

static void ready(struct source *source, uint32_t events)
{
	struct watcher *watcher = container_of(source, struct watcher, source);

	if (watcher->reader && events & ~EPOLLOUT)
		async__slot_queue(watcher->reader);
	if (watcher->writer && events & ~EPOLLIN)
		async__slot_queue(watcher->writer);
}

static uint32_t events_of(const struct watcher *watcher)
{
	return (watcher->reader ? EPOLLIN : 0) | (watcher->writer ? EPOLLOUT : 0);
}

static void free_stale(struct source *source)
{
	list_remove(&source->link);
	free(container_of(source, struct watcher, source));
}

/* What the descriptor was may be open elsewhere, and heard of until the loop is closed. */
static void go_stale(struct watcher *watcher)
{
	watcher->source.close = free_stale;
	list_remove(&watcher->source.link);
	list_add(&watcher->source.loop->sources, &watcher->source.link);
}

static void drop(struct watcher *watcher)
{
	watcher->source.loop->watchers[watcher->source.fd] = NULL;
	if (async__source_remove(&watcher->source))
		go_stale(watcher);
	else
		free(watcher);
}

static void drop_slots(struct watcher *watcher)
{
	if (watcher->reader)
		async__slot_drop(watcher->reader);
	if (watcher->writer)
		async__slot_drop(watcher->writer);
	watcher->reader = watcher->writer = NULL;
}

static void abandon(struct source *source)
{
	struct watcher *watcher = container_of(source, struct watcher, source);

	drop_slots(watcher);
	drop(watcher);
}

static struct watcher *watcher_of(const struct async_loop *loop, int fd)
{
	return fd >= 0 && (size_t)fd < loop->watchers_size ? loop->watchers[fd] : NULL;
}

void async__watcher_forget(struct async_loop *loop, int fd)
{
	struct watcher *watcher = watcher_of(loop, fd);

	if (!watcher)
		return;
	drop_slots(watcher);
	loop->watchers[fd] = NULL;
	go_stale(watcher);
}

/* Room for the descriptor in the loop's array. */
static int reserve(struct async_loop *loop, int fd)
{
	size_t size = loop->watchers_size ? loop->watchers_size : 64;
	struct watcher **watchers;

	while (size <= (size_t)fd)
		size *= 2;
	if (size == loop->watchers_size)
		return 0;
	watchers = reallocarray(loop->watchers, size, sizeof(*watchers));
	if (!watchers)
		return async__fail_plain(-ENOMEM);
	memset(watchers + loop->watchers_size, 0, (size - loop->watchers_size) * sizeof(*watchers));
	loop->watchers = watchers;
	loop->watchers_size = size;
	return 0;
}

/* A watcher for this descriptor, which is told of these events. */
static int create(struct async_loop *loop, int fd, uint32_t events, struct watcher **ret)
{
	struct watcher *watcher = calloc(1, sizeof(*watcher));
	int err = watcher ? 0 : -ENOMEM;

	/* The array is as long as the number is large. */
	if (!err)
		err = fcntl(fd, F_GETFD) < 0 ? -errno : reserve(loop, fd);
	if (!err) {
		watcher->source.fd = fd;
		watcher->source.ready = ready;
		watcher->source.close = abandon;
		err = async__source_add(loop, &watcher->source, events);
	}
	if (err) {
		free(watcher);
		return err == -EEXIST ? -EBUSY : err;
	}
	loop->watchers[fd] = watcher;
	*ret = watcher;
	return 0;
}

/* The watcher of the descriptor, which from now on is told of this event as well. */
static int watch_for(struct async_loop *loop, int fd, uint32_t event, struct watcher **ret)
{
	struct watcher *watcher = watcher_of(loop, fd);
	int err;

	if (!watcher)
		return create(loop, fd, event, ret);
	err = async__source_change(&watcher->source, events_of(watcher) | event);
	if (err != -ENOENT) {
		*ret = watcher;
		return err;
	}
	/* The descriptor was closed although it was watched, and is another one now. */
	abandon(&watcher->source);
	return create(loop, fd, event, ret);
}

static struct slot **place_of(struct watcher *watcher, uint32_t event)
{
	return event == EPOLLIN ? &watcher->reader : &watcher->writer;
}

static int add(struct async_loop *loop, int fd, uint32_t event, async_callback *callback, void *arg)
{
	struct watcher *watcher;
	struct slot *slot, **place;
	int err;

	loop = loop ? loop : async__running;
	if (!loop)
		return -EPERM;
	slot = async__slot_take_lasting(loop, callback, arg);
	if (!slot)
		return async__fail_plain(-ENOMEM);
	err = watch_for(loop, fd, event, &watcher);
	if (err) {
		async__slot_drop(slot);
		return err;
	}
	place = place_of(watcher, event);
	if (*place)
		async__slot_drop(*place);
	*place = slot;
	return 0;
}

static bool removed(struct async_loop *loop, int fd, uint32_t event)
{
	struct watcher *watcher;
	struct slot **place;

	loop = loop ? loop : async__running;
	watcher = loop ? watcher_of(loop, fd) : NULL;
	if (!watcher)
		return false;
	place = place_of(watcher, event);
	if (!*place)
		return false;
	async__slot_drop(*place);
	*place = NULL;
	if (!watcher->reader && !watcher->writer)
		drop(watcher);
	else
		async__source_change(&watcher->source, events_of(watcher));
	return true;
}

int async_loop_add_reader(struct async_loop *loop, int fd, async_callback *callback, void *arg)
{
	return add(loop, fd, EPOLLIN, callback, arg);
}

int async_loop_add_writer(struct async_loop *loop, int fd, async_callback *callback, void *arg)
{
	return add(loop, fd, EPOLLOUT, callback, arg);
}

bool async_loop_remove_reader(struct async_loop *loop, int fd)
{
	return removed(loop, fd, EPOLLIN);
}

bool async_loop_remove_writer(struct async_loop *loop, int fd)
{
	return removed(loop, fd, EPOLLOUT);
}
