/* SPDX-License-Identifier: BSD-2-Clause */
/* The stream of a ring, from its first record to what becomes of the memory. */
#include <base/clock.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <tracer/sources/order.h>
#include <tracer/sources/ring.h>
#include <tracer/sources/ring_memory.h>
#include <tracer/sources/ring_read.h>
#include <unistd.h>

#include <cmocka.h>

enum { BLOCKS = 8, THREAD = 7, BUFFER = 1234 };

/* As many blocks as hold more than a round of reading gives. */
enum { MANY = ORDER_HELD_MAX / AT_BATCH_MAX + 8 };

static struct {
	struct source *source;
	int fd, pidfd, proc;
	size_t size, count;
	struct at_ring *ring; /* as the process sees it, which is this one */
	struct at_block *blocks;
	struct at_event events[16], *last; /* that were read */
	size_t read;
} it;

static int open_ring(size_t blocks)
{
	struct ring_options options = { .pid = getpid(), .buffer = BUFFER };
	struct ring_memory memory = { .fd = -1 };
	const char *why;

	memset(&it, 0, sizeof(it));
	if (ring_memory_make(&memory, blocks * sizeof(struct at_block), &why))
		return -1;
	it.fd = dup(memory.fd);
	it.size = memory.size;
	it.count = blocks;
	it.ring = mmap(NULL, it.size, PROT_READ | PROT_WRITE, MAP_SHARED, it.fd, 0);
	it.blocks = (void *)((char *)it.ring + it.ring->blocks_offset);
	it.pidfd = options.pidfd = syscall(SYS_pidfd_open, getpid(), 0);
	it.proc = options.proc = open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return ring_source_open(&it.source, &memory, &options);
}

static int setup(void **state)
{
	(void)state;
	return open_ring(BLOCKS);
}

static int setup_large(void **state)
{
	(void)state;
	return open_ring(MANY);
}

static int teardown(void **state)
{
	(void)state;
	if (it.source)
		it.source->free(it.source);
	munmap(it.ring, it.size);
	close(it.fd);
	close(it.pidfd);
	close(it.proc);
	return 0;
}

/* Appends a record to the block, which the thread has. */
static void append(size_t block, uint64_t time_ns, uint32_t sequence)
{
	struct at_batch *batch = &it.blocks[block].batch;

	it.blocks[block].serial = block + 1;
	it.ring->serial = BLOCKS;
	it.ring->states[block] = AT_BLOCK_TAKEN;
	batch->thread = THREAD;
	batch->events[batch->count++] = (struct at_event){
		.kind = AT_SWITCH, .time_ns = time_ns, .sequence = sequence, .thread = THREAD
	};
}

/* Reads on. False at the end. */
static bool read_some(void)
{
	const struct at_event *events;
	size_t count, i;
	int ret = it.source->read(it.source, &events, &count, 0);

	assert_in_range(ret, 0, 1);
	for (i = 0; ret && i < count; i++) {
		it.last = &it.events[it.read < 15 ? it.read : 15];
		*it.last = events[i];
		it.read++;
	}
	return ret;
}

static void read_to_the_end(void)
{
	while (read_some())
		;
	assert_int_equal(it.last->kind, AT_DETACH);
}

static size_t memory_left(void)
{
	struct stat file;

	assert_int_equal(fstat(it.fd, &file), 0);
	return file.st_blocks * 512;
}

static void stream__from_attach_to_detach(void **state)
{
	(void)state;
	read_some();
	assert_int_equal(it.read, 1);
	assert_int_equal(it.last->kind, AT_ATTACH);
	assert_int_equal(it.last->a, BUFFER);
	append(0, clock_ns(), 1);
	append(0, clock_ns(), 2);
	it.ring->dropped = 3;
	it.ring->forked = 4;
	it.ring->tails[THREAD] = AT_RING_TAIL(THREAD, 5);
	assert_int_equal(it.source->stop(it.source), 0);
	assert_int_equal(it.ring->closed, 1);
	read_to_the_end();
	assert_int_equal(it.read, 5);
	assert_int_equal(it.events[1].sequence, 1);
	assert_int_equal(it.events[2].sequence, 2);
	assert_int_equal(it.events[3].kind, AT_LOST);
	assert_int_equal(it.events[3].sequence, 5);
	assert_int_equal(it.last->a, 3);
	assert_int_equal(it.last->b, 4);
}

static void stop__counts_go_up_to_it(void **state)
{
	struct at_event *shed = &it.blocks[0].shed;

	(void)state;
	*shed = (struct at_event){
		.kind = AT_SHED, .time_ns = clock_ns(), .sequence = 1, .thread = THREAD, .a = 9
	};
	append(0, clock_ns(), 1);
	it.source->stop(it.source);
	append(0, clock_ns() + 1000000000, 2);
	read_to_the_end();
	assert_int_equal(it.read, 4);
	assert_int_equal(it.events[2].kind, AT_SHED);
	assert_int_equal(it.events[2].sequence, 2);
	assert_int_equal(it.events[2].a, 9);
}

static void fill_what_is_free(void)
{
	size_t i;

	for (i = 0; i < it.count; i++) {
		if (it.ring->states[i] != AT_BLOCK_FREE)
			continue;
		it.blocks[i].serial = ++it.ring->serial;
		it.blocks[i].batch.count = AT_BATCH_MAX;
		it.ring->states[i] = AT_BLOCK_FULL;
	}
}

/* Who does not care that nobody reads any more is left alone. */
static void stop__ends_with_a_liar(void **state)
{
	int rounds = 0;

	(void)state;
	fill_what_is_free();
	it.source->stop(it.source);
	while (read_some()) {
		fill_what_is_free();
		assert_in_range(++rounds, 1, 10);
	}
	assert_int_equal(it.last->kind, AT_DETACH);
	assert_true(it.read >= MANY * AT_BATCH_MAX);
}

static void end__gives_the_memory_back(void **state)
{
	size_t before = memory_left();

	(void)state;
	append(0, clock_ns(), 1);
	it.source->stop(it.source);
	read_to_the_end();
	assert_true(before - memory_left() >= (BLOCKS - 2) * sizeof(struct at_block));
	assert_int_equal(it.ring->states[0], AT_BLOCK_TAKEN);
	assert_int_equal(it.ring->states[1], AT_BLOCK_CLOSED);
}

/* Who has no use for the rest frees the source without having read it. */
static void free__gives_the_memory_back(void **state)
{
	size_t before = memory_left();

	(void)state;
	append(0, clock_ns(), 1);
	append(1, clock_ns(), 2);
	it.ring->states[1] = AT_BLOCK_FULL;
	it.source->free(it.source);
	it.source = NULL;
	assert_int_equal(it.ring->closed, 1);
	assert_true(before - memory_left() >= (BLOCKS - 2) * sizeof(struct at_block));
	assert_int_equal(it.ring->states[0], AT_BLOCK_TAKEN);
	assert_int_equal(it.ring->states[1], AT_BLOCK_CLOSED);
}

static void spare__is_written_down(void **state)
{
	(void)state;
	assert_int_equal(it.source->spare(it.source, AT_DETAIL_NO_SWITCHES), 0);
	assert_int_equal(it.ring->detail, AT_DETAIL_NO_SWITCHES);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(stream__from_attach_to_detach),
		TEST(stop__counts_go_up_to_it),
		cmocka_unit_test_setup_teardown(stop__ends_with_a_liar, setup_large, teardown),
		TEST(end__gives_the_memory_back),
		TEST(free__gives_the_memory_back),
		TEST(spare__is_written_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
