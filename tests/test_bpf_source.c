/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The live source, attached for real to `toy`, which lies beside this test. What counts is that
 * every record that was written arrives or is counted as lost, and that the target is left as it
 * was.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "asleep.h"
#include "needs.h"
#include "system.h"
#include "tracer/sources/bpf.h"
#include "tracer/sources/elf.h"
#include "tracer/target.h"
#include <base/clock.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define RING (1 << 24)

/* What toy writes in so many rounds. */
#define RECORDS(rounds) (26 * (rounds) + 5)

/* A toy that runs, and all that was read of it. */
struct fixture {
	pid_t pid;
	int input;
	uint64_t *written;
	struct target *target;
	struct source *source;
	struct at_event *events;
	size_t count;
	bool direct; /* for what runs in a child */
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	fixture->input = -1;
	*state = fixture;
	return 0;
}

static void detach(struct fixture *fixture)
{
	if (fixture->source)
		fixture->source->free(fixture->source);
	free(fixture->events);
	fixture->source = NULL;
	fixture->events = NULL;
	fixture->count = 0;
}

static int finish(struct fixture *fixture)
{
	int status = 0;

	if (fixture->input >= 0)
		close(fixture->input);
	if (fixture->pid)
		waitpid(fixture->pid, &status, 0);
	target_free(fixture->target);
	fixture->target = NULL;
	fixture->pid = 0;
	fixture->input = -1;
	return status;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	if (fixture->pid)
		kill(fixture->pid, SIGKILL);
	detach(fixture);
	finish(fixture);
	if (fixture->written)
		munmap(fixture->written, 8);
	free(fixture);
	return 0;
}

/* Addresses are the same in every run, and the records with them. */
static void run_toy(int input, int counter, const char *options)
{
	char path[4096], number[32], *argv[16] = { path, "-c", number };
	char *words = strdup(options);
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 8);
	size_t count = 3;

	path[length > 0 ? length : 0] = '\0';
	strcpy(strrchr(path, '/'), "/toy");
	snprintf(number, sizeof(number), "/proc/self/fd/%d", counter);
	for (char *word = strtok(words, " "); word && count < 15; word = strtok(NULL, " "))
		argv[count++] = word;
	dup2(input, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	personality(ADDR_NO_RANDOMIZE);
	/* See program_become() in system.h. */
	setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
	execv(path, argv);
	_exit(127);
}

/* Returns when the program runs. */
static void start(struct fixture *fixture, const char *options)
{
	int input[2], executed[2], counter = memfd_create("counter", 0);
	const char *why;
	char byte;

	NEED_BPF();
	assert_int_equal(ftruncate(counter, 8), 0);
	fixture->written = mmap(NULL, 8, PROT_READ | PROT_WRITE, MAP_SHARED, counter, 0);
	assert_int_equal(pipe2(input, O_CLOEXEC) | pipe2(executed, O_CLOEXEC), 0);
	fixture->pid = fork();
	assert_true(fixture->pid >= 0);
	if (!fixture->pid)
		run_toy(input[0], counter, options);
	close(executed[1]);
	assert_int_equal(read(executed[0], &byte, 1), 0);
	close(executed[0]);
	close(input[0]);
	close(counter);
	fixture->input = input[1];
	/* The kernel closes files before it maps the program. */
	do {
		target_free(fixture->target);
		assert_int_equal(target_open(&fixture->target, fixture->pid, elf_has_probes, &why),
				 0);
	} while (!fixture->target->image_count);
	assert_int_equal(fixture->target->image_count, 1);
}

static void go(const struct fixture *fixture)
{
	assert_int_equal(write(fixture->input, "x", 1), 1);
}

static int attach_how(struct source **ret, const struct fixture *fixture,
		      struct bpf_options options)
{
	const struct bpf_image image = { fixture->target->images[0].fd,
					 fixture->target->images[0].bias };
	const char *why = NULL;
	int err;

	options.pid = fixture->pid;
	options.pidfd = fixture->target->pidfd;
	options.buffer = options.buffer ? options.buffer : RING;
	options.images = &image;
	options.image_count = 1;
	err = bpf_source_open(ret, &options, &why);
	if (err)
		print_error("%s (%s)\n", why, strerror(-err));
	return err;
}

static void attach(struct fixture *fixture, struct bpf_options options)
{
	assert_int_equal(attach_how(&fixture->source, fixture, options), 0);
}

/* Reads until there are `wanted` records or the end. Returns what read() did. */
static int read_some(struct fixture *fixture, size_t wanted)
{
	const struct at_event *events;
	size_t count;
	int ret = 1;

	while (ret == 1 && fixture->count < wanted) {
		ret = fixture->source->read(fixture->source, &events, &count, 1000);
		if (ret != 1)
			break;
		if (!count)
			continue;
		fixture->events =
			reallocarray(fixture->events, fixture->count + count + 1, sizeof(*events));
		memcpy(fixture->events + fixture->count, events, count * sizeof(*events));
		fixture->count += count;
	}
	return ret;
}

static void read_all(struct fixture *fixture)
{
	assert_int_equal(read_some(fixture, SIZE_MAX), 0);
	assert_true(fixture->count >= 2);
	assert_int_equal(fixture->events[0].kind, AT_ATTACH);
	assert_int_equal(fixture->events[fixture->count - 1].kind, AT_DETACH);
}

static const struct at_event *last_event(const struct fixture *fixture)
{
	return &fixture->events[fixture->count - 1];
}

/* That nothing was lost, of one thread that counts from 1. */
static void assert_whole(const struct fixture *fixture)
{
	for (size_t i = 1; i < fixture->count - 1; i++)
		assert_int_equal(fixture->events[i].sequence, i);
	assert_int_equal(last_event(fixture)->a, 0);
	assert_int_equal(last_event(fixture)->c, 0);
}

/* Some of it may still lie in the target's batch. */
static void wait_until_written(const struct fixture *fixture, uint64_t records)
{
	while (__atomic_load_n(fixture->written, __ATOMIC_RELAXED) < records)
		sched_yield();
}

static void wait_for_end(const struct fixture *fixture)
{
	struct pollfd end = { fixture->target->pidfd, POLLIN, 0 };

	assert_int_equal(poll(&end, 1, -1), 1);
}

static void batch__gives_every_record(void **state)
{
	struct fixture *fixture = *state;

	start(fixture, "-w -r 500");
	attach(fixture, (struct bpf_options){ 0 });
	go(fixture);
	read_all(fixture);
	assert_int_equal(finish(fixture), 0);
	assert_whole(fixture);
	assert_int_equal(*fixture->written, RECORDS(500));
	assert_int_equal(fixture->count - 2, RECORDS(500));
	assert_int_equal(fixture->events[1].kind, AT_LOOP_START);
	assert_int_equal(fixture->events[fixture->count - 2].kind, AT_LOOP_STOP);
	assert_int_equal(last_event(fixture)->b, 0);
}

static void direct__gives_what_batch_gives(void **state)
{
	struct fixture *fixture = *state;
	struct at_event *batch;
	size_t count;

	start(fixture, "-w -r 20");
	attach(fixture, (struct bpf_options){ 0 });
	go(fixture);
	read_all(fixture);
	batch = fixture->events;
	count = fixture->count;
	fixture->events = NULL;
	detach(fixture);
	assert_int_equal(finish(fixture), 0);

	start(fixture, "-w -r 20");
	attach(fixture, (struct bpf_options){ .direct = true });
	go(fixture);
	read_all(fixture);
	assert_int_equal(finish(fixture), 0);
	assert_whole(fixture);
	assert_int_equal(fixture->count, count);
	for (size_t i = 1; i < count - 1; i++) {
		const struct at_event *a = &batch[i], *b = &fixture->events[i];

		assert_int_equal(a->kind, b->kind);
		assert_int_equal(a->flags, b->flags);
		assert_memory_equal(&a->subject, &b->subject, 4 * sizeof(a->subject));
	}
	free(batch);
}

static void killed__in_the_middle_of_its_work(void **state)
{
	struct fixture *fixture = *state;
	uint64_t last;

	/* No more than the buffer holds, however slow we are: it may come to their end. */
	start(fixture, "-w -k -r 80000");
	attach(fixture, (struct bpf_options){ .buffer = 1 << 27 });
	go(fixture);
	read_some(fixture, 10000);
	kill(fixture->pid, SIGKILL);
	read_all(fixture);
	assert_whole(fixture);
	/* A text is several records, and counted when it is written as a whole. */
	last = fixture->count - 2;
	assert_in_range(last, *fixture->written, *fixture->written + 4);
}

static void killed__with_a_batch_that_it_keeps(void **state)
{
	struct fixture *fixture = *state;

	start(fixture, "-w -k -r 100");
	attach(fixture, (struct bpf_options){ 0 });
	go(fixture);
	wait_until_written(fixture, RECORDS(100));
	kill(fixture->pid, SIGKILL);
	read_all(fixture);
	assert_whole(fixture);
	assert_int_equal(fixture->count - 2, RECORDS(100));
}

/* There is room for one thread; of the others, some have written by then. */
static void killed__with_batches_that_nobody_finds(void **state)
{
	struct fixture *fixture = *state;

	start(fixture, "-w -t 4 -r 100000000");
	attach(fixture, (struct bpf_options){ .threads = 1 });
	go(fixture);
	wait_until_written(fixture, 4000000);
	kill(fixture->pid, SIGKILL);
	read_all(fixture);
	assert_in_range(last_event(fixture)->c, 1, 3);
}

static void stop__gives_what_was_not_handed_over(void **state)
{
	struct fixture *fixture = *state;

	start(fixture, "-w -k -r 100");
	attach(fixture, (struct bpf_options){ 0 });
	go(fixture);
	wait_until_written(fixture, RECORDS(100));
	fixture->source->stop(fixture->source);
	read_all(fixture);
	assert_whole(fixture);
	assert_int_equal(fixture->count - 2, RECORDS(100));
	kill(fixture->pid, SIGKILL);
}

static void stop__ends_when_it_is_asked_for(void **state)
{
	struct fixture *fixture = *state;
	uint64_t stopped_ns;

	start(fixture, "-w -r 1000000000");
	attach(fixture, (struct bpf_options){ 0 });
	go(fixture);
	wait_until_written(fixture, RECORDS(100));
	fixture->source->stop(fixture->source);
	stopped_ns = clock_ns();
	read_all(fixture);
	assert_true(last_event(fixture)->time_ns < stopped_ns);
	for (size_t i = 0; i < fixture->count; i++)
		assert_true(fixture->events[i].time_ns <= last_event(fixture)->time_ns);
	kill(fixture->pid, SIGKILL);
}

static void full_ring__counts_what_is_lost(void **state)
{
	struct fixture *fixture = *state;
	uint64_t got;

	for (int direct = 0; direct < 2; direct++) {
		start(fixture, "-w -r 1000");
		attach(fixture, (struct bpf_options){ .buffer = BPF_BUFFER_MIN, .direct = direct });
		go(fixture);
		wait_for_end(fixture);
		read_all(fixture);
		got = 0;
		for (size_t i = 1; i < fixture->count; i++)
			got += fixture->events[i].kind < AT_ATTACH;
		assert_int_equal(got + last_event(fixture)->a, RECORDS(1000));
		assert_true(last_event(fixture)->a > 0);
		/* A short batch may have found room at the end, a record of its own cannot. */
		assert_int_equal(last_event(fixture)[-1].sequence, RECORDS(1000));
		if (direct)
			assert_int_equal(last_event(fixture)[-1].kind, AT_LOST);
		detach(fixture);
		assert_int_equal(finish(fixture), 0);
	}
}

static void threads__come_in_order_of_time(void **state)
{
	struct fixture *fixture = *state;

	start(fixture, "-w -t 4 -r 300");
	attach(fixture, (struct bpf_options){ 0 });
	go(fixture);
	/* While it runs a thread that gets no CPU would be late. */
	wait_for_end(fixture);
	read_all(fixture);
	assert_int_equal(fixture->count - 2, *fixture->written);
	for (size_t i = 1; i < fixture->count; i++)
		assert_true(fixture->events[i].time_ns >= fixture->events[i - 1].time_ns);
	assert_int_equal(last_event(fixture)->a, 0);
}

static void sleeping_loop__is_woken_for_its_state(void **state)
{
	struct fixture *fixture = *state;

	start(fixture, "-s");
	/* For that. */
	while (!sleeps(fixture->pid))
		sched_yield();
	attach(fixture, (struct bpf_options){ 0 });
	read_some(fixture, 2);
	fixture->source->stop(fixture->source);
	read_all(fixture);
	assert_int_equal(fixture->events[1].kind, AT_STATE);
	assert_int_equal(fixture->events[1].flags, 0);
	assert_int_equal(last_event(fixture)[-1].kind, AT_STATE);
	assert_int_equal(last_event(fixture)[-1].flags, AT_END);
}

static uint64_t peek(const struct fixture *fixture, uint64_t address)
{
	char path[32];
	uint64_t word = -1;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", fixture->pid);
	fd = open(path, O_RDONLY);
	assert_int_equal(pread(fd, &word, sizeof(word), address), sizeof(word));
	close(fd);
	return word;
}

/* The semaphores of the target and the first bytes of its sites. */
static void look(const struct fixture *fixture, uint64_t *semaphores, uint64_t *sites)
{
	const struct target_image *image = &fixture->target->images[0];
	struct elf_probes probes;

	assert_int_equal(elf_read_probes(&probes, image->fd), 0);
	for (size_t i = 0; i < probes.count; i++) {
		const struct elf_probe *probe = &probes.probes[i];

		if (probe->kind == ELF_BATCH)
			*semaphores = peek(fixture, image->bias + probe->semaphore_address);
		sites[i] = peek(fixture, image->bias + probe->address);
	}
}

static void stop__leaves_the_target_as_it_was(void **state)
{
	struct fixture *fixture = *state;
	uint64_t before, during, after, sites[3][ELF_PROBES_MAX] = { 0 };

	for (int direct = 0; direct < 2; direct++) {
		start(fixture, "-s");
		look(fixture, &before, sites[0]);
		attach(fixture, (struct bpf_options){ .direct = direct });
		look(fixture, &during, sites[1]);
		fixture->source->stop(fixture->source);
		look(fixture, &after, sites[2]);
		assert_int_equal(before & UINT32_MAX, 0);
		assert_true(during & UINT32_MAX);
		assert_int_equal(after & UINT32_MAX, 0);
		assert_memory_not_equal(sites[0], sites[1], sizeof(sites[0]));
		assert_memory_equal(sites[0], sites[2], sizeof(sites[0]));
		read_all(fixture);
		detach(fixture);
		assert_int_equal(finish(fixture), 0);
	}
}

static void two_sources__see_the_same(void **state)
{
	struct fixture *fixture = *state, other = { 0 };

	start(fixture, "-w -r 200");
	other = *fixture;
	attach(fixture, (struct bpf_options){ 0 });
	attach(&other, (struct bpf_options){ 0 });
	go(fixture);
	read_all(fixture);
	read_all(&other);
	assert_int_equal(fixture->count, other.count);
	assert_memory_equal(fixture->events + 1, other.events + 1,
			    (other.count - 2) * sizeof(*other.events));
	detach(&other);
	assert_whole(fixture);
}

static void forked_child__lives_and_is_counted(void **state)
{
	struct fixture *fixture = *state;

	start(fixture, "-w -f -r 100");
	attach(fixture, (struct bpf_options){ 0 });
	go(fixture);
	read_all(fixture);
	assert_whole(fixture);
	assert_int_equal(last_event(fixture)->b, 1);
	assert_int_equal(finish(fixture), 0);
}

static void forked_child__is_followed(void **state)
{
	struct fixture *fixture = *state;
	uint32_t next = 0, of_child = 0;

	for (int direct = 0; direct < 2; direct++) {
		start(fixture, "-w -f -r 100");
		attach(fixture, (struct bpf_options){ .follow = true, .direct = direct });
		go(fixture);
		read_all(fixture);
		next = of_child = 0;
		for (size_t i = 1; i < fixture->count - 1; i++) {
			const struct at_event *event = &fixture->events[i];

			assert_int_equal(event->sequence,
					 (int)event->process == fixture->pid ? ++next : ++of_child);
		}
		assert_true(next > 0 && of_child > 0);
		assert_int_equal(next + of_child, *fixture->written);
		assert_int_equal(last_event(fixture)->b, 0);
		detach(fixture);
		assert_int_equal(finish(fixture), 0);
	}
}

/* `what` runs in a child, which it may change for good, and returns 0 there. */
static void check_in_child(struct fixture *fixture, int (*what)(struct fixture *fixture))
{
	pid_t child = fork();
	int status;

	if (!child)
		_exit(what(fixture));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static int trace_as_nobody(struct fixture *fixture)
{
	if (attach_how(&fixture->source, fixture, (struct bpf_options){ 0 }))
		return 1;
	if (setgid(65534) || setuid(65534))
		return 2;
	go(fixture);
	wait_until_written(fixture, RECORDS(500));
	if (fixture->source->stop(fixture->source) || read_some(fixture, SIZE_MAX))
		return 3;
	if (fixture->count - 2 != RECORDS(500))
		return 4;
	detach(fixture);
	return 0;
}

static void privileges__are_not_needed_any_more(void **state)
{
	start(*state, "-w -k -r 500");
	check_in_child(*state, trace_as_nobody);
}

/* Makes the kernel look as if it had no links but those of old. */
static void refuse_links(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_bpf, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 28, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(filter) / sizeof(*filter), filter };

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static void refuse(unsigned int call, unsigned int err)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | err),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(filter) / sizeof(*filter), filter };

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

/* Returns 0 if that is how it fails, and what it says. */
static int fail_without_bpf(struct fixture *fixture, int err, const char *words)
{
	struct bpf_options options = { .buffer = RING };
	struct bpf_image image = { .fd = fixture->target->images[0].fd };
	struct source *source;
	const char *why = "";

	options.pid = fixture->pid;
	options.pidfd = fixture->target->pidfd;
	options.images = &image;
	options.image_count = 1;
	refuse(SYS_bpf, err);
	if (bpf_source_open(&source, &options, &why) != -err)
		return 1;
	return !strstr(why, words);
}

static int trace_without_bpf(struct fixture *fixture)
{
	return fail_without_bpf(
		fixture, ENOSYS,
		"this kernel has no BPF, and without it a running process cannot be "
		"traced");
}

static void kernel_without_bpf__says_so(void **state)
{
	start(*state, "-w -k -r 1");
	check_in_child(*state, trace_without_bpf);
}

static int trace_with_little_memory(struct fixture *fixture)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	const struct rlimit little = { 1 << 16, 1 << 16 };
	struct __user_cap_data_struct sets[2];

	if (setrlimit(RLIMIT_MEMLOCK, &little) || syscall(SYS_capget, &header, sets))
		return 2;
	sets[0].effective &= ~CAP_TO_MASK(CAP_SYS_RESOURCE);
	if (syscall(SYS_capset, &header, sets))
		return 3;
	return fail_without_bpf(fixture, EPERM, "(ulimit -l)");
}

static void kernel_that_counts_locked_memory__is_thought_of(void **state)
{
	NEED_ROOT();
	start(*state, "-w -k -r 1");
	check_in_child(*state, trace_with_little_memory);
}

static int trace_without_links(struct fixture *fixture)
{
	const struct bpf_options options = { .direct = fixture->direct };

	refuse_links();
	if (attach_how(&fixture->source, fixture, options) ||
	    strcmp(bpf_source_way(fixture->source), "perf uprobes"))
		return 1;
	go(fixture);
	if (read_some(fixture, SIZE_MAX))
		return 2;
	return fixture->count - 2 != RECORDS(500);
}

static void old_kernel__is_attached_by_perf(void **state)
{
	struct fixture *fixture = *state;
	bool old;

	start(fixture, "-s");
	attach(fixture, (struct bpf_options){ 0 });
	old = !strcmp(bpf_source_way(fixture->source), "perf uprobes");
	detach(fixture);
	finish(fixture);
	/* Without, all attach by perf; libbpf remembers that from Linux 5.15 on these are links. */
	NEED(!old, "links of many uprobes (Linux 6.10)");
	for (int direct = 0; direct < 2; direct++) {
		fixture->direct = direct;
		start(fixture, "-w -r 500");
		check_in_child(fixture, trace_without_links);
		assert_int_equal(finish(fixture), 0);
	}
}

/* That the process has ended is seen before anything is tried that does not go. */
static int attach_in_vain(struct fixture *fixture)
{
	refuse_links();
	refuse(SYS_perf_event_open, ENOSYS);
	return attach_how(&fixture->source, fixture, (struct bpf_options){ 0 }) != -ESRCH;
}

/*
 * Between the look-up of a process and its attachment it may end and be waited for; then its number
 * may be another's, who is not meant.
 */
static void number_of_another__is_refused(void **state)
{
	struct fixture *fixture = *state;
	pid_t gone = fork();
	int kept;

	if (!gone)
		_exit(0);
	start(fixture, "-w -r 10");
	kept = fixture->target->pidfd;
	fixture->target->pidfd = syscall(SYS_pidfd_open, gone, 0);
	assert_int_equal(waitpid(gone, NULL, 0), gone);
	assert_int_equal(attach_how(&fixture->source, fixture, (struct bpf_options){ 0 }), -ESRCH);
	check_in_child(fixture, attach_in_vain);
	close(fixture->target->pidfd);
	fixture->target->pidfd = kept;
	go(fixture);
	assert_int_equal(finish(fixture), 0);
	assert_int_equal(*fixture->written, 0);
}

static void no_probes__is_an_error_with_a_reason(void **state)
{
	int other = open("/bin/true", O_RDONLY);
	const struct bpf_image image = { other, 0 };
	const struct bpf_options options = {
		.pid = getpid(), .pidfd = -1, .buffer = RING, .images = &image, .image_count = 1
	};
	struct source *source = NULL;
	const char *why = NULL;

	(void)state;
	assert_int_equal(bpf_source_open(&source, &options, &why), -ENOENT);
	assert_non_null(strstr(why, "no probes"));
	assert_null(source);
	close(other);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(batch__gives_every_record),
		TEST(direct__gives_what_batch_gives),
		TEST(killed__in_the_middle_of_its_work),
		TEST(killed__with_a_batch_that_it_keeps),
		TEST(killed__with_batches_that_nobody_finds),
		TEST(stop__gives_what_was_not_handed_over),
		TEST(stop__ends_when_it_is_asked_for),
		TEST(full_ring__counts_what_is_lost),
		TEST(threads__come_in_order_of_time),
		TEST(sleeping_loop__is_woken_for_its_state),
		TEST(stop__leaves_the_target_as_it_was),
		TEST(two_sources__see_the_same),
		TEST(forked_child__lives_and_is_counted),
		TEST(forked_child__is_followed),
		TEST(privileges__are_not_needed_any_more),
		TEST(old_kernel__is_attached_by_perf),
		TEST(kernel_without_bpf__says_so),
		TEST(kernel_that_counts_locked_memory__is_thought_of),
		TEST(number_of_another__is_refused),
		TEST(no_probes__is_an_error_with_a_reason),
	};

	/* A record that does not come would be waited for. */
	alarm(120 * slowness());
	return cmocka_run_group_tests_name("bpf_source", tests, NULL, NULL);
}
