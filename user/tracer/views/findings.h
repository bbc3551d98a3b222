/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a check has found: the same thing from the same place is one finding, and counted. They are
 * printed as compilers print theirs, so that editors lead to the places.
 */
#ifndef TRACER_VIEWS_FINDINGS_H
#define TRACER_VIEWS_FINDINGS_H

#include "../model.h"
#include <stdio.h>

/* The worst first. */
enum severity {
	FINDING_ERROR,
	FINDING_WARNING,
	FINDING_NOTE, /* it may be meant so: what a program must not fail for */
	FINDING_SEVERITIES,
};

/* In the order in which they are printed. */
enum finding_kind {
	FINDING_NEVER_AWAITED,
	FINDING_NEVER_RETRIEVED,
	FINDING_DESTROYED_PENDING,
	FINDING_CYCLE,
	FINDING_HOLDER_GONE,
	FINDING_STUCK,
	FINDING_UNCLOSED,
	FINDING_NEVER_YIELDED,
	FINDING_SELF_WAKES,
	FINDING_OTHER,
	FINDING_CYCLE_OR_NOT,
	FINDING_HOLDER_GONE_OR_NOT,
	FINDING_STUCK_OR_FOREIGN,
	FINDING_JOB_FAILED,
	FINDING_KINDS,
};

struct findings;

/* None yet. Null without memory. The caller frees it with findings_free(), which takes null. */
struct findings *findings_new(void);
void findings_free(struct findings *findings);

/*
 * One more. `text` is safe to print and copied; of those that are merged the first counts,
 * but what waits is not merged unless it is the same.
 * `function` is what it is about and `place` the code address where that was made; null and 0 if
 * they are not known. 0 or -ENOMEM.
 */
int findings_add(struct findings *findings, enum finding_kind kind, uint32_t process,
		 const struct model_function *function, uint64_t place, const char *text);

/* As above; `task` says which one it is, safe to print and copied, or null. */
int findings_add_task(struct findings *findings, enum finding_kind kind, uint32_t process,
		      const struct model_function *function, uint64_t place, const char *text,
		      const char *task);

/*
 * Prints them, the worst first. `counts` becomes how many there are of each severity. 0 or -ENOMEM.
 */
int findings_print(struct findings *findings, const struct model *model, FILE *out,
		   uint64_t counts[FINDING_SEVERITIES]);

#endif
