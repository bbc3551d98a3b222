/* SPDX-License-Identifier: BSD-2-Clause */
/* The flame summary as text. */
#ifndef TRACER_FLAME_H
#define TRACER_FLAME_H

#include "../formats/stacks.h"
#include "view.h"

/* As wide as the terminal, and some fifty lines long whatever there is. 0 or -ENOMEM. */
int flame_print(const struct stacks *stacks, const struct stacks_caption *caption,
		const struct view_options *options);

#endif
