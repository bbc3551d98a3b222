/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * In a namespace of its own a process has other numbers for itself and its threads than /proc has
 * for us: it lists both, the process's own last.
 */
#include "target_internal.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct status {
	char state;
	pid_t stated;
};

static void parse_line(struct status *status, const char *line)
{
	const char *last;

	sscanf(line, "State: %c", &status->state);
	/* The latter is there only if the kernel has namespaces. */
	if (!strncmp(line, "Pid:", 4) || !strncmp(line, "NSpid:", 6)) {
		last = strrchr(line, '\t');
		status->stated = last ? atoi(last) : 0;
	}
}

/* Of a process or a thread, by its directory. 0 or -errno. */
static int read_status(struct status *ret, int directory, const char *path)
{
	int fd = openat(directory, path, O_RDONLY | O_CLOEXEC);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	struct status status = { 0 };
	char *line = NULL;
	size_t size = 0;

	if (!file)
		return -errno;
	while (getline(&line, &size, file) >= 0)
		parse_line(&status, line);
	free(line);
	fclose(file);
	*ret = status;
	return status.stated ? 0 : -ESRCH;
}

int target_read_stated(struct target *target)
{
	struct status status;
	int err = read_status(&status, target->proc, "status");

	if (!err)
		target->stated = status.stated;
	return err;
}

/* The letter of the thread of that directory in /proc, or 0 if it has another number. */
static char state_if(int tasks, const char *thread, pid_t stated)
{
	struct status status;
	char path[300];

	snprintf(path, sizeof(path), "%s/status", thread);
	return !read_status(&status, tasks, path) && status.stated == stated ? status.state : 0;
}

char target_thread_state(const struct target *target, pid_t stated)
{
	int fd = openat(target->proc, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *tasks = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	char name[16], state;

	if (!tasks)
		return 0;
	/* Mostly the numbers are the same. */
	snprintf(name, sizeof(name), "%d", stated);
	state = state_if(fd, name, stated);
	while (!state && (entry = readdir(tasks)))
		if (*entry->d_name != '.')
			state = state_if(fd, entry->d_name, stated);
	closedir(tasks);
	return state;
}
