/* SPDX-License-Identifier: BSD-2-Clause */
/* Names for addresses of this program, as records put into a stream. */
#include "events.h"
#include <fcntl.h>
#include <link.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <tracer/names.h>
#include <tracer/target.h>
#include <unistd.h>

#include <cmocka.h>

#define PROCESS 42

static const struct model_listener nobody;

/* This program as a target, its names, and a model that has them. */
struct self {
	struct target target;
	struct names *names;
	struct model *model;
	struct stream stream;
};

static int take_bias(struct dl_phdr_info *info, size_t size, void *ret)
{
	(void)size;
	*(uint64_t *)ret = info->dlpi_addr;
	return 1; /* the first is the program itself */
}

static int setup(void **state)
{
	const struct at_event attach = { .kind = AT_ATTACH };
	struct self *self = calloc(1, sizeof(*self));
	size_t count;

	self->target.program.fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	self->target.program.path = (char *)"self";
	dl_iterate_phdr(take_bias, &self->target.program.bias);
	self->names = names_new(&self->target, NULL);
	self->model = model_new(&nobody, NULL);
	/* What is traced is told first. */
	names_of(self->names, &attach, 1, &count);
	*state = self;
	return !self->names || !self->model;
}

static int teardown(void **state)
{
	struct self *self = *state;

	names_free(self->names);
	model_free(self->model);
	stream_free(&self->stream);
	close(self->target.program.fd);
	free(self);
	names_free(NULL);
	return 0;
}

/* Feeds the stream with its names before it. Returns how many records those are. */
static size_t feed_named(struct self *self)
{
	const struct at_event *named;
	size_t count;

	named = names_of(self->names, self->stream.events, self->stream.count, &count);
	assert_int_equal(model_feed(self->model, named, count), 0);
	feed(self->model, &self->stream);
	return count;
}

static __attribute__((noinline)) uint64_t return_address(void)
{
	__asm__ volatile(""); /* no call of it can stand for another */
	return (uintptr_t)__builtin_return_address(0);
}

static void assert_place(const struct self *self, uint64_t address, const char *function, int line)
{
	const struct model_place *place = model_find_place(self->model, PROCESS, address);

	assert_non_null(place);
	assert_string_equal(place->function, function);
	assert_string_equal(place->file, "tests/test_names.c");
	assert_int_equal(place->line, line);
}

/* Whatever has a code address has its place from then on. */
static void place__of_each_kind_of_record(void **state)
{
	struct self *self = *state;
	uint64_t places[3];
	int line;

	line = __LINE__ + 1;
	places[0] = return_address();
	places[1] = return_address();
	places[2] = return_address();

	loop_start(&self->stream);
	push(&self->stream, AT_TASK_CREATE, 0, TASK(1), 0x10, 0, places[0]);
	push(&self->stream, AT_TASK_CANCEL, 0, TASK(1), 0, places[1], 0);
	push(&self->stream, AT_WARNING, 0, TASK(1), 0x10, places[2], 0);
	assert_true(feed_named(self) > 0);
	assert_place(self, places[0], __func__, line);
	assert_place(self, places[1], __func__, line + 1);
	assert_place(self, places[2], __func__, line + 2);
}

/* Each is told once for each process, for a file is read once. */
static void place__is_told_once(void **state)
{
	struct self *self = *state;
	uint64_t place = return_address();
	size_t count;

	loop_start(&self->stream);
	push(&self->stream, AT_TASK_CREATE, 0, TASK(1), 0x10, 0, place);
	push(&self->stream, AT_TASK_CREATE, 0, TASK(2), 0x10, 0, place);
	count = feed_named(self);
	push(&self->stream, AT_TASK_CREATE, 0, TASK(3), 0x10, 0, place);
	assert_int_equal(feed_named(self), 0);
	push(&self->stream, AT_TASK_CREATE, 0, TASK(4), 0x10, 0, place)->process = PROCESS + 1;
	assert_int_equal(feed_named(self), count);
	assert_non_null(model_find_place(self->model, PROCESS + 1, place));
}

/* Nothing is told of an address that belongs to no file, nor of none. */
static void place__that_is_nowhere(void **state)
{
	struct self *self = *state;

	loop_start(&self->stream);
	push(&self->stream, AT_TASK_CREATE, 0, TASK(1), 0x10, 0, 0);
	push(&self->stream, AT_TASK_CREATE, 0, TASK(2), 0x10, 0, 16);
	push(&self->stream, AT_TASK_CANCEL, 0, TASK(2), 0x10, UINT64_MAX, 0);
	assert_int_equal(feed_named(self), 0);
	assert_null(model_find_place(self->model, PROCESS, 16));
}

/* A callback is a function, not a place. */
static void callback__is_named(void **state)
{
	struct self *self = *state;
	uint64_t address = (uintptr_t)return_address;
	const struct model_function *function;

	loop_start(&self->stream);
	change(&self->stream, CALLBACK(address), LOOP(1), AT_ITERATION, 0);
	assert_true(feed_named(self) > 0);
	function = model_find_function(self->model, PROCESS, address);
	assert_string_equal(function->name, "return_address");
	assert_string_equal(function->file, "tests/test_names.c");
	assert_null(model_find_place(self->model, PROCESS, address));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(place__of_each_kind_of_record, setup, teardown),
		cmocka_unit_test_setup_teardown(place__is_told_once, setup, teardown),
		cmocka_unit_test_setup_teardown(place__that_is_nowhere, setup, teardown),
		cmocka_unit_test_setup_teardown(callback__is_named, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
