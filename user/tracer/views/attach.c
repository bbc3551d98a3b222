/* SPDX-License-Identifier: BSD-2-Clause */
/* The friendly default: what timed shows, and at the end what summary and flame do. */
#include "view.h"

const struct view view_attach = { 0 };
