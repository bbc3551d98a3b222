/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tasks and callbacks as asyncio writes them, and debug mode: their repr(), without what no record
 * tells. What a target chose is escaped.
 */
#ifndef TRACER_REPR_H
#define TRACER_REPR_H

#include "../model.h"
#include <stdio.h>

/*
 * <Task pending name='Task-3' coro=<fetch() running, defined at demo.c:25> wait_for=<sleep> created
 * at demo.c:33>, where `awaits` is what it awaits, or 0.
 */
void repr_task(FILE *out, const struct model *model, const struct model_task *task,
	       uint64_t awaits);

/* <Handle on_timer() at demo.c:7> */
void repr_handle(FILE *out, const struct model_function *function);

/* fetch() at demo.c:25; without its name if that is not known, "?" for null. */
void repr_function(FILE *out, const struct model_function *function);

#endif
