# The front door. Meson does the work; CONTRIBUTING.md says what each target stands for.
#
#   make                      build into build/
#   make demo                 set up this machine, build, run the main job
#   make test                 set up, build, the quick tests
#   make test-all             and the slow ones, the sanitizers and the fuzzer
#   make PREFIX=DIR install   no root needed: a C compiler and Python 3 are enough
#   make bench                the figures of the documents, measured
#   make clean
#
# SETUP_FLAGS goes to `meson setup` (SETUP_FLAGS=-Dtests=enabled), TEST_FLAGS to `meson test`.

PREFIX ?= /usr/local
MESON  := tools/meson
NFOLD  := build/src/cli/nfold

prefix := $(abspath $(patsubst ~%,$(HOME)%,$(PREFIX)))

# A build for looking for defects: with assertions, one kind of library, a sanitizer.
DEBUG := --buildtype debugoptimized -Db_ndebug=false -Db_lundef=false -Ddefault_library=static
# What runs under it. Not real MPIs: their own leaks and races are not ours to see.
SANITIZED := --no-suite slow --no-suite house --no-suite cluster
# The thread sanitizer makes a fork of vfork, by which nfold tasks starts programs: its tests are left
# out there, but for that of the thread that syncs the journal (tests/unit/test_tasks_journal_sync.c).
# Every address of a sanitized program is the sanitizer's to place, so no random layout.
FIXED_LAYOUT := $(shell setarch -R true 2>/dev/null && echo setarch -R)

export UBSAN_OPTIONS ?= print_stacktrace=1:halt_on_error=1
export TSAN_OPTIONS  ?= halt_on_error=1:second_deadlock_stack=1

SETUPS := setup-build setup-test setup-all setup-bench
.PHONY: all demo test test-all test-slow sanitize-address sanitize-thread fuzz install bench clean \
        $(SETUPS)
.NOTPARALLEL:

all: setup-build build/build.ninja
	@$(MESON) compile -C build

build/build.ninja:
	$(MESON) setup build $(SETUP_FLAGS)

$(SETUPS): setup-%:
	@tools/setup $*

demo: all
	$(NFOLD) integrate 'x*x' 0 100 1e8 --report
	$(NFOLD) compare integrate 'x*x' 0 100 1e10

test: setup-test all
	$(MESON) test -C build --no-rebuild --no-suite slow --logbase quick --print-errorlogs $(TEST_FLAGS)

# Each part by itself, so that `make -k test-all` goes on after a failure.
test-all: setup-all test test-slow sanitize-address sanitize-thread fuzz

test-slow: all
	$(MESON) test -C build --no-rebuild --suite slow --logbase slow --print-errorlogs $(TEST_FLAGS)

sanitize-address: build-asan/build.ninja
	$(MESON) compile -C build-asan
	$(MESON) test -C build-asan --no-rebuild $(SANITIZED) \
		--timeout-multiplier 5 --print-errorlogs $(TEST_FLAGS)

sanitize-thread: build-tsan/build.ninja
	$(MESON) compile -C build-tsan
	$(FIXED_LAYOUT) $(MESON) test -C build-tsan --no-rebuild $(SANITIZED) --no-suite tasks \
		--timeout-multiplier 10 --print-errorlogs $(TEST_FLAGS)

fuzz: build-fuzz/build.ninja
	$(MESON) compile -C build-fuzz
	$(MESON) test -C build-fuzz --no-rebuild --suite fuzz --print-errorlogs $(TEST_FLAGS)

build-asan/build.ninja:
	$(MESON) setup build-asan $(DEBUG) -Db_sanitize=address,undefined $(SETUP_FLAGS) -Dbench=false

# The other compiler's thread sanitizer, so that both compilers build all of it.
build-tsan/build.ninja:
	CC=clang $(MESON) setup build-tsan $(DEBUG) -Db_sanitize=thread $(SETUP_FLAGS) \
		-Dbench=false

build-fuzz/build.ninja:
	CC=clang $(MESON) setup build-fuzz $(DEBUG) -Db_sanitize=address,undefined -Dfuzz=true \
		-Dtests=disabled

install: setup-build build/build.ninja
	@$(MESON) configure build -Dprefix=$(prefix)
	@$(MESON) compile -C build
	@$(MESON) install -C build --no-rebuild --quiet
	@echo "nfold is in $(prefix)/bin"

bench: setup-bench build/build.ninja
	@$(MESON) configure build -Dbench=true
	@$(MESON) compile -C build
	/usr/bin/python3 bench/run.py $(BENCH_FLAGS)

clean:
	rm -rf build build-asan build-tsan build-fuzz
