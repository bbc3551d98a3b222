/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Starting programs. posix_spawn() does the work: a child that shares the memory until it has
 * become the program, so that it costs the same however large the process is.
 */
#include "child.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <unistd.h>

enum { ABOVE_STANDARD = STDERR_FILENO + 1 };

static int wanted(const struct async_process_options *options, int i)
{
	return i == 0 ? options->input : i == 1 ? options->output : options->errors;
}

/*
 * Pipes and what is copied lie above the standard streams, so that putting one of these in its
 * place cannot overwrite the next, even if the process has closed its own.
 */
static int lift(int *fd)
{
	int above;

	if (*fd >= ABOVE_STANDARD)
		return 0;
	above = fcntl(*fd, F_DUPFD_CLOEXEC, ABOVE_STANDARD);
	if (above < 0)
		return -errno;
	close(*fd);
	*fd = above;
	return 0;
}

static int open_pipe(struct pipes *pipes, int i)
{
	int ends[2], err;

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	err = lift(&ends[0]);
	if (!err)
		err = lift(&ends[1]);
	pipes->ours[i] = ends[i == STDIN_FILENO];
	pipes->theirs[i] = ends[i != STDIN_FILENO];
	return err;
}

static int open_one(struct pipes *pipes, int i, int what)
{
	if (what == ASYNC_PIPE)
		return open_pipe(pipes, i);
	if (what == ASYNC_STDOUT)
		return i == STDERR_FILENO ? 0 : -EINVAL;
	if (what < 0)
		return what == ASYNC_DEVNULL ? 0 : -EINVAL;
	if (what == ASYNC_INHERIT)
		return 0;
	pipes->borrowed[i] = what >= ABOVE_STANDARD;
	pipes->theirs[i] = what;
	if (pipes->borrowed[i])
		return 0;
	pipes->theirs[i] = fcntl(what, F_DUPFD_CLOEXEC, ABOVE_STANDARD);
	return pipes->theirs[i] < 0 ? -errno : 0;
}

int async__pipes_open(struct pipes *pipes, const struct async_process_options *options)
{
	int i, err = 0;

	*pipes = (struct pipes){ .ours = { -1, -1, -1 }, .theirs = { -1, -1, -1 } };
	for (i = 0; i < 3 && !err; i++)
		err = open_one(pipes, i, wanted(options, i));
	if (err)
		async__pipes_close(pipes);
	return err;
}

void async__pipes_close(struct pipes *pipes)
{
	int i;

	for (i = 0; i < 3; i++) {
		if (pipes->ours[i] >= 0)
			close(pipes->ours[i]);
		if (pipes->theirs[i] >= 0 && !pipes->borrowed[i])
			close(pipes->theirs[i]);
	}
}

/* What the child does, in this order, before it becomes the program. A positive errno. */
static int plan_actions(posix_spawn_file_actions_t *actions, const struct pipes *pipes,
			const struct async_process_options *options)
{
	int i, err = 0;

	for (i = 0; i < 3 && !err; i++) {
		int what = wanted(options, i);

		if (what == ASYNC_DEVNULL)
			err = posix_spawn_file_actions_addopen(actions, i, "/dev/null", O_RDWR, 0);
		else if (what == ASYNC_STDOUT)
			err = posix_spawn_file_actions_adddup2(actions, STDOUT_FILENO, i);
		else if (what != ASYNC_INHERIT)
			err = posix_spawn_file_actions_adddup2(actions, pipes->theirs[i], i);
	}
	if (!err)
		err = posix_spawn_file_actions_addclosefrom_np(actions, ABOVE_STANDARD);
	if (!err && options->directory)
		err = posix_spawn_file_actions_addchdir_np(actions, options->directory);
	return err;
}

/*
 * What is handled is reset anyway, and what is ignored stays so; but a program relies on SIGPIPE.
 */
static int plan_signals(posix_spawnattr_t *attributes, bool new_session)
{
	short flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGPIPE);
	posix_spawnattr_setsigdefault(attributes, &signals);
	sigdelset(&signals, SIGPIPE);
	posix_spawnattr_setsigmask(attributes, &signals);
	return posix_spawnattr_setflags(attributes, flags | (new_session ? POSIX_SPAWN_SETSID : 0));
}

static int spawn(const struct pipes *pipes, const struct async_process_options *options,
		 const char *const argv[], pid_t *ret)
{
	char *const *environment = options->environment ? options->environment : environ;
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int err = posix_spawn_file_actions_init(&actions);

	if (err)
		return err;
	err = posix_spawnattr_init(&attributes);
	if (!err)
		err = plan_signals(&attributes, options->new_session);
	if (!err)
		err = plan_actions(&actions, pipes, options);
	if (!err)
		err = posix_spawnp(ret, argv[0], &actions, &attributes, (char *const *)argv,
				   environment);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return err;
}

/* One cannot be in it: then the program was not even looked for. */
static bool unusable(const char *directory)
{
	int fd = directory ? open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	bool usable = fd >= 0 && !faccessat(fd, ".", X_OK, AT_EACCESS);

	if (fd >= 0)
		close(fd);
	return directory && !usable;
}

int async__spawn(const struct pipes *pipes, const struct async_process_options *options,
		 const char *const argv[], pid_t *ret)
{
	int err = spawn(pipes, options, argv, ret);

	if (!err)
		return 0;
	return async_fail(-err, "%s: '%s'", strerror(err),
			  unusable(options->directory) ? options->directory : argv[0]);
}
