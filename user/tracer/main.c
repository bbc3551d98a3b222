/* SPDX-License-Identifier: BSD-2-Clause */
/* asynctrace: a view of a source. */
#include "actions.h"
#include "options.h"

int main(int argc, char **argv)
{
	struct options options;

	options_parse(&options, argc, argv);
	return options.action->run(&options);
}
