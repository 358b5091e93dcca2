#!/usr/bin/env python3
"""What a week's report costs: time and memory, and how both grow.

    python3 benches/history/cost.py DIR [--recheck PROGRAM] [--cluster http://HOST:9200] [--rounds 3] [--runs 35000]

Needs RECHECK_DATA (fingerprints, events-derived.jsonl, logs). DIR gets the histories: a week of runs with
20 events each against 963 fingerprints, 3 % of the runs hit; then twice the runs (the week before as
well), twice and four times the hits, twice the fingerprints, each with one event a run, as reports do
not read events. Ends with 1 where a report takes more than 10 s.
"""

import argparse
import datetime
import gzip
import json
import math
import multiprocessing
import os
import pathlib
import random
import re
import shutil
import subprocess
import tempfile
import time

from made import empty_place, index_place

START = datetime.datetime(2026, 3, 2, tzinfo=datetime.timezone.utc)
WEEK = datetime.timedelta(days=7)
GOAL = 10.0
JOBS = [f"gate-job-{number:03}" for number in range(120)]
PROJECTS = [f"openstack/project-{number:02}" for number in range(40)]
# What makes the kinds of history differ: runs, runs hit in a hundred, fingerprints, events a run.
KINDS = {
    "20 events a run": (1, 3, 963, 20),
    "1 event a run": (1, 3, 963, 1),
    "runs x 2": (2, 3, 963, 1),
    "hits x 2": (1, 6, 963, 1),
    "hits x 4": (1, 12, 963, 1),
    "fingerprints x 2": (1, 3, 2 * 963, 1),
}


def vary(text, rng):
    """The same query in other words: every second longer word of its phrases with two letters swapped."""
    def word(found):
        letters = list(found.group())
        if rng.random() < 0.5:
            at = rng.randrange(1, len(letters) - 1)
            letters[at - 1], letters[at] = letters[at], letters[at - 1]
        return "".join(letters)

    return re.sub(r'message:\s*\\?"[^"]*"', lambda found: "message:" + re.sub(
        r"[a-z]{5,}", word, found.group().partition(":")[2]), text)


def fingerprints(data, folder, count):
    real = sorted((data / "fingerprints").glob("*.yaml"))
    rng = random.Random(963)
    folder.mkdir(parents=True)
    for number in range(count):
        source = real[number % len(real)]
        text = source.read_text()
        name = source.stem if number < len(real) else f"{source.stem}-{number // len(real)}"
        (folder / f"{name}.yaml").write_text(text if number < len(real) else vary(text, rng))


def material(data):
    """Events that hit, and lines of real logs."""
    hits = [json.loads(line) for line in open(data / "events-derived.jsonl")]
    hits = [event for event in hits if re.fullmatch(r"d\d+\.p\d", event["id"])]
    lines = []
    for path in sorted((data / "logs").glob("*.gz"))[:6]:
        text = gzip.open(path).read(4 << 20).decode(errors="replace")
        lines += [line[:300] for line in text.splitlines() if len(line) > 20]
    return hits, lines


def make(data, folder, runs, kind):
    times, percent, count, events = KINDS[kind]
    rng = random.Random(kind)
    fingerprints(data, folder / "fingerprints", count)
    hits, lines = material(data)
    with open(folder / "runs.jsonl", "w") as told, open(folder / "events.jsonl", "w") as logged:
        for number in range(times * runs):
            # The first are of the week that is reported, the others of the one before.
            start = START - (number // runs) * WEEK
            hit = rng.choice(hits) if rng.random() < percent / 100 else None
            run = one_run(number, start + datetime.timedelta(seconds=rng.randrange(7 * 86400)), hit, rng)
            print(json.dumps(run), file=told)
            texts = [{"message": rng.choice(lines)} for _ in range(events - bool(hit))]
            if hit:
                own = ("message", "tags", "filename", "module", "loglevel")
                texts.append({key: hit[key] for key in own if key in hit})
            for place, text in enumerate(texts):
                print(json.dumps({"id": f"{number}.{place}", "build_uuid": run["build_uuid"],
                                  "@timestamp": run["end_time"], **text}), file=logged)


def one_run(number, time, hit, rng):
    run = {
        "build_uuid": f"{number:032x}",
        "build_name": rng.choice(JOBS),
        "build_queue": rng.choice(["check", "gate", "experimental"]),
        "build_branch": rng.choice(["master", "master", "stable/2026.1"]),
        "project": rng.choice(PROJECTS),
        "build_status": "FAILURE" if hit or rng.random() < 0.1 else "SUCCESS",
        "change": str(rng.randrange(20_000)),
        "patchset": "1",
        "end_time": time.isoformat(),
        "log_url": f"https://logs.example.org/{number:032x}/",
        "scanned": "full",
    }
    return run | {key: value for key, value in (hit or {}).items() if key.startswith("build_") or key == "project"}


def measure(command):
    """Seconds by the clock, of the processors, MiB of peak memory, output."""
    started = time.monotonic()
    with open(os.devnull) as none, tempfile.TemporaryFile() as out:
        process = subprocess.Popen(command, stdin=none, stdout=out)
        _, status, usage = os.wait4(process.pid, 0)
        elapsed = time.monotonic() - started
        if os.waitstatus_to_exitcode(status) != 0:
            raise SystemExit(f"{command}: {os.waitstatus_to_exitcode(status)}")
        out.seek(0)
        return elapsed, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, out.read()


def size(folder):
    """MiB; not known of an index in a cluster."""
    return math.nan if not folder.exists() else sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / (1 << 20)


def ingested(args, folder, kind):
    """Makes a history and takes it in."""
    shutil.rmtree(folder, ignore_errors=True)
    # In a process of its own: a program that is started is told the peak of the one that starts it.
    maker = multiprocessing.Process(target=make, args=(args.data, folder, args.runs, kind))
    maker.start()
    maker.join()
    empty_place(folder, args.cluster)
    return measure([args.recheck, "ingest", *places(folder, args), "--runs", folder / "runs.jsonl",
                    "--events", folder / "events.jsonl"])


def places(folder, args):
    return ["--index", index_place(folder, args.cluster), "--fingerprints", folder / "fingerprints"]


def one_kind(args, kind):
    folder = args.dir / kind.replace(" ", "-")
    ingest = (0.0, 0.0, 0.0) if args.again else ingested(args, folder, kind)
    week = ["--from", f"{START:%Y-%m-%d}", "--until", f"{START + WEEK:%Y-%m-%d}"]
    rounds = [measure([args.recheck, "report", *places(folder, args), *week, "--format", "json"])
              for _ in range(args.rounds)]
    told = json.loads(rounds[0][3])
    seconds, busy, memory = (best(one[at] for one in rounds) for at, best in ((0, min), (1, min), (2, max)))
    hit = sum(row["runs_hit"] for row in told["fingerprints"])
    print(f"{kind:18} {told['overall']['runs']:7,} {hit:8,} {len(told['fingerprints']):6,} "
          f"{ingest[0]:9.1f} {ingest[1]:7.1f} {ingest[2]:8.0f} {size(folder / 'index'):9.1f} "
          f"{seconds:8.2f} {busy:7.2f} {memory:8.0f}", flush=True)
    return seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dir", type=pathlib.Path)
    parser.add_argument("--recheck", default="target/release/recheck")
    parser.add_argument("--cluster", help="the address of an Elasticsearch or OpenSearch")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--runs", type=int, default=35_000)
    parser.add_argument("--again", action="store_true", help="reports alone, of what is in DIR")
    parser.add_argument("--kinds", default=",".join(KINDS))
    args = parser.parse_args()
    args.data = pathlib.Path(os.environ["RECHECK_DATA"])
    print("                      runs     hits  fing. ingest s   CPU s peak MiB index MiB report s   CPU s peak MiB")
    times = [one_kind(args, kind) for kind in args.kinds.split(",")]
    raise SystemExit(max(times) > GOAL)


main()
