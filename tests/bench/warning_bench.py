"""make bench-warning: `tocsin detect` with the shipped defaults beside a fixed threshold, ElastAlert's ratio and EARS C1-C3, on series whose
outbreaks are known. One harness for all: the same bins, the same labels, the same way to count. Prints a table for the README.

An alarm is a run of bins at a level; it is false when it begins outside of every labelled event. A event is found when a bin at a level
touches it; the delay runs from its start to the end of that bin. False alarms stand over the weeks outside of events."""

import csv
import json
import os
import statistics
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DATA = os.environ.get("TOCSIN_DATA", os.path.join(ROOT, "..", "shared", "data"))
TOCSIN = os.path.join(ROOT, "build", "tocsin")
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
    """`spike`: spike_height 3, spike_type up, timeframe an hour (four weeks, of weeks), threshold_cur 5: this window against the last."""
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
        self.weeks, self.quiet_bins, self.loud_bins, self.delays = 0.0, 0, 0, []

    def add(self, times, step, levels, events):
        inside = [any(t < to and t + step > since for since, to in events) for t in times]
        for since, to in events:
            self.events += 1
            hits = [t + step - since for t, on in zip(times, levels) if on and t < to and t + step > since]
            if hits:
                self.found += 1
                self.delays.append(min(hits))
        for i, on in enumerate(levels):
            if not inside[i]:
                self.quiet_bins += 1
                self.loud_bins += on
                self.false += on and (i == 0 or not levels[i - 1])
                self.weeks += step / WEEK

    def row(self, name):
        delay = statistics.median(self.delays) if self.delays else None
        hours = "-" if delay is None else "%.1f d" % (delay / timedelta(days=1)) if delay > timedelta(days=2) else "%.1f h" % (delay / timedelta(hours=1))
        return "| %s | %d/%d | %.3f (%d in %.0f) | %.2f %% | %s |" % (name, self.found, self.events, self.false / self.weeks, self.false, self.weeks,
            100 * self.loud_bins / self.quiet_bins, hours)


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


def table(title, series):
    print("\n%s\n\n| method | events found | false alarms a stream-week | of quiet time | median delay |\n|---|---|---|---|---|" % title)
    for name, score in judge(series).items():
        print(score.row(name))


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


def main():
    missing = [name for name in ("surveillance", "nab") if not os.path.isdir(os.path.join(DATA, name))]
    if missing:
        print("bench-warning: skipped: there is no %s in %s" % (" and no ".join(missing), os.path.normpath(DATA)))
        return
    table("Weekly disease counts (R package surveillance), outbreaks as labelled", list(weekly(os.path.join(DATA, "surveillance"))))
    table("Tweets in 5-minute bins (NAB), labelled windows", list(tweets(os.path.join(DATA, "nab"))))


if __name__ == "__main__":
    sys.exit(main())
