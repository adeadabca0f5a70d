"""What is no message of the dialect casys: each is answered by one typed error, and the connection goes on."""

import contextlib
import json

import pytest
from websockets.exceptions import ConnectionClosed

import casys
import compatibility
import parlour
import raw
from casys import assert_error


@pytest.fixture
def front(casys_front):
    """A server in this mode, and by what it is played."""
    return casys_front

WORDS = {"choice": {"choice_id": "zzz", "choice_text": "", "game_id": "", "metadata": {}}}

CHOICES = {
    "missing": {},
    "null": {"choice": None},
    "empty": {"choice": {}},
    "text": {"choice": "2"},
    "number": {"choice": 2},
    "list": {"choice": ["2"]},
    "number as id": {"choice": {"choice_id": 2}},
    "null as id": {"choice": {"choice_id": None}},
    "list as text": {"choice": {"choice_id": "2", "choice_text": []}},
    "number as game": {"choice": {"choice_id": "2", "game_id": 1}},
    "text as metadata": {"choice": {"choice_id": "2", "metadata": "direct"}},
    "list as metadata": {"choice": {"choice_id": "2", "metadata": []}},
    "long key": {"choice": {"choice_id": "2", "metadata": {"id": "k" * 257}}},
}

FRAMES = {
    "not JSON": "nonsense",
    "empty": "",
    "half": '{"type":"ping"',
    "list": "[]",
    "list of fields": '["ping"]',
    "number": "5",
    "null": "null",
    "text": '"ping"',
    "binary": b'{"type":"ping"}',
    "binary junk": b"\x00\xff",
    "unknown type": '{"type":"no_such_type"}',
    "type of the server's": '{"type":"state"}',
    "no type": '{"timestamp":"t"}',
    "empty object": "{}",
    "null as type": '{"type":null}',
    "number as type": '{"type":1}',
    "empty type": '{"type":""}',
    "type twice": '{"type":"ping","type":"ping"}',
    "deep": '{"type":"ping","timestamp":' + "[" * 200 + "]" * 200 + "}",
    "lone surrogate": '{"type":"ping","timestamp":"\\ud800"}',
    "subscribe to nothing": '{"type":"subscribe"}',
}


@compatibility.check("casys", 8, 17)
@casys.both
def test_a_choice_that_is_none_is_refused_and_the_connection_goes_on(front):
    async def talk():
        async with front.table() as table:
            ada = await table.client()
            await ada.settled()
            for name, more in CHOICES.items():
                start = len(ada.frames)
                error = await ada.ask({"type": "choice"} | more, "choice_error")
                assert_error(error, "choice_error", "invalid_choice")
                pong = await ada.ask({"type": "ping", "timestamp": name}, "pong")
                assert pong["timestamp"] == name
                kinds = [frame["type"] for frame in ada.frames[start:] if frame["type"] != "state"]
                assert kinds == ["choice_error", "pong"], (name, kinds)
            assert (await ada.state())["section_number"] == 1

    parlour.run(talk())


@compatibility.check("casys", 9, 17)
@casys.both
def test_each_message_that_is_none_is_answered_by_one_typed_error(front):
    async def talk():
        async with front.table() as table:
            ada = await table.client()
            for name, text in FRAMES.items():
                start = len(ada.frames)
                error = await ada.ask(text, "message_error")
                assert_error(error, "message_error")
                assert error["code"] in ("invalid_message", "unknown_type"), (name, error)
                await ada.ask({"type": "ping", "timestamp": name}, "pong")
                kinds = [frame["type"] for frame in ada.frames[start:] if frame["type"] != "state"]
                assert kinds == ["message_error", "pong"], (name, kinds)
            action = await ada.ask({"type": "action"}, "action_error")
            assert_error(action, "action_error", "invalid_action")

    parlour.run(talk())


@compatibility.check("casys", 9)
@casys.both
def test_what_is_too_long_or_no_text_closes_only_its_own_connection(front):
    async def talk():
        async with front.table() as table:
            ada = await table.client()
            long = await table.client()
            with contextlib.suppress(ConnectionClosed):
                await long.send({"type": "ping", "timestamp": "x" * 5_000_000})
            assert (await long.until_closed())[0] == 1009
            # A page cannot say what is no UTF-8.
            if front.kind == "websockets":
                broken = await table.client()
                with contextlib.suppress(ConnectionClosed):
                    broken.socket.transport.write(raw.frame(b'{"type":"\xff\xfe"}'))
                assert (await broken.until_closed())[0] == 1007
            assert (await ada.ask({"type": "ping", "timestamp": "here"}, "pong"))["timestamp"] == "here"

    parlour.run(talk())


@compatibility.check("casys", 17)
@pytest.mark.parametrize("text", ["nonsense", '{"type":"choice"}', json.dumps({"type": "choice"} | WORDS)])
def test_an_error_says_what_it_is_and_nothing_of_what_is_inside(front, text):
    async def talk():
        async with front.table() as table:
            ada = await table.client()
            await ada.go(2)
            error = await ada.ask(text, "message_error", "choice_error")
            assert_error(error, error["type"])
            assert set(error) <= {"type", "status", "error", "code", "retry_after_ms"}
            if text == "nonsense":
                assert error["type"] == "message_error"

    parlour.run(talk())
