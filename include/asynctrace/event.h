/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The record: what a runtime says about one moment of its asynchronous code.
 *
 * One fixed size and the same bytes in the target's memory, in the BPF ring buffer and in a
 * recorded file. Runtime, BPF programs and tracer include this header and nothing else of each
 * other.
 *
 * Numbers are appended, never changed nor reused.
 */
#ifndef ASYNCTRACE_EVENT_H
#define ASYNCTRACE_EVENT_H

#include <linux/types.h>

struct at_event {
	__u64 time_ns;	/* CLOCK_MONOTONIC, the clock of bpf_ktime_get_ns() */
	__u32 thread;	/* kernel thread id, never 0 but in what the tracer adds */
	__u32 sequence; /* 1, 2, 3, … per thread; it counts every record, so a hole is a loss */
	__u16 kind;	/* enum at_kind */
	__u16 flags;	/* by kind */
	__u32 process;	/* process id: subjects are unique within a process */
	__u64 subject;	/* what the record is about, an id unless the kind says otherwise */
	__u64 a, b, c;	/* by kind */
};

/*
 * An id is a type and a number. Loops, tasks, coroutines and futures count from 1 and never reuse a
 * number. A callback is known by the address of its function, a timer by its deadline in
 * microseconds, what is awaited of a descriptor or a process by the kernel's number of that, a
 * signal by its own. Locks, and all that tasks meet at, count from 1 as well.
 */
#define AT_ID(type, number) ((__u64)(type) << 56 | ((__u64)(number)&AT_ID_NUMBER))
#define AT_ID_NUMBER	    ((1ULL << 56) - 1)
#define AT_ID_TYPE(id)	    ((unsigned int)((id) >> 56))

enum at_type {
	AT_NOTHING = 0,
	AT_LOOP = 1,
	AT_TASK = 2,
	AT_CALLBACK = 3,
	AT_COROUTINE = 4,
	AT_FUTURE = 5,
	AT_TIMER = 6,
	AT_READ = 7,  /* of a descriptor, until it can be read */
	AT_WRITE = 8, /* until it can be written */
	AT_LOCK = 9,
	AT_EVENT = 10,
	AT_CONDITION = 11,
	AT_SEMAPHORE = 12,
	AT_BARRIER = 13,
	AT_QUEUE = 14,
	AT_JOB = 15, /* of an executor */
	AT_PROCESS = 16,
	AT_SIGNAL = 17,
	AT_GATHER = 18,	 /* of what gather() was given, all */
	AT_WAIT = 19,	 /* of what wait() or as_completed() was given, what it was asked for */
	AT_SHIELD = 20,	 /* of what is shielded, the end */
	AT_GROUP = 21,	 /* of all tasks of a task group, the end */
	AT_TIMEOUT = 22, /* awaited by nobody: it cancels */
	AT_WAIT_FOR = 23,
	AT_TYPES_END,
};

/*
 * The kinds that a runtime writes: X(number, NAME, name). Each name is a USDT probe of the provider
 * "asynctrace" too, with the arguments (subject, a, b, c, flags, sequence).
 *
 *                    subject     a, b, c
 * loop_start         loop        it was made, or begins to run, on this thread
 * loop_stop          loop        it no longer runs
 * state              loop        what follows, to the one flagged AT_END, is all of the loop
 * text               up to 32 bytes of text in subject, a, b, c; the flags say how many
 * function           address     a line, b types of the arguments; texts: name, file
 * task_create        task        a function, b who created it, c code address of the creation
 * task_name          task        text: name
 * task_cancel        task        a who asked, b code address of the request, c through what: the
 *                                gather, group, timeout or task that passes it on, or 0;
 *                                flagged AT_TAKEN_BACK: the same of who takes a request back
 * task_done          task        a result; text: message, if it failed with one
 * coroutine_begin    coroutine   a function, b and c the first two arguments; texts: strings
 * arguments                      subject, a, b, c: the third to the sixth argument
 * coroutine_end      coroutine   a result; text: message, if it failed with one
 * switch             who enters  a who leaves, b what it awaits, c when who enters became ready, or
 *                                of a loop how many timers it has
 * warning            any         a function, b code address of its creation; text: the warning
 * job_begin          job         a function, b kernel id of the thread or process that runs it,
 *                                c when it was given to the executor
 * job_end            job         a result
 * depends            awaited     a what its end depends on: a child of a gather, wait, shield or
 *                                group; who holds a lock
 * shed                           what this thread leaves out between two other such records, for
 *                                nobody wants it: a records of coroutines, b switches, c others,
 *                                texts and arguments not counted; subject: enum at_detail
 *
 * The end of a state tells in a how many callbacks are ready and in b how many timers there are.
 * What stands for several tasks can be cancelled, too: then it is the subject of task_cancel,
 * before those that it passes this on to; a shield passes nothing on. So is a future that somebody
 * cancels, if nothing passes that on to it. Timeouts are counted when they fire. Who asks may be
 * another thread: then it is the kernel's number of that, without a type. It is the loop if its end
 * cancels what is left, and the task that failed if its group cancels the others. Within a state,
 * one record stands for all requests that were not taken back, whoever asked.
 *
 * depends is told while both are pending, when the one is made and within a state. A lock tells who
 * holds it, be it a task that has ended since, when somebody begins to wait for it and when it
 * passes from one to the next.
 *
 * A thread's records mean something from its first loop_start, state or job_begin on: what a
 * listener sees before that is the rest of a step at which it arrived, or what follows a loss of
 * these. job_begin and job_end come from the thread that runs the job, or waits for the process
 * that does, one job at a time.
 *
 * Texts and arguments come before the record that they belong to, on the same thread.
 *
 * switch is one record per transition, as the kernel's sched_switch is. A callback is scheduled
 * like a task; a loop that waits for its next event, or wakes somebody between two steps, is the
 * loop's own id. Who leaves either awaits b, or is flagged AT_YIELDED or AT_ENDED.
 */
#define AT_KINDS(X)                                                                                \
	X(1, LOOP_START, loop_start)                                                               \
	X(2, LOOP_STOP, loop_stop)                                                                 \
	X(3, STATE, state)                                                                         \
	X(4, TEXT, text)                                                                           \
	X(5, FUNCTION, function)                                                                   \
	X(6, TASK_CREATE, task_create)                                                             \
	X(7, TASK_NAME, task_name)                                                                 \
	X(8, TASK_CANCEL, task_cancel)                                                             \
	X(9, TASK_DONE, task_done)                                                                 \
	X(10, COROUTINE_BEGIN, coroutine_begin)                                                    \
	X(11, ARGUMENTS, arguments)                                                                \
	X(12, COROUTINE_END, coroutine_end)                                                        \
	X(13, SWITCH, switch)                                                                      \
	X(14, WARNING, warning)                                                                    \
	X(15, JOB_BEGIN, job_begin)                                                                \
	X(16, JOB_END, job_end)                                                                    \
	X(17, DEPENDS, depends)                                                                    \
	X(18, SHED, shed)

/* clang-format off */
enum at_kind {
#define AT_KIND_(number, NAME, name) AT_##NAME = number,
	AT_KINDS(AT_KIND_)
#undef AT_KIND_
	AT_KINDS_END,

	/*
	 * Written by the tracer, not by a target.
	 *
	 * attach   subject CLOCK_REALTIME ns at time_ns, a bytes of the buffer, b for how many ns
	 *          from time_ns on probes went in one by one, so that records are missing by no
	 *          loss, or 0; c for how many ns until the target had been told
	 * lost     up to `sequence` of `thread`, records were dropped by the kernel's side
	 * detach   subject as of attach, a records dropped, b forked children that were not
	 *          traced, c threads whose last batch was unreadable
	 * place    subject a code address to which a call returns, a the call's line; texts: name
	 *          of the function, file
	 * title    text: what is traced, the command or the process
	 * image    subject where it is loaded, minus where it was linked to, a its device, b its inode;
	 *          texts: path, build id in hexadecimal digits, or absent
	 *
	 * And text and function with thread 0: they name a callback from the symbols.
	 */
	AT_ATTACH = 256,
	AT_LOST = 257,
	AT_DETACH = 258,
	AT_PLACE = 259,
	AT_TITLE = 260,
	AT_IMAGE = 261,
};
/* clang-format on */

/* Flags of any kind. */
enum {
	AT_EXISTING = 1 << 15, /* within state: it began before anybody listened */
	AT_END = 1 << 14,      /* state: its end */
};

/* Flags of state. */
enum {
	/*
	 * The tracer has read it from the target's memory, for the loop did not answer; a tells for
	 * how many ns it was given time.
	 */
	AT_OUTSIDE = 1 << 0,
};

/* Flags of task_done and coroutine_end: how it ended. Without one of these it returned a result. */
enum {
	AT_FAILED = 1 << 0,
	AT_CANCELLED = 1 << 1,
};

/* Flags of switch. */
enum {
	AT_YIELDED = 1 << 0,   /* who leaves is ready at once */
	AT_ENDED = 1 << 1,     /* who leaves has ended */
	AT_ITERATION = 1 << 2, /* the first step of an iteration of the loop */
	AT_DELIVERS = 1 << 3,  /* who enters is told of its cancellation */

	/* Of a loop that goes to sleep, and of the end of a state, where that is certain. */
	AT_TASKS_ONLY = 1 << 4, /* but for timers, it watches only what tasks of it await */
	AT_ONE_THREAD = 1 << 5, /* the process has no other thread that could wake it */
};

/* Flags of task_cancel. */
enum {
	AT_REFUSED = 1 << 0, /* the task was done already */

	/*
	 * No request, but the end of one that c made, or of one that the task is said to have dealt
	 * with, if c is 0. Together with AT_REFUSED: what the limit was for was done already.
	 */
	AT_TAKEN_BACK = 1 << 1,
	AT_TIMED_OUT = 1 << 2, /* with AT_TAKEN_BACK: what c limited ends with -ETIMEDOUT */
};

/* Flags of warning: what is wrong, one of these. */
enum {
	AT_NEVER_AWAITED = 1,	  /* a coroutine */
	AT_NEVER_RETRIEVED = 2,	  /* the failure of a task or future */
	AT_DESTROYED_PENDING = 3, /* a task */
	AT_UNCLOSED = 4,	  /* what was left open: a descriptor, process or loop */
};

/* Flags of depends. */
enum {
	AT_HOLDER = 1 << 0, /* a holds what is awaited; 0: nobody does */
};

/* Flags of text. */
enum {
	AT_TEXT_LENGTH = 0x3f,	  /* bytes in this piece */
	AT_TEXT_MORE = 1 << 8,	  /* the next text record continues this one */
	AT_TEXT_CUT = 1 << 9,	  /* the text was longer than AT_TEXT_MAX */
	AT_TEXT_ABSENT = 1 << 10, /* there is none: a null pointer */
};
#define AT_TEXT_PIECE 32
#define AT_TEXT_MAX   128

/*
 * Types of arguments, eight bits each in `b` of function, the first argument lowest; zero ends
 * them. Integers are kept as their own bytes, zero-extended.
 */
enum at_argument {
	AT_ARGUMENT_NONE = 0,
	AT_ARGUMENT_BOOL = 1,
	AT_ARGUMENT_CHAR = 2,
	AT_ARGUMENT_S8 = 3,
	AT_ARGUMENT_U8 = 4,
	AT_ARGUMENT_S16 = 5,
	AT_ARGUMENT_U16 = 6,
	AT_ARGUMENT_S32 = 7,
	AT_ARGUMENT_U32 = 8,
	AT_ARGUMENT_S64 = 9,
	AT_ARGUMENT_U64 = 10,
	AT_ARGUMENT_FLOAT = 11,
	AT_ARGUMENT_DOUBLE = 12,
	AT_ARGUMENT_STRING = 13,
	AT_ARGUMENT_POINTER = 14,
};
#define AT_ARGUMENTS_MAX 6

/*
 * Records are handed over in batches: a thread appends while somebody listens and passes the
 * address and count to the probe "batch" when it must. `count` is raised after the record is
 * complete, so that whoever reads the memory of a killed process finds whole records only. A thread
 * that will write no more passes a count of 0, and one that goes on at another address, with
 * nothing there yet, AT_BATCH_HERE.
 */
#define AT_BATCH_MAX  256
#define AT_BATCH_HERE 0xffffffff

struct at_batch {
	__u32 thread;
	__u32 process;
	__u32 sequence; /* of the last record */
	__u32 count;	/* of the records below */
	struct at_event events[AT_BATCH_MAX];
};

/*
 * The semaphores of the probes, as SystemTap calls them: whoever attaches makes the kernel raise
 * the one that the probe's note names. An idle probe reads `any`, and nothing else.
 *
 * A listener who may want less detail one day raises `sparing`, and what it wants, by probes of
 * those names that are never hit; it wants less by detaching from them, `coroutines` first, for
 * each of the three stands for those behind it as well. As the kernel counts sites, not listeners,
 * who wants all raises `coroutines`, too: then all is written, whoever else is sparing.
 *
 * A loop that sleeps does not see the semaphore rise. Who has attached may wake it with a write to
 * `wakeup`, an eventfd of the target that its loops watch, or -1. A loop that does not wake can
 * still be looked at by who may read its memory, if `layout` is the address of its description.
 */
struct at_listeners {
	union {
		__extension__ struct {
			__u16 batch;  /* of the probe "batch" */
			__u16 direct; /* of the probes named after a kind */
			__u16 ring;   /* not the kernel's: 1 while a ring (ring.h) is written to */
			__u16 reserved; /* 0 */
		};
		__u64 any;
	};
	__u16 sparing;
	__u16 coroutines, switches, others;
	__s32 wakeup;
	__u32 ring_detail; /* enum at_detail: what the ring wants; 0 without one */
	__u64 layout;	   /* of struct at_layout, or 0 */
};

/*
 * What a listener wants who spares the target. Each step leaves out more: records of coroutines
 * (begin, end, arguments and their texts); switches; all but what loops say of themselves. What is
 * left out is counted (AT_SHED) and does not count in the sequence.
 */
enum at_detail {
	AT_DETAIL_ALL = 0,
	AT_DETAIL_NO_COROUTINES = 1,
	AT_DETAIL_NO_SWITCHES = 2,
	AT_DETAIL_COUNTS = 3,
};

/*
 * Where a runtime keeps what its state records would say, for a tracer whose question a loop does
 * not answer. Fields are bytes from the begin of their object, which is read whole; each is an
 * address or number of 64 bits unless it is said to be narrower. A list is a ring of nodes whose
 * first word is the address of the next node; its head is one of them.
 *
 * A change of any meaning is a new version. What is only added goes to the end and is counted by
 * `size`.
 */
#define AT_LAYOUT_MAGIC	  0x74756f79616c7461ULL /* "atlayout" */
#define AT_LAYOUT_VERSION 1

struct at_layout {
	__u64 magic;
	__u32 version;
	__u32 size;	    /* of this struct */
	__u64 loops;	    /* address of the head of the list of all loops */
	__u64 last_numbers; /* address of AT_TYPES_END numbers: greater ones were not given */

	/* Of each kind of object, how large it is. */
	__u16 loop_size, task_size, coroutine_size, function_size, future_size, slot_size;

	__u16 loop_link; /* in the list of loops */
	__u16 loop_number;
	__u16 loop_thread;  /* 32 bits: the kernel's id of the thread that runs it, or 0 */
	__u16 loop_tasks;   /* head of the list of its tasks */
	__u16 loop_slots;   /* head of the list of its callbacks that are scheduled */
	__u16 loop_current; /* the task that runs, or 0 */
	__u16 loop_timers;  /* how many it has */

	/*
	 * The queue of what is ready: a ring of `mask` + 1 entries, filled from `head` to `tail`,
	 * which are taken modulo its size. An entry is a slot if it is odd. The one before `head`
	 * ran last.
	 */
	__u16 loop_ready, loop_mask, loop_head, loop_tail;
	__u16 loop_mailbox, mailbox_sleeping; /* 8 bits of what the former points to: it sleeps */

	__u16 task_link; /* in the list of tasks */
	__u16 task_future;
	__u16 task_name;      /* a string, or 0 */
	__u16 task_innermost; /* the coroutine that it is in, or 0 */
	__u16 task_coroutine; /* the outermost, not begun either */
	__u16 task_awaits;    /* a future, or 0 */

	__u16 coroutine_number; /* or 0 */
	__u16 coroutine_awaiter;
	__u16 coroutine_function;
	__u16 coroutine_arguments; /* AT_ARGUMENTS_MAX numbers */

	__u16 function_name, function_file; /* strings */
	__u16 function_line;		    /* 32 bits */
	__u16 function_types;		    /* as in `b` of AT_FUNCTION */
	__u16 function_body;		    /* the address that it is known by */

	__u16 future_type;	 /* 8 bits: enum at_type */
	__u16 future_state;	 /* 8 bits: 0 if it is not done */
	__u16 future_number;	 /* of a timer its deadline in ns; or 0 */
	__u16 future_place;	 /* code address of its creation, or of a struct that ... */
	__u16 future_has_origin; /* 8 bits: ... has it further inside */
	__u16 origin_place;

	/* Who awaits a lock: where the future leads to, and the holder's number from there. */
	__u16 turn_size, turn_waiting;
	__s16 waiting_holder;

	__u16 slot_link;
	__u16 slot_serial; /* 0: it was cancelled */
	__u16 slot_callback,
		slot_done;  /* the function that is called: the latter, unless it is 0 */
	__u16 slot_depends; /* 8 bits: `slot_owned` depends on `slot_future` */
	__u16 slot_future, slot_owned;
};

#endif
