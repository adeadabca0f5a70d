"""That the sections of the other dialects fail a run where they should."""

import types

import pytest

import sections


@pytest.fixture
def section(monkeypatch):
    """Of a dialect with two checks, each with tests that passed in both modes; the second cannot be played by Chromium."""
    clients, not_in = ("websockets", "chromium"), {2: {"chromium": "it is a page"}}
    dialect = types.SimpleNamespace(CHECKS={1: "one thing", 2: "another"}, CLIENTS=clients, NOT_IN=not_in)
    monkeypatch.setattr(sections.importlib, "import_module", lambda _: dialect)
    section = sections.Section("chat")
    for number, client in ((1, "websockets"), (1, "chromium"), (2, "websockets")):
        for mode in sections.MODES:
            section.tests[f"{number}-{mode}-{client}"] = [number], mode, client
    return section


def page_of(section, right):
    return sections.joined({None: "# Compatibility\n", section.dialect: "\n".join(section.text(right))})


def test_a_run_in_which_all_is_right_has_no_faults_and_its_page_says_so(section):
    right = set(section.tests)
    page = page_of(section, right)
    assert list(section.faults(right, page)) == []
    assert "2 of 2 checks pass" in page
    assert "| 1 | one thing | websockets, chromium | websockets, chromium |\n| 2 | another | websockets | websockets |" in page
    assert "Not played by chromium: 2.\nThe reason: it is a page." in page


@pytest.mark.parametrize(("wrong", "row"), [
    ("1-compat-chromium", "| 1 | one thing | websockets, chromium | no |"),
    ("2-compat-websockets", "| 2 | another | websockets | no |"),
])
def test_a_check_without_a_test_that_passed_is_named_with_its_mode_and_client(section, wrong, row):
    right = set(section.tests) - {wrong}
    faults = list(section.faults(right, page_of(section, set(section.tests))))
    number, mode, client = wrong.split("-")
    assert len(faults) == 2 and "renews it" in faults[1]
    assert f"check {number} of chat has no test that passed in {mode} by {client}" in faults[0]
    assert row in page_of(section, right)


def test_a_page_that_says_something_else_is_stale(section):
    right = set(section.tests)
    for page in ("", "# Compatibility\n", page_of(section, right).replace("2 of 2", "1 of 2")):
        assert len(list(section.faults(right, page))) == 1


def test_what_stands_before_and_beside_a_section_stays():
    page = {name: f"## The dialect {name}\n\ntext\n" for name in ("casys", "laneya")}
    page[None] = "# Compatibility\n\ntext\n"
    text = sections.joined(page)
    assert sections.joined(sections.parts(text)) == text
    assert set(sections.parts(text)) == set(page)
