/* SPDX-License-Identifier: BSD-2-Clause */
/* What the df programs share: the free space of each file system, from the output of `df -hl`. */
#ifndef EXAMPLES_DF_H
#define EXAMPLES_DF_H

#include <async.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const df_command[] = { "df", "-hl", NULL };

struct result {
	char mounted[256], available[32];
};

struct df {
	int returncode;
	struct result *results;
	size_t count;
};

/* Of the columns Filesystem, Size, Used, Avail, Use% and Mounted; the first line has their names. */
static inline void parse_results(struct df *df, char *output)
{
	char *line = strtok(output, "\n");

	printf("parsing results\n");
	while (line && (line = strtok(NULL, "\n"))) {
		struct result result, *results;

		if (sscanf(line, "%*s %*s %*s %31s %*s %255s", result.available, result.mounted) !=
		    2)
			continue;
		results = reallocarray(df->results, df->count + 1, sizeof(*results));
		if (!results)
			return;
		results[df->count++] = result;
		df->results = results;
	}
}

static inline void print_free_space(const struct df *df)
{
	size_t i;

	if (df->returncode) {
		printf("error exit %d\n", df->returncode);
		return;
	}
	printf("\nFree space:\n");
	for (i = 0; i < df->count; i++)
		printf("%-25s: %s\n", df->results[i].mounted, df->results[i].available);
}

#endif
