/* SPDX-License-Identifier: BSD-2-Clause */
#include "scene.h"
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <linux/capability.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <tracer/doctor_internal.h>

#define NOBODY "setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all "

/* As root is in many a container. */
#define BOUNDED "setpriv --bounding-set=-all --inh-caps=-all "

static const char *diagnose(struct scene *scene, int status, const char *before, const char *after)
{
	program_free(&scene->tracer);
	program_start(&scene->tracer, "%sbuild/asynctrace doctor %s", before, after);
	program_wait(&scene->tracer);
	assert_int_equal(scene->tracer.status, status);
	assert_string_equal(scene->tracer.err, "");
	return scene->tracer.out;
}

static void assert_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("'%s' is not in:\n%s", part, text);
}

static void doctor__with_privileges(void **state)
{
	const char *text;

	NEED_BPF();
	text = diagnose(*state, 0, "", "");
	assert_has(text, "ok  --source bpf   a record comes back: ");
	assert_has(text, "ok  --source ring  a record comes back: ");
	assert_has(text, "-- COMMAND is traced by --source bpf\n");
	assert_has(text, "-p PID is traced by --source bpf\n");
}

static void doctor__without_privileges(void **state)
{
	const char *text = diagnose(*state, 0, geteuid() ? "" : NOBODY, "");

	assert_has(text, "no  capabilities ");
	if (!prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) && prctl(PR_CAPBSET_READ, CAP_BPF) == 1 &&
	    prctl(PR_CAPBSET_READ, CAP_PERFMON) == 1) {
		/* Before Linux 6.10, CAP_SYS_ADMIN, too. */
		assert_has(text,
			   "sudo setcap cap_bpf,cap_perfmon,cap_sys_ptrace,cap_dac_read_search");
		assert_has(text, "(chgrp GROUP, chmod 750)");
	}
	assert_has(text, "no  --source bpf ");
	assert_has(text, "ok  --source ring  a record comes back: ");
	assert_has(text, "-- COMMAND is traced by --source ring\n");
	assert_has(text, "no  processes      -p PID is traced by none\n");
}

static int count_of(const char *text, const char *part)
{
	int count = 0;

	while ((text = strstr(text, part))) {
		text += strlen(part);
		count++;
	}
	return count;
}

/* In a sandbox there is no use in sudo; and the cause is told once. */
static void doctor__without_a_way_to_privileges(void **state)
{
	const char *text;

	NEED_ROOT();
	text = diagnose(*state, 0, NOBODY "--no-new-privs ", "");
	assert_int_equal(count_of(text, "start it outside of this container or sandbox"), 1);
	assert_has(text, "no  new privileges cannot be had (no_new_privs)\n");
	assert_null(strstr(text, "sudo asynctrace"));
	text = diagnose(*state, 0, BOUNDED, "");
	assert_int_equal(count_of(text, "start it outside of this container or sandbox"), 1);
	assert_has(text, "no  new privileges cannot be had (not in the bounding set)\n");
	assert_null(strstr(text, "sudo asynctrace"));
}

/* What is said to who has these capabilities, one bit for each, and no others. */
static const char *missing_with(uint64_t capabilities, bool admin)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct before[_LINUX_CAPABILITY_U32S_3];
	struct __user_cap_data_struct during[_LINUX_CAPABILITY_U32S_3];
	const char *missing;

	assert_int_equal(syscall(SYS_capget, &header, before), 0);
	memcpy(during, before, sizeof(during));
	during[0].effective = capabilities;
	during[1].effective = capabilities >> 32;
	assert_int_equal(syscall(SYS_capset, &header, during), 0);
	missing = doctor_missing_privileges(admin);
	assert_int_equal(syscall(SYS_capset, &header, before), 0);
	return missing;
}

static void privileges__without_links_of_many_uprobes(void **state)
{
	const uint64_t three = 1ULL << CAP_BPF | 1ULL << CAP_PERFMON | 1ULL << CAP_SYS_PTRACE;
	const uint64_t admin = 1ULL << CAP_SYS_ADMIN;

	(void)state;
	NEED_BPF();
	assert_null(missing_with(three, false));
	assert_null(missing_with(three | admin, true));
	assert_has(missing_with(three, true), "cap_dac_read_search,cap_sys_admin+ep ");
	assert_has(missing_with(0, true), "cap_dac_read_search,cap_sys_admin+ep ");
	assert_has(missing_with(0, false), "cap_dac_read_search+ep ");
	assert_has(missing_with(admin, true), "cap_dac_read_search,cap_sys_admin+ep ");
}

static void privileges__are_known_by_trial(void **state)
{
	int before = personality(0xffffffff);

	(void)state;
	assert_false(doctor_takes_admin(0));
	assert_true(doctor_takes_admin(-EOPNOTSUPP));
	assert_true(doctor_takes_admin(-EINVAL));
	/* Who may not try must believe the version. */
	personality(before | UNAME26);
	assert_true(doctor_takes_admin(-EPERM));
	assert_false(doctor_takes_admin(0));
	personality(before);
}

/* What another way makes needless is no fault. */
static void doctor__with_links_of_many_uprobes(void **state)
{
	const char *text;

	NEED_ROOT();
	text = diagnose(*state, 0,
			"setpriv --reuid=65534 --regid=65534 --clear-groups "
			"--inh-caps=+bpf,+perfmon --ambient-caps=+bpf,+perfmon ",
			"");
	NEED(strstr(text, "ok  uprobe_multi "), "links of many uprobes (Linux 6.10)");
	assert_null(strstr(text, "no  perf uprobes"));
	assert_has(text, "perf uprobes   ");
}

static void doctor__on_a_full_disk(void **state)
{
	(void)state;
	assert_int_equal(system("build/asynctrace doctor 2>&1 >/dev/full | "
				"grep -q 'asynctrace: cannot write to standard output: No space'"),
			 0);
}

static void doctor__of_processes(void **state)
{
	struct scene *scene = *state;
	char pid[32];
	const char *text;

	NEED_ROOT();
	program_start(&scene->target, "build/examples/churn 3 %u", 30 * slowness());
	UNTIL(sleeps(scene->target.pid));
	snprintf(pid, sizeof(pid), "-p %d", scene->target.pid);
	text = diagnose(scene, 0, "", pid);
	assert_has(text, "/churn: ");
	assert_has(text, " probes, 0 with a breakpoint, semaphores 0 and 0\n");
	assert_has(text, "nobody traces it\n");
	assert_has(text, " can be attached to\n");
	assert_untouched(scene->target.pid);
	start_summary(scene, &scene->other, "x.rec", "");
	assert_has(diagnose(scene, 0, "", pid), "somebody traces it already");
	diagnose(scene, 1, NOBODY, pid);
	kill(scene->target.pid, SIGKILL);
	program_wait(&scene->target);
	assert_has(diagnose(scene, 1, "", pid), "cannot be looked at: ");
	program_free(&scene->target);
	program_start(&scene->target, "sleep %u", 30 * slowness());
	snprintf(pid, sizeof(pid), "-p %d", scene->target.pid);
	assert_has(diagnose(scene, 1, "", pid), "has probes\n");
}

/* Of a ring there is no breakpoint. */
static void doctor__of_a_process_with_a_ring(void **state)
{
	struct scene *scene = *state;
	const char *text;
	char pid[32];

	NEED_BPF();
	program_start(&scene->other,
		      "build/asynctrace summary --source ring -- "
		      "build/examples/churn 3 %u",
		      30 * slowness());
	UNTIL(child_of(scene->other.pid) && sleeps(child_of(scene->other.pid)));
	snprintf(pid, sizeof(pid), "-p %d", child_of(scene->other.pid));
	text = diagnose(scene, 0, "", pid);
	assert_has(text, " probes, 0 with a breakpoint, semaphores 0 and 0, a ring\n");
	assert_has(text, "somebody traces it already");
}

static int unmap_data(struct dl_phdr_info *library, size_t size, void *found)
{
	uint64_t page = sysconf(_SC_PAGESIZE), from, to;
	const ElfW(Phdr) * segment;

	(void)size;
	if (!strstr(library->dlpi_name, "libasync.so"))
		return 0;
	for (segment = library->dlpi_phdr; segment < library->dlpi_phdr + library->dlpi_phnum;
	     segment++) {
		from = (library->dlpi_addr + segment->p_vaddr) & -page;
		to = (library->dlpi_addr + segment->p_vaddr + segment->p_memsz + page - 1) & -page;
		if (segment->p_type == PT_LOAD && segment->p_flags & PF_W)
			*(bool *)found = !munmap((void *)from, to - from);
	}
	return 1;
}

/* What cannot be read is not 0. */
static void doctor__of_a_process_without_its_data(void **state)
{
	struct scene *scene = *state;
	bool unmapped = false;
	const char *text;
	char pid[32];

	NEED_BPF();
	scene->target.pid = fork();
	if (!scene->target.pid) {
		if (dlopen("build/libasync.so", RTLD_NOW))
			dl_iterate_phdr(unmap_data, &unmapped);
		if (unmapped)
			raise(SIGSTOP);
		_exit(1);
	}
	UNTIL(state_of(scene->target.pid) == 'T');
	snprintf(pid, sizeof(pid), "-p %d", scene->target.pid);
	program_start(&scene->tracer, "build/asynctrace doctor %s", pid);
	program_wait(&scene->tracer);
	text = scene->tracer.out;
	assert_has(text, "/libasync.so: ");
	assert_has(text, " probes, breakpoints and semaphores unknown\n");
	assert_has(text, "listeners      unknown: ");
}

/* Each fact of a list is in it, whatever the list is of. */
static void facts__as_json(void **state)
{
	struct scene *scene = *state;
	struct facts facts = { .count = 0 };
	int out = dup(STDOUT_FILENO);
	const char *path = scene_path(scene, "facts.json");
	int file = creat(path, 0600);

	facts_add(&facts, "alone", "alone", FACT_OK, NULL, "\"quoted\" \\ \x01");
	facts_add(&facts, "images", "image", FACT_OK, "a\nb", "one")->listed = true;
	facts_add(&facts, "images", "image", FACT_MISSING, NULL, "two")->listed = true;
	facts_add(&facts, "others", "other", FACT_NOTED, NULL, "three")->listed = true;
	facts_add(&facts, "others", "other", FACT_NOTED, NULL, "four")->listed = true;
	facts_add(&facts, "last", "last", FACT_NOTED, NULL, "five");
	fflush(stdout);
	assert_true(file >= 0 && dup2(file, STDOUT_FILENO) >= 0);
	facts_write_json(&facts);
	fflush(stdout);
	dup2(out, STDOUT_FILENO);
	close(out);
	close(file);
	NEED(!system("command -v python3 >/dev/null"), "python3");
	program_start(&scene->other, "python3 -m json.tool --compact %s", path);
	program_wait(&scene->other);
	assert_string_equal(scene->other.err, "");
	assert_string_equal(
		scene->other.out,
		"{\"alone\":{\"state\":\"ok\",\"text\":\"\\\"quoted\\\" \\\\ \\u0001\"},"
		"\"images\":[{\"state\":\"ok\",\"text\":\"one\",\"remedy\":\"a\\nb\"},"
		"{\"state\":\"missing\",\"text\":\"two\"}],"
		"\"others\":[{\"state\":\"noted\",\"text\":\"three\"},"
		"{\"state\":\"noted\",\"text\":\"four\"}],"
		"\"last\":{\"state\":\"noted\",\"text\":\"five\"}}\n");
}

static void doctor__json(void **state)
{
	static const char *const keys[] = {
		"kernel",	  "btf",
		"capabilities",	  "no_new_privileges",
		"pid_namespace",  "lockdown",
		"ptrace_scope",	  "perf_event_paranoid",
		"programs_multi", "programs_perf",
		"uprobe_multi",	  "uprobe_perf",
		"tracepoints",	  "bpf",
		"ring",		  "command_source",
		"process_source", "unprivileged_bpf_disabled",
	};
	const char *text = diagnose(*state, 0, "", "--json");
	char key[64];
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		snprintf(key, sizeof(key), "\n  \"%s\": {\"state\":\"", keys[i]);
		assert_has(text, key);
	}
	assert_has(text, "\"record_ns\":");
}

/* Somebody else reads it. */
static void doctor__json_of_a_process(void **state)
{
	struct scene *scene = *state;
	char arguments[32];
	const char *text;
	FILE *file;

	NEED_BPF();
	NEED(!system("command -v python3 >/dev/null"), "python3");
	program_start(&scene->target, "build/examples/churn 3 %u", 30 * slowness());
	UNTIL(sleeps(scene->target.pid));
	snprintf(arguments, sizeof(arguments), "--json -p %d", scene->target.pid);
	text = diagnose(scene, 0, "", arguments);
	assert_has(text, "\n  \"images\": [{\"state\":\"");
	file = fopen(scene_path(scene, "doctor.json"), "w");
	assert_true(file && fputs(text, file) >= 0 && !fclose(file));
	program_start(&scene->other, "python3 -m json.tool %s", scene->path);
	program_wait(&scene->other);
	assert_string_equal(scene->other.err, "");
	assert_int_equal(scene->other.status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE_TEST(doctor__with_privileges),
		SCENE_TEST(doctor__without_privileges),
		SCENE_TEST(doctor__without_a_way_to_privileges),
		SCENE_TEST(doctor__with_links_of_many_uprobes),
		cmocka_unit_test(privileges__without_links_of_many_uprobes),
		cmocka_unit_test(privileges__are_known_by_trial),
		cmocka_unit_test(doctor__on_a_full_disk),
		SCENE_TEST(doctor__of_processes),
		SCENE_TEST(doctor__of_a_process_with_a_ring),
		SCENE_TEST(doctor__of_a_process_without_its_data),
		SCENE_TEST(doctor__json),
		SCENE_TEST(doctor__json_of_a_process),
		SCENE_TEST(facts__as_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
