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
 * ends with MODEL_OPEN, and arguments of which a part is missing are absent.
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

struct model_task {
	uint64_t id;
	uint32_t process;
	bool existing;			 /* there before its first record: times are from then on */
	const char *name;		 /* as set, or "Task-7" */
	struct model_function *function; /* of its coroutine */
	struct model_coroutine *innermost; /* the coroutine that it is in, or null */
	uint64_t created_ns;
	struct model_times times; /* up to the last transition */
};

/* One call of a coroutine function, from its first step to its end. */
struct model_coroutine {
	uint64_t id;
	uint32_t process;
	bool existing; /* it began before the trace: its times are from then on */
	struct model_function *function;
	struct model_task *task;	 /* null for one that runs outside of a task */
	struct model_coroutine *awaiter; /* who awaits it inside of the same task, or null */
	uint64_t begun_ns;
	uint64_t ended_ns;	  /* at the end only */
	struct model_times times; /* at the end only; what it awaited included */

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
	uint64_t unread;  /* threads that died with a batch that could not be read */
	uint64_t forked;  /* children that were not traced */
	uint64_t first_ns, last_ns;
	uint64_t tasks_existing, tasks_created, tasks_done;
	uint64_t jobs, jobs_done, jobs_failed; /* of executors; the failed ones are done, too */
	uint64_t job_threads, job_processes;   /* that ran them */
	bool complete;			       /* the stream was closed properly (AT_DETACH) */
};

/*
 * A view gives the functions that it wants; null ones are skipped. `view` is what it registered.
 * The coroutine, its task and its awaiters can be read during the call only; functions as long as
 * the model.
 */
struct model_listener {
	/* Before all others, within model_new(): the model that the view may ask from now on. */
	void (*open)(void *view, const struct model *model);
	void (*begin)(void *view, uint64_t now_ns, const struct model_coroutine *coroutine);
	void (*end)(void *view, uint64_t now_ns, const struct model_coroutine *coroutine,
		    const struct model_end *end);
};

/* A new model, or null without memory. The caller frees it with model_free(), which takes null. */
struct model *model_new(const struct model_listener *listener, void *view);
void model_free(struct model *model);

/*
 * Takes `count` records in the order of their source. Never trusts them: what makes no sense is
 * counted or ignored. Returns 0 or -ENOMEM.
 */
int model_feed(struct model *model, const struct at_event *events, size_t count);

/*
 * No record follows: coroutines that are still there end with MODEL_OPEN at the last record's time,
 * oldest first.
 */
void model_finish(struct model *model);

const struct model_totals *model_totals(const struct model *model);

/*
 * The loops, in the order in which they were first seen, linked by `next`; null if there was none.
 */
const struct model_loop *model_loops(const struct model *model);

/* Task of that id, or null. */
const struct model_task *model_find_task(const struct model *model, uint32_t process, uint64_t id);

/* Function at that address; unknown addresses get an entry. Null without memory. */
struct model_function *model_function(struct model *model, uint32_t process, uint64_t address);

#endif
