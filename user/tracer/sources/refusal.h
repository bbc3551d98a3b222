/* SPDX-License-Identifier: BSD-2-Clause */
/* Why the kernel did not take the BPF programs, in words for the user. */
#ifndef TRACER_SOURCES_REFUSAL_H
#define TRACER_SOURCES_REFUSAL_H

/* Keeps what libbpf says from now on, instead of printing it. */
void refusal_listen(void);

/* A sentence for -errno `err`, valid until the next call. */
const char *refusal_explain(int err);

#endif
