/* SPDX-License-Identifier: BSD-2-Clause */
#include "scene.h"
#include <sys/prctl.h>

#define NOBODY                                                                                     \
	"setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all --bounding-set=-all "

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
	if (!prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0)) {
		assert_has(text, "sudo setcap "
				 "cap_bpf,cap_perfmon,cap_sys_ptrace,cap_dac_read_search+ep ");
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
	assert_int_equal(count_of(text, "start it outside of this sandbox"), 1);
	assert_null(strstr(text, "sudo setcap"));
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
	const char *text = diagnose(*state, 0, "", "--json"), *at;
	int depth = 0, deepest = 0;
	char key[64];
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		snprintf(key, sizeof(key), "\n  \"%s\": {\"state\":\"", keys[i]);
		assert_has(text, key);
	}
	for (at = text; *at; at++) {
		depth += (*at == '{') - (*at == '}');
		if (depth > deepest)
			deepest = depth;
	}
	assert_int_equal(depth, 0);
	assert_int_equal(deepest, 2);
	assert_has(text, "\"record_ns\":");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE_TEST(doctor__with_privileges),
		SCENE_TEST(doctor__without_privileges),
		SCENE_TEST(doctor__without_a_way_to_privileges),
		SCENE_TEST(doctor__with_links_of_many_uprobes),
		cmocka_unit_test(doctor__on_a_full_disk),
		SCENE_TEST(doctor__of_processes),
		SCENE_TEST(doctor__json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
