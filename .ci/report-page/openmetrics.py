"""The OpenMetrics text, read by Prometheus' own parser, has the counts of the JSON.

    openmetrics.py DIR    with report.om and job.json

Needs prometheus_client.
"""

import json
import pathlib
import sys

from prometheus_client.openmetrics.parser import text_string_to_metric_families


def parsed(text):
    """Each sample's value by name and labels; a name that comes twice is a mistake."""
    found = {}
    for family in text_string_to_metric_families(text):
        assert family.type == "counter" and family.documentation, family
        for sample in family.samples:
            key = sample.name, frozenset(sample.labels.items())
            assert key not in found, f"twice: {key}"
            found[key] = sample.value
    return found


def shown(text):
    """As recheck's `escape` writes characters that act."""
    text = text.replace("\t", " ").replace("\n", "\\n").replace("\r", "\\r")
    small = lambda it: f"\\x{ord(it):02x}" if ord(it) < 32 or 127 <= ord(it) < 160 else it
    turns = "\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f"
    return "".join(f"\\u{{{ord(it):x}}}" if it in turns else small(it) for it in text)


def expected(report):
    found = {}

    def add(name, value, **labels):
        found[name, frozenset((label, shown(text)) for label, text in labels.items())] = float(value)

    overall = report["overall"]
    for result in ("passed", "failed", "other"):
        add("recheck_runs_total", overall[result], result=result)
    for verdict in ("known", "fallback", "unclassified", "incomplete"):
        add("recheck_failed_runs_total", overall[verdict], verdict=verdict)
    for row in report["fingerprints"]:
        id = row["fingerprint"]
        add("recheck_eligible_runs_total", row["of"], fingerprint=id)
        for part in row["parts"]:
            passed = part["runs_hit"] - part["failed_runs_hit"]
            for result, value in (("failed", part["failed_runs_hit"]), ("passed", passed)):
                add("recheck_runs_hit_total", value, fingerprint=id, job=part["value"], result=result)
    return found


def differences(text, report):
    try:
        told, true = parsed(text), expected(report)
    except (ValueError, AssertionError) as error:
        return [f"not OpenMetrics: {error!r}"]
    return [f"{key}: told {told.get(key)}, true {true.get(key)}"
            for key in {**told, **true} if told.get(key) != true.get(key)]


def main():
    folder = pathlib.Path(sys.argv[1])
    text, report = (folder / "report.om").read_text(), json.loads((folder / "job.json").read_text())
    found = differences(text, report)
    print("\n".join(found[:20]))
    # What is broken has to be seen: a count, an escape, the end.
    broken = [text.replace('result="failed"} ', 'result="failed"} 1', 1), text.replace('\\"', '"'),
              text.replace("# EOF\n", "")]
    unseen = sum(not differences(each, report) for each in broken)
    print(f"{len(expected(report))} counters, {len(found)} differ; {unseen} of {len(broken)} broken texts not seen")
    raise SystemExit(bool(found or unseen))


main()
