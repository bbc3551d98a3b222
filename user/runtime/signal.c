/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signals. What the kernel calls does no more than to post a call to the loop, as another thread
 * would, and no second one before the first was taken up; all else happens there.
 */
#include "waiting.h"
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

struct signal_handler {
	struct call call;
	struct list link; /* of the loop's */
	struct async_loop *loop;
	int signal;
	struct signal_handler **place;
	struct sigaction before;
	pid_t process; /* whose the loop is: not a forked child's */
	bool posted;   /* atomic */
	bool removed;
	struct slot *step; /* that calls the callback; null if tasks wait for it */
	struct waiting waiting;
};

/* By signal, and that of async_run() for SIGINT, over which another one may lie. Atomic. */
static struct signal_handler *handlers[_NSIG], *interrupt;
static unsigned int inside; /* threads that are looking at one; atomic */

static void deliver(struct signal_handler **place, int signal)
{
	struct signal_handler *handler;
	int saved = errno;

	__atomic_add_fetch(&inside, 1, __ATOMIC_SEQ_CST);
	handler = __atomic_load_n(place, __ATOMIC_SEQ_CST);
	if (handler && handler->process != getpid()) {
		sigaction(signal, &handler->before, NULL);
		raise(signal);
	} else if (handler && !__atomic_exchange_n(&handler->posted, true, __ATOMIC_SEQ_CST)) {
		async__post(handler->loop, &handler->call);
	}
	__atomic_sub_fetch(&inside, 1, __ATOMIC_SEQ_CST);
	errno = saved;
}

static void on_signal(int signal)
{
	deliver(&handlers[signal], signal);
}

static void on_interrupt(int signal)
{
	deliver(&interrupt, signal);
}

static void take_up(struct call *call, struct async_loop *loop)
{
	struct signal_handler *handler = container_of(call, struct signal_handler, call);

	(void)loop;
	__atomic_store_n(&handler->posted, false, __ATOMIC_SEQ_CST);
	if (handler->removed) {
		free(handler);
		return;
	}
	async__waiting_wake(&handler->waiting, SIZE_MAX);
	if (handler->step)
		async__slot_queue(handler->step);
}

/*
 * In a forked child the parent's handlers count for nothing: takes the place of one. Who was inside
 * at the fork is not in the child, and will not leave.
 */
static struct signal_handler *inherited(struct signal_handler **place)
{
	static pid_t process;
	struct signal_handler *handler = __atomic_load_n(place, __ATOMIC_SEQ_CST);

	if (__atomic_exchange_n(&process, getpid(), __ATOMIC_SEQ_CST) != getpid())
		__atomic_store_n(&inside, 0, __ATOMIC_SEQ_CST);
	return handler && handler->process != getpid() ? handler : NULL;
}

/* `action` has the function and the flags. */
static int install(struct async_loop *loop, int signal, struct signal_handler **place,
		   struct sigaction *action, struct signal_handler **ret)
{
	struct signal_handler *handler = calloc(1, sizeof(*handler));
	struct signal_handler *stale = inherited(place), *expected = stale;
	int err = 0;

	if (!handler)
		return async__fail_plain(-ENOMEM);
	handler->call.run = take_up;
	handler->loop = loop;
	handler->signal = signal;
	handler->place = place;
	handler->process = getpid();
	async__waiting_init(&handler->waiting, AT_SIGNAL, signal);
	if (!__atomic_compare_exchange_n(place, &expected, handler, false, __ATOMIC_SEQ_CST,
					 __ATOMIC_SEQ_CST)) {
		free(handler);
		return async__fail_plain(-EBUSY);
	}
	/* No other handler may keep this one from returning: uninstall() waits for it. */
	sigfillset(&action->sa_mask);
	action->sa_flags |= SA_RESTART | SA_ONSTACK;
	if (sigaction(signal, action, &handler->before)) {
		err = -errno;
		__atomic_store_n(place, NULL, __ATOMIC_SEQ_CST);
		free(handler);
		return err;
	}
	if (stale && handler->before.sa_handler == action->sa_handler)
		handler->before = stale->before;
	list_add(&loop->signals, &handler->link);
	*ret = handler;
	return 0;
}

/* Afterwards no thread looks at it any more; but its call may be on its way. */
static void uninstall(struct signal_handler *handler)
{
	sigaction(handler->signal, &handler->before, NULL);
	__atomic_store_n(handler->place, NULL, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&inside, __ATOMIC_SEQ_CST) && handler->process == getpid())
		sched_yield();
	list_remove(&handler->link);
	if (handler->step)
		async__slot_drop(handler->step);
	handler->removed = true;
	if (!__atomic_load_n(&handler->posted, __ATOMIC_SEQ_CST))
		free(handler);
}

static struct signal_handler *find(struct async_loop *loop, int signal)
{
	struct list *link;

	list_for_each (link, &loop->signals) {
		struct signal_handler *handler = container_of(link, struct signal_handler, link);

		if (handler->signal == signal && handler->place != &interrupt)
			return handler;
	}
	return NULL;
}

bool async__signals_handled(const struct async_loop *loop)
{
	struct list *link;

	list_for_each (link, &loop->signals) {
		if (container_of(link, struct signal_handler, link)->place != &interrupt)
			return true;
	}
	return false;
}

/* The handler of the signal, or a new one. */
static int claim(struct async_loop *loop, int signal, struct signal_handler **ret)
{
	struct sigaction action = { .sa_handler = on_signal };

	if (signal <= 0 || signal >= _NSIG)
		return async__fail_plain(-EINVAL);
	*ret = find(loop, signal);
	return *ret ? 0 : install(loop, signal, &handlers[signal], &action, ret);
}

/* Tasks wait for it, or have not yet taken notice that it came. */
static bool awaited(const struct signal_handler *handler)
{
	return !list_empty(&handler->waiting.asleep) || !list_empty(&handler->waiting.woken);
}

/* One that was to be called is, as it is now. */
static int set_callback(struct signal_handler *handler, async_callback *callback, void *arg)
{
	if (!handler->step) {
		handler->step = async__slot_take_lasting(handler->loop, callback, arg);
		return handler->step ? 0 : -ENOMEM;
	}
	handler->step->callback = callback;
	handler->step->arg = arg;
	return 0;
}

int async_loop_add_signal_handler(struct async_loop *loop, int signal, async_callback *callback,
				  void *arg)
{
	struct signal_handler *handler;
	int err;

	loop = loop ? loop : async__running;
	if (!loop || !callback)
		return async__fail_plain(-EINVAL);
	err = claim(loop, signal, &handler);
	if (err)
		return err;
	if (awaited(handler))
		return async__fail_plain(-EBUSY);
	err = set_callback(handler, callback, arg);
	if (err && !handler->step)
		uninstall(handler);
	return err;
}

bool async_loop_remove_signal_handler(struct async_loop *loop, int signal)
{
	struct signal_handler *handler;

	loop = loop ? loop : async__running;
	handler = loop ? find(loop, signal) : NULL;
	if (!handler || !handler->step)
		return false;
	uninstall(handler);
	return true;
}

int64_t async_signal_wait(int signal)
{
	struct async_task *task = current_task();
	struct async_loop *loop = async__running;
	struct signal_handler *handler;
	int64_t result;
	bool woken;

	if (!task)
		return -EPERM;
	result = claim(loop, signal, &handler);
	if (result)
		return result;
	if (handler->step)
		return async__fail_plain(-EBUSY);
	result = async__waiting_wait(&handler->waiting, &woken);
	/* Another task may have removed the handler meanwhile, or made one of its own. */
	handler = find(loop, signal);
	if (handler && !handler->step && !awaited(handler))
		uninstall(handler);
	return result ? result : signal;
}

void async__signals_close(struct async_loop *loop)
{
	struct list *link, *next;

	list_for_each_safe (link, next, &loop->signals)
		uninstall(container_of(link, struct signal_handler, link));
}

struct signal_handler *async__interrupt_watch(struct async_loop *loop, async_callback *callback,
					      void *arg)
{
	struct sigaction action = { .sa_handler = on_interrupt, .sa_flags = SA_RESETHAND };
	struct signal_handler *handler;
	struct sigaction before;

	if (gettid() != getpid() || sigaction(SIGINT, NULL, &before) ||
	    before.sa_flags & SA_SIGINFO || before.sa_handler != SIG_DFL ||
	    install(loop, SIGINT, &interrupt, &action, &handler))
		return NULL;
	if (!set_callback(handler, callback, arg))
		return handler;
	uninstall(handler);
	return NULL;
}

bool async__interrupt_unwatch(struct signal_handler *handler)
{
	struct signal_handler *over;
	struct sigaction now;
	bool missed;

	if (!handler)
		return false;
	over = find(handler->loop, SIGINT);
	if (over)
		over->before = handler->before;
	/* What has taken its place stays. */
	if (!sigaction(SIGINT, NULL, &now) && now.sa_handler != on_interrupt)
		handler->before = now;
	missed = __atomic_load_n(&handler->posted, __ATOMIC_SEQ_CST) || handler->step->queued;
	uninstall(handler);
	return missed;
}
