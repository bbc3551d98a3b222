/* SPDX-License-Identifier: BSD-2-Clause */
/* Tasks that wait for what nobody can end. */
#ifndef TRACER_VIEWS_CHECK_STUCK_H
#define TRACER_VIEWS_CHECK_STUCK_H

#include "findings.h"

/* Looks at the tasks that are alive, of a stream of which nothing is missing. 0 or -ENOMEM. */
int check_stuck(struct findings *findings, const struct model *model);

#endif
