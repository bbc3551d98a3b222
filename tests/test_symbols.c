/* SPDX-License-Identifier: BSD-2-Clause */
/* Names and lines of addresses, asked of this program about itself. */
#include "tracer/symbols.h"
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

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
	assert_non_null(symbol.file);
	assert_non_null(strstr(symbol.file, "test_symbols.c"));
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
		cmocka_unit_test(symbols_add__not_an_elf_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
