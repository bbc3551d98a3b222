/* SPDX-License-Identifier: BSD-2-Clause */
/* What was never awaited, never retrieved, left open? */
#include "view.h"

const struct view view_check = { 0 };
