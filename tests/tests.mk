# What `make test`, `make soak`, `make bench`, `make lint` and `make fuzz` run.

test: deps
	$(MAKE) MODE=release all units fault fuzzers sim $(BUILD)/tests/pack_spec
	tests/run.sh

soak: deps
	$(MAKE) MODE=release all units fault fuzzers sim $(BUILD)/tests/pack_spec
	TOCSIN_DOSE=20 tests/run.sh
	$(MAKE) MODE=asan all
	TOCSIND=build/asan/tocsind TOCSIN_RELOADS=1000 /usr/bin/python3 tests/ops/reloads_test.py

lint:
	tests/lint.sh

format:
	clang-format -i $$(git ls-files '*.c' '*.h')

# ---- power cuts and I/O faults (tests/fault/README.md) ----------------------------------------------------
FAULT := $(BUILD)/fault
FAULT_BIN := $(addprefix $(FAULT)/,shim.so journal_writer journal_writer_skip_sync journal_writer_answer_early \
	journal_writer_trust_cache journal_powercut journal_iofault store_writer store_writer_checkpoint_early \
	store_writer_trim_early store_writer_no_mark store_powercut store_iofault store_kill)

# Runs beside a program whatever its mode, so it is built plainly and sees the plain names of the C library.
$(FAULT)/shim.so: tests/fault/shim.c tests/fault/shim_log.h
	@mkdir -p $(@D)
	$(CC) -std=c11 -D_GNU_SOURCE $(WARN) $(if $(WERROR),-Werror) -O2 -g -fPIC -shared -pthread -o $@ $<

$(FAULT)/journal_writer: $(addprefix $(BUILD)/tests/fault/,journal_writer.o journal_work.o) $(BUILD)/libtocsin.a
	@mkdir -p $(@D)
	$(CC) -o $@ $^ $(LDLIBS_ALL)

# Mutants: the object with the planted defect goes before the library's sound one.
$(FAULT)/journal_writer_skip_sync: MUTANT := MUTANT_SKIP_SYNC
$(FAULT)/journal_writer_answer_early: MUTANT := MUTANT_ANSWER_EARLY
$(FAULT)/journal_writer_trust_cache: MUTANT := MUTANT_TRUST_CACHE
$(FAULT)/journal_writer_%: src/store/journal_commit.c src/store/journal_recover.c $(addprefix $(BUILD)/tests/fault/,journal_writer.o journal_work.o) \
		$(BUILD)/libtocsin.a
	@mkdir -p $(@D)
	$(CC) $(filter-out -MMD -MP,$(CFLAGS_ALL)) -D$(MUTANT) -o $@ $^ $(LDLIBS_ALL)

$(FAULT)/journal_%: $(BUILD)/tests/fault/journal_%.o \
		$(addprefix $(BUILD)/tests/fault/,journal_work.o powercut.o disk.o) $(BUILD)/libtocsin.a
	@mkdir -p $(@D)
	$(CC) -o $@ $^ $(LDLIBS_ALL)

STORE_WORK := $(addprefix $(BUILD)/tests/fault/,store_work.o)

$(FAULT)/store_writer: $(BUILD)/tests/fault/store_writer.o $(STORE_WORK) $(BUILD)/libtocsin.a
	@mkdir -p $(@D)
	$(CC) -o $@ $^ $(LDLIBS_ALL)

$(FAULT)/store_writer_checkpoint_early: MUTANT := MUTANT_CHECKPOINT_EARLY
$(FAULT)/store_writer_trim_early: MUTANT := MUTANT_TRIM_EARLY
$(FAULT)/store_writer_no_mark: MUTANT := MUTANT_NO_MARK
$(FAULT)/store_writer_%: src/store/checkpoint.c src/store/tables_write.c $(BUILD)/tests/fault/store_writer.o $(STORE_WORK) \
		$(BUILD)/libtocsin.a
	@mkdir -p $(@D)
	$(CC) $(filter-out -MMD -MP,$(CFLAGS_ALL)) -D$(MUTANT) -o $@ $^ $(LDLIBS_ALL)

$(FAULT)/store_%: $(BUILD)/tests/fault/store_%.o $(STORE_WORK) $(addprefix $(BUILD)/tests/fault/,powercut.o disk.o) \
		$(BUILD)/libtocsin.a
	@mkdir -p $(@D)
	$(CC) -o $@ $^ $(LDLIBS_ALL)

demo: deps-demo
	$(MAKE) all
	/usr/bin/python3 examples/demo/day.py
	/usr/bin/python3 examples/demo/outage.py

run: all
	build/tocsind --data ./data

$(BUILD)/tests/pack_spec: $(BUILD)/tests/lua/pack_spec.o $(BUILD)/libtocsin.a
	@mkdir -p $(@D)
	$(CC) -o $@ $^ $(LDLIBS_ALL)

fault: $(FAULT_BIN)
.PHONY: fault

$(BUILD)/bench/%: $(BUILD)/tests/bench/%.o $(BUILD)/libtocsin.a
	@mkdir -p $(@D)
	$(CC) -o $@ $^ $(LDLIBS_ALL)

# ---- fuzzing ----------------------------------------------------------------------------------------------
# An ordinary build replays the seeds (tests/run.sh); `make fuzz` lets libFuzzer go on from them in build/fuzz/corpus.
FUZZ_S ?= 60
FUZZ_NAMES := $(basename $(notdir $(wildcard tests/fuzz/*_fuzz.c)))
FUZZ_MAIN = $(if $(filter fuzz,$(MODE)),,$(BUILD)/tests/fuzz/replay.o)

$(BUILD)/fuzz/%_fuzz: $(BUILD)/tests/fuzz/%_fuzz.o $(BUILD)/tests/fuzz/replay.o $(BUILD)/libtocsin.a
	@mkdir -p $(@D)
	$(CC) -o $@ $(filter-out %/replay.o,$^) $(FUZZ_MAIN) $(LDLIBS_ALL)

fuzzers: $(addprefix $(BUILD)/fuzz/,$(FUZZ_NAMES))

fuzz: deps
	$(MAKE) MODE=fuzz CC=clang fuzzers
	/usr/bin/python3 tests/fuzz/make_seeds.py build/fuzz/seeds
	for t in $(FUZZ_NAMES); do mkdir -p build/fuzz/corpus/$$t build/fuzz/seeds/$$t && \
		build/fuzz/fuzz/$$t -max_total_time=$(FUZZ_S) -max_len=4096 -timeout=5 -malloc_limit_mb=256 \
		-artifact_prefix=build/fuzz/ -print_final_stats=1 build/fuzz/corpus/$$t build/fuzz/seeds/$$t || exit 1; done
.PHONY: fuzzers

# ---- figures beside the peers (tests/bench/README.md) -----------------------------------------------------
$(BUILD)/bench/load: $(addprefix $(BUILD)/tests/bench/,load.o load_peer.o load_ticket.o) $(BUILD)/libtocsin.a
	@mkdir -p $(@D)
	$(CC) -o $@ $^ $(LDLIBS_ALL)

bench: all $(BUILD)/bench/load $(BUILD)/bench/wheel_bench
	tests/bench/run.sh

# Detection beside a fixed threshold, ElastAlert's ratio and EARS, on series whose outbreaks are known; says so where the data are missing.
bench-warning: all
	/usr/bin/python3 tests/bench/warning_bench.py
.PHONY: bench-warning

# ---- the whole daemon simulated (tests/sim/sim.h) -----------------------------------------------------------
SIM := $(BUILD)/sim
SIM_OBJ := $(addprefix $(BUILD)/tests/sim/,desk_sim.o sim_world.o sim_check.o)

$(SIM)/desk_sim: $(SIM_OBJ) $(BUILD)/libtocsin.a
	@mkdir -p $(@D)
	$(CC) -o $@ $^ $(LDLIBS_ALL)

# Mutants, as above: `desk_sim --mutant` passes when some seed finds the defect.
SIM_MUTANTS := $(addprefix $(SIM)/mutant_,fire_twice lose_cancel rule_fires tell_early)
$(SIM)/mutant_fire_twice: MUTANT := MUTANT_FIRE_TWICE
$(SIM)/mutant_lose_cancel: MUTANT := MUTANT_LOSE_CANCEL
$(SIM)/mutant_rule_fires: MUTANT := MUTANT_RULE_FIRES
$(SIM)/mutant_tell_early: MUTANT := MUTANT_TELL_EARLY
$(SIM)/mutant_%: src/desk/timers.c src/store/store.c $(SIM_OBJ) $(BUILD)/libtocsin.a
	@mkdir -p $(@D)
	$(CC) $(filter-out -MMD -MP,$(CFLAGS_ALL)) -D$(MUTANT) -o $@ $^ $(LDLIBS_ALL)

sim: $(SIM)/desk_sim $(SIM_MUTANTS)
.PHONY: sim
