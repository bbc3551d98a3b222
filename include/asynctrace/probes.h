/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a C runtime tells asynctrace what it does. libasync does it with this header; any scheduler
 * can.
 *
 * Include it wherever records are written; in exactly one .c file of the program or library define
 * AT_PROBES_IMPLEMENTATION before, compile it with -D_GNU_SOURCE and link with -pthread. While
 * nobody listens, a probe is one load and a branch:
 *
 *	if (at_listening())
 *		at_record(AT_TASK_CREATE, 0, AT_ID(AT_TASK, 7), (uintptr_t)function, 0, 0);
 *
 * Records are kept in a buffer of the thread and handed over with a single probe when it is full,
 * with the first record that comes a millisecond after its oldest, and when the runtime calls
 * at_flush(), which it must before it sleeps. Every record is a USDT probe of its own besides, for
 * bpftrace, perf and gdb.
 *
 * A listener can ask for less (enum at_detail). At a record that is not wanted, at_record() only
 * counts; texts and arguments that would come before it must not be written then, so ask for it:
 *
 *	if (at_wants(AT_TASK_NAME))
 *		at_text(name);
 *	at_record(AT_TASK_NAME, 0, AT_ID(AT_TASK, 7), 0, 0, 0);
 *
 * A runtime tells what it knows: loops, tasks and switches are enough for most views. What it
 * leaves out, relations (AT_DEPENDS) and warnings for example, views do without.
 *
 * A tracer without privileges gives the process a ring to write into (ring.h) when it starts it;
 * that costs other processes a look at their environment. Of several copies of this in a process,
 * the one that begins first has the ring, and nobody hears the others by it.
 *
 * Each copy of this numbers the records of a thread by itself: a thread must write by one copy
 * only, that of the program or that of a library. A child is told from its parent if it was made by
 * fork(): one made by _Fork() or a clone of one's own, which call no handlers, must write nothing.
 *
 * A runtime whose structures a tracer may read when a loop is stuck defines AT_PROBES_LAYOUT
 * besides, as the name of its constant struct at_layout.
 *
 * Threads: each function works on the calling thread's own buffer. None is safe in a signal
 * handler.
 */
#ifndef ASYNCTRACE_PROBES_H
#define ASYNCTRACE_PROBES_H

#include <asynctrace/event.h>
#include <stdint.h>

#if !defined(__x86_64__) && !defined(__aarch64__)
#error "asynctrace/probes.h knows the probe sites of x86-64 and aarch64 only"
#endif

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(hidden)

extern struct at_listeners at_listeners;

/* 1 while somebody listens, else 0. */
static inline int at_listening(void)
{
	return __builtin_expect(__atomic_load_n(&at_listeners.any, __ATOMIC_RELAXED), 0) != 0;
}

/*
 * The time of a record: nanoseconds of CLOCK_MONOTONIC, never less than what the thread was told
 * before. For times that are kept until a record tells of them; timers want the clock itself.
 */
uint64_t at_now(void);

unsigned int at_detail_spared(void);

/* What is wanted by those who listen: enum at_detail. */
static inline unsigned int at_detail(void)
{
	const volatile struct at_listeners *listeners = &at_listeners;

	if (__builtin_expect(!(listeners->sparing | listeners->ring_detail), 1))
		return AT_DETAIL_ALL;
	return at_detail_spared();
}

/* From which detail on records of this kind are left out. */
static inline unsigned int at_left_out_from(enum at_kind kind)
{
	switch (kind) {
	case AT_COROUTINE_BEGIN:
	case AT_ARGUMENTS:
	case AT_COROUTINE_END:
		return AT_DETAIL_NO_COROUTINES;
	case AT_SWITCH:
		return AT_DETAIL_NO_SWITCHES;
	case AT_LOOP_START:
	case AT_LOOP_STOP:
	case AT_STATE:
	case AT_SHED:
		return AT_DETAIL_COUNTS + 1;
	default:
		return AT_DETAIL_COUNTS;
	}
}

/* 1 if records of this kind are written, 0 if they are only counted. */
static inline int at_wants(enum at_kind kind)
{
	return at_detail() < at_left_out_from(kind);
}

/*
 * Writes one record with the time of the call, and returns that time; if it is left out, the time
 * of the last one. Without memory for the thread's buffer the record is counted in its sequence, so
 * that the reader knows of the loss.
 */
uint64_t at_record(enum at_kind kind, unsigned int flags, uint64_t subject, uint64_t a, uint64_t b,
		   uint64_t c);

/*
 * Writes a text that belongs to the record that this thread writes next. The bytes are copied; what
 * exceeds AT_TEXT_MAX is cut off, and flagged. A null pointer is a text that is absent.
 */
void at_text(const char *text);

/* Hands the calling thread's records over. Call it before the thread sleeps. */
void at_flush(void);

/*
 * 1 if somebody has begun to listen since the last call with the same `seen`, which is the caller's
 * and 0 at first: then the whole state must be written (AT_STATE), at a moment when no step is
 * under way. One that goes and one that comes between two calls look like nobody: who is woken by
 * `wakeup` sets `seen` to 0.
 */
static inline int at_listeners_rose(uint64_t *seen)
{
	uint64_t now = __atomic_load_n(&at_listeners.any, __ATOMIC_RELAXED), before = *seen;

	if (__builtin_expect(now == before, 1))
		return 0;
	*seen = now;
	return (uint16_t)now > (uint16_t)before ||
	       (uint16_t)(now >> 16) > (uint16_t)(before >> 16) || now >> 32 > before >> 32;
}

#pragma GCC visibility pop

#ifdef AT_PROBES_IMPLEMENTATION
#ifndef _GNU_SOURCE
#error "compile the file that defines AT_PROBES_IMPLEMENTATION with -D_GNU_SOURCE"
#endif

/*
 * --- Implementation details
 * ------------------------------------------------------------------------
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#pragma GCC visibility push(hidden)

/*
 * A probe site is a function of its own, so that its arguments are where the calling convention
 * puts them and its caller stays on the stack for whoever unwinds by frame pointers. The probe goes
 * on the one-byte nop. A five-byte nop must not stand here: kernels that optimise uprobes turn it
 * into a call, which breaks the red zone of the caller and children that were forked. The ten-byte
 * nop behind is what repaired kernels use for the same purpose.
 *
 * The note is SystemTap's, version 3, which bpftrace, perf and gdb read: address of the site, of
 * .stapsdt.base (to see prelinking), of the semaphore; provider, name, arguments.
 */
/* clang-format off */
#if defined(__x86_64__)
#define AT_SITE_BODY                                                                       \
	"      .cfi_startproc\n"                                                           \
	"      endbr64\n"                                                                  \
	"      push %rbp\n"                                                                \
	"      .cfi_def_cfa_offset 16\n"                                                   \
	"      .cfi_offset rbp, -16\n"                                                     \
	"      mov %rsp, %rbp\n"                                                           \
	"      .cfi_def_cfa_register rbp\n"                                                \
	"990:  nop\n"                                                                      \
	"      .byte 0x66, 0x2e, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0\n"                        \
	"      pop %rbp\n"                                                                 \
	"      .cfi_def_cfa rsp, 8\n"                                                      \
	"      ret\n"                                                                      \
	"      .cfi_endproc\n"
#define AT_SITE_ARGUMENTS "8@%rdi 8@%rsi 8@%rdx 8@%rcx 8@%r8 8@%r9"
#else
#define AT_SITE_BODY                                                                       \
	"      .cfi_startproc\n"                                                           \
	"      hint 34 /* bti c */\n"                                                      \
	"      stp x29, x30, [sp, -16]!\n"                                                 \
	"      .cfi_def_cfa_offset 16\n"                                                   \
	"      .cfi_offset x29, -16\n"                                                     \
	"      .cfi_offset x30, -8\n"                                                      \
	"      mov x29, sp\n"                                                              \
	"990:  nop\n"                                                                      \
	"      ldp x29, x30, [sp], 16\n"                                                   \
	"      .cfi_restore x29\n"                                                         \
	"      .cfi_restore x30\n"                                                         \
	"      .cfi_def_cfa_offset 0\n"                                                    \
	"      ret\n"                                                                      \
	"      .cfi_endproc\n"
#define AT_SITE_ARGUMENTS "8@x0 8@x1 8@x2 8@x3 8@x4 8@x5"
#endif

#define AT_SITE(name, semaphore, arguments)                                                \
	__asm__(".pushsection .text\n"                                                     \
		"      .globl at_probe_" name "\n"                                         \
		"      .hidden at_probe_" name "\n"                                        \
		"      .type at_probe_" name ", STT_FUNC\n"                                \
		"      .balign 16\n"                                                       \
		"at_probe_" name ":\n"                                                     \
		AT_SITE_BODY                                                               \
		"      .size at_probe_" name ", . - at_probe_" name "\n"                   \
		"      .popsection\n"                                                      \
		"      .pushsection .note.stapsdt, \"\", %note\n"                          \
		"      .balign 4\n"                                                        \
		"      .4byte 992f - 991f, 994f - 993f, 3\n"                               \
		"991:  .asciz \"stapsdt\"\n"                                               \
		"992:  .balign 4\n"                                                        \
		"993:  .8byte 990b, _.stapsdt.base, at_listeners + " semaphore "\n"        \
		"      .asciz \"asynctrace\"\n"                                            \
		"      .asciz \"" name "\"\n"                                              \
		"      .asciz \"" arguments "\"\n"                                         \
		"994:  .balign 4\n"                                                        \
		"      .popsection\n");

__asm__(".pushsection .stapsdt.base, \"aG\", %progbits, .stapsdt.base, comdat\n"
	"      .weak _.stapsdt.base\n"
	"      .hidden _.stapsdt.base\n"
	"_.stapsdt.base: .space 1\n"
	"      .size _.stapsdt.base, 1\n"
	"      .popsection\n");
/* clang-format on */

#ifdef AT_PROBES_LAYOUT
extern const struct at_layout AT_PROBES_LAYOUT;
#define AT_LAYOUT_ADDRESS (uintptr_t) & AT_PROBES_LAYOUT
#else
#define AT_LAYOUT_ADDRESS 0
#endif

/* Not in .bss: the kernel changes semaphores through the pages of the file. */
struct at_listeners at_listeners __attribute__((section(".probes"), used)) = {
	.wakeup = -1,
	.layout = AT_LAYOUT_ADDRESS,
};
_Static_assert(offsetof(struct at_listeners, direct) == 2 &&
		       offsetof(struct at_listeners, sparing) == 8 &&
		       offsetof(struct at_listeners, coroutines) == 10 &&
		       offsetof(struct at_listeners, switches) == 12 &&
		       offsetof(struct at_listeners, others) == 14,
	       "the notes below name these offsets");

/* Never hit. */
AT_SITE("coroutines", "10", "")
AT_SITE("switches", "12", "")
AT_SITE("others", "14", "")
AT_SITE("sparing", "8", "")

#if defined(__x86_64__)
AT_SITE("batch", "0", "8@%rdi 4@%esi")
#else
AT_SITE("batch", "0", "8@x0 4@w1")
#endif
void at_probe_batch(struct at_batch *batch, uint32_t count);

typedef void at_site(uint64_t subject, uint64_t a, uint64_t b, uint64_t c, uint64_t flags,
		     uint64_t sequence);
#define AT_SITE_OF_KIND(number, NAME, name)                                                        \
	AT_SITE(#name, "2", AT_SITE_ARGUMENTS)                                                     \
	at_site at_probe_##name;
AT_KINDS(AT_SITE_OF_KIND)

#define AT_SITE_ENTRY(number, NAME, name) [number] = at_probe_##name,
static at_site *const at_sites[] = { AT_KINDS(AT_SITE_ENTRY) };

#ifndef AT_BATCH_AGE_NS
#define AT_BATCH_AGE_NS 1000000
#endif

/* A batch that only counts what is left out may wait for so long, and is looked at so seldom. */
#ifndef AT_SHED_AGE_NS
#define AT_SHED_AGE_NS 100000000
#endif
#define AT_SHED_LOOK 256

/* What a thread has. Without memory `batch` is null and only the sequence goes on. */
static __thread struct {
	struct at_batch *batch;
	uint32_t *state;   /* of the ring's block that the batch is in, or null */
	uint64_t first_ns; /* time of the oldest record in it */
	uint64_t retry_ns; /* the ring was full: when to look again */
	uint32_t sequence;
	uint32_t detail;       /* what was wanted when it was looked last, while somebody spares */
	struct at_event *shed; /* the record that counts what is left out, or null */
	uint32_t number;       /* the kernel's, or 0 until it is wanted */
	uint32_t most;	       /* records that the batch takes */

	/* Its clock: see at_now(). */
	uint64_t last_ns;
	uint64_t anchor_ns, anchor_ticks;
	uint64_t scale; /* ns per tick, times 2^32; 0 until it is known */
	uint64_t reference_ns, reference_ticks;
} at_thread __attribute__((tls_model("initial-exec")));

static pthread_once_t at_once = PTHREAD_ONCE_INIT;
static pthread_key_t at_key;

/*
 * Buffers of threads that ended are kept here and never unmapped: a probe may still know them by
 * address when their thread dies.
 */
static pthread_mutex_t at_spare_lock = PTHREAD_MUTEX_INITIALIZER;
static struct at_spare {
	struct at_spare *next;
	struct at_batch batch;
} * at_spares;

/*
 * The clock of records. Where the kernel makes CLOCK_MONOTONIC of the time-stamp counter, so do we,
 * for reading that costs half (measured: a record 57 ns with clock_gettime(), 30 so). The counter
 * only bridges a millisecond between two readings of the clock, and its speed is measured anew all
 * the time, so the error stays within some ten ns.
 */
#define AT_HORIZON	(1 << 21) /* ticks */
#define AT_CALIBRATE_NS 10000000  /* time over which the speed is measured */
#define AT_TOGETHER	(1 << 13) /* ticks within which both are read, or the thread was stopped */

static int at_ticks_usable; /* set once, before any thread has a scale */

static inline uint64_t at_ticks(void)
{
#if defined(__x86_64__)
	return __builtin_ia32_rdtsc();
#else
	return 0;
#endif
}

static void at_look_at_clocksource(void)
{
	const char *path = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char name[4] = "";

	at_ticks_usable = fd >= 0 && read(fd, name, 4) == 4 && !memcmp(name, "tsc\n", 4);
	if (fd >= 0)
		close(fd);
}

static void at_calibrate(uint64_t now, uint64_t ticks)
{
	uint64_t elapsed = now - at_thread.reference_ns;
	uint64_t elapsed_ticks = ticks - at_thread.reference_ticks;

	if (at_thread.reference_ns && elapsed < AT_CALIBRATE_NS)
		return;
	if (at_thread.reference_ns && elapsed_ticks)
		at_thread.scale = ((unsigned __int128)elapsed << 32) / elapsed_ticks;
	at_thread.reference_ns = now;
	at_thread.reference_ticks = ticks;
}

static __attribute__((noinline)) uint64_t at_read_clock(void)
{
	uint64_t before, ticks, now;
	struct timespec time;
	int tries = 0;

	do {
		before = at_ticks();
		clock_gettime(CLOCK_MONOTONIC, &time);
		ticks = at_ticks();
	} while (ticks - before > AT_TOGETHER && ++tries < 4);
	now = time.tv_sec * 1000000000ULL + time.tv_nsec;
	if (at_ticks_usable && ticks - before <= AT_TOGETHER)
		at_calibrate(now, ticks);
	/* The ticks are those after: a thread that was stopped in between is late, not ahead. */
	at_thread.anchor_ns = now;
	at_thread.anchor_ticks = ticks;
	return now;
}

static inline uint64_t at_clock(void)
{
	uint64_t ticks = at_ticks() - at_thread.anchor_ticks;
	uint64_t now;

	if (__builtin_expect(at_thread.scale && ticks < AT_HORIZON, 1))
		now = at_thread.anchor_ns + (ticks * at_thread.scale >> 32);
	else
		now = at_read_clock();
	if (__builtin_expect(now < at_thread.last_ns, 0))
		return at_thread.last_ns;
	at_thread.last_ns = now;
	return now;
}

uint64_t at_now(void)
{
	return at_clock();
}

static struct at_event at_shed_event(const struct at_batch *batch)
{
	return (struct at_event){
		.time_ns = at_clock(),
		.thread = batch->thread,
		.sequence = at_thread.sequence,
		.kind = AT_SHED,
		.process = batch->process,
		.subject = at_thread.detail,
	};
}

#include <asynctrace/probes_ring.h>

/* All of them are given what any of them wants. */
unsigned int at_detail_spared(void)
{
	const volatile struct at_listeners *listeners = &at_listeners;
	unsigned int detail = AT_DETAIL_COUNTS, ring = listeners->ring_detail;

	if (listeners->coroutines ||
	    ((listeners->batch | listeners->direct) && !listeners->sparing))
		return AT_DETAIL_ALL;
	if (listeners->switches)
		detail = AT_DETAIL_NO_COROUTINES;
	else if (listeners->others)
		detail = AT_DETAIL_NO_SWITCHES;
	return listeners->ring && ring < detail ? ring : detail;
}

static void at_hand_over(struct at_batch *batch)
{
	if (at_thread.state) {
		at_block_hand_over(batch);
		return;
	}
	if (batch->count && at_listeners.batch)
		at_probe_batch(batch, batch->count);
	batch->count = 0;
	at_thread.shed = NULL;
}

/* Mere counts are not worth a probe each time that a thread sleeps. */
static int at_may_wait(const struct at_batch *batch)
{
	return !at_thread.state && batch->count == 1 &&
	       at_clock() - at_thread.first_ns < AT_SHED_AGE_NS;
}

void at_flush(void)
{
	struct at_batch *batch = at_thread.batch;

	if (batch && !(__builtin_expect(at_thread.shed != NULL, 0) && at_may_wait(batch)))
		at_hand_over(batch);
	if (__builtin_expect(at_thread.state != NULL, 0))
		at_block_rest(at_thread.batch);
}

/*
 * An empty batch says that the thread writes no more, so that nobody looks for records when it
 * dies.
 */
static void at_retire(struct at_batch *batch)
{
	at_hand_over(batch);
	if (at_thread.state)
		at_block_leave(batch);
	if (at_listeners.batch)
		at_probe_batch(batch, 0);
}

static void at_thread_ends(void *unused)
{
	struct at_batch *batch = at_thread.batch;
	struct at_spare *spare;

	(void)unused;
	if (!batch)
		return;
	at_retire(batch);
	if (!at_thread.batch)
		return;
	at_thread.batch = NULL;
	spare = (struct at_spare *)((char *)batch - offsetof(struct at_spare, batch));
	pthread_mutex_lock(&at_spare_lock);
	spare->next = at_spares;
	at_spares = spare;
	pthread_mutex_unlock(&at_spare_lock);
}

/* The parent hands its records over itself; the child is another thread of another process. */
static void at_forked(void)
{
	pthread_mutex_init(&at_spare_lock, NULL);
	at_thread.sequence = 0;
	at_thread.detail = AT_DETAIL_ALL;
	at_thread.shed = NULL;
	at_ring_forked();
	if (!at_thread.batch)
		return;
	at_thread.batch->count = 0;
	at_thread.batch->sequence = 0;
	at_thread.batch->thread = gettid();
	at_thread.batch->process = getpid();
}

static void at_prepare(void)
{
	at_look_at_clocksource();
	pthread_key_create(&at_key, at_thread_ends);
	pthread_atfork(NULL, NULL, at_forked);
}

/* At once, not when a tracer comes: by then the process may have forbidden itself to open files. */
__attribute__((constructor)) static void at_process_begins(void)
{
	pthread_once(&at_once, at_prepare);
	at_ring_open();
}

/*
 * The destructor of the key does not run for the thread that calls exit(), and must not run when
 * this code has been unloaded. Last of all destructors: others may still write records.
 */
__attribute__((destructor(101))) static void at_process_ends(void)
{
	if (at_thread.batch)
		at_retire(at_thread.batch);
	pthread_key_delete(at_key);
}

static struct at_batch *at_batch_new(void)
{
	struct at_batch *batch;
	struct at_spare *spare;

	pthread_once(&at_once, at_prepare);
	if (at_ring_listens()) {
		batch = at_block_take();
		/* That it was closed is nothing to who listens by the kernel's help. */
		if (batch || at_ring_listens())
			return batch;
	}
	pthread_mutex_lock(&at_spare_lock);
	spare = at_spares;
	if (spare)
		at_spares = spare->next;
	pthread_mutex_unlock(&at_spare_lock);
	if (!spare)
		spare = malloc(sizeof(*spare));
	if (!spare)
		return NULL;
	spare->batch.count = 0;
	spare->batch.sequence = at_thread.sequence;
	spare->batch.thread = gettid();
	spare->batch.process = getpid();
	pthread_setspecific(at_key, &at_thread);
	at_thread.most = AT_BATCH_MAX;
	at_thread.batch = &spare->batch;
	return at_thread.batch;
}

/*
 * The record is complete in memory before it counts: the process may be killed in between. Returns
 * how many there are.
 */
static inline uint32_t at_append(struct at_batch *batch)
{
	uint32_t count = batch->count + 1;

	batch->sequence = at_thread.sequence;
	/*
	 * The first record of all is handed over at once: then who listens knows where this thread
	 * keeps the others.
	 */
	if (count == 1)
		at_thread.first_ns = at_thread.sequence == 1 ? 0 : batch->events[0].time_ns;
	__atomic_store_n(&batch->count, count, __ATOMIC_RELEASE);
	return count;
}

static inline uint64_t at_write(enum at_kind kind, unsigned int flags, uint64_t subject, uint64_t a,
				uint64_t b, uint64_t c)
{
	struct at_batch *batch = at_thread.batch;
	uint64_t now = at_clock();

	if (__builtin_expect(!batch, 0))
		batch = at_batch_new();
	at_thread.sequence++;
	if (__builtin_expect(batch && (at_listeners.batch | at_ring_listens()), 1)) {
		/* In a ring, others can write the count. */
		struct at_event *event = &batch->events[batch->count % AT_BATCH_MAX];

		event->time_ns = now;
		event->thread = batch->thread;
		event->sequence = at_thread.sequence;
		event->kind = kind;
		event->flags = flags;
		event->process = batch->process;
		event->subject = subject;
		event->a = a;
		event->b = b;
		event->c = c;
		if (__builtin_expect(at_append(batch) >= at_thread.most, 0) ||
		    __builtin_expect(now - at_thread.first_ns > AT_BATCH_AGE_NS, 0))
			at_hand_over(batch);
	}
	if (__builtin_expect(at_listeners.direct, 0))
		at_sites[kind](subject, a, b, c, flags, at_thread.sequence);
	return now;
}

/*
 * The record that counts what is left out: it stands where that begins, and grows as long as its
 * batch is not handed over. In a ring, where records are seen at once, it has a place of its own.
 */
static __attribute__((noinline)) struct at_event *at_begin_shed(unsigned int detail)
{
	struct at_batch *batch;
	int changes = detail != at_thread.detail;
	struct at_event *event;

	/* When to look for a block again goes by it. */
	at_clock();
	at_thread.detail = detail;
	if (changes && at_ring_listens())
		at_write(AT_SHED, 0, detail, 0, 0, 0);
	batch = at_thread.batch;
	if (batch && batch->count >= AT_BATCH_MAX - 1)
		at_hand_over(batch);
	batch = at_thread.batch ? at_thread.batch : at_batch_new();
	if (batch && at_thread.state)
		return at_block_shed();
	at_thread.sequence++;
	if (!batch)
		return NULL;
	event = &batch->events[batch->count];
	*event = at_shed_event(batch);
	at_append(batch);
	/* That it changes is told as soon as possible. */
	if (changes)
		at_thread.first_ns = 0;
	at_thread.shed = event;
	return event;
}

/* A thread that never sleeps must tell now and then, too. */
static __attribute__((noinline)) void at_look_at_counts(void)
{
	if (!at_may_wait(at_thread.batch))
		at_hand_over(at_thread.batch);
}

/* Counts a record, if it is one that nobody wants, and returns 1 then. */
static inline int at_leave_out(enum at_kind kind)
{
	unsigned int detail = at_detail(), from = at_left_out_from(kind);
	struct at_event *shed = at_thread.shed;
	__u64 *counts;

	if (__builtin_expect(detail != at_thread.detail, 0))
		shed = at_begin_shed(detail);
	if (detail < from)
		return 0;
	if (__builtin_expect(!shed, 0))
		shed = at_begin_shed(detail);
	if (!shed)
		return 1;
	counts = &shed->a;
	if (__builtin_expect(++counts[from - 1] % AT_SHED_LOOK == 0, 0))
		at_look_at_counts();
	return 1;
}

/* By itself, so that it costs nobody anything who has no budget. */
static __attribute__((noinline)) uint64_t at_record_or_count(enum at_kind kind, unsigned int flags,
							     uint64_t subject, uint64_t a,
							     uint64_t b, uint64_t c)
{
	if (!at_leave_out(kind))
		return at_write(kind, flags, subject, a, b, c);
	if (__builtin_expect(at_listeners.direct, 0))
		at_sites[kind](subject, a, b, c, flags, at_thread.sequence);
	return at_thread.last_ns;
}

uint64_t at_record(enum at_kind kind, unsigned int flags, uint64_t subject, uint64_t a, uint64_t b,
		   uint64_t c)
{
	if (__builtin_expect(at_listeners.sparing | at_listeners.ring_detail, 0))
		return at_record_or_count(kind, flags, subject, a, b, c);
	return at_write(kind, flags, subject, a, b, c);
}

void at_text(const char *text)
{
	size_t length = text ? strnlen(text, AT_TEXT_MAX + 1) : 0;
	unsigned int last = 0;

	if (!text)
		last = AT_TEXT_ABSENT;
	if (length > AT_TEXT_MAX) {
		length = AT_TEXT_MAX;
		last = AT_TEXT_CUT;
	}
	for (;;) {
		uint64_t piece[4] = { 0 };
		size_t n = length < AT_TEXT_PIECE ? length : AT_TEXT_PIECE;

		if (n)
			memcpy(piece, text, n);
		length -= n;
		at_record(AT_TEXT, n | (length ? AT_TEXT_MORE : last), piece[0], piece[1], piece[2],
			  piece[3]);
		if (!length)
			return;
		text += n;
	}
}

#pragma GCC visibility pop

#endif /* AT_PROBES_IMPLEMENTATION */

#ifdef __cplusplus
}
#endif

#endif
