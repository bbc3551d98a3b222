/* SPDX-License-Identifier: BSD-2-Clause */
/* Perfetto's own format: ui.perfetto.dev opens it, and its trace processor takes it for SQL. */
#ifndef TRACER_FORMATS_PERFETTO_H
#define TRACER_FORMATS_PERFETTO_H

#include "trace.h"

extern const struct trace_format perfetto;

#endif
