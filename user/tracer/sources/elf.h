/* SPDX-License-Identifier: BSD-2-Clause */
/* Finds the probes of asynctrace in an ELF file. The file is not trusted: it may say anything. */
#ifndef TRACER_ELF_H
#define TRACER_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Addresses are those before the file is moved to where it is loaded; offsets are in the file. */
struct elf_probe {
	unsigned int kind;	  /* enum at_kind, or one of those below */
	uint64_t address, offset; /* of the site */
	uint64_t semaphore_address, semaphore;
};

#define ELF_BATCH 0

/* They are never hit: a listener says by them what it wants. All kinds are below 64. */
#define ELF_SPARING    60
#define ELF_COROUTINES 61
#define ELF_SWITCHES   62
#define ELF_OTHERS     63

/* Every probe may have a few sites: more than this in all is refused. */
#define ELF_PROBES_MAX 64

struct elf_probes {
	struct elf_probe probes[ELF_PROBES_MAX];
	size_t count;
};

/*
 * Reads the probes of the provider "asynctrace" by the section headers of the file; names that are
 * not known are left out. A file without any, or stripped of its section headers, has none: `count`
 * is 0.
 *
 * `fd` stays the caller's. Returns 0, or -errno: -ENOEXEC if it is no ELF file of this machine,
 * -EBADMSG if a note makes no sense, -ENOTSUP if a site is not the instruction that probes.h puts
 * there (a probe on another one can be slow or break the target), -E2BIG for too many sites.
 */
int elf_read_probes(struct elf_probes *ret, int fd);

/* True if the file has probes that can be used. */
bool elf_has_probes(int fd);

/* The same, where it harms nobody: see apart.h. */
int elf_read_probes_apart(struct elf_probes *ret, int fd);
bool elf_has_probes_apart(int fd);

/*
 * Whether probes that somebody has named could be attached to: 0, -EBADMSG or -ENOTSUP as above, or
 * -errno. Addresses are not looked at.
 */
int elf_check_probes(const struct elf_probes *probes, int fd);

#endif
