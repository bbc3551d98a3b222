/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which libraries a process has loaded since: it is this test, which maps executable what it wants
 * to have loaded.
 */
#include "scene.h"
#include <elf.h>
#include <tracer/newcomers.h>

#define SECOND 1000000000ULL

struct fixture {
	struct target *target;
	struct newcomers *newcomers;
	uint64_t now_ns;
	void *mapped[4];
	size_t count;
	char *path; /* of a file to be removed, or null */
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	const char *why;

	*state = fixture;
	fixture->now_ns = 7 * SECOND;
	if (target_open(&fixture->target, getpid(), elf_has_probes, &why))
		return -1;
	fixture->newcomers = newcomers_new(fixture->target, elf_has_probes_apart);
	return fixture->newcomers ? 0 : -1;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	newcomers_free(fixture->newcomers);
	target_free(fixture->target);
	while (fixture->count--)
		munmap(fixture->mapped[fixture->count], 4096);
	if (fixture->path)
		unlink(fixture->path);
	free(fixture->path);
	free(fixture);
	return 0;
}

/* As dlopen() would. */
static void load(struct fixture *fixture, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	Elf64_Ehdr header;
	Elf64_Phdr segment = { 0 };
	void *at;

	assert_int_equal(pread(fd, &header, sizeof(header), 0), sizeof(header));
	for (int i = 0; i < header.e_phnum && !(segment.p_flags & PF_X); i++)
		assert_int_equal(pread(fd, &segment, sizeof(segment),
				       header.e_phoff + i * sizeof(segment)),
				 sizeof(segment));
	at = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, segment.p_offset & -4096);
	assert_ptr_not_equal(at, MAP_FAILED);
	fixture->mapped[fixture->count++] = at;
	close(fd);
}

static const char *look(struct fixture *fixture)
{
	fixture->now_ns += SECOND;
	return newcomers_look(fixture->newcomers, fixture->now_ns);
}

static void assert_told(const char *path, const char *name)
{
	assert_non_null(path);
	assert_non_null(strstr(path, name));
}

static void nobody__is_told_of(void **state)
{
	struct fixture *fixture = *state;

	for (int i = 0; i < 3; i++)
		assert_null(look(fixture));
	assert_null(newcomers_look(NULL, 0));
}

static void library_with_probes__is_told_once(void **state)
{
	struct fixture *fixture = *state;

	assert_null(look(fixture));
	load(fixture, "build/libasync.so");
	assert_told(look(fixture), "/libasync.so");
	assert_null(look(fixture));
	/* Nor when it goes and comes again. */
	munmap(fixture->mapped[--fixture->count], 4096);
	assert_null(look(fixture));
	load(fixture, "build/libasync.so");
	assert_null(look(fixture));
}

static void library_without_probes__is_not(void **state)
{
	struct fixture *fixture = *state;

	assert_null(look(fixture));
	load(fixture, "/bin/true");
	assert_null(look(fixture));
}

static void several__are_told_one_by_one(void **state)
{
	struct fixture *fixture = *state;
	const char *path;
	int async = 0;

	assert_null(look(fixture));
	load(fixture, "build/libasync.so");
	load(fixture, "build/tests/toy");
	for (int i = 0; i < 2; i++) {
		path = look(fixture);
		assert_non_null(path);
		async += strstr(path, "/libasync.so") != NULL;
	}
	assert_int_equal(async, 1);
	assert_null(look(fixture));
}

/* More often would cost more than it tells. */
static void look__is_taken_once_a_second(void **state)
{
	struct fixture *fixture = *state;

	assert_null(look(fixture));
	assert_null(look(fixture));
	load(fixture, "build/libasync.so");
	assert_null(newcomers_look(fixture->newcomers, fixture->now_ns + SECOND - 1));
	assert_told(newcomers_look(fixture->newcomers, fixture->now_ns + SECOND), "/libasync.so");
}

/* A file of so many sections that a table of them takes hundreds of megabytes. */
static void map_monster(struct fixture *fixture)
{
	const uint64_t sections = 2000000;
	const Elf64_Shdr first = { .sh_size = sections };
	char path[] = "/tmp/test_newcomers.XXXXXX";
	int fd = mkostemp(path, O_CLOEXEC), toy = open("build/tests/toy", O_RDONLY | O_CLOEXEC);
	Elf64_Ehdr header;

	assert_int_equal(pread(toy, &header, sizeof(header), 0), sizeof(header));
	close(toy);
	header.e_shoff = 4096;
	header.e_shnum = 0;
	header.e_shstrndx = 1;
	assert_int_equal(pwrite(fd, &header, sizeof(header), 0), sizeof(header));
	assert_int_equal(pwrite(fd, &first, sizeof(first), 4096), sizeof(first));
	assert_int_equal(ftruncate(fd, 4096 + sections * sizeof(first)), 0);
	fixture->mapped[fixture->count++] =
		mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	close(fd);
	/* It needs its name until it was looked at. */
	fixture->path = strdup(path);
}

static long most_memory_kb(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss;
}

static void huge_library__takes_no_memory_of_ours(void **state)
{
	struct fixture *fixture = *state;
	long before_kb;

	assert_null(look(fixture));
	map_monster(fixture);
	before_kb = most_memory_kb();
	assert_null(look(fixture));
	assert_in_range(most_memory_kb() - before_kb, 0, 50000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nobody__is_told_of),
		TEST(library_with_probes__is_told_once),
		TEST(library_without_probes__is_not),
		TEST(several__are_told_one_by_one),
		TEST(look__is_taken_once_a_second),
		TEST(huge_library__takes_no_memory_of_ours),
	};

	return cmocka_run_group_tests_name("newcomers", tests, NULL, NULL);
}
