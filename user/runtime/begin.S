/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a new stack begins, entered from switch.h with the task on its top. It jumps, for a call
 * that never returns would mislead the predictor of return addresses for whoever runs next (see
 * switch.h). A zero frame pointer and a zero return address end every walk of the stack.
 */
	.text
	.globl	async__begin
	.hidden	async__begin
	.balign	16
#if defined(__x86_64__)
	.type	async__begin, @function
async__begin:
	.cfi_startproc
	.cfi_undefined rip
	pop	%rdi
	xor	%ebp, %ebp
	push	%rbp
	jmp	async__task_main
	.cfi_endproc
#elif defined(__aarch64__)
	.type	async__begin, %function
async__begin:
	.cfi_startproc
	.cfi_undefined x30
	hint	36		/* bti j */
	ldr	x0, [sp], 16
	mov	x29, xzr
	mov	x30, xzr
	b	async__task_main
	.cfi_endproc
#else
#error "libasync knows the stacks of x86-64 and aarch64 only"
#endif
	.size	async__begin, . - async__begin

	.section .note.GNU-stack, "", %progbits
