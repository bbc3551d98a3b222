/* SPDX-License-Identifier: BSD-2-Clause */
#include "faults.h"

const struct fault strangers[] = {
	{ .name = NULL },
};
