# Tocsin. `make help` prints the targets.
#
#   make deps      install the Debian packages that building, testing and measuring need
#   make           build build/tocsind and build/tocsin            (MODE=release)
#   make demo      install what is missing, build, and play a day in Guangdong
#   make run       build and serve ./data with the default pack
#   make test      every test that CI runs; ends with "N passed, N failed, N skipped"
#   make soak      the same tests in long doses
#   make bench     figures of the budget table beside their peers, in one run
#   make bench-warning  early warning beside its peers, on labelled series
#   make lint      formatting, clang-tidy, luacheck, include directions, banned calls
#   make fuzz      60 s a fuzz target (FUZZ_S=60)
#   make format    apply clang-format
#   make install   programs, pack, manual pages, unit, completion (PREFIX=/usr/local, DESTDIR); make uninstall
#   make deb       build/tocsin_VERSION_ARCH.deb
#   make clean     remove build/
#
# MODE = release | debug | asan | tsan; objects go to build/MODE, CC may be gcc or clang.

MODE ?= release
ifeq ($(origin CC),default)
CC := gcc
endif
BUILD := build/$(MODE)
OUT := $(if $(filter release,$(MODE)),build,$(BUILD))

# ---- dependencies: the one list -------------------------------------------------------------------------
DEPS_BUILD := gcc libc6-dev make pkg-config liblua5.4-dev liblmdb-dev libevent-dev libmsgpack-dev libssl-dev \
	libjansson-dev libxlsxwriter-dev libsystemd-dev libbsd-dev zlib1g-dev tzdata
DEPS_DEMO := python3 python3-msgpack
DEPS_TEST := libcmocka-dev lua-check lua5.4 valgrind clang clang-format clang-tidy \
	libclang-rt-14-dev git dpkg-dev groff-base nodejs npm
DEPS_BENCH := redis-server tarantool
PKGS := lua5.4 lmdb libevent libevent_pthreads msgpack libcrypto jansson xlsxwriter libsystemd libbsd zlib

# ---- flags ----------------------------------------------------------------------------------------------
WARN := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wundef -Wvla
OPT_release := -O2 -g -D_FORTIFY_SOURCE=2 -fstack-protector-strong
OPT_debug := -O0 -g3
OPT_asan := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
OPT_tsan := -O1 -g -fsanitize=thread -fno-omit-frame-pointer
OPT_fuzz := -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
SAN_asan := -fsanitize=address,undefined
SAN_tsan := -fsanitize=thread
SAN_fuzz := -fsanitize=fuzzer,address,undefined
CFLAGS_ALL := -std=c11 -D_GNU_SOURCE -Iinclude -Isrc $(WARN) $(OPT_$(MODE)) -pthread -MMD -MP \
	$(shell pkg-config --cflags $(PKGS) 2>/dev/null) $(if $(WERROR),-Werror) $(CFLAGS)
LDLIBS_ALL := $(SAN_$(MODE)) -pthread $(shell pkg-config --libs $(PKGS) 2>/dev/null) -ldl -lm

# ---- files ----------------------------------------------------------------------------------------------
LIB_SRC := $(filter-out src/cli/%,$(wildcard src/*/*.c src/*/*/*.c))
CLI_SRC := $(wildcard src/cli/*.c)
LIB_OBJ := $(LIB_SRC:%.c=$(BUILD)/%.o)
CLI_OBJ := $(CLI_SRC:%.c=$(BUILD)/%.o)
UNIT_SRC := $(wildcard tests/unit/*_test.c)
UNIT_BIN := $(UNIT_SRC:tests/unit/%.c=$(BUILD)/unit/%)

.PHONY: all deps deps-demo packages demo run test soak bench lint fuzz format clean help units
.SECONDARY:

all: packages $(OUT)/tocsind $(OUT)/tocsin $(OUT)/libtocsin-client.a $(OUT)/libtocsin-client.so

help:
	@sed -n '/^#   make/s/^#//p' Makefile

# Whoever needs packages installed and then builds does so by a make of its own: this one asked pkg-config before they were there.
deps:
	@tests/lib/deps.sh $(DEPS_BUILD) $(DEPS_DEMO) $(DEPS_TEST) $(DEPS_BENCH)
	@$(MAKE) -s $(NODE_DEPS)

deps-demo:
	@tests/lib/deps.sh $(DEPS_BUILD) $(DEPS_DEMO)

packages:
	@pkg-config --exists --print-errors $(PKGS) || { echo "packages that building needs are missing: make deps installs them" >&2; exit 1; }
$(LIB_OBJ) $(CLI_OBJ) $(UNIT_BIN): | packages

# What examples/clients/package.json names, from the npm registry.
NODE_DEPS := examples/clients/node_modules/.package-lock.json
$(NODE_DEPS): examples/clients/package-lock.json
	cd examples/clients && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

$(BUILD)/libtocsin.a: $(LIB_OBJ)
	@mkdir -p $(@D)
	rm -f $@ && ar rcs $@ $(LIB_OBJ)

$(OUT)/tocsind: $(BUILD)/src/main.o $(BUILD)/libtocsin.a
	$(CC) -o $@ $^ $(LDLIBS_ALL)

$(OUT)/tocsin: $(CLI_OBJ) $(BUILD)/libtocsin.a
	$(CC) -o $@ $^ $(LDLIBS_ALL)

# The client library for other programs (include/tocsin.h): nothing but tocsin_… can be seen of it.
CLIENT_SRC := $(wildcard src/client/*.c) src/wire/codec.c src/wire/scan.c \
	$(addprefix src/base/,arena.c buf.c civil.c clock.c err.c log.c util.c value.c)
CLIENT_OBJ := $(CLIENT_SRC:%.c=$(BUILD)/pic/%.o)
CLIENT_SO := libtocsin-client.so.0

$(BUILD)/pic/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -fPIC -fvisibility=hidden -c -o $@ $<

$(OUT)/libtocsin-client.a: $(CLIENT_OBJ)
	$(LD) -r -o $(BUILD)/pic/tocsin-client.o $^
	objcopy --wildcard --keep-global-symbol='tocsin_*' $(BUILD)/pic/tocsin-client.o
	rm -f $@ && ar rcs $@ $(BUILD)/pic/tocsin-client.o

$(OUT)/$(CLIENT_SO): $(CLIENT_OBJ)
	$(CC) -shared -Wl,-soname,$(CLIENT_SO) -o $@ $^ $(SAN_$(MODE)) -pthread -levent_core -lm

$(OUT)/libtocsin-client.so: $(OUT)/$(CLIENT_SO)
	ln -sf $(CLIENT_SO) $@

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -c -o $@ $<

$(BUILD)/unit/%: $(BUILD)/tests/unit/%.o $(BUILD)/libtocsin.a
	@mkdir -p $(@D)
	$(CC) -o $@ $^ $(LDLIBS_ALL) -lcmocka

units: $(UNIT_BIN)

include tests/tests.mk
include src/install/install.mk

clean:
	rm -rf build

-include $(shell find build/$(MODE) -name '*.d' 2>/dev/null)
