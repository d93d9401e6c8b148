#!/bin/bash
# The words and the packs: specs of the good packs, exact errors of the broken ones, generated files in step.
set -u
cd "$(dirname "$0")/../.."
passed=0 failed=0 skipped=0

check() { # name, command…
	local name=$1 out
	shift
	if out=$("$@" 2>&1); then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		printf 'FAILED %s\n%s\n' "$name" "$out"
	fi
}

broken() {
	diff "$1/expected.txt" <("$spec" "$1" lua)
}

spec=build/release/tests/pack_spec
[ -x "$spec" ] || make -s "$spec"

for pack in lua tests/packs/minimal tests/packs/alone tests/packs/words tests/packs/outbox tests/packs/warning tests/packs/s1 tests/packs/signed tests/packs/province examples/adapters/pack examples/imports/volvo/pack examples/guangdong; do
	check "specs of $pack" "$spec" "$pack" lua
done
for pack in tests/packs/broken/*; do
	check "$pack" broken "$pack"
done
check "lua/meta/policy.lua and .luacheckrc are in step with the words" lua5.4 tests/lua/meta.lua check
check "luacheck" luacheck -q lua tests/packs/minimal tests/packs/alone tests/packs/words tests/packs/outbox tests/packs/warning tests/packs/s1 tests/packs/signed tests/packs/province examples/imports/volvo/pack examples/guangdong tests/lua
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
