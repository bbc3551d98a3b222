/* SPDX-License-Identifier: BSD-2-Clause */
#include "title.h"
#include <stdio.h>
#include <string.h>

const char *title_of_command(char buffer[TEXT_NAME_SIZE], char *const *words)
{
	char line[TEXT_NAME_SIZE] = "";
	size_t length = 0;

	for (; *words && length < sizeof(line); words++)
		length += snprintf(line + length, sizeof(line) - length, "%s%s", length ? " " : "",
				   *words);
	return text_safe(buffer, TEXT_NAME_SIZE, line);
}

const char *title_of_process(char buffer[TEXT_NAME_SIZE], pid_t pid)
{
	char line[TEXT_NAME_SIZE], name[32] = "";
	FILE *file;

	snprintf(line, sizeof(line), "/proc/%d/comm", pid);
	file = fopen(line, "re");
	if (file && fgets(name, sizeof(name), file))
		name[strcspn(name, "\n")] = '\0';
	if (file)
		fclose(file);
	snprintf(line, sizeof(line), name[0] ? "process %d (%s)" : "process %d", pid, name);
	return text_safe(buffer, TEXT_NAME_SIZE, line);
}
