/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls from other threads. They push onto a list without a lock, and write to an eventfd only if
 * the loop sleeps. A list that is closed has a mark in it for good.
 */
#include "runtime.h"
#include <sys/eventfd.h>
#include <unistd.h>

static struct call closed;

struct mailbox *async__mailbox_new(void)
{
	struct mailbox *mailbox = calloc(1, sizeof(*mailbox));

	if (!mailbox)
		return NULL;
	mailbox->references = 1;
	mailbox->eventfd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (mailbox->eventfd >= 0)
		return mailbox;
	free(mailbox);
	return NULL;
}

struct mailbox *async__mailbox_ref(struct mailbox *mailbox)
{
	__atomic_fetch_add(&mailbox->references, 1, __ATOMIC_RELAXED);
	return mailbox;
}

void async__mailbox_unref(struct mailbox *mailbox)
{
	if (!mailbox || __atomic_sub_fetch(&mailbox->references, 1, __ATOMIC_ACQ_REL))
		return;
	close(mailbox->eventfd);
	free(mailbox);
}

void async__mailbox_post(struct mailbox *mailbox, struct call *call)
{
	static const uint64_t one = 1;
	struct call *last = __atomic_load_n(&mailbox->calls, __ATOMIC_ACQUIRE);

	do {
		if (unlikely(last == &closed)) {
			call->run(call, NULL);
			return;
		}
		call->next = last;
	} while (!__atomic_compare_exchange_n(&mailbox->calls, &last, call, true, __ATOMIC_SEQ_CST,
					      __ATOMIC_ACQUIRE));
	if (!__atomic_load_n(&mailbox->sleeping, __ATOMIC_SEQ_CST) ||
	    !__atomic_exchange_n(&mailbox->sleeping, false, __ATOMIC_SEQ_CST))
		return;
	if (write(mailbox->eventfd, &one, sizeof(one)) < 0)
		return; /* its counter is full: the loop has not slept for long */
}

void async__post(struct async_loop *loop, struct call *call)
{
	struct mailbox *mailbox = async__mailbox_ref(loop->mailbox);

	/* The call may be what ends the loop. */
	async__mailbox_post(mailbox, call);
	async__mailbox_unref(mailbox);
}

static void run(struct call *last, struct async_loop *loop)
{
	struct call *first = NULL, *next;

	for (; last; last = next) {
		next = last->next;
		last->next = first;
		first = last;
	}
	for (; first; first = next) {
		next = first->next;
		first->run(first, loop);
	}
}

void async__mailbox_run(struct mailbox *mailbox, struct async_loop *loop)
{
	run(__atomic_exchange_n(&mailbox->calls, NULL, __ATOMIC_ACQUIRE), loop);
}

void async__mailbox_close(struct mailbox *mailbox)
{
	run(__atomic_exchange_n(&mailbox->calls, &closed, __ATOMIC_ACQ_REL), NULL);
}
