"""What a server says it has done: its page for Prometheus, held against the text format 0.0.4 and against the rules for names."""

import math
import re

SAMPLE = re.compile(r'^(parlour_[a-z_]+)(?:\{([a-z]+="[^"\\\n]*"(?:,[a-z]+="[^"\\\n]*")*)\})? ([0-9.]+)$')
TYPES = {"counter", "gauge", "histogram"}

LABELS = {"app", "kind", "code", "transport", "node", "version", "dir", "reason", "state", "stage", "le"}
"""All the labels there are. None names a user or a room: nobody who uses a server makes the page longer."""

NO_UNIT = {"parlour_connections", "parlour_rooms", "parlour_rooms_frozen", "parlour_seats", "parlour_journal_lag_events",
           "parlour_resume_events", "parlour_build_info"}
"""What counts things, and so has no unit."""


def metrics(server, **headers):
    """Every sample by its name and labels."""
    answer = server.http("GET", "/metrics", headers=headers)
    assert answer.status == 200 and answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return read(answer.body.decode())


def read(page):
    """The samples of a page, after it was held against the format."""
    helped, typed, samples, family = set(), {}, {}, None
    assert page.endswith("\n")
    for line in page.splitlines():
        if line.startswith("# "):
            _, what, name, text = line.split(" ", 3)
            if what == "HELP":
                assert name not in helped and text.endswith("."), line
                helped.add(name)
            else:
                assert what == "TYPE" and text in TYPES and name in helped and name not in typed, line
                typed[name] = text
                assert_named(name, text)
            continue
        found = SAMPLE.match(line)
        assert found, line
        name, labels, value = found.groups()
        family = family_of(name, typed)
        assert family, f"{name} is not introduced"
        labels = dict(pair.split("=", 1) for pair in labels.split(",")) if labels else {}
        assert set(labels) <= LABELS and ("le" in labels) == name.endswith("_bucket"), line
        key = name + ("{" + ",".join(f"{label}={value}" for label, value in labels.items()) + "}" if labels else "")
        assert key not in samples, f"{line} is there twice"
        samples[key] = float(value)
    assert helped == set(typed)
    for name in (name for name, kind in typed.items() if kind == "histogram"):
        assert_histogram(name, samples)
    return samples


def family_of(name, typed):
    """What a sample belongs to: itself, or the histogram it is a part of."""
    if typed.get(name) in ("counter", "gauge"):
        return name
    base = re.sub(r"_(bucket|sum|count)$", "", name)
    return base if base != name and typed.get(base) == "histogram" else None


def assert_named(name, kind):
    """Base units at the end, `_total` on counters and on nothing else."""
    assert name.endswith("_total") == (kind == "counter"), name
    unit = name.removesuffix("_total").rsplit("_", 1)[-1]
    assert kind == "counter" or name in NO_UNIT or unit in ("seconds", "bytes"), f"{name} has no base unit"
    assert not re.search(r"_(ms|us|ns|millis|kib|kb|minutes)(_|$)", name), name


def assert_histogram(name, samples):
    """Each range counts those below it too, the last all of them."""
    series = {}
    for key, value in samples.items():
        if key.startswith(f"{name}_bucket"):
            labels, _, end = key.rpartition('le="')
            series.setdefault(labels.removeprefix(f"{name}_bucket").rstrip("{,"), []).append((float(end.rstrip('"}')), value))
    assert series, name
    for labels, ranges in series.items():
        of = f"{labels}}}" if labels else ""
        ends, counts = zip(*ranges)
        assert list(ends) == sorted(set(ends)) and ends[-1] == math.inf, name
        assert list(counts) == sorted(counts) and counts[-1] == samples[f"{name}_count{of}"], name
        assert f"{name}_sum{of}" in samples, name


def assert_only_grew(before, after):
    """Counters never fall, and none goes away."""
    for key, value in before.items():
        if re.search(r"(_total|_bucket|_sum|_count)(\{|$)", key):
            assert after.get(key, -1) >= value, key
