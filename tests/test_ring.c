/* SPDX-License-Identifier: BSD-2-Clause */
/* Both sides of the ring in one process: what probes.h writes into it, and what is read of it. */
#define AT_PROBES_IMPLEMENTATION
#define AT_START_NS    50000000
#define at_probe_batch hear_batch /* instead of the site */
#include <asynctrace/probes.h>
#include <base/clock.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/wait.h>
#include <tracer/sources/ring_memory.h>
#include <tracer/sources/ring_read.h>

#include <cmocka.h>

enum { BLOCKS = 8, THREADS = 2, MANY = 100000 };

static struct {
	struct ring_memory memory;
	struct ring_reader *reader;
	uint64_t seed; /* of what the liar writes */
} it;

/* What was read of a thread. */
struct seen {
	uint32_t thread;
	uint32_t last; /* sequence */
	size_t count;
	bool disordered;
};

static struct seen seen[THREADS + 1];
static size_t taken;

static struct seen *seen_of(uint32_t thread)
{
	struct seen *of = seen;

	while (of->thread && of->thread != thread)
		of++;
	assert_true(of < seen + THREADS + 1);
	of->thread = thread;
	return of;
}

static int take(void *context, uint32_t thread, const struct at_event *events, size_t count)
{
	struct seen *of = seen_of(thread);
	size_t i;

	(void)context;
	for (i = 0; i < count; i++) {
		of->disordered |= (int32_t)(events[i].sequence - of->last) <= 0 ||
				  events[i].thread != thread || events[i].kind != AT_SWITCH;
		of->last = events[i].sequence;
	}
	of->count += count;
	return 0;
}

/* Takes whatever a liar wrote. */
static int take_any(void *context, uint32_t thread, const struct at_event *events, size_t count)
{
	(void)context;
	(void)thread;
	(void)events;
	assert_in_range(count, 1, AT_BATCH_MAX + 1);
	taken += count;
	return 0;
}

/* What who listens besides is given. */
static struct {
	uint32_t last; /* sequence */
	size_t sheds, holes;
	uint64_t written, counted;
} heard;

void hear_batch(struct at_batch *batch, uint32_t count)
{
	size_t i;

	if (count == AT_BATCH_HERE)
		return;
	assert_in_range(count, 0, AT_BATCH_MAX);
	if (count)
		assert_int_equal(batch->sequence, batch->events[count - 1].sequence);
	for (i = 0; i < count; i++) {
		const struct at_event *event = &batch->events[i];

		heard.holes += event->sequence != heard.last + 1;
		heard.last = event->sequence;
		heard.sheds += event->kind == AT_SHED;
		heard.written += event->kind != AT_SHED;
		if (event->kind == AT_SHED)
			heard.counted += event->a + event->b + event->c;
	}
}

static size_t read_ring(void)
{
	size_t freed;

	assert_int_equal(ring_read(it.reader, false, take, NULL, &freed), 0);
	return freed;
}

static uint32_t random_word(void)
{
	it.seed ^= it.seed << 13;
	it.seed ^= it.seed >> 7;
	it.seed ^= it.seed << 17;
	return it.seed >> 16;
}

static void write_records(int count)
{
	while (count--)
		at_record(AT_SWITCH, 0, 1, 2, 3, 4);
}

static void tell_of(int fd)
{
	char number[16];

	snprintf(number, sizeof(number), "%d", fd);
	setenv(AT_RING_VARIABLE, number, 1);
}

/* A ring that waits for this process. */
static int make(void **state)
{
	const char *why;

	(void)state;
	memset(seen, 0, sizeof(seen));
	memset(&heard, 0, sizeof(heard));
	memset(&at_thread, 0, sizeof(at_thread));
	memset(&at_ring, 0, sizeof(at_ring));
	it.memory = (struct ring_memory){ .fd = -1 };
	it.seed = 1;
	if (ring_memory_make(&it.memory, BLOCKS * sizeof(struct at_block), &why))
		return -1;
	it.memory.ring->process = getpid();
	it.memory.ring->go = 1;
	it.reader = ring_reader_new(it.memory.ring, it.memory.blocks);
	tell_of(it.memory.fd);
	return it.reader ? 0 : -1;
}

static int make_and_join(void **state)
{
	int ret = make(state);

	at_ring_open();
	return ret || !at_listeners.ring;
}

static int leave(void **state)
{
	(void)state;
	at_listeners.any = 0;
	at_listeners.sparing = 0;
	at_listeners.ring_detail = 0;
	at_thread_ends(NULL);
	memset(&at_thread, 0, sizeof(at_thread));
	if (at_ring.shared)
		munmap(at_ring.shared, it.memory.size);
	memset(&at_ring, 0, sizeof(at_ring));
	unsetenv(AT_RING_VARIABLE);
	ring_reader_free(it.reader);
	ring_memory_free(&it.memory);
	return 0;
}

/* --- the producer --- */

static void open__claims_what_is_its_own(void **state)
{
	(void)state;
	assert_false(at_listeners.ring);
	at_ring_open();
	assert_true(at_listeners.ring);
	assert_true(at_listening());
	assert_int_equal(it.memory.ring->claimed, 1);
	assert_true(fcntl(it.memory.fd, F_GETFD) & FD_CLOEXEC);
}

static void open__not_what_is_not(void **state)
{
	struct at_ring *ring = it.memory.ring, right = *ring;
	int plain = memfd_create("plain", MFD_CLOEXEC | MFD_ALLOW_SEALING), i;

	(void)state;
	for (i = 0; i < 7; i++) {
		ring->process += i == 0;
		ring->magic += i == 1;
		ring->version += i == 2;
		ring->blocks += i == 3;
		ring->blocks = i == 4 ? 0 : ring->blocks;
		ring->blocks_offset = i == 5 ? UINT64_MAX - 7 : ring->blocks_offset;
		ring->blocks_offset = i == 6 ? 8 : ring->blocks_offset;
		at_ring_open();
		assert_false(at_listeners.ring);
		assert_false(ring->claimed);
		*ring = right;
	}
	/* Memory that can become smaller would be a trap. */
	assert_int_equal(ftruncate(plain, it.memory.size), 0);
	assert_int_equal(pwrite(plain, ring, sizeof(*ring), 0), sizeof(*ring));
	tell_of(plain);
	at_ring_open();
	assert_false(at_listeners.ring);
	close(plain);
	for (i = 0; i < 5; i++) {
		static const char *const words[] = { "", "-1", "x", "99999999999", "1000" };

		setenv(AT_RING_VARIABLE, words[i], 1);
		at_ring_open();
		assert_false(at_listeners.ring);
	}
}

static void open__waits_no_longer_than_the_reader_lives(void **state)
{
	pid_t child = fork();

	(void)state;
	if (!child)
		_exit(0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	it.memory.ring->go = 0;
	it.memory.ring->reader = child;
	at_ring_open();
	assert_false(at_listeners.ring);
}

/* The tracer has failed: what it started must not run. */
static void open__ends_where_it_is_told_to(void **state)
{
	int status;
	pid_t child = fork();

	(void)state;
	if (!child) {
		it.memory.ring->process = getpid();
		it.memory.ring->go = AT_RING_END;
		at_ring_open();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 127);
}

/* A reader that lives and is slow finds it at work. */
static void open__does_not_wait_for_ever(void **state)
{
	(void)state;
	it.memory.ring->go = 0;
	at_ring_open();
	assert_true(at_listeners.ring);
}

/* That it shall end with the reader is over, but not another wish to end with its parent. */
static void open__signal_of_its_own_is_left(void **state)
{
	int signal;

	(void)state;
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	at_ring_open();
	prctl(PR_GET_PDEATHSIG, &signal);
	prctl(PR_SET_PDEATHSIG, 0);
	assert_int_equal(signal, SIGTERM);
}

static void open__signal_of_the_reader_is_not(void **state)
{
	int signal;

	(void)state;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	at_ring_open();
	prctl(PR_GET_PDEATHSIG, &signal);
	prctl(PR_SET_PDEATHSIG, 0);
	assert_int_equal(signal, 0);
}

/* A process that nobody reaps yet, which has the lock of the ring as long as it lives. */
static pid_t start_reader(bool dies)
{
	struct flock lock = { .l_type = F_UNLCK, .l_whence = SEEK_SET };
	int ready[2];
	pid_t child;
	char byte;

	assert_int_equal(pipe(ready), 0);
	/* This process had it: the ring was made here. */
	assert_int_equal(fcntl(it.memory.fd, F_SETLK, &lock), 0);
	child = fork();
	if (!child) {
		lock.l_type = F_WRLCK;
		byte = fcntl(it.memory.fd, F_SETLK, &lock);
		if (write(ready[1], &byte, 1) != 1 || dies)
			_exit(0);
		for (;;)
			pause();
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_int_equal(byte, 0);
	close(ready[0]);
	close(ready[1]);
	if (dies)
		waitid(P_PID, child, &(siginfo_t){ 0 }, WEXITED | WNOWAIT);
	it.memory.ring->reader = child;
	return child;
}

static void end_reader(pid_t child)
{
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, NULL, 0), child);
}

static void open__waits_for_no_dead_reader(void **state)
{
	pid_t reader = start_reader(true);

	(void)state;
	it.memory.ring->go = 0;
	alarm(10);
	at_ring_open();
	alarm(0);
	assert_false(at_listeners.ring);
	end_reader(reader);
}

static void reader__is_there(void **state)
{
	pid_t reader = start_reader(false);
	int fd = at_ring.fd;

	(void)state;
	assert_false(at_ring_reader_is_gone());
	at_ring.fd = open("/dev/null", O_RDWR);
	/* Its number belongs to another file: then the process has to do. */
	assert_false(at_ring_reader_is_gone());
	close(at_ring.fd);
	assert_false(at_ring_reader_is_gone());
	at_ring.fd = fd;
	end_reader(reader);
	assert_true(at_ring_reader_is_gone());
}

/* What no thread has goes back, and what a thread had when it leaves it. */
static void reader__is_gone_and_so_is_the_memory(void **state)
{
	struct stat before, after;
	pid_t reader;

	(void)state;
	write_records(AT_BATCH_MAX + 1);
	fstat(it.memory.fd, &before);
	reader = start_reader(true);
	at_ring.alive_ns = 0;
	at_flush();
	assert_false(at_listeners.ring);
	assert_null(at_thread.batch);
	fstat(it.memory.fd, &after);
	assert_true((size_t)(before.st_blocks - after.st_blocks) * 512 >=
		    BLOCKS * (sizeof(struct at_block) - 2 * 4096));
	assert_int_equal(it.memory.ring->states[0], AT_BLOCK_CLOSED);
	write_records(AT_BATCH_MAX);
	assert_int_equal(it.memory.ring->dropped, 0);
	end_reader(reader);
}

static void record__is_seen_at_once(void **state)
{
	(void)state;
	write_records(1);
	read_ring();
	assert_int_equal(seen[0].count, 1);
	assert_int_equal(seen[0].thread, gettid());
	read_ring();
	assert_int_equal(seen[0].count, 1);
}

static void record__order_across_blocks(void **state)
{
	int i;

	(void)state;
	for (i = 1; i <= 40; i++) {
		write_records(37 * i % 700);
		read_ring();
	}
	assert_false(seen[0].disordered);
	assert_int_equal(it.memory.ring->dropped, 0);
	assert_int_equal(seen[0].count, at_thread.sequence);
	assert_int_equal(seen[0].last, at_thread.sequence);
}

static void full__is_counted(void **state)
{
	const struct at_ring *ring = it.memory.ring;
	uint32_t thread = gettid();

	(void)state;
	write_records(BLOCKS * AT_BATCH_MAX + 10);
	assert_int_equal(ring->dropped, 10);
	assert_int_equal(ring->tails[thread % AT_RING_TAILS],
			 AT_RING_TAIL(thread, BLOCKS * AT_BATCH_MAX + 10));
	assert_int_equal(read_ring(), BLOCKS);
	assert_int_equal(seen[0].count, BLOCKS * AT_BATCH_MAX);
	at_thread.retry_ns = 0;
	write_records(1);
	read_ring();
	assert_int_equal(seen[0].last, BLOCKS * AT_BATCH_MAX + 11);
	assert_int_equal(ring->dropped, 10);
	assert_false(seen[0].disordered);
}

/* A child may have the ring's memory, and write into it what it likes. */
static void count__is_not_relied_on(void **state)
{
	static const uint32_t counts[] = { AT_BATCH_MAX, 100000, UINT32_MAX - 1, UINT32_MAX };
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++) {
		write_records(1);
		at_thread.batch->count = counts[i];
		write_records(3);
		at_flush();
	}
	at_thread.batch->count = 100000;
	at_thread_ends(NULL);
	read_ring();
}

static void full__without_reader_is_left(void **state)
{
	pid_t child = fork();

	(void)state;
	if (!child)
		_exit(0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	write_records(BLOCKS * AT_BATCH_MAX);
	assert_true(at_listeners.ring);
	it.memory.ring->reader = child;
	at_ring.alive_ns = 0;
	write_records(1);
	assert_false(at_listeners.ring);
	assert_null(at_thread.state);
}

static void closed__is_left(void **state)
{
	(void)state;
	write_records(3);
	it.memory.ring->closed = 1;
	at_flush();
	assert_false(at_listeners.ring);
	assert_null(at_thread.batch);
	/* Who listens by the kernel's help is given memory of the thread's own. */
	at_listeners.batch = 1;
	write_records(2);
	assert_non_null(at_thread.batch);
	assert_null(at_thread.state);
	read_ring();
	assert_int_equal(seen[0].count, 3);
}

/* What the reader has no use for is no loss. */
static void closed__nothing_is_dropped(void **state)
{
	(void)state;
	write_records(AT_BATCH_MAX);
	it.memory.ring->closed = 1;
	write_records(1);
	assert_int_equal(it.memory.ring->dropped, 0);
	assert_false(at_listeners.ring);
}

static void closed__another_listener_loses_nothing(void **state)
{
	(void)state;
	at_listeners.batch = 1;
	write_records(3);
	at_flush();
	it.memory.ring->closed = 1;
	write_records(1);
	assert_non_null(at_thread.batch);
	assert_null(at_thread.state);
	at_flush();
	assert_int_equal(heard.last, 4);
	assert_int_equal(heard.holes, 0);
}

static void handed_over__to_another_listener_too(void **state)
{
	(void)state;
	at_listeners.batch = 1;
	write_records(2);
	at_flush();
	assert_null(at_thread.batch);
	write_records(1);
	read_ring();
	assert_int_equal(seen[0].last, 3);
	assert_int_equal(seen[0].count, 3);
	assert_false(seen[0].disordered);
}

static void fork__child_writes_nothing(void **state)
{
	int status;
	pid_t child;

	(void)state;
	write_records(1);
	child = fork();
	if (!child) {
		bool apart = !at_thread.batch && !at_listening();

		write_records(2);
		_exit(!apart);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(it.memory.ring->forked, 1);
	write_records(1);
	read_ring();
	assert_int_equal(seen[0].count, 2);
}

static void *write_some(void *count)
{
	write_records((intptr_t)count);
	return NULL;
}

static void run_thread(int records)
{
	pthread_t thread;

	pthread_create(&thread, NULL, write_some, (void *)(intptr_t)records);
	pthread_join(thread, NULL);
}

static void thread_end__gives_its_block_up(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 3 * BLOCKS; i++) {
		run_thread(1);
		assert_int_equal(read_ring(), 1);
		memset(seen, 0, sizeof(seen));
	}
	assert_int_equal(it.memory.ring->dropped, 0);
}

static pthread_barrier_t written, ended;

static void *write_and_sleep(void *unused)
{
	(void)unused;
	write_records(1);
	at_flush();
	pthread_barrier_wait(&written);
	pthread_barrier_wait(&ended);
	return NULL;
}

/* Threads that sleep leave room for others. */
static void threads__idle(void **state)
{
	pthread_t threads[3 * BLOCKS];
	size_t i;

	(void)state;
	pthread_barrier_init(&written, NULL, 2);
	pthread_barrier_init(&ended, NULL, 3 * BLOCKS + 1);
	for (i = 0; i < 3 * BLOCKS; i++) {
		memset(seen, 0, sizeof(seen));
		pthread_create(&threads[i], NULL, write_and_sleep, NULL);
		pthread_barrier_wait(&written);
		read_ring();
		assert_int_equal(seen[0].count, 1);
	}
	assert_int_equal(it.memory.ring->dropped, 0);
	memset(seen, 0, sizeof(seen));
	pthread_barrier_wait(&ended);
	for (i = 0; i < 3 * BLOCKS; i++)
		pthread_join(threads[i], NULL);
}

static void threads__each_in_its_order(void **state)
{
	pthread_t threads[THREADS];
	size_t i, count = 0;

	(void)state;
	for (i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, write_some, (void *)(intptr_t)MANY);
	for (i = 0; i < 1000; i++)
		read_ring();
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	read_ring();
	for (i = 0; i < THREADS; i++) {
		assert_false(seen[i].disordered);
		count += seen[i].count;
	}
	assert_int_equal(count + it.memory.ring->dropped, THREADS * MANY);
}

/* --- what is left out --- */

/* What came of records of coroutines, switches and others: written, and counted. */
static struct {
	uint64_t written[3], counted[3];
	uint32_t last; /* sequence */
	unsigned int detail;
	size_t sheds;
} told;

static int take_told(void *context, uint32_t thread, const struct at_event *events, size_t count)
{
	size_t i;

	(void)context;
	assert_int_equal(thread, gettid());
	for (i = 0; i < count; i++) {
		assert_int_equal(events[i].sequence, told.last + 1);
		told.last++;
		if (events[i].kind != AT_SHED) {
			told.written[at_left_out_from(events[i].kind) - 1]++;
			continue;
		}
		told.sheds++;
		told.detail = events[i].subject;
		told.counted[0] += events[i].a;
		told.counted[1] += events[i].b;
		told.counted[2] += events[i].c;
	}
	return 0;
}

static void read_told(bool end)
{
	size_t freed;

	assert_int_equal(ring_read(it.reader, end, take_told, NULL, &freed), 0);
}

static void want(unsigned int detail)
{
	it.memory.ring->detail = detail;
	at_flush();
}

/* One of each sort. */
static void write_sorts(int times)
{
	while (times--) {
		at_record(AT_COROUTINE_BEGIN, 0, 1, 2, 3, 4);
		at_record(AT_SWITCH, 0, 1, 2, 3, 4);
		at_record(AT_TASK_DONE, 0, 1, 2, 3, 4);
	}
}

static void detail__is_heard_and_the_rest_counted(void **state)
{
	unsigned int detail, i;

	(void)state;
	memset(&told, 0, sizeof(told));
	write_records(1);
	for (detail = 1; detail <= AT_DETAIL_COUNTS; detail++) {
		want(detail);
		assert_int_equal(at_detail(), detail);
		write_sorts(10);
	}
	/* That there is a change is told at once, the counts when the block is given up. */
	read_told(false);
	assert_int_equal(told.sheds, 3);
	assert_int_equal(told.detail, AT_DETAIL_COUNTS);
	assert_int_equal(told.counted[0], 0);
	at_thread_ends(NULL);
	read_told(false);
	for (i = 0; i < 3; i++) {
		assert_int_equal(told.counted[i], 10 * (3 - i));
		assert_int_equal(told.written[i], 10 * i + (i == 1));
	}
	assert_int_equal(told.last, at_thread.sequence);
}

/* A process that is killed has told no more than its memory does. */
static void detail__counts_are_read_at_the_end(void **state)
{
	(void)state;
	memset(&told, 0, sizeof(told));
	want(AT_DETAIL_ALL);
	write_records(AT_BATCH_MAX - 1);
	want(AT_DETAIL_COUNTS);
	write_sorts(7);
	read_told(false);
	/* In the block after the full one, which has no record. */
	assert_int_equal(at_thread.batch->count, 0);
	assert_int_equal(told.counted[1], 0);
	read_told(true);
	assert_int_equal(told.counted[1], 7);
	read_told(true);
	assert_int_equal(told.counted[0], 7);
	assert_int_equal(told.counted[2], 7);
}

/* Those of a thread that goes on are old one day. */
static void detail__old_counts_are_given(void **state)
{
	(void)state;
	memset(&told, 0, sizeof(told));
	write_records(1);
	want(AT_DETAIL_COUNTS);
	write_sorts(1);
	at_flush();
	read_told(false);
	assert_int_equal(told.counted[0], 0);
	at_thread.shed->time_ns -= AT_SHED_AGE_NS;
	at_flush();
	assert_null(at_thread.batch);
	write_sorts(1);
	read_told(false);
	assert_int_equal(told.counted[0], 1);
	at_thread.shed->time_ns -= AT_SHED_AGE_NS;
	write_sorts(AT_SHED_LOOK);
	read_told(false);
	assert_in_range(told.counted[0], AT_SHED_LOOK, AT_SHED_LOOK + 1);
}

static void detail__exact_whatever_comes(void **state)
{
	const struct at_ring *ring = it.memory.ring;
	uint64_t times = 0;
	int i, n;

	(void)state;
	memset(&told, 0, sizeof(told));
	for (i = 0; i < 3000; i++) {
		n = random_word() % 60;
		write_sorts(n);
		times += n;
		if (random_word() % 3 == 0)
			want(random_word() % 4);
		if (random_word() % 8 == 0 && at_thread.shed)
			at_thread.shed->time_ns -= AT_SHED_AGE_NS;
		at_flush();
		read_told(false);
	}
	read_told(true);
	assert_int_equal(ring->dropped, 0);
	for (i = 0; i < 3; i++) {
		assert_true(told.written[i] > 1000 && told.counted[i] > 1000);
		assert_int_equal(told.written[i] + told.counted[i], times);
	}
}

/* What was counted before somebody came who wants all, and what he wants no more. */
static void detail__another_listener_sees_no_hole(void **state)
{
	uint64_t times = 0;
	int i, n;

	(void)state;
	memset(&told, 0, sizeof(told));
	for (i = 0; i < 3000; i++) {
		at_listeners.batch = 1;
		at_listeners.sparing = random_word() % 4 != 0;
		n = random_word() % 200;
		write_sorts(n);
		times += n;
		if (random_word() % 3 == 0)
			want(random_word() % 4);
		if (random_word() % 8 == 0 && at_thread.shed)
			at_thread.shed->time_ns -= AT_SHED_AGE_NS;
		if (random_word() % 2)
			at_flush();
		read_told(false);
	}
	at_thread_ends(NULL);
	read_told(true);
	assert_int_equal(it.memory.ring->dropped, 0);
	assert_int_equal(heard.holes, 0);
	assert_true(heard.sheds > 100);
	assert_int_equal(heard.last, at_thread.sequence);
	assert_int_equal(heard.written + heard.counted, 3 * times);
}

/* Nothing but what is counted comes, for nobody reads the clock for a record. */
static void detail__finds_a_block_after_a_full_ring(void **state)
{
	uint64_t dropped, end_ns;
	uint32_t before;

	(void)state;
	write_records(BLOCKS * AT_BATCH_MAX + 1);
	it.memory.ring->detail = at_listeners.ring_detail = AT_DETAIL_COUNTS;
	write_records(2);
	assert_null(at_thread.batch);
	dropped = it.memory.ring->dropped;
	before = at_thread.sequence;
	read_ring();
	end_ns = clock_ns() + 2 * AT_RETRY_NS;
	while (clock_ns() < end_ns)
		;
	write_records(1000);
	assert_non_null(at_thread.shed);
	assert_int_equal(at_thread.shed->b, 1000);
	assert_int_equal(it.memory.ring->dropped, dropped);
	assert_int_equal(at_thread.sequence, before);
}

static void detail__is_the_most_that_anybody_wants(void **state)
{
	(void)state;
	write_records(1);
	want(AT_DETAIL_NO_SWITCHES);
	at_listeners.batch = 1;
	/* One who does not know of it wants all. */
	assert_int_equal(at_detail(), AT_DETAIL_ALL);
	at_listeners.batch = 0;
	at_listeners.direct = 1;
	assert_int_equal(at_detail(), AT_DETAIL_ALL);
	at_listeners.direct = 0;
	at_listeners.sparing = 1;
	assert_int_equal(at_detail(), AT_DETAIL_NO_SWITCHES);
	at_listeners.switches = 1;
	assert_int_equal(at_detail(), AT_DETAIL_NO_COROUTINES);
	at_listeners.coroutines = 1;
	assert_int_equal(at_detail(), AT_DETAIL_ALL);
	at_listeners.coroutines = at_listeners.switches = 0;
	want(AT_DETAIL_ALL);
	assert_int_equal(at_detail(), AT_DETAIL_ALL);
	/* Whatever the reader writes there. */
	write_records(1);
	want(UINT32_MAX);
	assert_int_equal(at_detail(), AT_DETAIL_COUNTS);
	/* Who has gone wants nothing. */
	it.memory.ring->closed = 1;
	write_records(1);
	at_record(AT_STATE, AT_END, 1, 0, 0, 0);
	at_flush();
	assert_int_equal(at_listeners.ring_detail, 0);
	at_listeners.others = 1;
	assert_int_equal(at_detail(), AT_DETAIL_NO_SWITCHES);
	at_listeners.others = at_listeners.sparing = 0;
}

/* --- the reader --- */

static int stop_it(void *context, uint32_t thread, const struct at_event *events, size_t count)
{
	(void)context;
	take(NULL, thread, events, count);
	return -EAGAIN;
}

static void read__goes_on_where_it_was_stopped(void **state)
{
	size_t freed;

	(void)state;
	write_records(2 * AT_BATCH_MAX + 1);
	assert_int_equal(ring_read(it.reader, false, stop_it, NULL, &freed), -EAGAIN);
	assert_int_equal(freed, 1);
	assert_int_equal(seen[0].count, AT_BATCH_MAX);
	read_ring();
	assert_int_equal(seen[0].count, 2 * AT_BATCH_MAX + 1);
	assert_false(seen[0].disordered);
}

/*
 * A thread that goes on while the blocks are looked at must not have its younger ones read first.
 */
static void read__not_what_was_taken_since_it_began(void **state)
{
	(void)state;
	write_records(1);
	__atomic_store_n(&it.memory.ring->serial, 0, __ATOMIC_RELEASE);
	read_ring();
	assert_int_equal(seen[0].count, 0);
	__atomic_store_n(&it.memory.ring->serial, 1, __ATOMIC_RELEASE);
	read_ring();
	assert_int_equal(seen[0].count, 1);
}

static void read__count_that_is_too_large(void **state)
{
	struct at_block *block = &at_ring.blocks[0];

	(void)state;
	write_records(1);
	block->batch.count = AT_BATCH_MAX + 1;
	read_ring();
	block->batch.count = UINT32_MAX;
	read_ring();
	assert_int_equal(seen[0].count, 0);
	*at_thread.state = AT_BLOCK_FULL;
	assert_int_equal(read_ring(), 1);
	assert_int_equal(seen[0].count, 0);
	assert_int_equal(*at_thread.state, AT_BLOCK_FREE);
}

/* Whatever is in the ring, a round ends, and gives no more than the ring holds. */
static void read__of_a_liar(void **state)
{
	static const uint32_t values[] = {
		0, 1, 2, 3, 4, AT_BATCH_MAX, AT_BATCH_MAX + 1, UINT32_MAX
	};
	uint32_t *words = (uint32_t *)it.memory.ring;
	size_t count = it.memory.size / sizeof(*words), freed, i, round;
	const size_t header = offsetof(struct at_ring, states) / sizeof(*words);

	(void)state;
	for (round = 0; round < 3000; round++) {
		for (i = 0; i < 300; i++)
			words[random_word() % count] = values[random_word() % 8];
		for (i = 0; i < BLOCKS; i++) {
			words[header + random_word() % BLOCKS] = random_word() % 5;
			at_ring.blocks[i].serial = random_word() % 4;
			at_ring.blocks[i].batch.count = random_word() % (AT_BATCH_MAX + 2);
		}
		it.memory.ring->serial = random_word() % 5;
		taken = 0;
		assert_int_equal(ring_read(it.reader, round % 2, take_any, NULL, &freed), 0);
		assert_in_range(taken, 0, BLOCKS * (AT_BATCH_MAX + 1));
		assert_in_range(freed, 0, BLOCKS);
	}
}

static size_t dropped_bytes;

static void count_drop(void *context, size_t offset, size_t size)
{
	(void)context;
	assert_true(offset + size <= it.memory.size);
	dropped_bytes += size;
}

static void close__takes_what_no_thread_has(void **state)
{
	(void)state;
	dropped_bytes = 0;
	write_records(AT_BATCH_MAX + 1);
	ring_close(it.reader, count_drop, NULL);
	/* The first is full. */
	assert_int_equal(dropped_bytes, (BLOCKS - 1) * sizeof(struct at_block));
	assert_int_equal(*at_thread.state, AT_BLOCK_TAKEN);
	write_records(AT_BATCH_MAX);
	assert_int_equal(it.memory.ring->dropped, 1);
	read_ring();
	assert_int_equal(seen[0].count, AT_BATCH_MAX);
}

static void make__is_sealed_and_there(void **state)
{
	struct stat file;

	(void)state;
	assert_int_equal(fstat(it.memory.fd, &file), 0);
	assert_true((size_t)file.st_blocks * 512 >= it.memory.size);
	assert_int_equal(ftruncate(it.memory.fd, 1), -1);
	ring_memory_give_back(&it.memory, it.reader, true);
	assert_int_equal(fstat(it.memory.fd, &file), 0);
	assert_int_equal(file.st_blocks, 0);
}

#define MADE(test)   cmocka_unit_test_setup_teardown(test, make, leave)
#define JOINED(test) cmocka_unit_test_setup_teardown(test, make_and_join, leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		MADE(open__claims_what_is_its_own),
		MADE(open__not_what_is_not),
		MADE(open__waits_no_longer_than_the_reader_lives),
		MADE(open__waits_for_no_dead_reader),
		MADE(open__ends_where_it_is_told_to),
		MADE(open__does_not_wait_for_ever),
		MADE(open__signal_of_its_own_is_left),
		MADE(open__signal_of_the_reader_is_not),
		JOINED(reader__is_there),
		JOINED(reader__is_gone_and_so_is_the_memory),
		JOINED(record__is_seen_at_once),
		JOINED(record__order_across_blocks),
		JOINED(full__is_counted),
		JOINED(count__is_not_relied_on),
		JOINED(full__without_reader_is_left),
		JOINED(closed__is_left),
		JOINED(closed__nothing_is_dropped),
		JOINED(closed__another_listener_loses_nothing),
		JOINED(handed_over__to_another_listener_too),
		JOINED(fork__child_writes_nothing),
		JOINED(thread_end__gives_its_block_up),
		JOINED(threads__idle),
		JOINED(threads__each_in_its_order),
		JOINED(detail__is_heard_and_the_rest_counted),
		JOINED(detail__counts_are_read_at_the_end),
		JOINED(detail__old_counts_are_given),
		JOINED(detail__exact_whatever_comes),
		JOINED(detail__another_listener_sees_no_hole),
		JOINED(detail__finds_a_block_after_a_full_ring),
		JOINED(detail__is_the_most_that_anybody_wants),
		JOINED(read__goes_on_where_it_was_stopped),
		JOINED(read__not_what_was_taken_since_it_began),
		JOINED(read__count_that_is_too_large),
		JOINED(read__of_a_liar),
		JOINED(close__takes_what_no_thread_has),
		MADE(make__is_sealed_and_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
