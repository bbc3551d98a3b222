/* SPDX-License-Identifier: BSD-2-Clause */
/* The part of JSON that is easy to get wrong: strings. */
#ifndef TRACER_FORMATS_JSON_H
#define TRACER_FORMATS_JSON_H

#include <stdio.h>

/*
 * Writes `text` as a JSON string with its quotes, valid whatever the bytes are: what is not UTF-8
 * becomes U+FFFD; control characters and marks that change the direction of writing are escaped.
 */
void json_string(FILE *out, const char *text);

#endif
