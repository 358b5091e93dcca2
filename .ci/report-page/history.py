#!/usr/bin/env python3
"""A made-up history in which names and texts are those of somebody who wants to take a page over.

    history.py DIR

DIR gets `fingerprints/`, `runs.jsonl` and `events.jsonl`, and in `part/` the runs and events of one job
in one queue: what is left when a page is filtered by both.
"""

import datetime
import json
import pathlib
import random
import sys

START = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
RUN = "window.pwned=1"
TAG = f"<img src=x onerror={RUN}>"
END = f"</script><script>{RUN}</script>"
QUOTES = f"\" onmouseover=\"{RUN}\" x='{RUN}' &lt;b&gt; `${{{RUN}}}`"
TURNED = "\u202egnp.exe\u202c \x1b[31mred \u2028 \u0000"
LONG = "averylongnamewithoutablank" * 8

FINGERPRINTS = {
    "disk": {"title": "The disk is full", "bug": "https://bugs.example.org/1", "category": "infra"},
    # A file's name has no slash.
    TAG: {"title": TAG},
    "script": {"title": END, "bug": f"javascript:{RUN}"},
    "quotes": {"title": QUOTES, "bug": f"https://bugs.example.org/\"onclick=\"{RUN}"},
    "turned": {"title": "\u202egnp.exe\u202c back", "category": "test"},
    "long": {"title": LONG},
    "closed": {"title": "Closed long ago", "resolved_at": "2025-01-01"},
    "broad": {"title": "Hits what passes, too"},
    "general": {"title": "Something failed", "fallback": True},
    "hidden": {"suppress-graph": True},
    "tested": {"test_ids": ["a.B.test_c"]},
    "never": {"title": "Never hits"},
}
JOBS = ["unit", "docs", END, TAG, TURNED, LONG, "line\nbreak \\ \"quoted\"", ""]
QUEUES = ["gate", "check", END]
BRANCHES = ["main", "stable/\"1'"]
PROJECTS = ["team/app", f"\"><svg onload={RUN}>", "team/lib"]


def phrase(name):
    return f"fault number {list(FINGERPRINTS).index(name)} tripped"


def run(number, rng):
    """A run and its events: in turn hit by one bug or another, unexplained, or passed."""
    names = list(FINGERPRINTS)[:-1]
    time = START + datetime.timedelta(minutes=20 * number)
    passed = rng.random() < 0.7
    line = {
        "build_uuid": f"{number}{END if number % 9 == 0 else ''}",
        "build_status": "SUCCESS" if passed else "FAILURE",
        "build_name": rng.choices(JOBS, [9, 5, 3, 3, 2, 2, 2, 1])[0],
        "build_queue": rng.choice(QUEUES),
        "build_branch": rng.choice(BRANCHES),
        "project": rng.choice(PROJECTS),
        "change": str(rng.randrange(300)),
        "patchset": "1",
        "end_time": time.isoformat(),
        "scanned": "full",
        "log_url": rng.choice(["https://logs.example.org/a?b=1&c=2", f"javascript:{RUN}", f"https://x/{TAG}"]),
    }
    if not line["build_name"]:
        del line["build_name"]
    hits = [name for name in names if rng.random() < (0.02 if passed and name != "broad" else 0.12)]
    if passed:
        hits = [name for name in hits if name == "broad"]
    events = [{"id": f"{number}-{name}", "build_uuid": line["build_uuid"], "@timestamp": line["end_time"],
               "message": f"ERROR {phrase(name)} {END} {TAG} {TURNED}"} for name in hits]
    return line, events


def write(folder, made):
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "runs.jsonl", "w") as runs, open(folder / "events.jsonl", "w") as events:
        for line, its in made:
            print(json.dumps(line), file=runs)
            for event in its:
                print(json.dumps(event), file=events)


def main():
    folder = pathlib.Path(sys.argv[1])
    (folder / "fingerprints").mkdir(parents=True)
    for name, keys in FINGERPRINTS.items():
        # JSON is YAML.
        keys = {"query": f'message:"{phrase(name)}"', **keys}
        (folder / "fingerprints" / f"{name}.yaml").write_text(json.dumps(keys))
    rng = random.Random(20260101)
    made = [run(number, rng) for number in range(14 * 72)]
    write(folder, made)
    write(folder / "part", [(line, its) for line, its in made
                            if line.get("build_name") == "unit" and line["build_queue"] == "gate"])


main()
