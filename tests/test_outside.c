/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loops that do not answer are read from outside: a runtime in the memory of this very process, as
 * it should be and as nobody wants it to be; and programs that are stuck.
 */
#include "scene.h"
#include <errno.h>
#include <sys/syscall.h>
#include <tracer/model.h>
#include <tracer/sources/memory.h>
#include <tracer/sources/outside_internal.h>

struct node {
	struct node *next;
};

struct fake_function {
	const char *name, *file;
	uint64_t line, types, body;
};

struct fake_coroutine {
	uint64_t number;
	struct fake_coroutine *awaiter;
	struct fake_function *function;
	uint64_t arguments[AT_ARGUMENTS_MAX];
};

struct fake_future {
	uint64_t type, state, number, place, has_origin;
};

struct fake_task {
	struct node link;
	struct fake_future future;
	const char *name;
	struct fake_coroutine *innermost, *coroutine;
	struct fake_future *awaits;
};

struct fake_slot {
	struct node link;
	uint64_t serial, callback, done, depends;
	struct fake_future *future, *owned;
};

struct fake_loop {
	struct node link, tasks, slots;
	uint64_t number, thread;
	struct fake_task *current;
	uint64_t timers, *ready, mask, head, tail, mailbox;
};

enum { TASKS = 3 };

/* A whole runtime: two tasks await the third one, which runs. */
struct fake {
	struct at_listeners listeners;
	struct at_layout layout;
	struct node loops;
	uint64_t numbers[AT_TYPES_END], ring[2];
	struct fake_loop loop;
	struct fake_task tasks[TASKS];
	struct fake_coroutine coroutines[TASKS];
	struct fake_function function;
	struct target target;
	struct outside *outside;
	struct outside_loop found[4];
};

#define LAYOUT(type, member) .type##_##member = offsetof(struct fake_##type, member)

static const struct at_layout layout = {
	.magic = AT_LAYOUT_MAGIC,
	.version = AT_LAYOUT_VERSION,
	.size = sizeof(struct at_layout),
	.loop_size = sizeof(struct fake_loop),
	.task_size = sizeof(struct fake_task),
	.coroutine_size = sizeof(struct fake_coroutine),
	.function_size = sizeof(struct fake_function),
	.future_size = sizeof(struct fake_future),
	.slot_size = sizeof(struct fake_slot),
	.turn_size = sizeof(uint64_t),
	LAYOUT(loop, link),
	LAYOUT(loop, number),
	LAYOUT(loop, thread),
	LAYOUT(loop, tasks),
	LAYOUT(loop, slots),
	LAYOUT(loop, current),
	LAYOUT(loop, timers),
	LAYOUT(loop, ready),
	LAYOUT(loop, mask),
	LAYOUT(loop, head),
	LAYOUT(loop, tail),
	LAYOUT(loop, mailbox),
	LAYOUT(task, link),
	LAYOUT(task, future),
	LAYOUT(task, name),
	LAYOUT(task, innermost),
	LAYOUT(task, coroutine),
	LAYOUT(task, awaits),
	LAYOUT(coroutine, number),
	LAYOUT(coroutine, awaiter),
	LAYOUT(coroutine, function),
	LAYOUT(coroutine, arguments),
	LAYOUT(function, name),
	LAYOUT(function, file),
	LAYOUT(function, line),
	LAYOUT(function, types),
	LAYOUT(function, body),
	LAYOUT(future, type),
	LAYOUT(future, state),
	LAYOUT(future, number),
	LAYOUT(future, place),
	LAYOUT(future, has_origin),
	LAYOUT(slot, link),
	LAYOUT(slot, serial),
	LAYOUT(slot, callback),
	LAYOUT(slot, done),
	LAYOUT(slot, depends),
	LAYOUT(slot, future),
	LAYOUT(slot, owned),
};

static void make_task(struct fake *fake, int i)
{
	struct fake_task *task = &fake->tasks[i], *last = &fake->tasks[TASKS - 1];

	fake->coroutines[i].function = &fake->function;
	task->link.next = task == last ? &fake->loop.tasks : &fake->tasks[i + 1].link;
	task->future.type = AT_TASK;
	task->future.number = i + 1;
	task->coroutine = task->innermost = &fake->coroutines[i];
	task->awaits = task == last ? NULL : &last->future;
}

static int setup(void **state)
{
	struct fake *fake = calloc(1, sizeof(*fake));
	int i;

	*state = fake;
	fake->layout = layout;
	fake->layout.loops = (uintptr_t)&fake->loops;
	fake->layout.last_numbers = (uintptr_t)fake->numbers;
	fake->listeners.layout = (uintptr_t)&fake->layout;
	fake->loops.next = &fake->loop.link;
	fake->loop.link.next = &fake->loops;
	fake->loop.tasks.next = &fake->tasks[0].link;
	fake->loop.slots.next = &fake->loop.slots;
	fake->loop.number = 5;
	fake->loop.thread = gettid();
	fake->loop.current = &fake->tasks[TASKS - 1];
	fake->loop.timers = 7;
	fake->loop.ready = fake->ring;
	fake->loop.mask = 1;
	fake->function = (struct fake_function){ "fetch", "demo.c", 20, 0, 0x1234 };
	for (i = 0; i < TASKS; i++)
		make_task(fake, i);
	return 0;
}

static int teardown(void **state)
{
	struct fake *fake = *state;

	outside_free(fake->outside);
	free(fake);
	return 0;
}

static int open_fake(struct fake *fake, const char **why)
{
	uint64_t address = (uintptr_t)&fake->listeners;
	int pidfd = syscall(SYS_pidfd_open, getpid(), 0), memory = memory_open(getpid(), pidfd);

	close(pidfd);
	fake->target = (struct target){ .stated = getpid(), .proc = -1 };
	return outside_open(&fake->outside, memory, &fake->target, &address, 1, why);
}

static void open_well(struct fake *fake)
{
	const char *why;

	assert_int_equal(open_fake(fake, &why), 0);
	assert_int_equal(outside_loops(fake->outside, fake->found, 4), 1);
	assert_int_equal(fake->found[0].id, AT_ID(AT_LOOP, 5));
	assert_int_equal(fake->found[0].thread, gettid());
}

/* Reads it and gives it to a model. The caller frees that. */
static struct model *read_fake(struct fake *fake, bool torn)
{
	static const struct model_listener nobody;
	struct model *model = model_new(&nobody, NULL);
	struct outside_result result;

	assert_int_equal(outside_read(fake->outside, &fake->found[0], 1000, &result), 0);
	assert_int_equal(result.torn, torn);
	assert_int_equal(model_feed(model, result.events, result.count), 0);
	assert_int_equal(model_totals(model)->lost, 0);
	return model;
}

static const struct model_task *find(const struct model *model, uint64_t number)
{
	return model_find_task(model, getpid(), AT_ID(AT_TASK, number));
}

static void sane__is_told(void **state)
{
	struct fake *fake = *state;
	struct model *model;
	const struct model_task *task;

	fake->tasks[0].name = "first";
	open_well(fake);
	model = read_fake(fake, false);
	task = find(model, 1);
	assert_string_equal(task->name, "first");
	assert_string_equal(task->function->name, "fetch");
	assert_string_equal(task->function->file, "demo.c");
	assert_int_equal(task->function->line, 20);
	assert_int_equal(task->state, MODEL_AWAITING);
	assert_int_equal(task->awaits, AT_ID(AT_TASK, 3));
	assert_non_null(task->innermost);
	assert_true(task->existing);
	assert_int_equal(find(model, 3)->state, MODEL_RUNNING);
	assert_int_equal(model_loops(model)->runs, AT_ID(AT_TASK, 3));
	assert_int_equal(model_loops(model)->silent_ns, 1000);
	assert_int_equal(model_loops(model)->timers, 7);
	model_free(model);
}

static void undescribed__is_said(void **state)
{
	struct fake *fake = *state;
	const char *why;

	fake->listeners.layout = 0;
	assert_int_equal(open_fake(fake, &why), -ENOENT);
	assert_string_equal(why, "its runtime does not describe its memory");
}

static void newer__is_said(void **state)
{
	struct fake *fake = *state;
	const char *why;

	fake->layout.version++;
	assert_int_equal(open_fake(fake, &why), -ENOTSUP);
	assert_non_null(strstr(why, "newer"));
}

static void senseless__is_refused(void **state)
{
	struct fake *fake = *state;
	const char *why;

	fake->layout.magic++;
	assert_int_equal(open_fake(fake, &why), -EBADMSG);
	fake->layout = layout;
	fake->layout.size = 8;
	assert_int_equal(open_fake(fake, &why), -EBADMSG);
	fake->layout = layout;
	fake->layout.task_awaits = sizeof(struct fake_task) - 7;
	assert_int_equal(open_fake(fake, &why), -EBADMSG);
	fake->layout = layout;
	fake->layout.slot_size = UINT16_MAX;
	assert_int_equal(open_fake(fake, &why), -EBADMSG);
	fake->listeners.layout = 0xdead000;
	assert_int_equal(open_fake(fake, &why), -EBADMSG);
	fake->listeners.layout = (uintptr_t)&fake->layout + 1;
	assert_int_equal(open_fake(fake, &why), -EBADMSG);
	assert_non_null(strstr(why, "makes no sense"));
}

/* What leads nowhere is left out, and said; the rest is told. */
static void nowhere__is_left_out(void **state)
{
	struct fake *fake = *state;
	struct model *model;

	open_well(fake);
	fake->tasks[0].innermost = (void *)0x10;
	fake->tasks[0].name = (void *)0x1;
	fake->tasks[1].awaits = (void *)0xffffffffffffff00;
	fake->function.file = (void *)UINTPTR_MAX;
	fake->loop.current = (void *)0x8;
	fake->loop.ready = (void *)0x4;
	fake->loop.mailbox = UINT64_MAX;
	fake->loop.slots.next = (void *)0x30;
	model = read_fake(fake, true);
	assert_null(find(model, 1)->innermost);
	assert_string_equal(find(model, 1)->function->name, "fetch");
	assert_int_equal(find(model, 2)->awaits, 0);
	assert_non_null(find(model, 3));
	model_free(model);
}

static void broken_list__ends(void **state)
{
	struct fake *fake = *state;
	struct model *model;

	open_well(fake);
	fake->loop.current = NULL;
	fake->tasks[1].link.next = (void *)((uintptr_t)&fake->tasks[2].link + 1);
	model = read_fake(fake, true);
	assert_non_null(find(model, 1));
	assert_null(find(model, 3));
	model_free(model);
}

static void circles__end(void **state)
{
	struct fake *fake = *state;
	struct model *model;

	open_well(fake);
	fake->tasks[2].link.next = &fake->tasks[1].link;
	fake->coroutines[0].awaiter = &fake->coroutines[1];
	fake->coroutines[1].awaiter = &fake->coroutines[0];
	model = read_fake(fake, true);
	assert_non_null(find(model, 1));
	assert_non_null(find(model, 3));
	model_free(model);
	fake->loop.link.next = &fake->loop.link;
	assert_in_range(outside_loops(fake->outside, fake->found, 4), 1, 4);
}

static void circle_of_coroutines__ends(void **state)
{
	struct fake *fake = *state;
	struct model *model;

	open_well(fake);
	fake->coroutines[0].awaiter = &fake->coroutines[1];
	fake->coroutines[1].awaiter = &fake->coroutines[0];
	model = read_fake(fake, true);
	assert_non_null(find(model, 3));
	model_free(model);
}

/* Too much to be read: some of it is missing, but not its end. */
static void assert_is_cut(struct fake *fake)
{
	struct model *model = read_fake(fake, true);
	struct outside_result result;

	assert_non_null(find(model, 1));
	assert_int_equal(model_loops(model)->runs, AT_ID(AT_TASK, 3));
	assert_int_equal(model_loops(model)->timers, 7);
	model_free(model);
	assert_int_equal(outside_read(fake->outside, &fake->found[0], 0, &result), 0);
	assert_int_equal(result.events[result.count - 1].kind, AT_SWITCH);
	assert_int_equal(result.events[result.count - 2].kind, AT_STATE);
	assert_int_equal(result.events[result.count - 2].flags, AT_END | AT_OUTSIDE);
}

static void too_many_reads__are_cut(void **state)
{
	static struct fake_coroutine chain[600];
	struct fake *fake = *state;
	size_t i;

	for (i = 0; i < 600; i++) {
		chain[i].function = &fake->function;
		chain[i].awaiter = i ? &chain[i - 1] : NULL;
	}
	for (i = 0; i < TASKS; i++)
		fake->coroutines[i].awaiter = &chain[599];
	open_well(fake);
	fake->outside->reads_left = 0;
	assert_is_cut(fake);
}

static void too_many_records__are_cut(void **state)
{
	struct fake *fake = *state;

	open_well(fake);
	fake->outside->records_max = 8;
	assert_is_cut(fake);
}

/* Its memory ends with the string, which does not. */
static void endless_string__is_cut(void **state)
{
	struct fake *fake = *state;
	char *pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct model *model;

	assert_int_equal(munmap(pages + 4096, 4096), 0);
	memset(pages, 'x', 4096);
	fake->tasks[0].name = pages + 4096 - 5;
	fake->tasks[1].name = pages;
	open_well(fake);
	model = read_fake(fake, false);
	assert_string_equal(find(model, 1)->name, "xxxxx");
	assert_int_equal(strlen(find(model, 2)->name), AT_TEXT_MAX);
	model_free(model);
	munmap(pages, 4096);
}

static void closed_loop__is_gone(void **state)
{
	struct fake *fake = *state;
	struct outside_result result;

	open_well(fake);
	fake->loop.thread = 0;
	assert_int_equal(outside_loops(fake->outside, fake->found + 1, 3), 0);
	assert_int_equal(outside_read(fake->outside, &fake->found[0], 0, &result), -ESRCH);
}

/* --- programs --- */

static char *tree_of(struct scene *scene, const char *options)
{
	char *printed;

	program_start(&scene->tracer, "build/asynctrace tree %s -p %d", options, scene->target.pid);
	program_wait(&scene->tracer);
	assert_string_equal(scene->tracer.err, "");
	assert_int_equal(scene->tracer.status, 0);
	printed = strdup(scene->tracer.out);
	program_free(&scene->tracer);
	return printed;
}

static void start_stuck(struct scene *scene, const char *how)
{
	struct stat out;

	program_start(&scene->target, "build/tests/programs/stuck %s", how);
	UNTIL(!fstat(scene->target.out_fd, &out) && out.st_size);
	if (!strcmp(how, "sleep"))
		UNTIL(sleeps(scene->target.pid));
}

static void assert_has_all(const char *printed)
{
	assert_non_null(strstr(printed, "Task-1: stuck_main "));
	assert_non_null(strstr(printed, "Task-4: gather_two tests/programs/stuck.c:"));
	assert_non_null(strstr(printed, ", awaiting gather 1\n"));
	assert_non_null(strstr(printed, "awaiting lock 1 (held by Task-2 (hold_lock))\n"));
	assert_non_null(strstr(printed, "awaiting lock 2 (held by Task-2 (hold_lock))\n"));
	assert_non_null(strstr(printed, "deep: deeper "));
}

static void busy_task__is_read_from_outside(void **state)
{
	struct scene *scene = *state;
	char *printed;

	NEED_BPF();
	start_stuck(scene, "task");
	printed = tree_of(scene, "");
	assert_non_null(strstr(printed, " does not answer (for "));
	assert_non_null(strstr(printed, "its thread is running): read from its memory,"
					" it is in Task-9 (busy) at tests/programs/stuck.c:"));
	assert_has_all(printed);
	free(printed);
	assert_untouched(scene->target.pid);
}

static void busy_callback__is_named(void **state)
{
	struct scene *scene = *state;
	char *printed;

	NEED_BPF();
	start_stuck(scene, "callback");
	printed = tree_of(scene, "");
	assert_non_null(strstr(printed, "it is in callback busy_callback"));
	assert_has_all(printed);
	free(printed);
}

/* From outside and by its own word, a loop in the same state looks the same. */
static void stopped__is_read_as_it_would_tell(void **state)
{
	struct scene *scene = *state;
	char *outside, *told;

	NEED_BPF();
	start_stuck(scene, "sleep");
	kill(scene->target.pid, SIGSTOP);
	outside = tree_of(scene, "--csv");
	kill(scene->target.pid, SIGCONT);
	told = tree_of(scene, "--csv");
	assert_string_equal(outside, told);
	assert_non_null(strstr(outside, "lock 2,Task-2 (hold_lock)"));
	free(outside);
	outside = tree_of(scene, "--csv");
	assert_string_equal(outside, told);
	free(outside);
	free(told);
}

/* Of its own number, and of its thread's, it knows only those of its namespace. */
static void start_in_namespace(struct scene *scene, const char *how)
{
	struct stat out;

	NEED_ROOT();
	program_start(&scene->other, "unshare -pf build/tests/programs/stuck %s", how);
	UNTIL(!fstat(scene->other.out_fd, &out) && out.st_size);
	scene->target.pid = child_of(scene->other.pid);
}

static char *tree_in_namespace(struct scene *scene)
{
	char *printed = tree_of(scene, "");

	/* It is unshare's child, not ours. */
	scene->target.pid = 0;
	return printed;
}

static void namespace__is_answered_from(void **state)
{
	struct scene *scene = *state;
	char *printed;

	NEED_BPF();
	start_in_namespace(scene, "sleep");
	UNTIL(sleeps(scene->target.pid));
	printed = tree_in_namespace(scene);
	assert_has_all(printed);
	assert_null(strstr(printed, "does not answer"));
	free(printed);
}

static void namespace__is_read_from_outside(void **state)
{
	struct scene *scene = *state;
	char *printed;

	NEED_BPF();
	start_in_namespace(scene, "task");
	printed = tree_in_namespace(scene);
	assert_non_null(strstr(printed, "its thread is running): read from its memory,"));
	assert_has_all(printed);
	free(printed);
}

/* By the one who called sudo: only its memory was opened as root. */
static void stopped__is_read_without_privileges(void **state)
{
	struct scene *scene = *state;
	char *printed;

	NEED_BPF();
	start_stuck(scene, "sleep");
	kill(scene->target.pid, SIGSTOP);
	setenv("SUDO_UID", "65534", 1);
	setenv("SUDO_GID", "65534", 1);
	printed = tree_of(scene, "");
	unsetenv("SUDO_UID");
	unsetenv("SUDO_GID");
	kill(scene->target.pid, SIGCONT);
	assert_has_all(printed);
	free(printed);
}

#define FAKE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FAKE_TEST(sane__is_told),
		FAKE_TEST(undescribed__is_said),
		FAKE_TEST(newer__is_said),
		FAKE_TEST(senseless__is_refused),
		FAKE_TEST(nowhere__is_left_out),
		FAKE_TEST(broken_list__ends),
		FAKE_TEST(circles__end),
		FAKE_TEST(circle_of_coroutines__ends),
		FAKE_TEST(too_many_reads__are_cut),
		FAKE_TEST(too_many_records__are_cut),
		FAKE_TEST(endless_string__is_cut),
		FAKE_TEST(closed_loop__is_gone),
		SCENE_TEST(busy_task__is_read_from_outside),
		SCENE_TEST(busy_callback__is_named),
		SCENE_TEST(stopped__is_read_as_it_would_tell),
		SCENE_TEST(namespace__is_answered_from),
		SCENE_TEST(namespace__is_read_from_outside),
		SCENE_TEST(stopped__is_read_without_privileges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
