"""That the sections of the other dialects fail a run where they should."""

import types

import pytest

import sections


@pytest.fixture
def section(monkeypatch):
    """Of a dialect with two checks, each with a test that passed in both modes."""
    dialect = types.SimpleNamespace(CHECKS={1: "one thing", 2: "another"})
    monkeypatch.setattr(sections.importlib, "import_module", lambda _: dialect)
    section = sections.Section("chat")
    for number in (1, 2):
        for mode in sections.MODES:
            section.tests[f"{number}-{mode}"] = [number], mode, "websockets" if number == 1 else "chromium"
    return section


def page_of(section, right):
    return sections.joined({None: "# Compatibility\n", section.dialect: "\n".join(section.text(right))})


def test_a_run_in_which_all_is_right_has_no_faults_and_its_page_says_so(section):
    right = set(section.tests)
    page = page_of(section, right)
    assert list(section.faults(right, page)) == []
    assert "2 of 2 checks pass" in page and "| 2 | another | yes | yes | chromium |" in page


def test_a_check_without_a_test_that_passed_is_named_in_its_mode(section):
    right = set(section.tests) - {"2-compat"}
    faults = list(section.faults(right, page_of(section, set(section.tests))))
    assert len(faults) == 2 and "check 2 of chat has no test that passed in compat" in faults[0] and "renews it" in faults[1]
    assert "| 2 | another | yes | no | chromium |" in page_of(section, right)


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
