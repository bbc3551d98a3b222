/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the command line share: the table of all options. Who complains, here and in
 * those files, exits with status 2.
 */
#ifndef TRACER_OPTIONS_INTERNAL_H
#define TRACER_OPTIONS_INTERNAL_H

#include "options.h"

/* Heads the options of --help. */
enum option_group {
	GROUP_SOURCE,
	GROUP_VIEW, /* of single views */
	GROUP_RESULT,
	GROUP_FILTER,
	GROUP_LIVE,
	GROUP_ABOUT,
	GROUPS_END,
};

struct option_row {
	const char *name;
	char letter;	      /* or 0 */
	const char *argument; /* for people; null if it takes none */
	enum option_group group;
	const char *help;
};

extern const struct option_row option_rows[OPTIONS_END];

/* Says in one line what is wrong with the command line, and what to type instead. */
__attribute__((noreturn, format(printf, 1, 2))) void options_reject(const char *format, ...);

/* What the text after an option means. */
pid_t options_pid(const char *text);
uint32_t options_thread(const char *text);
uint64_t options_duration_ns(enum option_id id, const char *text);
size_t options_buffer(const char *text);
bool options_probes(const char *text);
enum options_source options_source(const char *text);
double options_budget(const char *text);
unsigned int options_columns(const char *text);
enum view_weight options_weight(const char *text);
enum options_colour options_color(const char *text);

/* The format that the end of a file's name asks for: VIEW_TEXT if none does. */
enum view_format options_format(const char *path);

/* The end of names of files of that format; null for text. */
const char *options_ending(enum view_format format);

/* The format of that name, and the name of a format. */
enum view_format options_format_named(const char *name);
const char *options_format_name(enum view_format format);

/* Takes what single options cannot see amiss, and adds what follows from several. */
void options_check(struct options *options);

/* Who has typed what is no option or no view is told of the nearest. */
__attribute__((noreturn)) void options_reject_option(const struct options *options,
						     const char *word);
__attribute__((noreturn)) void options_reject_view(const char *word);

/* Of the view, if there is one, or of all; and the few lines for who types nothing. */
void options_print_help(const struct options *options);
void options_print_usage(FILE *out, const char *program);

/* Names of the views that take these options, separated by commas, "and" before the last. */
const char *options_takers(char *buffer, size_t size, unsigned int taken);

#endif
