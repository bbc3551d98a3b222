/* SPDX-License-Identifier: BSD-2-Clause */
/* What a doctor finds: a list of facts, shown to people or written as JSON. */
#ifndef TRACER_FACTS_H
#define TRACER_FACTS_H

#include <stdbool.h>
#include <stddef.h>

enum fact_state {
	FACT_NOTED, /* neither good nor bad */
	FACT_OK,
	FACT_MISSING,
};

struct fact {
	const char *key; /* of JSON: snake_case, never changed */
	const char *name;
	enum fact_state state;
	char text[512];	  /* as strange as it is */
	char remedy[320]; /* what to do about it, in a line or more, or "" */
	bool quiet;	  /* in JSON only: nobody needs to know */
	bool listed;	  /* in JSON one of a list, even if alone: see facts_write_json() */
	bool measured;
	double record_ns, hit_ns;
};

#define FACTS_MAX 48

struct facts {
	struct fact all[FACTS_MAX];
	size_t count;
};

/*
 * Adds a fact and returns it; what has no room replaces the last one. `remedy` is null if there is
 * none.
 */
__attribute__((format(printf, 6, 7))) struct fact *
facts_add(struct facts *facts, const char *key, const char *name, enum fact_state state,
	  const char *remedy, const char *format, ...);

/* Prints a line each to stdout, and one for each remedy. */
void facts_print(const struct facts *facts, bool colour);

/*
 * Writes one object to stdout. Listed facts that follow each other and share a key are a list of
 * it; all others need keys of their own.
 */
void facts_write_json(const struct facts *facts);

#endif
