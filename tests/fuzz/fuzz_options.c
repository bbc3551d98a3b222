/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command line, a word a line. The parser prints and exits where it sees fit: here its exit
 * (which the linker leads to us: --wrap=exit) comes back.
 */
#include "fuzz.h"
#include <fcntl.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <tracer/actions.h>
#include <tracer/options.h>
#include <unistd.h>

enum { WORDS_MAX = 32, LINE_MAX = 4096 };

static jmp_buf exited;
static volatile int may_exit;

_Noreturn void __real_exit(int status);
_Noreturn void __wrap_exit(int status);

_Noreturn void __wrap_exit(int status)
{
	if (!may_exit)
		__real_exit(status);
	longjmp(exited, 1);
}

/* Cuts the line into words. Returns how many there are. */
static int cut(char *line, size_t size, char **words)
{
	size_t begin = 0, i;
	int count = 0;

	words[count++] = "asynctrace";
	for (i = 0; i <= size && count < WORDS_MAX; i++) {
		if (i < size && line[i] && line[i] != '\n')
			continue;
		line[i] = 0;
		words[count++] = line + begin;
		begin = i + 1;
	}
	words[count] = NULL;
	return count;
}

/* What it lets through holds what it promises. */
static void check(const struct options *options)
{
	int sources = !!options->pid + !!options->input + !!options->command;

	if (!options->action || !options->action->run || sources > 1)
		abort();
	if (options->view && sources != 1)
		abort();
	if (options->buffer & (options->buffer - 1) || options->buffer > OPTIONS_BUFFER_MAX)
		abort();
	if (options->filter.glob_count > FILTER_GLOBS_MAX)
		abort();
}

static void parse(int count, char **words)
{
	struct options options = { 0 };

	may_exit = 1;
	if (!setjmp(exited)) {
		options_parse(&options, count, words);
		check(&options);
	}
	may_exit = 0;
}

FUZZ(options)
{
	int out = dup(STDOUT_FILENO), err = dup(STDERR_FILENO), null = open("/dev/null", O_WRONLY);
	char line[LINE_MAX], *words[WORDS_MAX + 1];

	if (size >= sizeof(line))
		size = sizeof(line) - 1;
	memcpy(line, data, size);
	fflush(stdout);
	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	parse(cut(line, size, words), words);
	fflush(stdout);
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	close(null);
	close(out);
	close(err);
	return 0;
}
