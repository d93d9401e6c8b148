#!/bin/bash
# Tocsin beside Redis and Tarantool: the same job, the same minutes, interleaved rounds, medians. See README.md for what is measured.
#   TICKETS (200000, or 1 M with BENCH_FULL=1)  BENCH_ROUNDS (3)  BENCH_SECONDS a round (2)  BENCH_PEERS ("tocsin tarantool redis")
set -u
cd "$(dirname "$0")/../.." || exit 1
here=$PWD/tests/bench out=$PWD/build/bench.md
load=$PWD/build/release/bench/load
dir=${BENCH_DIR:-$PWD/build/bench-data}
tickets=${TICKETS:-$([ -n "${BENCH_FULL:-}" ] && echo 1000000 || echo 200000)}
rounds=${BENCH_ROUNDS:-3} seconds=${BENCH_SECONDS:-2}
declare -A pid addr

case $(stat -f -c %T "$(dirname "$dir")") in
tmpfs | ramfs) echo "bench: $dir is in memory, where a sync costs nothing: set BENCH_DIR to a directory on a disk" >&2; exit 1 ;;
esac

finish() {
	for p in "${pid[@]}"; do kill "$p" 2>/dev/null; done
	wait
	[ -n "${BENCH_KEEP:-}" ] || rm -rf "$dir"
}
trap finish EXIT
trap 'exit 130' INT TERM
rm -rf "$dir"
mkdir -p "$dir/tocsin" "$dir/tarantool" "$dir/redis" "$(dirname "$out")"

start_tocsin() {
	build/tocsind --data "$dir/tocsin/data" 2>"$dir/tocsin/log" &
	pid[tocsin]=$! addr[tocsin]=unix:$dir/tocsin/data/tocsin.sock
}
start_tarantool() {
	(cd "$dir/tarantool" && exec tarantool "$here/peer.lua" >log 2>&1) &
	pid[tarantool]=$! addr[tarantool]=unix:$dir/tarantool/tarantool.sock
}
start_redis() {
	redis-server --port 0 --unixsocket "$dir/redis/redis.sock" --dir "$dir/redis" --save "" --appendonly yes \
		--appendfsync always --auto-aof-rewrite-percentage 0 --hash-max-listpack-value 2048 >"$dir/redis/log" 2>&1 &
	pid[redis]=$! addr[redis]=unix:$dir/redis/redis.sock
}

await() { # await PEER: its socket is there
	for _ in $(seq 200); do
		[ -S "${addr[$1]#unix:}" ] && return 0
		sleep 0.05
	done
	echo "bench: $1 did not start; see $dir/$1/log" >&2
	tail -5 "$dir/$1/log" >&2
	exit 1
}

disk_bytes() { # allocated by what grows with tickets
	case $1 in
	tocsin) du -sB1 "$dir/tocsin/data/tables.mdb" | cut -f1 ;;
	tarantool) cat "$dir"/tarantool/*.xlog | wc -c ;;
	redis) cat "$dir"/redis/appendonlydir/* | wc -c ;;
	esac
}

journal_bytes() {
	"$load" peer=tocsin "addr=${addr[tocsin]}" conns=1 job=stats | sed 's/.*"journal":{[^}]*"bytes":\([0-9]*\).*/\1/'
}

peers=
for p in ${BENCH_PEERS:-tocsin tarantool redis}; do
	case $p in tocsin) program=build/tocsind ;; redis) program=redis-server ;; *) program=$p ;; esac
	if command -v "$program" >/dev/null; then
		peers="$peers $p"
	else
		echo "bench: $p is not installed: left out (make deps)"
	fi
done
for p in $peers; do
	"start_$p"
	await "$p"
done
case $peers in *redis*) redis-cli -s "$dir/redis/redis.sock" -x FUNCTION LOAD <"$here/redis_function.lua" >/dev/null || exit 1 ;; esac
sleep 0.5

one() { # one JOB PEER ARGS…: a line of results
	local job=$1 p=$2 line
	shift 2
	line=$("$load" "peer=$p" "addr=${addr[$p]}" "pid=${pid[$p]}" "tickets=$tickets" "$@") || {
		echo "bench: $job on $p failed" >&2
		exit 1
	}
	echo "$job peer=$p $line" >>"$dir/results"
	printf '%-10s %-10s %s\n' "$job" "$p" "$line" >&2
}

for p in $peers; do
	before=$(disk_bytes "$p")
	[ "$p" = tocsin ] && journal=$(journal_bytes)
	one fill "$p" job=create in_flight=64 "count=$tickets"
	[ "$p" = tocsin ] && {
		journal=$(($(journal_bytes) - journal))
		sleep 35 # a checkpoint is due after 30 s at the latest
		echo "disk peer=tocsin journal=$((journal / tickets))" >>"$dir/results"
	}
	echo "disk peer=$p disk=$((($(disk_bytes "$p") - before) / tickets))" >>"$dir/results"
done

interleave() { # interleave JOB ARGS…
	local job=$1
	shift
	for r in $(seq "$rounds"); do
		for p in $peers; do one "$job" "$p" "seed=$((r * 1000 + RANDOM % 1000))" "seconds=$seconds" "$@"; done
	done
}
interleave create1 job=create in_flight=1
interleave create16 job=create in_flight=16
interleave create64 job=create in_flight=64
interleave open5k job=create rate=5000
interleave open20k job=create rate=20000
interleave get16 job=get in_flight=16
interleave find16 job=find in_flight=16

# numbers: a million failed recharges, as signals here and as rows there, then look-ups
case $peers in *redis*) peers=${peers/ redis/} redis=yes ;; *) redis= ;; esac
for p in $peers; do one push "$p" job=push conns=4 in_flight=2 count=1000; done
tickets=1000000 interleave check16 job=check in_flight=16
[ -n "$redis" ] && peers="$peers redis"

{
	echo "# Figures of $(date -u +%Y-%m-%d), commit $(git rev-parse --short HEAD)"
	echo
	echo "$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -1), $(nproc) cores, $(awk '/MemTotal/ { printf "%.0f GiB", $2 / 1048576 }' /proc/meminfo)," \
		"$(findmnt -n -o FSTYPE,SOURCE -T "$dir" | tr -s ' '), Linux $(uname -r), load $(cut -d' ' -f1 /proc/loadavg)."
	echo "$tickets tickets before the rounds; 50 connections on a Unix socket; medians of $rounds interleaved rounds of $seconds s."
	echo
	awk -f "$here/table.awk" "$dir/results"
	case $peers in *tocsin*)
		echo
		echo '```'
		build/release/bench/wheel_bench
		echo '```'
		echo
		TICKETS=$tickets BENCH_DIR=$dir/scale /usr/bin/python3 tests/bench/scale.py
		/usr/bin/python3 tests/bench/storm.py ;;
	esac
} | tee "$out"
