#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Plants includes, one at a time, in a small tree: the forbidden ones must be found, the others not.
set -eu
check=$(cd "$(dirname "$0")/.." && pwd)/tools/check-layers
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
cd "$tree"

mkdir -p include/async include/asynctrace bpf user/base user/runtime tests tools/bench \
	user/tracer/sources user/tracer/views user/tracer/formats
touch include/async.h include/async/task.h include/asynctrace/event.h include/asynctrace/probes.h \
	bpf/events.h bpf/kernel_types.h user/base/list.h user/runtime/runtime.h user/tracer/model.h \
	user/tracer/elf.h user/tracer/session.h user/tracer/sources/source.h \
	user/tracer/views/view.h user/tracer/formats/csv.h

failed=0
# verdict FILE INCLUDE: 0 is allowed, 1 is forbidden
expect() {
	printf '/* A file. */\n  # include %s /* so */\n' "$3" >"$2"
	verdict=0
	said=$("$check" "$tree" 2>&1) || verdict=1
	rm "$2"
	case $verdict:$said in
	0: | 1:"$2:2: "*) ;;
	*) said="not a line for $2:2: $said" verdict=odd ;;
	esac
	[ "$verdict" = "$1" ] && return
	echo "not ok: $2 includes $3: expected $1, got $verdict $said"
	failed=1
}

expect 0 user/base/x.c '<stdio.h>'
expect 0 user/base/x.c '"list.h"'
expect 1 user/base/x.c '<asynctrace/event.h>'
expect 1 user/base/x.c '"../runtime/runtime.h"'
expect 0 user/runtime/x.c '<async/task.h>'
expect 0 user/runtime/x.c '<asynctrace/probes.h>'
expect 0 user/runtime/x.c '"../base/list.h"'
expect 1 user/runtime/x.c '"../tracer/model.h"'
expect 1 user/runtime/x.c '<tracer/elf.h>'
expect 1 include/async/x.h '"../../user/base/list.h"'
expect 1 user/tracer/x.c '<async.h>'
expect 1 user/tracer/x.c '<async/not_yet_there.h>'
expect 1 user/tracer/x.c '<asynctrace/probes.h>'
expect 1 user/tracer/x.c '"../runtime/runtime.h"'
expect 0 user/tracer/x.c '<elf.h>'
expect 1 user/tracer/x.c '"sources/source.h"'
expect 0 user/tracer/session.c '"sources/source.h"'
expect 0 user/tracer/cost.c '<asynctrace/probes.h>'
expect 1 user/tracer/model.c '"sources/source.h"'
expect 1 user/tracer/model.c '"views/view.h"'
expect 1 user/tracer/model.c '"formats/csv.h"'
expect 0 user/tracer/sources/x.c '"../target.h"'
expect 0 user/tracer/sources/x.c '"events.skel.h"'
expect 0 user/tracer/sources/x.c '<events.h>'
expect 1 user/tracer/sources/x.c '"../model.h"'
expect 1 user/tracer/sources/x.c '"../views/../formats/csv.h"'
expect 1 user/tracer/sources/x.c '"../session.h"'
expect 1 user/tracer/sources/x.c '"../../../bpf/kernel_types.h"'
expect 0 user/tracer/views/x.c '"../formats/csv.h"'
expect 1 user/tracer/views/x.c '"../sources/source.h"'
expect 1 user/tracer/views/x.c '"events.skel.h"'
expect 1 user/tracer/formats/x.c '"../model.h"'
expect 1 user/tracer/formats/x.c '"../views/view.h"'
expect 0 bpf/x.bpf.c '"kernel_types.h"'
expect 1 bpf/x.bpf.c '"../user/base/list.h"'
expect 0 tools/bench/x.c '<async.h>'
expect 1 tools/bench/x.c '<base/list.h>'
expect 0 tests/x.c '<runtime/runtime.h>'

[ "$failed" = 0 ] && echo "ok: check-layers"
exit "$failed"
