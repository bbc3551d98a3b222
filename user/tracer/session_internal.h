/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of a run share. */
#ifndef TRACER_SESSION_INTERNAL_H
#define TRACER_SESSION_INTERNAL_H

#include "budget.h"
#include "live.h"
#include "progress.h"
#include "result.h"
#include "session.h"
#include "sources/source.h"

struct session {
	const struct options *options;
	struct live live;	   /* the source's owner, unless that is a file */
	struct source *source;	   /* null when the target is left alone */
	struct names *names;	   /* null for a file, which has them */
	struct snapshot *snapshot; /* null unless that of a running process is wanted */
	struct newcomers *newcomers;
	struct budget budget;
	struct result result;
	struct progress progress;
	bool stopped; /* the source was asked for the end */
	bool left;    /* the user wanted no more of a file */
	int failure;  /* -errno, if the source failed */
};

/* From now on signals count. */
void session_catch_signals(void);

/* Opens the source and what shows it, and starts the command. 0, or the exit status. */
int session_start(struct session *session);

#endif
