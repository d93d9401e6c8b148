#!/bin/bash
# Formatting, include directions, banned calls, sizes, warnings of both compilers, luacheck; clang-tidy with LINT_TIDY=1.
set -u
cd "$(dirname "$0")/.."
bad=0
say() {
	echo "lint: $*"
	bad=1
}

sources=$(git ls-files 'src/*.c' 'src/*.h' 'include/*.h' 'tests/*.c' 'tests/*.h' 'examples/*.c')
for f in $sources; do
	clang-format "$f" | cmp -s - "$f" || say "$f is not formatted (make format)"
done

# Rooms know only what stands left of them: base < model, wire < net < rpc; base < store; store < timer; model < warn < rules; all < desk.
declare -A knows=(
	[base]="base" [text]="base text" [model]="base model" [wire]="base wire" [net]="base wire net" [rpc]="base wire net rpc"
	[store]="base store" [rules]="base model warn rules" [timer]="base store timer" [warn]="base model warn" [http]="base wire net rpc http" [desk]="base model wire net rpc http store rules timer warn desk push"
	[daemon]="base model wire net rpc http store rules timer warn desk push daemon"
	[client]="base wire client" [cli]="base text wire client model net store cli desk rpc rules warn" [push]="base wire net rpc store push"
)
room_of() { # header → room
	case $1 in
	err | log | buf | value | util | clock | civil | notify | version | roff | lexicon) echo base ;;
	calendar | ledger | ledgers) echo model ;;
	entry | journal | store) echo store ;;
	wheel | due) echo timer ;;
	zh) echo text ;;
	tail | levels | watch | baseline | bins | cusum | farrington | detect | play | numset) echo warn ;;
	decision | desk | worker) echo desk ;;
	*) echo "$1" ;;
	esac
}
for f in $(git ls-files 'src/*/*.c' 'src/*/*.h'); do
	room=$(cut -d/ -f2 <<<"$f")
	for header in $(sed -nE 's|^#include "tocsin/([a-z_]+)\.h"|\1|p' "$f"); do
		grep -qw "$(room_of "$header")" <<<"${knows[$room]}" || say "$f: src/$room may not know tocsin/$header.h"
	done
	for other in $(sed -nE 's|^#include "([a-z]+)/[a-z_]+\.h"|\1|p' "$f" | grep -v '^tocsin$'); do
		grep -qw "$other" <<<"${knows[$room]}" || say "$f: src/$room may not know src/$other"
	done
done
git grep -nE '^/\* ---- [^*]*$' -- src include tests && say "a broken banner"
git grep -nE '^#include [<"]lmdb' -- src include | grep -v '^src/store/' && say "lmdb.h outside src/store"
git grep -nE '^#include [<"](lua|lauxlib|lualib)' -- src include | grep -v '^src/rules/' && say "lua.h outside src/rules"
git grep -nE '^#include [<"]msgpack' -- src include | grep -v '^src/wire/' && say "msgpack.h outside src/wire"

git grep -nE '\b(sprintf|strcpy|strcat|gets|atoi|atol|strtok|rand|srand)\(' -- 'src/*.c' | grep -vE ':[0-9]+:\s*(\* |/\*)' && say "banned call"
git grep -nE '\b(time|clock_gettime|gettimeofday|getrandom|getenv)\(' -- 'src/*.c' | grep -vE '^src/(base|cli)/|:[0-9]+:\s*(\* |/\*)' && say "time, random or environment outside src/base"
git grep -nE '\bsd_[a-z_]+\(' -- 'src/*.c' | grep -v '^src/base/' && say "the service manager is told by notify.h"
git grep -nIwE 'TODO|FIXME|XXX|HACK' -- src lua include examples && say "unfinished"
for f in $(git ls-files 'src/*.c' 'src/*.h' 'lua/*.lua'); do
	[ "$(wc -l < "$f")" -le 600 ] || say "$f has over 600 lines"
done

make -s MODE=debug WERROR=1 CC=clang all 2>&1 | grep -E 'warning|error' && say "warnings of clang"
make -s MODE=release WERROR=1 all 2>&1 | grep -E 'warning|error' && say "warnings of gcc"
tests/lib/readme_methods.sh || say "README"
# what an editor and luacheck know of the words is made from the words themselves
if command -v lua5.4 > /dev/null; then
	lua5.4 tests/lua/meta.lua check > build/meta.log 2>&1 || { tail -5 build/meta.log; say "lua/meta/policy.lua or .luacheckrc is stale (lua5.4 tests/lua/meta.lua write)"; }
fi
if command -v luacheck > /dev/null && [ -e .luacheckrc ]; then
	luacheck -q lua tests/lua > build/luacheck.log 2>&1 || { tail -20 build/luacheck.log; say "luacheck"; }
fi
if [ -n "${LINT_TIDY:-}" ]; then
	# a file a run: several in one make the analyzer mistake every va_list for an uninitialised one
	git ls-files 'src/*.c' | grep -v '^src/base/err\.c$' |
		xargs -P "$(nproc)" -I{} clang-tidy --quiet {} -- -std=c11 -D_GNU_SOURCE -Iinclude -Isrc -include tests/lib/analyzer.h \
			$(pkg-config --cflags lua5.4) 2> /dev/null |
		grep -E 'warning|error' && say "clang-tidy"
fi
[ $bad -eq 0 ] && echo "lint: clean"
exit $bad
