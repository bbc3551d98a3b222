/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the model share. Every object begins with its public half, and that with its
 * key: an id (an address, a thread) and a process.
 */
#ifndef TRACER_MODEL_INTERNAL_H
#define TRACER_MODEL_INTERNAL_H

#include "model.h"
#include <base/hash.h>
#include <base/pool.h>
#include <string.h>

#define MODEL_KEY_SIZE 12

struct model_key {
	uint64_t id;
	uint32_t process;
};

#define MODEL_FIND(table, key, found) HASH_FIND(hh, table, key, MODEL_KEY_SIZE, found)
#define MODEL_ADD(table, object)      HASH_ADD_KEYPTR(hh, table, object, MODEL_KEY_SIZE, object)

struct text {
	char bytes[AT_TEXT_MAX + 1];
	uint8_t length;
	bool cut;
	bool absent;
};

/* Texts and arguments of a thread that wait for the record that they belong to. */
struct pending {
	unsigned int count; /* of whole texts */
	bool unfinished;    /* texts[count] is continued by the next record */
	bool has_arguments;
	uint64_t arguments[4];
	struct text texts[AT_ARGUMENTS_MAX];
};

struct function {
	struct model_function pub;
	bool described; /* a record told its types */
	char *name;	/* null if no record named it */
	char *file;
	char address[20];
	UT_hash_handle hh;
};

struct loop {
	struct model_loop pub;
	UT_hash_handle hh;
};

struct task {
	struct model_task pub;
	UT_hash_handle hh;
	bool met;	     /* in the middle of its life: the record of its creation is missing */
	bool unsettled;	     /* it existed, and what it does is not told yet */
	bool first;	     /* the interval that it is in is its first */
	uint64_t settled_ns; /* up to where its times are counted */
	uint64_t woken_by;   /* while it is ready: by whom, or 0 */
	uint64_t woken_ns;   /* when, with that */
	struct object *awaits_object; /* of a lock that it awaits, or null */
	struct thread *thread;	      /* where it runs, or null */
	uint64_t *awaited_by;
	uint32_t depth;	 /* how many coroutines it is in */
	char *name;	 /* as set, or null */
	char number[28]; /* "Task-" and the number */
};

struct place {
	struct model_place pub;
	UT_hash_handle hh;
};

/*
 * What tasks meet at: a lock, as long as somebody waits for it; a gather, as long as one of its
 * children lives.
 */
struct object {
	struct model_key key;
	uint32_t users; /* waiters or children */
	uint64_t holder;
	uint64_t awaited_by;
	UT_hash_handle hh;
};

/* Who has run on a thread, and since when: a ring that grows up to STEPS_MAX, by powers of two. */
#define STEPS_MIN 64
#define STEPS_MAX 4096

struct steps {
	uint32_t count;	 /* of all that were written */
	uint32_t oldest; /* since the last hole */
	uint32_t size;
	struct step {
		uint64_t begin_ns, end_ns, id; /* no end as long as it lasts */
	} ring[];
};

/* Strings of arguments, in one piece of memory with what they consist of. */
struct strings {
	size_t size; /* of all */
	const char *texts[AT_ARGUMENTS_MAX];
	bool cut[AT_ARGUMENTS_MAX];
	char bytes[];
};

struct coroutine {
	struct model_coroutine pub;
	UT_hash_handle hh;
	struct coroutine *inner;   /* the one that it awaits */
	struct thread *thread;	   /* of one outside of a task */
	struct model_times before; /* the task's times when it began */
	struct strings *strings;
	uint64_t arguments[AT_ARGUMENTS_MAX];
};

/*
 * A thread, and what is believed to run on it. After a hole in its records it is in doubt who runs
 * until the next switch tells it: coroutines that begin meanwhile wait in `outside` for their task.
 */
struct thread {
	struct model_key key;
	uint32_t expected; /* the next sequence */
	bool synchronised;
	bool torn; /* texts may be missing until a record that is not one */
	bool in_doubt;
	uint64_t last_ns; /* of its last record, or 0 */
	struct loop *loop;
	struct task *task; /* that runs, or null */
	uint64_t step;	   /* id of who runs: task, callback, or the loop, which is idle; else 0 */
	uint64_t step_ns;
	struct model_function *step_function; /* of the task */
	struct steps *steps;		      /* null if nobody asks who woke whom */
	struct model_coroutine *outside;      /* innermost coroutine that runs in no task */
	uint32_t outside_depth;		      /* how many of these there are */
	uint64_t told_task, told_coroutine;   /* what the section of the state has described last */
	struct pending *pending;	      /* null as long as there was none */
	uint64_t job;			      /* id of the job that it runs, or 0 */
	uint64_t job_runner;		      /* who ran its last one: itself, or a process */
	uint64_t job_ns;		      /* since when it runs */
	struct model_function *job_function;
	UT_hash_handle hh;
};

struct model {
	struct model_listener listener;
	void *view;
	struct model_totals totals;
	uint64_t attach_ns;   /* when attaching began, or 0 */
	uint64_t attached_ns; /* holes from then on are losses */
	uint64_t told_ns;     /* what is left out from then on is known to us */
	bool started, finished;
	struct model_limits limits;
	size_t kept;	       /* bytes, of what `limits` counts so */
	int error;	       /* -ENOMEM: it could not go on */
	char *title;	       /* or null */
	struct thread *recent; /* of the last record */
	struct thread *threads;
	struct loop *loops, *last_loop;
	struct function *functions;
	struct function *others; /* what stands for those that have no room; or null */
	struct task *tasks;
	struct coroutine *coroutines;
	struct place *places;
	struct object *objects, *unused_object;
	struct pool spare_tasks, spare_coroutines;
};

static inline struct task *task_of(struct model_task *task)
{
	return (struct task *)task;
}

static inline struct coroutine *coroutine_of(struct model_coroutine *coroutine)
{
	return (struct coroutine *)coroutine;
}

/* model.c */

/* Takes room for so many bytes, if there is; else that is counted. */
bool model_keep(struct model *model, size_t bytes);

static inline void model_drop(struct model *model, size_t bytes)
{
	model->kept -= bytes;
}

/* Returns null, and sees to it that feeding the model fails. */
void *model_fail(struct model *model);

/* model_thread.c */

/* The thread that has written the record. Null if there is no room. */
struct thread *thread_of(struct model *model, const struct at_event *event);
void thread_free_all(struct model *model);

/* model_text.c */

/* AT_TEXT and AT_ARGUMENTS. 0 or -ENOMEM. */
int text_append(struct thread *thread, const struct at_event *event);
int text_arguments(struct thread *thread, const struct at_event *event);

/* The record that they belong to has been: forgets them. */
void text_forget(struct thread *thread);

/* The thread's pending text of that index, or null if it is missing or absent. */
const char *text_pending(const struct thread *thread, unsigned int index);

/*
 * How the task or coroutine that `event` ends has ended; the message is good until text_forget().
 */
void text_take_end(const struct thread *thread, const struct at_event *event,
		   struct model_end *ret);

/*
 * Gives the coroutine that `event` begins its arguments, if all of them are known and there is
 * room. 0 or -ENOMEM.
 */
int text_take_arguments(struct model *model, const struct thread *thread,
			struct coroutine *coroutine, const struct at_event *event);

/* model_function.c */

int function_record(struct model *model, const struct thread *thread, const struct at_event *event);
int place_record(struct model *model, const struct thread *thread, const struct at_event *event);
void function_free_all(struct model *model);

/* model_object.c */

int object_depends_record(struct model *model, const struct at_event *event);

/* The task begins to wait for what it `awaits`, has stopped to, or is gone. */
void object_await(struct model *model, struct task *task);
void object_leave(struct model *model, struct task *task);
void object_forget_task(struct model *model, struct task *task);
void object_free_all(struct model *model);

/* model_interval.c */

void interval_tell_task(const struct model *model, const struct task *task, uint64_t next,
			bool open);
void interval_tell_step(struct model *model, const struct thread *thread, uint64_t now_ns,
			bool open);
void interval_add_step(struct model *model, struct thread *thread, uint64_t id, uint64_t now_ns);

/* The state in which the task has been up to settled_ns; `next` is what it awaits from then on. */
static inline void interval_of_task(const struct model *model, const struct task *task,
				    uint64_t next, bool open)
{
	if (model->listener.interval && !task->pub.unknown)
		interval_tell_task(model, task, next, open);
}

/* It was ready between its creation and where its first interval began. */
void interval_of_creation(const struct model *model, const struct task *task, uint64_t begin_ns,
			  uint64_t end_ns);

/* Callback or loop: what the thread has done since step_ns. */
static inline void interval_of_step(struct model *model, const struct thread *thread,
				    uint64_t now_ns, bool open)
{
	if (model->listener.interval)
		interval_tell_step(model, thread, now_ns, open);
}

void interval_of_job(const struct model *model, const struct thread *thread, uint64_t now_ns,
		     int64_t result, bool open);

/* A step begins, now. */
static inline void interval_note_step(struct model *model, struct thread *thread, uint64_t id,
				      uint64_t now_ns)
{
	if (model->listener.interval)
		interval_add_step(model, thread, id, now_ns);
}

/* The thread runs no loop any more. */
void interval_free_steps(struct model *model, struct thread *thread);

/* The step that began last has ended. */
void interval_end_step(struct thread *thread, uint64_t now_ns);

/* Who runs is unknown from now on. */
void interval_forget_steps(struct thread *thread);

/* The task is ready since then: who ran, or nobody, has woken it, and did so within its step. */
void interval_find_waker(const struct thread *thread, struct task *task, uint64_t ready_ns);

/* model_task.c */

/* Counts the time since the last transition into the state that the task is in. */
void task_settle(struct model *model, struct task *task, uint64_t now_ns);

struct task *task_find(const struct model *model, uint32_t process, uint64_t id);

/* A task whose creation has not been seen, met at that time. Null if there is no room. */
struct task *task_meet(struct model *model, const struct thread *thread, uint64_t id,
		       uint64_t now_ns);

/* It begins to run on the thread; `ready_ns` since when it could, 0 if not known. */
void task_enter(struct model *model, struct task *task, struct thread *thread, uint64_t now_ns,
		uint64_t ready_ns);

/*
 * It is no longer in the state that it was in. What it did since the last transition must be
 * settled. Takes null.
 */
void task_leave(struct model *model, struct task *task, enum model_state state, uint64_t awaits);

/* It has ended: its coroutines that have not end with MODEL_OPEN, and it is freed. */
void task_end(struct model *model, struct task *task, uint64_t now_ns);

int task_create_record(struct model *model, struct thread *thread, const struct at_event *event);
int task_name_record(struct model *model, const struct thread *thread,
		     const struct at_event *event);
int task_done_record(struct model *model, struct thread *thread, const struct at_event *event);
void task_cancel_record(struct model *model, const struct thread *thread,
			const struct at_event *event);

/* What it does is not told any more. */
void task_forget_state(struct model *model, struct task *task, uint64_t now_ns);

/* Whether it is alive is not told any more: it is freed. */
void task_forget(struct model *model, struct task *task, uint64_t now_ns);

/*
 * No record follows: tells the intervals that have not ended, which lie within coroutines, and then
 * the tasks.
 */
void task_finish_intervals(struct model *model, uint64_t now_ns);
void task_finish_all(struct model *model, uint64_t now_ns);
void task_free_all(struct model *model);

/* model_job.c */

int job_begin_record(struct model *model, struct thread *thread, const struct at_event *event);
void job_end_record(struct model *model, struct thread *thread, const struct at_event *event);

/* model_coroutine.c */

int coroutine_begin_record(struct model *model, struct thread *thread,
			   const struct at_event *event);
void coroutine_end_record(struct model *model, struct thread *thread, const struct at_event *event);

/*
 * Ends coroutines of one chain with MODEL_OPEN, from the innermost to the one that `last` awaits.
 */
void coroutine_end_inner(struct model *model, struct model_coroutine **innermost,
			 const struct model_coroutine *last, uint64_t now_ns);

/*
 * The task is known to run on the thread: it takes over what began there while that was in doubt.
 */
void coroutine_adopt(struct model *model, struct thread *thread, struct task *task,
		     uint64_t now_ns);

/* Since when coroutines have begun while it is in doubt who runs; `now_ns` if none has. */
uint64_t coroutine_doubt_ns(const struct thread *thread, uint64_t now_ns);

/* Tells the end of all with MODEL_OPEN, the youngest first; they remain. */
void coroutine_end_all(struct model *model, uint64_t now_ns);
void coroutine_free_all(struct model *model);

/* model_loop.c */

int loop_start_record(struct model *model, struct thread *thread, const struct at_event *event);
int loop_stop_record(struct model *model, struct thread *thread, const struct at_event *event);
int loop_state_record(struct model *model, struct thread *thread, const struct at_event *event);
int loop_switch_record(struct model *model, struct thread *thread, const struct at_event *event);

/* Records of the thread are missing between its last one and the next: who runs is in doubt. */
void loop_hole(struct model *model, struct thread *thread);

/* Nobody is known to run on the thread, and that is certain. */
void loop_clear(struct model *model, struct thread *thread, uint64_t now_ns);

/* No record follows: the loop has gone on until then. */
void loop_finish(struct model *model, struct thread *thread, uint64_t now_ns);

/* What runs on the thread is not told any more. */
void loop_forget(struct model *model, struct thread *thread, uint64_t now_ns);

/* The step of `id` is over, if that is who runs. 0 or -ENOMEM. */
int loop_step_end(struct model *model, struct thread *thread, uint64_t id, uint64_t now_ns);
void loop_free_all(struct model *model);

/* model_shed.c */

/* Less is told from now on. */
void shed_record(struct model *model, const struct at_event *event);

/* Whether records of that kind are left out: some may come all the same, and are incomplete. */
bool shed_leaves_out(const struct model *model, unsigned int kind);

#endif
