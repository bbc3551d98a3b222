/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A frame is an <svg> of its own: that clips its name, and what is in it keeps its proportions when
 * the script changes the width.
 */
#include "svg.h"
#include <base/text.h>
#include <inttypes.h>
#include <string.h>

/* In px. The edge and the padding are in svg.js, too. */
enum { WIDTH = 1200, EDGE = 12, ROW = 20, TOP = 84, BOTTOM = 40, PADDING = 4, FIELD = 330 };

#define FULL	    (WIDTH - 2.0 * EDGE)
#define NARROWEST   0.1
#define PITCH	    7.25 /* of the font, in its size for names */
#define TITLE_PITCH 9.1

enum { HUES = 6 };

__asm__(".section .rodata\n"
	"svg_style: .incbin \"user/tracer/formats/svg.css\"\n"
	".byte 0\n"
	"svg_script: .incbin \"user/tracer/formats/svg.js\"\n"
	".byte 0\n"
	".previous\n");
extern const char svg_style[], svg_script[];

struct picture {
	FILE *out;
	const struct stacks *stacks;
	bool split;
	unsigned int depth; /* of the deepest stack that is drawn */
	uint64_t left_out, left_out_ns;
};

/* At most so many characters of text, which is safe, as XML. */
static void write_text(FILE *out, const char *text, size_t room)
{
	uint32_t point;
	size_t length;

	for (; *text && room; text += length, room--) {
		length = text_decode(text, &point);
		if (room == 1 && text[length])
			fputs("…", out);
		else if (strchr("&<>\"'", *text))
			fprintf(out, "&#%d;", *text);
		else
			fwrite(text, 1, length, out);
	}
}

static void write_name(FILE *out, const char *name, size_t room)
{
	char buffer[TEXT_NAME_SIZE];

	write_text(out, text_safe(buffer, sizeof(buffer), name), room);
}

static double share(const struct picture *picture, uint64_t ns)
{
	uint64_t all_ns = picture->stacks->root->weight_ns;
	double part = all_ns ? (double)ns / all_ns : 0;

	return part < 1 ? part : 1;
}

static bool weighs(const struct picture *picture, int state)
{
	return picture->stacks->states & 1U << state;
}

/* What is shown at the pointer: a line each for the name, the place and calls, and the figures. */
static void write_title(const struct picture *picture, const struct stack *stack)
{
	const struct stacks_frame *frame = stack->frame;
	char duration[TEXT_DURATION_SIZE], buffer[TEXT_COUNT_SIZE];
	FILE *out = picture->out;
	int state;

	fputs("<title>", out);
	write_name(out, frame ? stacks_name(stack) : "all", SIZE_MAX);
	if (frame && frame->file) {
		fputs("\nat ", out);
		write_name(out, frame->file, SIZE_MAX);
		fprintf(out, ":%" PRIu32, frame->line);
	}
	if (stack->calls)
		fprintf(out, "\n%s %s%s", text_count(buffer, stack->calls),
			frame->awaited ? "wait" : "call", stack->calls == 1 ? "" : "s");
	fprintf(out, "\n%s, %.2f %% of all", text_duration(duration, stack->weight_ns),
		100 * share(picture, stack->weight_ns));
	for (state = 0; state < STACKS_STATES; state++)
		fprintf(out, "\n%-8s %15s ns", stacks_state_names[state],
			text_count(buffer, stack->total_ns[state]));
	fputs("</title>", out);
}

static void write_rect(FILE *out, const char *class, double x, double width)
{
	fputs("<rect", out);
	if (x > 0)
		fprintf(out, " x=\"%.2f%%\"", 100 * x);
	fprintf(out, " width=\"%.2f%%\" height=\"19\" class=\"%s\"/>", 100 * width, class);
}

/* One beside the other, as wide as their shares: what is most of most frames is behind the name. */
static void write_states(const struct picture *picture, const struct stack *stack)
{
	double x = 0, width;
	int state;

	for (state = STACKS_STATES; state-- > 0;) {
		if (!weighs(picture, state) || !stack->total_ns[state])
			continue;
		width = (double)stack->total_ns[state] / stack->weight_ns;
		write_rect(picture->out, stacks_state_names[state], x, width);
		x += width;
	}
}

static void write_hue(const struct picture *picture, const struct stack *stack)
{
	const char *name = stacks_name(stack);
	char class[] = "hue0";
	unsigned int sum = 0;

	while (*name)
		sum = 31 * sum + (unsigned char)*name++;
	class[3] += sum % HUES;
	write_rect(picture->out, stack->frame && stack->frame->awaited ? "awaiting" : class, 0, 1);
}

/* `x` and `span` are parts of the whole. */
static void write_frame(const struct picture *picture, const struct stack *stack, uint64_t start_ns)
{
	double span = FULL * share(picture, stack->weight_ns);
	double x = EDGE + FULL * share(picture, start_ns);
	FILE *out = picture->out;
	size_t room = span > 2 * PADDING ? (span - 2 * PADDING) / PITCH : 0;

	fprintf(out,
		"<svg class=\"frame%s\" x=\"%.2f\" y=\"%u\" width=\"%.2f\" height=\"19\" "
		"data-depth=\"%u\" data-ns=\"%" PRIu64 " %" PRIu64 "\">",
		stack->frame && stack->frame->awaited ? " awaited" : "", x,
		TOP + ROW * stack->depth, span - 0.6 > span * 0.7 ? span - 0.6 : span * 0.7,
		stack->depth, start_ns, stack->weight_ns);
	write_title(picture, stack);
	if (picture->split)
		write_states(picture, stack);
	else
		write_hue(picture, stack);
	fprintf(out, "<text x=\"%d\" y=\"14\">", PADDING);
	if (room >= 2)
		write_name(out, stack->frame ? stacks_name(stack) : "all", room);
	fputs("</text></svg>\n", out);
}

static bool is_drawn(const struct picture *picture, const struct stack *stack)
{
	return FULL * share(picture, stack->weight_ns) >= NARROWEST;
}

static void leave_out(struct picture *picture, const struct stack *stack)
{
	const struct stack *child;

	if (!stack->weight_ns)
		return;
	picture->left_out++;
	for (child = stack->children; child; child = child->next)
		leave_out(picture, child);
}

/* Finds out what is to be drawn. */
static void measure(struct picture *picture, const struct stack *stack)
{
	const struct stack *child;

	if (!is_drawn(picture, stack)) {
		picture->left_out_ns += stack->weight_ns;
		leave_out(picture, stack);
		return;
	}
	if (stack->depth > picture->depth)
		picture->depth = stack->depth;
	for (child = stack->children; child; child = child->next)
		measure(picture, child);
}

static void write_frames(const struct picture *picture, const struct stack *stack,
			 uint64_t start_ns)
{
	const struct stack *child;

	if (!is_drawn(picture, stack))
		return;
	write_frame(picture, stack, start_ns);
	for (child = stack->children; child; child = child->next) {
		write_frames(picture, child, start_ns);
		start_ns += child->weight_ns;
	}
}

/* A key to the colours, with the sums. */
static void write_legend(const struct picture *picture)
{
	const struct stack *root = picture->stacks->root;
	char duration[TEXT_DURATION_SIZE];
	FILE *out = picture->out;
	int state, x = EDGE;

	for (state = 0; state < STACKS_STATES; state++) {
		if (!weighs(picture, state))
			continue;
		if (picture->split)
			fprintf(out,
				"<rect x=\"%d\" y=\"58\" width=\"12\" height=\"12\" class=\"%s\"/>",
				x, stacks_state_names[state]);
		fprintf(out, "<text x=\"%d\" y=\"68\">%s %s, %.1f %%</text>\n",
			picture->split ? x + 18 : x, stacks_state_names[state],
			text_duration(duration, root->total_ns[state]),
			100 * share(picture, root->total_ns[state]));
		x += 230;
	}
	fprintf(out,
		"<g class=\"awaited\"><rect x=\"%d\" y=\"58\" width=\"12\" height=\"12\" "
		"class=\"awaiting\"/><text x=\"%d\" y=\"68\">[what is awaited]</text></g>\n",
		x, x + 18);
}

static void write_head(const struct picture *picture, const struct stacks_caption *caption,
		       unsigned int height)
{
	FILE *out = picture->out;

	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%u\" "
		"viewBox=\"0 0 %d %u\">\n<title>",
		WIDTH, height, WIDTH, height);
	write_name(out, caption->title, SIZE_MAX);
	fprintf(out, "</title>\n<style>\n%s</style>\n", svg_style);
	fputs("<rect class=\"page\" width=\"100%\" height=\"100%\"/>\n", out);
	fprintf(out, "<text class=\"title\" x=\"%d\" y=\"28\">", EDGE);
	write_name(out, caption->title, (FULL - FIELD) / TITLE_PITCH);
	fprintf(out, "</text>\n<text class=\"minor\" x=\"%d\" y=\"46\">", EDGE);
	write_name(out, caption->subtitle, SIZE_MAX);
	fputs("</text>\n", out);
	write_legend(picture);
}

static void write_foot(const struct picture *picture, const struct stacks_caption *caption,
		       unsigned int y)
{
	FILE *out = picture->out;

	fprintf(out, "<text class=\"minor\" x=\"%d\" y=\"%u\">", EDGE, y);
	if (!picture->stacks->root->weight_ns)
		fputs("No such time was seen. ", out);
	if (picture->left_out)
		fprintf(out, "%" PRIu64 " stack%s too narrow to be drawn: %.2g %%. ",
			picture->left_out, picture->left_out == 1 ? " is" : "s are",
			100 * share(picture, picture->left_out_ns));
	if (caption->note)
		write_name(out, caption->note, SIZE_MAX);
	fputs("</text>\n", out);
}

void svg_write(FILE *out, const struct stacks *stacks, const struct stacks_caption *caption)
{
	struct picture picture = { .out = out, .stacks = stacks, .split = caption->split };
	unsigned int end;

	measure(&picture, stacks->root);
	end = TOP + ROW * (picture.depth + 1);
	write_head(&picture, caption, end + BOTTOM);
	write_frames(&picture, stacks->root, 0);
	write_foot(&picture, caption, end + 22);
	if (stacks->root->weight_ns)
		fprintf(out, "<script><![CDATA[\n%s]]></script>\n", svg_script);
	fputs("</svg>\n", out);
}
