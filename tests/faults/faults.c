/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What was tried, and what was lost: every fault happens to a process that is traced for real. The
 * tests decide, the table tells.
 *
 *	check_faults [PATTERN]	those whose test's name matches
 */
#include "faults.h"

#define ROWS_MAX 64

struct row *row;

static struct row rows[ROWS_MAX];
static size_t row_count;

static const struct fault *const groups[] = { deaths, stops, strangers, rings, cycles };

static void print_row(const struct row *of)
{
	int64_t missing = of->written - of->seen - of->lost;

	printf("%-44s", of->name);
	if (of->counted)
		printf(" %10lu %10lu %10lu %4ld", of->written, of->seen, of->lost, missing);
	else
		printf(" %10s %10s %10s %4s", "-", "-", "-", "-");
	printf("  %s%s\n", of->passed ? "" : "FAILED ", of->note);
}

static void print_table(void)
{
	size_t i;

	printf("%-44s %10s %10s %10s %4s  %s\n", "fault", "written", "seen", "told lost", "else",
	       "how it went on");
	for (i = 0; i < row_count; i++)
		print_row(&rows[i]);
}

static int run_fault(const struct fault *fault)
{
	int failed;

	row = &rows[row_count++];
	row->name = fault->name;
	failed = _cmocka_run_group_tests(fault->test.name, &fault->test, 1, NULL, NULL);
	row->passed = !failed;
	print_row(row);
	fflush(stdout);
	return failed;
}

int main(int argc, char **argv)
{
	const struct fault *fault;
	int failed = 0;
	size_t i;

	cmocka_set_message_output(CM_OUTPUT_STDOUT);
	for (i = 0; i < sizeof(groups) / sizeof(*groups); i++)
		for (fault = groups[i]; fault->name && row_count < ROWS_MAX; fault++)
			if (argc < 2 || strstr(fault->test.name, argv[1]))
				failed += run_fault(fault);
	fflush(stdout);
	print_table();
	if (!row_count)
		printf("there is no such fault\n");
	return failed || !row_count ? 1 : 0;
}
