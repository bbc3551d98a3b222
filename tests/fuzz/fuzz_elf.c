/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ELF files that a target chose, in which probes are looked for and addresses are named, and lines
 * of its /proc/PID/maps. The first byte says which of them the rest is, or that it is only the
 * notes of a file that is sane but for them.
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

#if defined(__x86_64__)
#define MACHINE EM_X86_64
static const unsigned char nop[] = { 0x90 };
#else
#define MACHINE EM_AARCH64
static const unsigned char nop[] = { 0x1f, 0x20, 0x03, 0xd5 };
#endif

enum { LINE_MAX = 4096, NOTES = 2048, SITES = 4096 };

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

/* One page that is executed and one that is written, whose addresses are those in the file. */
struct sane {
	Elf64_Ehdr header;
	Elf64_Phdr segments[2];
	Elf64_Shdr sections[4];
	char names[40];
	char notes[NOTES];
	_Alignas(SITES) unsigned char sites[SITES];
	unsigned char semaphores[SITES];
};

static void add_section(struct sane *sane, size_t i, unsigned int type, size_t offset, size_t size)
{
	static const char names[] = "\0.note.stapsdt\0.stapsdt.base\0.shstrtab";
	static const size_t at[] = { 0, 1, 15, 29 };

	memcpy(sane->names, names, sizeof(names));
	sane->sections[i] = (Elf64_Shdr){
		.sh_name = at[i],
		.sh_type = type,
		.sh_offset = offset,
		.sh_size = size,
		.sh_addralign = type == SHT_NOTE ? 4 : 1,
	};
}

static void make_sane(struct sane *sane)
{
	const Elf64_Ehdr header = {
		.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_DYN,
		.e_machine = MACHINE,
		.e_version = EV_CURRENT,
		.e_ehsize = sizeof(Elf64_Ehdr),
		.e_phoff = offsetof(struct sane, segments),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 2,
		.e_shoff = offsetof(struct sane, sections),
		.e_shentsize = sizeof(Elf64_Shdr),
		.e_shnum = 4,
		.e_shstrndx = 3,
	};
	size_t i;

	memset(sane, 0, sizeof(*sane));
	sane->header = header;
	for (i = 0; i < 2; i++)
		sane->segments[i] = (Elf64_Phdr){
			.p_type = PT_LOAD,
			.p_flags = i ? PF_R | PF_W : PF_R | PF_X,
			.p_offset = offsetof(struct sane, sites) + i * SITES,
			.p_vaddr = offsetof(struct sane, sites) + i * SITES,
			.p_filesz = SITES,
			.p_memsz = SITES,
		};
	add_section(sane, 2, SHT_PROGBITS, 0, 0);
	add_section(sane, 3, SHT_STRTAB, offsetof(struct sane, names), sizeof(sane->names));
	for (i = 0; i < SITES; i += sizeof(nop))
		memcpy(sane->sites + i, nop, sizeof(nop));
}

/* The size of the description of a probe that is sane but for some addresses. */
static size_t describe_probe(char *to, struct input *input)
{
	static const char *const names[] = { "batch",  "sparing", "coroutines", "task_create",
					     "switch", "others",  "",		"unknown" };
	const char *name = names[input_byte(input) % 8];
	uint64_t addresses[3];
	size_t at = sizeof(addresses);

	addresses[0] = offsetof(struct sane, sites) + input_byte(input);
	addresses[1] = input_byte(input) / 16;
	addresses[2] = offsetof(struct sane, semaphores) + 2 * input_byte(input);
	memcpy(to, addresses, sizeof(addresses));
	memcpy(to + at, "asynctrace", sizeof("asynctrace"));
	at += sizeof("asynctrace");
	memcpy(to + at, name, strlen(name) + 1);
	at += strlen(name) + 1;
	to[at++] = '\0';
	return at;
}

/* Notes follow each other: the size of one and its bytes, or a probe. */
static size_t write_notes(char notes[NOTES], struct input *input)
{
	Elf64_Nhdr header = { .n_namesz = sizeof("stapsdt"), .n_type = 3 };
	size_t at = 0, room;
	uint8_t how;

	while (input->size && at + 256 <= NOTES) {
		char *description = notes + at + sizeof(header) + sizeof("stapsdt");

		how = input_byte(input);
		room = how % 64;
		if (how < 128) {
			room = describe_probe(description, input);
		} else {
			input_bytes(input, description, room);
		}
		header.n_descsz = room + (how % 128 == 127);
		memcpy(notes + at, &header, sizeof(header));
		memcpy(notes + at + sizeof(header), "stapsdt", sizeof("stapsdt"));
		at = description + (room + 3) / 4 * 4 - notes;
	}
	return at;
}

/* The first byte is where the section of the base is, two more change any word of the file. */
static void find_notes(struct input *input)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	uint8_t base = input_byte(input), at = input_byte(input), with = input_byte(input);
	struct sane sane;

	make_sane(&sane);
	add_section(&sane, 1, SHT_NOTE, offsetof(struct sane, notes),
		    write_notes(sane.notes, input));
	sane.sections[2].sh_addr = base / 16;
	((unsigned char *)&sane)[2 * at] += with;
	if (fd < 0 || write(fd, &sane, sizeof(sane)) != sizeof(sane))
		abort();
	find_probes(fd);
	close(fd);
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
	if (what == 'n') {
		find_notes(&input);
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
