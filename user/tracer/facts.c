/* SPDX-License-Identifier: BSD-2-Clause */
#include "facts.h"
#include "formats/json.h"
#include "views/colour.h"
#include <base/text.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define NAME_WIDTH 14

struct fact *facts_add(struct facts *facts, const char *key, const char *name,
		       enum fact_state state, const char *remedy, const char *format, ...)
{
	struct fact *fact = &facts->all[facts->count];
	va_list arguments;

	if (facts->count == FACTS_MAX)
		fact--;
	else
		facts->count++;
	*fact = (struct fact){ .key = key, .name = name, .state = state };
	va_start(arguments, format);
	vsnprintf(fact->text, sizeof(fact->text), format, arguments);
	va_end(arguments);
	snprintf(fact->remedy, sizeof(fact->remedy), "%s", remedy ? remedy : "");
	return fact;
}

static void print_remedy(const char *remedy)
{
	char line[sizeof(((struct fact *)NULL)->remedy)], text[TEXT_SIZE(sizeof(line))];
	size_t length;

	for (; *remedy; remedy += length + (remedy[length] == '\n')) {
		length = strcspn(remedy, "\n");
		snprintf(line, sizeof(line), "%.*s", (int)length, remedy);
		printf("%*s%s\n", NAME_WIDTH + 5, "", text_safe(text, sizeof(text), line));
	}
}

void facts_print(const struct facts *facts, bool colour)
{
	static const char *const words[] = { "-", "ok", "no" };
	static const char *const colours[] = { COLOUR_DIM, COLOUR_GREEN, COLOUR_RED };
	const struct view_options options = { .out = stdout, .colour = colour };
	char text[TEXT_SIZE(sizeof(facts->all->text))];
	const struct fact *fact;

	for (fact = facts->all; fact < facts->all + facts->count; fact++) {
		if (fact->quiet)
			continue;
		colour_print(&options, colours[fact->state], words[fact->state]);
		printf("%*s%-*s %s\n", (int)(4 - strlen(words[fact->state])), "", NAME_WIDTH,
		       fact->name, text_safe(text, sizeof(text), fact->text));
		print_remedy(fact->remedy);
	}
}

static void write_fact(const struct fact *fact)
{
	static const char *const words[] = { "noted", "ok", "missing" };

	printf("{\"state\":\"%s\",\"text\":", words[fact->state]);
	json_string(stdout, fact->text);
	if (fact->measured)
		printf(",\"record_ns\":%.1f,\"hit_ns\":%.1f", fact->record_ns, fact->hit_ns);
	if (*fact->remedy) {
		fputs(",\"remedy\":", stdout);
		json_string(stdout, fact->remedy);
	}
	putchar('}');
}

/* True if both are there and of one list. */
static bool share_list(const struct facts *facts, size_t a, size_t b)
{
	const struct fact *all = facts->all;

	return a < facts->count && b < facts->count && all[a].listed && all[b].listed &&
	       !strcmp(all[a].key, all[b].key);
}

void facts_write_json(const struct facts *facts)
{
	size_t i;

	putchar('{');
	for (i = 0; i < facts->count; i++) {
		const struct fact *fact = &facts->all[i];

		if (i)
			putchar(',');
		if (!share_list(facts, i - 1, i))
			printf("\n  \"%s\": %s", fact->key, fact->listed ? "[" : "");
		write_fact(fact);
		if (fact->listed && !share_list(facts, i, i + 1))
			putchar(']');
	}
	fputs("\n}\n", stdout);
}
