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

/* Who goes on behind a shield. */
char *cancel_note_shielded(const struct model *model, uint32_t process, uint64_t shield);

/* How the task ended, or that it has not; `*fate` is what that makes of the request. */
char *cancel_note_end(const struct model *model, uint64_t now_ns, const struct request *request,
		      const struct model_task *task, enum fate *fate);

#endif
