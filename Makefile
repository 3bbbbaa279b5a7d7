# Makefile -- builds Foyer.
#
#   make            everything scripts/run needs: programs, server module, static files, static site
#   make san        the same programs with AddressSanitizer and UBSan, in build/san/bin
#   make unit       tests/unit/*_test.c, built with the sanitizers and run
#   make fuzz       tests/fuzz/*_fuzz.c with clang's libFuzzer, FUZZ_SECONDS=3600 each, two at a time; what is
#                   found stays in tests/fuzz/crashes, what is new and useful goes into tests/fuzz/corpus.
#                   (Calendar files are written and read, of CSV files only writing is the product's.)
#   make analyze    cppcheck, gcc -fanalyzer and clang-tidy over all of cgi-src; what is excepted: scripts/analyze.except
#   make coverage   branches that the unit and http tests take, as a table; fails under 90 % of those that
#                   guard a client's data; twenty minutes
#   make cfi        the programs with clang's control-flow integrity, in build/cfi/bin (tests/slow/cfi.test.js)
#   make assets     fingerprinted copies of nginx/www in build/www, and their names for templates
#   make site       the marketing pages in build/site
#   make install DESTDIR=DIR   what a host runs, with its units (scripts/systemd); PREFIX=/usr/lib/foyer
#   make deb        the same as a Debian package
#
# BUILD=DIR builds elsewhere; V=1 shows the commands. Sources are found by wildcard: a new file needs no line here.

BUILD     ?= build
PREFIX    ?= /usr/lib/foyer
PG_CONFIG ?= /usr/lib/postgresql/15/bin/pg_config
CC        := gcc
CLANG     := clang
Q         := $(if $(V),,@)

# ---- flags ----

# Tables name only what is special in a row; the rest is zero.
WARN := -Wall -Wextra -Wshadow -Wconversion -Wformat=2 -Wno-missing-field-initializers
ifeq ($(shell uname -m),x86_64)
BRANCH := -fcf-protection=full
# A start-up object without the note would take away the program's.
BRANCH_LINK := -Wl,-z,ibt,-z,shstk
else ifeq ($(shell uname -m),aarch64)
BRANCH := -mbranch-protection=standard
endif
HARD  := -D_FORTIFY_SOURCE=3 -fstack-protector-strong -fstack-clash-protection $(BRANCH) \
         -ftrivial-auto-var-init=zero
# --gc-sections: a program does not hold, or import for, what only another one calls
LINK  := -Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code $(BRANCH_LINK) -Wl,--as-needed,--gc-sections
SAN   := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
FUZZ  := -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=all

PACKAGES := fcgi libpq json-c libcurl libcrypto libical libargon2 libseccomp libfido2 libqrencode pangocairo libqpdf libjpeg libpng libwebp lcms2
# Headers of libraries are not ours to warn about.
LIB_INCLUDE := $(patsubst -I%,-isystem %,$(shell pkg-config --cflags $(PACKAGES)))
# (zxcvbn comes without a description for pkg-config)
LIBS        := $(shell pkg-config --libs $(PACKAGES)) -lzxcvbn -lm -lpthread

# (paths of this machine are in no program: two builds give the same bytes)
COMMON := -std=c17 -D_GNU_SOURCE -g -ffile-prefix-map=$(CURDIR)=. -MMD -MP -Iinclude -I$(BUILD)/gen -Icgi-src $(LIB_INCLUDE)
CFLAGS_PLAIN := $(COMMON) -O2 $(HARD) -fPIE -ffunction-sections -fdata-sections $(WARN) -Werror
CFLAGS_SAN   := $(COMMON) -O1 $(SAN) -fPIE $(WARN) -Werror
CFLAGS_FUZZ  := $(COMMON) -O1 -g $(FUZZ) -Wall -Werror
# clang 14 fills with a pattern only; and it takes the entries of its jump tables for 8 bytes when they are 16, for the mark of a branch's
# target: there is none here, where the table itself says what may be called.
CFLAGS_CFI   := $(COMMON) -O2 $(filter-out -ftrivial-auto-var-init=zero $(BRANCH),$(HARD)) -ftrivial-auto-var-init=pattern -fPIE \
                -flto=thin -fvisibility=hidden -fsanitize=cfi -Wall -Wextra -Werror -Wno-missing-field-initializers
LINK_CFI     := -flto=thin -fsanitize=cfi -fuse-ld=lld -Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code,--as-needed,--gc-sections \
                -Wl,--thinlto-jobs=2 -Wl,--thinlto-cache-dir=$(BUILD)/cfi/lto
CFLAGS_MEM   := $(COMMON) -O1 -fPIE $(WARN)
# (the counts are written where the object stood, so its whole path is needed)
CFLAGS_COV   := $(filter-out -ffile-prefix-map=%,$(COMMON)) -O0 --coverage -fprofile-update=atomic -fPIE $(WARN)
# However a process ends, its counts are written: tests/unit/coverage/counts.c
LINK_COV     := --coverage -Wl,--wrap=sandbox_enter,--wrap=log_request,--wrap=_exit,--wrap=_Exit

# ---- sources ----

LIB_SRC  := $(wildcard cgi-src/core/*.c cgi-src/providers/*.c cgi-src/features/*.c \
                       cgi-src/features/*/*.c)
MAIN_SRC := $(wildcard cgi-src/web.c cgi-src/jobs.c cgi-src/foyer.c cgi-src/decode.c)
TOOL_SRC := $(wildcard cgi-src/tools/viewcheck.c)
UNIT_SRC := $(wildcard tests/unit/*_test.c)
FUZZ_SRC := $(wildcard tests/fuzz/*_fuzz.c)
QUERIES  := $(wildcard sql/queries/*.sql)
GEN   := $(BUILD)/gen/.made
obj    = $(patsubst %.c,$(1)/%.o,$(2))
LIB_OBJ      := $(call obj,$(BUILD)/obj,$(LIB_SRC))      $(BUILD)/obj/gen/queries.o
LIB_OBJ_SAN  := $(call obj,$(BUILD)/san/obj,$(LIB_SRC))  $(BUILD)/san/obj/gen/queries.o
LIB_OBJ_FUZZ := $(call obj,$(BUILD)/fuzz/obj,$(LIB_SRC)) $(BUILD)/fuzz/obj/gen/queries.o

program  = $(if $(filter foyer,$(1)),foyer,foyer-$(1))
PROGRAMS := $(foreach m,$(basename $(notdir $(MAIN_SRC))),$(BUILD)/bin/$(call program,$(m))) \
            $(patsubst cgi-src/tools/%.c,$(BUILD)/bin/%,$(TOOL_SRC))
PROGRAMS_SAN := $(patsubst $(BUILD)/bin/%,$(BUILD)/san/bin/%,$(PROGRAMS))
PROGRAMS_CFI := $(patsubst $(BUILD)/bin/%,$(BUILD)/cfi/bin/%,$(filter-out %/viewcheck,$(PROGRAMS)))
PROGRAMS_COV := $(patsubst $(BUILD)/bin/%,$(BUILD)/cov/bin/%,$(filter-out %/viewcheck,$(PROGRAMS)))
UNITS    := $(patsubst tests/unit/%.c,$(BUILD)/san/unit/%,$(UNIT_SRC))
UNITS_MEM := $(UNITS:$(BUILD)/san/%=$(BUILD)/mem/%)
UNITS_COV := $(UNITS:$(BUILD)/san/%=$(BUILD)/cov/%)
FUZZERS  := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(FUZZ_SRC))
MODULE   := $(if $(wildcard cgi-src/pgmodule/foyerctx.c),$(BUILD)/lib/foyerctx.so)

.PHONY: all programs san unit unit-programs unit-valgrind fuzz fuzzers assets site clean install deb analyze cov coverage cfi
.DELETE_ON_ERROR:
.SECONDARY:

all: programs assets site
programs: $(PROGRAMS) $(MODULE)
san: $(PROGRAMS_SAN)

# ---- statements ----

SQLGEN := $(wildcard cgi-src/tools/sqlgen*.c)
$(BUILD)/bin/sqlgen: $(SQLGEN) cgi-src/tools/sqlgen.h Makefile
	@mkdir -p $(@D)
	@echo "  link $@"
	$(Q)$(CC) -std=c17 -D_GNU_SOURCE -O2 $(HARD) -fPIE -pie $(WARN) -Werror $(LINK) -o $@ $(SQLGEN)

# sqlgen leaves a file alone that would not change, so an edited comment rebuilds nothing.
$(GEN): $(BUILD)/bin/sqlgen $(QUERIES) $(wildcard sql/queries)
	@mkdir -p $(@D)
	@echo "  sqlgen"
	$(Q)$(BUILD)/bin/sqlgen sql/queries $(BUILD)/gen
	@touch $@
$(BUILD)/gen/queries.c $(BUILD)/gen/queries.h: $(GEN) ;

# ---- programs ----

$(BUILD)/obj/gen/queries.o: $(BUILD)/gen/queries.c
	@mkdir -p $(@D)
	@echo "  cc $@"
	$(Q)$(CC) $(CFLAGS_PLAIN) -c -o $@ $<
$(BUILD)/obj/%.o: %.c Makefile | $(GEN)
	@mkdir -p $(@D)
	@echo "  cc $@"
	$(Q)$(CC) $(CFLAGS_PLAIN) -c -o $@ $<
$(BUILD)/libfoyer.a: $(LIB_OBJ)
	@rm -f $@
	$(Q)ar rcs $@ $^
$(BUILD)/bin/viewcheck: $(BUILD)/obj/cgi-src/tools/viewcheck.o $(BUILD)/libfoyer.a
	@mkdir -p $(@D)
	@echo "  link $@"
	$(Q)$(CC) -pie $(LINK) -o $@ $^ $(LIBS)
$(BUILD)/bin/foyer: $(BUILD)/obj/cgi-src/foyer.o $(BUILD)/libfoyer.a
	@mkdir -p $(@D)
	@echo "  link $@"
	$(Q)$(CC) -pie $(LINK) -o $@ $^ $(LIBS)
$(BUILD)/bin/foyer-%: $(BUILD)/obj/cgi-src/%.o $(BUILD)/libfoyer.a
	@mkdir -p $(@D)
	@echo "  link $@"
	$(Q)$(CC) -pie $(LINK) -o $@ $^ $(LIBS)

$(BUILD)/san/obj/gen/queries.o: $(BUILD)/gen/queries.c
	@mkdir -p $(@D)
	@echo "  cc $@"
	$(Q)$(CC) $(CFLAGS_SAN) -c -o $@ $<
$(BUILD)/san/obj/%.o: %.c Makefile | $(GEN)
	@mkdir -p $(@D)
	@echo "  cc $@"
	$(Q)$(CC) $(CFLAGS_SAN) -c -o $@ $<
$(BUILD)/san/libfoyer.a: $(LIB_OBJ_SAN)
	@rm -f $@
	$(Q)ar rcs $@ $^
$(BUILD)/san/bin/viewcheck: $(BUILD)/san/obj/cgi-src/tools/viewcheck.o $(BUILD)/san/libfoyer.a
	@mkdir -p $(@D)
	@echo "  link $@"
	$(Q)$(CC) $(SAN) -pie $(LINK) -o $@ $^ $(LIBS)
$(BUILD)/san/bin/foyer: $(BUILD)/san/obj/cgi-src/foyer.o $(BUILD)/san/libfoyer.a
	@mkdir -p $(@D)
	@echo "  link $@"
	$(Q)$(CC) $(SAN) -pie $(LINK) -o $@ $^ $(LIBS)
$(BUILD)/san/bin/foyer-%: $(BUILD)/san/obj/cgi-src/%.o $(BUILD)/san/libfoyer.a
	@mkdir -p $(@D)
	@echo "  link $@"
	$(Q)$(CC) $(SAN) -pie $(LINK) -o $@ $^ $(LIBS)

# ---- server module: runs inside PostgreSQL, so with its headers and its flags ----

$(BUILD)/lib/foyerctx.so: cgi-src/pgmodule/foyerctx.c Makefile
	@mkdir -p $(@D)
	@echo "  link $@"
	$(Q)$(CC) -std=gnu17 -O2 $(HARD) -fPIC $(WARN) -Werror \
	    -isystem $(shell $(PG_CONFIG) --includedir-server) -shared $(LINK) -o $@ $<

# ---- tests ----

unit-programs: $(UNITS)
unit: $(UNITS)
	@failed=0; for program in $^; do "$$program" || failed=1; done; exit $$failed

$(BUILD)/san/unit/%: $(BUILD)/san/obj/tests/unit/%.o $(BUILD)/san/libfoyer.a
	@mkdir -p $(@D)
	@echo "  link $@"
	$(Q)$(CC) $(SAN) -pie $(LINK) -o $@ $^ $(LIBS) $(shell pkg-config --libs cmocka)

fuzzers: $(FUZZERS)
fuzz: fuzzers programs
	@tests/fuzz/run $(BUILD)/fuzz
$(BUILD)/fuzz/obj/gen/queries.o: $(BUILD)/gen/queries.c
	@mkdir -p $(@D)
	@echo "  cc $@"
	$(Q)$(CLANG) $(CFLAGS_FUZZ) -c -o $@ $<
$(BUILD)/fuzz/obj/%.o: %.c Makefile | $(GEN)
	@mkdir -p $(@D)
	@echo "  cc $@"
	$(Q)$(CLANG) $(CFLAGS_FUZZ) -c -o $@ $<
$(BUILD)/fuzz/libfoyer.a: $(LIB_OBJ_FUZZ)
	@rm -f $@
	$(Q)ar rcs $@ $^
$(BUILD)/fuzz/%_fuzz: $(BUILD)/fuzz/obj/tests/fuzz/%_fuzz.o $(BUILD)/fuzz/libfoyer.a
	@echo "  link $@"
	$(Q)$(CLANG) -fsanitize=address,undefined,fuzzer $(FUZZ_LINK) -o $@ $^ $(LIBS)
$(BUILD)/fuzz/gate_fuzz: FUZZ_LINK := -Wl,--wrap=db_ready

# ---- H-07: what reads the source instead of running it, and how much of it the tests run ----

analyze: programs
	@scripts/analyze $(BUILD) $(PACKAGES)

# The unit tests without sanitizers, for valgrind (tests/slow/valgrind.test.js), and all with gcov's counters.
unit-valgrind: $(UNITS_MEM)
cov: $(PROGRAMS_COV) $(UNITS_COV)
coverage:
	@scripts/coverage $(BUILD)

# H-06: a call through a pointer goes only where a function of that type is; anything else ends the process.
cfi: $(PROGRAMS_CFI)

# variant(DIRECTORY, FLAGS OF THE COMPILER, FLAGS OF THE LINKER, OBJECTS LINKED AS WELL, COMPILER, ARCHIVER)
define variant
$(BUILD)/$(1)/obj/gen/queries.o: $(BUILD)/gen/queries.c
	@mkdir -p $$(@D)
	@echo "  cc $$@"
	$(Q)$(5) $(2) -c -o $$@ $$<
$(BUILD)/$(1)/obj/%.o: %.c Makefile | $(GEN)
	@mkdir -p $$(@D)
	@echo "  cc $$@"
	$(Q)$(5) $(2) -c -o $$@ $$<
$(BUILD)/$(1)/libfoyer.a: $(call obj,$(BUILD)/$(1)/obj,$(LIB_SRC)) $(BUILD)/$(1)/obj/gen/queries.o
	@rm -f $$@
	$(Q)$(6) rcs $$@ $$^
$(BUILD)/$(1)/unit/%: $(BUILD)/$(1)/obj/tests/unit/%.o $(4) $(BUILD)/$(1)/libfoyer.a
	@mkdir -p $$(@D)
	@echo "  link $$@"
	$(Q)$(5) $(3) -pie -o $$@ $$^ $(LIBS) $(shell pkg-config --libs cmocka)
$(BUILD)/$(1)/bin/foyer: $(BUILD)/$(1)/obj/cgi-src/foyer.o $(4) $(BUILD)/$(1)/libfoyer.a
	@mkdir -p $$(@D)
	@echo "  link $$@"
	$(Q)$(5) $(3) -pie -o $$@ $$^ $(LIBS)
$(BUILD)/$(1)/bin/foyer-%: $(BUILD)/$(1)/obj/cgi-src/%.o $(4) $(BUILD)/$(1)/libfoyer.a
	@mkdir -p $$(@D)
	@echo "  link $$@"
	$(Q)$(5) $(3) -pie -o $$@ $$^ $(LIBS)
endef
$(eval $(call variant,mem,$(CFLAGS_MEM),,,$(CC),ar))
$(eval $(call variant,cov,$(CFLAGS_COV),$(LINK_COV),$(BUILD)/cov/obj/tests/unit/coverage/counts.o,$(CC),ar))
$(eval $(call variant,cfi,$(CFLAGS_CFI),$(LINK_CFI),,$(CLANG),llvm-ar))

# ---- static files and marketing pages ----

assets:
	@scripts/assets nginx/www $(BUILD)

site: $(filter $(BUILD)/bin/foyer,$(PROGRAMS)) assets
	@scripts/site templates $(BUILD)

# ---- copy for the running product, and cleaning ----

# The whole host: programs below PREFIX, units, the operator's commands. No user is made and nothing started: the
# package's scripts do that, or by hand `foyer-host init`.
install: all
	@scripts/install $(BUILD) "$(DESTDIR)$(PREFIX)"
	@scripts/install-host "$(DESTDIR)" "$(PREFIX)"

# build/foyer_VERSION_ARCH.deb; the same bytes from the same commit, wherever it is built
deb: all
	@scripts/package $(BUILD)

clean:
	rm -rf $(BUILD)

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
