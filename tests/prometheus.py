"""What a server says it has done: its page for Prometheus, held against the text format."""

import re

SAMPLE = re.compile(r'^([a-z_]+)(\{[a-z]+="[^"]*"\})? ([0-9.]+)$')
TYPES = {"counter", "gauge"}


def metrics(server):
    """Every sample by its name and label, after the page was held against the format."""
    answer = server.http("GET", "/metrics")
    assert answer.status == 200 and answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    told, samples = {}, {}
    for line in answer.body.decode().splitlines():
        if line.startswith("# "):
            _, what, name, text = line.split(" ", 3)
            assert what in ("HELP", "TYPE") and (what == "HELP" or text in TYPES)
            told.setdefault(name, set()).add(what)
            continue
        name, label, value = SAMPLE.match(line).groups()
        assert told.get(name) == {"HELP", "TYPE"}, f"{name} is not introduced"
        assert name + (label or "") not in samples, f"{line} is there twice"
        samples[name + (label or "")] = float(value)
    return samples
