/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names and lines of code addresses. libdw does the work, if there is one: it is loaded when it is
 * first needed, for most programs never print a place. What was found is kept for good.
 */
#include "runtime.h"
#include <dlfcn.h>
#include <elfutils/libdwfl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Programs that are linked statically have none of these, and need not. */
#pragma weak dlopen
#pragma weak dlsym
#pragma weak dladdr

enum { BUCKETS = 256 };

struct known {
	struct known *next;
	struct async_frame frame;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct known *all_known[BUCKETS];

#define FUNCTIONS(f)                                                                               \
	f(dwfl_begin) f(dwfl_linux_proc_report) f(dwfl_linux_proc_find_elf) f(dwfl_report_begin)   \
		f(dwfl_report_end) f(dwfl_addrmodule) f(dwfl_module_addrname)                      \
			f(dwfl_module_getsrc) f(dwfl_lineinfo) f(dwfl_line_comp_dir)

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

static Dwfl_Callbacks callbacks = { .find_debuginfo = find_nothing };

#define LOAD(function)                                                                             \
	libdw.function = (__typeof__(&function))dlsym(library, #function);                         \
	if (!libdw.function)                                                                       \
		return;
static void load(void)
{
	void *library = dlopen && dlsym ? dlopen("libdw.so.1", RTLD_NOW | RTLD_LOCAL) : NULL;

	if (!library)
		return;
	FUNCTIONS(LOAD)
	callbacks.find_elf = libdw.dwfl_linux_proc_find_elf;
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

/* The body of a coroutine has the name of the coroutine; clones of a function have the function's. */
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

static void find(struct async_frame *frame)
{
	Dwfl_Module *module = module_of(frame->address);
	const char *name = module ? libdw.dwfl_module_addrname(module, frame->address) : NULL;
	Dwfl_Line *line = module ? libdw.dwfl_module_getsrc(module, frame->address) : NULL;
	const char *path;
	Dl_info info;

	if (!name && dladdr && dladdr((void *)frame->address, &info))
		name = info.dli_sname;
	if (name)
		frame->function = copy_name(name);
	path = line ? libdw.dwfl_lineinfo(line, NULL, &frame->line, NULL, NULL, NULL) : NULL;
	if (path)
		frame->file = copy_path(path, libdw.dwfl_line_comp_dir(line));
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
