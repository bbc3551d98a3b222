/* SPDX-License-Identifier: BSD-2-Clause */
#include "stacks.h"
#include <base/hash.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

/* Kinds of frames that are made here; callers number theirs from 0. */
enum { KIND_DEEPER = 1 << 16, KIND_OTHER };

struct frame_key {
	const void *what;
	uintptr_t kind;
};

struct frame {
	struct stacks_frame pub;
	struct frame_key key;
	UT_hash_handle hh;
};

struct node_key {
	const struct stack *parent;
	const struct stacks_frame *frame;
};

struct node {
	struct stack pub;
	struct node_key key;
	UT_hash_handle hh;
};

struct tree {
	struct stacks pub;
	struct frame *frames;
	struct node *nodes;
	struct stacks_frame *last;
	struct stack root;
	struct stack *other; /* null until it is needed */
};

const char *const stacks_state_names[STACKS_STATES] = { "running", "ready", "awaiting" };

static struct tree *tree_of(struct stacks *stacks)
{
	return (struct tree *)stacks;
}

struct stacks_frame *stacks_frame(struct stacks *stacks, const void *what, unsigned int kind)
{
	const struct frame_key key = { .what = what, .kind = kind };
	struct tree *tree = tree_of(stacks);
	struct frame *frame;

	HASH_FIND(hh, tree->frames, &key, sizeof(key), frame);
	if (frame)
		return &frame->pub;
	frame = calloc(1, sizeof(*frame));
	if (!frame)
		return NULL;
	frame->key = key;
	HASH_ADD(hh, tree->frames, key, sizeof(key), frame);
	if (!frame->hh.tbl) {
		free(frame);
		return NULL;
	}
	frame->pub.what = what;
	frame->pub.kind = kind;
	frame->pub.index = stacks->frame_count++;
	if (tree->last)
		tree->last->next = &frame->pub;
	else
		stacks->frames = &frame->pub;
	tree->last = &frame->pub;
	return &frame->pub;
}

static struct stack *add(struct tree *tree, struct stack *parent, struct stacks_frame *frame)
{
	struct node *node = calloc(1, sizeof(*node));

	if (!node)
		return NULL;
	node->key = (struct node_key){ .parent = parent, .frame = frame };
	HASH_ADD(hh, tree->nodes, key, sizeof(node->key), node);
	if (!node->hh.tbl) {
		free(node);
		return NULL;
	}
	node->pub.frame = frame;
	node->pub.parent = parent;
	node->pub.depth = parent->depth + 1;
	node->pub.next = parent->children;
	parent->children = &node->pub;
	tree->pub.count++;
	return &node->pub;
}

/* The stack that ends in the frame, if with it `parent` would end in the same frames twice. */
static struct stack *repeated(struct stack *parent, const struct stacks_frame *frame)
{
	const struct stack *last, *before;
	struct stack *stack;

	for (stack = parent; stack->frame; stack = stack->parent) {
		if (stack->frame != frame)
			continue;
		last = parent;
		before = stack->parent;
		while (last != stack && last->frame == before->frame) {
			last = last->parent;
			before = before->parent;
		}
		if (last == stack)
			return stack;
	}
	return NULL;
}

static struct stacks_frame *named(struct stacks *stacks, unsigned int kind, const char *name)
{
	struct stacks_frame *frame = stacks_frame(stacks, NULL, kind);

	if (frame && !frame->name)
		frame->name = strdup(name);
	return frame && frame->name ? frame : NULL;
}

static struct stack *other_stacks(struct tree *tree)
{
	struct stacks_frame *frame;

	if (tree->other)
		return tree->other;
	frame = named(&tree->pub, KIND_OTHER, "[other stacks]");
	if (frame)
		tree->other = add(tree, &tree->root, frame);
	return tree->other;
}

struct stack *stacks_child(struct stacks *stacks, struct stack *parent, struct stacks_frame *frame)
{
	const struct node_key key = { .parent = parent, .frame = frame };
	struct tree *tree = tree_of(stacks);
	struct stack *again;
	struct node *node;

	HASH_FIND(hh, tree->nodes, &key, sizeof(key), node);
	if (node)
		return &node->pub;
	if (parent->frame && parent->frame->kind >= KIND_DEEPER)
		return parent;
	again = repeated(parent, frame);
	if (again)
		return again;
	if (stacks->count >= STACKS_MAX)
		return other_stacks(tree);
	if (parent->depth < STACKS_DEPTH || frame->kind == KIND_DEEPER)
		return add(tree, parent, frame);
	frame = named(stacks, KIND_DEEPER, "[deeper]");
	return frame ? stacks_child(stacks, parent, frame) : NULL;
}

struct stacks *stacks_new(void)
{
	struct tree *tree = calloc(1, sizeof(*tree));

	if (!tree)
		return NULL;
	tree->pub.root = &tree->root;
	tree->pub.count = 1;
	return &tree->pub;
}

void stacks_free(struct stacks *stacks)
{
	struct tree *tree = tree_of(stacks);
	struct frame *frame, *next_frame;
	struct node *node, *next;

	if (!tree)
		return;
	HASH_ITER (hh, tree->nodes, node, next) {
		HASH_DEL(tree->nodes, node);
		free(node);
	}
	HASH_ITER (hh, tree->frames, frame, next_frame) {
		HASH_DEL(tree->frames, frame);
		free(frame->pub.name);
		free(frame);
	}
	free(tree);
}

const char *stacks_name(const struct stack *stack)
{
	const char *name = stack->frame ? stack->frame->name : NULL;

	return name && *name ? name : "?";
}

static int by_weight(const struct stack *one, const struct stack *another)
{
	const struct stacks_frame *a = one->frame, *b = another->frame;
	int order;

	if (one->weight_ns != another->weight_ns)
		return one->weight_ns < another->weight_ns ? 1 : -1;
	order = strcmp(stacks_name(one), stacks_name(another));
	if (!order)
		order = strcmp(a->file ? a->file : "", b->file ? b->file : "");
	return order ? order : (a->line > b->line) - (a->line < b->line);
}

static void sum_up(struct stack *stack, unsigned int states)
{
	struct stack *child;
	int state;

	memcpy(stack->total_ns, stack->self_ns, sizeof(stack->total_ns));
	for (child = stack->children; child; child = child->next) {
		sum_up(child, states);
		for (state = 0; state < STACKS_STATES; state++)
			stack->total_ns[state] += child->total_ns[state];
	}
	stack->weight_ns = 0;
	for (state = 0; state < STACKS_STATES; state++) {
		if (states & 1U << state)
			stack->weight_ns += stack->total_ns[state];
	}
	LL_SORT(stack->children, by_weight);
}

void stacks_finish(struct stacks *stacks, unsigned int states)
{
	stacks->states = states;
	sum_up(stacks->root, states);
}

struct stack *stacks_next(const struct stack *stack)
{
	if (stack->children)
		return stack->children;
	while (stack && !stack->next)
		stack = stack->parent;
	return stack ? stack->next : NULL;
}
