/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names and lines of addresses, asked of this program about itself, and of libraries made for it.
 */
#include "system.h"
#include "tracer/symbols.h"
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdbool.h>
#include <sys/stat.h>

enum { CALLBACK_LINE = __LINE__ + 2 };

static __attribute__((noinline)) int a_callback(int argument)
{
	return argument + 1;
}

static int take_bias(struct dl_phdr_info *info, size_t size, void *ret)
{
	(void)size;
	*(uint64_t *)ret = info->dlpi_addr;
	return 1; /* the first is the program itself */
}

static struct symbols *own_symbols(void)
{
	struct symbols *symbols = symbols_new();
	uint64_t bias = 0;
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	assert_non_null(symbols);
	assert_true(fd >= 0);
	dl_iterate_phdr(take_bias, &bias);
	assert_int_equal(symbols_add(symbols, "self", fd, bias), 0);
	close(fd);
	return symbols;
}

static void symbols_find__static_function(void **state)
{
	struct symbols *symbols = own_symbols();
	struct symbol symbol;

	(void)state;
	assert_int_equal(symbols_find(symbols, (uintptr_t)a_callback, &symbol), 0);
	assert_string_equal(symbol.name, "a_callback");
	assert_string_equal(symbol.file, "tests/test_symbols.c");
	assert_int_equal(symbol.line, CALLBACK_LINE);
	symbols_free(symbols);
}

static void symbols_find__unknown_address(void **state)
{
	struct symbols *symbols = own_symbols();
	struct symbol symbol;

	(void)state;
	assert_int_equal(symbols_find(symbols, 16, &symbol), -ENOENT);
	symbols_free(symbols);
}

/* --- what compilers make of three files --- */

/* The second one counts, between two others. Two functions that were alike would become one. */
static const char *const first = "int first(void);\n"
				 "int first(void) { return 1; }\n";
static const char *const third = "int third(void);\n"
				 "int third(void) { return 3; }\n";
static const char *const second =
	"#define ADDRESS (unsigned long)__builtin_return_address(0)\n"
	"unsigned long call(void);\n"
	"__attribute__((noinline)) unsigned long where(void)\n"
	"{\n"
	"	__asm__ volatile(\"\");\n"
	"	return ADDRESS;\n"
	"}\n"
	"static inline __attribute__((always_inline)) unsigned long in(void)\n"
	"{\n"
	"	return where() + 0;\n"
	"}\n"
	"unsigned long call(void)\n"
	"{\n"
	"	unsigned long address = where();\n"
	"\n"
	"	__asm__ volatile(\"\");\n"
	"	return address;\n"
	"}\n"
	"unsigned long fetch__body(void);\n"
	"unsigned long fetch__body(void)\n"
	"{\n"
	"	unsigned long address = in();\n"
	"\n"
	"	__asm__ volatile(\"nop\");\n"
	"	return address;\n"
	"}\n";

enum { CALL = 12, CALLED = 14, FETCH = 20, FETCHED = 22 };

struct library {
	char folder[32], path[64];
	void *handle;
	struct symbols *symbols;
	uint64_t bias;
};

static void write_file(const struct library *library, const char *name, const char *text)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", library->folder, name);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

/* Runs the command in the library's folder. False if there is no such compiler. */
static bool library_run(const struct library *library, const char *compiler, const char *arguments)
{
	struct program program = { 0 };
	int status;

	program_start(&program, "env --chdir=%s %s %s", library->folder, compiler, arguments);
	program_wait(&program);
	status = program.status;
	program_free(&program);
	assert_true(!status || status == 127);
	return !status;
}

static void library_open(struct library *library)
{
	struct link_map *map;
	int fd;

	snprintf(library->path, sizeof(library->path), "%s/library.so", library->folder);
	library->handle = dlopen(library->path, RTLD_NOW | RTLD_LOCAL);
	assert_non_null(library->handle);
	assert_int_equal(dlinfo(library->handle, RTLD_DI_LINKMAP, &map), 0);
	library->bias = map->l_addr;
	library->symbols = symbols_new();
	fd = open(library->path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(symbols_add(library->symbols, "library", fd, library->bias), 0);
	close(fd);
}

/* The second file is compiled by the second compiler. False if one is not there. */
static bool library_make(struct library *library, const char *const compilers[2],
			 const char *options)
{
	static const char *const names[] = { "first.c", "second.c", "third.c" };
	char arguments[64];
	int i;

	strcpy(library->folder, "/tmp/test_symbols.XXXXXX");
	assert_non_null(mkdtemp(library->folder));
	write_file(library, "first.c", first);
	write_file(library, "second.c", second);
	write_file(library, "third.c", third);
	for (i = 0; i < 3; i++) {
		snprintf(arguments, sizeof(arguments), "%s -fPIC -c %s", options, names[i]);
		if (!library_run(library, compilers[i % 2], arguments))
			return false;
	}
	if (!library_run(library, compilers[1], "-shared -o library.so first.o second.o third.o"))
		return false;

	library_open(library);
	return true;
}

static void library_free(struct library *library)
{
	static const char *const names[] = { "first.c",	 "second.c", "third.c",	   "first.o",
					     "second.o", "third.o",  "library.so", "second.s",
					     "link.s",	 "pipe" };
	char path[64];
	size_t i;

	symbols_free(library->symbols);
	if (library->handle)
		dlclose(library->handle);
	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(path, sizeof(path), "%s/%s", library->folder, names[i]);
		unlink(path);
	}
	rmdir(library->folder);
}

static void assert_symbol(int err, const struct symbol *symbol, const char *name, int line)
{
	assert_int_equal(err, 0);
	assert_string_equal(symbol->name, name);
	assert_string_equal(symbol->file ? symbol->file : "none", line ? "second.c" : "none");
	assert_int_equal(symbol->line, line);
}

/* The function, where it begins and where it calls. Without DWARF there are no lines. */
static void assert_function(const struct library *library, const char *name, const char *known_as,
			    int begins, int calls)
{
	unsigned long (*function)(void);
	struct symbol symbol;
	int err;

	*(void **)&function = dlsym(library->handle, name);
	assert_non_null(function);
	err = symbols_find(library->symbols, (uintptr_t)function, &symbol);
	assert_symbol(err, &symbol, known_as, begins);
	err = symbols_find_call(library->symbols, function(), &symbol);
	assert_symbol(err, &symbol, known_as, calls);
}

/* With both in one, what clang has made is not in the index that gcc has written. */
static void lines__of_gcc_and_clang(void **state)
{
	static const struct {
		const char *compilers[2], *options;
	} ways[] = {
		{ { "gcc", "gcc" }, "-g -O0" },	    { { "gcc", "gcc" }, "-g -O2" },
		{ { "clang", "clang" }, "-g -O2" }, { { "clang", "clang" }, "-gdwarf-4 -O0" },
		{ { "gcc", "clang" }, "-g -O2" },
	};
	struct library library;
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		library = (struct library){ 0 };
		if (library_make(&library, ways[i].compilers, ways[i].options)) {
			assert_function(&library, "call", "call", CALL, CALLED);
			assert_function(&library, "fetch__body", "fetch", FETCH, FETCHED);
		}
		library_free(&library);
	}
}

static void lines__without_dwarf(void **state)
{
	static const char *const compilers[] = { "gcc", "gcc" };
	struct library library = { 0 };
	struct symbol symbol;

	(void)state;
	assert_true(library_make(&library, compilers, "-O2"));
	assert_function(&library, "call", "call", 0, 0);
	/* What lies before all symbols belongs to none. */
	assert_int_equal(symbols_find(library.symbols, library.bias + 1, &symbol), -ENOENT);
	library_free(&library);
}

/* What its DWARF says is in another file, which it names: a pipe, to whose end nobody comes. */
static void link_to_another_file__is_not_followed(void **state)
{
	struct library library = { 0 };
	char text[256];

	(void)state;
	strcpy(library.folder, "/tmp/test_symbols.XXXXXX");
	assert_non_null(mkdtemp(library.folder));
	snprintf(library.path, sizeof(library.path), "%s/pipe", library.folder);
	assert_int_equal(mkfifo(library.path, 0600), 0);
	snprintf(text, sizeof(text),
		 ".section .gnu_debugaltlink,\"\",%%progbits\n.asciz \"%s\"\n.skip 20,1\n",
		 library.path);
	write_file(&library, "link.s", text);
	write_file(&library, "second.c", second);
	assert_true(library_run(&library, "gcc", "-g -O2 -fPIC -S second.c"));
	/* DW_AT_comp_dir, as a DW_FORM_GNU_strp_alt. */
	assert_true(library_run(&library, "sed", "-i /0x1b$/{n;s/0x.*/0x1f21/} second.s"));
	assert_true(library_run(&library, "gcc", "-shared -o library.so second.s link.s"));
	library_open(&library);
	assert_function(&library, "call", "call", 0, 0);
	library_free(&library);
}

static void symbols_add__not_an_elf_file(void **state)
{
	struct symbols *symbols = symbols_new();
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_true(symbols_add(symbols, "null", fd, 0) < 0);
	close(fd);
	symbols_free(symbols);
	symbols_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(symbols_find__static_function),
		cmocka_unit_test(symbols_find__unknown_address),
		cmocka_unit_test(lines__of_gcc_and_clang),
		cmocka_unit_test(lines__without_dwarf),
		cmocka_unit_test(link_to_another_file__is_not_followed),
		cmocka_unit_test(symbols_add__not_an_elf_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
