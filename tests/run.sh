#!/bin/bash
# Every test; each program's own counts are added up. The last line is "N passed, N failed, N skipped". Two at a time: power cuts, faults
# and simulations, which only compute, beside all others.
# TOCSIN_DOSE=n makes the long ones n times longer (make soak).
set -u
cd "$(dirname "$0")/.."
passed=0 failed=0 skipped=0
log=build/test.log
dose=${TOCSIN_DOSE:-1}
limit_s=$((600 * (${dose%%.*}0 > 10 ? ${dose%%.*} : 1)))
: > "$log"

# Counts of a finished program: cmocka's own lines, or a closing line "N passed, N failed, N skipped".
count() {
	local name=$1 code=$2 out=$3 p f s plain
	plain=$(grep -aE '^[0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?$' "$out" | tail -1)
	if [ -n "$plain" ]; then
		p=${plain%% passed*} f=$(sed -E 's/.* ([0-9]+) failed.*/\1/' <<<"$plain") s=0
		case $plain in *skipped) s=$(sed -E 's/.* ([0-9]+) skipped/\1/' <<<"$plain") ;; esac
	else
		p=$(grep -acE '^\[ +OK +\]' "$out") f=$(grep -acE '^\[ +FAILED +\] [a-z_0-9]+$' "$out") s=$(grep -acE '^\[ +SKIPPED +\] [a-z_0-9]+$' "$out")
		f=$((f / 2 + f % 2)) s=$((s / 2 + s % 2))
	fi
	if [ "$code" -ne 0 ] && [ "$f" -eq 0 ]; then f=1; fi
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
	printf '%-32s %4d passed %3d failed %3d skipped %4ds\n' "$name" "$p" "$f" "$s" "$SECONDS"
	[ "$s" -gt 0 ] && grep -aiE 'skip' "$out" | grep -avE '^\[|^[0-9]+ passed' | sort -u | head -3 | sed 's/^/    /'
	if [ "$f" -gt 0 ]; then
		echo "---- $name (exit $code) ----"
		grep -avE '^at=.*level=(info|debug)' "$out" | tail -40
	fi
}

run() {
	local name=$1 out
	shift
	out=$(mktemp)
	SECONDS=0
	timeout "$limit_s" "$@" > "$out" 2>&1 < /dev/null
	count "$name" $? "$out"
	{ echo "==== $name"; cat "$out"; } >> "$log"
	rm -f "$out"
}

# The lane that only computes: what it prints and its counts come when it is done.
compute() {
	log=build/test.compute.log
	: > "$log"
	for t in journal_powercut journal_iofault store_powercut store_iofault store_kill; do
		[ -x "build/release/fault/$t" ] && run "fault/$t" "build/release/fault/$t"
	done
	[ -x build/release/sim/desk_sim ] && run sim/desk_sim build/release/sim/desk_sim
	for t in build/release/sim/mutant_*; do
		[ -x "$t" ] && run "sim/$(basename "$t")" "$t" --mutant
	done
	echo "$passed $failed $skipped" > build/test.compute.counts
}
rm -f build/test.compute.counts
compute > build/test.compute.out &

for t in build/release/unit/*_test; do
	run "unit/$(basename "$t")" "$t"
done
for t in tests/lua/*_test.sh; do
	[ -e "$t" ] && run "lua/$(basename "$t" .sh)" bash "$t"
done
/usr/bin/python3 tests/fuzz/make_seeds.py build/release/seeds
for t in build/release/fuzz/*_fuzz; do
	[ -e "$t" ] && run "fuzz/$(basename "$t")" "$t" build/release/seeds/"$(basename "$t")" tests/fuzz/corpus/"$(basename "$t")"
done
for t in tests/rpc/*_test.py tests/fault/*_test.py tests/cli/*_test.py tests/adapters/*_test.py tests/ops/*_test.py tests/clients/*_test.py; do
	[ -e "$t" ] && run "${t#tests/}" /usr/bin/python3 "$t"
done
wait
cat build/test.compute.out
cat build/test.compute.log >> "$log"
read -r p f s < build/test.compute.counts || { p=0 f=1 s=0; echo "the lane that computes did not end"; }
passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
run numbers-in-logs bash tests/lib/numbers_in_logs.sh "$log"

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
