# SPDX-License-Identifier: GPL-2.0-or-later
# mmcgadget. "make help" lists the targets. GNU make 4 or newer.
#
# Sources are found by directory: every src/ROOM/*.c belongs to that room's
# library, every test/unit/ROOM/t_*.c is a test program, and so on.

O            ?= build
PREFIX       ?= /usr/local
SBINDIR      ?= $(PREFIX)/sbin
BINDIR       ?= $(PREFIX)/bin
MANDIR       ?= $(PREFIX)/share/man
COMPLETIONDIR ?= $(PREFIX)/share/bash-completion/completions
SYSCONFDIR   ?= /etc
SYSUSERSDIR  ?= $(PREFIX)/lib/sysusers.d
UNITDIR      ?= $(if $(filter /usr,$(PREFIX)),/lib/systemd/system,$(PREFIX)/lib/systemd/system)
CC           ?= gcc
CROSS_COMPILE ?=
ifneq ($(CROSS_COMPILE),)
CC           := $(CROSS_COMPILE)gcc
AR           := $(CROSS_COMPILE)ar
endif
# What goes before a program that was built, for it to run here (an emulator).
RUN          ?=
PKG_CONFIG   ?= pkg-config
CLANG        ?= clang
CFLAGS       ?= -O2 -g
SAN          ?=
WERROR       ?=
V            ?=
Q            := $(if $(V),,@)

VERSION      := 0.1.0

WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wundef -Wvla \
	-Wpointer-arith -Wwrite-strings -Wcast-qual -Wimplicit-fallthrough -Wformat=2
ALL_CPPFLAGS := -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64 -I$(O) -Isrc -I. \
	-DSYSCONFDIR='"$(SYSCONFDIR)"' $(CPPFLAGS)
ALL_CFLAGS := -std=c17 $(WARNINGS) $(if $(WERROR),-Werror) \
	$(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer) $(CFLAGS)
ALL_LDFLAGS := $(if $(SAN),-fsanitize=$(SAN)) $(LDFLAGS)

# ---- rooms: each directory of sources is a library; docs/architecture.md says what is in it ----
# From the top down: a room knows only the rooms after it (test/suites/layers.sh).
pure_rooms   := trace bot mmc disc media util
daemon_rooms := daemon usb control drive library gadget protocol
rooms        := ctl $(daemon_rooms) $(pure_rooms)
$(foreach r,$(rooms),$(eval $(r)_src := $(wildcard $(if $(filter gadget,$(r)),$(r),src/$(r))/*.c)))
testlib_src  := $(wildcard test/lib/*.c)

objs = $(patsubst %.c,$(O)/%.o,$(1))
lib  = $(O)/lib$(1).a

pure_libs   := $(foreach r,$(pure_rooms),$(call lib,$(r)))
daemon_libs := $(foreach r,$(daemon_rooms),$(call lib,$(r)))

$(O)/src/mmc/%.o $(O)/src/bot/%.o $(O)/src/trace/%.o: ALL_CFLAGS += -Wconversion
$(foreach r,$(filter-out protocol gadget,$(daemon_rooms)),$(O)/src/$(r)/%.o) $(O)/gadget/%.o $(O)/src/mmcgadgetd.o: \
	ALL_CFLAGS += -pthread

LIBS_gadget = $(shell $(PKG_CONFIG) --libs libusbgx) -laio -pthread
LIBS_daemon = $(shell $(PKG_CONFIG) --libs libconfig libsystemd jansson blkid nettle)
LIBS_ctl    = $(shell $(PKG_CONFIG) --libs jansson) -pthread
LIBS_test   = $(shell $(PKG_CONFIG) --libs cmocka) -pthread

programs := $(O)/mmcgadgetd $(O)/mmcgadgetctl

.PHONY: all
all: $(programs) ## build the daemon and the control client (default)

$(O)/version.h: Makefile
	$(Q)mkdir -p $(@D)
	$(Q)printf '#define MMCGADGET_VERSION "%s"\n' '$(VERSION)' > $@

$(O)/%.o: %.c $(O)/version.h
	$(Q)mkdir -p $(@D)
	$(if $(V),,@printf '  CC      %s\n' '$<')
	$(Q)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -fPIC -MMD -MP -c -o $@ $<

define make_lib
$(call lib,$(1)): $(call objs,$($(1)_src))
	$$(Q)rm -f $$@ && $(AR) rcs $$@ $$^
endef
$(foreach l,$(rooms) testlib,$(eval $(call make_lib,$(l))))

define need
	$(Q)$(PKG_CONFIG) --exists $(1) || { echo "missing: $(1) - run 'sudo make deps' or install it" >&2; exit 1; }
endef

.PHONY: need-daemon need-unit
need-daemon:
	$(call need,libusbgx)
	$(call need,libconfig)
	$(call need,libsystemd)
	$(call need,jansson)
	$(call need,blkid)
	$(call need,nettle)
need-unit:
	$(call need,cmocka)

$(O)/mmcgadgetd: $(O)/src/mmcgadgetd.o $(daemon_libs) $(pure_libs) | need-daemon
	$(if $(V),,@printf '  LINK    %s\n' '$@')
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_gadget) $(LIBS_daemon) $(LIBS)

$(O)/mmcgadgetctl: $(O)/src/mmcgadgetctl.o $(call lib,ctl) $(call lib,protocol) $(pure_libs) | need-daemon
	$(if $(V),,@printf '  LINK    %s\n' '$@')
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_ctl) $(LIBS)

# ---- tests ---------------------------------------------------------------------------------
unit_tests   := $(patsubst %.c,$(O)/%,$(wildcard test/unit/*/t_*.c))
daemon_tests := $(patsubst %.c,$(O)/%,$(wildcard test/daemon/*/t_*.c))
usb_parts    := $(wildcard test/e2e/u_*_*.c)
usb_tests    := $(patsubst %.c,$(O)/%,$(filter-out $(usb_parts),$(wildcard test/e2e/u_*.c)))
bench_tools  := $(patsubst %.c,$(O)/%,$(wildcard test/bench/b_*.c))
fuzzers      := $(patsubst %.c,$(O)/%,$(wildcard test/fuzz/fuzz_*.c))
replays      := $(patsubst test/fuzz/fuzz_%.c,$(O)/test/fuzz/replay_%,$(wildcard test/fuzz/fuzz_*.c))

$(O)/test/%.o: ALL_CPPFLAGS += -Itest -UNDEBUG

$(unit_tests): $(O)/%: $(O)/%.o $(call lib,testlib) $(pure_libs) | need-unit
	$(if $(V),,@printf '  LINK    %s\n' '$@')
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_test) $(LIBS)

$(daemon_tests): $(O)/%: $(O)/%.o $(call lib,testlib) $(call lib,ctl) $(daemon_libs) \
		$(pure_libs) | need-unit need-daemon
	$(if $(V),,@printf '  LINK    %s\n' '$@')
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_test) $(LIBS_gadget) $(LIBS_daemon) $(LIBS)

# Programs for the guest, linked whole; they need no library of ours to be installed.
# u_NAME_*.c are further parts of u_NAME.
$(foreach t,$(usb_tests),$(eval $(t): $(patsubst %.c,$(O)/%.o,$(filter $(t:$(O)/%=%)_%,$(usb_parts)))))
$(usb_tests): $(O)/%: $(O)/%.o $(call lib,testlib) $(pure_libs)
	$(if $(V),,@printf '  LINK    %s\n' '$@')
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(LIBS)

$(bench_tools): $(O)/%: $(O)/%.o $(O)/test/bench/cpu.o $(call lib,testlib) $(pure_libs)
	$(if $(V),,@printf '  LINK    %s\n' '$@')
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

# The same entry point, once for libFuzzer and once for replaying its corpus. "make fuzzers" builds
# the former with clang, in a directory of their own: their objects are instrumented.
$(fuzzers): $(O)/test/fuzz/fuzz_%: $(O)/test/fuzz/fuzz_%.o $(call lib,testlib) $(pure_libs)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -fsanitize=fuzzer -o $@ $(filter %.o,$^) $(filter %.a,$^) $(LIBS)
$(replays): $(O)/test/fuzz/replay_%: $(O)/test/fuzz/fuzz_%.o $(O)/test/fuzz/replay.o $(call lib,testlib) $(pure_libs)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(LIBS)
# The control language: of the daemon and the client, but nothing of a system.
$(O)/test/fuzz/fuzz_control $(O)/test/fuzz/replay_control: \
	$(call objs,src/protocol/lines.c src/protocol/words.c src/protocol/verbs.c)

# Inputs for the fuzzers that speak CDBs, made of the conversations.
scripts := $(wildcard test/script/*.cdb)
seeds   := $(O)/test/fuzz/seeds/engine $(O)/test/fuzz/seeds/bot
$(O)/test/fuzz/seed: $(O)/test/fuzz/seed.o $(call lib,testlib) $(pure_libs)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)
$(seeds): $(O)/test/fuzz/seed $(scripts)
	$(Q)rm -rf $@ && mkdir -p $@ && $(RUN) $< $(@F) $@ $(scripts)

# The library that programs preload; and the server behind it, which holds the engine.
shim_lib    := test/shim/shim_preload.c test/shim/shim_client.c test/shim/shim_ioctl.c
shim_server := test/shim/shim_server.c test/shim/shim_drive.c test/shim/shim_kernel.c

$(O)/libmmcshim.so: $(call objs,$(shim_lib))
	$(if $(V),,@printf '  LINK    %s\n' '$@')
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -shared -o $@ $^ -ldl

$(O)/mmcshimd: $(call objs,$(shim_server)) $(pure_libs)
	$(if $(V),,@printf '  LINK    %s\n' '$@')
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

.PHONY: unit-build unit daemon-test-build daemon-test layers docs-test shim-test arch-test guest-build guest-test \
	check check-full demo deps
unit-build: $(unit_tests) $(replays) $(seeds)

unit: unit-build ## fast tests: no root, no USB; needs only a compiler and cmocka
	$(Q)O=$(O) test/tap.sh test/suites/unit.sh

daemon-test-build: $(daemon_tests) $(programs)

daemon-test: daemon-test-build ## tests of config, control and library; needs the daemon's libraries
	$(Q)O=$(O) test/tap.sh test/suites/daemon.sh

layers: ## no layer includes what it may not
	$(Q)O=$(O) test/tap.sh test/suites/layers.sh

docs-test: $(programs) ## options, keys and verbs agree between code and documents
	$(Q)O=$(O) test/tap.sh test/suites/docs.sh

shim-test: $(O)/libmmcshim.so $(O)/mmcshimd ## unmodified burners against the engine, without USB
	$(Q)O=$(O) test/tap.sh test/suites/shim.sh

arch-test: ## tests on other machines: 32 bits, big-endian (FULL=1: all tests on all machines)
	$(Q)O=$(O) test/tap.sh test/suites/arch.sh

guest-build: $(programs) $(usb_tests) $(bench_tools)

guest-test: ## the whole USB path in virtual machines (FULL=1: other speeds, the longest)
	$(Q)O=$(O) test/tap.sh test/suites/guest.sh

BENCH_SUITE ?= trixie
.PHONY: bench bench-check bench-record
bench: ## speed and CPU beside the kernel's f_mass_storage (BENCH_SUITE=bookworm: Linux 6.1)
	$(Q)O=$(O) test/bench/bench.sh --suite $(BENCH_SUITE)

bench-check: ## the same, fails where it is worse than what is recorded
	$(Q)O=$(O) BENCH_SUITE=$(BENCH_SUITE) test/tap.sh test/suites/bench.sh

bench-record: ## the same, and records it
	$(Q)O=$(O) test/bench/bench.sh --suite $(BENCH_SUITE) --record

.PHONY: valgrind sanitize fuzzers fuzz-build fuzz
valgrind: unit-build ## unit and conversation tests under valgrind
	$(Q)O=$(O) WRAP='valgrind -q --error-exitcode=9 --leak-check=full' test/tap.sh test/suites/unit.sh

sanitize: ## unit and conversation tests with ASan and UBSan (WRAP=env: the longest ones shortened)
	$(Q)$(MAKE) --no-print-directory O=$(O)-asan SAN=address,undefined CFLAGS='-O1 -g' unit

fuzz-build: $(fuzzers)

fuzzers:
	$(Q)$(MAKE) --no-print-directory O=$(O)-fuzz CC=$(CLANG) SAN=fuzzer-no-link,address,undefined \
		CFLAGS='-O1 -g' fuzz-build

FUZZ_SECONDS ?= 60
fuzz: fuzzers $(seeds) ## run the fuzzers, FUZZ_SECONDS each
	$(Q)O=$(O) FUZZ_SECONDS=$(FUZZ_SECONDS) test/fuzz/run.sh

deps: ## install what build and tests need (apt, root)
	$(Q)test/deps.sh all

check: ## every kind of test once, installs what they need (root)
	$(Q)test/deps.sh check
	$(Q)O=$(O) test/check.sh

check-full: ## the same, and all that varies by release, speed, architecture, count or seed (root)
	$(Q)test/deps.sh all
	$(Q)O=$(O) FULL=1 test/check.sh

demo: ## the main job: bring a drive up on this board's UDC, or show it in a virtual machine (root)
	$(Q)test/deps.sh demo
	$(Q)$(MAKE) --no-print-directory all
	$(Q)O=$(O) test/e2e/demo.sh

# ---- install -------------------------------------------------------------------------------
.PHONY: install uninstall
install: $(programs) ## install under DESTDIR and PREFIX
	install -Dm755 $(O)/mmcgadgetd $(DESTDIR)$(SBINDIR)/mmcgadgetd
	install -Dm755 $(O)/mmcgadgetctl $(DESTDIR)$(BINDIR)/mmcgadgetctl
	install -Dm644 docs/man/mmcgadgetd.8 $(DESTDIR)$(MANDIR)/man8/mmcgadgetd.8
	install -Dm644 docs/man/mmcgadgetctl.1 $(DESTDIR)$(MANDIR)/man1/mmcgadgetctl.1
	install -Dm644 docs/man/mmcgadget.conf.5 $(DESTDIR)$(MANDIR)/man5/mmcgadget.conf.5
	install -Dm644 configs/mmcgadgetctl.bash $(DESTDIR)$(COMPLETIONDIR)/mmcgadgetctl
	test -e $(DESTDIR)$(SYSCONFDIR)/mmcgadget/mmcgadget.conf || \
		install -Dm644 configs/mmcgadget.conf $(DESTDIR)$(SYSCONFDIR)/mmcgadget/mmcgadget.conf
	install -Dm644 configs/mmcgadget.sysusers $(DESTDIR)$(SYSUSERSDIR)/mmcgadget.conf
	install -d $(DESTDIR)$(UNITDIR)
	sed 's|@SBINDIR@|$(SBINDIR)|g' configs/mmcgadgetd.service > $(DESTDIR)$(UNITDIR)/mmcgadgetd.service
	chmod 644 $(DESTDIR)$(UNITDIR)/mmcgadgetd.service

uninstall: ## remove what install put there, but the configuration
	rm -f $(DESTDIR)$(SBINDIR)/mmcgadgetd $(DESTDIR)$(BINDIR)/mmcgadgetctl \
		$(DESTDIR)$(MANDIR)/man8/mmcgadgetd.8 $(DESTDIR)$(MANDIR)/man1/mmcgadgetctl.1 \
		$(DESTDIR)$(MANDIR)/man5/mmcgadget.conf.5 $(DESTDIR)$(COMPLETIONDIR)/mmcgadgetctl \
		$(DESTDIR)$(SYSUSERSDIR)/mmcgadget.conf $(DESTDIR)$(UNITDIR)/mmcgadgetd.service

DEB_ARGS ?=
.PHONY: deb deb-test
deb: ## the Debian package, in build/deb (DEB_ARGS=-aarm64: for another machine)
	$(Q)O=$(O) debian/deb.sh $(DEB_ARGS)

deb-test: ## the package and its life in a Debian that boots (FULL=1: Debian 12 and 13, boards) (root)
	$(Q)O=$(O) test/tap.sh test/suites/deb.sh

# ---- developer's tools ---------------------------------------------------------------------
.PHONY: compile_commands.json format format-check clean help
compile_commands.json: ## for clangd and friends
	$(Q){ echo '['; sep=''; for f in $(foreach r,$(rooms),$($(r)_src)) \
		$(wildcard src/*.c test/*/*.c test/*/*/*.c); do \
		printf '%s{"directory":"%s","file":"%s","command":"%s"}\n' "$$sep" '$(CURDIR)' "$$f" \
		"$(CC) -std=c17 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -DSYSCONFDIR=\\\"$(SYSCONFDIR)\\\" -I$(O) -Isrc -I. -Itest -c $$f"; \
		sep=','; done; echo ']'; } > $@

format: ## reformat the sources
	clang-format -i $$(git ls-files '*.c' '*.h')

format-check: ## fail when a source is not formatted
	clang-format --dry-run -Werror $$(git ls-files '*.c' '*.h')

clean: ## remove what was built (the guest images stay in the cache)
	rm -rf $(O) $(O)-asan $(O)-arch $(O)-clang $(O)-fuzz compile_commands.json

help: ## this list
	@awk -F':.*## ' '/^[a-z_.-]+:.*## / { printf "  %-22s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

-include $(shell find $(O) -type f -name '*.d' 2>/dev/null)
.SECONDARY:
