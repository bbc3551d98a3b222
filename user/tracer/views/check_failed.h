/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tasks that failed last, as asyncio writes them: when somebody warns that nobody has looked at
 * one, it is gone from the model.
 */
#ifndef TRACER_VIEWS_CHECK_FAILED_H
#define TRACER_VIEWS_CHECK_FAILED_H

#include "../model.h"

/* A ring, so that a program that fails for ever costs no more. All zero at first. */
struct failed {
	struct {
		uint64_t id;
		uint32_t process;
		char *text;
	} tasks[256];
	size_t count; /* of all that there were */
};

/* Keeps a task that ends. 0 or -ENOMEM. */
int failed_keep(struct failed *failed, const struct model *model, const struct model_task *task);

/* The task of a warning, safe to print; null if it is not known. The caller frees it. */
char *failed_name(struct failed *failed, const struct model *model,
		  const struct model_warning *warning);

void failed_clear(struct failed *failed);

#endif
