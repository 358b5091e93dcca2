"""What chance allows, computed apart from recheck's own code."""

import functools
import math

Z = 1.959963984540054


def log_choose(of, hits):
    return math.lgamma(of + 1) - math.lgamma(hits + 1) - math.lgamma(of - hits + 1)


def binomial(of, rate):
    """The likely outcomes and their chances; what is left out has less than 1e-12."""
    if rate <= 0:
        return [(0, 1.0)]
    mean, spread = of * rate, math.sqrt(of * rate * (1 - rate))
    low, high = max(0, int(mean - 8 * spread - 10)), min(of, int(mean + 8 * spread + 25))
    log = lambda k: log_choose(of, k) + k * math.log(rate) + (of - k) * math.log1p(-rate)
    return [(k, math.exp(log(k))) for k in range(low, high + 1)]


def wilson(hits, of):
    """Wilson's 95 % interval, 0 to 100."""
    rate, scale = hits / of, 1 + Z * Z / of
    centre = (rate + Z * Z / (2 * of)) / scale
    half = Z / scale * math.sqrt(rate * (1 - rate) / of + Z * Z / (4 * of * of))
    return (0.0 if hits == 0 else 100 * (centre - half)), (100.0 if hits >= of else 100 * (centre + half))


@functools.lru_cache(None)
def coverage(of, rate):
    """How often the interval holds the rate that is at work, by the sum over all outcomes."""
    def holds(hits):
        low, high = wilson(hits, of)
        return low <= 100 * rate <= high
    return sum(chance for hits, chance in binomial(of, rate) if holds(hits))


@functools.lru_cache(None)
def mid_p(hits, of, other_hits, other_of):
    """Fisher's exact test in both directions, with mid-p: twice the smaller tail, half of what is
    seen in it."""
    total = hits + other_hits
    lowest, highest = max(0, total - other_of), min(total, of)
    whole = log_choose(of + other_of, total)
    chance = lambda k: math.exp(log_choose(of, k) + log_choose(other_of, total - k) - whole)
    at = chance(hits)
    below = sum(chance(k) for k in range(lowest, hits))
    above = sum(chance(k) for k in range(hits + 1, highest + 1))
    return min(1.0, 2 * (min(below, above) + at / 2))


def significant(p_values, rate=0.05):
    """Benjamini and Hochberg's bound: p values up to it count; -1 where none does."""
    admitted = [p for rank, p in enumerate(sorted(p_values), 1) if p <= rate * rank / len(p_values)]
    return admitted[-1] if admitted else -1.0


@functools.lru_cache(None)
def power(before_of, now_of, before, now, bound):
    """The chance that a rise from one rate to another has a p value within the bound. With several
    rises at once the correction admits more, so it is the least."""
    total = 0.0
    later = [(hits, chance) for hits, chance in binomial(now_of, now) if chance > 1e-9]
    for early, chance in binomial(before_of, before):
        if chance < 1e-9 or early == 0:
            continue
        # From some number of hits on all are significant.
        low, high = 0, len(later)
        while low < high:
            middle = (low + high) // 2
            hits = later[middle][0]
            rises = hits * before_of > early * now_of
            if rises and mid_p(hits, now_of, early, before_of) <= bound:
                high = middle
            else:
                low = middle + 1
        total += chance * sum(share for _, share in later[low:])
    return total


def most(tries, chance, doubt=1e-4):
    """As many of so many are not yet beyond doubt too many."""
    left, hits = 1.0, 0
    for hits, share in binomial(tries, chance):
        left -= share
        if left < doubt:
            break
    return hits
