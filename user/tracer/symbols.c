/* SPDX-License-Identifier: BSD-2-Clause */
/* All of the work is libdw's. It is kept from the network: nobody who traces wants a download. */
#include "symbols.h"
#include <elfutils/libdwfl.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

struct symbols {
	Dwfl *dwfl;
};

static const Dwfl_Callbacks callbacks = {
	.find_elf = dwfl_build_id_find_elf,
	.find_debuginfo = dwfl_standard_find_debuginfo,
};

struct symbols *symbols_new(void)
{
	struct symbols *symbols = calloc(1, sizeof(*symbols));

	if (!symbols)
		return NULL;
	unsetenv("DEBUGINFOD_URLS");
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

int symbols_find(struct symbols *symbols, uint64_t address, struct symbol *ret)
{
	Dwfl_Module *module = dwfl_addrmodule(symbols->dwfl, address);
	Dwfl_Line *line;
	const char *name;

	name = module ? dwfl_module_addrname(module, address) : NULL;
	if (!name)
		return -ENOENT;
	ret->name = name;
	ret->file = NULL;
	ret->line = 0;
	line = dwfl_module_getsrc(module, address);
	if (line)
		ret->file = dwfl_lineinfo(line, NULL, &ret->line, NULL, NULL, NULL);
	return 0;
}
