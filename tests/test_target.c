/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Processes: what is read of them, and commands that are run up to a program's first instruction.
 */
#include "children.h"
#include "needs.h"
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <tracer/launch.h>
#include <tracer/target.h>
#include <unistd.h>

#include <cmocka.h>

/* What a child ends with that cannot do what it is to do here. */
enum { SKIPPED = 77 };

static bool all(int fd)
{
	return fd >= 0;
}

static bool none(int fd)
{
	return fd < 0;
}

/* --- /proc/PID/maps --- */

static void mapping__of_a_library(void **state)
{
	char line[] = "7f00a000-7f00c000 r-xp 00002000 fe:01 1234                 /usr/lib/x.so\n";
	struct target_mapping mapping;

	(void)state;
	assert_true(target_parse_mapping(&mapping, line));
	assert_int_equal(mapping.start, 0x7f00a000);
	assert_int_equal(mapping.end, 0x7f00c000);
	assert_int_equal(mapping.offset, 0x2000);
	assert_int_equal(mapping.major, 0xfe);
	assert_int_equal(mapping.minor, 1);
	assert_int_equal(mapping.inode, 1234);
	assert_true(mapping.executable);
	assert_string_equal(mapping.path, "/usr/lib/x.so");
}

static void mapping__without_a_path(void **state)
{
	char line[] = "7f00a000-7f00c000 rw-p 00000000 00:00 0 \n";
	struct target_mapping mapping;

	(void)state;
	assert_true(target_parse_mapping(&mapping, line));
	assert_false(mapping.executable);
	assert_string_equal(mapping.path, "");
}

static void mapping__path_that_looks_like_a_line(void **state)
{
	char line[] = "1000-2000 r-xp 0 08:01 5  /tmp/3000-4000 r-xp 0 08:01 6 /bin/sh (deleted)\n";
	struct target_mapping mapping;

	(void)state;
	assert_true(target_parse_mapping(&mapping, line));
	assert_int_equal(mapping.inode, 5);
	assert_string_equal(mapping.path, "/tmp/3000-4000 r-xp 0 08:01 6 /bin/sh (deleted)");
}

static void mapping__rubbish(void **state)
{
	static const char *const lines[] = {
		"",
		"\n",
		"1000",
		"1000-2000",
		"1000-2000 r-xp",
		"1000-2000 r-xp 0 08:01",
		"2000-1000 r-xp 0 08:01 5 /x",
		"1000-2000 rx 0 08:01 5 /x",
		"x-y r-xp 0 08:01 5 /x",
		"1000-2000 r-xp 0 0801 5 /x",
	};
	struct target_mapping mapping;
	char line[128];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		strcpy(line, lines[i]);
		assert_false(target_parse_mapping(&mapping, line));
	}
}

/* --- Processes --- */

static void target__oneself(void **state)
{
	struct target *target;
	struct stat exe, first;
	const char *why;
	size_t i;

	(void)state;
	assert_int_equal(target_open(&target, getpid(), all, &why), 0);
	assert_true(target->image_count >= 2);
	assert_int_equal(stat("/proc/self/exe", &exe), 0);
	assert_int_equal(fstat(target->images[0].fd, &first), 0);
	assert_int_equal(first.st_ino, exe.st_ino);
	for (i = 1; i < target->image_count; i++) {
		assert_int_equal(fstat(target->images[i].fd, &first), 0);
		assert_int_not_equal(first.st_ino, exe.st_ino);
	}
	target_free(target);
}

/* What the file has at an address, the process has at the address and the bias. */
static void target__bias(void **state)
{
	struct target *target;
	const char *why;
	size_t i;

	(void)state;
	assert_int_equal(target_open(&target, getpid(), all, &why), 0);
	for (i = 0; i < target->image_count; i++) {
		const Elf64_Ehdr *header = (const void *)(uintptr_t)target->images[i].bias;

		/* The headers of a position-independent file are at its address 0. */
		if (header)
			assert_memory_equal(header->e_ident, ELFMAG, SELFMAG);
	}
	target_free(target);
}

static void target__images_that_nobody_wants(void **state)
{
	struct target *target;
	const char *why;

	(void)state;
	assert_int_equal(target_open(&target, getpid(), none, &why), 0);
	assert_int_equal(target->image_count, 0);
	target_free(target);
}

/* The looks are taken in other processes, which share this. */
static unsigned int *looks;

static bool none_counted(int fd)
{
	(void)fd;
	__atomic_fetch_add(looks, 1, __ATOMIC_RELAXED);
	return false;
}

static void target__file_that_is_mapped_often(void **state)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), i;
	struct target *target;
	void *pages[500];
	unsigned int before;
	const char *why;

	(void)state;
	looks = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(looks, MAP_FAILED);
	assert_int_equal(target_open(&target, getpid(), none_counted, &why), 0);
	target_free(target);
	before = *looks;
	/* Neighbours with the same offset stay mappings of their own. */
	for (i = 0; i < 500; i++)
		pages[i] = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	assert_int_equal(target_open(&target, getpid(), none_counted, &why), 0);
	target_free(target);
	assert_int_equal(*looks, 2 * before);
	for (i = 0; i < 500; i++)
		munmap(pages[i], 4096);
	munmap(looks, 4096);
	close(fd);
}

static void target__that_does_not_exist(void **state)
{
	struct target *target = NULL;
	const char *why = NULL;
	pid_t pid = fork();

	(void)state;
	if (!pid)
		_exit(0);
	waitpid(pid, NULL, 0);
	assert_int_equal(target_open(&target, pid, all, &why), -ESRCH);
	assert_null(target);
	assert_string_equal(why, "there is no such process");
}

static void target__zombie(void **state)
{
	struct target *target = NULL;
	const char *why = NULL;
	siginfo_t info;
	pid_t pid = fork();

	(void)state;
	if (!pid)
		_exit(0);
	waitid(P_PID, pid, &info, WEXITED | WNOWAIT);
	assert_int_equal(target_open(&target, pid, all, &why), -ENOENT);
	assert_null(target);
	assert_non_null(strstr(why, "it has ended"));
	waitpid(pid, NULL, 0);
}

static void target__of_another_user(void **state)
{
	struct target *target;
	const char *why;
	pid_t pid;
	int status;

	(void)state;
	NEED_ROOT();
	pid = fork();
	if (!pid) {
		if (setuid(65534))
			_exit(1);
		if (target_open(&target, 1, all, &why) != -EACCES)
			_exit(2);
		_exit(strstr(why, "which root has") ? 0 : 3);
	}
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
}

static int look_without_processes(void)
{
	const struct rlimit none = { 0, 0 };
	struct target *target;
	const char *why;

	if (setrlimit(RLIMIT_NPROC, &none) || setgid(65534) || setuid(65534) ||
	    prctl(PR_SET_DUMPABLE, 1))
		return 1;
	if (target_open(&target, getpid(), all, &why) != -EAGAIN)
		return 2;
	return !strstr(why, "takes a process without rights");
}

/* That nobody could look for probes does not mean that there are none. */
static void target__that_cannot_be_looked_at(void **state)
{
	(void)state;
	NEED_ROOT();
	assert_int_equal(status_of_fork(look_without_processes), 0);
}

static void target__whose_file_was_deleted(void **state)
{
	char *const argv[] = { "./test_target.deleted", "60", NULL };
	char directory[] = "/tmp/test_target.XXXXXX", command[256];
	struct target *target;
	const char *why;
	int ends[2];
	pid_t pid;
	char end;

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(command, sizeof(command), "cp /bin/sleep %s/test_target.deleted", directory);
	assert_int_equal(system(command), 0);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid = fork();
	if (!pid) {
		if (!chdir(directory))
			execv(argv[0], argv);
		_exit(1);
	}
	close(ends[1]);
	assert_int_equal(read(ends[0], &end, 1), 0);
	close(ends[0]);
	snprintf(command, sizeof(command), "rm -r %s", directory);
	assert_int_equal(system(command), 0);

	assert_int_equal(target_open(&target, pid, all, &why), 0);
	assert_non_null(strstr(target->images[0].path, "test_target.deleted (deleted)"));
	target_free(target);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* --- Without the right to follow map_files --- */

static void run(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void run(const char *format, ...)
{
	char command[1024];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(command, sizeof(command), format, arguments);
	va_end(arguments);
	if (system(command))
		_exit(SKIPPED);
}

/* Mounts that nobody else sees; the folder is one. */
static void begin_mounts(const char *folder)
{
	if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL))
		_exit(SKIPPED);
	run("mount -t tmpfs -o mode=755 none %s && mkdir %s/lower %s/upper %s/whole", folder,
	    folder, folder, folder);
}

/* Loads the library, and looks at itself as a user who owns nothing. */
static struct target *load_as_nobody(const char *folder, const char *after)
{
	struct target *target;
	char path[256];
	const char *why;

	snprintf(path, sizeof(path), "%s/whole/library.so", folder);
	if (!dlopen(path, RTLD_NOW))
		_exit(2);
	run("%s", after);
	if (setgid(65534) || setuid(65534) || prctl(PR_SET_DUMPABLE, 1) ||
	    target_open(&target, getpid(), all, &why))
		_exit(3);
	return target;
}

/* There fstat() names other devices than maps. */
static int find_in_overlay(const char *folder)
{
	struct target *target;
	size_t i;
	bool found = false;

	begin_mounts(folder);
	run("cd %s && mount -t tmpfs none lower && mount -t tmpfs none upper && "
	    "mkdir upper/upper upper/work && cp $OLDPWD/build/libasync.so lower/library.so && "
	    "mount -t overlay -o xino=off,lowerdir=lower,upperdir=upper/upper,workdir=upper/work "
	    "none whole && chmod 755 whole lower upper",
	    folder);
	target = load_as_nobody(folder, "true");
	for (i = 0; i < target->image_count; i++)
		found |= strstr(target->images[i].path, "whole/library.so") != NULL;
	return !found;
}

static int miss_what_is_hidden(const char *folder)
{
	struct target *target;
	char hide[256];
	size_t i;

	begin_mounts(folder);
	run("cp build/libasync.so %s/whole/library.so", folder);
	snprintf(hide, sizeof(hide), "mount --bind /bin/true %s/whole/library.so", folder);
	target = load_as_nobody(folder, hide);
	for (i = 0; i < target->image_count; i++)
		if (strstr(target->images[i].path, "whole/library.so"))
			return 1;
	return target->unopened != -ESTALE;
}

static void check_with_mounts(int (*check)(const char *folder))
{
	char folder[] = "/tmp/test_target.XXXXXX";
	int status;
	pid_t pid;

	NEED_ROOT();
	assert_non_null(mkdtemp(folder));
	pid = fork();
	if (!pid)
		_exit(check(folder));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	rmdir(folder);
	NEED(!WIFEXITED(status) || WEXITSTATUS(status) != SKIPPED, "the right to mount overlayfs");
	assert_int_equal(status, 0);
}

static void library__on_layers_of_file_systems(void **state)
{
	(void)state;
	check_with_mounts(find_in_overlay);
}

static void library__that_another_file_hides(void **state)
{
	(void)state;
	check_with_mounts(miss_what_is_hidden);
}

/* --- Commands --- */

struct search {
	int asked;   /* times */
	int accepts; /* at which time it accepts */
	int answer;
};

static int accept_program(pid_t pid, void *context, const char **why)
{
	struct search *search = context;

	assert_true(pid > 0);
	*why = "as the test wishes";
	return ++search->asked == search->accepts ? search->answer : 0;
}

static void launch__ends_unaccepted(void **state)
{
	char *const argv[] = { "true", NULL };
	struct search search = { 0 };
	struct launch *launch = NULL;
	const char *why;

	(void)state;
	assert_int_equal(launch_start(&launch, argv, accept_program, &search, &why), -ENOEXEC);
	assert_int_equal(search.asked, 1);
	assert_non_null(strstr(why, "no probes"));
	assert_true(launch_has_ended(launch));
	launch_free(launch);
}

static void launch__that_cannot_be_run(void **state)
{
	char *const missing[] = { "/nonexistent/command", NULL }, *const folder[] = { "/tmp",
										      NULL };
	struct search search = { 0 };
	struct launch *launch = NULL;
	const char *why = "";

	(void)state;
	assert_int_equal(launch_start(&launch, missing, accept_program, &search, &why), -ENOENT);
	assert_null(why);
	launch_free(launch);
	assert_int_equal(launch_start(&launch, folder, accept_program, &search, &why), -EACCES);
	assert_null(why);
	launch_free(launch);
	assert_int_equal(search.asked, 0);
}

static void launch__follows_env_and_sh(void **state)
{
	char *const argv[] = { "env", "A=7", "sh", "-c", "exec sh -c 'exit $A'", NULL };
	struct search search = { .accepts = 3, .answer = 1 };
	struct launch *launch;
	const char *why;

	(void)state;
	assert_int_equal(launch_start(&launch, argv, accept_program, &search, &why), 0);
	assert_int_equal(search.asked, 3);
	assert_int_equal(launch_go(launch), 0);
	assert_int_equal(launch_wait(launch), 7);
	launch_free(launch);
}

static void launch__passes_signals_on(void **state)
{
	char *const argv[] = { "sh", "-c", "trap 'exec sh -c \"exit 5\"' TERM; kill -TERM $$",
			       NULL };
	struct search search = { .accepts = 2, .answer = 1 };
	struct launch *launch;
	const char *why;

	(void)state;
	assert_int_equal(launch_start(&launch, argv, accept_program, &search, &why), 0);
	assert_int_equal(launch_go(launch), 0);
	assert_int_equal(launch_wait(launch), 5);
	launch_free(launch);
}

static void launch__status_of_a_killed_command(void **state)
{
	char *const argv[] = { "sh", "-c", "kill -KILL $$", NULL };
	struct search search = { .accepts = 1, .answer = 1 };
	struct launch *launch;
	const char *why;

	(void)state;
	assert_int_equal(launch_start(&launch, argv, accept_program, &search, &why), 0);
	assert_int_equal(launch_go(launch), 0);
	assert_int_equal(launch_wait(launch), 128 + SIGKILL);
	launch_free(launch);
}

static void launch__is_given_up(void **state)
{
	char *const argv[] = { "sleep", "60", NULL };
	struct search search = { .accepts = 1, .answer = -EPERM };
	struct launch *launch = NULL;
	const char *why;

	(void)state;
	assert_int_equal(launch_start(&launch, argv, accept_program, &search, &why), -EPERM);
	assert_null(launch);
	assert_string_equal(why, "as the test wishes");
	/* The command is dead, not left behind. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static int look_at_libraries(pid_t pid, void *context, const char **why)
{
	struct target *target;
	size_t i;

	if (target_open(&target, pid, all, why))
		return -ENOENT;
	for (i = 0; i < target->image_count; i++)
		*(int *)context |= strstr(target->images[i].path, "libc.so") != NULL;
	target_free(target);
	return 1;
}

static void launch__libraries_are_mapped_at_the_entry(void **state)
{
	char *const argv[] = { "sh", "-c", "exit 3", NULL };
	struct launch *launch;
	const char *why;
	int seen = 0;

	(void)state;
	assert_int_equal(launch_start(&launch, argv, look_at_libraries, &seen, &why), 0);
	assert_true(seen);
	assert_int_equal(launch_go(launch), 0);
	assert_int_equal(launch_wait(launch), 3);
	launch_free(launch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mapping__of_a_library),
		cmocka_unit_test(mapping__without_a_path),
		cmocka_unit_test(mapping__path_that_looks_like_a_line),
		cmocka_unit_test(mapping__rubbish),
		cmocka_unit_test(target__oneself),
		cmocka_unit_test(target__bias),
		cmocka_unit_test(target__images_that_nobody_wants),
		cmocka_unit_test(target__file_that_is_mapped_often),
		cmocka_unit_test(target__that_does_not_exist),
		cmocka_unit_test(target__zombie),
		cmocka_unit_test(target__of_another_user),
		cmocka_unit_test(target__that_cannot_be_looked_at),
		cmocka_unit_test(target__whose_file_was_deleted),
		cmocka_unit_test(library__on_layers_of_file_systems),
		cmocka_unit_test(library__that_another_file_hides),
		cmocka_unit_test(launch__ends_unaccepted),
		cmocka_unit_test(launch__that_cannot_be_run),
		cmocka_unit_test(launch__follows_env_and_sh),
		cmocka_unit_test(launch__passes_signals_on),
		cmocka_unit_test(launch__status_of_a_killed_command),
		cmocka_unit_test(launch__is_given_up),
		cmocka_unit_test(launch__libraries_are_mapped_at_the_entry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
