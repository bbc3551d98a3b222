/* SPDX-License-Identifier: BSD-2-Clause */
/* asynctrace: a view of a source. */
#include "doctor.h"
#include "options.h"
#include "session.h"

int main(int argc, char **argv)
{
	struct options options;

	options_parse(&options, argc, argv);
	return options.view == &view_doctor ? doctor_run(&options) : session_run(&options);
}
