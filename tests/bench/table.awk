# Lines of `JOB peer=NAME key=value…` into one table of medians beside the budgets (design: "Budgets").
function median(list, v, n, i, j, t) {
	n = split(list, v, " ")
	for (i = 2; i <= n; i++)
		for (j = i; j > 1 && v[j - 1] + 0 > v[j] + 0; j--) { t = v[j]; v[j] = v[j - 1]; v[j - 1] = t }
	return n == 0 ? "" : v[int((n + 1) / 2)]
}
function get(job, peer, key) { return median(seen[job, peer, key]) }
function cell(x, format) { return x == "" ? "-" : sprintf(format, x) }
function ratio(job, peer, key, a, b) {
	a = get(job, "tocsin", key); b = get(job, peer, key)
	return a == "" || b == "" || b == 0 ? "" : a / b
}
function row(job, what, peer, text, i, n, names) {
	n = split("tocsin tarantool redis", names, " ")
	for (i = 1; i <= n; i++) {
		peer = names[i]
		if (get(job, peer, "ops_s") == "")
			continue
		printf "| %s | %s | %s | %s / %s | %s | %s |\n", what, peer, cell(get(job, peer, "ops_s"), "%.0f"),
			cell(get(job, peer, "p50_ms"), "%.2f"), cell(get(job, peer, "p99_ms"), "%.2f"), cell(get(job, peer, "cpu_us"), "%.1f"),
			peer == "tocsin" ? "1" : cell(ratio(job, peer, "ops_s"), "%.2fx")
	}
}
function goal(what, measured, format, op, must, aim, verdict) {
	verdict = measured == "" ? "not measured" : (op == ">=" ? measured >= must : measured <= must) ? "kept" : "MISSED"
	printf "| %s | %s %s | %s | %s | %s |\n", what, op, must, aim, cell(measured, format), verdict
}
{
	peer = ""
	for (i = 2; i <= NF; i++) {
		split($i, kv, "=")
		if (kv[1] == "peer") peer = kv[2]
		else seen[$1, peer, kv[1]] = seen[$1, peer, kv[1]] " " kv[2]
	}
}
END {
	print "| job | server | op/s | p50 / p99 ms | server CPU µs | Tocsin is |"
	print "|---|---|---|---|---|---|"
	row("create1", "create, 1 in flight")
	row("create16", "create, 16 in flight")
	row("create64", "create, 64 in flight")
	row("open5k", "create, 5 k/s offered")
	row("open20k", "create, 20 k/s offered")
	row("get16", "get, 16 in flight")
	row("find16", "top 20 of a queue, 16 in flight")
	print ""
	print "| budget | must | aim | measured | |"
	print "|---|---|---|---|---|"
	goal("create, 16 in flight, beside Tarantool", ratio("create16", "tarantool", "ops_s"), "%.2f", ">=", 2.5, 4)
	goal("create, 16 in flight, beside Redis", ratio("create16", "redis", "ops_s"), "%.2f", ">=", 5, 10)
	goal("create, 1 in flight, beside Tarantool", ratio("create1", "tarantool", "ops_s"), "%.2f", ">=", 1.2, 2)
	goal("server CPU a create with rules, µs", get("create16", "tocsin", "cpu_us"), "%.1f", "<=", 18, 12)
	goal("open loop at 20 k/s: p99 beside Tarantool's", ratio("open20k", "tarantool", "p99_ms"), "%.2f", "<=", 0.5, "")
	goal("open loop at 20 k/s: p50, ms", get("open20k", "tocsin", "p50_ms"), "%.2f", "<=", 1.5, "")
	goal("ticket.get beside Tarantool", ratio("get16", "tarantool", "ops_s"), "%.2f", ">=", 0.8, 1)
	goal("top 20 of a queue beside Tarantool", ratio("find16", "tarantool", "ops_s"), "%.2f", ">=", 0.6, "")
	goal("journal, bytes a create", get("disk", "tocsin", "journal"), "%.0f", "<=", 1536, "")
	goal("tables, bytes a ticket", get("disk", "tocsin", "disk"), "%.0f", "<=", 1229, "")
	printf "\nBytes of disk a ticket: Tarantool %s, Redis %s. Resident MB after the rounds: Tocsin %.0f (%.0f without mapped pages), Tarantool %.0f, Redis %.0f.\n",
		cell(get("disk", "tarantool", "disk"), "%d"), cell(get("disk", "redis", "disk"), "%d"), get("find16", "tocsin", "rss_kb") / 1024,
		get("find16", "tocsin", "anon_kb") / 1024, get("find16", "tarantool", "rss_kb") / 1024, get("find16", "redis", "rss_kb") / 1024
}
