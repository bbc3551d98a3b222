/* SPDX-License-Identifier: BSD-2-Clause */
/* The debug registers of x86-64 and aarch64, of which the first is used. */
#include "breakpoint.h"
#include <elf.h>
#include <errno.h>
#include <stddef.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

#if defined(__x86_64__)
#define PC(registers) ((registers).rip)
enum { CONTROL_OFF = 0, CONTROL_EXECUTE = 1 };

static int write_registers(pid_t pid, uint64_t address, unsigned long control)
{
	if (ptrace(PTRACE_POKEUSER, pid, offsetof(struct user, u_debugreg[0]), address) ||
	    ptrace(PTRACE_POKEUSER, pid, offsetof(struct user, u_debugreg[7]), control))
		return -errno;
	return 0;
}
#elif defined(__aarch64__)
#include <asm/ptrace.h>
#define PC(registers) ((registers).pc)
/* Enabled, at the privilege of programs, all four bytes of the instruction. */
enum { CONTROL_OFF = 0, CONTROL_EXECUTE = 1 | 2 << 1 | 0xf << 5 };

static int write_registers(pid_t pid, uint64_t address, unsigned long control)
{
	struct user_hwdebug_state state = { 0 };
	struct iovec io = { &state, offsetof(struct user_hwdebug_state, dbg_regs[1]) };

	state.dbg_regs[0].addr = address;
	state.dbg_regs[0].ctrl = control;
	return ptrace(PTRACE_SETREGSET, pid, NT_ARM_HW_BREAK, &io) ? -errno : 0;
}
#else
#error "debug registers are known of x86-64 and aarch64 only"
#endif

int breakpoint_set(pid_t pid, uint64_t address)
{
	return write_registers(pid, address, CONTROL_EXECUTE);
}

int breakpoint_clear(pid_t pid)
{
	return write_registers(pid, 0, CONTROL_OFF);
}

bool breakpoint_is_at(pid_t pid, uint64_t address)
{
	struct user_regs_struct registers;
	struct iovec io = { &registers, sizeof(registers) };

	return !ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &io) && PC(registers) == address;
}
