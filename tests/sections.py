"""What a run shows of the numbered checks of each dialect but mantimon, which has a page's worth of its own.

    @compatibility.check("aniworld", 2)
    def test_a_ping_is_answered(front): ...

The module of the dialect's name says in `CHECKS` what each number means, in `CLIENTS` which kinds of clients play it, and in
`NOT_IN` which check cannot be played by which of them, and why. Its tests are the files test_NAME_*.py, and each has the
parameters `mode` and `client` where it is played in several ways; without a `client` it is played by the first. A run of all of a
dialect's files fails if a check has no test that passed in a mode by a kind of client, or if its section of docs/compatibility.md
is not what the run has shown.
"""

import importlib
import pathlib

import pytest

HERE = pathlib.Path(__file__).parent
DIALECTS = ("casys", "aniworld", "chat", "laneya")
HEADING = "## The dialect "
MODES = ("strict", "compat")
RENEW = "`COMPATIBILITY=docs/compatibility.md cargo xtask front` renews it"


def check(dialect, *numbers):
    """A test is of these checks of a dialect."""
    assert dialect in DIALECTS, dialect
    return pytest.mark.dialect_check(dialect, *numbers)


class Section:
    """What came of the tests of one dialect."""

    def __init__(self, dialect):
        module = importlib.import_module(dialect)
        self.dialect, self.checks, self.clients, self.not_in = dialect, module.CHECKS, module.CLIENTS, module.NOT_IN
        self.tests, self.is_whole = {}, False

    def collected(self, items):
        """Takes note of those that are of this dialect."""
        ours = set()
        for item in items:
            marks = [mark.args for mark in item.iter_markers("dialect_check") if mark.args[0] == self.dialect]
            numbers = [number for _, *numbers in marks for number in numbers]
            params = item.callspec.params if hasattr(item, "callspec") else {}
            if numbers:
                assert set(numbers) <= set(self.checks), f"{item.nodeid} is of a check that there is not"
                client = params.get("client", self.clients[0])
                assert client in self.clients, f"{item.nodeid} is played by a client that the dialect does not have"
                self.tests[item.nodeid] = numbers, params.get("mode"), client
            ours.add(pathlib.Path(item.path))
        every = set(HERE.glob(f"test_{self.dialect}_*.py"))
        self.is_whole = bool(every) and every <= ours

    def of(self, number, mode, client):
        """The tests of a check in a mode by a kind of client; those without a mode are of both."""
        played = [(test, numbers, by) for test, (numbers, way, by) in self.tests.items() if way in (mode, None)]
        return {test for test, numbers, by in played if number in numbers and by == client}

    def by(self, number):
        """The kinds of clients that are to play a check."""
        return [client for client in self.clients if client not in self.not_in.get(number, {})]

    def cell(self, number, mode, right):
        """Who has shown a check in a mode; "no" where one of them has not."""
        shown = [client for client in self.clients if (tests := self.of(number, mode, client)) and tests <= right]
        return ", ".join(shown) if set(self.by(number)) <= set(shown) else "no"

    def text(self, right):
        """The section, where these tests are right."""
        rows = {number: [self.cell(number, mode, right) for mode in MODES] for number in self.checks}
        passed = sum("no" not in shown for shown in rows.values())
        told = f"[{self.dialect}]({self.dialect}.md): {passed} of {len(self.checks)} checks pass."
        yield from [f"{HEADING}{self.dialect}", "", told, ""]
        yield from ["| | what is shown | strict, by | compat, by |", "|---|---|---|---|"]
        for number, what in self.checks.items():
            yield f"| {number} | {what} | {rows[number][0]} | {rows[number][1]} |"
        yield ""
        reasons = {}
        for number, clients in self.not_in.items():
            for client, why in clients.items():
                reasons.setdefault((client, why), []).append(str(number))
        for (client, why), numbers in reasons.items():
            yield from [f"Not played by {client}: {', '.join(numbers)}.", f"The reason: {why}.", ""]

    def faults(self, right, page):
        """What is wrong with a whole run, and with the page."""
        for number, what in self.checks.items():
            ways = [(mode, client) for mode in MODES for client in self.by(number)]
            for mode, client in ways:
                if not right & self.of(number, mode, client):
                    yield f"check {number} of {self.dialect} has no test that passed in {mode} by {client}: {what}"
        if parts(page).get(self.dialect, "").rstrip() != "\n".join(self.text(right)).rstrip():
            yield f"the section {self.dialect} of compatibility.md is not what this run has shown: {RENEW}"


def known():
    """A section for each dialect that has tests."""
    return [Section(dialect) for dialect in DIALECTS if (HERE / f"{dialect}.py").exists()]


def parts(page):
    """The sections of a page by their dialects, and under None what stands before them."""
    head, *rest = page.split(f"\n{HEADING}")
    return {None: head} | {part.split("\n")[0]: HEADING + part for part in rest}


def joined(page):
    """The page of these parts."""
    return "\n".join([page[None], *(page[dialect] for dialect in DIALECTS if dialect in page)])
