/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs run by system tests: their output goes to memory and their end is waited for when the
 * test wants to know, so that those that sleep can sleep at the same time.
 *
 *	struct program program = { 0 };
 *
 *	program_start(&program, "build/examples/%s", name);
 *	program_wait(&program);
 *	assert_string_equal(program.out, "…");
 *	program_free(&program);
 *
 * All of it belongs into tests, setups and teardowns: what cannot be done fails them.
 */
#ifndef TESTS_SYSTEM_H
#define TESTS_SYSTEM_H

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* No program may take longer; whoever does is killed by SIGALRM. */
#define PROGRAM_SECONDS_MAX (60 * slowness())

/* How many times slower than others this machine is: an emulated one says so. */
static inline unsigned int slowness(void)
{
	const char *told = getenv("SLOWNESS");

	return told ? atoi(told) : 1;
}

/* Zeroed before it is started. */
struct program {
	pid_t pid; /* 0 unless it runs */
	int out_fd, err_fd;

	/* From program_wait() on. */
	int status; /* its exit status, or 128 + the signal that killed it */
	char *out, *err;
	char *cost; /* what a tracer says last of all, of what it cost: cut off `err`; or null */
};

/* All that a file has, as a string that the caller frees. */
static inline char *read_whole(int fd)
{
	off_t size = lseek(fd, 0, SEEK_END);
	char *text;

	assert_true(size >= 0);
	text = calloc(1, size + 1);
	assert_non_null(text);
	assert_int_equal(pread(fd, text, size, 0), size);
	return text;
}

/* Becomes the words of the command. */
static inline void program_become(const struct program *program, char *command)
{
	char *argv[32] = { NULL };
	size_t argc;

	/* LeakSanitizer forks as a program ends, and whoever traces that would count a child. */
	if (strstr(command, " -- "))
		setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
	dup2(program->out_fd, STDOUT_FILENO);
	dup2(program->err_fd, STDERR_FILENO);
	for (argc = 0; argc < sizeof(argv) / sizeof(*argv) - 1; argc++) {
		argv[argc] = strtok(argc ? NULL : command, " ");
		if (!argv[argc])
			break;
	}
	alarm(PROGRAM_SECONDS_MAX);
	execvp(argv[0], argv);
	_exit(127);
}

/*
 * Starts a command, whose words are separated by blanks; there is no shell and there are no quotes.
 */
static inline __attribute__((format(printf, 2, 3))) void program_start(struct program *program,
								       const char *format, ...)
{
	char command[1024];
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(command, sizeof(command), format, arguments);
	va_end(arguments);
	assert_in_range(length, 1, sizeof(command) - 1);

	program->out_fd = memfd_create("standard output", MFD_CLOEXEC);
	program->err_fd = memfd_create("standard error", MFD_CLOEXEC);
	assert_true(program->out_fd >= 0 && program->err_fd >= 0);
	/* Else children that write at the same time would write over each other. */
	fcntl(program->out_fd, F_SETFL, O_APPEND);
	fcntl(program->err_fd, F_SETFL, O_APPEND);
	program->pid = fork();
	assert_true(program->pid >= 0);
	if (!program->pid)
		program_become(program, command);
}

/* What the tracer says where it takes the ring, for want of BPF, is left out. */
static inline void program_forget_ring(char *err)
{
	static const char said[] = "asynctrace: traced by a ring in memory, without forked ";
	char *line = strstr(err, said), *end = line ? strchr(line, '\n') : NULL;

	if (end)
		memmove(line, end + 1, strlen(end + 1) + 1);
}

/* Cuts the last line off if it tells what tracing cost, which is never the same. */
static inline void program_cut_cost(struct program *program)
{
	size_t length = strlen(program->err);
	char *end = length ? program->err + length - 1 : program->err, *line;

	line = memrchr(program->err, '\n', end - program->err);
	line = line ? line + 1 : program->err;
	if (strncmp(line, "asynctrace: ", 12) || !strstr(line, "; asynctrace itself took "))
		return;
	program->cost = strdup(line);
	assert_non_null(program->cost);
	*line = '\0';
}

/* Waits for its end. Does nothing if that is known. */
static inline void program_wait(struct program *program)
{
	int status;

	if (!program->pid)
		return;
	assert_int_equal(waitpid(program->pid, &status, 0), program->pid);
	program->pid = 0;
	program->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	program->out = read_whole(program->out_fd);
	program->err = read_whole(program->err_fd);
	program_forget_ring(program->err);
	program_cut_cost(program);
}

/* Kills it if it still runs. Takes what was not started. */
static inline void program_free(struct program *program)
{
	if (program->pid > 0) {
		kill(program->pid, SIGKILL);
		waitpid(program->pid, NULL, 0);
	}
	if (program->out_fd > 0)
		close(program->out_fd);
	if (program->err_fd > 0)
		close(program->err_fd);
	free(program->out);
	free(program->err);
	free(program->cost);
	*program = (struct program){ 0 };
}

/*
 * Makes texts comparable that differ in addresses and times only: 0x1090dc700 becomes 0x#, and
 * 2.0032 becomes #.####. Whole numbers stay.
 */
static inline void mask_numbers(char *text)
{
	static const char decimal[] = "0123456789", hexadecimal[] = "0123456789abcdef";
	char *to = text;

	while (*text) {
		size_t length = strspn(text, decimal);
		size_t address = strncmp(text, "0x", 2) ? 0 : strspn(text + 2, hexadecimal);

		if (address) {
			to = mempcpy(to, "0x#", 3);
			text += 2 + address;
		} else if (length && text[length] == '.') {
			to = mempcpy(to, "#.", 2);
			text += length + 1;
			for (; *text && strchr(decimal, *text); text++)
				*to++ = '#';
		} else {
			length += !length;
			memmove(to, text, length);
			text += length;
			to += length;
		}
	}
	*to = 0;
}

/* The texts are the same, addresses and times aside. */
static inline void assert_same_but_numbers(const char *text, const char *expected)
{
	char *a = strdup(text), *b = strdup(expected);

	assert_true(a && b);
	mask_numbers(a);
	mask_numbers(b);
	assert_string_equal(a, b);
	free(a);
	free(b);
}

#endif
