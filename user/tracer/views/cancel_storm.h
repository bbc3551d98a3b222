/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A storm: one request to cancel, and all that came of it, as a tree. It is told when the fate of
 * each part is known. Parts whose fate is known are kept for that only as far as they will be
 * shown, so memory follows the requests that are under way.
 */
#ifndef TRACER_VIEWS_CANCEL_STORM_H
#define TRACER_VIEWS_CANCEL_STORM_H

#include "../model.h"
#include <base/hash.h>
#include <base/list.h>

/* Of children that are alike, so many are shown; the others are counted. */
#define STORM_SHOWN 20

/* What is deeper stands beside its parent. */
#define STORM_DEPTH_MAX 24

enum fate {
	FATE_OPEN,	/* it was not seen */
	FATE_STORM,	/* of a root: several were asked at once */
	FATE_PASSED_ON, /* of what is no task: it asked those that it stands for */
	FATE_CANCELLED,
	FATE_SWALLOWED, /* the task was told, and did not end so */
	FATE_TIMED_OUT, /* the same, but that is what a timeout is for */
	FATE_SHIELDED,
	FATE_REFUSED,	/* it was done already */
	FATE_TOO_LATE,	/* it ended before it was told */
	FATE_GROUP,	/* as with a timeout: of its group, another task has failed */
	FATE_WITHDRAWN, /* the task has dealt with it, and said so */
	FATE_ITSELF,	/* no request: it ended so without one */
	FATES_END,
};

/* Whoever is asked. The root of a storm stands for who asks. Times are 0 if they are not known. */
struct request {
	struct {
		uint64_t id, process;
	} key; /* id 0 for a root */
	uint64_t asked_ns, delivered_ns, gone_ns;
	enum fate fate;
	uint64_t asked, taken_back; /* how often */
	uint64_t by, through, place;
	const struct model_function *function; /* of a task, or null */
	char *who, *note; /* for people, safe to print; null if nothing is to be said */
	uint64_t steps;	  /* that the task had made when it was told */
	uint32_t thread;  /* on which it was asked or told last */
	bool existing;	  /* it was asked before the trace */

	struct request *parent; /* null of a root */
	struct list children;	/* in the order in which they were asked */
	struct fold *folds;
	uint64_t below; /* tasks among its descendants */
	uint32_t depth;

	bool live;	     /* its fate is to come */
	uint32_t incomplete; /* itself while it is live, and children for which that holds */
	bool open;	     /* it is settled when the step ends */
	struct list link, opened;
	UT_hash_handle hh;
};

/* Children that are alike. */
struct fold {
	struct fold *next;
	const struct model_function *function;
	unsigned int
		type; /* enum at_type; AT_NOTHING for the rest, when there are too many folds */
	enum fate fate;
	uint64_t shown, more;
	uint64_t asked_ns;	      /* the first that is not shown */
	uint64_t delivery_ns, end_ns; /* of those, the longest durations */
	uint64_t below;		      /* of those */
};

struct storms {
	/* Called with a root whose tree is complete; it is freed afterwards. */
	void (*tell)(void *user, const struct request *root);
	void *user;
	uint64_t fates[FATES_END]; /* of tasks, shields, and what was refused */

	struct request *live;	/* by key */
	struct request *recent; /* the root made last, while it is open, or null */
	struct list roots, opened;
	unsigned int opened_count;

	size_t count;	   /* of all requests that are kept */
	bool full;	   /* the last one was not: there was no room */
	uint64_t left_out; /* so many were not */
};

void storms_init(struct storms *storms, void (*tell)(void *user, const struct request *root),
		 void *user);

/* Frees all without telling it. */
void storms_clear(struct storms *storms);

/* The live request to that one, or null. */
struct request *storms_find(const struct storms *storms, uint32_t process, uint64_t id);

/* Whether who asks takes it back, and the task goes on: a timeout, or the end of its group. */
bool storms_turns(const struct model_cancel *asked);

/* The request that the asking task was told of in the step that it is in, or null. */
struct request *storms_reason(const struct storms *storms, const struct model *model,
			      const struct model_cancel *asked);

/*
 * A new live request to `id`, below `parent`, or below a root if that is null: one for all that
 * are asked in one step by the same, from one place. Null without memory, or if it is `full`.
 */
struct request *storms_add(struct storms *storms, struct request *parent, uint64_t id,
			   uint64_t now_ns, const struct model_cancel *cancel);

/* Its fate is known when the step ends that is running on its thread. */
void storms_open(struct storms *storms, struct request *request);

/* A step of that thread has ended; if it is 0, of all. */
void storms_step(struct storms *storms, uint32_t process, uint32_t thread);

/* Its fate is known. It may be gone afterwards. */
void storms_settle(struct storms *storms, struct request *request, enum fate fate);

#endif
