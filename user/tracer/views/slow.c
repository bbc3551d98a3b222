/* SPDX-License-Identifier: BSD-2-Clause */
/* Which step or callback held the loop for longer than a threshold? */
#include "view.h"

const struct view view_slow = { 0 };
