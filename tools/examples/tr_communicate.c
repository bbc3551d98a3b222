/* SPDX-License-Identifier: BSD-2-Clause */
/* Sends a message through tr and takes what comes back. */
#include "repr.h"
#include <async.h>
#include <stdlib.h>

static const char message[] = "\n"
			      "This message will be converted\n"
			      "to all caps.\n";

ASYNC(to_upper, const char *, input, struct async_bytes *, output)
{
	static const char *const command[] = { "tr", "[:lower:]", "[:upper:]", NULL };
	const struct async_process_options options = { .input = ASYNC_PIPE, .output = ASYNC_PIPE };
	struct async_process *process;
	int64_t err;
	int returncode;

	printf("in to_upper\n");
	printf("launching process\n");
	err = async_create_subprocess_exec(&process, &options, command);
	if (err)
		return err;
	printf("pid %d\n", async_process_pid(process));
	printf("communicating with process\n");
	err = async_process_communicate(process, input, strlen(input), output, NULL);
	printf("waiting for process to complete\n");
	async_process_wait(process);
	returncode = async_process_returncode(process);
	printf("return code %d\n", returncode);
	async_process_free(process);
	return err ? err : returncode;
}

int main(void)
{
	struct async_bytes output = { 0 };
	struct async_loop *loop;
	int64_t returncode;

	if (async_loop_new(&loop))
		return 1;
	returncode = async_loop_run_until_complete(loop, to_upper(message, &output));
	async_loop_close(loop);
	if (returncode) {
		printf("error exit %d\n", (int)returncode);
	} else {
		printf("Original: %s\n", repr("", message, strlen(message)));
		printf("Changed : %s\n", repr("", output.data, output.size));
	}
	free(output.data);
	return returncode != 0;
}
