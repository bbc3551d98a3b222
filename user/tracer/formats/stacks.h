/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stacks and the time that was spent in them: a tree that knows names and weights, and no task.
 *
 * It is bounded, whatever is asked of it. A stack that would end in the same frames twice (direct
 * or mutual recursion) ends in them once; what is deeper than STACKS_DEPTH is one frame,
 * "[deeper]"; and once there are STACKS_MAX stacks, all new ones are "[other stacks]".
 */
#ifndef TRACER_FORMATS_STACKS_H
#define TRACER_FORMATS_STACKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STACKS_DEPTH = 128, STACKS_MAX = 1 << 16 };

enum stacks_state { STACKS_RUNNING, STACKS_READY, STACKS_AWAITING, STACKS_STATES };

/* Sets of states: 1 << STACKS_RUNNING... */
enum { STACKS_ALL = (1 << STACKS_STATES) - 1 };

extern const char *const stacks_state_names[STACKS_STATES];

/* What stacks consist of: a function, or in brackets what is awaited. */
struct stacks_frame {
	const void *what; /* as stacks_frame() was told */
	unsigned int kind;
	char *name;	  /* the tree's; null at first */
	const char *file; /* the caller's; null if unknown */
	uint32_t line;
	bool awaited;
	size_t index; /* in the list of frames */
	struct stacks_frame *next;
};

struct stack {
	struct stacks_frame *frame; /* null for the root */
	struct stack *parent;	    /* null for the root */
	struct stack *children;
	struct stack *next; /* of the same parent */
	unsigned int depth; /* 0 for the root */
	uint64_t calls;	    /* counted by the caller, as self_ns is */
	uint64_t self_ns[STACKS_STATES];

	/* After stacks_finish(), with what is above it, and the sum of the states asked for. */
	uint64_t total_ns[STACKS_STATES];
	uint64_t weight_ns;
};

struct stacks {
	struct stack *root;
	struct stacks_frame *frames; /* in the order in which they were made */
	size_t frame_count, count;   /* of the stacks, the root included */
	unsigned int states;	     /* that weigh */
};

/* What writers say besides. */
struct stacks_caption {
	const char *title;
	const char *subtitle;
	const char *note; /* what is missing, or null */
	bool split;	  /* states are told apart */
};

/* The caller frees it with stacks_free(), which takes null. Null without memory. */
struct stacks *stacks_new(void);
void stacks_free(struct stacks *stacks);

/*
 * The frame of those two, which mean nothing here; made if need be. The caller sets what is to be
 * written of it before stacks_finish(). Null without memory.
 */
struct stacks_frame *stacks_frame(struct stacks *stacks, const void *what, unsigned int kind);

/* The stack that is `parent` and the frame, or what stands for it. Null without memory. */
struct stack *stacks_child(struct stacks *stacks, struct stack *parent, struct stacks_frame *frame);

/* Sums up, and sorts: those of the same parent by weight, then by name, file and line. */
void stacks_finish(struct stacks *stacks, unsigned int states);

/* The stack after this one, parents first; null after the last. */
struct stack *stacks_next(const struct stack *stack);

/* The frame's name; "?" if it has none. */
const char *stacks_name(const struct stack *stack);

#endif
