/* SPDX-License-Identifier: BSD-2-Clause */
/* The same without BPF: the target writes into a ring that it shares with the tracer. */
#include "faults.h"

#define RING "--source ring"

static void finish(struct scene *scene, const struct load *load)
{
	struct written after;

	program_wait(&scene->tracer);
	take_written(&after, load);
	account(scene, &scene->tracer, "recording", NULL, &after);
	assert_accounted();
}

static void killed_by(struct scene *scene, int signal)
{
	struct load *load = record_load(scene, 50000, 2, RING);

	await_records(load, 50000);
	kill(child_of(scene->tracer.pid), signal);
	finish(scene, load);
	assert_int_equal(scene->tracer.status, 128 + signal);
	note("the tail is read from the ring");
}

static void ring__target_killed(void **state)
{
	killed_by(*state, SIGKILL);
}

static void ring__target_crashes(void **state)
{
	killed_by(*state, SIGSEGV);
}

/* `true`, as program or by a thread that is not the first. */
static void becomes(struct scene *scene, enum load_command command)
{
	struct load *load = record_load(scene, 50000, 2, RING);

	await_records(load, 20000);
	load->command = command;
	finish(scene, load);
	assert_int_equal(scene->tracer.status, 0);
	note("the trace ends; the other program is left alone");
}

static void ring__target_becomes_another(void **state)
{
	becomes(*state, LOAD_EXEC);
}

static void ring__target_becomes_another_by_a_thread(void **state)
{
	becomes(*state, LOAD_LATE_EXEC);
}

/* Only the process that was started writes: what the child says of itself nobody hears. */
static void ring__target_forks(void **state)
{
	struct scene *scene = *state;
	struct load *load = record_load(scene, 50000, 1, RING);

	await_records(load, 20000);
	load->command = LOAD_FORK;
	UNTIL(*(volatile pid_t *)&load->child);
	await_bursts(load, 2000);
	load->command = LOAD_END;
	finish(scene, load);
	assert_int_equal(scene->tracer.status, 0);
	assert_int_equal(WEXITSTATUS(load->child_status), 7);
	assert_int_equal(load->writers[1].sequence, 0);
	assert_non_null(strstr(scene->tracer.err, "children that were forked and not traced: 1"));
	note("the child lives, writes nothing, and is told of");
}

static void ring__tracer_stopped(void **state)
{
	struct scene *scene = *state;
	struct load *load = record_load(scene, 0, 1, RING " --buffer 1M");

	await_records(load, 100000);
	kill(scene->tracer.pid, SIGSTOP);
	await_bursts(load, 100000);
	kill(scene->tracer.pid, SIGCONT);
	load->command = LOAD_END;
	finish(scene, load);
	assert_int_equal(scene->tracer.status, 0);
	assert_true(row->lost > 0);
	note("the target goes on");
}

static void ring__too_small(void **state)
{
	struct scene *scene = *state;
	struct load *load = record_load(scene, 0, 2, RING " --buffer 64K");

	await_bursts(load, 100000);
	load->command = LOAD_END;
	finish(scene, load);
	assert_int_equal(scene->tracer.status, 0);
	note_first_line(strstr(scene->tracer.err, "the buffer"));
}

static void ring__threads_come_and_go(void **state)
{
	struct scene *scene = *state;
	struct load *load = record_load(scene, 50000, 1, RING " --buffer 16M");

	load->command = LOAD_CHURN;
	UNTIL(*(volatile uint32_t *)&load->churned >= 4000);
	load->command = LOAD_END;
	finish(scene, load);
	assert_int_equal(scene->tracer.status, 0);
	note("%u threads of some 20 records each", load->churned);
}

/* Its target writes on until the ring is full, and then looks whether anybody reads. */
static void ring__tracer_killed(void **state)
{
	struct scene *scene = *state;
	struct load *load = record_load(scene, 50000, 1, RING " --buffer 1M");
	uint32_t sequence;

	scene->target.pid = child_of(scene->tracer.pid);
	kill(scene->tracer.pid, SIGKILL);
	program_wait(&scene->tracer);
	do {
		sequence = *(volatile uint32_t *)&load->writers[0].sequence;
		await_bursts(load, 2000);
	} while (sequence != *(volatile uint32_t *)&load->writers[0].sequence);
	assert_true(runs(scene->target.pid));
	note("the target goes on, and writes no more");
}

const struct fault rings[] = {
	FAULT(ring__target_killed, "ring: SIGKILL in the middle"),
	FAULT(ring__target_crashes, "ring: SIGSEGV in the middle"),
	FAULT(ring__target_becomes_another, "ring: exec of another program"),
	FAULT(ring__target_becomes_another_by_a_thread, "ring: exec by another thread"),
	FAULT(ring__target_forks, "ring: fork without exec"),
	FAULT(ring__threads_come_and_go, "ring: threads come and go"),
	FAULT(ring__tracer_stopped, "ring: SIGSTOP of the tracer, full load"),
	FAULT(ring__too_small, "ring: a buffer of 64K, full load"),
	FAULT(ring__tracer_killed, "ring: SIGKILL of the tracer"),
	{ .name = NULL },
};
