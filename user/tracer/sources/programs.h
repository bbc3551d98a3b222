/* SPDX-License-Identifier: BSD-2-Clause */
/* The BPF programs of bpf/events.bpf.c, loaded and attached to the probes of a target. */
#ifndef TRACER_SOURCES_PROGRAMS_H
#define TRACER_SOURCES_PROGRAMS_H

#include "attach.h"
#include "bpf.h"
#include "elf.h"
#include <events.h>

struct programs {
	struct events_bpf *skeleton;
	struct attach attach;
	bool can_spare; /* the target can leave something out */
};

/*
 * Loads the programs and attaches them, by the better way that this machine and its user's
 * privileges allow. `probes` are those of the images of the options, in the same order; `memory` is
 * the target's, or -1. When it returns, the target has been told of a listener, and its state has
 * not been missed.
 *
 * Returns 0, or -errno with a sentence for the user in `*why`, valid until the next call. In both
 * cases the caller frees `*programs` with programs_free().
 */
int programs_start(struct programs *programs, const struct bpf_options *options,
		   const struct elf_probes *probes, int memory, const char **why);

/* From now on the target may leave out what is beyond that detail. 0, or -ENOTSUP if it cannot. */
int programs_spare(struct programs *programs, enum at_detail detail);

/* Lets no record pass any more, and detaches. */
void programs_stop(struct programs *programs);

/* Takes zeroed ones. */
void programs_free(struct programs *programs);

#endif
