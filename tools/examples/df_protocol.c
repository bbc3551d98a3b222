/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs df and hears of its output by the callbacks of a protocol. */
#include "df.h"

struct df_protocol {
	struct df df;
	struct async_subprocess_transport *transport;
	struct async_future *done;
	FILE *buffer;
	char *output;
	size_t size;
};

static void connection_made(void *self, struct async_subprocess_transport *transport)
{
	struct df_protocol *protocol = self;

	printf("process started %d\n", async_subprocess_transport_get_pid(transport));
	protocol->transport = transport;
}

static void pipe_data_received(void *self, int fd, const void *data, size_t size)
{
	static const char *const names[] = { "stdin", "stdout", "stderr" };
	struct df_protocol *protocol = self;

	printf("read %zu bytes from %s\n", size, names[fd]);
	if (fd == 1)
		fwrite(data, 1, size, protocol->buffer);
}

static void process_exited(void *self)
{
	struct df_protocol *protocol = self;
	int returncode = async_subprocess_transport_get_returncode(protocol->transport);

	printf("process exited\n");
	printf("return code %d\n", returncode);
	fflush(protocol->buffer);
	if (!returncode)
		parse_results(&protocol->df, protocol->output);
	protocol->df.returncode = returncode;
	async_future_set_result(protocol->done, 0);
}

static const struct async_subprocess_protocol df_protocol = {
	.connection_made = connection_made,
	.pipe_data_received = pipe_data_received,
	.process_exited = process_exited,
};

ASYNC(run_df, struct df_protocol *, protocol)
{
	const struct async_process_options options = { .output = ASYNC_PIPE };
	struct async_subprocess_transport *transport;
	int64_t err;

	printf("in run_df\n");
	protocol->done = async_future_new(NULL);
	printf("launching process\n");
	err = async_subprocess_exec(&df_protocol, protocol, &options, df_command, &transport);
	if (err)
		return err;
	printf("waiting for process to complete\n");
	err = async_await(async_future_ref(protocol->done));
	async_subprocess_transport_close(transport);
	return err;
}

int main(void)
{
	struct df_protocol protocol = { 0 };
	struct async_loop *loop;
	int64_t err;

	if (async_loop_new(&loop))
		return 1;
	protocol.buffer = open_memstream(&protocol.output, &protocol.size);
	err = async_loop_run_until_complete(loop, run_df(&protocol));
	async_loop_close(loop);
	if (!err)
		print_free_space(&protocol.df);
	async_future_unref(protocol.done);
	fclose(protocol.buffer);
	free(protocol.output);
	free(protocol.df.results);
	return err != 0;
}
