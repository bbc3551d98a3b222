/* SPDX-License-Identifier: BSD-2-Clause */
/* Which tasks are alive now, and who awaits whom with what? */
#include "view.h"

const struct view view_tree = { 0 };
