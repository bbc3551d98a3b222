/* SPDX-License-Identifier: BSD-2-Clause */
/* Where does the time go, by the logical stack: who created whom, who awaits whom? */
#include "flame.h"
#include "../formats/folded.h"
#include "../formats/speedscope.h"
#include "../formats/svg.h"
#include "completeness.h"
#include "flame_stacks.h"
#include <base/text.h>
#include <inttypes.h>
#include <stdlib.h>

struct flame {
	struct flame_stacks stacks;
	const struct view_options *options;
};

static void *flame_new(const struct view_options *options)
{
	struct flame *flame = calloc(1, sizeof(*flame));

	if (!flame)
		return NULL;
	flame->options = options;
	if (!flame_stacks_init(&flame->stacks))
		return flame;
	free(flame);
	return NULL;
}

static unsigned int states_of(enum view_weight weight)
{
	switch (weight) {
	case VIEW_RUNNING:
		return 1 << STACKS_RUNNING;
	case VIEW_READY:
		return 1 << STACKS_READY;
	case VIEW_AWAITING:
		return 1 << STACKS_AWAITING;
	default:
		return STACKS_ALL;
	}
}

struct caption {
	struct stacks_caption texts;
	char subtitle[128], note[COMPLETENESS_SIZE];
};

static void fill_caption(struct caption *caption, const struct flame *flame)
{
	const struct model_totals *totals = model_totals(flame->stacks.model);
	const uint64_t *total_ns = flame->stacks.tree->root->total_ns;
	char traced[TEXT_DURATION_SIZE], spent[TEXT_DURATION_SIZE];
	const char *source = model_title(flame->stacks.model);

	if (!source)
		source = flame->options->source;
	*caption = (struct caption){
		.texts = { .title = source ? source : "asynctrace",
			   .subtitle = caption->subtitle,
			   .split = flame->options->weight != VIEW_WALL },
	};
	snprintf(caption->subtitle, sizeof(caption->subtitle),
		 "%s traced; %" PRIu64 " task%s, together %s",
		 text_duration(traced, totals->last_ns - totals->first_ns), flame->stacks.tasks,
		 flame->stacks.tasks == 1 ? "" : "s",
		 text_duration(spent, total_ns[STACKS_RUNNING] + total_ns[STACKS_READY] +
					      total_ns[STACKS_AWAITING]));
	caption->texts.note = completeness_text(caption->note, sizeof(caption->note), totals);
}

static int write_result(const struct flame *flame, const struct stacks_caption *caption)
{
	FILE *out = flame->options->out;

	switch (flame->options->format) {
	case VIEW_SVG:
		svg_write(out, flame->stacks.tree, caption);
		return 0;
	case VIEW_FOLDED:
		folded_write(out, flame->stacks.tree);
		return 0;
	case VIEW_SPEEDSCOPE:
		speedscope_write(out, flame->stacks.tree, caption);
		return 0;
	default:
		return flame_print(flame->stacks.tree, caption, flame->options);
	}
}

static int flame_finish(void *state, const struct model *model)
{
	struct flame *flame = state;
	struct caption caption;
	int err = flame_stacks_name(&flame->stacks);

	(void)model;
	if (err)
		return err;
	stacks_finish(flame->stacks.tree, states_of(flame->options->weight));
	fill_caption(&caption, flame);
	return write_result(flame, &caption.texts);
}

static void flame_free(void *state)
{
	struct flame *flame = state;

	if (!flame)
		return;
	flame_stacks_clear(&flame->stacks);
	free(flame);
}

const struct view view_flame = {
	.listener = { .open = flame_stacks_open,
		      .record = flame_stacks_record,
		      .task_begin = flame_stacks_task_begin,
		      .task_end = flame_stacks_task_end,
		      .begin = flame_stacks_begin,
		      .time = flame_stacks_time },
	.formats = 1 << VIEW_SVG | 1 << VIEW_FOLDED | 1 << VIEW_SPEEDSCOPE,
	.open = flame_new,
	.finish = flame_finish,
	.free = flame_free,
};
