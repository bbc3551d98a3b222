/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of views: a new one is a file, and a line here. */
#include "view.h"

const struct view *const views[] = {
	&view_timed,
	&view_summary,
	NULL,
};
