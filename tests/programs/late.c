/* SPDX-License-Identifier: BSD-2-Clause */
/* Has no probes when it begins: it loads the library FILE, which has them, and runs a loop of it. */
#include <dlfcn.h>
#include <stdio.h>

struct async_loop;

int main(int argc, char **argv)
{
	void *library = dlopen(argc > 1 ? argv[1] : "", RTLD_NOW);
	int (*make)(struct async_loop **), (*run)(struct async_loop *);
	void (*stop)(struct async_loop *), (*end)(struct async_loop *);
	struct async_loop *loop;

	if (argc < 2 || !library) {
		fprintf(stderr, "usage: late FILE\n");
		return 2;
	}
	make = (int (*)(struct async_loop **))dlsym(library, "async_loop_new");
	run = (int (*)(struct async_loop *))dlsym(library, "async_loop_run_forever");
	stop = (void (*)(struct async_loop *))dlsym(library, "async_loop_stop");
	end = (void (*)(struct async_loop *))dlsym(library, "async_loop_close");
	if (!make || !run || !stop || !end || make(&loop))
		return 1;
	stop(loop);
	run(loop);
	end(loop);
	return 0;
}
