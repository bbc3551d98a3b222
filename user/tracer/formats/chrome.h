/* SPDX-License-Identifier: BSD-2-Clause */
/* Chrome's trace events, as JSON: chrome://tracing opens it, and ui.perfetto.dev. */
#ifndef TRACER_FORMATS_CHROME_H
#define TRACER_FORMATS_CHROME_H

#include "trace.h"

extern const struct trace_format chrome;

#endif
