#!/bin/bash
# The README's table of methods is what `tocsind --methods` prints: `check` says whether it is, `write` puts it there.
set -eu
cd "$(dirname "$0")/../.."
made=$(awk '
	FNR == NR { if (/^\|/) table = table $0 "\n"; else if (NR > 3) nextfile; next }
	/<!-- methods -->/ { print; printf "\n%s\n", table; skip = 1; next }
	/<!-- \/methods -->/ { skip = 0 }
	!skip { print }' <(build/tocsind --methods | sed '/^$/,$d') README.md)
if [ "${1:-check}" = write ]; then
	printf '%s\n' "$made" > README.md
elif [ "$made" != "$(cat README.md)" ]; then
	echo "README.md: the table of methods is not what tocsind --methods prints (tests/lib/readme_methods.sh write)"
	exit 1
fi
