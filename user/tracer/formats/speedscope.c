/* SPDX-License-Identifier: BSD-2-Clause */
#include "speedscope.h"
#include "json.h"
#include <inttypes.h>

struct profile {
	const char *name;
	unsigned int states;
};

static const struct profile profiles[] = {
	{ "wall", STACKS_ALL },
	{ "running", 1 << STACKS_RUNNING },
	{ "ready", 1 << STACKS_READY },
	{ "awaiting", 1 << STACKS_AWAITING },
};

enum { PROFILES = sizeof(profiles) / sizeof(*profiles) };

static void write_frame(FILE *out, const char *name, const char *file, uint32_t line)
{
	fputs("{\"name\":", out);
	json_string(out, name);
	if (file) {
		fputs(",\"file\":", out);
		json_string(out, file);
	}
	if (line)
		fprintf(out, ",\"line\":%" PRIu32, line);
	fputc('}', out);
}

/* The last frame stands for waiting for the loop. */
static void write_frames(FILE *out, const struct stacks *stacks)
{
	const struct stacks_frame *frame;

	fputs("\"shared\":{\"frames\":[\n", out);
	for (frame = stacks->frames; frame; frame = frame->next) {
		write_frame(out, frame->name ? frame->name : "?", frame->file, frame->line);
		fputs(",\n", out);
	}
	write_frame(out, "[ready]", NULL, 0);
	fputs("\n]}", out);
}

static void write_indexes(FILE *out, const struct stack *stack)
{
	if (!stack->frame)
		return;
	write_indexes(out, stack->parent);
	fprintf(out, "%s%zu", stack->parent->frame ? "," : "", stack->frame->index);
}

static bool weighs(const struct profile *profile, const struct stack *stack, int state)
{
	return profile->states & 1U << state && stack->self_ns[state];
}

static void write_samples(FILE *out, const struct stacks *stacks, const struct profile *profile)
{
	const struct stack *stack;
	const char *separator = "";
	int state;

	for (stack = stacks->root; stack; stack = stacks_next(stack)) {
		for (state = 0; state < STACKS_STATES; state++) {
			if (!weighs(profile, stack, state))
				continue;
			fprintf(out, "%s[", separator);
			write_indexes(out, stack);
			if (state == STACKS_READY)
				fprintf(out, ",%zu", stacks->frame_count);
			fputc(']', out);
			separator = ",";
		}
	}
}

static void write_weights(FILE *out, const struct stacks *stacks, const struct profile *profile)
{
	const struct stack *stack;
	const char *separator = "";
	int state;

	for (stack = stacks->root; stack; stack = stacks_next(stack)) {
		for (state = 0; state < STACKS_STATES; state++) {
			if (!weighs(profile, stack, state))
				continue;
			fprintf(out, "%s%" PRIu64, separator, stack->self_ns[state]);
			separator = ",";
		}
	}
}

static void write_profile(FILE *out, const struct stacks *stacks, const struct profile *profile)
{
	uint64_t end_ns = 0;
	int state;

	for (state = 0; state < STACKS_STATES; state++) {
		if (profile->states & 1U << state)
			end_ns += stacks->root->total_ns[state];
	}
	fprintf(out,
		"{\"type\":\"sampled\",\"name\":\"%s\",\"unit\":\"nanoseconds\",\"startValue\":0,"
		"\"endValue\":%" PRIu64 ",\n\"samples\":[",
		profile->name, end_ns);
	write_samples(out, stacks, profile);
	fputs("],\n\"weights\":[", out);
	write_weights(out, stacks, profile);
	fputs("]}", out);
}

void speedscope_write(FILE *out, const struct stacks *stacks, const struct stacks_caption *caption)
{
	int i, active = 0;

	fputs("{\"$schema\":\"https://www.speedscope.app/file-format-schema.json\",\n"
	      "\"exporter\":\"asynctrace@" ASYNCTRACE_VERSION "\",\n\"name\":",
	      out);
	json_string(out, caption->title);
	for (i = 0; i < PROFILES; i++) {
		if (profiles[i].states == stacks->states)
			active = i;
	}
	fprintf(out, ",\n\"activeProfileIndex\":%d,\n", active);
	write_frames(out, stacks);
	fputs(",\n\"profiles\":[\n", out);
	for (i = 0; i < PROFILES; i++) {
		fputs(i ? ",\n" : "", out);
		write_profile(out, stacks, &profiles[i]);
	}
	fputs("\n]}\n", out);
}
