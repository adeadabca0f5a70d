"""The public table of codes, read from the one place where it is written, and whether an answer keeps to it."""

import pathlib
import re

SOURCE = pathlib.Path(__file__).parent.parent / "crates" / "engine" / "src" / "code.rs"
ROW = re.compile(r'^    \w+ "(\w+)" (\w+) (true|false) "(.*)",$', re.MULTILINE)

FIELDS = {"ref", "status", "kind", "code", "message", "retry", "supported", "retry_after_ms", "failed_action"}
"""All that a failure may say, but for the details of a room's own refusal."""


def _snake(name):
    return re.sub(r"(?<=.)([A-Z])", r"_\1", name).lower()


TABLE = {code: (_snake(kind), retry == "true", text) for code, kind, retry, text in ROW.findall(SOURCE.read_text())}
assert len(TABLE) > 25, "the table has another form than this reads"


def assert_typed(failure, code):
    """The failure has this code and says nothing but what the table says: no word of what was sent, or of an exception."""
    assert failure["code"] == code, failure
    assert (failure["kind"], failure["retry"], failure["message"]) == TABLE[code], failure
    assert set(failure) <= FIELDS, failure
    assert ("supported" in failure) == (code == "unsupported_version") and failure.get("supported", [1]) == [1]
    assert ("retry_after_ms" in failure) == (failure["kind"] == "limited")
