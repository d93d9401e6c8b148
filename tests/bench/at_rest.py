"""Series in 5-minute bins in which nothing happens, so that every alarm is false: what a budget of false alarms is worth where the truth is known.

The mean follows the hour and the weekend, 1.5, 4 or 12 a bin. `poisson`: pure chance. `overdispersed`: three times its variance. `weather`: days and hours
of their own size (gamma). `persistent`: a lognormal that is correlated from bin to bin. `bursts`: about every 21 hours a burst of a size without
a scale (Pareto, exponent 1.8), which fades within the half hour: ordinary in news and social media, unlike complaints."""

import math
import random

BINS_A_DAY = 288
KINDS = ("poisson", "overdispersed", "weather", "persistent", "bursts")


def poisson(rng, mean):
    if mean > 50:
        return max(0, round(rng.gauss(mean, math.sqrt(mean))))
    limit, n, product = math.exp(-mean), 0, rng.random()
    while product > limit:
        n, product = n + 1, product * rng.random()
    return n


def count(rng, mean, dispersion):
    """Negative binomial: a Poisson whose mean is gamma."""
    return poisson(rng, rng.gammavariate(mean / (dispersion - 1), dispersion - 1) if dispersion > 1 and mean > 0 else mean)


def usual(i):
    hour = (i % BINS_A_DAY) / 12
    return (0.3 + 1.4 * math.exp(-((hour - 15) / 5) ** 2)) * (0.8 if i // BINS_A_DAY % 7 >= 5 else 1)


def series(kind, seed, weeks):
    rng, out, state, day, hour = random.Random("%s %d" % (kind, seed)), [], 0.0, 1.0, 1.0
    base = (1.5, 4, 12)[seed % 3]
    for i in range(weeks * 7 * BINS_A_DAY):
        mean = base * usual(i)
        if kind == "poisson":
            out.append(count(rng, mean, 1))
        elif kind == "overdispersed":
            out.append(count(rng, mean, 3))
        elif kind == "weather":
            day = rng.gammavariate(40, 1 / 40) if i % BINS_A_DAY == 0 else day
            hour = rng.gammavariate(15, 1 / 15) if i % 12 == 0 else hour
            out.append(count(rng, mean * day * hour, 1.3))
        elif kind == "persistent":
            state = 0.95 * state + rng.gauss(0, 0.1)
            out.append(count(rng, mean * math.exp(state - 0.05), 1.5))
        else:
            state = 0.6 * state + (base * rng.paretovariate(1.8) if rng.random() < 0.004 else 0)
            out.append(count(rng, mean + state, 1.3))
    return out
