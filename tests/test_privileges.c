/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is left of the rights, as the kernel tells it: of processes that gave them up, and of a
 * tracer at work.
 */
#include "scene.h"
#include <base/sanitized.h>
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <tracer/apart.h>
#include <tracer/privileges.h>

#define NOBODY 65534

struct status {
	unsigned int user, group, saved_user;
	uint64_t inheritable, permitted, effective, bounding, ambient;
	int no_new_privs;
	char groups[256];
};

static struct status read_status(pid_t pid)
{
	struct status status = { 0 };
	char path[32], line[512];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "r");
	while (file && fgets(line, sizeof(line), file)) {
		sscanf(line, "Uid: %u %*u %u", &status.user, &status.saved_user);
		sscanf(line, "Gid: %u", &status.group);
		sscanf(line, "Groups: %255[0-9 ]", status.groups);
		sscanf(line, "CapInh: %lx", &status.inheritable);
		sscanf(line, "CapPrm: %lx", &status.permitted);
		sscanf(line, "CapEff: %lx", &status.effective);
		sscanf(line, "CapBnd: %lx", &status.bounding);
		sscanf(line, "CapAmb: %lx", &status.ambient);
		sscanf(line, "NoNewPrivs: %d", &status.no_new_privs);
	}
	if (file)
		fclose(file);
	return status;
}

static bool has_no_capability(const struct status *status)
{
	return !status->inheritable && !status->permitted && !status->effective && !status->ambient;
}

/* Whether the check, run in a child, is true. */
static void check_in_child(bool (*check)(void))
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (!pid)
		_exit(check() ? 0 : 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static bool root_keeps_its_rights_for_files(void)
{
	struct status before = read_status(getpid()), after;

	unsetenv("SUDO_UID");
	if (privileges_become_user())
		return false;
	after = read_status(getpid());
	return after.user == 0 && after.effective == before.effective;
}

static bool root_ends_without_capabilities(void)
{
	struct status status;

	unsetenv("SUDO_UID");
	if (privileges_become_user() || privileges_drop())
		return false;
	status = read_status(getpid());
	return status.user == 0 && has_no_capability(&status) && !status.bounding &&
	       status.no_new_privs && !privileges_have(CAP_BPF);
}

static void drop__of_root(void **state)
{
	(void)state;
	NEED_ROOT();
	check_in_child(root_keeps_its_rights_for_files);
	check_in_child(root_ends_without_capabilities);
}

static bool sudo_becomes_the_caller(void)
{
	const gid_t group = 0;
	struct status status;

	setgroups(1, &group);
	setenv("SUDO_UID", "65533", 1);
	setenv("SUDO_GID", "65532", 1);
	if (privileges_become_user())
		return false;
	status = read_status(getpid());
	/* And for good. */
	return status.user == 65533 && status.saved_user == 65533 && status.group == 65532 &&
	       !*status.groups && has_no_capability(&status) && !status.bounding && setuid(0);
}

static bool sudo_without_a_group(void)
{
	setenv("SUDO_UID", "65534", 1);
	unsetenv("SUDO_GID");
	return !privileges_become_user() && getuid() == NOBODY && getgid() != 0;
}

static bool sudo_of_nonsense_is_none(void)
{
	static const char *const numbers[] = { "",	     "x",	    "-1", "12x",
					       "4294967295", "99999999999", "0" };
	size_t i;

	setenv("SUDO_GID", "1", 1);
	for (i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		setenv("SUDO_UID", numbers[i], 1);
		if (privileges_become_user() || getuid() || geteuid() || getgid())
			return false;
	}
	return true;
}

static void become_user__under_sudo(void **state)
{
	(void)state;
	NEED_ROOT();
	check_in_child(sudo_becomes_the_caller);
	check_in_child(sudo_without_a_group);
	check_in_child(sudo_of_nonsense_is_none);
}

static bool lent_capabilities_go_first(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[2] = { { 0 } };
	struct status status;

	sets[1].permitted = sets[1].effective = sets[1].inheritable =
		CAP_TO_MASK(CAP_BPF) | CAP_TO_MASK(CAP_PERFMON);
	prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
	if (setresuid(NOBODY, NOBODY, NOBODY) || syscall(SYS_capset, &header, sets) ||
	    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_BPF, 0, 0))
		return false;
	if (!privileges_have(CAP_BPF) || !privileges_have(CAP_PERFMON) ||
	    privileges_have(CAP_SYS_PTRACE) || privileges_become_user())
		return false;
	status = read_status(getpid());
	return has_no_capability(&status) && status.user == NOBODY;
}

static void become_user__with_capabilities(void **state)
{
	(void)state;
	NEED_ROOT();
	check_in_child(lent_capabilities_go_first);
}

/* --- apart --- */

struct found {
	struct status status;
	int descriptors, opened;
	char byte;
};

static int look_around(int fd, void *context)
{
	struct found *found = context;

	/* Nothing can be opened, so the system calls must tell. */
	found->status.user = getuid();
	found->status.group = getgid();
	found->status.no_new_privs = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
	found->status.effective = privileges_have(CAP_SETUID) || privileges_have(CAP_BPF);
	for (int i = 0; i < 1024; i++)
		found->descriptors += fcntl(i, F_GETFD) >= 0;
	found->opened = open("/dev/null", O_RDONLY);
	return pread(fd, &found->byte, 1, 0) == 1 ? -EBADF : 0;
}

static void apart__has_the_file_and_nothing_else(void **state)
{
	struct scene *scene = *state;
	struct found found = { 0 };
	int fd = open(scene_path(scene, "file"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	NEED_ROOT();
	assert_int_equal(write(fd, "x", 1), 1);
	/* What it returns comes back, too. */
	assert_int_equal(apart_run(look_around, fd, &found, sizeof(found)), -EBADF);
	assert_int_equal(found.byte, 'x');
	assert_int_equal(found.status.user, NOBODY);
	assert_int_equal(found.status.group, NOBODY);
	assert_int_equal(found.status.effective, 0);
	assert_int_equal(found.status.no_new_privs, 1);
	assert_int_equal(found.descriptors, 2);
	assert_int_equal(found.opened, -1);
	assert_int_equal(getuid(), 0);
	close(fd);
}

static int allocate(int fd, void *context)
{
	size_t size = (size_t) * (unsigned int *)context << 20;
	void *memory = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)fd;
	return memory == MAP_FAILED ? -ENOMEM : 0;
}

/* However much its parent has, as one does that traces with a large buffer. */
static void apart__has_some_memory(void **state)
{
	unsigned int megabytes = 64;
	void *ours = mmap(NULL, 512UL << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_int_equal(apart_run(allocate, fd, &megabytes, sizeof(megabytes)), 0);
#ifndef SANITIZED
	megabytes = 1024;
	assert_int_equal(apart_run(allocate, fd, &megabytes, sizeof(megabytes)), -ENOMEM);
#endif
	munmap(ours, 512UL << 20);
	close(fd);
}

static int die(int fd, void *context)
{
	(void)fd;
	*(int *)context = 2;
	raise(SIGKILL);
	return 0;
}

static int cheat(int fd, void *context)
{
	(void)fd;
	(void)context;
	return 1;
}

static int leave(int fd, void *context)
{
	(void)fd;
	(void)context;
	_exit(0);
}

static void apart__that_dies_answers_nothing(void **state)
{
	int context = 1, fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_int_equal(apart_run(die, fd, &context, sizeof(context)), -EBADMSG);
	assert_int_equal(apart_run(cheat, fd, &context, sizeof(context)), -EBADMSG);
	assert_int_equal(apart_run(leave, fd, &context, sizeof(context)), -EBADMSG);
	assert_int_equal(context, 1);
	close(fd);
}

/* --- a tracer at work --- */

static void assert_powerless(pid_t pid, unsigned int user)
{
	struct status status = read_status(pid);

	assert_true(has_no_capability(&status));
	assert_int_equal(status.no_new_privs, 1);
	assert_int_equal(status.user, user);
	assert_int_equal(status.saved_user, user);
}

static void tracer__at_work(void **state)
{
	struct scene *scene = *state;
	struct totals totals;

	NEED_ROOT();
	program_start(&scene->target, "build/examples/churn 20");
	UNTIL(sleeps(scene->target.pid));
	start_summary(scene, &scene->tracer, "kept", "");
	assert_powerless(scene->tracer.pid, 0);
	kill(scene->tracer.pid, SIGINT);
	program_wait(&scene->tracer);
	assert_int_equal(scene->tracer.status, 0);
	totals = read_totals(scene->tracer.out);
	assert_true(totals.records > 0);
	assert_untouched(scene->target.pid);
}

/* All that it still has to do, it can: of another user's process, too. */
static void tracer__at_work_under_sudo(void **state)
{
	struct scene *scene = *state;
	struct totals totals;
	struct stat file;

	NEED_ROOT();
	assert_int_equal(chown(scene->folder, NOBODY, NOBODY), 0);
	program_start(&scene->target, "build/examples/churn 20");
	UNTIL(sleeps(scene->target.pid));
	setenv("SUDO_UID", "65534", 1);
	setenv("SUDO_GID", "65534", 1);
	start_summary(scene, &scene->tracer, "kept", "");
	unsetenv("SUDO_UID");
	assert_powerless(scene->tracer.pid, NOBODY);
	kill(scene->tracer.pid, SIGINT);
	program_wait(&scene->tracer);
	assert_int_equal(scene->tracer.status, 0);
	totals = read_totals(scene->tracer.out);
	assert_true(totals.records > 0);
	assert_null(strstr(scene->tracer.out, "unread"));
	assert_int_equal(stat(scene_path(scene, "kept"), &file), 0);
	assert_int_equal(file.st_uid, NOBODY);
	assert_int_equal(file.st_mode & 07777, 0600);
	assert_untouched(scene->target.pid);
}

/* The folder is not theirs, however much root may write there. */
static void tracer__writes_with_the_rights_of_the_caller(void **state)
{
	struct scene *scene = *state;

	NEED_ROOT();
	program_start(&scene->target, "build/examples/churn 20");
	UNTIL(sleeps(scene->target.pid));
	setenv("SUDO_UID", "65534", 1);
	setenv("SUDO_GID", "65534", 1);
	program_start(&scene->tracer, "build/asynctrace record -o %s/kept -p %d", scene->folder,
		      scene->target.pid);
	unsetenv("SUDO_UID");
	program_wait(&scene->tracer);
	assert_int_equal(scene->tracer.status, 1);
	assert_non_null(strstr(scene->tracer.err, "kept': Permission denied"));
	assert_int_equal(scene_files(scene), 0);
	assert_untouched(scene->target.pid);
}

static int replay_for(struct scene *scene, const char *user)
{
	int status;

	if (user) {
		setenv("SUDO_UID", user, 1);
		setenv("SUDO_GID", user, 1);
	}
	program_start(&scene->tracer, "build/asynctrace summary -i %s", scene_path(scene, "kept"));
	unsetenv("SUDO_UID");
	program_wait(&scene->tracer);
	assert_true(!scene->tracer.status || strstr(scene->tracer.err, "kept': Permission denied"));
	status = scene->tracer.status;
	program_free(&scene->tracer);
	return status;
}

/* Whose header is not looked at either. */
static void tracer__reads_with_the_rights_of_the_caller(void **state)
{
	struct scene *scene = *state;

	NEED_ROOT();
	copy_file("tests/golden/service.rec", scene_path(scene, "kept"));
	assert_int_equal(chmod(scene->path, 0600), 0);
	assert_int_equal(replay_for(scene, NULL), 0);
	assert_int_equal(replay_for(scene, "65534"), 1);
	assert_int_equal(chown(scene_path(scene, "kept"), NOBODY, NOBODY), 0);
	assert_int_equal(replay_for(scene, "65534"), 0);
	assert_int_equal(replay_for(scene, "65533"), 1);
}

/* Whoever may run it would run commands as its owner. */
static void tracer__of_a_set_uid_file(void **state)
{
	static const mode_t modes[] = { 04755, 02755 };
	struct scene *scene = *state;
	char command[256];
	struct statvfs mount;
	size_t i;

	NEED_ROOT();
	assert_int_equal(statvfs(scene->folder, &mount), 0);
	NEED(!(mount.f_flag & ST_NOSUID), "a /tmp whose files may be set-uid");
	snprintf(command, sizeof(command), "cp build/asynctrace %s/lent", scene->folder);
	assert_int_equal(system(command), 0);
	for (i = 0; i < 2; i++) {
		assert_int_equal(chmod(scene_path(scene, "lent"), modes[i]), 0);
		program_start(&scene->tracer,
			      "setpriv --reuid=65534 --regid=65534 --clear-groups %s/lent timed "
			      "--source ring -- id",
			      scene->folder);
		program_wait(&scene->tracer);
		assert_int_equal(scene->tracer.status, 1);
		assert_string_equal(scene->tracer.out, "");
		assert_non_null(strstr(scene->tracer.err, "another user's rights"));
		program_free(&scene->tracer);
	}
}

/* A capability of the tracer's file is none of its user's: files that they name stay closed. */
static bool reading_right_is_held_back(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[2] = { { 0 } };
	int fd;

	sets[0].permitted = sets[0].effective = CAP_TO_MASK(CAP_DAC_READ_SEARCH);
	prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
	if (setresuid(NOBODY, NOBODY, NOBODY) || syscall(SYS_capset, &header, sets))
		return false;
	privileges_hold_back();
	if (open("/etc/shadow", O_RDONLY) >= 0)
		return false;
	fd = privileges_open("/etc/shadow", O_RDONLY);
	return fd >= 0 && open("/etc/shadow", O_RDONLY) < 0;
}

static void hold_back__all_but_what_is_opened_so(void **state)
{
	(void)state;
	NEED_ROOT();
	NEED(!access("/etc/shadow", F_OK), "a file that only root may read");
	check_in_child(reading_right_is_held_back);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(drop__of_root),
		cmocka_unit_test(become_user__under_sudo),
		cmocka_unit_test(hold_back__all_but_what_is_opened_so),
		cmocka_unit_test(become_user__with_capabilities),
		SCENE_TEST(apart__has_the_file_and_nothing_else),
		cmocka_unit_test(apart__has_some_memory),
		cmocka_unit_test(apart__that_dies_answers_nothing),
		SCENE_TEST(tracer__of_a_set_uid_file),
		SCENE_TEST(tracer__at_work),
		SCENE_TEST(tracer__at_work_under_sudo),
		SCENE_TEST(tracer__writes_with_the_rights_of_the_caller),
		SCENE_TEST(tracer__reads_with_the_rights_of_the_caller),
	};

	return cmocka_run_group_tests_name("privileges", tests, NULL, NULL);
}
