/* SPDX-License-Identifier: BSD-2-Clause */
/* Queues: what comes out, and who waits for it. The cases are those of test_queues.py. */
#include "iterations.h"

static struct async_queue *queue;

static int setup(void **state)
{
	queue = async_queue_new(0);
	return queue ? setup_loop(state) : -1;
}

static int teardown(void **state)
{
	int ret = teardown_loop(state);

	async_queue_free(queue);
	return ret;
}

static void use(struct async_queue *other)
{
	async_queue_free(queue);
	queue = other;
}

/* The items are names. */
ASYNC(puts_one, char *, item)
{
	return note("put", async_queue_put(queue, item));
}

ASYNC(gets, const char *, name)
{
	void *item = "nothing";
	int64_t err = async_queue_get(queue, &item);

	note(name, err);
	if (!err)
		note(item, 0);
	return err;
}

static const char *get_now(void)
{
	void *item = NULL;

	return async_queue_get_nowait(queue, &item) ? "-" : item;
}

static void put_now(const char *items)
{
	static char kept[128][2];
	static size_t count;

	for (; *items; items++) {
		char *item = kept[count++ % 128];

		item[0] = *items;
		assert_int_equal(async_queue_put_nowait(queue, item), 0);
	}
}

/* Takes all that is there and compares it. */
static void assert_items(const char *expected)
{
	char items[128] = "";

	while (!async_queue_empty(queue))
		strcat(items, get_now());
	assert_string_equal(items, expected);
}

static int by_letter(const void *a, const void *b)
{
	return *(const char *)a - *(const char *)b;
}

/* Upper and lower case are the same. */
static int by_letter_of_any_case(const void *a, const void *b)
{
	return (*(const char *)a | 32) - (*(const char *)b | 32);
}

/*
 * --- What comes out
 * --------------------------------------------------------------------------------
 */

static void queue__is_first_in_first_out(void **state)
{
	(void)state;
	put_now("badc");
	assert_items("badc");
}

/* Two in, one or two out: it grows while its beginning is anywhere. */
static void queue__around_the_ring(void **state)
{
	static int numbers[400];
	int in = 0, out = 0;
	void *item;

	(void)state;
	while (in < 400) {
		async_queue_put_nowait(queue, &numbers[in++]);
		async_queue_put_nowait(queue, &numbers[in++]);
		assert_int_equal(async_queue_get_nowait(queue, &item), 0);
		assert_ptr_equal(item, &numbers[out++]);
		if (in % 8)
			continue;
		assert_int_equal(async_queue_get_nowait(queue, &item), 0);
		assert_ptr_equal(item, &numbers[out++]);
	}
	assert_int_equal(async_queue_size(queue), in - out);
	while (!async_queue_get_nowait(queue, &item))
		assert_ptr_equal(item, &numbers[out++]);
	assert_int_equal(out, in);
}

static void queue__lifo_is_last_in_first_out(void **state)
{
	(void)state;
	use(async_lifo_queue_new(0));
	put_now("badc");
	assert_string_equal(get_now(), "c");
	put_now("ef");
	assert_items("fedab");
}

static void queue__by_priority_is_least_first(void **state)
{
	(void)state;
	use(async_priority_queue_new(0, by_letter));
	put_now("qwertyuiop");
	assert_string_equal(get_now(), "e");
	put_now("bz");
	assert_items("biopqrtuwyz");
}

static void queue__by_priority_keeps_the_order_of_equals(void **state)
{
	(void)state;
	use(async_priority_queue_new(0, by_letter_of_any_case));
	put_now("bBaAbbcCAaBBcbaA");
	assert_items("aAAaaAbBbbBBbcCc");
}

static int by_number(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static void queue__by_priority_of_many(void **state)
{
	static int numbers[1000];
	unsigned int seed = 1;
	void *item, *last = NULL;
	int i;

	(void)state;
	use(async_priority_queue_new(0, by_number));
	for (i = 0; i < 1000; i++) {
		numbers[i] = rand_r(&seed) % 100;
		assert_int_equal(async_queue_put_nowait(queue, &numbers[i]), 0);
	}
	for (i = 0; i < 1000; i++, last = item) {
		assert_int_equal(async_queue_get_nowait(queue, &item), 0);
		if (!last)
			continue;
		assert_true(by_number(last, item) <= 0);
		/* Of two equal ones, that with the lower address came first. */
		assert_true(by_number(last, item) || (int *)last < (int *)item);
	}
	assert_true(async_queue_empty(queue));
}

static void queue__may_keep_null(void **state)
{
	void *item = &queue;

	(void)state;
	assert_int_equal(async_queue_put_nowait(queue, NULL), 0);
	assert_int_equal(async_queue_size(queue), 1);
	assert_int_equal(async_queue_get_nowait(queue, &item), 0);
	assert_null(item);
}

/*
 * --- Sizes
 * -----------------------------------------------------------------------------------------
 */

static void size__of_a_bounded_queue(void **state)
{
	char item[] = "x";

	(void)state;
	use(async_queue_new(2));
	assert_int_equal(async_queue_maxsize(queue), 2);
	assert_true(async_queue_empty(queue));
	assert_false(async_queue_full(queue));
	put_now("a");
	assert_false(async_queue_empty(queue));
	assert_false(async_queue_full(queue));
	put_now("b");
	assert_true(async_queue_full(queue));
	assert_int_equal(async_queue_put_nowait(queue, item), -EAGAIN);
	assert_int_equal(async_queue_size(queue), 2);
	assert_items("ab");
}

static void size__of_an_unbounded_queue(void **state)
{
	int i;

	(void)state;
	assert_int_equal(async_queue_maxsize(queue), 0);
	for (i = 0; i < 100; i++)
		put_now("a");
	assert_false(async_queue_full(queue));
	assert_int_equal(async_queue_size(queue), 100);
}

static void get_nowait__of_an_empty_queue(void **state)
{
	void *item = &queue;

	(void)state;
	assert_int_equal(async_queue_get_nowait(queue, &item), -EAGAIN);
	assert_ptr_equal(item, &queue);
}

ASYNC(uses_nothing, int64_t *, results)
{
	void *item = results;

	results[0] = async_queue_put(NULL, NULL);
	results[1] = async_queue_get(NULL, &item);
	results[2] = async_queue_join(NULL);
	results[3] = item == results ? -ENOMEM : 0;
	return 0;
}

static void queue__of_no_memory(void **state)
{
	int64_t results[4] = { 0 };
	int i;

	(void)state;
	start(uses_nothing(results));
	iterate();
	for (i = 0; i < 4; i++)
		assert_int_equal(results[i], -ENOMEM);
	assert_int_equal(async_queue_put_nowait(NULL, NULL), -ENOMEM);
	assert_int_equal(async_queue_get_nowait(NULL, NULL), -ENOMEM);
	assert_int_equal(async_queue_task_done(NULL), -ENOMEM);
	assert_int_equal(async_queue_size(NULL), 0);
	assert_int_equal(async_queue_maxsize(NULL), 0);
	assert_true(async_queue_empty(NULL));
	assert_false(async_queue_full(NULL));
	async_queue_free(NULL);
}

static void wait__outside_of_a_task_is_refused(void **state)
{
	void *item = &queue;

	(void)state;
	assert_int_equal(async_queue_put(queue, NULL), -EPERM);
	put_now("a");
	assert_int_equal(async_queue_get(queue, &item), -EPERM);
	assert_ptr_equal(item, &queue);
	assert_int_equal(async_queue_join(queue), -EPERM);
	assert_items("a");
}

/*
 * --- Getters
 * ---------------------------------------------------------------------------------------
 */

static void get__does_not_wait_for_what_is_there(void **state)
{
	(void)state;
	put_now("xy");
	start(gets("a"));
	start(gets("b"));
	iterate();
	assert_journal("a x b y");
}

static void get__waits_in_order(void **state)
{
	(void)state;
	start(gets("a"));
	start(gets("b"));
	start(gets("c"));
	iterate();
	put_now("x");
	iterate();
	assert_journal("a x");
	put_now("yz");
	iterate();
	assert_journal("b y c z");
}

/* Not as with locks: who comes first takes it, and who was woken for it waits again, at the end. */
static void get__may_overtake_who_was_woken(void **state)
{
	(void)state;
	start(gets("a"));
	start(gets("b"));
	iterate();
	start(gets("c"));
	put_now("x");
	settle();
	assert_journal("c x");
	put_now("y");
	settle();
	assert_journal("b y");
	put_now("z");
	settle();
	assert_journal("a z");
}

static void cancel__of_a_getter(void **state)
{
	struct async_task *task;

	(void)state;
	task = start(gets("a"));
	start(gets("b"));
	iterate();
	async_task_cancel(task);
	iterate();
	assert_journal("a!ECANCELED");
	put_now("x");
	iterate();
	assert_journal("b x");
	assert_true(async_queue_empty(queue));
}

static void cancel__of_a_getter_that_was_woken_wakes_the_next(void **state)
{
	struct async_task *task;

	(void)state;
	task = start(gets("a"));
	start(gets("b"));
	iterate();
	put_now("x");
	async_task_cancel(task);
	settle();
	assert_journal("a!ECANCELED b x");
}

static void cancel__of_a_getter_that_was_woken_keeps_the_item(void **state)
{
	struct async_task *task;

	(void)state;
	task = start(gets("a"));
	iterate();
	put_now("x");
	async_task_cancel(task);
	settle();
	assert_journal("a!ECANCELED");
	assert_items("x");
}

static void cancel__of_a_getter_whose_item_was_taken(void **state)
{
	struct async_task *task;

	(void)state;
	task = start(gets("a"));
	start(gets("b"));
	start(gets("c"));
	iterate();
	put_now("x");
	assert_string_equal(get_now(), "x");
	async_task_cancel(task);
	settle();
	assert_journal("a!ECANCELED");
	/* Nobody was woken for nothing, which would have cost him his place. */
	put_now("y");
	settle();
	assert_journal("b y");
}

static void cancel__of_all_getters(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 3; i++)
		start(gets("a"));
	iterate();
	put_now("xyz");
	for (i = 0; i < 3; i++)
		async_task_cancel(started.tasks[i]);
	settle();
	assert_journal("a!ECANCELED a!ECANCELED a!ECANCELED");
	start(gets("b"));
	settle();
	assert_journal("b x");
	assert_items("yz");
}

/*
 * --- Putters
 * ---------------------------------------------------------------------------------------
 */

static void put__waits_for_room_in_order(void **state)
{
	(void)state;
	use(async_queue_new(1));
	start(puts_one("x"));
	start(puts_one("y"));
	start(puts_one("z"));
	iterate();
	assert_journal("put");
	assert_string_equal(get_now(), "x");
	assert_string_equal(get_now(), "-");
	iterate();
	assert_journal("put");
	assert_string_equal(get_now(), "y");
	iterate();
	assert_journal("put");
	assert_items("z");
}

static void put__of_a_stack_waits_too(void **state)
{
	(void)state;
	use(async_lifo_queue_new(2));
	put_now("ab");
	start(puts_one("c"));
	iterate();
	assert_journal("");
	assert_string_equal(get_now(), "b");
	iterate();
	assert_journal("put");
	assert_items("ca");
}

static void put__and_get_hand_over(void **state)
{
	(void)state;
	use(async_queue_new(1));
	start(gets("a"));
	start(puts_one("x"));
	start(puts_one("y"));
	start(puts_one("z"));
	start(gets("b"));
	start(gets("c"));
	settle();
	assert_journal("put b x put c y put a z");
}

static void cancel__of_a_putter(void **state)
{
	struct async_task *task;

	(void)state;
	use(async_queue_new(1));
	put_now("x");
	task = start(puts_one("y"));
	start(puts_one("z"));
	iterate();
	async_task_cancel(task);
	iterate();
	assert_journal("put!ECANCELED");
	assert_string_equal(get_now(), "x");
	iterate();
	assert_journal("put");
	assert_items("z");
}

static void cancel__of_a_putter_that_was_woken_wakes_the_next(void **state)
{
	struct async_task *task;

	(void)state;
	use(async_queue_new(1));
	put_now("x");
	task = start(puts_one("y"));
	start(puts_one("z"));
	iterate();
	assert_string_equal(get_now(), "x");
	async_task_cancel(task);
	settle();
	assert_journal("put!ECANCELED put");
	assert_items("z");
}

static void cancel__of_a_putter_whose_room_was_taken(void **state)
{
	struct async_task *task;

	(void)state;
	use(async_queue_new(1));
	put_now("x");
	task = start(puts_one("y"));
	start(puts_one("z"));
	iterate();
	get_now();
	put_now("w");
	async_task_cancel(task);
	settle();
	assert_journal("put!ECANCELED");
	assert_string_equal(get_now(), "w");
	settle();
	assert_journal("put");
	assert_items("z");
}

/*
 * --- Join
 * ------------------------------------------------------------------------------------------
 */

ASYNC(joins, const char *, name)
{
	return note(name, async_queue_join(queue));
}

static void join__of_a_fresh_queue_does_not_wait(void **state)
{
	(void)state;
	start(joins("a"));
	iterate();
	assert_journal("a");
}

static void join__waits_until_all_is_done(void **state)
{
	(void)state;
	put_now("xy");
	start(joins("a"));
	start(joins("b"));
	iterate();
	assert_items("xy");
	settle();
	assert_journal("");
	assert_int_equal(async_queue_task_done(queue), 0);
	settle();
	assert_journal("");
	assert_int_equal(async_queue_task_done(queue), 0);
	settle();
	assert_journal("a b");
}

static void join__again(void **state)
{
	(void)state;
	put_now("x");
	async_queue_task_done(queue);
	start(joins("a"));
	iterate();
	assert_journal("a");
	put_now("y");
	start(joins("b"));
	iterate();
	assert_journal("");
	async_queue_task_done(queue);
	/* It has been woken: what comes now does not hold it up. */
	put_now("z");
	iterate();
	assert_journal("b");
}

static char message[64];

ASYNC(finishes_too_often)
{
	int64_t err = note("done", async_queue_task_done(queue));

	strcpy(message, async_error_message(err));
	return err;
}

static void task_done__too_often_is_refused(void **state)
{
	(void)state;
	start(finishes_too_often());
	iterate();
	assert_journal("done!EINVAL");
	assert_string_equal(message, "task_done() called too many times");
	put_now("x");
	assert_int_equal(async_queue_task_done(queue), 0);
	assert_int_equal(async_queue_task_done(queue), -EINVAL);
}

static void cancel__of_a_join(void **state)
{
	struct async_task *task;

	(void)state;
	put_now("x");
	task = start(joins("a"));
	start(joins("b"));
	iterate();
	async_task_cancel(task);
	iterate();
	assert_journal("a!ECANCELED");
	async_queue_task_done(queue);
	iterate();
	assert_journal("b");
}

/*
 * --- All together
 * ----------------------------------------------------------------------------------
 */

static struct {
	int produced, consumed;
	int64_t sum;
} work;

ASYNC(produces, int *, numbers, int, count)
{
	int i;

	for (i = 0; i < count; i++) {
		int64_t err = async_queue_put(queue, &numbers[i]);

		if (err)
			return err;
		work.produced++;
	}
	return 0;
}

ASYNC(consumes)
{
	void *item;

	for (;;) {
		int64_t err = async_queue_get(queue, &item);

		if (err)
			return err;
		work.consumed++;
		work.sum += *(int *)item;
		async_sleep(0);
		async_queue_task_done(queue);
	}
}

ASYNC(produces_and_joins)
{
	static int numbers[300];
	struct async_task *tasks[3];
	int i;

	for (i = 0; i < 300; i++)
		numbers[i] = i;
	for (i = 0; i < 3; i++) {
		async_task_detach(async_create_task(consumes()));
		tasks[i] = async_create_task(produces(numbers + i * 100, 100));
	}
	for (i = 0; i < 3; i++)
		async_await(tasks[i]);
	return async_queue_join(queue);
}

static void run__with_producers_and_consumers(void **state)
{
	(void)state;
	use(async_queue_new(4));
	memset(&work, 0, sizeof(work));
	assert_int_equal(async_run(produces_and_joins()), 0);
	assert_int_equal(work.produced, 300);
	assert_int_equal(work.consumed, 300);
	assert_int_equal(work.sum, 300 * 299 / 2);
}

static int letters[26];

ASYNC(puts_letter, int, letter)
{
	static char text[26][2];
	int64_t err;

	text[letter][0] = 'a' + letter;
	err = async_queue_put(queue, text[letter]);
	letters[letter] += !err;
	return err;
}

ASYNC(gets_letter)
{
	void *item;
	int64_t err = async_queue_get(queue, &item);

	if (!err)
		letters[*(char *)item - 'a']--;
	return err;
}

/* However it comes, what has been put in comes out once, and nobody sleeps over it. */
static void cancel__at_random(void **state)
{
	unsigned int seed = 1;
	struct async_task *task;
	int i;

	(void)state;
	use(async_queue_new(2));
	memset(letters, 0, sizeof(letters));
	for (i = 0; i < 2000; i++) {
		task = rand_r(&seed) % 2 ? async_loop_create_task(loop, gets_letter())
					 : async_loop_create_task(loop, puts_letter(i % 26));
		if (rand_r(&seed) % 3)
			iterate();
		if (rand_r(&seed) % 3 == 0)
			async_task_cancel(task);
		async_task_detach(task);
	}
	settle();
	/* Somebody waits on one side at most: all the others have met. */
	while (!async_queue_empty(queue)) {
		letters[*get_now() - 'a']--;
		settle();
	}
	for (i = 0; i < 26; i++)
		assert_int_equal(letters[i], 0);
}

static void wait__in_another_loop_is_refused(void **state)
{
	struct async_loop *first = loop;

	(void)state;
	use(async_queue_new(1));
	start(gets("a"));
	iterate();
	assert_int_equal(async_loop_new(&loop), 0);
	start(gets("b"));
	iterate();
	assert_journal("b!EXDEV");
	start(puts_one("x"));
	iterate();
	assert_journal("put");
	assert_int_equal(async_loop_close(first), 0);
	start(gets("c"));
	iterate();
	assert_journal("c x");
}

static void put_last(void *arg)
{
	note("last", async_queue_put_nowait(queue, arg));
}

ASYNC(puts_at_its_end)
{
	async_defer(put_last, "z");
	return async_sleep(3600);
}

static void close__with_tasks_that_wait(void **state)
{
	(void)state;
	use(async_queue_new(1));
	start(gets("a"));
	start(puts_at_its_end());
	start(gets("b"));
	start(joins("c"));
	iterate();
	close_loop();
	assert_journal("c last");
	assert_items("z");
}

static void free_queue(void *arg)
{
	async_queue_free(arg);
	queue = NULL;
}

ASYNC(owns)
{
	async_defer(free_queue, queue);
	return async_sleep(3600);
}

static void close__frees_in_a_deferred_function(void **state)
{
	(void)state;
	use(async_queue_new(1));
	put_now("x");
	start(owns());
	start(puts_one("y"));
	start(puts_one("z"));
	start(joins("a"));
	iterate();
	get_now();
	close_loop();
	assert_null(queue);
	assert_journal("");
}

#define test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(queue__is_first_in_first_out),
		test(queue__around_the_ring),
		test(queue__lifo_is_last_in_first_out),
		test(queue__by_priority_is_least_first),
		test(queue__by_priority_keeps_the_order_of_equals),
		test(queue__by_priority_of_many),
		test(queue__may_keep_null),
		test(size__of_a_bounded_queue),
		test(size__of_an_unbounded_queue),
		test(get_nowait__of_an_empty_queue),
		test(queue__of_no_memory),
		test(wait__outside_of_a_task_is_refused),
		test(get__does_not_wait_for_what_is_there),
		test(get__waits_in_order),
		test(get__may_overtake_who_was_woken),
		test(cancel__of_a_getter),
		test(cancel__of_a_getter_that_was_woken_wakes_the_next),
		test(cancel__of_a_getter_that_was_woken_keeps_the_item),
		test(cancel__of_a_getter_whose_item_was_taken),
		test(cancel__of_all_getters),
		test(put__waits_for_room_in_order),
		test(put__of_a_stack_waits_too),
		test(put__and_get_hand_over),
		test(cancel__of_a_putter),
		test(cancel__of_a_putter_that_was_woken_wakes_the_next),
		test(cancel__of_a_putter_whose_room_was_taken),
		test(join__of_a_fresh_queue_does_not_wait),
		test(join__waits_until_all_is_done),
		test(join__again),
		test(task_done__too_often_is_refused),
		test(cancel__of_a_join),
		test(run__with_producers_and_consumers),
		test(cancel__at_random),
		test(wait__in_another_loop_is_refused),
		test(close__with_tasks_that_wait),
		test(close__frees_in_a_deferred_function),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
