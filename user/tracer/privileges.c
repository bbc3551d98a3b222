/* SPDX-License-Identifier: BSD-2-Clause */
/* sudo leaves the caller's numbers in the environment; only root believes them, to become less. */
#include "privileges.h"
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

/* A number of the environment, or 0. */
static unsigned int number(const char *name)
{
	const char *text = getenv(name);
	char *end;
	unsigned long value = text ? strtoul(text, &end, 10) : 0;

	return value < UINT_MAX && text && !*end ? value : 0;
}

int privileges_drop(void)
{
	unsigned int user = number("SUDO_UID"), group = number("SUDO_GID");

	if (geteuid() || !user)
		return 0;
	if (setgroups(0, NULL) || setresgid(group, group, group) || setresuid(user, user, user) ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	return 0;
}
