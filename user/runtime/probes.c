/* SPDX-License-Identifier: BSD-2-Clause */
/* The probes of the runtime: the one place where their sites and buffers are defined. */
#define AT_PROBES_IMPLEMENTATION
#define AT_PROBES_LAYOUT async__layout
#include <asynctrace/probes.h>
