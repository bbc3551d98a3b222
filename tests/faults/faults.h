/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A fault is a test that fills a row of the table: what the target wrote, by its own count; what
 * the tracer saw, counted in its recording; and what it said that it lost.
 */
#ifndef TESTS_FAULTS_H
#define TESTS_FAULTS_H

#include "../programs/load.h"
#include "../scene.h"

struct row {
	const char *name;
	uint64_t written, seen, lost; /* lost: what the user was told */
	uint64_t unread; /* threads whose last batch was gone, each of 255 records at most */
	bool counted;	 /* the figures above are known */
	char note[120];	 /* what the tracer said, or how it went on */
	bool passed;
};

/* Of the test that runs. */
extern struct row *row;

#define FAULT(function, text)                                                                      \
	{                                                                                          \
		.test = SCENE_TEST(function), .name = text                                         \
	}

struct fault {
	struct CMUnitTest test;
	const char *name;
};

extern const struct fault deaths[], stops[], strangers[], rings[], cycles[];

/* What the target had written at a moment. */
struct written {
	struct load_writer writers[LOAD_WRITERS];
	uint64_t churned_records;
};

/* The file that load shares. */
struct load *share_load(struct scene *scene, uint32_t pause_ns);

/* Starts load and waits until it works. `what` is the last word of its command line. */
struct load *start_load(struct scene *scene, uint32_t pause_ns, int threads, const char *what);

/* Has load as the command of a tracer that records to `recording`. */
struct load *record_load(struct scene *scene, uint32_t pause_ns, int threads, const char *options);

/* A tracer of the scene's target that records to `name` and has seen something. */
void attach_recorder(struct scene *scene, struct program *tracer, const char *name,
		     const char *options);

/* So many records more, by the target's count. */
void await_records(const struct load *load, uint64_t more);

/* So much work more, whether it is traced or not. */
void await_bursts(const struct load *load, uint64_t more);

uint64_t load_bursts(const struct load *load);

void take_written(struct written *ret, const struct load *load);

/*
 * Fills the row's figures from a recording and from what its tracer, which has ended, said.
 * `before` is null if nothing was written before it came.
 */
void account(struct scene *scene, const struct program *tracer, const char *name,
	     const struct written *before, const struct written *after);

/* The same from a recording that ends early at `path`, and from what its tracer `told` of that. */
void account_cut(const char *path, const struct written *after, const char *told);

/* Nothing is missing but what was told. Adds to the figures that a row has already. */
void assert_accounted(void);

void note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The first line of what a program said, without "asynctrace: ". */
void note_first_line(const char *text);

#endif
