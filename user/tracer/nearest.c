/* SPDX-License-Identifier: BSD-2-Clause */
/* The distance is Damerau's: letters inserted, left out, replaced, or swapped with the next. */
#include "nearest.h"
#include <string.h>

/* Longer words are like nothing. */
enum { LENGTH_MAX = 32 };

static size_t min(size_t a, size_t b)
{
	return a < b ? a : b;
}

static size_t distance(const char *a, size_t n, const char *b, size_t m)
{
	size_t table[LENGTH_MAX + 1][LENGTH_MAX + 1], i, j;

	for (i = 0; i <= n; i++)
		table[i][0] = i;
	for (j = 0; j <= m; j++)
		table[0][j] = j;
	for (i = 1; i <= n; i++) {
		for (j = 1; j <= m; j++) {
			table[i][j] = min(table[i - 1][j] + 1, table[i][j - 1] + 1);
			table[i][j] =
				min(table[i][j], table[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				table[i][j] = min(table[i][j], table[i - 2][j - 2] + 1);
		}
	}
	return table[n][m];
}

void nearest_try(struct nearest *nearest, const char *candidate)
{
	size_t n = strcspn(nearest->word, "="), m = strlen(candidate), far;

	if (!n || n > LENGTH_MAX || m > LENGTH_MAX)
		return;
	far = distance(nearest->word, n, candidate, m);
	/* A third of it may be wrong. */
	if (3 * far > m + 2 || (nearest->found && far >= nearest->distance))
		return;
	nearest->found = candidate;
	nearest->distance = far;
}
