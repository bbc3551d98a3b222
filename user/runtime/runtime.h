/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The inside of libasync: every struct, and what its files call of each other.
 *
 * There is one way to wait: a task awaits a future (async_await_future). Sleeping, joining a task,
 * gathering are futures that somebody completes. So there is one place where tasks are suspended,
 * woken and cancelled, and one place that tells the tracer.
 *
 * Public functions are async_noun_verb(), these here async__noun_verb().
 */
#ifndef RUNTIME_H
#define RUNTIME_H

#include "base/clock.h"
#include "base/heap.h"
#include "base/list.h"
#include "base/pool.h"
#include <async.h>
#include <asynctrace/probes.h>
#include <stdint.h>

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

struct async_coroutine {
	struct async_function *function;
	struct async_coroutine
		*awaiter; /* who awaits it inside of the same task; or the next spare one */
	uint64_t number;  /* for tracers; 0 until one listens */
	uint64_t arguments[AT_ARGUMENTS_MAX];
	struct deferral *deferred; /* the last one first */
};

/*
 * An entry of the ready queue: the address of a task, or that of a slot with its lowest bit set.
 */
typedef uintptr_t entry_t;

/* In a future's list of those who wait for it: the entry to be queued when it is done. */
struct waiter {
	struct waiter *next;
	entry_t entry;
};

enum future_state { PENDING, FINISHED, CANCELLED };

struct async_future {
	struct async_loop *loop;
	struct waiter *waiters, **last_waiter;
	int64_t result;	 /* or the negative errno */
	char *message;	 /* of the exception, or null */
	uint64_t number; /* within its type; of a timer, when it fires */
	uint32_t references;
	uint8_t state;
	uint8_t type; /* enum at_type */
	bool reports; /* its failure, for it was shielded from a cancellation */
	bool (*cancel)(struct async_future *future);
	void (*free)(struct async_future *future);
};

struct async_task {
	/* What a switch touches comes first. */
	void *sp;
	uint64_t ready_ns; /* since when it is ready; 0 if nobody listened then */
	struct async_coroutine *innermost;
	struct async_future *awaits;
	bool must_cancel; /* deliver -ECANCELED at the next chance */
	bool on_path;	  /* of a cancellation that is under way */
	uint32_t cancelling;
	void *stack;

	struct async_future future;
	struct waiter waiter;
	struct async_coroutine *coroutine; /* its own, the outermost */
	struct list link;		   /* of the loop's tasks */
	char *name;			   /* or null: "Task-" and its number */
	int failed;			   /* the error that `failed_message` came with */
	char *failed_message;
	uintptr_t place; /* code address of the creation */
} __attribute__((aligned(64)));

/*
 * A descriptor that the loop watches, part of whom it concerns. `ready` is called between two steps
 * with the events of epoll; it wakes whom it may concern, and runs nothing of the user's.
 */
struct source {
	struct list link; /* of the loop's sources */
	struct async_loop *loop;
	int fd;
	void (*ready)(struct source *source, uint32_t events);
	void (*close)(struct source *source); /* the loop is closed; it must remove the source */
};

/*
 * What another thread has to say to a loop. `run` is called between two steps, with a null loop if
 * that is closed instead; the call is its own from then on.
 */
struct call {
	struct call *next;
	void (*run)(struct call *call, struct async_loop *loop);
};

/* Something to be done at a time. */
struct timer {
	struct heap_node node;
	void (*fire)(struct timer *timer);
};

/*
 * A callback that is scheduled, or waits for its time or future. Its memory stays a slot until the
 * loop is closed, so that a handle can always be looked at: its serial tells whether it is still
 * the same.
 */
struct slot {
	struct pool_item spare;
	uint64_t serial; /* 0: nothing is scheduled, or it was cancelled */
	struct list link;
	struct async_loop *loop;
	async_callback *callback;
	async_done_callback *done; /* instead, of `future`, to which it holds a reference */
	struct async_future *future;
	struct async_future *owned; /* a reference that `done` gives up, or else whoever drops it */
	void *arg;
	struct waiter waiter;
	struct timer timer;
	uint64_t ready_ns;
	bool queued; /* it is in the ready queue */
};

enum {
	STACK_SIZE = 64 << 10,		       /* what a task takes of the address space */
	STACK_USABLE = STACK_SIZE - (8 << 10), /* at least; the rest is guard and colour */
};

/* Stacks of one loop, zero at first. */
struct stacks {
	struct slab *slabs;
	void **spare;	/* tops, the last one used last */
	size_t count;	/* of the spare ones */
	size_t size;	/* of the array: all stacks fit */
	size_t trimmed; /* the first so many spare ones hold no pages */
};

/*
 * Numbers from a counter of the process, taken in blocks so that loops need not share a cache line.
 */
struct numbers {
	uint64_t next, end;
};

struct async_loop {
	/* What a switch touches comes first. */
	void *sp; /* of the loop itself, while a task runs */
	struct async_task *current;
	entry_t *ready;	     /* a ring */
	size_t head, tail;   /* free-running */
	size_t mask;	     /* of the ring */
	size_t end;	     /* where the entries of this iteration end */
	size_t turn;	     /* behind it, timers and events are looked at before an iteration */
	uint32_t step_flags; /* AT_ITERATION at the first step of one */
	uint64_t coarse_ns;  /* CLOCK_MONOTONIC_COARSE when that was done last */

	struct heap timers;
	struct stacks stacks;
	size_t reserved;   /* entries that could be queued at once: live tasks and slots */
	struct list tasks; /* not done */
	struct list slots; /* in use */
	struct pool spare_tasks, spare_coroutines, spare_slots;
	bool running, stopping;

	int epoll;
	struct list sources;	      /* that belong to users */
	struct source tracer, caller; /* eventfds: a tracer has come; another thread has called */
	struct call *calls;	      /* of other threads, the last one first; atomic */
	bool sleeping;		      /* or about to: who calls must write to the eventfd; atomic */

	uint64_t number;
	struct numbers task_numbers, coroutine_numbers, future_numbers;
	uint64_t serial; /* of the last handle */

	uint32_t listeners;   /* as at_listeners_rose() wants it */
	uint64_t running_id;  /* who runs, as the tracer was told */
	uint64_t left_awaits; /* why it left, which it is told when somebody enters */
	uint32_t left_flags;
	uint64_t *announced; /* bit per index of a function that it was told of */
	size_t announced_words;
};

#pragma GCC visibility push(hidden)

/*
 * number.c: the next number, never 0. Giving back what is left keeps the numbers of one loop dense.
 */
uint64_t async__number(struct numbers *numbers, enum at_type type);
uint64_t async__number_of(enum at_type type); /* the same, one by one, for what is rare */
void async__numbers_give(struct numbers *numbers, enum at_type type);

/*
 * The loop that this thread runs. The model of TLS that costs one load, in the shared library too.
 */
extern __thread struct async_loop *async__running __attribute__((tls_model("initial-exec")));

/* stack.c */
void *async__stack_take(struct stacks *stacks); /* its top; null without memory */
void async__stack_give(struct stacks *stacks, void *top);
bool async__stacks_trim(struct stacks *stacks); /* true: call again */
void async__stacks_free(struct stacks *stacks);
void *async__stacks_guarded(const struct stacks *stacks, uintptr_t address); /* top, or null */

/*
 * overflow.c: between the two, a fault in a guard page of this thread is reported with the task's
 * name.
 */
struct watch {
	void *stack; /* for the signal handler; null if the thread has one of its own */
};
void async__overflow_watch(struct watch *watch);
void async__overflow_unwatch(struct watch *watch);

/* defer.c: runs what the coroutine has deferred. */
void async__run_deferred(struct async_coroutine *coroutine);

/* future.c: a new one whose tracing id is given by type and number; null without memory. */
struct async_future *async__future_new(struct async_loop *loop, enum at_type type, uint64_t number);
void async__future_init(struct async_future *future, struct async_loop *loop, uint8_t type);
void async__future_finish(struct async_future *future, enum future_state state, int64_t result);
void async__future_add_waiter(struct async_future *future, struct waiter *waiter, entry_t entry);
void async__future_remove_waiter(struct async_future *future, struct waiter *waiter);
/* `other` is done: so is the future now, in the same way. */
void async__future_end_as(struct async_future *future, const struct async_future *other);
/* Of one loop, and all there: that loop, or the running one if there are none; or null. */
struct async_loop *async__loop_of(struct async_future *const futures[], size_t count);
/*
 * As async_await_future() of something not null, whose reference stays the caller's. If the task is
 * destroyed meanwhile, it is given up for him.
 */
int64_t async__await(struct async_future *future);

/* sleep.c: nanoseconds of seconds; 0 for negative ones, and no more than a clock can bear. */
uint64_t async__ns_of(double seconds);
/* When so many seconds will have passed. UINT64_MAX for negative ones, which are no limit. */
uint64_t async__deadline(double timeout);

/* timeout.c: the task meets a failure that has no message. Returns -ETIMEDOUT. */
int64_t async__timed_out(struct async_task *task);

/* wakeup.c: makes the loop watch for tracers that want it to wake. 0 or -errno. */
int async__wakeup_open(struct async_loop *loop);
void async__wakeup_close(void);

/*
 * poll.c: descriptors. `source` has its fd, `ready` and `close`; `events` are epoll's, EPOLLET among
 * them. 0 or -errno: -EEXIST if the descriptor is watched already, -EPERM if it cannot be.
 */
int async__poll_open(struct async_loop *loop);
void async__poll_close(struct async_loop *loop);
int async__source_add(struct async_loop *loop, struct source *source, uint32_t events);
void async__source_remove(struct source *source); /* before the descriptor is closed */
/* Hears of events and calls. `limit`: how long it may sleep, null for ever. */
void async__poll(struct async_loop *loop, const struct timespec *limit);
void async__post(struct async_loop *loop, struct call *call); /* any thread */

/* task.c */
struct async_task *async__task_create(struct async_loop *loop, struct async_coroutine *coroutine,
				      uintptr_t place);
void async__task_main(struct async_task *task); /* does not return: see async__leave() */
void async__task_destroy(struct async_task *task);

/* coroutine.c */
void async__task_failed(struct async_task *task, int error, char *message); /* takes the message */
int64_t async__coroutine_run(struct async_task *task, struct async_coroutine *coroutine);

/*
 * ready.c: the queue, and who runs next. Whoever may be queued reserves his place when he is made,
 * so that waking cannot fail. 0 or -ENOMEM.
 */
int async__ready_reserve(struct async_loop *loop);
void async__ready_release(struct async_loop *loop);
void async__wake(struct async_loop *loop, entry_t entry);
void async__suspend(struct async_task *task, struct async_future *awaits);
int64_t async__yield(struct async_task *task);	/* lets the others that are ready run once */
void async__leave(struct async_task *task);	/* does not return, but may be jumped to */
void async__run_ready(struct async_loop *loop); /* at least one iteration */

/* handle.c */
struct slot *async__slot_take(struct async_loop *loop); /* null without memory */
void async__slot_drop(struct slot *slot);
void async__slot_run(struct slot *slot);
void async__slots_free(struct async_loop *loop);

/*
 * As async_future_add_done_callback(), with a reference that is given up if the callback is
 * dropped, as async_handle_cancel() does; a callback that is called gives it up itself. Consumes
 * the reference even when it fails.
 */
struct async_handle async__future_watch(struct async_future *future, async_done_callback *callback,
					void *arg, struct async_future *owner);
/* The same, with the reference as argument. 0 or -ENOMEM. */
int async__future_add_owner(struct async_future *future, async_done_callback *callback,
			    struct async_future *owner);

/* trace.c: what the tracer is told. Call them only if at_listening(). */
void async__trace_loop(struct async_loop *loop, bool starts);
void async__trace_state(struct async_loop *loop);
void async__trace_create(struct async_task *task);
void async__trace_name(struct async_task *task);
void async__trace_cancel(struct async_task *task, unsigned int flags, uintptr_t place);
void async__trace_begin(struct async_loop *loop, struct async_coroutine *coroutine, int flags);
void async__trace_end(struct async_task *task, struct async_coroutine *coroutine, int64_t result);
void async__trace_done(struct async_task *task);
void async__trace_leave(struct async_loop *loop, unsigned int flags, struct async_future *awaits);
void async__trace_enter(struct async_loop *loop, uint64_t id, uint64_t ready_ns,
			unsigned int flags);
void async__trace_enter_task(struct async_loop *loop, struct async_task *task);
void async__trace_warning(uint64_t subject, const char *text);

#pragma GCC visibility pop

static inline struct async_task *task_of(struct async_future *future)
{
	return container_of(future, struct async_task, future);
}

/* The task that this thread is running, or null. */
static inline struct async_task *current_task(void)
{
	return likely(async__running) ? async__running->current : NULL;
}

static inline entry_t entry_of_slot(const struct slot *slot)
{
	return (entry_t)slot | 1;
}

static inline struct slot *slot_of_entry(entry_t entry)
{
	return (struct slot *)(entry & ~(entry_t)1);
}

static inline uint64_t task_id(const struct async_task *task)
{
	return AT_ID(AT_TASK, task->future.number);
}

#endif
