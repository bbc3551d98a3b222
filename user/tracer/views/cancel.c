/* SPDX-License-Identifier: BSD-2-Clause */
/* Who cancelled whom, and how long until it took effect? */
#include "view.h"

const struct view view_cancel = { 0 };
