/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Carries records from a target's probes into the ring buffer: whole batches by one hit of the
 * probe "batch", or single records by the probe of each kind.
 *
 * Waking the reader costs more than a batch does, so it sleeps by its own clock and is woken only
 * when the ring fills. What finds no room is counted, and its sequence kept: no loss is silent.
 */
#include "events.h"
#include "kernel_types.h"
#include <asm/signal.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

const volatile bool follow;	/* trace children too: the probes are hit by any process then */
const volatile __u64 watermark; /* bytes in the ring from which on the reader is woken */

bool enabled;	/* records pass */
bool execed;	/* the target has become another program */
__u64 followed; /* processes that are traced, with `follow` */
__u32 target;	/* the process in the kernel's numbers, or 0 until its first hit */
struct counters counters;
struct tail tails[TAILS];
bool placeless[PLACELESS]; /* threads that `writers` had no room for, by their number modulo this */

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 12); /* the source sets it */
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1 << 14);
	__type(key, __u32);
	__type(value, struct writer);
} writers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1 << 12);
	__type(key, __u32);
	__type(value, bool);
} processes SEC(".maps");

/* libbpf 1.1 has no name for the sixth argument. */
#ifndef PT_REGS_PARM6
#ifdef __TARGET_ARCH_arm64
#define PT_REGS_PARM6(x) (((const struct user_pt_regs *)(x))->regs[5])
#else
#define PT_REGS_PARM6(x) ((x)->r9)
#endif
#endif

/*
 * Recent kernels (seen on 7.3, not on 6.12) give a function that needs much stack one for each
 * processor, it seems. Where kernels preempt, the hit of another thread comes in between: with a
 * frame of 80 bytes its records were taken for ours, with small ones not. So functions are not
 * inlined, and FRAME_MAX in the Makefile holds them small.
 */
#define FRAME static __noinline

FRAME bool passes(__u32 process)
{
	if (!enabled)
		return false;
	if (follow)
		return bpf_map_lookup_elem(&processes, &process);
	if (!target)
		target = process;
	return true;
}

static __always_inline __u64 wakeup(void)
{
	return bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) > watermark ? BPF_RB_FORCE_WAKEUP
								       : BPF_RB_NO_WAKEUP;
}

/* `stated` is what the target says of itself, and `thread` what the kernel says. */
FRAME void drop(__u32 thread, const struct batch_header *stated, __u32 count)
{
	struct tail *tail = &tails[thread & (TAILS - 1)];

	tail->thread = thread;
	tail->process = stated->process;
	tail->stated = stated->thread;
	tail->sequence = stated->sequence;
	tail->left = false;
	__sync_fetch_and_add(&counters.refused, 1);
	/* Last: who reads the count first finds the tails of all that it counts. */
	__sync_fetch_and_add(&counters.dropped, count);
}

/* The head of a sample; all but its records. */
static __always_inline void begin(struct sample *sample, __u32 thread, __u32 count, __u32 flags,
				  __u64 batch)
{
	sample->thread = thread;
	sample->process = bpf_get_current_pid_tgid() >> 32;
	sample->count = count;
	sample->flags = flags;
	sample->batch = batch;
}

/*
 * A reservation has a constant size: `room` is one at every call. Of a count of 32 bits the
 * compiler makes copies whose bounds the kernel does not know.
 */
static __always_inline bool pass_sized(const struct at_batch *batch, __u64 count, __u32 thread,
				       __u32 flags, const __u32 room)
{
	struct sample *sample;

	sample = bpf_ringbuf_reserve(&ring, sizeof(*sample) + room * sizeof(struct at_event), 0);
	if (!sample)
		return false;
	if (count > room ||
	    bpf_probe_read_user(sample->events, count * sizeof(struct at_event), batch->events)) {
		bpf_ringbuf_discard(sample, BPF_RB_NO_WAKEUP);
		return false;
	}
	begin(sample, thread, count, flags, (__u64)batch);
	bpf_ringbuf_submit(sample, wakeup());
	return true;
}

FRAME void pass(const struct at_batch *batch, const struct batch_header *stated, __u64 count,
		__u32 thread, __u32 flags)
{
	bool passed;

	if (count <= 4)
		passed = pass_sized(batch, count, thread, flags, 4);
	else if (count <= 16)
		passed = pass_sized(batch, count, thread, flags, 16);
	else if (count <= 64)
		passed = pass_sized(batch, count, thread, flags, 64);
	else
		passed = pass_sized(batch, count, thread, flags, AT_BATCH_MAX);
	if (!passed)
		drop(thread, stated, count);
}

/* Keeps where a thread writes, for the day of its death. */
FRAME void remember(const struct at_batch *batch, __u32 stated, __u32 thread)
{
	const struct writer writer = { (__u64)batch, stated, 0 };
	const struct writer *known = bpf_map_lookup_elem(&writers, &thread);

	if (known && known->batch == writer.batch && known->stated == stated)
		return;
	if (bpf_map_update_elem(&writers, &thread, &writer, BPF_ANY))
		placeless[thread & (PLACELESS - 1)] = true;
}

/* The thread writes no more where it did; true if it was known where. */
FRAME bool forget(__u32 thread)
{
	struct tail *tail = &tails[thread & (TAILS - 1)];
	struct sample *sample;

	placeless[thread & (PLACELESS - 1)] = false;
	if (bpf_map_delete_elem(&writers, &thread))
		return false;
	if (tail->thread == thread)
		tail->left = true;
	sample = bpf_ringbuf_reserve(&ring, sizeof(*sample), 0);
	if (sample) {
		begin(sample, thread, 0, SAMPLE_LEFT, 0);
		bpf_ringbuf_submit(sample, wakeup());
	}
	return true;
}

/* The thread goes on there. */
FRAME void move(const struct at_batch *to, __u32 thread)
{
	struct batch_header stated = { 0 };
	struct sample *sample;

	if (bpf_probe_read_user(&stated, sizeof(stated), to))
		return;
	remember(to, stated.thread, thread);
	sample = bpf_ringbuf_reserve(&ring, sizeof(*sample) + sizeof(struct at_event), 0);
	if (!sample)
		return;
	begin(sample, thread, 0, SAMPLE_HERE, (__u64)to);
	sample->events->thread = stated.thread;
	bpf_ringbuf_submit(sample, wakeup());
}

SEC("uprobe")
int batch(struct pt_regs *ctx)
{
	const struct at_batch *from = (const void *)PT_REGS_PARM1(ctx);
	__u64 id = bpf_get_current_pid_tgid();
	__u32 count = PT_REGS_PARM2(ctx);
	struct batch_header stated = { 0 };

	if (passes(id >> 32) && count == AT_BATCH_HERE)
		move(from, id);
	if (!passes(id >> 32) || count > AT_BATCH_MAX)
		return 0;
	if (!count) {
		forget(id);
		return 0;
	}
	if (bpf_probe_read_user(&stated, sizeof(stated), from)) {
		__sync_fetch_and_add(&counters.dropped, count);
		__sync_fetch_and_add(&counters.refused, 1);
		return 0;
	}
	remember(from, stated.thread, id);
	pass(from, &stated, count, id, 0);
	return 0;
}

/* Every record by itself. Its time is that of the probe. */
static __always_inline int direct(struct pt_regs *ctx, __u16 kind)
{
	__u64 id = bpf_get_current_pid_tgid();
	const struct batch_header stated = { id, id >> 32, PT_REGS_PARM6(ctx), 1 };
	struct at_event *event;
	struct sample *sample;

	if (!passes(stated.process))
		return 0;
	sample = bpf_ringbuf_reserve(&ring, sizeof(*sample) + sizeof(*event), 0);
	if (!sample) {
		drop(stated.thread, &stated, 1);
		return 0;
	}
	begin(sample, stated.thread, 1, 0, 0);
	event = sample->events;
	event->time_ns = bpf_ktime_get_ns();
	event->thread = stated.thread;
	event->sequence = stated.sequence;
	event->kind = kind;
	event->flags = PT_REGS_PARM5(ctx);
	event->process = stated.process;
	event->subject = PT_REGS_PARM1(ctx);
	event->a = PT_REGS_PARM2(ctx);
	event->b = PT_REGS_PARM3(ctx);
	event->c = PT_REGS_PARM4(ctx);
	bpf_ringbuf_submit(sample, wakeup());
	return 0;
}

#define DIRECT(number, NAME, name)                                                                 \
	SEC("uprobe") int direct_##name(struct pt_regs *ctx)                                       \
	{                                                                                          \
		return direct(ctx, number);                                                        \
	}
AT_KINDS(DIRECT)

/* All kinds by one program, where each attachment can carry a number. */
SEC("uprobe")
int direct_any(struct pt_regs *ctx)
{
	return direct(ctx, bpf_get_attach_cookie(ctx));
}

/* Raises the semaphore of its site by being there. */
SEC("uprobe")
int trigger(struct pt_regs *ctx)
{
	return 0;
}

/* Any thread of the machine may have that place. */
static __always_inline void count_placeless(__u32 thread)
{
	bool *is_placeless = &placeless[thread & (PLACELESS - 1)];

	if (!*is_placeless || !passes(bpf_get_current_pid_tgid() >> 32))
		return;
	*is_placeless = false;
	__sync_fetch_and_add(&counters.unread, 1);
}

/* A thread that dies leaves a batch that it did not hand over. */
static __always_inline void pass_last(__u32 thread)
{
	const struct writer *writer = bpf_map_lookup_elem(&writers, &thread);
	struct batch_header stated = { 0 };

	if (!enabled)
		return;
	if (!writer)
		return count_placeless(thread);
	if (bpf_probe_read_user(&stated, sizeof(stated), (const void *)writer->batch))
		__sync_fetch_and_add(&counters.unread, 1);
	else if (stated.thread == writer->stated && stated.count && stated.count <= AT_BATCH_MAX)
		pass((const void *)writer->batch, &stated, stated.count, thread, SAMPLE_LAST);
	forget(thread);
}

static __always_inline void unfollow(__u32 process)
{
	if (follow && !bpf_map_delete_elem(&processes, &process))
		__sync_fetch_and_add(&followed, -1);
}

/* Those that dump core. The others that kill come as SIGKILL to each thread. */
static __always_inline bool dumps_core(__u32 number)
{
	const __u32 those = 1U << SIGQUIT | 1U << SIGILL | 1U << SIGTRAP | 1U << SIGABRT |
			    1U << SIGBUS | 1U << SIGFPE | 1U << SIGSEGV | 1U << SIGXCPU |
			    1U << SIGXFSZ | 1U << SIGSYS;

	return number < 32 && those >> number & 1;
}

/* Before Linux 6.16 the memory is gone when sched_process_exit comes. */
SEC("raw_tp/signal_deliver")
int signal_deliver(struct bpf_raw_tracepoint_args *ctx)
{
	const struct k_sigaction *action = (const void *)ctx->args[2];
	__u32 number = ctx->args[0];

	if (number == SIGKILL || (dumps_core(number) && !BPF_CORE_READ(action, sa.sa_handler)))
		pass_last(bpf_get_current_pid_tgid());
	return 0;
}

SEC("raw_tp/sched_process_exit")
int process_exit(struct bpf_raw_tracepoint_args *ctx)
{
	const struct task_struct *task = (const void *)ctx->args[0];
	__u64 id = bpf_get_current_pid_tgid();
	__u32 process = id >> 32;

	pass_last(id);
	if (!BPF_CORE_READ(task, signal, live.counter))
		unfollow(process);
	return 0;
}

/* The last moment at which its memory is its own. */
SEC("raw_tp/sched_prepare_exec")
int prepare_exec(struct bpf_raw_tracepoint_args *ctx)
{
	pass_last(bpf_get_current_pid_tgid());
	return 0;
}

/*
 * Its memory is another one already: what it had not handed over is gone, if nobody asked for it
 * before. Whichever of the threads it was, it has the number of the first one now.
 */
SEC("raw_tp/sched_process_exec")
int process_exec(struct bpf_raw_tracepoint_args *ctx)
{
	__u32 process = bpf_get_current_pid_tgid() >> 32, thread = ctx->args[1];

	if (follow ? !bpf_map_lookup_elem(&processes, &process) : process != target)
		return 0;
	if (forget(thread))
		__sync_fetch_and_add(&counters.unread, 1);
	if (!follow)
		execed = true;
	unfollow(process);
	return 0;
}

SEC("raw_tp/sched_process_fork")
int process_fork(struct bpf_raw_tracepoint_args *ctx)
{
	const struct task_struct *parent = (const void *)ctx->args[0];
	const struct task_struct *child = (const void *)ctx->args[1];
	__u32 from = BPF_CORE_READ(parent, tgid);
	__u32 to = BPF_CORE_READ(child, tgid);
	const bool traced = true;

	if (from == to)
		return 0;
	if (follow ? !bpf_map_lookup_elem(&processes, &from) : from != target)
		return 0;
	if (follow && !bpf_map_update_elem(&processes, &to, &traced, BPF_ANY))
		__sync_fetch_and_add(&followed, 1);
	else
		__sync_fetch_and_add(&counters.forked, 1);
	return 0;
}
