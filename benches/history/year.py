#!/usr/bin/env python3
"""A made-up year through `recheck ingest` and `recheck report`: are the counts exact, do the intervals
hold what they promise, is "worse" told when it should be, and only then?

    python3 benches/history/year.py DIR [--recheck PROGRAM] [--cluster http://HOST:9200]
        [--seeds 1,2,3] [--weeks 52] [--runs 4000] [--bugs 40]

DIR gets the histories; their indices are there too, or in a cluster. Ends with 1 where a claim fails.
"""

import argparse
import collections
import datetime
import json
import math
import pathlib
import shutil
import statistics
import subprocess
import time

from chances import coverage, most, power
from made import START, WEEK, Year, empty_place, index_place, stamp, write
from truth import Truth

# Fields of a row that are compared as they are.
SAME = ("fingerprint events runs_hit failed_runs_hit failed_runs_hit_last_24h passed_runs_hit "
        "passed_runs_scanned of changes_hit race reruns before too_broad unchecked_hits query_changed "
        "status test").split()
TIMES = ["first_seen", "last_seen", "first_seen_ever", "last_seen_ever"]
LEAST_POWER = 0.8


class Tally:
    """What all weeks of all seeds came to."""

    def __init__(self):
        self.compared, self.wrong = 0, collections.Counter()
        self.examples = {}
        # By rate: weeks, intervals that held the rate, the expected number and its variance.
        self.held = collections.defaultdict(lambda: [0, 0, 0.0, 0.0])
        self.steady = self.false_worse = self.false_told = self.told = 0
        self.calm_weeks = self.weeks_with_false = 0
        # Doublings: whether each was found and its power.
        self.doublings = []

    def same(self, where, told, true):
        self.compared += 1
        if told != true:
            field = where[-1]
            self.wrong[field] += 1
            self.examples.setdefault(field, f"{where}: told {told!r}, true {true!r}")


def recheck(args, *rest):
    done = subprocess.run([args.recheck, *rest], capture_output=True, text=True)
    if done.returncode != 0 or done.stderr:
        raise SystemExit(f"recheck {' '.join(map(str, rest))}: {done.returncode}\n{done.stderr}")
    return done.stdout


def report(args, folder, start, by="job"):
    return recheck(args, "report", "--index", index_place(folder, args.cluster), "--fingerprints", folder / "fingerprints",
                   "--from", stamp(start), "--until", stamp(start + WEEK), "--by", by, "--format", "json")


def instant(text):
    return text and datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def near(one, other):
    if one is None or other is None:
        return one == other
    return math.isclose(one, other, rel_tol=1e-6, abs_tol=1e-9)


def compare(tally, week, by, told, true):
    """Every field of the document beside the truth."""
    rows, overall, unclassified = true
    for name, value in overall.items():
        same = near(told["overall"][name], value) if name.endswith("rate") else told["overall"][name] == value
        tally.same((week, "overall", name), told["overall"][name] if not same else value, value)
    tally.same((week, "order"), [row["fingerprint"] for row in told["fingerprints"]],
               [row["fingerprint"] for row in rows])
    jobs = [(job["job"], job["failed"], [run["build_uuid"] for run in job["runs"]])
            for job in told["unclassified"]]
    tally.same((week, "unclassified"), jobs, unclassified)
    by_id = {row["fingerprint"]: row for row in told["fingerprints"]}
    for row in rows:
        compare_row(tally, (week, row["fingerprint"]), by, by_id[row["fingerprint"]], row)


def compare_row(tally, where, by, told, true):
    for name in SAME:
        tally.same((*where, name), told[name], true[name])
    for name in TIMES:
        tally.same((*where, name), instant(told[name]), true[name])
    for name in ("percentage", "p_value"):
        tally.same((*where, name), near(told[name], true[name]), True)
    ends = zip(told["interval"] or [None], true["interval"] or [None])
    tally.same((*where, "interval"), all(near(one, other) for one, other in ends), True)
    parts = {part["value"]: (part["runs_hit"], part["failed_runs_hit"], part["of"]) for part in told["parts"]}
    tally.same((*where, f"parts by {by}"), parts, true["parts"][by])
    points = [[point["failed"], point["passed"]] for point in told["series"]]
    tally.same((*where, "series"), points, true["series"])


def judge(tally, year, week, told):
    """Intervals and statuses of one week against the rates that were at work."""
    tested = sum(row["test"] is not None for row in told["fingerprints"])
    calm, false = True, 0
    for row in told["fingerprints"]:
        bug = next(bug for bug in year.bugs if bug.id == row["fingerprint"])
        if not bug.id.startswith("race-"):
            continue
        now, before = bug.rate_in(week), bug.rate_in(week - 1)
        held(tally, bug, now, row)
        if row["test"] is None:
            continue
        moved = row["status"] in ("worse", "better")
        tally.told += moved
        if now == before:
            tally.steady += 1
            tally.false_worse += row["status"] == "worse"
            tally.false_told += moved
            false += row["status"] == "worse"
        else:
            calm = False
        if now == 2 * before:
            chance = power(row["before"]["of"], row["of"], before, now, 0.05 / tested)
            tally.doublings.append((row["status"] == "worse", chance))
    if calm:
        tally.calm_weeks += 1
        tally.weeks_with_false += false > 0


def held(tally, bug, rate, row):
    if row["of"] == 0:
        return
    low, high = row["interval"]
    chance = coverage(row["of"], rate)
    counts = tally.held[bug.id, round(rate, 6)]
    counts[0] += 1
    counts[1] += low <= 100 * rate <= high
    counts[2] += chance
    counts[3] += chance * (1 - chance)


def ingest(args, folder, year):
    """Takes a history in; returns the seconds."""
    shutil.rmtree(folder, ignore_errors=True)
    pairs = write(year, folder)
    place = empty_place(folder, args.cluster)
    started = time.monotonic()
    for runs, events in pairs:
        recheck(args, "ingest", "--index", place, "--fingerprints", folder / "fingerprints",
                "--runs", runs, "--events", events)
    return time.monotonic() - started


def one_year(args, seed, tally):
    folder = args.dir / f"seed-{seed}"
    year = Year(seed, args.weeks, args.runs, args.bugs)
    ingested = 0.0 if args.again else ingest(args, folder, year)
    truth, started = Truth(year), time.monotonic()
    kept = {}
    # The last first: a report reads the runs after its window, too, for how reruns ended.
    for week in reversed(range(args.first_week, args.weeks)):
        start = START + week * WEEK
        # Each week by job; every fourth also by the rest.
        for by in ("job", "queue", "branch", "project") if week % 4 == 1 else ("job",):
            kept[week] = report(args, folder, start, by)
            told = json.loads(kept[week])
            compare(tally, (seed, week), by, told, truth.report(start))
        judge(tally, year, week, told)
    took = time.monotonic() - started
    hits = sum(len(run.hits) for run in year.runs)
    print(f"seed {seed}: {len(year.runs):,} runs, {hits:,} hits, {len(year.bugs)} fingerprints; ingested in "
          f"{ingested:.1f} s, {len(kept)} weeks told and compared in {took:.1f} s", flush=True)
    without_events(args, folder, kept, tally, seed)


def without_events(args, folder, kept, tally, seed):
    """Reports outlive the events; a changed query is marked and never worse."""
    recheck(args, "prune", "--index", index_place(folder, args.cluster), "--events-older-than", "1d")
    weeks = list(kept)[:: max(1, len(kept) // 6)]
    for week in weeks:
        by = "project" if week % 4 == 1 else "job"
        now = report(args, folder, START + week * WEEK, by)
        tally.same((seed, week, "report after prune"), now == kept[week], True)
    changed = sorted((folder / "fingerprints").glob("race-*.yaml"))[-1]
    changed.write_text('query: "message:something AND message:else"\n')
    for week in weeks:
        told = json.loads(report(args, folder, START + week * WEEK))["fingerprints"]
        row = next(row for row in told if row["fingerprint"] == changed.stem)
        hits = row["runs_hit"] + row["before"]["hits"] > 0
        tally.same((seed, week, "query_changed of a changed query"), row["query_changed"], hits)
        tally.same((seed, week, "worse of a changed query"), row["status"] in ("worse", "better"), False)


def claims(tally):
    """Each claim with what was seen of it and whether it holds."""
    yield ("counts, lists and statuses are the truth", sum(tally.wrong.values()) == 0,
           f"{sum(tally.wrong.values())} of {tally.compared:,} differ")
    weeks, inside, expected, variance = (sum(row[at] for row in tally.held.values()) for at in range(4))
    yield ("intervals hold the rate in 93-97 %", 0.93 <= inside / weeks <= 0.97,
           f"{100 * inside / weeks:.2f} % of {weeks:,}; by the sum over outcomes {100 * expected / weeks:.2f} %")
    # So many spreads that chance alone goes beyond in one table of a thousand.
    bound = statistics.NormalDist().inv_cdf(1 - 0.0005 / len(tally.held))
    worst = max(tally.held.items(), key=lambda row: distance(row[1]))
    yield ("each bug's within noise of the exact coverage", distance(worst[1]) <= bound,
           f"furthest {worst[0][0]} at {100 * worst[0][1]:.3f} %: {worst[1][1]} of {worst[1][0]}, expected "
           f"{worst[1][2]:.1f}; {distance(worst[1]):.2f} spreads of {bound:.2f}")
    yield ("steady bugs called worse, at most 5 %", tally.false_worse <= 0.05 * tally.steady,
           f"{tally.false_worse} of {tally.steady:,}: {100 * tally.false_worse / tally.steady:.3f} %")
    yield ("weeks without a change with a false worse, at most 5 % and noise",
           tally.weeks_with_false <= most(tally.calm_weeks, 0.05), f"{tally.weeks_with_false} of {tally.calm_weeks}")
    yield ("false among all worse and better, at most 5 % and noise",
           tally.false_told <= most(tally.told, 0.05), f"{tally.false_told} of {tally.told}")
    yield from doublings(tally.doublings)


def distance(row):
    """From what is expected, in spreads; half a count is the grain."""
    return max(0.0, abs(row[1] - row[2]) - 0.5) / math.sqrt(row[3]) if row[3] else 0.0


def doublings(all):
    able = [(found, chance) for found, chance in all if chance >= LEAST_POWER]
    found, power = sum(found for found, _ in able), sum(chance for _, chance in able)
    yield (f"doublings found where the power is at least {LEAST_POWER:.0%}, at least {LEAST_POWER:.0%}",
           bool(able) and found >= LEAST_POWER * len(able),
           f"{found} of {len(able)}; the test's own power says at least {power:.1f}")
    found, power = sum(found for found, _ in all), sum(chance for _, chance in all)
    spread = math.sqrt(sum(chance * (1 - chance) for _, chance in all))
    yield ("all doublings: no fewer than the power says, but for noise", found >= power - 4 * spread - 0.5,
           f"{found} of {len(all)}; the power says at least {power:.1f}")


def coverage_table(tally):
    """By how many hits a week has: intervals that held the rate, and how many should."""
    print("\nrate of runs hit   intervals  hold   expected")
    bands = [(0, 0.0005), (0.0005, 0.001), (0.001, 0.002), (0.002, 0.005), (0.005, 0.01), (0.01, 1)]
    for low, high in bands:
        rows = [row for (_, rate), row in tally.held.items() if low <= rate < high]
        if rows:
            weeks, inside, expected = (sum(row[at] for row in rows) for at in range(3))
            print(f"{100 * low:5.2f} to {100 * high:6.2f} % {weeks:10,} {100 * inside / weeks:6.2f} "
                  f"{100 * expected / weeks:8.2f} %")


def tell(tally):
    """What all seeds so far came to; the number of claims that fail."""
    coverage_table(tally)
    print()
    failed = 0
    for claim, holds, seen in claims(tally):
        failed += not holds
        print(f"{'holds ' if holds else 'FAILS '} {claim}: {seen}")
    for field, number in tally.wrong.most_common():
        print(f"  {number} x {field}, such as {tally.examples[field]}")
    print(flush=True)
    return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dir", type=pathlib.Path)
    parser.add_argument("--recheck", default="target/release/recheck")
    parser.add_argument("--cluster", help="the address of an Elasticsearch or OpenSearch")
    parser.add_argument("--seeds", default="1,2,3", type=lambda text: [int(seed) for seed in text.split(",")])
    parser.add_argument("--weeks", type=int, default=52)
    parser.add_argument("--first-week", type=int, default=1, help="of those that are told, from 1")
    parser.add_argument("--again", action="store_true", help="with the histories that are in DIR")
    parser.add_argument("--runs", type=int, default=4000, help="a week, before reruns")
    parser.add_argument("--bugs", type=int, default=40, help="besides one of each odd kind")
    args = parser.parse_args()
    tally = Tally()
    failed = 0
    for seed in args.seeds:
        one_year(args, seed, tally)
        failed = tell(tally)
    raise SystemExit(failed > 0)


main()
