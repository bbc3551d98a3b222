/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the records mean: loops, tasks, coroutines and the intervals of their lives.
 *
 * Pure: records in, calls to the listeners out. It does no input or output and has no clock but the
 * records' own, so a replayed file gives what the live run gave.
 *
 * A task is running, ready (it could run and waits for the loop) or awaiting, and nothing else: the
 * three times add up to its wall time, to the nanosecond.
 *
 * Records may be missing. What they would have said is left open, not guessed: a task that is met
 * for the first time in the middle of its life counts from there, a coroutine whose end is missing
 * ends with MODEL_OPEN, and arguments of which a part is missing are absent. So it is with what a
 * target leaves out to be spared: it is open or unknown from then on.
 */
#ifndef TRACER_MODEL_H
#define TRACER_MODEL_H

#include <asynctrace/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct model;

/* Where time went, in ns. */
struct model_times {
	uint64_t running;
	uint64_t ready;
	uint64_t awaiting;
};

struct model_function {
	uint64_t address;
	uint32_t process;
	uint32_t line;
	uint64_t types;	  /* as in AT_FUNCTION */
	const char *name; /* never null: "0x…" where no record named it */
	const char *file; /* null if unknown */
	void *user;	  /* of the view; null at first, and the view frees it */
};

enum model_state { MODEL_AWAITING, MODEL_READY, MODEL_RUNNING };

struct model_task {
	uint64_t id;
	uint32_t process;
	uint32_t thread;		 /* where it ran last, or was created */
	bool existing;			 /* there before its first record: times are from then on */
	const char *name;		 /* as set, or "Task-7" */
	struct model_function *function; /* of its coroutine */
	struct model_coroutine *innermost; /* the coroutine that it is in, or null */
	uint64_t creator;		   /* id of the task or callback that created it, or 0 */
	uint64_t place;			   /* code address of its creation, or 0 */
	uint64_t created_ns;
	enum model_state state;
	uint64_t since_ns;	  /* of its state */
	bool unknown;		  /* switches are left out: its state is, its times stand still */
	uint64_t awaits;	  /* while it is awaiting: what, or 0 if that is not known */
	struct model_times times; /* up to the last transition */
	uint64_t steps;		  /* that have ended */
	bool begun;		  /* its coroutine has, as far as was seen */
	uint64_t self_wakes;	  /* how often it became ready by its own doing: it yielded */
	uint64_t cancelled_by;	  /* who asked last for its cancellation, or 0 */
	const struct model_end *end; /* null up to its last step */

	/* What depends on it, a gather for example: `awaited_by_count` ids. */
	const uint64_t *awaited_by;
	size_t awaited_by_count;

	void *user; /* of the view; null at first, and the view frees it at task_end */
};

/* One call of a coroutine function, from its first step to its end. */
struct model_coroutine {
	uint64_t id;
	uint32_t process;
	bool existing; /* it began before the trace: its times are from then on */
	struct model_function *function;
	struct model_task *task;	 /* null for one that runs outside of a task */
	struct model_coroutine *awaiter; /* who awaits it inside of the same task, or null */
	uint32_t thread;		 /* where it began */
	uint64_t begun_ns;
	uint64_t ended_ns;	  /* at the end only */
	struct model_times times; /* at the end only; what it awaited included */
	void *user;		  /* of the view; null at first, and the view frees it at end */

	/* Null if they are not known; else as many as the function has types. */
	const uint64_t *arguments;
	const char *const *texts; /* of string arguments, null for a null pointer; else unused */
	const bool *cut;	  /* the text was longer than a record keeps */
};

enum model_outcome { MODEL_RETURNED, MODEL_FAILED, MODEL_CANCELLED, MODEL_OPEN };

struct model_end {
	enum model_outcome outcome;
	int64_t result;	     /* -errno if it failed */
	const char *message; /* of a failure, or null; for the time of the call */
};

struct model_loop {
	uint64_t id;
	uint32_t process;
	uint32_t thread;
	uint64_t iterations;
	uint64_t steps;		    /* of tasks and callbacks */
	uint64_t timers;	    /* that it had when it told so last */
	uint64_t callbacks;	    /* that were ready at its state; 0 without one */
	uint64_t runs;		    /* id of who runs on it, its own while it waits; or 0 */
	unsigned int wakers;	    /* AT_TASKS_ONLY..., of its sleep or state; 0 if it told none */
	bool called;		    /* a thread or signal woke it when nothing else could */
	uint64_t silent_ns;	    /* it did not tell its state for so long: it was read; or 0 */
	char thread_state;	    /* then: the kernel's letter, or 0 */
	uint64_t first_ns, last_ns; /* of what was seen of it */
	uint64_t idle_ns;	    /* of that, waiting for events, or not run */

	/* The longest step: by which task or callback, and its function, null if there was none. */
	uint64_t longest_ns;
	uint64_t longest_what;
	struct model_function *longest_function;

	struct model_loop *next;
};

struct model_totals {
	uint64_t records; /* seen */
	uint64_t lost;	  /* never arrived, by the holes in their sequence */
	uint64_t dropped; /* by the kernel's side, which counts those that it could not pass on */
	uint64_t unread;  /* threads with a last batch that could not be read */
	uint64_t forked;  /* children that were not traced */
	uint64_t unkept;  /* so often there was no room: what found none is not followed */
	uint64_t first_ns, last_ns;
	uint64_t tasks_existing, tasks_created, tasks_done;
	uint64_t jobs, jobs_done, jobs_failed; /* of executors; the failed ones are done, too */
	uint64_t job_threads, job_processes;   /* that ran them */
	bool complete;			       /* the stream was closed properly (AT_DETACH) */

	/*
	 * What the target left out to be spared, and when each step of that was first told, by enum
	 * at_detail. From then on the model takes nothing of the kind, whoever may still write it.
	 */
	enum at_detail detail;
	uint64_t shed_coroutines, shed_switches, shed_others;
	uint64_t shed_ns[AT_DETAIL_COUNTS + 1];
};

/* A code address: in which function and line it is. */
struct model_place {
	uint64_t address;
	uint32_t process;
	uint32_t line;
	const char *function; /* null if unknown */
	const char *file;     /* null if unknown */
};

enum model_kind {
	MODEL_STEP,	/* a task ran */
	MODEL_CALLBACK, /* a plain callback ran */
	MODEL_IDLE,	/* a loop waited for its next event */
	MODEL_QUEUE,	/* a task could have run */
	MODEL_AWAIT,	/* a task waited for something */
	MODEL_JOB,	/* of an executor: it ran */
};

/* What lasted from one moment to another. Those of a task do not overlap and leave no gap. */
struct model_interval {
	enum model_kind kind;
	uint64_t id; /* of the task, callback, loop or job */
	uint32_t process, thread;
	uint64_t begin_ns, end_ns;
	bool existing;		       /* it began before the trace */
	bool open;		       /* its end was not seen */
	bool torn;		       /* records within it are missing: it may have been several */
	const struct model_task *task; /* null if it is of none */
	const struct model_loop *loop; /* null if that is not known */
	const struct model_function *function; /* of task, callback or job; else null */
	uint64_t iteration;		       /* of the loop, in which it ended */
	uint64_t awaits;		       /* MODEL_AWAIT: what, or 0 */
	uint64_t next; /* MODEL_STEP: what the task awaits from then on, or 0 */

	/*
	 * MODEL_AWAIT, MODEL_QUEUE: who made it ready, a task, callback, or the loop for an event
	 * from outside; 0 if that is not known.
	 */
	uint64_t woken_by;
	uint64_t woken_ns; /* with it: within the step of who did, where that is known */
	int64_t result;	   /* MODEL_JOB */
};

/* A request to cancel, as it is made. */
struct model_cancel {
	uint64_t subject; /* a task, or what stands for several */
	uint32_t process, thread;
	const struct model_task *task; /* null if it is not known, or no task */
	uint64_t by;		       /* who asks, or 0 */
	uint64_t through;	       /* what passes it on, or 0 */
	uint64_t place;		       /* code address of the request */
	bool refused;		       /* it was done already */
	bool existing;		       /* it was asked before the trace: by whom is not known */
	bool timed_out;		       /* of the end of a request: see `uncancel` */
};

struct model_warning {
	uint64_t subject; /* may be 0 */
	uint32_t process, thread;
	unsigned int kind;		       /* AT_NEVER_AWAITED and so on, or 0 */
	const char *text;		       /* null if it is lost */
	const struct model_function *function; /* null if none */
	uint64_t place;			       /* code address of the creation, or 0 */
};

/*
 * A view gives the functions that it wants; null ones are skipped. `view` is what it registered.
 * Tasks, coroutines and their awaiters can be read during the call only, or until their end is
 * told; functions, places and loops as long as the model.
 */
struct model_listener {
	/* Before all others, within model_new(): the model that the view may ask from now on. */
	void (*open)(void *view, const struct model *model);

	/* A record, as it comes, before its meaning is told by the calls below. */
	void (*record)(void *view, const struct at_event *event);

	/*
	 * A task was created, or met for the first time; it is gone after task_end. Both come once
	 * for each, at the end of the stream, too: then the task has no `end`.
	 */
	void (*task_begin)(void *view, uint64_t now_ns, struct model_task *task);
	void (*task_end)(void *view, uint64_t now_ns, struct model_task *task);

	void (*begin)(void *view, uint64_t now_ns, struct model_coroutine *coroutine);
	void (*end)(void *view, uint64_t now_ns, struct model_coroutine *coroutine,
		    const struct model_end *end);

	/*
	 * Time has been added to `task->times`: in that state, by the innermost coroutine that it
	 * is in. The pieces of a task are consecutive, and no coroutine begins or ends within one.
	 */
	void (*time)(void *view, struct model_task *task, enum model_state state, uint64_t begin_ns,
		     uint64_t end_ns);

	/* It has ended. The last step of a task comes before task_end. */
	void (*interval)(void *view, const struct model_interval *interval);

	void (*cancel)(void *view, uint64_t now_ns, const struct model_cancel *cancel);

	/*
	 * A request is taken back: by the task, or by the timeout or group `through` which it was
	 * made. Of a timeout it is told whether it took effect; `refused` if that was not needed,
	 * as what was awaited was done already.
	 */
	void (*uncancel)(void *view, uint64_t now_ns, const struct model_cancel *cancel);

	/* The task is told of its cancellation: its next step begins. */
	void (*deliver)(void *view, uint64_t now_ns, struct model_task *task);

	void (*warning)(void *view, uint64_t now_ns, const struct model_warning *warning);

	/* Records of a thread are missing between those two times. */
	void (*lost)(void *view, uint64_t begin_ns, uint64_t end_ns, uint32_t process,
		     uint32_t thread, uint64_t count);
};

/* A new model, or null without memory. The caller frees it with model_free(), which takes null. */
struct model *model_new(const struct model_listener *listener, void *view);
void model_free(struct model *model);

/*
 * What is kept at most, whatever the records say. Tasks, coroutines, loops and what tasks meet at
 * share `bytes`, in which views have as much again for what they know of each; a task or thread
 * that is in more coroutines than `depth` is deeper than anybody follows. What has no room is not
 * followed, and what later records say of it is ignored: `unkept` counts the times that room was
 * wanted, not the records. Of threads those make room that run nothing, such as were heard of
 * longest ago, and count again if they come back; functions and places that come late are one:
 * "[other functions]".
 */
struct model_limits {
	size_t bytes;
	uint32_t depth, threads;
	uint32_t functions; /* as many places */
};

#define MODEL_LIMITS                                                                               \
	{                                                                                          \
		.bytes = 1UL << 30, .depth = 1000, .threads = 1 << 16, .functions = 1 << 16        \
	}

/* Before the first record: other limits than MODEL_LIMITS. */
void model_limit(struct model *model, const struct model_limits *limits);

/*
 * Takes `count` records in the order of their source. Never trusts them: what makes no sense is
 * counted or ignored. Returns 0 or -ENOMEM.
 */
int model_feed(struct model *model, const struct at_event *events, size_t count);

/*
 * No record follows: what is still there is told, up to the last record's time; coroutines end with
 * MODEL_OPEN, youngest first. Tasks and coroutines can still be looked at. Again, it does nothing.
 */
void model_finish(struct model *model);

const struct model_totals *model_totals(const struct model *model);

/*
 * The loops, in the order in which they were first seen, linked by `next`; null if there was none.
 */
const struct model_loop *model_loops(const struct model *model);

/* Tasks that are alive, oldest first as far as they are known: the first, and the one after. */
const struct model_task *model_next_task(const struct model *model, const struct model_task *task);

/*
 * Of what depends on tasks: who holds a lock, or what depends on a gather in its turn. 0 if nobody,
 * or if that is not known.
 */
uint64_t model_holder(const struct model *model, uint32_t process, uint64_t id);
uint64_t model_awaited_by(const struct model *model, uint32_t process, uint64_t id);

/* What was traced, as the tracer called it; null if no record told so. */
const char *model_title(const struct model *model);

/* What is known of a code address; null if no record told of it. */
const struct model_place *model_find_place(const struct model *model, uint32_t process,
					   uint64_t address);

/* Function at that address if it is known, or null. */
const struct model_function *model_find_function(const struct model *model, uint32_t process,
						 uint64_t address);

/* Task of that id, or null. */
const struct model_task *model_find_task(const struct model *model, uint32_t process, uint64_t id);

/* Function at that address; unknown addresses get an entry. Null without memory. */
struct model_function *model_function(struct model *model, uint32_t process, uint64_t address);

#endif
