/* SPDX-License-Identifier: BSD-2-Clause */
/* The child that the benchmarks of subprocesses start. It is linked statically. */
int main(void)
{
	return 0;
}
