/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ring: how records reach a reader without the kernel's help.
 *
 * The reader makes it, as memory without a file (memfd_create(2)), sealed against any change of its
 * size. The process inherits the descriptor; its number is in the environment, until the process
 * claims the ring. Up to `go` it dies with the reader (PR_SET_PDEATHSIG). A thread takes a
 * free block, writes records into it, and gives it to the reader when it is full. What a block
 * holds can be seen record by record, so a process that dies leaves all that it has written. For a
 * record nobody makes a system call; once a second one thread looks whether the reader lives.
 *
 * Neither side trusts the other with its memory: the state of each block is shared, no index that
 * anybody relies on, and every count is checked against what a block holds.
 */
#ifndef ASYNCTRACE_RING_H
#define ASYNCTRACE_RING_H

#include <asynctrace/event.h>

/* Of the environment: the number of the descriptor. */
#define AT_RING_VARIABLE "ASYNCTRACE_RING"

#define AT_RING_MAGIC	0x676e697261747261ULL
#define AT_RING_VERSION 2

/* Words of `go`: the process runs, or ends at once, for the tracer has failed. */
#define AT_RING_GO  1
#define AT_RING_END 2

/*
 * Who may touch a block. Each change is a release, and who takes or reads one acquires it.
 *
 *	free to taken		a thread, with a compare-and-swap: it alone writes there then
 *	taken to full		the same, when it goes elsewhere or writes no more
 *	taken to free		the same, if it has written nothing
 *	full to free		the reader, with a count of 0, when it has copied what is there
 *	free, full to closed	for good, with a compare-and-swap, before the memory is given back:
 *				the reader when it reads no more, the process when that is gone
 */
enum at_block_state {
	AT_BLOCK_FREE = 0,
	AT_BLOCK_TAKEN = 1,
	AT_BLOCK_FULL = 2,
	AT_BLOCK_CLOSED = 3,
};

struct at_block {
	__u64 serial; /* of one thread, in the order in which it took them */

	/*
	 * What the thread leaves out while it has the block (AT_SHED), in a record that follows those
	 * of the batch and grows until the block is full. Its kind is a release, and 0 if there is
	 * none; its sequence tells what that would be if the batch were empty.
	 */
	struct at_event shed;
	struct at_batch batch; /* `count` is a release of the records before it */
};

/* The last record of a thread that found no block, as in the tails of the BPF programs. */
#define AT_RING_TAIL(thread, sequence) ((__u64)(sequence) << 32 | (thread))
#define AT_RING_TAILS		       1024 /* at the thread's number modulo this */

struct at_ring {
	__u64 magic;
	__u32 version;
	__u32 blocks;	     /* how many there are */
	__u64 blocks_offset; /* of the first, in bytes from here */

	/* The reader's words. */
	__u32 process; /* for whom it is: others leave it alone */
	__u32 reader;  /* the process that reads: when that is gone, nobody does */
	__u32 locked;  /* 1: it has locked the memory (fcntl(2)) for as long as it lives */
	__u32 go;      /* a futex: the process waits for AT_RING_GO, so that it can be looked at */
	__u32 closed;  /* nobody reads any more */
	__u32 detail;  /* enum at_detail: what is wanted */
	__u64 room;    /* about the serial up to which there are free blocks; nobody relies on it */

	/*
	 * Where to look for a free block first; anything will do. The reader sets it back when it
	 * has made some free, so that the same memory, which is in the caches, serves again. From
	 * here on what threads write, away from what each reads all the time.
	 */
	__u32 hint __attribute__((aligned(128)));

	/* The process's words. */
	__u64 serial;  /* of the block that was taken last */
	__u64 dropped; /* records that found no block */
	__u32 claimed; /* 1: it has a runtime that writes */
	__u32 forked;  /* children, who write nothing */
	__u64 tails[AT_RING_TAILS];

	__u32 states[]; /* enum at_block_state, one for each block */
};

#endif
