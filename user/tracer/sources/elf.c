/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A SystemTap note names the addresses of a site and its semaphore as the linker saw them. What the
 * kernel wants are offsets in the file, which the loaded segments give: a site must lie in one that
 * is executable, a semaphore in one that is writable.
 */
#include "elf.h"
#include "../apart.h"
#include <asynctrace/event.h>
#include <errno.h>
#include <gelf.h>
#include <libelf.h>
#include <string.h>
#include <unistd.h>

#define NOTE_TYPE 3

/* The sections that are read are small. A greater one is there to make us read gigabytes. */
#define SECTION_MAX (1 << 20)

#if defined(__x86_64__)
#define MACHINE EM_X86_64
static const unsigned char nop[] = { 0x90 };
#elif defined(__aarch64__)
#define MACHINE EM_AARCH64
static const unsigned char nop[] = { 0x1f, 0x20, 0x03, 0xd5 };
#else
#error "the instruction at a probe site is known for x86-64 and aarch64 only"
#endif

struct note {
	uint64_t site, base, semaphore;
	const char *provider, *name;
};

_Static_assert(AT_KINDS_END <= ELF_SPARING, "a kind is one of the target's or of the others");

static const char *const names[] = { [ELF_BATCH] = "batch",
				     [ELF_SPARING] = "sparing",
				     [ELF_COROUTINES] = "coroutines",
				     [ELF_SWITCHES] = "switches",
				     [ELF_OTHERS] = "others",
#define NAME(number, NAME_, name) [number] = #name,
				     AT_KINDS(NAME)
#undef NAME
};

/* The string at `*at`, which moves behind it, or null if it does not end before `end`. */
static const char *take_string(const char **at, const char *end)
{
	const char *string = *at, *zero = memchr(string, '\0', end - string);

	if (!zero)
		return NULL;
	*at = zero + 1;
	return string;
}

static int parse_note(struct note *ret, const char *data, size_t size)
{
	const char *end = data + size, *strings = data + 3 * sizeof(uint64_t);
	uint64_t addresses[3];
	struct note note;

	if (size < sizeof(addresses))
		return -EBADMSG;
	memcpy(addresses, data, sizeof(addresses));
	note.site = addresses[0];
	note.base = addresses[1];
	note.semaphore = addresses[2];
	note.provider = take_string(&strings, end);
	note.name = note.provider ? take_string(&strings, end) : NULL;
	if (!note.name || !take_string(&strings, end))
		return -EBADMSG;
	*ret = note;
	return 0;
}

/* The offset in the file of `size` bytes at `address`, in a segment with these flags. */
static int find_offset(uint64_t *ret, Elf *elf, uint64_t address, uint64_t size, uint32_t flags)
{
	GElf_Phdr segment;
	size_t count, i;

	if (elf_getphdrnum(elf, &count))
		return -EBADMSG;
	for (i = 0; i < count && gelf_getphdr(elf, i, &segment); i++) {
		if (segment.p_type != PT_LOAD || (segment.p_flags & flags) != flags)
			continue;
		if (address < segment.p_vaddr || segment.p_filesz < size ||
		    address - segment.p_vaddr > segment.p_filesz - size)
			continue;
		return __builtin_add_overflow(segment.p_offset, address - segment.p_vaddr, ret)
			       ? -EBADMSG
			       : 0;
	}
	return -EBADMSG;
}

static int check_site(int fd, uint64_t offset)
{
	unsigned char bytes[sizeof(nop)];
	ssize_t got = pread(fd, bytes, sizeof(bytes), offset);

	if (got < 0)
		return -errno;
	return got == sizeof(bytes) && !memcmp(bytes, nop, sizeof(nop)) ? 0 : -ENOTSUP;
}

/* The address of a section, or 0. */
static uint64_t section_address(Elf *elf, size_t names_section, const char *wanted)
{
	Elf_Scn *section = NULL;
	const char *name;
	GElf_Shdr header;

	while ((section = elf_nextscn(elf, section))) {
		if (!gelf_getshdr(section, &header))
			continue;
		name = elf_strptr(elf, names_section, header.sh_name);
		if (name && !strcmp(name, wanted))
			return header.sh_addr;
	}
	return 0;
}

static int add_probe(struct elf_probes *probes, Elf *elf, int fd, const struct note *note,
		     uint64_t moved)
{
	struct elf_probe probe = {
		.address = note->site + moved,
		.semaphore_address = note->semaphore + moved,
	};
	int err;

	while (probe.kind < sizeof(names) / sizeof(*names) &&
	       (!names[probe.kind] || strcmp(names[probe.kind], note->name)))
		probe.kind++;
	if (probe.kind == sizeof(names) / sizeof(*names))
		return 0;
	if (probes->count == ELF_PROBES_MAX)
		return -E2BIG;
	err = find_offset(&probe.offset, elf, probe.address, sizeof(nop), PF_X);
	if (!err)
		err = find_offset(&probe.semaphore, elf, probe.semaphore_address, sizeof(__u16),
				  PF_W);
	/* The kernel's own rule for semaphores. */
	if (!err && probe.semaphore % sizeof(__u16))
		err = -EBADMSG;
	if (!err)
		err = check_site(fd, probe.offset);
	if (!err)
		probes->probes[probes->count++] = probe;
	return err;
}

static int read_notes(struct elf_probes *probes, Elf *elf, int fd, Elf_Data *data, uint64_t base)
{
	size_t at = 0, name, description;
	const char *bytes = data->d_buf;
	struct note note;
	GElf_Nhdr header;
	int err = 0;

	while (!err && (at = gelf_getnote(data, at, &header, &name, &description)) > 0) {
		if (header.n_type != NOTE_TYPE || header.n_namesz != sizeof("stapsdt") ||
		    memcmp(bytes + name, "stapsdt", sizeof("stapsdt")))
			continue;
		err = parse_note(&note, bytes + description, header.n_descsz);
		/* A prelinked file was moved as a whole, and with it the section of the base. */
		if (!err && !strcmp(note.provider, "asynctrace"))
			err = add_probe(probes, elf, fd, &note,
					base && note.base ? base - note.base : 0);
	}
	return err;
}

static int read_probes(struct elf_probes *probes, Elf *elf, int fd)
{
	Elf_Scn *section = NULL;
	size_t names_section;
	const char *name;
	GElf_Ehdr header;
	GElf_Shdr found;
	Elf_Data *data;
	uint64_t base;
	int err = 0;

	if (elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &header) ||
	    header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB ||
	    header.e_machine != MACHINE)
		return -ENOEXEC;
	if (elf_getshdrstrndx(elf, &names_section))
		return 0;
	section = elf_getscn(elf, names_section);
	if (!gelf_getshdr(section, &found))
		return 0;
	if (found.sh_size > SECTION_MAX)
		return -EBADMSG;
	section = NULL;
	base = section_address(elf, names_section, ".stapsdt.base");
	while (!err && (section = elf_nextscn(elf, section))) {
		if (!gelf_getshdr(section, &found) || found.sh_type != SHT_NOTE ||
		    found.sh_size > SECTION_MAX)
			continue;
		name = elf_strptr(elf, names_section, found.sh_name);
		if (!name || strcmp(name, ".note.stapsdt"))
			continue;
		data = elf_getdata(section, NULL);
		err = data && data->d_buf ? read_notes(probes, elf, fd, data, base) : -EBADMSG;
	}
	return err;
}

int elf_read_probes(struct elf_probes *ret, int fd)
{
	struct elf_probes probes = { .count = 0 };
	Elf *elf;
	int err;

	elf_version(EV_CURRENT);
	/* Not mapped: whoever truncates the file meanwhile must not hit us. */
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (!elf)
		return -ENOEXEC;
	err = read_probes(&probes, elf, fd);
	elf_end(elf);
	if (!err)
		*ret = probes;
	return err;
}

int elf_check_probes(const struct elf_probes *probes, int fd)
{
	size_t i;
	int err = probes->count > ELF_PROBES_MAX ? -EBADMSG : 0;

	for (i = 0; !err && i < probes->count; i++) {
		const struct elf_probe *probe = &probes->probes[i];

		if (probe->kind >= sizeof(names) / sizeof(*names) || !names[probe->kind] ||
		    probe->semaphore % sizeof(__u16))
			err = -EBADMSG;
		else
			err = check_site(fd, probe->offset);
	}
	return err;
}

static int read_into(int fd, void *context)
{
	return elf_read_probes(context, fd);
}

int elf_read_probes_apart(struct elf_probes *ret, int fd)
{
	struct elf_probes probes = { .count = 0 };
	int err = apart_run(read_into, fd, &probes, sizeof(probes));

	/* Whoever has taken over that process may answer what they like. */
	if (!err)
		err = elf_check_probes(&probes, fd);
	if (!err)
		*ret = probes;
	return err;
}

bool elf_has_probes(int fd)
{
	struct elf_probes probes;

	return !elf_read_probes(&probes, fd) && probes.count;
}

bool elf_has_probes_apart(int fd)
{
	struct elf_probes probes;

	return !elf_read_probes_apart(&probes, fd) && probes.count;
}
