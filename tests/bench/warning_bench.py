"""make bench-warning: `tocsin detect` with the shipped defaults beside a fixed threshold, ElastAlert's ratio and EARS C1-C3, on series whose
outbreaks are known. One harness for all: the same bins, the same labels, the same way to count. Prints a table for the README.

An alarm is a run of bins at a level; it is false when it begins outside of every labelled event. A event is found when a bin at a level
touches it; the delay runs from its start to the end of that bin. False alarms stand over the weeks outside of events. `by chance` is how many
events the method's own rate of false alarms would touch if it knew nothing: 1 - exp(-rate x length), summed.

The windows of the tweets are made by NAB around the instant that a person labelled, half before and half after it, so there the delay runs from
that instant too: negative is before it."""

import collections
import csv
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta

import at_rest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DATA = os.environ.get("TOCSIN_DATA", os.path.join(ROOT, "..", "shared", "data"))
TOCSIN = os.path.join(ROOT, "build", "tocsin")
TOPICS_FILE = os.path.join("tipdm2020c", "hotspot_messages_附件3.csv")
WEEK = timedelta(days=7)


def time_of(text):
    return datetime.fromisoformat(text.strip()[:19])


# ---- Tocsin: every bin with its level, count -------------------------------------------------------------------------------------
def tocsin(path, *args):
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "bins.csv")
        subprocess.run([TOCSIN, "detect", path, *args, "--alarms", out], check=True, stdout=subprocess.DEVNULL)
        with open(out, newline="") as f:
            rows = list(csv.DictReader(f))
    return ([time_of(r["bin"]) for r in rows], [int(r["count"] or 0) for r in rows], [r["level"] != "none" for r in rows])


# ---- the peers: counts in, bools out ----------------------------------------------------------------------------------------------
def fixed(counts, per_day):
    """A number chosen once, as a person would: mean + 3 standard deviations of the first four weeks (of the first year, of weeks)."""
    learn = counts[:int(28 * per_day) if per_day >= 1 else 52]
    limit = statistics.mean(learn) + 3 * statistics.pstdev(learn)
    return [i >= len(learn) and x > limit for i, x in enumerate(counts)]


def elastalert(counts, per_day):
    """`spike`: spike_height 3, spike_type up, timeframe an hour (a bin of a day, four weeks of weeks), threshold_cur 5: this window against the last."""
    n = max(1, int(per_day / 24)) if per_day >= 1 else 4
    out = []
    for i in range(len(counts)):
        now, before = sum(counts[max(0, i + 1 - n):i + 1]), sum(counts[max(0, i + 1 - 2 * n):max(0, i + 1 - n)])
        out.append(i + 1 >= 2 * n and now >= 5 and now >= 3 * before)
    return out


def ears(counts, kind):
    """Hutwagner et al. 2003: seven bins of baseline, right before (C1) or two bins off (C2); 3 standard deviations; C3 sums three of C2."""
    lag, out, excess = 0 if kind == 1 else 2, [], []
    for i in range(len(counts)):
        base = counts[max(0, i - lag - 7):i - lag] if i - lag >= 7 else []
        if not base:
            out.append(False)
            excess.append(0)
            continue
        mean, sd = statistics.mean(base), max(statistics.stdev(base), 0.2)
        c = (counts[i] - mean) / sd
        excess.append(max(0, c - 1))
        out.append(c > 3 if kind < 3 else sum(excess[-3:]) > 2)
    return out


# ---- scores ------------------------------------------------------------------------------------------------------------------------
class Score:
    def __init__(self):
        self.events = self.found = self.false = 0
        self.weeks, self.quiet_bins, self.loud_bins, self.delays, self.after, self.lengths = 0.0, 0, 0, [], [], []

    def add(self, times, step, levels, events):
        inside = [any(t < to and t + step > since for since, to in events) for t in times]
        for since, to in events:
            self.events += 1
            self.lengths.append((to - since) / WEEK)
            hits = [t + step - since for t, on in zip(times, levels) if on and t < to and t + step > since]
            if hits:
                self.found += 1
                self.delays.append(min(hits))
                self.after.append(min(hits) - (to - since) / 2)
        for i, on in enumerate(levels):
            if not inside[i]:
                self.quiet_bins += 1
                self.loud_bins += on
                self.false += on and (i == 0 or not levels[i - 1])
                self.weeks += step / WEEK

    def by_chance(self):
        return sum(1 - math.exp(-self.false / self.weeks * length) for length in self.lengths)

    def row(self, name, is_centred=False):
        return "| %s | %d/%d | %.1f | %.3f (%d in %.0f) | %.2f %% | %s |%s" % (name, self.found, self.events, self.by_chance(), self.false / self.weeks,
            self.false, self.weeks, 100 * self.loud_bins / self.quiet_bins, shown(self.delays), " %s |" % shown(self.after) if is_centred else "")


def shown(spans):
    """The median, in a unit that suits it."""
    if not spans:
        return "-"
    span = statistics.median(spans)
    if abs(span) < timedelta(hours=1):
        return "%.0f min" % (span / timedelta(minutes=1))
    return "%.1f d" % (span / timedelta(days=1)) if abs(span) > timedelta(days=2) else "%.1f h" % (span / timedelta(hours=1))


METHODS = ["Tocsin, shipped defaults", "fixed threshold", "ElastAlert ratio", "EARS C1", "EARS C2", "EARS C3"]


def judge(series):
    scores = {name: Score() for name in METHODS}
    for times, counts, levels, events in series:
        step = times[1] - times[0]
        per_day = timedelta(days=1) / step
        found = [levels, fixed(counts, per_day), elastalert(counts, per_day)] + [ears(counts, kind) for kind in (1, 2, 3)]
        for name, on in zip(METHODS, found):
            scores[name].add(times, step, on, events)
    return scores


def table(title, series, is_centred=False):
    print("\n%s\n\n| method | events found | by chance | false alarms a stream-week | of quiet time | median delay |%s\n|---|---|---|---|---|---|%s" % (
        title, " from the label |" if is_centred else "", "---|" if is_centred else ""))
    for name, score in judge(series).items():
        print(score.row(name, is_centred))


def joined(times, step, flags):
    events = []
    for t, on in zip(times, flags):
        if on and events and events[-1][1] == t:
            events[-1] = (events[-1][0], t + step)
        elif on:
            events.append((t, t + step))
    return events


def weekly(folder):
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name)
        times, counts, levels = tocsin(path, "--time", "week_start_if_iso", "--value", "observed")
        with open(path, newline="") as f:
            flagged = {time_of(r["week_start_if_iso"] + "T00:00:00") for r in csv.DictReader(f) if r["outbreak"] == "1"}
        yield times, counts, levels, joined(times, WEEK, [t in flagged for t in times])


def tweets(folder):
    with open(os.path.join(folder, "labels_share_windows.json")) as f:
        labels = json.load(f)
    for name, windows in sorted(labels.items()):
        path = os.path.join(folder, "data", name)
        if os.path.exists(path):
            times, counts, levels = tocsin(path, "--time", "timestamp", "--value", "value")
            yield times, counts, levels, [(time_of(a), time_of(b)) for a, b in windows]


# ---- topics of the complaints of a Chinese city: one stream a topic, by the day; all of them together stay calm ---------------------------
TOPICS = {"all complaints": "", "伊景园": "伊景园", "丽发新城": "丽发新城"}


def surge(days, counts):
    """The truth, by counting alone: weeks with three or more, joined across a week's gap; the longest such stretch."""
    weeks = [sum(counts[i:i + 7]) >= 3 for i in range(0, len(counts), 7)]
    runs, i = [], 0
    while i < len(weeks):
        k = i
        while k < len(weeks) and (weeks[k] or (k + 1 < len(weeks) and k > i and weeks[k + 1])):
            k += 1
        runs.append((k - i, i, k))
        i = max(k, i + 1)
    _, first, end = max(runs)
    return days[first * 7], days[min(end * 7, len(days)) - 1] + timedelta(days=1)


def topics(path, folder):
    with open(path, encoding="utf-8-sig", newline="") as f:
        rows = [(time_of(r["留言时间"].replace("/", "-")).date(), r["留言主题"] + r["留言详情"]) for r in csv.DictReader(f)]
    first, last = datetime(2019, 1, 1), datetime(2020, 1, 26)  # before and after there is a handful
    days = [first + timedelta(days=i) for i in range((last - first).days + 1)]
    for name, word in TOPICS.items():
        seen = collections.Counter(day for day, text in rows if word in text)
        counts = [seen[day.date()] for day in days]
        out = os.path.join(folder, "topic.csv")
        with open(out, "w", encoding="utf-8") as f:
            f.write("day,n\n" + "".join("%s,%d\n" % (day.date(), n) for day, n in zip(days, counts)))
        times, counts, levels = tocsin(out, "--time", "day", "--value", "n", "--bin", "1d")
        yield name, times, counts, levels, surge(days, counts) if word else None


def topic_table(path):
    print("\nTopics of complaints (4,326 to a city in 2019), by the day: alarms of each method; all complaints together are the measure of calm\n")
    print("| stream | surge | of it the complaints | %s |\n|%s" % (" | ".join(METHODS), "---|" * (3 + len(METHODS))))
    with tempfile.TemporaryDirectory() as folder:
        for name, times, counts, levels, event in topics(path, folder):
            cells = []
            for on in [levels, fixed(counts, 1), elastalert(counts, 1)] + [ears(counts, kind) for kind in (1, 2, 3)]:
                inside = [t for t, x in zip(times, on) if x and event and event[0] <= t < event[1]]
                alarms = sum(x and not (event and event[0] <= t < event[1]) and not before for t, x, before in zip(times, on, [False] + on))
                cells.append("%s%d false" % (inside[0].strftime("%d %b %Y, ") if inside else "missed, " if event else "", alarms))
            span = "%s - %s" % (event[0].date(), event[1].date()) if event else "-"
            part = sum(n for t, n in zip(times, counts) if not event or event[0] <= t < event[1])
            print("| %s | %s | %d of %d | %s |" % (name, span, part, sum(counts), " | ".join(cells)))


AT_REST = 3  # series of a kind
AT_REST_WEEKS = 12


def alarms(on):
    return sum(x and not before for x, before in zip(on, [False] + on))


def at_rest_table():
    print("\nSimulated, nothing happens (tests/bench/at_rest.py; %d series of %d weeks each): alarms a week, all false\n" % (AT_REST, AT_REST_WEEKS))
    print("| counts | %s |\n|%s" % (" | ".join(METHODS), "---|" * (1 + len(METHODS))))
    with tempfile.TemporaryDirectory() as folder:
        for kind in at_rest.KINDS:
            sums = [0] * len(METHODS)
            for seed in range(AT_REST):
                path = os.path.join(folder, "counts.csv")
                with open(path, "w", encoding="utf-8") as f:
                    f.write("time,n\n")
                    for i, n in enumerate(at_rest.series(kind, seed, AT_REST_WEEKS)):
                        f.write("%s,%d\n" % ((datetime(2025, 3, 3) + i * timedelta(minutes=5)).isoformat(" "), n))
                _, counts, levels = tocsin(path, "--time", "time", "--value", "n", "--bin", "5m")
                found = [levels, fixed(counts, 288), elastalert(counts, 288)] + [ears(counts, k) for k in (1, 2, 3)]
                sums = [a + alarms(list(on)) for a, on in zip(sums, found)]
            print("| %s | %s |" % (kind, " | ".join("%.2f" % (a / (AT_REST * AT_REST_WEEKS)) for a in sums)))


def main():
    at_rest_table()
    missing = [name for name in ("surveillance", "nab", TOPICS_FILE) if not os.path.exists(os.path.join(DATA, name))]
    if missing:
        print("bench-warning: skipped: there is no %s in %s" % (" and no ".join(missing), os.path.normpath(DATA)))
        return
    table("Weekly disease counts (R package surveillance), outbreaks as labelled", list(weekly(os.path.join(DATA, "surveillance"))))
    table("Tweets in 5-minute bins (NAB), labelled windows", list(tweets(os.path.join(DATA, "nab"))), is_centred=True)
    topic_table(os.path.join(DATA, TOPICS_FILE))


if __name__ == "__main__":
    sys.exit(main())
