/* SPDX-License-Identifier: BSD-2-Clause */
/* Everything, as rows. */
#include "view.h"

const struct view view_timeline = { 0 };
