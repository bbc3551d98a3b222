/* SPDX-License-Identifier: BSD-2-Clause */
/* The buffer, the texts and the clock of probes.h, with a semaphore that is raised by hand. */
#define AT_PROBES_IMPLEMENTATION
#define AT_BATCH_AGE_NS 3600000000000 /* however slow this machine is */
#include <time.h>

static int stopping_clock_gettime(clockid_t clock, struct timespec *time);

#define clock_gettime stopping_clock_gettime
#include <asynctrace/probes.h>
#undef clock_gettime
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <sys/wait.h>

#include <cmocka.h>

static int listen_by_hand(void **state)
{
	(void)state;
	at_listeners.batch = 1;
	at_record(AT_WARNING, 0, 0, 0, 0, 0);
	at_flush();
	return 0;
}

static int listen_no_more(void **state)
{
	(void)state;
	memset(&at_listeners, 0, offsetof(struct at_listeners, wakeup));
	at_flush();
	at_thread.detail = AT_DETAIL_ALL;
	return 0;
}

/* Somebody spares us, and wants so much. */
static void want(enum at_detail detail)
{
	at_listeners.sparing = 1;
	at_listeners.coroutines = detail < AT_DETAIL_NO_COROUTINES;
	at_listeners.switches = detail < AT_DETAIL_NO_SWITCHES;
	at_listeners.others = detail < AT_DETAIL_COUNTS;
}

static const struct at_event *last_record(void)
{
	return &at_thread.batch->events[at_thread.batch->count - 1];
}

static void at_record__fields(void **state)
{
	uint64_t time = at_record(AT_SWITCH, AT_YIELDED, 1, 2, 3, 4);
	const struct at_event *event = last_record();

	(void)state;
	assert_int_equal(event->time_ns, time);
	assert_int_equal(event->thread, gettid());
	assert_int_equal(event->process, getpid());
	assert_int_equal(event->kind, AT_SWITCH);
	assert_int_equal(event->flags, AT_YIELDED);
	assert_int_equal(event->subject, 1);
	assert_int_equal(event->a, 2);
	assert_int_equal(event->b, 3);
	assert_int_equal(event->c, 4);
}

static void at_record__sequence_counts_every_record(void **state)
{
	uint32_t before = at_thread.sequence;
	int i;

	(void)state;
	for (i = 0; i < 3 * AT_BATCH_MAX; i++)
		at_record(AT_WARNING, 0, 0, 0, 0, 0);
	assert_int_equal(at_thread.sequence, before + 3 * AT_BATCH_MAX);
	assert_int_equal(at_thread.batch->sequence, at_thread.sequence);
}

static void at_record__full_batch_is_handed_over(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < AT_BATCH_MAX - 1; i++)
		at_record(AT_WARNING, 0, 0, 0, 0, 0);
	assert_int_equal(at_thread.batch->count, AT_BATCH_MAX - 1);
	at_record(AT_WARNING, 0, 0, 0, 0, 0);
	assert_int_equal(at_thread.batch->count, 0);
}

static void at_record__old_batch_is_handed_over(void **state)
{
	(void)state;
	at_record(AT_WARNING, 0, 0, 0, 0, 0);
	at_thread.first_ns -= 2 * AT_BATCH_AGE_NS;
	at_record(AT_WARNING, 0, 0, 0, 0, 0);
	assert_int_equal(at_thread.batch->count, 0);
}

static void at_text__pieces(void **state)
{
	const char *text = "0123456789abcdefghijklmnopqrstuvwxyz";
	const struct at_event *event;

	(void)state;
	at_text(text);
	event = last_record();
	assert_int_equal(event[-1].flags, 32 | AT_TEXT_MORE);
	assert_memory_equal(&event[-1].subject, text, 32);
	assert_int_equal(event->flags, 4);
	assert_memory_equal(&event->subject, "wxyz\0\0\0", 8);
}

static void at_text__absent_and_empty(void **state)
{
	(void)state;
	at_text(NULL);
	assert_int_equal(last_record()->flags, AT_TEXT_ABSENT);
	at_text("");
	assert_int_equal(last_record()->flags, 0);
}

static void at_text__cut(void **state)
{
	char text[AT_TEXT_MAX + 2] = { 0 };

	(void)state;
	memset(text, 'x', AT_TEXT_MAX);
	at_text(text);
	assert_int_equal(last_record()->flags, 32);
	text[AT_TEXT_MAX] = 'y';
	at_text(text);
	assert_int_equal(last_record()->flags, 32 | AT_TEXT_CUT);
	assert_int_equal(at_thread.batch->count, 2 * AT_TEXT_MAX / AT_TEXT_PIECE);
}

/* The counter and the clock agree, and time does not run back, over many anchors. */
static void at_now__is_the_monotonic_clock(void **state)
{
	const uint64_t slack = 20000;
	uint64_t start = 0, last = 0, worst = 0;

	(void)state;
	do {
		uint64_t before, time, after;
		struct timespec now;

		clock_gettime(CLOCK_MONOTONIC, &now);
		before = now.tv_sec * 1000000000ULL + now.tv_nsec;
		time = at_now();
		clock_gettime(CLOCK_MONOTONIC, &now);
		after = now.tv_sec * 1000000000ULL + now.tv_nsec;
		assert_true(time >= last);
		last = time;
		start = start ? start : before;
		if (before > time && before - time > worst)
			worst = before - time;
		if (time > after && time - after > worst)
			worst = time - after;
	} while (last - start < 60000000);
	assert_true(worst < slack);
}

static unsigned int stops; /* of so many readings of the clock one is preceded by a stop; 0: none */

static uint64_t clock_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

/* As if the thread had been stopped right before, for 0.3 ms. */
static int stopping_clock_gettime(clockid_t clock, struct timespec *time)
{
	static unsigned int calls;
	uint64_t end = clock_now_ns() + 300000;

	while (stops && ++calls % stops == 0 && clock_now_ns() < end)
		calls--;
	return clock_gettime(clock, time);
}

/* Who looks after a record was written must not find it later than that. */
static void at_now__is_not_ahead_where_the_thread_was_stopped(void **state)
{
	const uint64_t slack = 20000;
	uint64_t end, time, worst = 0, after;

	(void)state;
	for (stops = 1; stops < 4; stops++) {
		end = clock_now_ns() + 60000000;
		while (clock_now_ns() < end) {
			time = at_now();
			after = clock_now_ns();
			if (time > after && time - after > worst)
				worst = time - after;
		}
	}
	stops = 0;
	assert_true(worst < slack);
}

static void at_listeners_rose__only_upwards(void **state)
{
	uint64_t seen = 0;

	(void)state;
	at_listeners.any = 0;
	assert_false(at_listeners_rose(&seen));
	at_listeners.direct = 1;
	assert_true(at_listeners_rose(&seen));
	assert_false(at_listeners_rose(&seen));
	at_listeners.batch = 1;
	assert_true(at_listeners_rose(&seen));
	at_listeners.direct = 0;
	assert_false(at_listeners_rose(&seen));
	at_listeners.batch = 2;
	assert_true(at_listeners_rose(&seen));
	at_listeners.any = 0;
	assert_false(at_listeners_rose(&seen));
}

static void fork__child_writes_as_itself(void **state)
{
	int status;
	pid_t child;

	(void)state;
	at_record(AT_WARNING, 0, 0, 0, 0, 0);
	child = fork();
	if (!child) {
		bool empty = !at_thread.batch->count;

		/* The first is handed over at once. */
		at_record(AT_WARNING, 0, 0, 0, 0, 0);
		empty = empty && !at_thread.batch->count;
		at_record(AT_WARNING, 0, 0, 0, 0, 0);
		_exit(!(empty && last_record()->process == (uint32_t)getpid() &&
			last_record()->sequence == 2));
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(at_thread.batch->count, 1);
}

static void *write_one(void *ret)
{
	at_record(AT_WARNING, 0, 0, 0, 0, 0);
	*(struct at_batch **)ret = at_thread.batch;
	return NULL;
}

static void thread_end__buffer_is_used_again(void **state)
{
	struct at_batch *first, *second;
	pthread_t thread;

	(void)state;
	pthread_create(&thread, NULL, write_one, &first);
	pthread_join(thread, NULL);
	assert_int_equal(first->count, 0);
	pthread_create(&thread, NULL, write_one, &second);
	pthread_join(thread, NULL);
	assert_ptr_equal(first, second);
}

static void assert_shed(const struct at_event *event, enum at_detail detail, uint64_t coroutines,
			uint64_t switches, uint64_t others)
{
	assert_int_equal(event->kind, AT_SHED);
	assert_int_equal(event->subject, detail);
	assert_int_equal(event->a, coroutines);
	assert_int_equal(event->b, switches);
	assert_int_equal(event->c, others);
	assert_int_equal(event->thread, gettid());
}

/* One of each class, and what belongs to no class. */
static void write_each(void)
{
	if (at_wants(AT_COROUTINE_BEGIN)) {
		at_text("text");
		at_record(AT_ARGUMENTS, 0, 0, 0, 0, 0);
	}
	at_record(AT_COROUTINE_BEGIN, 0, 0, 0, 0, 0);
	/* A change would be handed over with the next record. */
	at_thread.first_ns = at_now();
	at_record(AT_SWITCH, 0, 0, 0, 0, 0);
	at_record(AT_TASK_CREATE, 0, 0, 0, 0, 0);
	at_record(AT_STATE, 0, 0, 0, 0, 0);
}

static void sparing__who_wants_all_gets_all(void **state)
{
	(void)state;
	want(AT_DETAIL_ALL);
	write_each();
	assert_int_equal(at_thread.batch->count, 6);
	/* Another listener does. */
	want(AT_DETAIL_COUNTS);
	at_listeners.coroutines = 1;
	write_each();
	assert_int_equal(at_thread.batch->count, 12);
	assert_int_equal(at_thread.detail, AT_DETAIL_ALL);
}

static void sparing__each_step_leaves_out_more(void **state)
{
	static const size_t written[] = { 6, 3, 2, 1 };
	enum at_detail detail;

	(void)state;
	for (detail = AT_DETAIL_NO_COROUTINES; detail <= AT_DETAIL_COUNTS; detail++) {
		const struct at_event *events = at_thread.batch->events;
		uint32_t before = at_thread.sequence;

		want(detail);
		write_each();
		assert_int_equal(at_thread.batch->count, 1 + written[detail]);
		assert_shed(events, detail, 1, detail >= AT_DETAIL_NO_SWITCHES,
			    detail >= AT_DETAIL_COUNTS);
		/* Their sequence has no hole. */
		assert_int_equal(at_thread.sequence, before + 1 + written[detail]);
		assert_int_equal(events[0].sequence, before + 1);
		assert_int_equal(events[written[detail]].sequence, at_thread.sequence);
		assert_int_equal(events[written[detail]].kind, AT_STATE);
		at_flush();
		assert_int_equal(at_thread.batch->count, 0);
	}
}

static void sparing__change_is_handed_over_at_once(void **state)
{
	(void)state;
	want(AT_DETAIL_COUNTS);
	at_record(AT_SWITCH, 0, 0, 0, 0, 0);
	assert_shed(last_record(), AT_DETAIL_COUNTS, 0, 1, 0);
	at_flush();
	assert_int_equal(at_thread.batch->count, 0);
	/* Mere counts wait. */
	at_record(AT_SWITCH, 0, 0, 0, 0, 0);
	at_flush();
	at_record(AT_SWITCH, 0, 0, 0, 0, 0);
	assert_int_equal(at_thread.batch->count, 1);
	assert_shed(last_record(), AT_DETAIL_COUNTS, 0, 2, 0);
	at_thread.first_ns -= AT_SHED_AGE_NS;
	at_flush();
	assert_int_equal(at_thread.batch->count, 0);
	/* With another record they need not. */
	at_record(AT_SWITCH, 0, 0, 0, 0, 0);
	at_record(AT_STATE, 0, 0, 0, 0, 0);
	at_flush();
	assert_int_equal(at_thread.batch->count, 0);
}

/* Who never sleeps hands its counts over all the same. */
static void sparing__old_counts_are_handed_over(void **state)
{
	uint32_t before;
	int i;

	(void)state;
	want(AT_DETAIL_COUNTS);
	at_record(AT_SWITCH, 0, 0, 0, 0, 0);
	at_flush();
	before = at_thread.sequence;
	for (i = 0; i < 10 * AT_SHED_LOOK; i++)
		at_record(AT_SWITCH, 0, 0, 0, 0, 0);
	assert_int_equal(at_thread.sequence, before + 1);
	assert_shed(last_record(), AT_DETAIL_COUNTS, 0, 10 * AT_SHED_LOOK, 0);
	at_thread.first_ns -= AT_SHED_AGE_NS;
	for (i = 0; i < AT_SHED_LOOK; i++)
		at_record(AT_SWITCH, 0, 0, 0, 0, 0);
	assert_int_equal(at_thread.batch->count, 0);
}

static void sparing__counts_find_room_in_a_batch_that_is_full(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < AT_BATCH_MAX - 1; i++)
		at_record(AT_STATE, 0, 0, 0, 0, 0);
	want(AT_DETAIL_COUNTS);
	at_record(AT_SWITCH, 0, 0, 0, 0, 0);
	assert_int_equal(at_thread.batch->count, 1);
	assert_shed(last_record(), AT_DETAIL_COUNTS, 0, 1, 0);
}

static void sparing__is_over_when_another_wants_all(void **state)
{
	(void)state;
	want(AT_DETAIL_COUNTS);
	write_each();
	assert_int_equal(at_thread.batch->count, 2);
	at_listeners.coroutines = 1;
	at_record(AT_SWITCH, 0, 0, 0, 0, 0);
	assert_int_equal(at_thread.batch->count, 0);
	assert_shed(at_thread.batch->events, AT_DETAIL_COUNTS, 1, 1, 1);
	assert_shed(&at_thread.batch->events[2], AT_DETAIL_ALL, 0, 0, 0);
	assert_int_equal(at_thread.batch->events[3].kind, AT_SWITCH);
	assert_int_equal(at_thread.batch->events[3].sequence, at_thread.sequence);
}

static void sparing__child_counts_for_itself(void **state)
{
	int status;
	pid_t child;

	(void)state;
	want(AT_DETAIL_COUNTS);
	at_record(AT_SWITCH, 0, 0, 0, 0, 0);
	child = fork();
	if (!child) {
		at_record(AT_SWITCH, 0, 0, 0, 0, 0);
		_exit(!(at_thread.batch->count == 1 && last_record()->b == 1 &&
			last_record()->sequence == 1 &&
			last_record()->process == (uint32_t)getpid()));
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_shed(last_record(), AT_DETAIL_COUNTS, 0, 1, 0);
}

#define LISTENING(test) cmocka_unit_test_setup_teardown(test, listen_by_hand, listen_no_more)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LISTENING(at_record__fields),
		LISTENING(at_record__sequence_counts_every_record),
		LISTENING(at_record__full_batch_is_handed_over),
		LISTENING(at_record__old_batch_is_handed_over),
		LISTENING(at_text__pieces),
		LISTENING(at_text__absent_and_empty),
		LISTENING(at_text__cut),
		LISTENING(sparing__who_wants_all_gets_all),
		LISTENING(sparing__each_step_leaves_out_more),
		LISTENING(sparing__change_is_handed_over_at_once),
		LISTENING(sparing__old_counts_are_handed_over),
		LISTENING(sparing__counts_find_room_in_a_batch_that_is_full),
		LISTENING(sparing__is_over_when_another_wants_all),
		LISTENING(sparing__child_counts_for_itself),
		LISTENING(fork__child_writes_as_itself),
		LISTENING(thread_end__buffer_is_used_again),
		cmocka_unit_test(at_now__is_the_monotonic_clock),
		cmocka_unit_test(at_now__is_not_ahead_where_the_thread_was_stopped),
		cmocka_unit_test(at_listeners_rose__only_upwards),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
