#!/bin/sh
# make_man.sh PAGE.in TOCSIND TOCSIN NAME=VALUE...: the page on stdout, its tables from the programs.
set -eu
page=$1 daemon=$2 cli=$3
shift 3
for pair in "$@"; do
	script="${script:-}s|@${pair%%=*}@|${pair#*=}|g;"
done
while IFS= read -r line; do
	case $line in
	@OPTIONS@) "$daemon" --man-options ;;
	@KEYS@) "$daemon" --man-keys ;;
	@COMMANDS@) "$cli" --man-commands ;;
	*) printf '%s\n' "$line" ;;
	esac
done < "$page" | sed "$script"
