/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is said of a request besides its times: all strings are new, safe to print, the caller's to
 * free, and null without memory or if nothing is to be said.
 */
#ifndef TRACER_VIEWS_CANCEL_NOTE_H
#define TRACER_VIEWS_CANCEL_NOTE_H

#include "cancel_storm.h"

/* Whoever has that id, which may be gone when it is told. */
char *cancel_note_name(const struct model *model, uint32_t process, uint64_t id);

/*
 * Tasks are looked at one by one. `*looks` is how many may be yet, which the calls below lower; at
 * 0 they find none.
 */

/* Who goes on behind a shield. */
char *cancel_note_shielded(const struct model *model, uint32_t process, uint64_t shield,
			   unsigned int *looks);

/* The next task after `task`, or the first if that is null, that awaits what was cancelled. */
const struct model_task *cancel_note_waiter(const struct model *model,
					    const struct model_cancel *cancel,
					    const struct model_task *task, unsigned int *looks);

/* Records are missing: what was not seen may have been. */
bool cancel_note_lost(const struct model *model);

/* It was told and goes on, when it is asked again. */
char *cancel_note_again(const struct model *model, uint64_t now_ns, const struct request *request,
			enum fate *fate);

/* The last of its requests was taken back. */
char *cancel_note_back(const struct model *model, uint64_t now_ns, const struct request *request,
		       const struct model_cancel *taken, enum fate *fate);

/* It ended as cancelled, and no request is known. */
char *cancel_note_unasked(const struct model *model, const struct model_task *task,
			  enum fate *fate);

/* How the task ended, or that it has not; `*fate` is what that makes of the request. */
char *cancel_note_end(const struct model *model, uint64_t now_ns, const struct request *request,
		      const struct model_task *task, enum fate *fate);

#endif
