"""That the record of a run of the dialect's tests fails the run where it should."""

import pytest

import compatibility
import mantimon_schema


@pytest.fixture
def record():
    """Of a run in which all is right: a test of each check in each way to play."""
    record = compatibility.Record()
    for number in compatibility.CHECKS:
        for mode in ("strict", "compat"):
            for kind, transport in compatibility.WAYS:
                record.tests[f"{number}-{mode}-{kind}-{transport}"] = [number], (mode, kind, transport)
    record.passed = set(record.tests)
    for seen in record.recorder.seen.values():
        seen |= set(mantimon_schema.MESSAGES)
    return record


@pytest.fixture
def page(record, monkeypatch, tmp_path):
    """The page that is committed: what this run has shown. Beside it lie the others."""
    text = record.page()
    (tmp_path / "mantimon.md").write_text((compatibility.PAGE.parent / "mantimon.md").read_text())
    monkeypatch.setattr(compatibility, "PAGE", tmp_path / "compatibility.md")
    compatibility.PAGE.write_text(text)
    return compatibility.PAGE


def test_a_run_in_which_all_is_right_has_no_faults(record, page):
    assert record.judge() == []
    assert "24 of 24 pass" in page.read_text() and "| 24/24 | 24/24 |" in page.read_text()


@pytest.mark.parametrize("mode", compatibility.MODES)
@pytest.mark.parametrize("number", compatibility.CHECKS)
def test_a_check_without_a_test_that_passed_in_a_mode_is_named(record, page, number, mode):
    its = {test for test in record.tests if test.startswith(f"{number}-{mode}-")}
    record.passed -= its
    missing, stale = record.judge()
    assert missing.startswith(f"check {number} has no test that passed in {mode}") and "renews it" in stale
    record.tests = {test: about for test, about in record.tests.items() if test not in its}
    assert record.judge()[0] == missing


def test_one_test_that_failed_is_one_way_that_is_not_right(record, page):
    record.failed.add("7-compat-node-upgrade")
    text = record.page()
    assert "23 of 24 pass" in text and "| upgrade | 24/24 | 23/24 |" in text
    (row,) = [row for row in text.splitlines() if row.startswith("| 7 | ")]
    assert row.endswith("| 10/10 | 9/10 |")
    assert record.judge() == [], "the test has failed: that says it"


def test_a_type_that_was_never_said_is_named(record, page):
    record.recorder.seen["compat"].remove("turn_timeout")
    assert record.judge() == ["in compat no turn_timeout was ever said"]


def test_a_page_that_says_something_else_is_stale(record, page):
    page.write_text(page.read_text().replace("24 of 24", "25 of 25"))
    assert len(record.judge()) == 1 and "renews it" in record.judge()[0]
    page.unlink()
    assert len(record.judge()) == 1
