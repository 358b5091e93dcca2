"""What a report has to say of a made-up history: docs/report.md once more, in the plainest way."""

import bisect
import collections
import datetime

from chances import mid_p, significant, wilson
from made import FIELDS, WEEK

DAY = datetime.timedelta(days=1)


class Truth:
    """All weeks of one history."""

    def __init__(self, year):
        self.bugs = {bug.id: bug for bug in year.bugs}
        self.runs = year.runs
        self.times = [run.time for run in self.runs]
        self.next = following(self.runs)
        self.hit_times = collections.defaultdict(list)
        self.counting = {}
        for place, run in enumerate(self.runs):
            self.counting[place] = self.counted(run)
            for id in run.hits:
                self.hit_times[id].append(run.time)

    def counted(self, run):
        """The bugs whose hit on the run counts."""
        hits = [id for id in recorded(run, self.bugs) if self.bugs[id].counts_in(run)]
        specific = [id for id in hits if not self.bugs[id].keys.get("fallback")]
        return specific or hits

    def window(self, start):
        """The final runs of a week with their places."""
        first, after = (bisect.bisect_left(self.times, time) for time in (start, start + WEEK))
        return [(place, self.runs[place]) for place in range(first, after) if self.runs[place].final]

    def report(self, start):
        """The week's rows by id, in order, and what is told of the whole."""
        now = self.rows(start)
        before = self.rows(start - WEEK)
        for id, row in now.items():
            row["before"] = {"hits": before[id]["runs_hit"], "of": before[id]["of"]}
        self.trends(now, start)
        order = sorted(now.values(), key=lambda row: rank(row, self.bugs[row["fingerprint"]]))
        top = order[0]["fingerprint"] if order[0]["failed_runs_hit"] else None
        return order, self.overall(start, top), self.unclassified(start)

    def rows(self, start):
        runs = [(place, run) for place, run in self.window(start) if run.result != "other"]
        groups = collections.Counter(
            (*(run.fields.get(name, "") for name in FIELDS.values()), run.votes) for _, run in runs)
        scanned = collections.Counter(
            (*(run.fields.get(name, "") for name in FIELDS.values()), run.votes) for _, run in runs
            if run.result == "passed" and run.scanned != "none")
        hit = collections.defaultdict(list)
        for place, run in runs:
            for id in self.counting[place]:
                hit[id].append((place, run))
        return {id: self.row(bug, hit[id], (groups, scanned), start) for id, bug in self.bugs.items()}

    def row(self, bug, hit, counters, start):
        groups, scanned = (eligible(bug, counter) for counter in counters)
        failed = [run for _, run in hit if run.result == "failed"]
        again = [self.runs[self.next[place]] for place, _ in hit if place in self.next]
        times = [run.time for _, run in hit]
        ever = self.hit_times[bug.id]
        changes = {(run.fields["project"], run.fields.get("change") or run.fields["sha"]) for _, run in hit}
        of = sum(groups.values())
        return {
            "fingerprint": bug.id,
            "events": sum(run.hits[bug.id] for _, run in hit),
            "runs_hit": len(hit),
            "failed_runs_hit": len(failed),
            "failed_runs_hit_last_24h": sum(run.time >= start + WEEK - DAY for run in failed),
            "passed_runs_hit": len(hit) - len(failed),
            "passed_runs_scanned": sum(scanned.values()),
            "of": of,
            "changes_hit": len(changes),
            "race": len(changes) >= 2,
            "reruns": {"passed": sum(run.result == "passed" for run in again), "of": len(again)},
            "percentage": 100 * len(hit) / of if of else None,
            "interval": list(wilson(len(hit), of)) if of else None,
            "first_seen": min(times, default=None),
            "last_seen": max(times, default=None),
            "first_seen_ever": min(ever, default=None),
            "last_seen_ever": max(ever, default=None),
            "too_broad": len(hit) > 0 and 10 * (len(hit) - len(failed)) > len(hit),
            "unchecked_hits": sum(run.failed_tests is None for _, run in hit) if "test_ids" in bug.keys else 0,
            "query_changed": False,
            "parts": {by: parts(hit, groups, place) for place, by in enumerate(FIELDS)},
            "series": series(hit, start),
        }

    def trends(self, rows, start):
        for id, row in rows.items():
            row["status"], row["p_value"], row["test"] = self.without_test(id, row, start), None, None
        tested = [row for row in rows.values() if row["status"] is None]
        for row in tested:
            before = row["before"]
            row["p_value"] = mid_p(row["runs_hit"], row["of"], before["hits"], before["of"])
            row["test"] = "fisher-mid-p"
        bound = significant([row["p_value"] for row in tested])
        for row in tested:
            rises = row["runs_hit"] * row["before"]["of"] > row["before"]["hits"] * row["of"]
            row["status"] = "steady" if row["p_value"] > bound else "worse" if rises else "better"

    def without_test(self, id, row, start):
        now, before = row["runs_hit"], row["before"]["hits"]
        if now == 0:
            return "gone" if before else "quiet"
        if before == 0:
            earlier = any(time < start for time in self.hit_times[id])
            return "back" if earlier or "resolved_at" in self.bugs[id].keys else "new"
        return None

    def overall(self, start, top):
        told = collections.Counter()
        for place, run in self.window(start):
            told["runs"] += 1
            told[run.result] += 1
            if run.result == "failed":
                told[self.verdict(place, run)] += 1
                told["avoidable"] += top is not None and self.counting[place] == [top]
        names = "runs failed passed other known fallback unclassified incomplete avoidable".split()
        whole = {name: told[name] for name in names}
        whole["classification_rate"] = told["known"] / told["failed"] if told["failed"] else None
        ran = told["passed"] + told["failed"]
        return whole | {"pass_rate": told["passed"] / ran if ran else None}

    def verdict(self, place, run):
        hits = self.counting[place]
        if hits:
            return "fallback" if self.bugs[hits[0]].keys.get("fallback") else "known"
        return "unclassified" if run.scanned == "full" else "incomplete"

    def unclassified(self, start):
        """Job, failed runs and the unexplained ones, the latest first."""
        jobs = collections.defaultdict(lambda: [0, []])
        for place, run in self.window(start):
            if run.result == "failed":
                job = jobs[run.fields["build_name"]]
                job[0] += 1
                if not self.counting[place]:
                    job[1].append(run)
        told = [(name, failed, [run.id for run in sorted(runs, key=lambda run: run.time, reverse=True)])
                for name, (failed, runs) in sorted(jobs.items()) if runs]
        return sorted(told, key=lambda job: -len(job[2]))


def recorded(run, bugs):
    """What hit the run; failed tests that are known may deny it."""
    for id in run.hits:
        tests = bugs[id].keys.get("test_ids")
        if tests and run.failed_tests is not None:
            if not any(name.split("[")[0] in tests for name in run.failed_tests):
                continue
        yield id


def following(runs):
    """For the place of a run that of the next one of the same subject which passed or failed."""
    last, found = {}, {}
    for place, run in enumerate(runs):
        if not run.final or run.result == "other":
            continue
        if run.subject in last:
            found[last[run.subject]] = place
        last[run.subject] = place
    return found


def eligible(bug, counter):
    """Runs that the bug could have hit, by group."""
    names = list(FIELDS.values())
    votes = lambda group: group[-1] or bug.keys.get("allow-nonvoting", False)
    admits = lambda group: all(group[names.index(name)] == value for name, value in bug.only.items())
    return {group: runs for group, runs in counter.items() if votes(group) and admits(group)}


def parts(hit, groups, place):
    """By value: runs hit, failed runs hit, runs that could have been."""
    name = list(FIELDS.values())[place]
    found = {}
    for _, run in hit:
        counts = found.setdefault(run.fields.get(name, ""), [0, 0, 0])
        counts[0] += 1
        counts[1] += run.result == "failed"
    for group, runs in groups.items():
        if group[place] in found:
            found[group[place]][2] += runs
    return {value: tuple(counts) for value, counts in found.items()}


def series(hit, start):
    """A week has a point for each six hours; a row that hit nothing has none."""
    points = [[0, 0] for _ in range(28 if hit else 0)]
    for _, run in hit:
        points[(run.time - start) // datetime.timedelta(hours=6)][run.result == "passed"] += 1
    return points


def rank(row, bug):
    return (bool(bug.keys.get("suppress-graph")), not row["race"], -row["failed_runs_hit_last_24h"],
            -row["failed_runs_hit"], -row["runs_hit"], row["fingerprint"])
