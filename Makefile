# SPDX-License-Identifier: GPL-2.0-or-later
# mmcgadget. "make help" lists the targets. GNU make 4 or newer.
#
# Sources are found by directory: every src/ROOM/*.c belongs to that room's
# library, every test/unit/ROOM/t_*.c is a test program, and so on.

O            ?= build
PREFIX       ?= /usr/local
SBINDIR      ?= $(PREFIX)/sbin
BINDIR       ?= $(PREFIX)/bin
LIBDIR       ?= $(PREFIX)/lib
SHIMDIR      ?= $(LIBDIR)/mmcgadget
LIBEXECDIR   ?= $(PREFIX)/lib/mmcgadget
MANDIR       ?= $(PREFIX)/share/man
COMPLETIONDIR ?= $(PREFIX)/share/bash-completion/completions
# Debian's zsh looks for the files of packages in a folder of its own.
ZSHDIR ?= $(PREFIX)/share/zsh/$(if $(filter /usr,$(PREFIX)),vendor-completions,site-functions)
FISHDIR ?= $(PREFIX)/share/fish/vendor_completions.d
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
# What the programs say: between releases, the commit as well. debian/rules sets it.
ifndef FULL_VERSION
FULL_VERSION := $(VERSION)$(shell debian/version.sh $(VERSION))
endif

WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wundef -Wvla \
	-Wpointer-arith -Wwrite-strings -Wcast-qual -Wimplicit-fallthrough -Wformat=2
ALL_CPPFLAGS := -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64 -I$(O) -Isrc -I. \
	-DSYSCONFDIR='"$(SYSCONFDIR)"' $(CPPFLAGS)
ALL_CFLAGS := -std=c17 $(WARNINGS) $(if $(WERROR),-Werror) \
	$(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer) $(CFLAGS)
ALL_LDFLAGS := $(if $(SAN),-fsanitize=$(SAN)) $(LDFLAGS)

# ---- whose build folder it is --------------------------------------------------------------
# "sudo make ..." in a user's tree builds as that user (test/owner.sh), so that the user can go on
# building there. This holds for a relative $(O): who names a folder elsewhere knows whose it is.
built := $(addprefix $(O)/,version.h codecs.h src gadget test deb *.a *.so mmcgadgetd mmcgadgetctl mmcgadget-resolver mmcgadget-decoder mmcgadget-usbip mmcgadget-web mmcgadget-shim)
ifeq ($(shell id -u),0)
ifeq ($(filter root UNKNOWN,$(shell stat -c %U .))$(filter /%,$(O)),)
$(shell test/owner.sh --begin $(O) $(built))
$(O)/%: SHELL := $(CURDIR)/test/owner.sh
deb: SHELL := $(CURDIR)/test/owner.sh
endif
else
foreign := $(shell find $(or $(wildcard $(O)),/dev/null) -maxdepth 0 ! -writable 2>/dev/null; \
	find $(or $(wildcard $(built)),/dev/null) ! -writable -print -quit 2>/dev/null)
ifneq ($(foreign),)
$(error $(firstword $(foreign)) belongs to $(shell stat -c %U $(firstword $(foreign))), so that you cannot build in $(O): sudo rm -r $(O))
endif
endif

# ---- rooms: each directory of sources is a library; docs/architecture.md says what is in it ----
# From the top down: a room knows only the rooms after it (test/suites/layers.sh).
# src/shim is no library: programs preload a part of it, see below. src/web stands above the client, and
# src/usbip on src/util alone.
pure_rooms   := cdimage trace bot mmc disc media cd util
daemon_rooms := daemon usb control transfer drive burned catalog image compact library gadget protocol
rooms        := web ctl usbip $(daemon_rooms) $(pure_rooms)
$(foreach r,$(rooms),$(eval $(r)_src := $(wildcard $(if $(filter gadget,$(r)),$(r),src/$(r))/*.c)))
testlib_src  := $(wildcard test/lib/*.c)

objs = $(patsubst %.c,$(O)/%.o,$(1))
lib  = $(O)/lib$(1).a

pure_libs   := $(foreach r,$(pure_rooms),$(call lib,$(r)))
daemon_libs := $(foreach r,$(daemon_rooms),$(call lib,$(r)))

$(O)/src/mmc/%.o $(O)/src/bot/%.o $(O)/src/trace/%.o $(O)/src/cdimage/%.o $(O)/src/cd/%.o: \
	ALL_CFLAGS += -Wconversion
$(foreach r,$(filter-out protocol gadget,$(daemon_rooms)),$(O)/src/$(r)/%.o) $(O)/gadget/%.o $(O)/src/mmcgadgetd.o: \
	ALL_CFLAGS += -pthread

LIBS_gadget = $(shell $(PKG_CONFIG) --libs libusbgx) -laio -pthread
LIBS_daemon = $(shell $(PKG_CONFIG) --libs libconfig libsystemd jansson blkid nettle)
LIBS_ctl    = $(shell $(PKG_CONFIG) --libs jansson nettle) -lcrypt -pthread
LIBS_web    = $(shell $(PKG_CONFIG) --libs libmicrohttpd libconfig libsystemd jansson nettle) -lcrypt -pthread
LIBS_test   = $(shell $(PKG_CONFIG) --libs cmocka) -pthread

# The web page is built if libmicrohttpd is there (libmicrohttpd-dev).
has_web := $(shell $(PKG_CONFIG) --exists libmicrohttpd 2>/dev/null && echo yes)

# FLAC files of compact discs are decoded if libFLAC is there (libflac-dev).
has_flac := $(shell $(PKG_CONFIG) --exists flac 2>/dev/null && echo yes)

# CHDs of compact discs, if libchdr is there (libchdr-dev: in Debian 13, not in 12).
has_chd := $(shell $(PKG_CONFIG) --exists libchdr 2>/dev/null && echo yes)

has_decoder := $(has_flac)$(has_chd)

programs := $(O)/mmcgadgetd $(O)/mmcgadgetctl $(O)/mmcgadget-resolver $(if $(has_decoder),$(O)/mmcgadget-decoder) \
	$(O)/mmcgadget-usbip $(if $(has_web),$(O)/mmcgadget-web)

.PHONY: all
all: $(programs) $(if $(has_web),,no-web) ## build the daemon and the control client (default)

.PHONY: no-web
no-web:
	@echo "libmicrohttpd-dev is missing: the web page (mmcgadget-web) is not built" >&2

# Its rule runs each time, but touches the file only when the version has changed.
$(O)/version.h: always
	$(Q)command -v $(firstword $(CC)) >/dev/null || \
		{ echo "missing: $(firstword $(CC)) - run 'sudo test/deps.sh build' or install it" >&2; exit 1; }
	$(Q)mkdir -p $(@D)
	$(Q)echo '#define MMCGADGET_VERSION "$(FULL_VERSION)"' | cmp -s - $@ || \
		echo '#define MMCGADGET_VERSION "$(FULL_VERSION)"' > $@
.PHONY: always
always:

# The same for what the decoder was built with: a library may come later.
$(O)/codecs.h: always
	$(Q)mkdir -p $(@D)
	$(Q)printf '#define WITH_FLAC %d\n#define WITH_CHD %d\n' $(if $(has_flac),1,0) $(if $(has_chd),1,0) >$@.new
	$(Q)if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

# The dependencies of an object are those of all its names: the build directory may be given as a relative and as
# an absolute path.
all_names = $(addprefix -MT ,$(sort $@ $(abspath $@) $(patsubst $(CURDIR)/%,%,$(abspath $@))))
$(O)/%.o: %.c | $(O)/version.h $(O)/codecs.h
	$(Q)mkdir -p $(@D)
	$(if $(V),,@printf '  CC      %s\n' '$<')
	$(Q)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -fPIC -MMD -MP $(all_names) -c -o $@ $<

define make_lib
$(call lib,$(1)): $(call objs,$($(1)_src))
	$$(Q)rm -f $$@ && $(AR) rcs $$@ $$^
endef
$(foreach l,$(rooms) testlib,$(eval $(call make_lib,$(l))))

# $(1) a library of pkg-config, $(2) the set of test/deps.sh that has it
define need
	$(Q)command -v $(PKG_CONFIG) >/dev/null || \
		{ echo "missing: $(PKG_CONFIG) - run 'sudo test/deps.sh $(2)' or install it" >&2; exit 1; }
	$(Q)$(PKG_CONFIG) --exists $(1) || \
		{ echo "missing: $(1) - run 'sudo test/deps.sh $(2)' or install it" >&2; exit 1; }
endef

# Before the compiler misses the first header.
$(call objs,$(foreach r,web ctl $(daemon_rooms),$($(r)_src))) $(O)/src/mmcgadgetd.o $(O)/src/mmcgadgetctl.o: | need-daemon

.PHONY: need-daemon need-unit
need-daemon:
	$(call need,libusbgx,build)
	$(call need,libconfig,build)
	$(call need,libsystemd,build)
	$(call need,jansson,build)
	$(call need,blkid,build)
	$(call need,nettle,build)
need-unit:
	$(call need,cmocka,unit)

$(O)/mmcgadgetd: $(O)/src/mmcgadgetd.o $(daemon_libs) $(pure_libs) | need-daemon
	$(if $(V),,@printf '  LINK    %s\n' '$@')
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_gadget) $(LIBS_daemon) $(LIBS)

# The service's drop-in names the daemon.
$(O)/src/ctl/loopback_unit.o $(O)/test/daemon/ctl/t_loopback.o $(O)/test/daemon/ctl/t_network.o: \
	ALL_CPPFLAGS += -DSBINDIR='"$(SBINDIR)"'

$(O)/mmcgadgetctl: $(O)/src/mmcgadgetctl.o $(call lib,ctl) $(call lib,protocol) $(pure_libs) | need-daemon
	$(if $(V),,@printf '  LINK    %s\n' '$@')
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_ctl) $(LIBS)

# The page's files become a part of the program.
web_assets := $(shell find src/web/assets -type f 2>/dev/null)
$(O)/src/web/assets_data.c: src/web/embed.sh $(web_assets)
	$(Q)mkdir -p $(@D)
	$(Q)src/web/embed.sh src/web/assets >$@.new && mv $@.new $@
$(O)/src/web/assets_data.o: $(O)/src/web/assets_data.c | $(O)/version.h
	$(if $(V),,@printf '  CC      %s\n' '$<')
	$(Q)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -fPIC -c -o $@ $<

$(O)/mmcgadget-web: $(O)/src/mmcgadget-web.o $(O)/src/web/assets_data.o $(call lib,web) $(call lib,ctl) \
		$(call lib,protocol) $(pure_libs) | need-daemon
	$(if $(V),,@printf '  LINK    %s\n' '$@')
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_web) $(LIBS)

# The process that parses texts of strangers, of few parts and the C library alone.
resolver := $(call objs,$(wildcard src/resolver/*.c)) $(call lib,cdimage) $(call lib,cd) $(call lib,util)

$(O)/src/compact/bare_process.o: ALL_CPPFLAGS += -DLIBEXECDIR='"$(LIBEXECDIR)"'

$(O)/mmcgadget-resolver: $(O)/src/mmcgadget-resolver.o $(resolver)
	$(if $(V),,@printf '  LINK    %s\n' '$@')
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

# The process that decodes files of samples and CHDs: each codec is built if its library is there.
LIBS_flac    = $(if $(has_flac),$(shell $(PKG_CONFIG) --libs flac))
LIBS_chd     = $(if $(has_chd),$(shell $(PKG_CONFIG) --libs libchdr))
decoder_src := $(filter-out $(if $(has_flac),,src/decoder/flac.c) $(if $(has_chd),,src/decoder/chd.c),$(wildcard src/decoder/*.c))
decoder     := $(call objs,$(decoder_src)) $(O)/src/resolver/sandbox.o

$(O)/src/decoder/chd.o: ALL_CPPFLAGS += $(shell $(PKG_CONFIG) --cflags-only-I libchdr)

$(O)/mmcgadget-decoder: $(O)/src/mmcgadget-decoder.o $(decoder)
	$(if $(V),,@printf '  LINK    %s\n' '$@')
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_flac) $(LIBS_chd) $(LIBS)

# The process that gives a PC's connection to the kernel.
$(O)/mmcgadget-usbip: $(O)/src/mmcgadget-usbip.o $(call lib,usbip) $(call lib,util)
	$(if $(V),,@printf '  LINK    %s\n' '$@')
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

# The same sandbox around a process that misbehaves, for its tests.
$(O)/test/resolver/misbehave: $(O)/test/resolver/misbehave.o $(resolver)
	$(if $(V),,@printf '  LINK    %s\n' '$@')
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

# The shim: the library that programs preload, and the program that has the drive and starts them.
# mmcshimd is its drive alone, for the tests.
shim_lib  := $(addprefix src/shim/shim_,preload.c client.c ioctl.c)
shim_rest := $(filter-out $(shim_lib),$(wildcard src/shim/*.c))
shim      := $(O)/libmmcshim.so $(O)/mmcgadget-shim

$(O)/src/mmcgadget-shim.o $(O)/src/shim/%.o: ALL_CPPFLAGS += -DSHIMDIR='"$(SHIMDIR)"'

$(O)/libmmcshim.so: $(call objs,$(shim_lib))
	$(if $(V),,@printf '  LINK    %s\n' '$@')
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -shared -o $@ $^ -ldl

$(O)/mmcgadget-shim: $(O)/src/mmcgadget-shim.o $(call objs,$(shim_rest)) $(pure_libs)
	$(if $(V),,@printf '  LINK    %s\n' '$@')
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

$(O)/mmcshimd: $(O)/test/shim/mmcshimd.o $(call objs,$(shim_rest)) $(pure_libs)
	$(if $(V),,@printf '  LINK    %s\n' '$@')
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

# An unmodified program for the shim's own tests: it knows nothing of the shim.
$(O)/test/shim/sg_io: $(O)/test/shim/sg_io.o
	$(if $(V),,@printf '  LINK    %s\n' '$@')
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

# The discs that they read and burn.
$(O)/test/shim/cd_sectors: $(O)/test/shim/cd_sectors.o $(call lib,testlib) $(pure_libs)
	$(if $(V),,@printf '  LINK    %s\n' '$@')
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

.PHONY: shim
shim: $(shim) ## a burner for programs on a machine without one: mmcgadget-shim (docs/ci.md)

# ---- tests ---------------------------------------------------------------------------------
unit_tests   := $(patsubst %.c,$(O)/%,$(wildcard test/unit/*/t_*.c))
daemon_tests := $(patsubst %.c,$(O)/%,$(wildcard test/daemon/*/t_*.c))
# What encodes FLAC files needs libFLAC.
flac_test    := $(O)/test/daemon/compact/t_flac
ifeq ($(has_flac),)
daemon_tests := $(filter-out $(flac_test),$(daemon_tests))
endif
# What decodes CHDs is tried where they are decoded.
ifeq ($(has_chd),)
daemon_tests := $(filter-out $(O)/test/daemon/compact/t_chd,$(daemon_tests))
endif
# What belongs to the web page needs its libraries.
web_tests    := $(filter $(O)/test/daemon/web/%,$(daemon_tests))
ifeq ($(has_web),)
daemon_tests := $(filter-out $(web_tests),$(daemon_tests))
web_tests    :=
endif
usb_parts    := $(wildcard test/e2e/u_*_*.c)
usb_tests    := $(patsubst %.c,$(O)/%,$(filter-out $(usb_parts),$(wildcard test/e2e/u_*.c)))
bench_tools  := $(patsubst %.c,$(O)/%,$(wildcard test/bench/b_*.c))
fuzzers      := $(patsubst %.c,$(O)/%,$(wildcard test/fuzz/fuzz_*.c))
replays      := $(patsubst test/fuzz/fuzz_%.c,$(O)/test/fuzz/replay_%,$(wildcard test/fuzz/fuzz_*.c))

$(O)/test/%.o: ALL_CPPFLAGS += -Itest -UNDEBUG

$(unit_tests): $(O)/%: $(O)/%.o $(call lib,testlib) $(pure_libs) | need-unit
	$(if $(V),,@printf '  LINK    %s\n' '$@')
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_test) $(LIBS)

$(filter-out $(web_tests),$(daemon_tests)): $(O)/%: $(O)/%.o $(call lib,testlib) $(call lib,ctl) $(call lib,usbip) $(daemon_libs) \
		$(pure_libs) | need-unit need-daemon
	$(if $(V),,@printf '  LINK    %s\n' '$@')
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_test) $(LIBS_gadget) $(LIBS_daemon) $(LIBS_ctl) $(LIBS)
$(web_tests): $(O)/%: $(O)/%.o $(call lib,web) $(call lib,ctl) $(call lib,protocol) $(pure_libs) | need-unit need-daemon
	$(if $(V),,@printf '  LINK    %s\n' '$@')
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_test) $(LIBS_web) $(LIBS)
# Its threads and its memory fail when the test says so.
$(O)/test/daemon/transfer/t_sums: ALL_LDFLAGS += -Wl,--wrap=thread_start,--wrap=calloc
$(flac_test): $(O)/src/resolver/sandbox.o
$(flac_test): LIBS_test += $(LIBS_flac)

# The daemon without USB, as a process: for tests of programs that talk to it.
fake_daemon  := $(O)/test/web/fake_daemon
$(fake_daemon): $(O)/%: $(O)/%.o $(O)/test/web/fake_host.o $(daemon_libs) $(pure_libs) | need-unit need-daemon
	$(if $(V),,@printf '  LINK    %s\n' '$@')
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_test) $(LIBS_gadget) $(LIBS_daemon) $(LIBS)
# A slow or full card, which both are made to see.
fake_card    := $(O)/test/web/card.so
$(fake_card): test/web/card.c
	$(if $(V),,@printf '  LINK    %s\n' '$@')
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -fPIC -shared -o $@ $< -ldl

.PHONY: web-test-build web-test
web-test-build: $(fake_daemon) $(fake_card) $(programs)

web-test: web-test-build ## mmcgadget-web beside a daemon without USB, by curl
	$(Q)O=$(O) test/tap.sh test/suites/web.sh
	$(Q)O=$(O) test/tap.sh test/suites/web_upload.sh
	$(Q)O=$(O) test/tap.sh test/suites/web_net.sh
	$(Q)O=$(O) test/tap.sh test/suites/web_load.sh

# Programs for the guest, linked whole; they need no library of ours to be installed.
# u_NAME_*.c are further parts of u_NAME.
$(foreach t,$(usb_tests),$(eval $(t): $(patsubst %.c,$(O)/%.o,$(filter $(t:$(O)/%=%)_%,$(usb_parts)))))
$(usb_tests): $(O)/%: $(O)/%.o $(call lib,testlib) $(pure_libs)
	$(if $(V),,@printf '  LINK    %s\n' '$@')
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(LIBS)

$(bench_tools): $(O)/%: $(O)/%.o $(O)/test/bench/cpu.o $(O)/test/bench/model.o $(O)/test/bench/host.o $(call lib,testlib) $(pure_libs)
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
# What strangers send to the web page, as far as it needs no library.
$(O)/test/fuzz/fuzz_web $(O)/test/fuzz/replay_web: \
	$(call objs,$(addprefix src/web/,gate.c text.c range.c peer.c json_list.c) src/protocol/words.c)

# Inputs for the fuzzers that speak CDBs, made of the conversations.
scripts := $(wildcard test/script/*.cdb)
seeds   := $(O)/test/fuzz/seeds/engine $(O)/test/fuzz/seeds/bot
$(O)/test/fuzz/seed: $(O)/test/fuzz/seed.o $(call lib,testlib) $(pure_libs)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)
$(seeds): $(O)/test/fuzz/seed $(scripts)
	$(Q)rm -rf $@ && mkdir -p $@ && $(RUN) $< $(@F) $@ $(scripts)

# The engine as a USB device of a virtual machine, for firmware.
$(O)/mmcredir: $(call objs,$(wildcard test/redir/*.c)) $(call lib,testlib) $(pure_libs)
	$(if $(V),,@printf '  LINK    %s\n' '$@')
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(shell $(PKG_CONFIG) --libs libusbredirparser-0.5) $(LIBS)

.PHONY: unit-build unit daemon-test-build daemon-test layers docs-test first-steps shim-test firmware-test arch-test guest-build guest-test \
	check check-full demo deps
unit-build: $(unit_tests) $(replays) $(seeds)

unit: unit-build ## fast tests: no root, no USB; needs only a compiler and cmocka
	$(Q)O=$(O) test/tap.sh test/suites/unit.sh

daemon-test-build: $(daemon_tests) $(programs) $(O)/test/resolver/misbehave

daemon-test: daemon-test-build ## tests of config, control and library; needs the daemon's libraries
	$(Q)O=$(O) test/tap.sh test/suites/daemon.sh

layers: ## no layer includes what it may not
	$(Q)O=$(O) test/tap.sh test/suites/layers.sh

first-steps: ## what a new user types: what the demo checks, packages, versions, whose build it is
	$(Q)O=$(O) test/tap.sh test/suites/first_steps.sh

docs-test: $(programs) $(shim) ## options, keys and verbs agree between code and documents
	$(Q)O=$(O) test/tap.sh test/suites/docs.sh

.PHONY: shim-test-build
shim-test-build: $(shim) $(O)/mmcshimd $(O)/test/shim/sg_io $(O)/test/shim/cd_sectors $(O)/test/e2e/u_script \
		$(O)/test/e2e/u_cdrom

shim-test: shim-test-build ## unmodified burners against the engine, without USB
	$(Q)O=$(O) test/tap.sh test/suites/shim.sh

.PHONY: page-test
page-test: $(fake_daemon) $(fake_card) $(O)/mmcgadgetctl $(if $(has_web),$(O)/mmcgadget-web) ## the page: its texts and size, and in Chromium, if that is installed
	$(Q)O=$(O) test/tap.sh test/suites/page.sh

firmware-test: $(O)/mmcredir ## UEFI firmware against the engine, in a virtual machine without a system (amd64)
	$(Q)O=$(O) test/tap.sh test/suites/firmware.sh

arch-test: ## tests on other machines: 32 bits, big-endian (FULL=1: all tests on all machines)
	$(Q)O=$(O) test/tap.sh test/suites/arch.sh

guest-build: $(programs) $(usb_tests) $(bench_tools) $(if $(has_chd),$(O)/test/daemon/compact/t_chd)

guest-test: ## the whole USB path in virtual machines (FULL=1: other speeds, the longest)
	$(Q)O=$(O) test/tap.sh test/suites/guest.sh

BENCH_SUITE ?= trixie
.PHONY: bench bench-check bench-record
bench: ## speed and CPU beside the kernel's f_mass_storage (BENCH_SUITE=bookworm: Linux 6.1)
	$(Q)O=$(O) test/bench/bench.sh --suite $(BENCH_SUITE); rc=$$?; test/owner.sh --hand-back $(O); exit $$rc

bench-check: ## the same, fails where it is worse than what is recorded
	$(Q)O=$(O) BENCH_SUITE=$(BENCH_SUITE) test/tap.sh test/suites/bench.sh

bench-record: ## the same, and records it
	$(Q)O=$(O) test/bench/bench.sh --suite $(BENCH_SUITE) --record; rc=$$?; \
		test/owner.sh --hand-back $(O) test/bench; exit $$rc

.PHONY: valgrind sanitize sanitize-web fuzzers fuzz-build fuzz
valgrind: unit-build ## unit and conversation tests under valgrind
	$(Q)O=$(O) WRAP='valgrind -q --error-exitcode=9 --leak-check=full' test/tap.sh test/suites/unit.sh

sanitize: ## unit and conversation tests with ASan and UBSan (WRAP=env: the longest ones shortened)
	$(Q)$(MAKE) --no-print-directory O=$(O)-asan SAN=address,undefined CFLAGS='-O1 -g1' unit

# The daemon and the client beside it are those without sanitizers.
sanitize-web: web-test-build ## mmcgadget-web with ASan and UBSan, by curl
	$(Q)$(MAKE) --no-print-directory O=$(O)-asan SAN=address,undefined CFLAGS='-O1 -g1' $(O)-asan/mmcgadget-web
	$(Q)O=$(O) SANITIZED=$(O)-asan/mmcgadget-web test/tap.sh test/suites/web.sh
	$(Q)O=$(O) SANITIZED=$(O)-asan/mmcgadget-web test/tap.sh test/suites/web_upload.sh

fuzz-build: $(fuzzers)

fuzzers:
	$(Q)$(MAKE) --no-print-directory O=$(O)-fuzz CC=$(CLANG) SAN=fuzzer-no-link,address,undefined \
		CFLAGS='-O1 -g' fuzz-build

FUZZ_SECONDS ?= 60
fuzz: fuzzers $(seeds) ## run the fuzzers, FUZZ_SECONDS each
	$(Q)O=$(O) FUZZ_SECONDS=$(FUZZ_SECONDS) test/fuzz/run.sh

deps: ## install all that tests need, 540 packages and more (apt, root); test/deps.sh build: only compiler and libraries
	$(Q)test/deps.sh all

check: ## every kind of test once, installs what they need (root)
	$(Q)test/deps.sh check
	$(Q)O=$(O) test/check.sh

check-full: ## the same, and all that varies by release, speed, architecture, count or seed (root)
	$(Q)test/deps.sh all
	$(Q)O=$(O) FULL=1 test/check.sh

demo: ## a drive on this board's device port, or a whole burn in a virtual machine (VM=1: there in any case) (root)
	$(Q)O=$(O) test/e2e/demo.sh $(if $(VM),--vm)

# ---- install -------------------------------------------------------------------------------
.PHONY: install uninstall
install: $(programs) ## install under DESTDIR and PREFIX
	install -Dm755 $(O)/mmcgadgetd $(DESTDIR)$(SBINDIR)/mmcgadgetd
	install -Dm755 $(O)/mmcgadgetctl $(DESTDIR)$(BINDIR)/mmcgadgetctl
	install -Dm755 $(O)/mmcgadget-resolver $(DESTDIR)$(LIBEXECDIR)/mmcgadget-resolver
	$(if $(has_decoder),install -Dm755 $(O)/mmcgadget-decoder $(DESTDIR)$(LIBEXECDIR)/mmcgadget-decoder)
	install -Dm755 $(O)/mmcgadget-usbip $(DESTDIR)$(LIBEXECDIR)/mmcgadget-usbip
	install -Dm644 docs/man/mmcgadgetd.8 $(DESTDIR)$(MANDIR)/man8/mmcgadgetd.8
	install -Dm644 docs/man/mmcgadgetctl.1 $(DESTDIR)$(MANDIR)/man1/mmcgadgetctl.1
	install -Dm644 docs/man/mmcgadget.conf.5 $(DESTDIR)$(MANDIR)/man5/mmcgadget.conf.5
	install -Dm644 configs/mmcgadgetctl.bash $(DESTDIR)$(COMPLETIONDIR)/mmcgadgetctl
	install -Dm644 configs/mmcgadgetctl.zsh $(DESTDIR)$(ZSHDIR)/_mmcgadgetctl
	install -Dm644 configs/mmcgadgetctl.fish $(DESTDIR)$(FISHDIR)/mmcgadgetctl.fish
	test -e $(DESTDIR)$(SYSCONFDIR)/mmcgadget/mmcgadget.conf || \
		install -Dm644 configs/mmcgadget.conf $(DESTDIR)$(SYSCONFDIR)/mmcgadget/mmcgadget.conf
	install -Dm644 configs/mmcgadget.sysusers $(DESTDIR)$(SYSUSERSDIR)/mmcgadget.conf
	install -d $(DESTDIR)$(UNITDIR)
	sed 's|@SBINDIR@|$(SBINDIR)|g' configs/mmcgadgetd.service > $(DESTDIR)$(UNITDIR)/mmcgadgetd.service
	sed 's|@LIBEXECDIR@|$(LIBEXECDIR)|g' configs/mmcgadget-usbip@.service > $(DESTDIR)$(UNITDIR)/mmcgadget-usbip@.service
	chmod 644 $(DESTDIR)$(UNITDIR)/mmcgadgetd.service $(DESTDIR)$(UNITDIR)/mmcgadget-usbip@.service
	install -Dm644 configs/mmcgadget-usbip.socket $(DESTDIR)$(UNITDIR)/mmcgadget-usbip.socket

installed := $(SBINDIR)/mmcgadgetd $(BINDIR)/mmcgadgetctl $(LIBEXECDIR)/mmcgadget-resolver \
	$(LIBEXECDIR)/mmcgadget-decoder $(LIBEXECDIR)/mmcgadget-usbip \
	$(MANDIR)/man8/mmcgadgetd.8 \
	$(MANDIR)/man1/mmcgadgetctl.1 $(MANDIR)/man5/mmcgadget.conf.5 $(COMPLETIONDIR)/mmcgadgetctl \
	$(ZSHDIR)/_mmcgadgetctl $(FISHDIR)/mmcgadgetctl.fish $(SYSUSERSDIR)/mmcgadget.conf $(UNITDIR)/mmcgadgetd.service \
	$(UNITDIR)/mmcgadget-usbip.socket $(UNITDIR)/mmcgadget-usbip@.service
uninstall: ## remove what install put there; says what it leaves
	$(Q)DESTDIR='$(DESTDIR)' PREFIX='$(PREFIX)' SYSCONFDIR='$(SYSCONFDIR)' configs/uninstall.sh $(installed)
	$(Q)rmdir $(DESTDIR)$(LIBEXECDIR) 2>/dev/null || true

.PHONY: install-shim uninstall-shim
install-shim: $(shim) ## install mmcgadget-shim alone, under DESTDIR and PREFIX
	install -Dm755 $(O)/mmcgadget-shim $(DESTDIR)$(BINDIR)/mmcgadget-shim
	install -Dm644 $(O)/libmmcshim.so $(DESTDIR)$(SHIMDIR)/libmmcshim.so
	install -Dm644 docs/man/mmcgadget-shim.1 $(DESTDIR)$(MANDIR)/man1/mmcgadget-shim.1

uninstall-shim: ## remove what install-shim put there
	rm -f $(DESTDIR)$(BINDIR)/mmcgadget-shim $(DESTDIR)$(SHIMDIR)/libmmcshim.so \
		$(DESTDIR)$(MANDIR)/man1/mmcgadget-shim.1
	-rmdir $(DESTDIR)$(SHIMDIR)

.PHONY: install-web uninstall-web
install-web: $(O)/mmcgadget-web ## install the web page alone, under DESTDIR and PREFIX
	install -Dm755 $(O)/mmcgadget-web $(DESTDIR)$(SBINDIR)/mmcgadget-web
	install -Dm644 docs/man/mmcgadget-web.8 $(DESTDIR)$(MANDIR)/man8/mmcgadget-web.8
	test -e $(DESTDIR)$(SYSCONFDIR)/mmcgadget/web.conf || \
		install -Dm644 configs/mmcgadget-web.conf $(DESTDIR)$(SYSCONFDIR)/mmcgadget/web.conf
	install -Dm644 configs/mmcgadget-web.sysusers $(DESTDIR)$(SYSUSERSDIR)/mmcgadget-web.conf
	install -Dm644 configs/mmcgadget-web.socket $(DESTDIR)$(UNITDIR)/mmcgadget-web.socket
	sed 's|@SBINDIR@|$(SBINDIR)|g' configs/mmcgadget-web.service > $(DESTDIR)$(UNITDIR)/mmcgadget-web.service
	chmod 644 $(DESTDIR)$(UNITDIR)/mmcgadget-web.service

uninstall-web: ## remove what install-web put there; password and tokens stay
	rm -f $(DESTDIR)$(SBINDIR)/mmcgadget-web $(DESTDIR)$(MANDIR)/man8/mmcgadget-web.8 \
		$(DESTDIR)$(SYSUSERSDIR)/mmcgadget-web.conf $(DESTDIR)$(UNITDIR)/mmcgadget-web.socket \
		$(DESTDIR)$(UNITDIR)/mmcgadget-web.service

DEB_ARGS ?=
.PHONY: deb deb-test
deb: ## the Debian package, in build/deb (DEB_ARGS=-aarm64: for another machine)
	$(Q)O=$(O) debian/deb.sh $(DEB_ARGS)

deb-test: ## the package and its life in a Debian that boots (FULL=1: Debian 12 and 13, boards) (root)
	$(Q)O=$(O) test/tap.sh test/suites/deb.sh

BOARD ?=
.PHONY: image card-test card-guest-test
image: ## an SD card image for a board, a file in build/image (BOARD=rpi-arm64; without BOARD: the list)
	$(Q)O=$(O) image/build.sh $(BOARD)

card-test: ## the scripts of the card image: mmcgadget.txt, the discs' partition, updates
	$(Q)O=$(O) test/tap.sh test/suites/card.sh

card-guest-test: ## builds the card image, boots it, burns, cuts the power, updates it, in QEMU (slow)
	$(Q)O=$(O) test/tap.sh test/suites/card_guest.sh

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
