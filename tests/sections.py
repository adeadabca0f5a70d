"""What a run shows of the numbered checks of each dialect but mantimon, which has a page's worth of its own.

    @compatibility.check("aniworld", 2)
    def test_a_ping_is_answered(front): ...

The module of the dialect's name says in `CHECKS` what each number means; its tests are the files test_NAME_*.py, and each has the
parameters `mode` and `client` where it is played in several ways. A run of all of a dialect's files fails if a check has no test
that passed in a mode, or if its section of docs/compatibility.md is not what the run has shown.
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
        self.dialect, self.checks = dialect, importlib.import_module(dialect).CHECKS
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
                client = getattr(importlib.import_module(self.dialect), "CLIENT", "websockets")
                self.tests[item.nodeid] = numbers, params.get("mode"), params.get("client", client)
            ours.add(pathlib.Path(item.path))
        every = set(HERE.glob(f"test_{self.dialect}_*.py"))
        self.is_whole = bool(every) and every <= ours

    def of(self, number, mode):
        """The tests of a check in a mode; those without one are of both."""
        return [test for test, (numbers, played, _) in self.tests.items() if number in numbers and played in (mode, None)]

    def text(self, right):
        """The section, where these tests are right."""
        is_right = lambda number, mode: bool(self.of(number, mode)) and set(self.of(number, mode)) <= right
        passed = sum(all(is_right(number, mode) for mode in MODES) for number in self.checks)
        told = f"[{self.dialect}]({self.dialect}.md): {passed} of {len(self.checks)} checks pass."
        yield from [f"{HEADING}{self.dialect}", "", told, ""]
        yield from ["| | what is shown | strict | compat | by |", "|---|---|---|---|---|"]
        for number, what in self.checks.items():
            shown = ["yes" if is_right(number, mode) else "no" for mode in MODES]
            clients = sorted({self.tests[test][2] for mode in MODES for test in self.of(number, mode)})
            yield f"| {number} | {what} | {shown[0]} | {shown[1]} | {', '.join(clients)} |"
        yield ""

    def faults(self, right, page):
        """What is wrong with a whole run, and with the page."""
        for number, what in self.checks.items():
            for mode in MODES:
                if not right & set(self.of(number, mode)):
                    yield f"check {number} of {self.dialect} has no test that passed in {mode}: {what}"
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
