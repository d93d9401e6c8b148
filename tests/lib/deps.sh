#!/bin/sh
# Install the Debian packages named as arguments that are missing, unless an installed one provides them. Quick when nothing is to do.
set -eu
missing=
provided=$(dpkg-query -W -f='${db:Status-Status} ,${Provides},\n' | sed -n 's/^installed //p' | tr -d ' ')
for package in "$@"; do
	dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' && continue
	case $provided in *",$package,"*) ;; *) missing="$missing $package" ;; esac
done
[ -z "$missing" ] && exit 0
[ "$(id -u)" = 0 ] || exec sudo "$0" "$@"
echo "installing:$missing"
apt-get update -q
# shellcheck disable=SC2086
DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing
