/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A target whose tracer may cost next to nothing is spared, step by step; what it leaves out it
 * counts, to the last record, however it ends.
 */
#include "scene.h"

#define STEPS  3
#define TALKER "build/tests/programs/talker"
#define BUFFER "128M"

/* What the program "talker" has in its shared memory. */
struct talker {
	uint64_t coroutines, tasks;
};

/* Records of coroutines and of tasks: those that were written, and those that were counted. */
struct told {
	uint64_t coroutines, tasks, shed_coroutines, shed_tasks, sheds;
};

static struct told read_told(struct scene *scene, const char *name)
{
	struct told told = { 0 };
	struct at_event *events;
	uint64_t attached_ns = 0;
	uint32_t sequence = 0;
	size_t count, i;

	events = read_records(scene, scene_path(scene, name), &count);
	for (i = 0; i < count; i++) {
		if (events[i].kind == AT_ATTACH)
			attached_ns = events[i].time_ns + events[i].c;
		if (!events[i].thread)
			continue;
		/* What is left out makes no hole. */
		assert_true(!sequence || events[i].sequence == sequence + 1);
		sequence = events[i].sequence;
		told.coroutines +=
			events[i].kind == AT_COROUTINE_BEGIN || events[i].kind == AT_COROUTINE_END;
		told.tasks += events[i].kind == AT_TASK_CREATE || events[i].kind == AT_TASK_DONE;
		/* What was counted before is for who listened before. */
		if (events[i].kind != AT_SHED || events[i].time_ns < attached_ns)
			continue;
		told.sheds++;
		told.shed_coroutines += events[i].a;
		told.shed_tasks += events[i].c;
	}
	return told;
}

/* How often it has said so. */
static int times_said(const struct program *tracer, const char *words)
{
	char *text = read_whole(tracer->err_fd), *found = text;
	int count = 0;

	while ((found = strstr(found, words))) {
		found++;
		count++;
	}
	free(text);
	return count;
}

static int steps_of(const struct program *tracer)
{
	return times_said(tracer, "asynctrace: over budget: ");
}

static void need(const char *way)
{
	if (!strcmp(way, "bpf"))
		NEED_BPF();
}

/* Starts talker with a tracer that has next to no budget, and waits for its last step. */
static void start_spared(struct scene *scene, const char *way)
{
	program_start(&scene->tracer,
		      "build/asynctrace summary --source %s --budget 0.001%% --buffer " BUFFER
		      " -w %s/recording -- " TALKER " %s/shared",
		      way, scene->folder, scene->folder);
	UNTIL(steps_of(&scene->tracer) == STEPS);
}

/* The end of the tracer, and the same said by the recording. */
static void finish_spared(struct scene *scene, int status)
{
	struct totals totals;

	program_wait(&scene->tracer);
	assert_int_equal(scene->tracer.status, status);
	totals = read_totals(scene->tracer.err);
	assert_int_equal(totals.lost, 0);
	assert_int_equal(totals.dropped, 0);
	assert_non_null(strstr(scene->tracer.err, " s on coroutine records are left out\n"));
	assert_non_null(strstr(scene->tracer.err, " s on switches are left out, too\n"));
	assert_non_null(strstr(scene->tracer.err, " s on everything is only counted\n"));
	program_start(&scene->other, "build/asynctrace summary -i %s/recording", scene->folder);
	program_wait(&scene->other);
	assert_int_equal(scene->other.status, 0);
	assert_non_null(strstr(scene->tracer.err, scene->other.out));
	assert_non_null(
		strstr(scene->other.out, "\nleft out by the target, to stay within the budget: "));
	assert_non_null(strstr(scene->other.out, "% busy before switches were left out"));
}

static void await_coroutines(const struct talker *talker, uint64_t more)
{
	uint64_t before = talker->coroutines;

	UNTIL(talker->coroutines > before + more);
}

static void spare_talker(struct scene *scene, const char *way)
{
	const struct talker *talker = scene_share(scene);
	struct told told;

	need(way);
	start_spared(scene, way);
	await_coroutines(talker, 10000);
	kill(child_of(scene->tracer.pid), SIGTERM);
	finish_spared(scene, 0);
	told = read_told(scene, "recording");
	assert_true(told.coroutines > 0 && told.shed_coroutines > 0 && told.shed_tasks > 0);
	assert_int_equal(told.coroutines + told.shed_coroutines, 2 * talker->coroutines);
	assert_int_equal(told.tasks + told.shed_tasks, 2 * talker->tasks);
}

/* What counting costs cannot be left out. */
static void tell_of_rest(struct scene *scene, const char *way)
{
	static const char words[] = "asynctrace: still over budget: ";
	const struct talker *talker = scene_share(scene);
	uint64_t before;

	need(way);
	start_spared(scene, way);
	UNTIL(times_said(&scene->tracer, words));
	before = talker->coroutines;
	UNTIL(talker->coroutines > before + 300000);
	assert_int_equal(times_said(&scene->tracer, words), 1);
	kill(child_of(scene->tracer.pid), SIGTERM);
	finish_spared(scene, 0);
	assert_non_null(scene->tracer.cost);
	assert_non_null(strstr(scene->tracer.cost, " only counted of "));
}

static void kill_talker(struct scene *scene, const char *way)
{
	const struct talker *talker = scene_share(scene);
	struct told told;

	need(way);
	start_spared(scene, way);
	kill(child_of(scene->tracer.pid), SIGKILL);
	finish_spared(scene, 128 + SIGKILL);
	told = read_told(scene, "recording");
	/* Of those that have begun, the three innermost may not have ended. */
	assert_in_range(told.coroutines + told.shed_coroutines, 2 * talker->coroutines - 3,
			2 * talker->coroutines + 1);
}

static void change_talker(struct scene *scene, const char *way)
{
	need(way);
	scene_share(scene);
	start_spared(scene, way);
	kill(child_of(scene->tracer.pid), SIGHUP);
	finish_spared(scene, 0);
	assert_true(read_told(scene, "recording").sheds > 0);
}

static void talker__is_spared_and_counts_the_rest(void **state)
{
	spare_talker(*state, "bpf");
}

static void talker__by_a_ring_too(void **state)
{
	spare_talker(*state, "ring");
}

static void counting__that_is_too_much_is_told_once(void **state)
{
	tell_of_rest(*state, "bpf");
}

static void counting__by_a_ring_too(void **state)
{
	tell_of_rest(*state, "ring");
}

/* What it has counted last it has not handed over: it is read from its memory. */
static void killed__is_counted_to_its_end(void **state)
{
	kill_talker(*state, "bpf");
}

static void killed__by_a_ring_too(void **state)
{
	kill_talker(*state, "ring");
}

static void becoming_another_program__ends_the_trace(void **state)
{
	change_talker(*state, "bpf");
}

static void becoming_another_program__by_a_ring_too(void **state)
{
	change_talker(*state, "ring");
}

/* Whatever it was writing when the tracer left: what was seen has no hole, and nothing is lost. */
static void interrupted__by_a_ring_has_no_hole(void **state)
{
	struct scene *scene = *state;
	const struct talker *talker = scene_share(scene);
	struct totals totals;
	struct told told;
	pid_t command;

	program_start(&scene->tracer,
		      "build/asynctrace summary --source ring --buffer " BUFFER
		      " -w %s/recording -- " TALKER " %s/shared",
		      scene->folder, scene->folder);
	UNTIL(talker->tasks > 100);
	command = child_of(scene->tracer.pid);
	kill(scene->tracer.pid, SIGTERM);
	program_wait(&scene->tracer);
	kill(command, SIGKILL);
	totals = read_totals(scene->tracer.err);
	assert_int_equal(totals.lost, 0);
	assert_int_equal(totals.dropped, 0);
	told = read_told(scene, "recording");
	assert_true(told.coroutines > 0);
	assert_int_equal(told.sheds, 0);
}

/* Each word of struct at_listeners that a probe's note names is 0. */
static bool nobody_listens(pid_t pid)
{
	struct elf_probes probes;
	struct target *target;
	uint64_t raised = 0;
	const char *why;
	size_t i;

	assert_int_equal(target_open(&target, pid, elf_has_probes, &why), 0);
	assert_int_equal(elf_read_probes(&probes, target->images[0].fd), 0);
	for (i = 0; i < probes.count; i++)
		raised += (uint16_t)peek(pid, target->images[0].bias +
						      probes.probes[i].semaphore_address);
	target_free(target);
	return !raised;
}

/* Starts a tracer on talker, which runs, and waits until it has records. */
static void start_on_talker(struct scene *scene, struct program *tracer, const char *name,
			    const char *options)
{
	program_start(tracer, "build/asynctrace summary --buffer " BUFFER " -w %s/%s -p %d %s",
		      scene->folder, name, scene->target.pid, options);
	UNTIL(has_records(scene_path(scene, name)));
}

static void tracer__leaves_no_wish_behind(void **state)
{
	static const int signals[] = { SIGINT, SIGKILL };
	struct scene *scene = *state;
	const struct talker *talker = scene_share(scene);
	pid_t pid;
	int i;

	NEED_BPF();
	program_start(&scene->target, TALKER " %s/shared", scene->folder);
	pid = scene->target.pid;
	UNTIL(talker->tasks > 100);
	for (i = 0; i < 2; i++) {
		start_on_talker(scene, &scene->tracer, i ? "killed" : "ended", "--budget 0.001%");
		UNTIL(steps_of(&scene->tracer) == STEPS - 1);
		assert_false(nobody_listens(pid));
		kill(scene->tracer.pid, signals[i]);
		program_wait(&scene->tracer);
		UNTIL(nobody_listens(pid) && !breakpoints_of(pid));
		assert_true(runs(pid));
		program_free(&scene->tracer);
	}
	/* Who comes after hears all. */
	start_on_talker(scene, &scene->tracer, "after", "");
	end_summary(&scene->tracer);
	assert_int_equal(read_told(scene, "after").sheds, 0);
}

/* As long as somebody wants all, all is written, whoever came first. */
static void another_tracer__gets_all(void **state)
{
	struct scene *scene = *state;
	const struct talker *talker = scene_share(scene);
	struct program *spared = &scene->tracer, *whole = &scene->other;
	struct told told;
	int i;

	NEED_BPF();
	program_start(&scene->target, TALKER " %s/shared", scene->folder);
	UNTIL(talker->tasks > 100);
	for (i = 0; i < 2; i++) {
		if (i)
			start_on_talker(scene, whole, "whole", "");
		start_on_talker(scene, spared, "spared", "--budget 0.001%");
		UNTIL(steps_of(spared) == STEPS);
		if (!i)
			start_on_talker(scene, whole, "whole", "");
		/* The state is told in the next iteration of the loop. */
		await_coroutines(talker, 10000);
		end_summary(whole);
		told = read_told(scene, "whole");
		assert_true(told.coroutines > 0);
		assert_int_equal(told.shed_coroutines, 0);
		/* Now nobody wants it any more. */
		await_coroutines(talker, 100000);
		kill(spared->pid, SIGINT);
		program_wait(spared);
		assert_int_equal(spared->status, 0);
		assert_non_null(strstr(spared->out, "\nleft out by the target, "));
		program_free(spared);
		program_free(whole);
		unlink(scene_path(scene, "spared"));
		unlink(scene_path(scene, "whole"));
	}
}

/* Besides a ring, for which talker counts already: what it has counted is no hole to who comes. */
static void another_tracer__by_bpf_besides_a_ring(void **state)
{
	struct scene *scene = *state;
	const struct talker *talker = scene_share(scene);
	struct told told;

	NEED_BPF();
	start_spared(scene, "ring");
	scene->target.pid = child_of(scene->tracer.pid);
	start_on_talker(scene, &scene->other, "whole", "");
	scene->target.pid = 0;
	await_coroutines(talker, 10000);
	end_summary(&scene->other);
	told = read_told(scene, "whole");
	assert_true(told.coroutines > 0);
	program_free(&scene->other);
	kill(child_of(scene->tracer.pid), SIGTERM);
	finish_spared(scene, 0);
	read_told(scene, "recording");
	assert_true(talker->tasks > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE_TEST(talker__is_spared_and_counts_the_rest),
		SCENE_TEST(talker__by_a_ring_too),
		SCENE_TEST(counting__that_is_too_much_is_told_once),
		SCENE_TEST(counting__by_a_ring_too),
		SCENE_TEST(killed__is_counted_to_its_end),
		SCENE_TEST(killed__by_a_ring_too),
		SCENE_TEST(becoming_another_program__ends_the_trace),
		SCENE_TEST(becoming_another_program__by_a_ring_too),
		SCENE_TEST(interrupted__by_a_ring_has_no_hole),
		SCENE_TEST(tracer__leaves_no_wish_behind),
		SCENE_TEST(another_tracer__gets_all),
		SCENE_TEST(another_tracer__by_bpf_besides_a_ring),
	};

	return cmocka_run_group_tests_name("budget_traced", tests, NULL, NULL);
}
