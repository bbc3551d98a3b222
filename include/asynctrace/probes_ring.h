/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a process writes into the ring of a tracer without privileges (ring.h). A part of the
 * implementation in probes.h, which includes it; by itself it is empty.
 *
 * The batch of a thread is then in a block of the ring instead of memory of its own. Everything
 * else is as it is without: a record costs the same, and is seen as soon as it counts.
 */
#if defined(AT_PROBES_IMPLEMENTATION) && !defined(ASYNCTRACE_PROBES_RING_H)
#define ASYNCTRACE_PROBES_RING_H

#include <asynctrace/ring.h>

#define AT_RETRY_NS 100000     /* after a ring was full */
#define AT_ALIVE_NS 1000000000 /* how often to look whether its reader is */
#define AT_LOOK_MAX 64	       /* states to look at when no block should be free */

/* How long the process waits for it before it runs. */
#ifndef AT_START_NS
#define AT_START_NS 5000000000
#endif

/* It stays mapped until the process ends: threads may be at it. */
static struct {
	struct at_ring *shared; /* null if there is none */
	struct at_block *blocks;
	uint32_t count;
	uint32_t process;  /* children, who are others, write nothing */
	uint64_t alive_ns; /* when the reader was looked for last */
	int fd;		   /* the process may have closed it: */
	struct stat file;  /* this is what it was */
	int left;	   /* the reader is gone */
} at_ring;

static inline unsigned int at_ring_listens(void)
{
	return __atomic_load_n(&at_listeners.ring, __ATOMIC_RELAXED);
}

/* Its system call is too much for each record that finds no room. */
static uint32_t at_thread_number(void)
{
	if (!at_thread.number)
		at_thread.number = gettid();
	return at_thread.number;
}

/* A process that is dead and not yet reaped has its number still, but none of its locks. */
static int at_ring_reader_is_gone(void)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	uint32_t reader = at_ring.shared->reader;
	struct stat file;

	if (reader == (uint32_t)getpid())
		return 0;
	if (at_ring.shared->locked && !fstat(at_ring.fd, &file) &&
	    file.st_ino == at_ring.file.st_ino && file.st_dev == at_ring.file.st_dev &&
	    !fcntl(at_ring.fd, F_GETLK, &lock))
		return lock.l_type == F_UNLCK;
	return kill(reader, 0) && errno == ESRCH;
}

/* Nobody reads. Threads keep the blocks that they have until they hand them over. */
static void at_ring_close(void)
{
	__atomic_store_n(&at_listeners.ring, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&at_listeners.ring_detail, 0, __ATOMIC_RELAXED);
}

/* Closes what no thread has, from that block to before the other, and gives its memory back. */
static void at_ring_give_back(uint32_t number, uint32_t end)
{
	uintptr_t page = sysconf(_SC_PAGESIZE), from, to;
	uint32_t begin = number, state;

	for (; number <= end; number++) {
		if (number < end) {
			state = __atomic_load_n(&at_ring.shared->states[number], __ATOMIC_RELAXED);
			if ((state == AT_BLOCK_FREE || state == AT_BLOCK_FULL) &&
			    __atomic_compare_exchange_n(&at_ring.shared->states[number], &state,
							AT_BLOCK_CLOSED, 0, __ATOMIC_ACQUIRE,
							__ATOMIC_RELAXED))
				continue;
		}
		from = ((uintptr_t)&at_ring.blocks[begin] + page - 1) & -page;
		to = (uintptr_t)&at_ring.blocks[number] & -page;
		if (from < to)
			madvise((void *)from, to - from, MADV_REMOVE);
		begin = number + 1;
	}
}

/* Looks now and then whether the reader is there. If it is not, the ring is closed, and 0. */
static int at_ring_is_read(void)
{
	uint64_t now = at_thread.last_ns;
	int saved = errno, gone;

	if ((int64_t)(now - __atomic_load_n(&at_ring.alive_ns, __ATOMIC_RELAXED)) < AT_ALIVE_NS)
		return 1;
	__atomic_store_n(&at_ring.alive_ns, now, __ATOMIC_RELAXED);
	gone = at_ring_reader_is_gone();
	if (gone) {
		at_ring_close();
		__atomic_store_n(&at_ring.left, 1, __ATOMIC_RELAXED);
		at_ring_give_back(0, at_ring.count);
	}
	errno = saved;
	return !gone;
}

/* How many blocks are free, or about that; the reader corrects it each time that it reads. */
static int64_t at_ring_room(void)
{
	return __atomic_load_n(&at_ring.shared->room, __ATOMIC_RELAXED) -
	       __atomic_load_n(&at_ring.shared->serial, __ATOMIC_RELAXED);
}

static struct at_block *at_block_of(struct at_batch *batch)
{
	return (struct at_block *)((char *)batch - offsetof(struct at_block, batch));
}

/* What counts, from now on, what the thread leaves out. */
static struct at_event *at_block_shed(void)
{
	struct at_event *shed = &at_block_of(at_thread.batch)->shed;
	struct at_event first = at_shed_event(at_thread.batch);

	if (!shed->kind) {
		first.kind = 0;
		first.sequence++;
		*shed = first;
		__atomic_store_n(&shed->kind, AT_SHED, __ATOMIC_RELEASE);
	}
	shed->subject = first.subject;
	at_thread.shed = shed;
	/* Who listens besides is given it behind the records. */
	at_thread.most = AT_BATCH_MAX - 1;
	return shed;
}

/* Who listens by the kernel's help sees the records alone, so the counts become one. */
static void at_block_tell(struct at_batch *batch)
{
	uint32_t count = batch->count;
	struct at_event *event;

	if (at_thread.shed && count < AT_BATCH_MAX) {
		event = &batch->events[count++];
		*event = *at_thread.shed;
		event->sequence = batch->sequence = at_thread.sequence + 1;
	}
	if (count)
		at_probe_batch(batch, count);
}

/* Nothing of the thread's is read or written in the block from here on. */
static void at_block_leave(struct at_batch *batch)
{
	int counts = at_thread.shed != NULL;
	uint32_t state = batch->count || counts ? AT_BLOCK_FULL : AT_BLOCK_FREE;

	if (at_listeners.batch)
		at_block_tell(batch);
	/* That of what was counted, which is a record now. */
	at_thread.sequence += counts;
	__atomic_store_n(at_thread.state, state, __ATOMIC_RELEASE);
	at_thread.batch = NULL;
	at_thread.state = NULL;
	at_thread.shed = NULL;
}

/* What is wanted, and whether anybody wants anything. */
static int at_ring_look(void)
{
	uint32_t detail = __atomic_load_n(&at_ring.shared->detail, __ATOMIC_RELAXED);

	if (__atomic_load_n(&at_ring.shared->closed, __ATOMIC_RELAXED)) {
		at_ring_close();
		return 0;
	}
	if (!at_ring_is_read() || !at_ring_listens())
		return 0;
	if (detail != at_listeners.ring_detail)
		__atomic_store_n(&at_listeners.ring_detail, detail, __ATOMIC_RELAXED);
	return 1;
}

/* The reader has seen the records as they were written: a full block has to go, and old counts. */
static void at_block_hand_over(struct at_batch *batch)
{
	const struct at_event *shed = at_thread.shed;
	uint32_t number = at_block_of(batch) - at_ring.blocks;

	at_thread.first_ns = at_thread.last_ns;
	if (!at_ring_look() || batch->count >= at_thread.most ||
	    (batch->count && at_listeners.batch) ||
	    (shed && at_clock() - shed->time_ns >= AT_SHED_AGE_NS))
		at_block_leave(batch);
	if (__builtin_expect(__atomic_load_n(&at_ring.left, __ATOMIC_RELAXED), 0))
		at_ring_give_back(number, number + 1);
}

/* The thread is about to sleep, perhaps for ever: others may need the block more. */
static void at_block_rest(struct at_batch *batch)
{
	if (at_ring_room() <= at_ring.count / 4)
		at_block_leave(batch);
}

/* The record that is about to be written finds no room. */
static void at_block_missing(void)
{
	struct at_ring *ring = at_ring.shared;
	uint64_t now = at_thread.last_ns;
	uint32_t thread = at_thread_number();

	__atomic_store_n(&ring->tails[thread % AT_RING_TAILS],
			 AT_RING_TAIL(thread, at_thread.sequence + 1), __ATOMIC_RELAXED);
	/* Last: who reads the count first finds the tails of all that it counts. */
	__atomic_fetch_add(&ring->dropped, 1, __ATOMIC_RELEASE);
	if (now < at_thread.retry_ns)
		return;
	at_thread.retry_ns = now + AT_RETRY_NS;
	at_ring_is_read();
}

/* Returns its number, or that of no block. */
static uint32_t at_block_find(void)
{
	struct at_ring *ring = at_ring.shared;
	uint32_t first = __atomic_load_n(&ring->hint, __ATOMIC_RELAXED) % at_ring.count;
	uint32_t i, number = first, state;
	uint32_t most = at_ring_room() > 0 ? at_ring.count : AT_LOOK_MAX;

	for (i = 0; i < at_ring.count && i < most; i++) {
		state = __atomic_load_n(&ring->states[number], __ATOMIC_RELAXED);
		if (state == AT_BLOCK_FREE &&
		    __atomic_compare_exchange_n(&ring->states[number], &state, AT_BLOCK_TAKEN, 0,
						__ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
			__atomic_store_n(&ring->hint, number + 1, __ATOMIC_RELAXED);
			return number;
		}
		if (++number == at_ring.count)
			number = 0;
	}
	return at_ring.count;
}

/* The thread's next batch, or null if the ring is full or closed. */
static struct at_batch *at_block_take(void)
{
	struct at_ring *ring = at_ring.shared;
	uint32_t number = at_ring.count;
	struct at_block *block;

	/* Nothing follows that the reader wants, so what is not written leaves no hole. */
	if (__atomic_load_n(&ring->closed, __ATOMIC_ACQUIRE)) {
		at_ring_close();
		return NULL;
	}
	if (at_thread.last_ns >= at_thread.retry_ns)
		number = at_block_find();
	if (number == at_ring.count) {
		at_block_missing();
		return NULL;
	}
	block = &at_ring.blocks[number];
	/* The reader looks at them when there are records. */
	block->serial = __atomic_add_fetch(&ring->serial, 1, __ATOMIC_ACQ_REL);
	block->batch.thread = at_thread_number();
	block->batch.process = at_ring.process;
	block->batch.sequence = at_thread.sequence;
	block->batch.count = 0;
	pthread_setspecific(at_key, &at_thread);
	at_thread.state = &ring->states[number];
	at_thread.most = AT_BATCH_MAX;
	at_thread.batch = &block->batch;
	if (at_listeners.batch)
		at_probe_batch(at_thread.batch, AT_BATCH_HERE);
	return at_thread.batch;
}

/* What the child has of it is the parent's. */
static void at_ring_forked(void)
{
	at_thread.number = 0;
	if (at_thread.state) {
		at_thread.state = NULL;
		at_thread.batch = NULL;
	}
	if (at_ring_listens())
		__atomic_fetch_add(&at_ring.shared->forked, 1, __ATOMIC_RELAXED);
	at_ring_close();
}

/* The descriptor, or -1. What a process executes inherits the variable, but not the descriptor. */
static int at_ring_descriptor(void)
{
	const char *text = secure_getenv(AT_RING_VARIABLE);
	int wanted = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL, seals;
	char *end;
	long fd;

	if (!text)
		return -1;
	fd = strtol(text, &end, 10);
	if (end == text || *end || fd < 0 || fd > INT32_MAX)
		return -1;
	seals = fcntl(fd, F_GET_SEALS);
	return seals >= 0 && (seals & wanted) == wanted ? fd : -1;
}

/* True if it is ours. All that is used of it later is kept by us. */
static int at_ring_fits(struct at_ring *ring, uint64_t size)
{
	uint64_t offset = ring->blocks_offset, count = ring->blocks;
	uint32_t process = getpid();

	if (ring->magic != AT_RING_MAGIC || ring->version != AT_RING_VERSION ||
	    ring->process != process || !count || offset % sizeof(uint64_t) ||
	    offset < sizeof(*ring) + count * sizeof(*ring->states) || offset > size ||
	    (size - offset) / sizeof(*at_ring.blocks) < count)
		return 0;
	at_ring.shared = ring;
	at_ring.blocks = (struct at_block *)((char *)ring + offset);
	at_ring.count = count;
	at_ring.process = process;
	return 1;
}

/*
 * Waits until the tracer has looked at the process. 0 if it will not; if it takes too long, it can
 * look while records are written.
 */
static int at_ring_wait(void)
{
	static const struct timespec limit = { 0, 100000000 };
	struct at_ring *ring = at_ring.shared;
	uint64_t begin = at_clock();

	while (!__atomic_load_n(&ring->go, __ATOMIC_ACQUIRE) && at_clock() - begin < AT_START_NS) {
		syscall(SYS_futex, &ring->go, FUTEX_WAIT, 0, &limit, NULL, 0);
		/* It may have told what it wants and gone meanwhile. */
		if (at_ring_reader_is_gone() && !__atomic_load_n(&ring->go, __ATOMIC_ACQUIRE))
			return 0;
	}
	if (__atomic_load_n(&ring->go, __ATOMIC_ACQUIRE) == AT_RING_END)
		_exit(127);
	return !__atomic_load_n(&ring->closed, __ATOMIC_ACQUIRE);
}

/* Does nothing unless the descriptor is that of a ring for this process. */
static void at_ring_join(int fd)
{
	struct at_ring *ring;
	struct stat file;

	if (fd < 0 || fstat(fd, &file) || file.st_size < (off_t)sizeof(*ring))
		return;
	ring = (struct at_ring *)mmap(NULL, file.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
				      0);
	if (ring == MAP_FAILED)
		return;
	if (!at_ring_fits(ring, file.st_size)) {
		munmap(ring, file.st_size);
		return;
	}
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	at_ring.fd = fd;
	at_ring.file = file;
	__atomic_store_n(&ring->claimed, 1, __ATOMIC_RELEASE);
	if (at_ring_wait())
		__atomic_store_n(&at_listeners.ring, 1, __ATOMIC_RELAXED);
}

/*
 * When the process, or a library that it loads, begins. It has waited for the tracer long enough to
 * die with it (SIGKILL: another signal is its own wish), and what its user set is all that its
 * environment shall have.
 */
static void at_ring_open(void)
{
	int signal = 0;

	at_ring_join(at_ring_descriptor());
	if (!at_ring.shared)
		return;
	if (!prctl(PR_GET_PDEATHSIG, &signal) && signal == SIGKILL)
		prctl(PR_SET_PDEATHSIG, 0);
	unsetenv(AT_RING_VARIABLE);
}

#endif
