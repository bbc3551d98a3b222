/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Probes are found in `toy`, which lies beside this test, and in copies of it that were tampered
 * with.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tracer/sources/elf.h"
#include <asynctrace/event.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* A copy of toy in a file of memory, mapped: `bytes` are the file. */
struct copy {
	int fd;
	size_t size;
	unsigned char *bytes;
	Elf64_Ehdr *header;
	Elf64_Phdr *segments;
	Elf64_Shdr *sections, *notes, *base;
};

/* Copies are larger than the file by so much, for what is appended. */
#define SPARE 65536

/* Sites that say what is wanted. */
#define DETAILS 4

static Elf64_Shdr *find_section(const struct copy *copy, const char *wanted)
{
	const char *names =
		(char *)copy->bytes + copy->sections[copy->header->e_shstrndx].sh_offset;

	for (int i = 0; i < copy->header->e_shnum; i++)
		if (!strcmp(names + copy->sections[i].sh_name, wanted))
			return &copy->sections[i];
	return NULL;
}

static void read_toy(struct copy *copy)
{
	char path[4096];
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 8);
	struct stat toy;
	int fd;

	path[length] = '\0';
	strcpy(strrchr(path, '/'), "/toy");
	fd = open(path, O_RDONLY);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &toy), 0);
	copy->size = toy.st_size;
	copy->fd = memfd_create("toy", 0);
	assert_int_equal(ftruncate(copy->fd, copy->size + SPARE), 0);
	copy->bytes =
		mmap(NULL, copy->size + SPARE, PROT_READ | PROT_WRITE, MAP_SHARED, copy->fd, 0);
	assert_int_equal(read(fd, copy->bytes, copy->size), copy->size);
	close(fd);
}

static int setup(void **state)
{
	struct copy *copy = calloc(1, sizeof(*copy));

	read_toy(copy);
	copy->header = (void *)copy->bytes;
	copy->segments = (void *)(copy->bytes + copy->header->e_phoff);
	copy->sections = (void *)(copy->bytes + copy->header->e_shoff);
	copy->notes = find_section(copy, ".note.stapsdt");
	copy->base = find_section(copy, ".stapsdt.base");
	assert_non_null(copy->notes);
	assert_non_null(copy->base);
	*state = copy;
	return 0;
}

static int teardown(void **state)
{
	struct copy *copy = *state;

	munmap(copy->bytes, copy->size + SPARE);
	close(copy->fd);
	free(copy);
	return 0;
}

static Elf64_Nhdr *first_note(const struct copy *copy)
{
	return (void *)(copy->bytes + copy->notes->sh_offset);
}

/* What the first note describes: notes are aligned to four bytes. */
struct description {
	uint64_t site, base, semaphore;
	char provider[sizeof("asynctrace")];
	char name[];
} __attribute__((packed, aligned(4)));

static struct description *describe(const struct copy *copy)
{
	return (void *)(copy->bytes + copy->notes->sh_offset + sizeof(Elf64_Nhdr) + 8);
}

static void assert_fails(const struct copy *copy, int err)
{
	struct elf_probes probes = { .count = 12345 };

	assert_int_equal(elf_read_probes(&probes, copy->fd), err);
	assert_int_equal(probes.count, 12345);
	assert_false(elf_has_probes(copy->fd));
}

static void toy__has_one_of_each_kind(void **state)
{
	const struct copy *copy = *state;
	struct elf_probes probes;
	static const size_t offsets[64] = {
		[ELF_BATCH] = offsetof(struct at_listeners, batch),
		[ELF_SPARING] = offsetof(struct at_listeners, sparing),
		[ELF_COROUTINES] = offsetof(struct at_listeners, coroutines),
		[ELF_SWITCHES] = offsetof(struct at_listeners, switches),
		[ELF_OTHERS] = offsetof(struct at_listeners, others),
	};
	const size_t direct = offsetof(struct at_listeners, direct);
	bool seen[64] = { 0 };

	assert_int_equal(elf_read_probes(&probes, copy->fd), 0);
	assert_true(elf_has_probes(copy->fd));
	assert_int_equal(probes.count, AT_KINDS_END + DETAILS);
	for (size_t i = 0; i < probes.count; i++) {
		const struct elf_probe *probe = &probes.probes[i];
		const struct at_listeners *listeners;

		assert_false(seen[probe->kind]);
		seen[probe->kind] = true;
		assert_true(probe->offset < copy->size);
		assert_int_equal(probe->semaphore % 2, 0);
		/* All share one struct at_listeners: its `wakeup` is -1. */
		listeners = (const void *)(copy->bytes + probe->semaphore -
					   (offsets[probe->kind] || probe->kind == ELF_BATCH
						    ? offsets[probe->kind]
						    : direct));
		assert_int_equal(listeners->wakeup, -1);
	}
}

static void other_files__are_refused(void **state)
{
	struct copy *copy = *state;
	struct elf_probes probes;
	int directory = open("/", O_RDONLY);

	assert_int_equal(elf_read_probes(&probes, directory), -ENOEXEC);
	close(directory);
	assert_int_equal(elf_read_probes(&probes, -1), -ENOEXEC);
	copy->header->e_machine = EM_S390;
	assert_fails(copy, -ENOEXEC);
	memset(copy->bytes, 0, 64);
	assert_fails(copy, -ENOEXEC);
}

static void stripped__has_none(void **state)
{
	struct copy *copy = *state;
	struct elf_probes probes;

	copy->header->e_shoff = 0;
	copy->header->e_shnum = 0;
	copy->header->e_shstrndx = 0;
	assert_int_equal(elf_read_probes(&probes, copy->fd), 0);
	assert_int_equal(probes.count, 0);
	assert_false(elf_has_probes(copy->fd));
}

static void other_provider__is_not_ours(void **state)
{
	struct copy *copy = *state;
	struct elf_probes probes;

	describe(copy)->provider[0] = 'A';
	assert_int_equal(elf_read_probes(&probes, copy->fd), 0);
	assert_int_equal(probes.count, AT_KINDS_END + DETAILS - 1);
}

static void unknown_name__is_left_out(void **state)
{
	struct copy *copy = *state;
	struct elf_probes probes;

	describe(copy)->name[0] = 'X';
	assert_int_equal(elf_read_probes(&probes, copy->fd), 0);
	assert_int_equal(probes.count, AT_KINDS_END + DETAILS - 1);
}

static void site__must_be_the_nop(void **state)
{
	struct copy *copy = *state;
	struct elf_probes probes;

	assert_int_equal(elf_read_probes(&probes, copy->fd), 0);
	copy->bytes[probes.probes[3].offset] = 0xcc;
	assert_fails(copy, -ENOTSUP);
}

static void addresses__must_be_in_their_segments(void **state)
{
	struct copy *copy = *state;
	struct description *note = describe(copy);
	uint64_t site = note->site, semaphore = note->semaphore;

	/* Not in writable memory, not in executable one, nowhere. */
	note->semaphore = site;
	assert_fails(copy, -EBADMSG);
	note->semaphore = semaphore + 1;
	assert_fails(copy, -EBADMSG);
	note->semaphore = UINT64_MAX;
	assert_fails(copy, -EBADMSG);
	note->semaphore = 0;
	assert_fails(copy, -EBADMSG);
	note->semaphore = semaphore;
	note->site = semaphore;
	assert_fails(copy, -EBADMSG);
	note->site = UINT64_MAX;
	assert_fails(copy, -EBADMSG);
	note->site = site;
	assert_true(elf_has_probes(copy->fd));
}

/* What another process has found may be anything. */
static void answer__is_checked(void **state)
{
	const struct copy *copy = *state;
	struct elf_probes probes;
	struct elf_probe *probe = &probes.probes[3], right;

	assert_int_equal(elf_read_probes(&probes, copy->fd), 0);
	assert_int_equal(elf_check_probes(&probes, copy->fd), 0);
	right = *probe;
	probe->offset++;
	assert_int_equal(elf_check_probes(&probes, copy->fd), -ENOTSUP);
	probe->offset = copy->size + SPARE;
	assert_int_equal(elf_check_probes(&probes, copy->fd), -ENOTSUP);
	*probe = right;
	probe->semaphore++;
	assert_int_equal(elf_check_probes(&probes, copy->fd), -EBADMSG);
	*probe = right;
	probe->kind = AT_KINDS_END;
	assert_int_equal(elf_check_probes(&probes, copy->fd), -EBADMSG);
	*probe = right;
	probes.count = ELF_PROBES_MAX + 1;
	assert_int_equal(elf_check_probes(&probes, copy->fd), -EBADMSG);
}

static void note__must_be_whole(void **state)
{
	struct copy *copy = *state;
	Elf64_Nhdr *note = first_note(copy);
	uint32_t size = note->n_descsz;

	note->n_descsz = 23;
	assert_fails(copy, -EBADMSG);
	note->n_descsz = 24 + sizeof("asynctrace") - 1;
	assert_fails(copy, -EBADMSG);
	note->n_descsz = 24 + sizeof("asynctrace") + 2;
	assert_fails(copy, -EBADMSG);
	note->n_descsz = size;
	assert_true(elf_has_probes(copy->fd));
	copy->notes->sh_offset = copy->size + SPARE;
	assert_fails(copy, -EBADMSG);
}

static void prelinked__is_moved_back(void **state)
{
	struct copy *copy = *state;
	struct elf_probes before, after;

	assert_int_equal(elf_read_probes(&before, copy->fd), 0);
	for (int i = 0; i < copy->header->e_phnum; i++)
		copy->segments[i].p_vaddr += 0x10000;
	copy->base->sh_addr += 0x10000;
	assert_int_equal(elf_read_probes(&after, copy->fd), 0);
	assert_int_equal(after.count, before.count);
	for (size_t i = 0; i < after.count; i++) {
		assert_int_equal(after.probes[i].offset, before.probes[i].offset);
		assert_int_equal(after.probes[i].semaphore, before.probes[i].semaphore);
		assert_int_equal(after.probes[i].address, before.probes[i].address + 0x10000);
	}
}

static void too_many_sites__are_refused(void **state)
{
	struct copy *copy = *state;
	size_t size = copy->notes->sh_size, copies = ELF_PROBES_MAX / AT_KINDS_END + 1;

	for (size_t i = 0; i < copies; i++)
		memcpy(copy->bytes + copy->size + i * size, copy->bytes + copy->notes->sh_offset,
		       size);
	copy->notes->sh_offset = copy->size;
	copy->notes->sh_size = size * copies;
	assert_true(size * copies < SPARE);
	assert_fails(copy, -E2BIG);
}

/* Whatever is found lies within the file. */
static void damaged_file__is_survived(void **state)
{
	struct copy *copy = *state;
	size_t note_at = copy->notes->sh_offset, notes = copy->notes->sh_size;
	size_t table_at = copy->header->e_shoff, table = copy->header->e_shnum * sizeof(Elf64_Shdr);
	struct elf_probes probes;
	uint32_t seed = 1;

	for (int i = 0; i < 3000; i++) {
		uint32_t random = (seed = seed * 1103515245 + 12345) >> 8;
		size_t at = i % 3 == 0	 ? random % 1024
			    : i % 3 == 1 ? note_at + random % notes
					 : table_at + random % table;
		unsigned char old = copy->bytes[at];

		copy->bytes[at] = seed >> 24;
		if (!elf_read_probes(&probes, copy->fd))
			for (size_t j = 0; j < probes.count; j++)
				assert_true(probes.probes[j].offset < copy->size + SPARE);
		copy->bytes[at] = old;
	}
	assert_true(elf_has_probes(copy->fd));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(toy__has_one_of_each_kind),
		TEST(other_files__are_refused),
		TEST(stripped__has_none),
		TEST(other_provider__is_not_ours),
		TEST(unknown_name__is_left_out),
		TEST(site__must_be_the_nop),
		TEST(addresses__must_be_in_their_segments),
		TEST(answer__is_checked),
		TEST(note__must_be_whole),
		TEST(prelinked__is_moved_back),
		TEST(too_many_sites__are_refused),
		TEST(damaged_file__is_survived),
	};

	return cmocka_run_group_tests_name("elf", tests, NULL, NULL);
}
