/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fields of CSV as RFC 4180 has it. The caller writes the commas between them.
 *
 * The file is valid UTF-8 and a row is one line: what text_safe() escapes is escaped here, too, and
 * all that can be seen comes back from a reader as it was.
 */
#ifndef TRACER_FORMATS_CSV_H
#define TRACER_FORMATS_CSV_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define CSV_END "\r\n"

/*
 * A text of any bytes; null is an empty field. What a spreadsheet would run as a formula gets a '
 * in front, unless `raw` says that no spreadsheet reads it.
 */
void csv_text(FILE *out, const char *text, bool raw);

void csv_number(FILE *out, uint64_t number);

#endif
