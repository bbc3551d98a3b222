/* SPDX-License-Identifier: BSD-2-Clause */
/* All of the work is libdw's. It reads the files that it is given, and looks for no others. */
#include "symbols.h"
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
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

/*
 * Where the function was declared. The line table would tell that of its first instruction, which
 * is elsewhere.
 */
static void find_declaration(Dwfl_Module *module, uint64_t address, struct symbol *ret)
{
	Dwarf_Die *scopes = NULL, *unit;
	Dwarf_Addr bias;
	int count, i;

	unit = dwfl_module_addrdie(module, address, &bias);
	count = unit ? dwarf_getscopes(unit, address - bias, &scopes) : 0;
	for (i = 0; i < count; i++) {
		if (dwarf_tag(&scopes[i]) != DW_TAG_subprogram)
			continue;
		if (!dwarf_decl_line(&scopes[i], &ret->line))
			ret->file = dwarf_decl_file(&scopes[i]);
		break;
	}
	free(scopes);
}

int symbols_find(struct symbols *symbols, uint64_t address, struct symbol *ret)
{
	Dwfl_Module *module = dwfl_addrmodule(symbols->dwfl, address);
	const char *name = module ? dwfl_module_addrname(module, address) : NULL;

	if (!name)
		return -ENOENT;
	*ret = (struct symbol){ .name = name };
	find_declaration(module, address, ret);
	return 0;
}
