/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the live source share. */
#ifndef TRACER_SOURCES_BPF_INTERNAL_H
#define TRACER_SOURCES_BPF_INTERNAL_H

#include "bpf.h"
#include "order.h"
#include "programs.h"
#include "writers.h"

struct leftover;
struct ring_buffer;

enum bpf_state { RUNS, ENDS, CLOSES, ENDED };

struct bpf_source {
	struct source source;
	enum bpf_state state;
	bool begun; /* AT_ATTACH was given */
	struct programs programs;
	struct ring_buffer *ring;
	struct order *order;
	struct writers *writers;
	size_t collected;	    /* records, by this round of reading */
	struct leftover *leftovers; /* read on stop() */
	uint64_t unread;	    /* threads whose leftovers could not be read */
	int memory;		    /* of the target, or -errno */
	enum bpf_memory readable;
	int wake; /* epoll: the ring, the end of the target */
	pid_t pid;
	bool follow;
	bool direct;
	int64_t ahead_ns;	  /* the target's clock */
	bool exited;		  /* the target */
	uint64_t end_ns;	  /* what is later is left out; UINT64_MAX while it runs */
	uint64_t hits, records;	  /* that have come */
	uint64_t dropped;	  /* until then, as far as it is known */
	uint64_t rescued;	  /* of these: they were read from memory after all */
	struct tail tails[TAILS]; /* the same */
	struct at_event first, detach;
	struct at_event *last; /* AT_LOST, AT_DETACH */
};

/*
 * Attaches and opens the ring; `probes` has room for those of each image. Returns as
 * bpf_source_open() does; what was opened is freed with the source in both cases.
 */
int bpf_source_begin(struct bpf_source *self, const struct bpf_options *options,
		     struct elf_probes *probes, const char **why);

/* What comes from the ring: called back by libbpf, with the source as its context. */
int bpf_source_take(void *context, void *data, size_t size);

/* Reads from the ring. Returns 1 if it is empty, 0 if there is more, or -errno. */
int bpf_source_collect(struct bpf_source *self);

/*
 * Puts records of a thread in order, that were handed over or, with `again`, read from its memory,
 * so that some may have been handed over before. 0 or -ENOMEM.
 */
int bpf_source_add(struct bpf_source *self, uint32_t thread, const struct at_event *events,
		   size_t count, bool again);

/* Reads what threads have not handed over, to be added once the ring is empty. 0 or -errno. */
int bpf_source_find_leftovers(struct bpf_source *self);

/* Adds what was found, and frees it. 0 or -ENOMEM. */
int bpf_source_add_leftovers(struct bpf_source *self);

/* Frees what was found and not added. */
void bpf_source_free_leftovers(struct bpf_source *self);

#endif
