# SPDX-License-Identifier: BSD-2-Clause
#
# make demo           install what is missing, build, show it
# make check          install what is missing, build, test
# make                build: build/asynctrace, build/libasync.a, build/libasync.so, build/examples/
# make check-exports  other software reads what the views write for it
# make check-faults   races and deaths, for real, as root: a table of what was lost
# make check-kernels  boot kernels from 5.10 to the newest under qemu and test the tracer in each
# make soak           a program under load, traced for SOAK_MINUTES (10): is memory flat?
# make check-capabilities  try which rights suffice for what, and print a table
# make golden         write what all views make of the recorded run into tests/golden
# make pictures       draw the README's pictures from the recorded run
# make san            the tests under the sanitizers of addresses, leaks, undefined behaviour and threads
# make valgrind       the tests that run no other programs under valgrind
# make fuzz           hostile input of all kinds, for FUZZ_TIME seconds of each
# make bench          measure, and print tables
# make install        to $(DESTDIR)$(PREFIX)
#
# What it is built with, and why not with our own code (tools/install-deps has the packages):
#   clang, bpftool  compile the BPF programs and turn them into a header
#   libbpf          loads and attaches them
#   libelf, libdw   ELF notes and symbols, DWARF: hostile formats, long hardened there
#   libzstd         recorded files: small, and a checksum per chunk that finds corruption
#   uthash          the model's tables
#   cmocka          the tests
# getopt, the option parser, is the C library's.

VERSION := 0.1.0
SONAME := libasync.so.0
PREFIX ?= /usr/local
CC := gcc
CLANG ?= clang
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool) bpftool)

B := build
# CI sets it to -Werror: a newer compiler may know more warnings.
WERROR ?=
WARNINGS := -Wall -Wextra -Wshadow -Wmissing-prototypes -Wstrict-prototypes -Wundef $(WERROR)
OPTIMISE ?= -O2
# Frame pointers let perf, gdb and BPF walk the stacks of tasks.
CFLAGS ?= $(OPTIMISE) -g
override CFLAGS += -std=gnu11 -D_GNU_SOURCE -fno-omit-frame-pointer $(WARNINGS) $(SANITIZE)
CPPFLAGS += -Iinclude -Iuser -Ibpf -I$(B)/bpf -DASYNCTRACE_VERSION='"$(VERSION)"'
override LDFLAGS += $(SANITIZE)
# Buffers of records are kept for good, known by an address inside of them: no definite leak.
VALGRIND := valgrind -q --error-exitcode=99 --leak-check=full --child-silent-after-fork=yes \
	--show-leak-kinds=definite --errors-for-leak-kinds=definite \
	--suppressions=tests/valgrind/suppressions
TRACER_LIBS = -lbpf -lelf -ldw -lzstd -pthread

ARCH := $(patsubst aarch64%,arm64,$(patsubst x86_64%,x86,$(shell uname -m)))
MULTIARCH = $(shell $(CC) -print-multiarch)

ifeq ($(V),1)
Q :=
say = @true
else
Q := @
say = @printf '  %-8s %s\n' "$(1)" "$(2)"
endif

BASE := $(wildcard user/base/*.c)
RUNTIME := $(wildcard user/runtime/*.c user/runtime/*.S)
TRACER := $(wildcard user/tracer/*.c user/tracer/*/*.c)
EXAMPLES := $(wildcard tools/examples/*.c)
BENCHES := $(wildcard tools/bench/*.c)
TESTS := $(wildcard tests/test_*.c)
TARGETS := $(wildcard tests/programs/*.c)
FUZZERS := $(wildcard tests/fuzz/fuzz_*.c)

objects = $(patsubst %,$(B)/%.o,$(basename $(1)))
RUNTIME_OBJECTS := $(call objects,$(RUNTIME))
BASE_OBJECTS := $(call objects,$(BASE))
TRACER_OBJECTS := $(call objects,$(TRACER))
EXAMPLE_PROGRAMS := $(patsubst tools/examples/%.c,$(B)/examples/%,$(EXAMPLES))
BENCH_PROGRAMS := $(patsubst tools/bench/%.c,$(B)/bench/%,$(BENCHES) $(wildcard tools/bench/peers/*.c))
TEST_PROGRAMS := $(patsubst tests/test_%.c,$(B)/tests/test_%,$(TESTS))
FUZZ_PROGRAMS := $(FUZZERS:%.c=$(B)/%)
TARGET_PROGRAMS := $(B)/tests/toy $(B)/tests/make_hostile $(B)/tests/make_recording \
	$(patsubst %.c,$(B)/%,$(TARGETS)) \
	$(foreach shape,stripped static static-pie shared,$(B)/tests/programs/story-$(shape) \
		$(B)/tests/programs/idle-$(shape)) $(B)/tests/programs/blocking-clang

VALGRIND_CALLS := $(B)/tests/valgrind/with_calls $(B)/tests/valgrind/calls.so

# With nothing but make, git and apt: these goals install what they need first.
ifneq ($(filter demo check check-capabilities check-exports check-faults check-kernels san valgrind fuzz \
	soak bench deps,$(MAKECMDGOALS)),)
DEPS := deps
endif

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all demo check check-capabilities check-elsewhere check-exports check-faults check-kernels \
	golden pictures san targets plain valgrind fuzz fuzzers soak bench install deps clean format

all: $(B)/asynctrace $(B)/libasync.a $(B)/libasync.so $(EXAMPLE_PROGRAMS)

deps:
	$(Q)tools/install-deps $(filter bench fuzz valgrind check-kernels check-capabilities,$(MAKECMDGOALS))

# Without semantic interposition what the runtime calls of itself can be inlined (measured: create +
# run + join 66 ns, 63 so; a future 29 and 26).
PIC := -fPIC -fno-semantic-interposition

$(B)/%.o: %.c | $(DEPS)
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(if $(filter user/runtime/% user/base/% tests/valgrind/%,$<),$(PIC)) -MMD -MP -c -o $@ $<

# The context switch pushes below the compiler's back.
ifeq ($(ARCH),x86)
$(B)/user/runtime/ready.o: override CFLAGS += -mno-red-zone
endif

$(B)/%.o: %.S | $(DEPS)
	$(call say,AS,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# Bytes of stack that a function in BPF may have: events.bpf.c says why.
FRAME_MAX := 48

$(B)/bpf/%.bpf.o: bpf/%.bpf.c | $(DEPS)
	$(call say,BPF,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) -g -O2 -Wall -Wframe-larger-than=$(FRAME_MAX) -Werror -target bpf \
		-D__TARGET_ARCH_$(ARCH) -Iinclude -I/usr/include/$(MULTIARCH) -MMD -MP -c -o $@ $<

$(B)/bpf/%.skel.h: $(B)/bpf/%.bpf.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< > $@

# Parts of every picture.
$(B)/user/tracer/formats/svg.o: user/tracer/formats/svg.css user/tracer/formats/svg.js

$(TRACER_OBJECTS) $(call objects,$(TESTS)): | $(B)/bpf/events.skel.h

$(B)/libasync.a: $(RUNTIME_OBJECTS)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(B)/libasync.so: $(RUNTIME_OBJECTS)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -shared -Wl,-soname,$(SONAME) -o $@ $^ -pthread
	$(Q)ln -sf libasync.so $(@D)/$(SONAME)

$(B)/asynctrace: $(TRACER_OBJECTS) $(BASE_OBJECTS)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(TRACER_LIBS)

$(B)/examples/%: $(B)/tools/examples/%.o $(B)/libasync.a
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -pthread

$(B)/bench/%: $(B)/tools/bench/%.o $(B)/libasync.a
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -pthread

# Those beside whom libasync is measured.
$(B)/bench/peers/libuv: PEER_LIBS = -luv
$(B)/bench/peers/libev: PEER_LIBS = -lev
$(B)/bench/peers/st: PEER_LIBS = -lst
$(B)/bench/peers/nothing: PEER_LIBS = -static
$(B)/bench/peers/%: $(B)/tools/bench/peers/%.o
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(PEER_LIBS) -pthread

# All but main(), for tests to take what they want of.
$(B)/tests/tracer.a: $(filter-out %/tracer/main.o,$(TRACER_OBJECTS)) $(BASE_OBJECTS)
	$(call say,AR,$@)
	$(Q)mkdir -p $(@D)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(B)/tests/test_%: $(B)/tests/test_%.o $(B)/tests/tracer.a $(B)/libasync.a
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lcmocka $(TRACER_LIBS) -pthread

# What a fuzzer does itself.
WRAPPED_options := -Wl,--wrap=exit
WRAPPED_outside := -Wl,--wrap=memory_read

# All of them in one program, for the inputs that are kept.
$(B)/tests/test_fuzz: $(B)/tests/test_fuzz.o $(call objects,$(FUZZERS)) $(B)/tests/tracer.a
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) $(WRAPPED_options) $(WRAPPED_outside) -o $@ $^ -lcmocka $(TRACER_LIBS)

$(B)/tests/fuzz/fuzz_%: $(B)/tests/fuzz/fuzz_%.o $(B)/tests/tracer.a
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -fsanitize=fuzzer $(WRAPPED_$*) -o $@ $^ $(TRACER_LIBS)

# What system tests trace: a runtime that is not ours, and programs with libasync in all shapes.
$(B)/tests/toy: $(B)/tests/toy.o
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -pthread

# Races and deaths, and what they cost.
$(B)/tests/check_faults: $(patsubst %.c,$(B)/%.o,$(wildcard tests/faults/*.c)) $(B)/tests/tracer.a
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lcmocka $(TRACER_LIBS) -pthread

# What writes recordings.
$(B)/tests/make_%: $(B)/tests/make_%.o $(B)/tests/tracer.a
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(TRACER_LIBS)

$(B)/tests/programs/%: $(B)/tests/programs/%.o $(B)/libasync.a
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -pthread

# clang tells debuggers in other ways than gcc.
$(B)/tests/programs/%-clang.o: tests/programs/%.c
	$(call say,CLANG,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) -Iinclude -O2 -g -std=gnu11 -D_GNU_SOURCE -fno-omit-frame-pointer -MMD -MP -c -o $@ $<

$(B)/tests/programs/%-stripped: $(B)/tests/programs/%
	$(call say,STRIP,$@)
	$(Q)strip -o $@ $<

ifeq ($(SANITIZE),)
$(B)/tests/programs/%-static: $(B)/tests/programs/%.o $(B)/libasync.a
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -static -o $@ $^ -pthread

$(B)/tests/programs/%-static-pie: $(B)/tests/programs/%.o $(B)/libasync.a
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -static-pie -o $@ $^ -pthread
else
# No sanitizer can be linked into them: they come from a build without.
STATIC_PROGRAMS := $(filter %-static %-static-pie,$(TARGET_PROGRAMS))

$(STATIC_PROGRAMS): $(B)/%: plain
	$(Q)cp -u $(B)/plain/$* $@

plain:
	$(Q)+$(MAKE) --no-print-directory B=$(B)/plain SANITIZE= $(STATIC_PROGRAMS:$(B)/%=$(B)/plain/%)
endif

$(B)/tests/programs/%-shared: $(B)/tests/programs/%.o $(B)/libasync.so
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -Wl,-rpath,'$$ORIGIN/../..' -pthread

demo: all
	$(Q)tools/demo

check: all $(TEST_PROGRAMS) $(TARGET_PROGRAMS)
	$(Q)tools/check-layers
	$(Q)tests/test_layers.sh
	$(Q)tools/run-tests $(TEST_PROGRAMS)
	$(Q)+MAKE="$(MAKE)" tests/test_install.sh $(B)

check-capabilities: all $(B)/tests/programs/idle
	$(Q)tools/capabilities $(B)

check-exports: all $(B)/tests/make_hostile
	$(Q)tools/check-exports $(B)

check-faults: all $(TARGET_PROGRAMS) $(B)/tests/check_faults
	$(Q)$(B)/tests/check_faults

# Those that attach to real processes.
KERNEL_TESTS := $(wildcard $(patsubst %,tests/test_%.c,bpf_source killed shapes attach session \
	privileges doctor ring_traced budget_traced))

soak: all $(TARGET_PROGRAMS)
	$(Q)tools/soak $(B)

check-kernels: all $(TARGET_PROGRAMS) $(KERNEL_TESTS:%.c=$(B)/%)
	$(Q)tools/check-kernels $(B) $(KERNEL_TESTS:%.c=$(B)/%)

pictures: $(B)/asynctrace
	$(Q)mkdir -p doc
	$(Q)$(B)/asynctrace flame -o doc/flame.svg -i tests/golden/service.rec
	$(Q)ls -l doc/flame.svg

# Look at the difference. RECORD=1 records the run anew before, as a new kind of record asks for.
golden: all $(B)/tests/test_golden
ifneq ($(RECORD),)
	$(Q)$(B)/asynctrace record -o tests/golden/service.rec -- $(B)/examples/service >/dev/null 2>&1
	$(Q)chmod 644 tests/golden/service.rec
endif
	$(Q)GOLDEN_WRITE=1 $(B)/tests/test_golden >$(B)/golden.out 2>&1 || cat $(B)/golden.out
	$(Q)git diff --stat tests/golden

SAN = $(MAKE) --no-print-directory OPTIMISE=-O1 WERROR=
ASAN := B=build/asan SANITIZE="-fsanitize=address,undefined -fno-sanitize-recover=undefined"
TSAN := B=build/tsan SANITIZE=-fsanitize=thread
# Not what reads back millions of records, nor what is about seconds of the clock.
ASAN_TESTS = $(filter-out tests/test_budget_traced.c tests/test_help.c,$(TESTS))
# Nor records that are less than 20 ms late.
RUNTIME_TESTS = $(shell grep -LE '"((system|scene|events).h"|tracer/)|<(tracer/|base/text)' $(TESTS))
TSAN_TESTS = $(filter-out tests/test_shapes.c,$(ASAN_TESTS))
TSAN_TARGETS = targets

san: | $(DEPS)
	$(Q)+$(SAN) $(ASAN) targets
	$(Q)+$(SAN) $(ASAN) check-elsewhere TESTED="$(ASAN_TESTS)"
	$(Q)+$(SAN) $(TSAN) $(TSAN_TARGETS)
	$(Q)+$(SAN) $(TSAN) check-elsewhere TESTED="$(TSAN_TESTS)"

targets: all $(TARGET_PROGRAMS)

# Tests call their build "build": they run in a folder where this one is that.
check-elsewhere: $(TESTED:%.c=$(B)/%)
	$(Q)mkdir -p $(B)/root
	$(Q)ln -sfn $(CURDIR)/* $(B)/root
	$(Q)ln -sfn .. $(B)/root/build
	$(Q)cd $(B)/root && tools/run-tests $(TESTED:%.c=build/%)

# Not those that die of faults, which are errors, or count on more than a record a millisecond; nor
# does valgrind (3.19) spawn processes as the kernel does, let anybody run in a storm of signals, or
# survive the debug information that a test breaks and the breakpoints of a tracer that tries itself.
VALGRIND_TESTS = $(filter-out $(patsubst %,tests/test_%.c,overflow probes process process_protocol \
	process_pool communicate server signal symbols target elf bpf_source),\
	$(shell grep -LE '"(system|scene).h"' $(TESTS))) tests/test_session.c

valgrind: targets $(VALGRIND_TESTS:%.c=$(B)/%) $(VALGRIND_CALLS) | $(DEPS)
	$(Q)RANDOM_PROGRAMS=300 SESSION_BY_RING=1 \
		UNDER="timeout 300 $(B)/tests/valgrind/with_calls $(VALGRIND)" \
		tools/run-tests $(VALGRIND_TESTS:%.c=$(B)/%)

$(B)/tests/valgrind/%.so: $(B)/tests/valgrind/%.o
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -shared -o $@ $^

$(B)/tests/valgrind/with_%: $(B)/tests/valgrind/with_%.o
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^

# libFuzzer is clang's.
FUZZ := B=build/fuzz CC=$(CLANG) SANITIZE="-DFUZZING -fno-sanitize-recover=undefined \
	-fsanitize=fuzzer-no-link,address,undefined"

fuzz: | $(DEPS)
	$(Q)+$(SAN) $(FUZZ) fuzzers
	$(Q)tools/fuzz $(FUZZERS:%.c=build/fuzz/%)

fuzzers: $(FUZZ_PROGRAMS)

bench: all $(BENCH_PROGRAMS) $(B)/tests/make_recording
	$(Q)tools/bench/run

LIB = $(DESTDIR)$(PREFIX)/lib
INCLUDE = $(DESTDIR)$(PREFIX)/include

install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(LIB)/pkgconfig $(INCLUDE)/async $(INCLUDE)/asynctrace
	install $(B)/asynctrace $(DESTDIR)$(PREFIX)/bin
	install -m 644 $(B)/libasync.a $(LIB)
	install -m 644 $(B)/libasync.so $(LIB)/libasync.so.$(VERSION)
	ln -sf libasync.so.$(VERSION) $(LIB)/$(SONAME)
	ln -sf $(SONAME) $(LIB)/libasync.so
	sed 's|@PREFIX@|$(PREFIX)|; s|@VERSION@|$(VERSION)|' libasync.pc.in >$(LIB)/pkgconfig/libasync.pc
	install -m 644 include/async.h $(INCLUDE)
	install -m 644 include/async/*.h $(INCLUDE)/async
	install -m 644 include/asynctrace/*.h $(INCLUDE)/asynctrace

format:
	$(Q)clang-format -i $(shell git ls-files '*.c' '*.h')

clean:
	$(Q)rm -rf $(B)

-include $(shell find $(B) -name '*.d' 2>/dev/null)
