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
#include <stdio.h>
#include <time.h>

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

struct origin {
	struct origin *next;
	size_t depth, count;
	uintptr_t places[]; /* return addresses, the innermost first */
};

/* Where something was created: a return address, or in debug mode what else the stack had. */
union creation {
	uintptr_t address; /* 0 if it is not known */
	const struct origin *origin;
};

/* Spare ones stay in the list, so that nothing is linked where a coroutine is created. */
enum coroutine_state { CREATED, TAKEN, SPARE };

struct async_coroutine {
	struct async_function *function;
	struct async_coroutine
		*awaiter; /* who awaits it inside of the same task; or the next spare one */
	uint64_t number;  /* for tracers; 0 until one listens */
	uint64_t arguments[AT_ARGUMENTS_MAX];
	struct deferral *deferred; /* the last one first */
	struct async_loop *loop;   /* that ran when it was made; null if none did */
	union creation place;
	uint8_t state; /* enum coroutine_state */
	bool has_origin;
	struct list link; /* of the loop's, or of those that belong to no loop */
};

/*
 * An entry of the ready queue: the address of a task, or that of a slot with its lowest bit set.
 */
typedef uintptr_t entry_t;

/*
 * In a future's list of those who wait for it: the entry to be queued when it is done. Tasks leave
 * the list then, callbacks when they run.
 */
struct waiter {
	struct waiter *next;
	entry_t entry;
};

enum future_state { PENDING, FINISHED, CANCELLED };

/*
 * What tracers are told of a request to cancel, as it goes from who awaits to what is awaited.
 */
struct cancellation {
	uintptr_t place;  /* code address where it was asked for; 0 if that is not known */
	uint64_t through; /* id of what passes it on, or 0: nothing does, or nobody listens */
	uint64_t by;	  /* id of who asks, or 0: who runs, or nobody listens */
};

struct async_future {
	struct async_loop *loop;
	struct waiter *waiters, **last_waiter;
	int64_t result;	 /* or the negative errno */
	char *message;	 /* of the exception, or null */
	uint64_t number; /* within its type; of a timer, when it fires */
	uint32_t references;
	uint8_t state;
	uint8_t type;	  /* enum at_type */
	bool unretrieved; /* it failed, and nobody has looked */
	bool reports;	  /* its failure, for it was shielded from a cancellation */
	bool has_origin;
	union creation place;
	bool (*cancel)(struct async_future *future, struct cancellation cancellation);
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
	union {
		struct async_coroutine *coroutine; /* its own, the outermost, until it is done */
		struct async_function *function;   /* then */
	};
	struct list link; /* of the loop's tasks */
	char *name;	  /* or null: "Task-" and its number */
	int failed;	  /* the error that `failed_message` came with */
	char *failed_message;
	struct aside *aside; /* messages of failures that were met before, the last one first */
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

/*
 * Where a loop gets its calls. It outlives the loop, for the sake of those who may call when it is
 * closed: they hold a reference, and their calls are run with a null loop then, by themselves.
 */
struct mailbox {
	struct call *calls;  /* the last one first; atomic */
	bool sleeping;	     /* or about to: who calls must write to the eventfd; atomic */
	uint32_t references; /* atomic */
	int eventfd;
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
	uint64_t when_ns; /* 0 unless it was to be called at a time */
	union creation place;
	bool has_origin;
	bool queued;  /* it is in the ready queue */
	bool lasting; /* it may be queued again when it has run */
	bool depends; /* the end of `owned` depends on that of `future` */
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
	uint64_t turn_ticks; /* of the processor's counter, when that was done last */

	const struct async_clock *clock; /* null: CLOCK_MONOTONIC */
	void *clock_self;
	struct heap timers;
	struct stacks stacks;
	size_t reserved;   /* entries that could be queued at once: live tasks and slots */
	struct list tasks; /* not done */
	struct list slots; /* in use */
	struct pool spare_tasks, spare_coroutines, spare_futures, spare_slots, spare_jobs;
	bool running, stopping, closing, debug;
	struct list coroutines; /* all that it has made */

	uint64_t slow_ns; /* steps that take as long are logged in debug mode */
	uint64_t long_ns; /* coroutines that take as long are told of */
	int depth_before; /* of origin tracking, before debug mode */
	async_long_coroutine_handler *long_coroutine;
	void *long_coroutine_arg;
	async_exception_handler *exception_handler;
	void *exception_handler_arg;
	struct list link; /* of the process's loops */

	int epoll;
	struct list sources;	      /* that belong to users */
	struct source tracer, caller; /* eventfds: a tracer has come; another thread has called */
	struct mailbox *mailbox;
	struct call *late, **last_late;	 /* callbacks of other threads that found no memory here */
	struct call retry;		 /* of these; posted while there are any */
	struct list jobs;		 /* given to executors, and not done */
	struct list signals;		 /* handlers */
	struct async_executor *executor; /* its own, or null */
	bool executor_shut;
	struct watcher **watchers; /* of add_reader() and add_writer(), by descriptor; or null */
	size_t watchers_size;
	char *scratch; /* where transports read to, made when one does */

	uint64_t number;
	uintptr_t place; /* of its creation */
	struct numbers task_numbers, coroutine_numbers, future_numbers, wait_numbers;
	uint64_t serial; /* of the last handle */

	uint32_t thread;      /* the kernel's id of the one that runs it, or 0 */
	uint64_t listeners;   /* as at_listeners_rose() wants it */
	uint64_t running_id;  /* who runs, as the tracer was told */
	uint64_t left_awaits; /* why it left, which it is told when somebody enters */
	uint32_t left_flags;
	bool left;	     /* it did, and nobody has entered */
	uint64_t *announced; /* bit per index of a function that it was told of */
	size_t announced_words;
};

#pragma GCC visibility push(hidden)

/*
 * number.c: of each type, the last one that was given, or is set aside for a loop.
 */
extern uint64_t async__last_numbers[AT_TYPES_END];

/*
 * The next number, never 0. Giving back what is left keeps the numbers of one loop dense.
 */
uint64_t async__number(struct numbers *numbers, enum at_type type);
uint64_t async__number_of(enum at_type type); /* the same, one by one, for what is rare */
void async__numbers_give(struct numbers *numbers, enum at_type type);

/*
 * The loop that this thread runs. The model of TLS that costs one load, in the shared library too.
 */
extern __thread struct async_loop *async__running __attribute__((tls_model("initial-exec")));

/* stack.c */
static void *async__stack_take(struct stacks *stacks); /* its top; null without memory */
static void async__stack_give(struct stacks *stacks, void *top);
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

/*
 * log.c: a message that is a string on the heap, which it frees; null, for want of memory, is none.
 */
void async__log_taking(enum async_log_level level, char *message);

/*
 * never.c: nobody looked at the failure of a future that goes; a pending task's loop is closed; a
 * coroutine goes that nobody has run; something is left open, which is logged too if `log` says so.
 */
void async__never_awaited(struct async_coroutine *coroutine);
bool async__never_retrieved(struct async_future *future); /* true: somebody keeps it now */
void async__destroyed_pending(struct async_task *task);
void async__unclosed(uint64_t subject, uintptr_t place, bool log, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/*
 * origin.c: origins are kept for good, equal ones once. Who creates coroutines asks `any` first:
 * without it there is neither depth nor wrapper.
 */
struct tracking {
	bool any;
	int depth;
	struct async_coroutine *(*wrapper)(struct async_coroutine *coroutine);
};
extern __thread struct tracking async__tracking __attribute__((tls_model("initial-exec")));
enum { DEBUG_DEPTH = 10 };
void async__tracking_set(int depth, struct async_coroutine *(*wrapper)(struct async_coroutine *));
/* Makes an origin of an address on the stack of the caller; false without memory. */
bool async__origin_keep(union creation *place, int depth);
uintptr_t async__origin_address(union creation place, bool has_origin);
size_t async__origin_frames(union creation place, bool has_origin, struct async_frame frames[],
			    size_t size);
/* The lines of a traceback, each behind a newline. */
void async__print_frames(FILE *stream, union creation place, bool has_origin);

/* repr.c: the same for all that has one, to a stream. */
void async__print_future(FILE *stream, const struct async_future *future);
void async__print_coroutine(FILE *stream, const struct async_coroutine *coroutine);
void async__print_slot(FILE *stream, const struct slot *slot);
const char *async__error_name(int64_t error);	      /* null if it has none */
void async__print_error(FILE *stream, int64_t error); /* its name */

/* where.c: the line of its body that the outermost coroutine is at; all zero if it is not known. */
struct async_frame async__task_frame(const struct async_task *task);

/* loop.c: this thread, as the kernel calls it; in a forked child, that it is another one. */
pid_t async__thread_id(void);
void async__thread_forked(void);

/* debug.c: loops of the process, and what debug mode looks at. */
extern struct list async__loops;
void async__loop_opened(struct async_loop *loop);
void async__loop_closes(struct async_loop *loop); /* first */
void async__loop_closed(struct async_loop *loop); /* last */
bool async__loop_is_open(const struct async_loop *loop);
bool async__wrong_thread(const struct async_loop *loop); /* if it is refused, it has been logged */
void async__debug_begin(struct async_loop *loop);	 /* around its run */
void async__debug_end(struct async_loop *loop);
void async__warn_slow(const struct async_task *task, const struct slot *slot, uint64_t ns);
void async__log_poll(const struct timespec *limit, uint64_t ns, int events);
void async__long_coroutine(struct async_loop *loop, struct async_coroutine *coroutine,
			   uint64_t since_ns, int64_t result);

/* defer.c: runs what the coroutine has deferred. */
void async__run_deferred(struct async_coroutine *coroutine);

/* future.c: a new one whose tracing id is given by type and number; null without memory. */
struct async_future *async__future_new(struct async_loop *loop, enum at_type type, uint64_t number);
static void async__future_init(struct async_future *future, struct async_loop *loop, uint8_t type);
void async__keep_origin(struct async_future *future); /* of its place, in debug mode */
void async__future_finish(struct async_future *future, enum future_state state, int64_t result);
static void async__future_add_waiter(struct async_future *future, struct waiter *waiter,
				     entry_t entry);
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
/*
 * When so many seconds will have passed. UINT64_MAX for negative ones, which are no limit, and
 * without a loop.
 */
uint64_t async__deadline(const struct async_loop *loop, double timeout);

/* timeout.c: the task meets a failure that has no message. Returns -ETIMEDOUT. */
int64_t async__timed_out(struct async_task *task);

/* wakeup.c: makes the loop watch for tracers that want it to wake. 0 or -errno. */
int async__wakeup_open(struct async_loop *loop);
void async__wakeup_close(void);
void async__wakeup_forget(void); /* in a forked process, which has closed the descriptor */

/*
 * poll.c: descriptors. `source` has its fd, `ready` and `close`; `events` are epoll's, EPOLLET
 * among them. 0 or -errno: -EEXIST if the descriptor is watched already, -EPERM if it cannot be.
 */
int async__poll_open(struct async_loop *loop);
void async__poll_close(struct async_loop *loop);
int async__source_add(struct async_loop *loop, struct source *source, uint32_t events);
int async__source_change(struct source *source, uint32_t events);
int async__source_remove(struct source *source); /* before the descriptor is closed; 0 or -errno */
/* reader.c: another source has the descriptor, which was closed although it was watched. */
void async__watcher_forget(struct async_loop *loop, int fd);
/* Hears of events and calls; returns how many. `limit`: how long it may sleep, null for ever. */
int async__poll(struct async_loop *loop, const struct timespec *limit);

/* mailbox.c: any thread. */
struct mailbox *async__mailbox_new(void); /* null, and errno */
struct mailbox *async__mailbox_ref(struct mailbox *mailbox);
void async__mailbox_unref(struct mailbox *mailbox);
void async__mailbox_post(struct mailbox *mailbox, struct call *call);
void async__post(struct async_loop *loop, struct call *call); /* one that is not closed meanwhile */

/* mailbox.c: the loop's thread. Takes the calls in the order in which they came, and runs them. */
void async__mailbox_run(struct mailbox *mailbox, struct async_loop *loop);
void async__mailbox_close(struct mailbox *mailbox); /* runs what is left with a null loop */

/* executor.c: runs the loop until its own executor has ended. */
void async__executor_end(struct async_loop *loop);

/* job.c: the loop is about to be closed; its jobs are cancelled, or go on unheard. */
void async__jobs_close(struct async_loop *loop);

/*
 * transport.c: a transport of an open socket, pipe or terminal, which becomes non-blocking, to be
 * read or written or both. connection_made is called before it returns. 0, and the descriptor is
 * the transport's; or -errno, and it stays the caller's: -EBUSY if the loop watches it already.
 */
int async__transport_new(struct async_loop *loop, int fd, bool reads, bool writes,
			 const struct async_protocol *protocol, void *self,
			 struct async_transport **ret);

/*
 * signal.c. The interrupt is SIGINT, once, if this is the main thread and nobody handles it: null
 * otherwise. unwatch() tells whether it came too late for the callback.
 */
void async__signals_close(struct async_loop *loop);
bool async__signals_handled(const struct async_loop *loop); /* others than the interrupt */
struct signal_handler *async__interrupt_watch(struct async_loop *loop, async_callback *callback,
					      void *arg);
bool async__interrupt_unwatch(struct signal_handler *handler);

/* task.c */
struct async_task *async__task_create(struct async_loop *loop, struct async_coroutine *coroutine,
				      uintptr_t place);
/* As async_task_cancel(), by the thread of the loop. */
bool async__task_cancel(struct async_task *task, struct cancellation cancellation);

/* As async_task_uncancel(), but tracers are not told. */
unsigned int async__task_uncancel(struct async_task *task);
void async__task_main(struct async_task *task); /* does not return: see async__leave() */
void async__task_destroy(struct async_task *task);

/* failure.c */
void async__task_failed(struct async_task *task, int error, char *message); /* takes the message */
int64_t async__fail_plain(int64_t error); /* with no message, be it that of an earlier failure */
int64_t async__fail_with_reason(int64_t error); /* the message is the errno's description */
/*
 * Around what the task runs meanwhile, and `result` of it: if it has failed, only a message of its
 * own counts. Null if there is nothing to set aside.
 */
struct aside *async__set_aside(struct async_task *task);
void async__take_back(struct async_task *task, struct aside *aside, int64_t result);
void async__free_failures(struct async_task *task);

/* The job that this thread runs for an executor, or null; and what async_fail() tells it. */
extern __thread struct job *async__job __attribute__((tls_model("initial-exec")));
void async__job_failed(struct job *job, int error, char *message); /* takes the message */

/* coroutine.c */
int64_t async__coroutine_run(struct async_task *task, struct async_coroutine *coroutine);
/* It will run on another thread: it no longer belongs to the loop, nor counts as forgotten. */
void async__coroutine_take(struct async_coroutine *coroutine);
void async__coroutines_free(struct async_loop *loop);

/*
 * ready.c: the queue, and who runs next. Whoever may be queued reserves his place when he is made,
 * so that waking cannot fail. 0 or -ENOMEM.
 */
static int async__ready_reserve(struct async_loop *loop);
static void async__ready_release(struct async_loop *loop);
static void async__wake(struct async_loop *loop, entry_t entry);
void async__suspend(struct async_task *task, struct async_future *awaits);
int64_t async__yield(struct async_task *task);	/* lets the others that are ready run once */
void async__leave(struct async_task *task);	/* does not return, but may be jumped to */
void async__run_ready(struct async_loop *loop); /* at least one iteration */

/* handle.c */
struct slot *async__slot_take(struct async_loop *loop); /* null without memory */
void async__slot_drop(struct slot *slot);
void async__slot_run(struct slot *slot);
void async__slots_free(struct async_loop *loop);
/* One that stays until it is dropped, so that queueing it, at most once at a time, cannot fail. */
struct slot *async__slot_take_lasting(struct async_loop *loop, async_callback *callback, void *arg);
void async__slot_queue(struct slot *slot);

/*
 * As async_future_add_done_callback(), with a reference that is given up if the callback is
 * dropped, as async_handle_cancel() does; a callback that is called gives it up itself. Consumes
 * the reference even when it fails.
 */
struct async_handle async__future_watch(struct async_future *future, async_done_callback *callback,
					void *arg, struct async_future *owner);
/* The same, where the end of the owner depends on that of the future: tracers are told. */
struct async_handle async__future_depend(struct async_future *future, async_done_callback *callback,
					 void *arg, struct async_future *owner);
/* As async__future_watch(), with the reference as argument. 0 or -ENOMEM. */
int async__future_add_owner(struct async_future *future, async_done_callback *callback,
			    struct async_future *owner);

/* trace.c: what the tracer is told. Call them only if at_listening(). */
uint64_t async__trace_id(struct async_future *future); /* 0 for null */
void async__trace_loop(struct async_loop *loop, bool starts);
void async__trace_create(struct async_task *task, unsigned int flags);
void async__trace_name(struct async_task *task);
void async__trace_depends(const struct slot *slot);
/* Returns it as it is passed on: through that future. */
struct cancellation async__trace_cancel(struct async_future *future, unsigned int flags,
					struct cancellation cancellation);
void async__trace_begin(struct async_loop *loop, struct async_coroutine *coroutine, int flags);
void async__trace_end(struct async_task *task, struct async_coroutine *coroutine, int64_t result);
void async__trace_done(struct async_task *task);
void async__trace_leave(struct async_loop *loop, unsigned int flags, struct async_future *awaits);
void async__trace_enter(struct async_loop *loop, uint64_t id, uint64_t ready_ns,
			unsigned int flags);
/* With wakers if it goes to sleep. */
void async__trace_enter_loop(struct async_loop *loop, unsigned int wakers);
/* AT_TASKS_ONLY and AT_ONE_THREAD, as far as they hold. */
unsigned int async__trace_wakers(const struct async_loop *loop);
/* What follows is the doing of the loop if no step is under way. Takes null. */
void async__trace_between_steps(struct async_loop *loop);
void async__trace_enter_task(struct async_loop *loop, struct async_task *task);
void async__trace_warning(unsigned int flags, uint64_t subject,
			  const struct async_function *function, uintptr_t place, const char *text);

/* trace_state.c: the same. */
void async__trace_state(struct async_loop *loop);

#pragma GCC visibility pop

static inline struct async_task *task_of(struct async_future *future)
{
	return container_of(future, struct async_task, future);
}

/* No other thread has called. */
static inline bool async__mailbox_empty(const struct mailbox *mailbox)
{
	return !__atomic_load_n(&mailbox->calls, __ATOMIC_RELAXED);
}

static inline uint64_t loop_now(const struct async_loop *loop)
{
	return likely(!loop->clock) ? clock_ns() : loop->clock->now(loop->clock_self);
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

/* In debug mode, calls from a thread other than the one that runs the loop are refused. */
static inline bool wrong_thread(const struct async_loop *loop)
{
	return unlikely(loop->debug) && async__wrong_thread(loop);
}

/* That future cancels something: it passes its own cancellation on, or has other reasons. */
static inline struct cancellation cancellation_through(struct async_future *future, uintptr_t place)
{
	return (struct cancellation){ .place = place,
				      .through = at_listening() ? async__trace_id(future) : 0 };
}

static inline uint64_t task_id(const struct async_task *task)
{
	return AT_ID(AT_TASK, task->future.number);
}

#include "inline.h"

#endif
