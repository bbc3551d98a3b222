/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs df and reads its output line by line, while it runs. */
#include "df.h"
#include "repr.h"

static void read_lines(struct async_process *process, FILE *buffer)
{
	const char *line = "";
	int64_t size;

	do {
		size = async_stream_read_line(async_process_stdout(process), &line);
		printf("read %s\n", repr("b", line, size > 0 ? size : 0));
		if (size > 0)
			fwrite(line, 1, size, buffer);
	} while (size > 0);
	printf("no more output from command\n");
}

ASYNC(run_df, struct df *, df)
{
	const struct async_process_options options = { .output = ASYNC_PIPE };
	struct async_process *process;
	char *output;
	size_t size;
	FILE *buffer;
	int64_t err;

	printf("in run_df\n");
	printf("launching process\n");
	err = async_create_subprocess_exec(&process, &options, df_command);
	if (err)
		return err;
	printf("process started %d\n", async_process_pid(process));
	buffer = open_memstream(&output, &size);
	read_lines(process, buffer);
	fclose(buffer);
	printf("waiting for process to complete\n");
	err = async_process_wait(process);
	df->returncode = async_process_returncode(process);
	printf("return code %d\n", df->returncode);
	if (!df->returncode)
		parse_results(df, output);
	async_process_free(process);
	free(output);
	return err;
}

int main(void)
{
	struct df df = { 0 };
	struct async_loop *loop;
	int64_t err;

	if (async_loop_new(&loop))
		return 1;
	err = async_loop_run_until_complete(loop, run_df(&df));
	async_loop_close(loop);
	if (!err)
		print_free_space(&df);
	free(df.results);
	return err != 0;
}
