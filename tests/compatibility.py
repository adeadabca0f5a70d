"""A pytest plugin: what a run shows of how the dialect mantimon gets on with unmodified clients.

Each test of the dialect is marked with the numbers of the checks that it is of, and has the parameters `mode`, `kind` and
`transport` where it is played in several ways. Whatever the server says in them is judged by `mantimon_schema`. A run of all of
them fails if a check has no test that passed, if a type of message was never said, or if docs/compatibility.md is not what the
run has shown. `COMPATIBILITY=docs/compatibility.md` in the environment writes that page. The other dialects have a section of it
each: `sections`.
"""

import json
import os
import pathlib

import pytest

import clients.base
import mantimon_schema
import sections
import sio
from sections import check

__all__ = ["check"]

HERE = pathlib.Path(__file__).parent
PAGE = HERE.parent / "docs" / "compatibility.md"
RENEW = sections.RENEW

CHECKS = {
    1: "a token that is right lets in; none, a wrong signature, one that has expired, `alg: none` and another's audience do not",
    2: "a token means the same user in each form in which it may be shown",
    3: "joining is answered and shown once; the player who was there first is told of the second",
    4: "what one player may not know is in no byte that they are sent, in a whole game",
    5: "a third player, an unknown game and an action without joining are refused, each by its code",
    6: "a legal action is answered with its id, and shown to both, in one order",
    7: "an action off turn, an illegal and a malformed one are refused, each by its code, and change nothing",
    8: "the same message twice counts once: at once, after coming back, after a kill of the server",
    9: "the same `message_id` with another action is refused",
    10: "who comes back is told exactly what they missed, or shown the game anew",
    11: "messages that are none are answered by an error, and the connection stays usable",
    12: "an unknown event is answered too",
    13: "heartbeats are answered, and who falls silent is dropped",
    14: "two warnings, the end of the time and of the game, also if the server is killed in between",
    15: "who resigns has lost, whosever turn it is, and nothing can be done any more",
    16: "a user's second connection takes the place of the first, which is told",
    17: "random games play again from the journal to the same final state",
    18: "1 to 8 hold over every transport; another revision of Engine.IO and pages of origins that are not allowed are refused",
    19: "who says too much at a time is told so, and not cut off before it is time",
    20: "every message of the server is as documented, all types are said, each turn is told once to both",
    21: "each of the fourteen codes is said",
    22: "a player who is cut off is reconnecting, then connected or disconnected, each told once",
    23: "from a game whose rules fail over everything one can still resign",
    24: "a draw has no winner",
}

KINDS = {
    "node": "socket.io-client {io} in Node.js",
    "python": "python-socketio {python_socketio}",
    "chromium": "socket.io-client {io} in Debian's Chromium",
    "plain": "plain WebSocket, by websockets {websockets}",
}


MODES = ("strict", "compat")
WAYS = [(kind, transport) for kind in KINDS for transport in sio.TRANSPORTS if kind != "plain" or transport == "websocket"]
"""Every client over every transport that it has. Each is played in both modes."""


class Record:
    """What came of each marked test: by node id, its checks, how it was played, and whether it passed so far."""

    def __init__(self):
        self.recorder = mantimon_schema.Recorder()
        self.tests, self.passed, self.failed = {}, set(), set()
        self.is_whole, self.faults = False, []

    def collected(self, items):
        ours = {pathlib.Path(item.path) for item in items if is_ours(item)}
        self.is_whole = bool(ours) and ours == set(HERE.glob("test_mantimon_*.py"))
        for item in filter(is_ours, items):
            numbers = [number for mark in item.iter_markers("check") for number in mark.args]
            params = item.callspec.params if hasattr(item, "callspec") else {}
            self.tests[item.nodeid] = numbers, tuple(params.get(name) for name in ("mode", "kind", "transport"))

    def judge(self):
        """What is wrong with a whole run."""
        right = [self.tests[test] for test in self.right()]
        shown = {(number, mode) for numbers, way in right for number in numbers for mode in MODES if way[0] in (mode, None)}
        missing = [(number, mode) for number in CHECKS for mode in MODES if (number, mode) not in shown]
        faults = [f"check {number} has no test that passed in {mode}: {CHECKS[number]}" for number, mode in missing]
        for mode, seen in self.recorder.seen.items():
            faults += [f"in {mode} no {kind} was ever said" for kind in sorted(set(mantimon_schema.MESSAGES) - seen)]
        if not self.failed & set(self.tests) and own_part() != own_part(self.page()):
            faults.append(f"{PAGE.name} is not what this run has shown: {RENEW}")
        return faults

    def right(self):
        return [test for test in self.tests if test in self.passed and test not in self.failed]

    def page(self):
        """The page: nothing in it differs from one machine to another."""
        return "\n".join([*HEAD, *self.clients(), *self.checks(), *quirks(), *DIFFERENCES]) + "\n"

    def clients(self):
        yield from ["## Clients", "", "| client | transport | strict | compat |", "|---|---|---|---|"]
        versions = known_versions()
        for kind, transport in WAYS:
            shown = [self.of_way((mode, kind, transport)) for mode in MODES]
            yield f"| {KINDS[kind].format(**versions)} | {transport} | {shown[0]} | {shown[1]} |"
        yield ""

    def of_way(self, way):
        """How many of the checks that are played in this way pass, of how many."""
        tests = {test: set(numbers) for test, (numbers, played) in self.tests.items() if played == way}
        every = set().union(*tests.values())
        wrong = set().union(*(numbers for test, numbers in tests.items() if test not in self.right()))
        return f"{len(every - wrong)}/{len(every)}"

    def checks(self):
        yield from ["## Checks", ""]
        right = {number for number in CHECKS if self.of(number) and not set(self.of(number)) - set(self.right())}
        yield from [f"{len(right)} of {len(CHECKS)} pass, each in so many of the ways in which it is played:", ""]
        yield from ["| | what is shown | strict | compat |", "|---|---|---|---|"]
        for number, what in CHECKS.items():
            shown = [self.of_mode(number, mode) for mode in MODES]
            yield f"| {number} | {what} | {shown[0]} | {shown[1]} |"
        yield ""

    def of_mode(self, number, mode):
        """In how many ways a check passes in a mode, of how many."""
        tests = {test: self.tests[test][1] for test in self.of(number)}
        every = {way for way in tests.values() if way[0] == mode and way[1:] in WAYS}
        wrong = {way for test, way in tests.items() if test not in self.right()}
        return f"{len(every - wrong)}/{len(every)}"

    def of(self, number):
        return [test for test, (numbers, _) in self.tests.items() if number in numbers]


HEAD = [
    "# Compatibility",
    "",
    "Written by the front-door tests from what they have shown (`tests/compatibility.py`), and compared with it whenever all of",
    f"them are run: {RENEW}.",
    "",
    "The dialect is [mantimon](mantimon.md), the clients are unmodified, and the server is the real binary. `strict` is how",
    "dialects are spoken unless configured, `compat` is with the quirks of the systems that they come from. `upgrade` is polling",
    "first, then WebSocket. In the first table, `n/m` is how many checks pass of those that are played in that way: what does",
    "not depend on it is played in fewer.",
    "",
]

DIFFERENCES = [
    "## Engine.IO and Socket.IO",
    "",
    "The same tests, written from the documents of both protocols, are passed by the `socket.io` server of npm and by this one,",
    "over polling, WebSocket and the upgrade; but for those that need an event which gives back what it is told, bytes too:",
    "a game has none. Where the two differ:",
    "",
    "| | `socket.io` | here |",
    "|---|---|---|",
    *(f"| {name.replace('_', ' ')} | {code(each['npm'])} | {code(each['parlour'])} |" for code in [lambda value: f"`{value}`"]
      for name, each in sio.DIFFERENCES.items()),
]  # fmt: skip


def quirks():
    """What compat changes, as the dialect's own page says."""
    text = (PAGE.parent / "mantimon.md").read_text()
    told = text.split("\n## What compat changes\n\n")[1].split("\n## ")[0].strip()
    yield from ["## Quirks kept in compat", "", told, ""]


def known_versions():
    """Of the clients, as the tests pin them."""
    lock = json.loads((HERE / "node" / "package-lock.json").read_text())
    pinned = [line.replace("-", "_").split("==") for line in (HERE / "requirements.txt").read_text().splitlines()]
    return {"io": lock["packages"]["node_modules/socket.io-client"]["version"]} | dict(pinned)


def own_part(page=None):
    """What stands in a page, or in the one that there is, before the sections of other dialects."""
    text = page if page is not None else PAGE.read_text() if PAGE.exists() else ""
    return sections.parts(text)[None].rstrip()


RECORD = Record()
SECTIONS = []


def is_ours(item):
    return pathlib.Path(item.path).name.startswith("test_mantimon_")


def pytest_collection_finish(session):
    RECORD.collected(session.items)
    SECTIONS[:] = sections.known()
    for section in SECTIONS:
        section.collected(session.items)


def pytest_runtest_setup(item):
    clients.base.Client.recorder = RECORD.recorder if is_ours(item) else None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    done = yield
    wrong = RECORD.recorder.take_faults()
    assert not wrong, f"{len(wrong)} messages of the server are none: {wrong[:5]}"
    return done


def pytest_runtest_logreport(report):
    if report.failed or report.skipped:
        RECORD.failed.add(report.nodeid)
    elif report.when == "call":
        RECORD.passed.add(report.nodeid)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session):
    is_partial = session.config.option.collectonly or session.config.option.keyword or session.config.option.markexpr
    if is_partial or any("::" in arg for arg in session.config.args):
        return
    whole = [section for section in SECTIONS if section.is_whole]
    right = RECORD.passed - RECORD.failed
    if path := os.environ.get("COMPATIBILITY"):
        renew(HERE.parent / path, whole, right)
    RECORD.faults = RECORD.judge() if RECORD.is_whole else []
    page = PAGE.read_text() if PAGE.exists() else ""
    RECORD.faults += [fault for section in whole for fault in section.faults(right, page)]
    if RECORD.faults and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def renew(path, whole, right):
    """Writes of the page what this run has shown, and leaves the rest."""
    page = sections.parts(path.read_text() if path.exists() else "")
    if RECORD.is_whole:
        page[None] = RECORD.page()
    page |= {section.dialect: "\n".join(section.text(right)) for section in whole}
    page[None] = page[None].rstrip("\n") + "\n"
    path.write_text(sections.joined(page).rstrip("\n") + "\n")


def pytest_terminal_summary(terminalreporter):
    for fault in RECORD.faults:
        terminalreporter.write_line(f"FAILED {fault}", red=True)
