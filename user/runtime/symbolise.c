/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names and lines of code addresses. libdw does the work, if there is one: it is loaded when it is
 * first needed, for most programs never print a place. What was found is kept for good.
 */
#include "runtime.h"
#include <dlfcn.h>
#include <dwarf.h>
#include <elfutils/libdwfl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Programs that are linked statically may have neither, and need not. */
#pragma weak dlsym
#pragma weak dladdr

enum { BUCKETS = 256 };

struct known {
	struct known *next;
	struct async_frame frame;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct known *all_known[BUCKETS];

/* clang-format off */
#define FUNCTIONS(f)                                                                               \
	f(dwarf_attr) f(dwarf_decl_file) f(dwarf_decl_line) f(dwarf_diename) f(dwarf_entrypc)      \
	f(dwarf_formstring) f(dwarf_formudata) f(dwarf_getscopes) f(dwarf_getscopes_die)           \
	f(dwarf_getsrc_die) f(dwarf_haspc) f(dwarf_lineno) f(dwarf_linesrc) f(dwarf_tag)           \
	f(dwfl_addrmodule) f(dwfl_begin) f(dwfl_linux_proc_find_elf) f(dwfl_linux_proc_report)     \
	f(dwfl_module_addrdie) f(dwfl_module_addrname) f(dwfl_module_nextcu)                       \
	f(dwfl_end) f(dwfl_report_begin) f(dwfl_report_end) f(elf_begin) f(elf_cntl) f(elf_version)
/* clang-format on */
#define DECLARE(function) __typeof__(&function) function;
static struct {
	FUNCTIONS(DECLARE)
} libdw;

static Dwfl *dwfl;
static bool tried;

/* No file but the program's own: debug links may lead anywhere, and a server may take its time. */
static int find_nothing(Dwfl_Module *module, void **user, const char *name, Dwarf_Addr base,
			const char *file, const char *link, GElf_Word checksum, char **found)
{
	(void)module, (void)user, (void)name, (void)base, (void)file, (void)link, (void)checksum;
	*found = NULL;
	return -1;
}

/* The file stays mapped, but not open: a program's descriptors are its own. */
static int find_elf(Dwfl_Module *module, void **user, const char *name, Dwarf_Addr base,
		    char **found, Elf **elf)
{
	int fd = libdw.dwfl_linux_proc_find_elf(module, user, name, base, found, elf);

	if (fd < 0)
		return fd;
	*elf = libdw.elf_begin(fd, ELF_C_READ_MMAP, NULL);
	if (!*elf)
		return fd;
	libdw.elf_cntl(*elf, ELF_C_FDDONE);
	close(fd);
	return -1;
}

static const Dwfl_Callbacks callbacks = { .find_elf = find_elf, .find_debuginfo = find_nothing };

#define LOAD(function)                                                                             \
	libdw.function = (__typeof__(&function))dlsym(library, #function);                         \
	if (!libdw.function)                                                                       \
		return;
static void load(void)
{
	/* By its name, for the mere mention of dlopen() makes the linker warn of a static one. */
	__typeof__(&dlopen) open = dlsym ? dlsym(RTLD_DEFAULT, "dlopen") : NULL;
	void *library = open ? open("libdw.so.1", RTLD_NOW | RTLD_LOCAL) : NULL;

	if (!library)
		return;
	FUNCTIONS(LOAD)
	libdw.elf_version(EV_CURRENT);
	dwfl = libdw.dwfl_begin(&callbacks);
}

/* Libraries may have come since it was last looked. */
static Dwfl_Module *module_of(uintptr_t address)
{
	Dwfl_Module *module;

	if (!tried) {
		tried = true;
		load();
	}
	if (!dwfl)
		return NULL;
	module = libdw.dwfl_addrmodule(dwfl, address);
	if (module)
		return module;
	libdw.dwfl_report_begin(dwfl);
	libdw.dwfl_linux_proc_report(dwfl, getpid());
	libdw.dwfl_report_end(dwfl, NULL, NULL);
	return libdw.dwfl_addrmodule(dwfl, address);
}

/* Late, for others say something at the end as well. */
__attribute__((destructor(101))) static void unload(void)
{
	pthread_mutex_lock(&lock);
	if (dwfl)
		libdw.dwfl_end(dwfl);
	dwfl = NULL;
	pthread_mutex_unlock(&lock);
}

/* The body of a coroutine has the name of that; clones of a function have the function's. */
static char *copy_name(const char *name)
{
	size_t length = strcspn(name, "."), end = strlen("__body");

	if (length > end && !strncmp(name + length - end, "__body", end))
		length -= end;
	return strndup(name, length);
}

/* The name of a file as the compiler was given it. */
static char *copy_path(const char *path, const char *folder)
{
	size_t length = folder ? strlen(folder) : 0;

	if (length && !strncmp(path, folder, length) && path[length] == '/')
		path += length + 1;
	return strdup(path);
}

/*
 * The unit of an address. The index of a file may not know it, for clang writes none: then another
 * one may be found, or none.
 */
static Dwarf_Die *unit_of(Dwfl_Module *module, uintptr_t address, Dwarf_Addr *bias)
{
	Dwarf_Die *unit = libdw.dwfl_module_addrdie(module, address, bias);

	if (unit && libdw.dwarf_haspc(unit, address - *bias) > 0)
		return unit;
	unit = NULL;
	while ((unit = libdw.dwfl_module_nextcu(module, unit, bias))) {
		if (libdw.dwarf_haspc(unit, address - *bias) > 0)
			return unit;
	}
	return NULL;
}

/*
 * The line table would tell of the first instruction of a function where its body begins, and of
 * what was inlined where that was written. Returns the line at which the function is declared, or
 * the call was inlined; 0 if it is neither.
 */
static int find_line(Dwarf_Die *unit, Dwarf_Addr address, const char **file)
{
	Dwarf_Die *innermost = NULL, *scopes = NULL, *scope;
	Dwarf_Attribute attribute;
	Dwarf_Addr start;
	Dwarf_Word call = 0;
	int line = 0, count = 0;

	if (libdw.dwarf_getscopes(unit, address, &innermost) > 0)
		count = libdw.dwarf_getscopes_die(&innermost[0], &scopes);
	for (scope = scopes; count-- > 0; scope++) {
		if (libdw.dwarf_tag(scope) == DW_TAG_inlined_subroutine)
			libdw.dwarf_formudata(libdw.dwarf_attr(scope, DW_AT_call_line, &attribute),
					      &call);
		if (libdw.dwarf_tag(scope) != DW_TAG_subprogram)
			continue;
		/* The first file, to clang, is number 0, which libdw takes for none. */
		*file = libdw.dwarf_decl_file(scope);
		if (!*file)
			*file = libdw.dwarf_diename(unit);
		if (!libdw.dwarf_entrypc(scope, &start) && start == address)
			libdw.dwarf_decl_line(scope, &line);
		else
			line = call;
		break;
	}
	free(scopes);
	free(innermost);
	return line;
}

static void find_in_unit(Dwarf_Die *unit, Dwarf_Addr address, struct async_frame *frame)
{
	Dwarf_Line *line = libdw.dwarf_getsrc_die(unit, address);
	Dwarf_Attribute attribute;
	const char *path = NULL;

	frame->line = find_line(unit, address, &path);
	if ((!frame->line || !path) && line && !libdw.dwarf_lineno(line, &frame->line))
		path = libdw.dwarf_linesrc(line, NULL, NULL);
	if (path)
		frame->file =
			copy_path(path,
				  libdw.dwarf_formstring(
					  libdw.dwarf_attr(unit, DW_AT_comp_dir, &attribute)));
}

static void find_in_module(Dwfl_Module *module, struct async_frame *frame)
{
	const char *name = libdw.dwfl_module_addrname(module, frame->address);
	Dwarf_Addr bias;
	Dwarf_Die *unit = unit_of(module, frame->address, &bias);

	if (name)
		frame->function = copy_name(name);
	if (unit)
		find_in_unit(unit, frame->address - bias, frame);
}

static void find(struct async_frame *frame)
{
	Dwfl_Module *module = module_of(frame->address);
	Dl_info info;

	if (module)
		find_in_module(module, frame);
	if (!frame->function && dladdr && dladdr((void *)frame->address, &info) && info.dli_sname)
		frame->function = copy_name(info.dli_sname);
}

static void *run_find(void *frame)
{
	find(frame);
	return NULL;
}

/*
 * On a stack of its own, for libdw wants more than a task has; and where no signal handler of the
 * program's runs.
 */
static void find_elsewhere(struct async_frame *frame)
{
	sigset_t all, before;
	pthread_t thread;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	err = pthread_create(&thread, NULL, run_find, frame);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!err)
		pthread_join(thread, NULL);
}

struct async_frame async_frame_of(uintptr_t address)
{
	struct known **bucket = &all_known[(address ^ address >> 8) % BUCKETS], *known;
	struct async_frame frame = { .address = address };

	if (!address)
		return frame;
	pthread_mutex_lock(&lock);
	for (known = *bucket; known && known->frame.address != address; known = known->next)
		;
	if (!known && (known = calloc(1, sizeof(*known)))) {
		known->frame.address = address;
		find_elsewhere(&known->frame);
		known->next = *bucket;
		*bucket = known;
	}
	if (known)
		frame = known->frame;
	pthread_mutex_unlock(&lock);
	return frame;
}
