/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sudo leaves the caller's numbers in the environment; only root believes them, to become less. The
 * system calls are the kernel's own: to have no capability at all takes no library.
 */
#include "privileges.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NOBODY 65534

bool privileges_have(unsigned int capability)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, sets))
		return false;
	if ((capability == CAP_BPF || capability == CAP_PERFMON) &&
	    sets[CAP_TO_INDEX(CAP_SYS_ADMIN)].effective & CAP_TO_MASK(CAP_SYS_ADMIN))
		return true;
	return sets[CAP_TO_INDEX(capability)].effective & CAP_TO_MASK(capability);
}

/* Puts a permitted capability in force, or out of it. */
static void put_in_force(unsigned int capability, bool on)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3], *set;

	if (syscall(SYS_capget, &header, sets))
		return;
	set = &sets[CAP_TO_INDEX(capability)];
	set->effective &= ~CAP_TO_MASK(capability);
	if (on)
		set->effective |= set->permitted & CAP_TO_MASK(capability);
	syscall(SYS_capset, &header, sets);
}

void privileges_hold_back(void)
{
	if (geteuid())
		put_in_force(CAP_DAC_READ_SEARCH, false);
}

int privileges_open(const char *path, int flags)
{
	int fd, err;

	put_in_force(CAP_DAC_READ_SEARCH, true);
	fd = open(path, flags);
	err = -errno;
	privileges_hold_back();
	return fd < 0 ? err : fd;
}

/* A number of the environment. */
static bool find_number(unsigned int *ret, const char *name)
{
	const char *text = getenv(name);
	unsigned long value;
	char *end;

	if (!text || *text < '0' || *text > '9')
		return false;
	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || *end || value >= UINT_MAX)
		return false;
	*ret = value;
	return true;
}

/* With all groups of the user, for these are rights, too. */
static int become(uid_t user)
{
	const struct passwd *known = getpwuid(user);
	unsigned int group;

	if (!find_number(&group, "SUDO_GID")) {
		if (!known)
			return -EINVAL;
		group = known->pw_gid;
	}
	if ((known ? initgroups(known->pw_name, group) : setgroups(0, NULL)) ||
	    setresgid(group, group, group) || setresuid(user, user, user))
		return -errno;
	return 0;
}

/* Those that a program may have that is executed, whatever its file says. Needs a right itself. */
static void leave_bounds(void)
{
	int capability;

	for (capability = 0; !prctl(PR_CAPBSET_DROP, capability, 0, 0, 0); capability++)
		;
}

static int leave_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { 0 };

	/* What is not permitted cannot be inherited nor be ambient: those go by themselves. */
	return syscall(SYS_capset, &header, none) ? -errno : 0;
}

int privileges_become_user(void)
{
	unsigned int user;
	int err;

	if (geteuid())
		return leave_capabilities();
	if (!find_number(&user, "SUDO_UID") || !user)
		return 0;
	leave_bounds();
	err = become(user);
	return err ? err : leave_capabilities();
}

int privileges_become_nobody(void)
{
	/* A container may not have that user. Then root without capabilities must do. */
	if (!geteuid() &&
	    (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
	     setresuid(NOBODY, NOBODY, NOBODY)) &&
	    errno != EINVAL && errno != EPERM)
		return -errno;
	return privileges_drop();
}

int privileges_drop(void)
{
	leave_bounds();
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	return leave_capabilities();
}
