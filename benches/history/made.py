"""A made-up history whose truth is known: bugs with rates, runs, what hit them, and the files that
`recheck ingest` takes. The same seed makes the same history."""

import dataclasses
import datetime
import json
import random
import urllib.request

UTC = datetime.timezone.utc
START = datetime.datetime(2025, 1, 6, tzinfo=UTC)
WEEK = datetime.timedelta(days=7)

# The field of a run that each `--by` groups by.
FIELDS = {"job": "build_name", "queue": "build_queue", "branch": "build_branch", "project": "project"}
JOBS = ["unit", "docs", "tempest-full", "tempest-slow", "grenade", "functional", "pep8", "multinode"]
QUEUES = ["check", "gate", "periodic"]
BRANCHES = ["master", "stable/2025.1", "stable/2024.2"]
PROJECTS = ["nova", "neutron", "cinder", "glance", "keystone"]
WORDS = {
    "passed": ["SUCCESS"],
    "failed": ["FAILURE", "FAILURE", "TIMED_OUT", "POST_FAILURE", "NODE_FAILURE", "RETRY_LIMIT"],
    "other": ["ABORTED", "SKIPPED", "CANCELED", "NO_JOBS"],
}


@dataclasses.dataclass
class Bug:
    """A fingerprint, and how often what it recognises happens."""

    id: str
    rate: float
    only: dict = dataclasses.field(default_factory=dict)
    keys: dict = dataclasses.field(default_factory=dict)
    # The share of hits that the run survives.
    benign: float = 0.0
    weeks: range = range(10**6)
    # The rate is twice as high in these weeks.
    doubled: list = dataclasses.field(default_factory=list)
    # It hits only the runs of this change.
    change: int | None = None

    @property
    def phrase(self):
        return f"fault {self.id.replace('-', '')} tripped"

    def rate_in(self, week):
        if week not in self.weeks:
            return 0.0
        return self.rate * (2 if any(week in span for span in self.doubled) else 1)

    def admits(self, run):
        """Whether the run's fields alone let the query hit."""
        return all(run.fields.get(name) == value for name, value in self.only.items())

    def counts_in(self, run):
        return self.admits(run) and (run.votes or self.keys.get("allow-nonvoting", False))

    def yaml(self):
        terms = [f'message:"{self.phrase}"'] + [f'{name}:"{value}"' for name, value in self.only.items()]
        lines = [f"query: {json.dumps(' AND '.join(terms))}"]
        lines += [f"{key}: {json.dumps(value)}" for key, value in self.keys.items()]
        return "\n".join(lines) + "\n"


@dataclasses.dataclass
class Run:
    """What is true of a run; `hits` are events by bug, as far as its logs were read."""

    id: str
    attempt: int
    fields: dict
    time: datetime.datetime
    result: str
    votes: bool = True
    final: bool = True
    scanned: str = "full"
    failed_tests: list | None = None
    hits: dict = dataclasses.field(default_factory=dict)

    @property
    def subject(self):
        """Runs of the same subject are the same job on the same patch set or commit."""
        fields = self.fields
        tested = (fields.get("change"), fields.get("patchset")) if "change" in fields else fields["sha"]
        return fields["project"], fields["build_name"], tested


def bugs(count, weeks, rng):
    """Steady races over two orders of magnitude, some that double, and one of each odd kind."""
    made = []
    for number in range(count):
        rate = 0.0002 * (150 ** (number / max(1, count - 1)))
        bug = Bug(f"race-{number:02}", rate)
        if number % 8 == 3:
            bug.only = {"build_name": JOBS[number % len(JOBS)]}
        if number % 8 == 5:
            bug.only = {"build_branch": "master"}
        # Every third of the frequent ones doubles now and then, for two weeks each time.
        if number % 3 == 0 and number >= count // 3 and not bug.only:
            at = rng.randrange(3, 7)
            while at + 2 < weeks:
                bug.doubled.append(range(at, at + 2))
                at += rng.randrange(5, 9)
        made.append(bug)
    return made + odd(weeks)


def odd(weeks):
    late, gone = weeks // 3, 2 * weeks // 3
    return [
        Bug("never", 0.0),
        Bug("late", 0.004, weeks=range(late, 10**6)),
        Bug("gone", 0.004, weeks=range(gone)),
        Bug("seldom", 0.0001),
        Bug("closed", 0.0008, keys={"resolved_at": "2024-12-01", "title": "Closed long ago"}),
        Bug("general", 0.03, keys={"fallback": True}),
        Bug("broad", 0.01, benign=0.6),
        Bug("hidden", 0.003, keys={"suppress-graph": True}),
        Bug("nonvoting", 0.003, keys={"allow-nonvoting": True}),
        Bug("tests", 0.006, keys={"test_ids": ["a.B.test_c"]}),
        Bug("project", 0.01, only={"project": "nova", "build_queue": "gate"}),
        Bug("broken", 0.9, change=7),
    ]


class Year:
    """Makes runs week by week."""

    def __init__(self, seed, weeks, runs, count):
        self.rng = random.Random(seed)
        self.weeks, self.number = weeks, 0
        self.bugs = bugs(count, weeks, self.rng)
        self.runs = []
        for week in range(weeks):
            for _ in range(runs):
                self.first(week)
        self.runs.sort(key=lambda run: run.time)

    def first(self, week):
        """A run, and whatever is run again because of it."""
        rng = self.rng
        seconds = rng.uniform(0, WEEK.total_seconds())
        # Half of the times are whole seconds, and some stand on the border of the weeks.
        seconds = 0.0 if rng.random() < 0.0005 else seconds if rng.random() < 0.5 else int(seconds)
        time = START + week * WEEK + datetime.timedelta(seconds=seconds)
        fields = self.fields(time)
        run = self.run(fields, time)
        while run.result != "passed" and rng.random() < 0.5:
            time += datetime.timedelta(seconds=rng.uniform(600, 40 * 3600))
            if time >= START + self.weeks * WEEK:
                break
            run = self.run(fields, time)

    def fields(self, time):
        rng = self.rng
        job = rng.choice(JOBS)
        fields = {"build_name": job, "build_queue": rng.choice(QUEUES), "project": rng.choice(PROJECTS),
                  "build_branch": rng.choices(BRANCHES, [6, 2, 1])[0]}
        if fields["build_queue"] == "periodic":
            fields["sha"] = f"{fields['project']}-{fields['build_branch']}-{time.date()}"
        else:
            fields |= {"change": str(rng.randrange(8, 40_000)), "patchset": str(rng.randrange(1, 4))}
            if rng.random() < 0.001:
                fields |= {"change": "7", "project": "nova"}  # the broken one
        return fields

    def run(self, fields, time, attempt=1, name=None):
        """One attempt, with the one that follows where the CI itself tried again."""
        rng = self.rng
        self.number += 1
        name = name or f"run-{self.number:07}"
        run = Run(name, attempt, fields, time, "passed", votes=fields["build_name"] != "multinode")
        self.hit(run)
        if attempt == 1 and rng.random() < 0.02:
            run.final, run.result = False, "failed"
            self.runs.append(run)
            later = min(time + datetime.timedelta(seconds=rng.uniform(60, 7200)),
                        START + self.weeks * WEEK - datetime.timedelta(seconds=1))
            return self.run(fields, later, 2, name)
        self.runs.append(run)
        return run

    def hit(self, run):
        """Decides what hits, then how the run ends and what of its logs is read."""
        rng, week = self.rng, (run.time - START) // WEEK
        fatal = rng.random() < 0.04
        for bug in self.bugs:
            if bug.change is not None and run.fields.get("change") != str(bug.change):
                continue
            if rng.random() < bug.rate_in(week) and bug.admits(run):
                run.hits[bug.id] = rng.randrange(1, 4)
                fatal |= rng.random() >= bug.benign
        run.result = "other" if rng.random() < 0.03 else "failed" if fatal else "passed"
        if run.result == "passed":
            run.scanned = rng.choices(["full", "none", "partial"], [7, 2, 1])[0]
        elif not run.hits and rng.random() < 0.1:
            run.scanned = rng.choice(["none", "partial"])
        if run.scanned == "none":
            run.hits = {}
        if "tests" in run.hits:
            run.failed_tests = rng.choice([None, [], ["a.B.test_c[id-1]"], ["x.Y.test_z"]])


def stamp(time):
    return time.isoformat().replace("+00:00", "Z")


def run_line(run, rng):
    word = "RETRY" if not run.final else rng.choice(WORDS[run.result])
    line = {"build_uuid": run.id, **run.fields, "build_status": word, "scanned": run.scanned,
            "log_url": f"https://logs.example.org/{run.id}/"}
    line["end_time"] = stamp(run.time)
    line["start_time"] = stamp(run.time - datetime.timedelta(seconds=rng.randrange(60, 5400)))
    if run.attempt > 1 or not run.final:
        line |= {"attempt": run.attempt, "final": run.final}
    if not run.votes:
        line["voting"] = 0
    if rng.random() < 0.1:
        # The beginning stands in for an end that is not told.
        line["start_time"] = line.pop("end_time")
    if run.failed_tests is not None:
        line["failed_tests"] = run.failed_tests
    return line


def event_lines(run, bugs, rng):
    """The events that hit, and some that nearly do."""
    told = [bug.phrase for bug in bugs for _ in range(run.hits.get(bug.id, 0))]
    if run.scanned != "none":
        # What another job's query looks for, and a word between those of a phrase.
        told += [bug.phrase for bug in bugs if bug.only and not bug.admits(run) and rng.random() < 0.01]
        told += [rng.choice(bugs).phrase.replace("tripped", "nearly tripped") for _ in range(rng.randrange(2))
                 if run.hits]
    for number, text in enumerate(told):
        line = {"id": f"{run.id}.{run.attempt}.{number}", "build_uuid": run.id, "message": f"ERROR {text} again"}
        if run.attempt > 1 or not run.final:
            line["attempt"] = run.attempt
        # Events come before their run's end, now and then in the week before it.
        if rng.random() < 0.8:
            line["@timestamp"] = stamp(run.time - datetime.timedelta(seconds=rng.randrange(1, 3000)))
        yield line


def write(year, folder, parts=4):
    """The fingerprints, and `parts` pairs of files with runs and events, in the order of time."""
    rng = random.Random(year.rng.random())
    (folder / "fingerprints").mkdir(parents=True)
    for bug in year.bugs:
        (folder / "fingerprints" / f"{bug.id}.yaml").write_text(bug.yaml())
    size = -(-len(year.runs) // parts)
    pairs = []
    for part in range(parts):
        pair = folder / f"runs-{part}.jsonl", folder / f"events-{part}.jsonl"
        pairs.append(pair)
        with open(pair[0], "w") as runs, open(pair[1], "w") as events:
            for run in year.runs[part * size:(part + 1) * size]:
                print(json.dumps(run_line(run, rng)), file=runs)
                for line in event_lines(run, year.bugs, rng):
                    print(json.dumps(line), file=events)
    return pairs


def empty_place(folder, cluster):
    """Where the index of a history is: in its folder, or in a cluster, where the one of before is removed."""
    place = index_place(folder, cluster)
    if cluster:
        for name in (folder.name, f"recheck-history-{folder.name}"):
            gone = urllib.request.Request(f"{cluster}/{name}?ignore_unavailable=true", method="DELETE")
            urllib.request.urlopen(gone).read()
    return place


def index_place(folder, cluster):
    return f"{cluster}/{folder.name}" if cluster else folder / "index"
