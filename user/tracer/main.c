/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * asynctrace: a view of a source. It runs commands and writes files as whoever calls it wants, so
 * it must not have another user's rights; capabilities of its file are given up on the way.
 */
#include "actions.h"
#include "complain.h"
#include "options.h"
#include "privileges.h"
#include <unistd.h>

int main(int argc, char **argv)
{
	struct options options;

	if (geteuid() != getuid() || getegid() != getgid()) {
		say("refuses to run with another user's rights: its file must be neither set-uid "
		    "nor set-gid");
		return 1;
	}
	privileges_hold_back();
	options_parse(&options, argc, argv);
	return options.action->run(&options);
}
