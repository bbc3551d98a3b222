/* SPDX-License-Identifier: BSD-2-Clause */
/* All of the work is libdw's. It reads the files that it is given, and looks for no others. */
#include "symbols.h"
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwelf.h>
#include <elfutils/libdwfl.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct symbols {
	Dwfl *dwfl;
};

/*
 * No file but the program's own: its debug link may lead anywhere, a pipe that hangs us included.
 */
static int find_nothing(Dwfl_Module *module, void **user, const char *name, Dwarf_Addr base,
			const char *file, const char *link, GElf_Word checksum, char **found)
{
	(void)module, (void)user, (void)name, (void)base, (void)file, (void)link, (void)checksum;
	*found = NULL;
	return -1;
}

static const Dwfl_Callbacks callbacks = {
	.find_elf = dwfl_build_id_find_elf,
	.find_debuginfo = find_nothing,
};

struct symbols *symbols_new(void)
{
	struct symbols *symbols = calloc(1, sizeof(*symbols));

	if (!symbols)
		return NULL;
	symbols->dwfl = dwfl_begin(&callbacks);
	if (!symbols->dwfl) {
		free(symbols);
		return NULL;
	}
	return symbols;
}

void symbols_free(struct symbols *symbols)
{
	if (!symbols)
		return;
	dwfl_end(symbols->dwfl);
	free(symbols);
}

int symbols_add(struct symbols *symbols, const char *path, int fd, uint64_t bias)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	if (copy < 0)
		return -errno;
	dwfl_report_begin_add(symbols->dwfl);
	/* On success the descriptor is libdw's. */
	if (!dwfl_report_elf(symbols->dwfl, path, path, copy, bias, true)) {
		close(copy);
		dwfl_report_end(symbols->dwfl, NULL, NULL);
		return -ENOEXEC;
	}
	return dwfl_report_end(symbols->dwfl, NULL, NULL) ? -ENOEXEC : 0;
}

const char *symbols_build_id(char buffer[SYMBOLS_BUILD_ID_SIZE], int fd)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *id = NULL;
	const void *found;
	Elf *elf;
	ssize_t size = 0, i;

	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (elf)
		size = dwelf_elf_gnu_build_id(elf, &found);
	if (size > 0 && 2 * size < SYMBOLS_BUILD_ID_SIZE)
		id = found;
	for (i = 0; id && i < size; i++) {
		buffer[2 * i] = digits[id[i] >> 4];
		buffer[2 * i + 1] = digits[id[i] & 0xf];
	}
	if (id)
		buffer[2 * size] = '\0';
	elf_end(elf);
	return id ? buffer : NULL;
}

/* Part of what it says is in another file: libdw would open whatever path it names. */
static bool leads_elsewhere(Dwfl_Module *module)
{
	Dwarf_Addr bias;
	Dwarf *dwarf = dwfl_module_getdwarf(module, &bias);
	const void *build_id;
	const char *path;

	return dwarf && dwelf_dwarf_gnu_debugaltlink(dwarf, &path, &build_id);
}

/*
 * The unit of an address. The index of a file may not know it, for clang writes none: then another
 * one may be found, or none.
 */
static Dwarf_Die *unit_of(Dwfl_Module *module, uint64_t address, Dwarf_Addr *bias)
{
	Dwarf_Die *unit;

	if (leads_elsewhere(module))
		return NULL;
	unit = dwfl_module_addrdie(module, address, bias);
	if (unit && dwarf_haspc(unit, address - *bias) > 0)
		return unit;
	unit = NULL;
	while ((unit = dwfl_module_nextcu(module, unit, bias))) {
		if (dwarf_haspc(unit, address - *bias) > 0)
			return unit;
	}
	return NULL;
}

/*
 * The function whose code is at the address, not one that was inlined there; in `*call` the line of
 * the call that was replaced so, or 0. False if there is none.
 */
static bool find_function(Dwarf_Die *unit, Dwarf_Addr address, Dwarf_Die *function, int *call)
{
	Dwarf_Die *innermost = NULL, *scopes = NULL;
	Dwarf_Attribute attribute;
	Dwarf_Word line;
	bool found = false;
	int count = 0, i;

	*call = 0;
	/* The scopes of what was inlined are those of where it was written: again, from there. */
	if (dwarf_getscopes(unit, address, &innermost) > 0)
		count = dwarf_getscopes_die(&innermost[0], &scopes);
	for (i = 0; i < count && !found; i++) {
		if (dwarf_tag(&scopes[i]) == DW_TAG_inlined_subroutine &&
		    !dwarf_formudata(dwarf_attr(&scopes[i], DW_AT_call_line, &attribute), &line))
			*call = line;
		found = dwarf_tag(&scopes[i]) == DW_TAG_subprogram;
		if (found)
			*function = scopes[i];
	}
	free(scopes);
	free(innermost);
	return found;
}

/* As the compiler was given it: without the folder in which it was called. */
static const char *shorten(const char *path, Dwarf_Die *unit)
{
	Dwarf_Attribute attribute;
	const char *folder = dwarf_formstring(dwarf_attr(unit, DW_AT_comp_dir, &attribute));
	size_t length = folder ? strlen(folder) : 0;

	if (length && path && !strncmp(path, folder, length) && path[length] == '/')
		path += length + 1;
	return path;
}

static const char *file_of(Dwarf_Die *function, Dwarf_Die *unit)
{
	const char *path = dwarf_decl_file(function);

	/* The first file, to clang, is number 0, which libdw takes for none. */
	return path ? path : dwarf_diename(unit);
}

/* The line table would tell that of its first instruction, which is elsewhere. */
static void find_declaration(Dwarf_Die *unit, Dwarf_Addr address, struct symbol *ret)
{
	Dwarf_Die function;
	int call;

	if (find_function(unit, address, &function, &call) &&
	    !dwarf_decl_line(&function, &ret->line))
		ret->file = file_of(&function, unit);
}

static void find_call(Dwarf_Die *unit, Dwarf_Addr address, struct symbol *ret)
{
	Dwarf_Line *line = dwarf_getsrc_die(unit, address);
	Dwarf_Die function;

	if (find_function(unit, address, &function, &ret->line) && ret->line)
		ret->file = file_of(&function, unit);
	else if (line && !dwarf_lineno(line, &ret->line))
		ret->file = dwarf_linesrc(line, NULL, NULL);
}

/* The body of a coroutine has the name of that; clones of a function have the function's. */
static void copy_name(char to[SYMBOL_NAME_SIZE], const char *name)
{
	size_t length = strcspn(name, "."), end = strlen("__body");

	if (!length)
		length = strlen(name);
	if (length > end && !strncmp(name + length - end, "__body", end))
		length -= end;
	if (length >= SYMBOL_NAME_SIZE)
		length = SYMBOL_NAME_SIZE - 1;
	memcpy(to, name, length);
	to[length] = 0;
}

static int find(struct symbols *symbols, uint64_t address,
		void (*find_line)(Dwarf_Die *unit, Dwarf_Addr address, struct symbol *ret),
		struct symbol *ret)
{
	Dwfl_Module *module = dwfl_addrmodule(symbols->dwfl, address);
	const char *name = module ? dwfl_module_addrname(module, address) : NULL;
	Dwarf_Die *unit;
	Dwarf_Addr bias;

	if (!name)
		return -ENOENT;
	*ret = (struct symbol){ 0 };
	copy_name(ret->name, name);
	unit = unit_of(module, address, &bias);
	if (unit)
		find_line(unit, address - bias, ret);
	if (ret->file)
		ret->file = shorten(ret->file, unit);
	else
		ret->line = 0;
	return 0;
}

int symbols_find(struct symbols *symbols, uint64_t address, struct symbol *ret)
{
	return find(symbols, address, find_declaration, ret);
}

int symbols_find_call(struct symbols *symbols, uint64_t address, struct symbol *ret)
{
	return find(symbols, address - 1, find_call, ret);
}
