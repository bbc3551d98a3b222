/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the view slow knows of each thread: in which functions the step at hand has been, and what
 * the iteration at hand has taken.
 */
#ifndef TRACER_SLOW_STEP_H
#define TRACER_SLOW_STEP_H

#include "../model.h"

/* Time in a function, that in what it awaits within the step aside. */
struct slow_part {
	const struct model_function *function;
	uint64_t ns;
};

struct slow_iteration {
	uint64_t loop, number;
	uint64_t steps, ns;
	struct slow_part longest; /* of its steps */
	bool incomplete;	  /* records of it are missing */
};

struct slow_thread;

/* Threads come and go: of so many something can be at hand. */
enum { SLOW_THREADS_MAX = 1 << 12 };

/* All zero has none. */
struct slow_threads {
	struct slow_thread *table, *recent;
};

/* Null if nothing is known of it. */
struct slow_thread *slow_find_thread(struct slow_threads *threads, uint32_t process,
				     uint32_t thread);

/* Null without memory. */
struct slow_thread *slow_add_thread(struct slow_threads *threads, uint32_t process,
				    uint32_t thread);

/*
 * The one to forget before another is added: with nothing at hand, if one is soon found. Null as
 * long as there is room.
 */
struct slow_thread *slow_spare_thread(struct slow_threads *threads);
void slow_forget_thread(struct slow_threads *threads, struct slow_thread *thread);
void slow_threads_free(struct slow_threads *threads);

/* The one after `thread`, in the order in which they were met; the first after null. */
struct slow_thread *slow_next_thread(const struct slow_threads *threads,
				     const struct slow_thread *thread);

/* The step at hand has been in that function for `ns` more. */
void slow_add_part(struct slow_thread *thread, const struct model_function *function, uint64_t ns);

/*
 * The step has ended: in what it has been for longest. Its function is null if that is not known.
 */
struct slow_part slow_take_part(struct slow_thread *thread);

/* Whether the step belongs to another iteration than the one at hand, if there is one. */
bool slow_ends_iteration(const struct slow_thread *thread, const struct model_interval *step);

/* The step belongs to the iteration at hand; `function` is what it was in for longest. */
void slow_add_step(struct slow_thread *thread, const struct model_interval *step,
		   const struct model_function *function);

/* Records are missing. */
void slow_spoil_iteration(struct slow_thread *thread);

/* The iteration at hand has ended. Zero steps if there was none. */
struct slow_iteration slow_take_iteration(struct slow_thread *thread);

#endif
