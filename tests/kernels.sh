#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# kernels.sh BUILD TEST...: what is tried in each kernel by tools/check-kernels: the tracer by hand,
# then the tests.
build=$1
shift
passed=0 failed=0

# try NAME COMMAND...: its output matters only if it fails.
try() {
	name=$1
	shift
	if "$@" >/tmp/try 2>&1; then
		passed=$((passed + 1))
		return
	fi
	failed=$((failed + 1))
	echo "$name FAILED"
	cat /tmp/try
}

# Shown, for it says how this kernel lets us attach.
doctor() {
	"$build/asynctrace" doctor >/tmp/doctor
	status=$?
	cat /tmp/doctor >&3
	return $status
}

record() {
	"$build/asynctrace" record -o /tmp/service.rec -- "$build/examples/service"
}

# All of the recorded run came through.
replay() {
	"$build/asynctrace" summary -i /tmp/service.rec >/tmp/summary &&
		grep -E '^[1-9][0-9]* records, 0 lost, 0 dropped' /tmp/summary && grep -q ' handle' /tmp/summary
}

chmod 1777 /tmp
exec 3>&1
try doctor doctor
try record record
try replay replay
rm -f /tmp/doctor /tmp/service.rec /tmp/summary /tmp/try
echo "$passed passed, $failed failed, 0 skipped"
SLOWNESS=10 tools/run-tests "$@"
