#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Installs into a folder, and builds with what is there as a stranger would: headers, libraries,
# pkg-config. Says what is wrong, a line for each.
#
#	test_install.sh [BUILD]
set -u
cd "$(dirname "$0")/.." || exit 1
build=${1:-build}
root=$(mktemp -d) || exit 1
trap 'rm -rf "$root"' EXIT
prefix=/opt/async
installed=$root$prefix
failed=0

not_ok() {
	echo "not ok: $*"
	failed=1
}

# Runs a command, which must succeed and be silent.
quiet() {
	if ! said=$("$@" 2>&1) || [ -n "$said" ]; then
		not_ok "$*"
		printf '%s\n' "$said" | head -20
		return 1
	fi
}

if ! said=$(${MAKE:-make} -s B="$build" DESTDIR="$root" PREFIX=$prefix install 2>&1); then
	printf '%s\n' "$said"
	not_ok "make install"
	exit 1
fi

# The libraries
case $(readlink "$installed/lib/libasync.so") in
libasync.so.0) ;;
*) not_ok "libasync.so is no link to libasync.so.0" ;;
esac
version=$(PKG_CONFIG_PATH=$installed/lib/pkgconfig pkg-config --modversion libasync)
[ "$(readlink "$installed/lib/libasync.so.0")" = "libasync.so.$version" ] ||
	not_ok "libasync.so.0 is no link to libasync.so.$version"
readelf -d "$installed/lib/libasync.so" | grep -q 'soname: \[libasync.so.0\]' ||
	not_ok "the soname is not libasync.so.0"
"$installed/bin/asynctrace" --version | grep -q "$version" || not_ok "asynctrace --version"

# Each header stands alone, in each language
headers="async.h $(cd "$installed/include" && echo async/*.h asynctrace/*.h)"
for header in $headers; do
	printf '#include <%s>\n' "$header" >"$root/alone.c"
	for compiler in gcc clang; do
		command -v $compiler >/dev/null || continue
		for standard in gnu11 gnu17; do
			quiet $compiler -std=$standard -Wall -Wextra -Wstrict-prototypes -fsyntax-only \
				-I"$installed/include" "$root/alone.c"
		done
	done
	for compiler in g++ clang++; do
		command -v $compiler >/dev/null || continue
		quiet $compiler -x c++ -std=c++17 -Wall -Wextra -fsyntax-only \
			-I"$installed/include" "$root/alone.c"
	done
done

# Programs
cat >"$root/program.c" <<'END'
#include <async.h>
#include <stdio.h>

ASYNC(twice, int, number)
{
	int64_t err = async_sleep(0.001);

	return err < 0 ? err : 2 * number;
}

ASYNC(sums)
{
	struct async_task *task = async_create_task(twice(20));

	return async_await(twice(1)) + async_await(task);
}

int main(void)
{
	printf("%d\n", (int)async_run(sums()));
	return 0;
}
END

# C++ defines no coroutine functions, but calls them, and all else.
cat >"$root/program.cpp" <<'END'
#include <async.h>
#include <cstdio>

ASYNC_DECLARE(twice, int, number);
ASYNC_DECLARE(sums);

static void finish(async_future *future, void *arg)
{
	*static_cast<int *>(arg) += static_cast<int>(async_future_result(future));
}

int main()
{
	async_loop *loop;
	int sum = 0;

	if (async_loop_new(&loop))
		return 1;
	async_task *task = async_loop_create_task(loop, twice(20));
	async_future_add_done_callback(async_task_future(task), finish, &sum);
	sum += static_cast<int>(async_loop_run_coroutine_until_complete(loop, twice(1)));
	async_loop_run_task_until_complete(loop, task);
	if (async_loop_run_coroutine_until_complete(loop, sums()) != sum)
		return 1;
	async_loop_close(loop);
	std::printf("%d\n", sum);
	return 0;
}
END

flags() {
	PKG_CONFIG_SYSROOT_DIR=$root PKG_CONFIG_PATH=$installed/lib/pkgconfig pkg-config "$@" libasync
}

# runs COMMAND…: it prints 42
runs() {
	said=$("$@" 2>&1)
	[ "$said" = 42 ] || not_ok "$* says '$said'"
}

# shellcheck disable=SC2046
build_programs() {
	quiet gcc -Wall -Wextra $(flags --cflags) -o "$root/shared" "$root/program.c" \
		$(flags --libs) &&
		runs env LD_LIBRARY_PATH="$installed/lib" "$root/shared"
	# Linkers warn of functions of the C library that may want others at run time.
	if gcc $(flags --cflags) -static -o "$root/static" "$root/program.c" \
		$(flags --static --libs) 2>"$root/said"; then
		runs "$root/static"
	else
		not_ok "linking statically: $(cat "$root/said")"
	fi
	quiet gcc -Dmain=unused_main $(flags --cflags) -c -o "$root/twice.o" "$root/program.c" &&
		quiet g++ -std=c++17 -Wall -Wextra $(flags --cflags) -o "$root/cpp" \
			"$root/program.cpp" "$root/twice.o" $(flags --libs) &&
		runs env LD_LIBRARY_PATH="$installed/lib" "$root/cpp"
}
build_programs
readelf -d "$root/shared" 2>/dev/null | grep -q 'NEEDED.*\[libasync.so.0\]' ||
	not_ok "a program with libasync.so does not need libasync.so.0"

# What is declared is defined, and nothing else is exported
declared() {
	gcc -E -P -x c -I"$installed/include" "$installed/include/async.h" |
		sed 's/"[^"]*"//g' | tr '\n;{}' ' \n\n\n' | grep -v 'typedef\|static\|error(' |
		grep -o '[ *]async_[a-z0-9_]* *(' | tr -d ' *(' | sort -u
}
nm -D --defined-only "$installed/lib/libasync.so" | cut -d ' ' -f 3 | sort -u >"$root/exported"
declared >"$root/declared"
[ "$(wc -l <"$root/declared")" -gt 50 ] || not_ok "too few functions are declared"
for name in $(comm -23 "$root/declared" "$root/exported"); do
	not_ok "$name() is declared, but not in libasync.so"
done
for name in $(comm -13 "$root/declared" "$root/exported"); do
	not_ok "libasync.so exports $name, which no header declares"
done

[ "$failed" = 0 ] && echo "ok: install"
exit "$failed"
