/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ELF files that a target chose, in which probes are looked for and addresses are named, and lines
 * of its /proc/PID/maps. The first byte says which of them the rest is.
 */
#include "fuzz.h"
#include <libelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <tracer/sources/elf.h>
#include <tracer/symbols.h>
#include <tracer/target.h>
#include <unistd.h>

enum { LINE_MAX = 4096 };

static void find_probes(int fd)
{
	struct elf_probes probes = { .count = 0 };

	elf_version(EV_CURRENT);
	elf_has_probes(fd);
	if (!elf_read_probes(&probes, fd) && probes.count > ELF_PROBES_MAX)
		abort();
}

static void name_addresses(int fd)
{
	static const uint64_t addresses[] = {
		0, 1, 0x1000, 0x1139, 0x401000, 0x401126, 0x7fffffff
	};
	struct symbols *symbols = symbols_new();
	struct symbol found;
	size_t i;

	if (!symbols)
		abort();
	if (!symbols_add(symbols, "fuzz", fd, 0)) {
		for (i = 0; i < sizeof(addresses) / sizeof(*addresses); i++) {
			if (!symbols_find(symbols, addresses[i], &found) &&
			    strlen(found.name) >= SYMBOL_NAME_SIZE)
				abort();
			symbols_find_call(symbols, addresses[i], &found);
		}
	}
	symbols_free(symbols);
}

static void parse_line(struct input *input)
{
	char line[LINE_MAX];
	struct target_mapping mapping;
	size_t size = input->size < sizeof(line) ? input->size : sizeof(line) - 1;

	memcpy(line, input->data, size);
	line[size] = 0;
	if (target_parse_mapping(&mapping, line) &&
	    (mapping.path < line || mapping.path > line + size) && *mapping.path)
		abort();
}

FUZZ(elf)
{
	struct input input = { .data = data, .size = size };
	uint8_t what = input_byte(&input);
	int fd;

	if (!input.size)
		return 0;
	if (what == 'm') {
		parse_line(&input);
		return 0;
	}
	fd = memfd_create("fuzz", MFD_CLOEXEC);
	if (fd < 0 || write(fd, input.data, input.size) != (ssize_t)input.size)
		abort();
	if (what == 's')
		name_addresses(fd);
	else
		find_probes(fd);
	close(fd);
	return 0;
}
