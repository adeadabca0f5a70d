"""The dialect chat: answers, what counts once, what is no message, and versions."""

import asyncio
import json
import os
import re

import pytest

import chat
import mantimon
import parlour

REFS = int(os.environ.get("CHAT_REFS", "10000"))
"""So many requests are answered."""

WINDOW = 200
"""So many of them are under way at a time."""

BAD = [
    '{"content":"Hello"}',
    '{"type":"chat","payload":"Hello"}',
    '{"type":"chat","payload":null}',
    '{"type":"chat","payload":[]}',
    '{"chat":{"content":"Hello"}}',
    "[]",
    "[1]",
    "hello",
    "",
    "{",
    b"\x00\xff",
    b'{"type":"ping"}',
    '{"type":1}',
    '{"type":null}',
    '{"type":"ping","ref":7}',
    '{"type":"ping","ref":{}}',
    '{"type":"ping","type":"ping"}',
    '{"type":"ping","payload":{"a":"\\ud800"}',
]


@chat.check(8)
@chat.by_all
def test_a_ref_comes_back_as_it_was(place):
    async def talk():
        async with place.open() as new_talker:
            room, ada = place.room(), await new_talker("ada").connect()
            await ada.done("join_room", {"room_id": room}, ref="")
            for number, ref in enumerate(["1", " ", 'a"b\\c\n', "\u202e\U0001f600\u0000", "x" * 128]):
                await ada.chat(room, f"{number}", ref=ref)
                assert len([ack for ack in ada.of("ack") if ack["ref"] == ref]) == 1
            await ada.error({"type": "ping", "ref": "x" * 129}, "INVALID_MESSAGE")
            await ada.send({"type": "ping", "ref": None})
            await ada.settled()
            assert None not in [ack["ref"] for ack in ada.of("ack")]

    parlour.run(talk())


@chat.check(8)
@chat.by_all
def test_ten_thousand_refs_are_answered_once_each_in_order(place):
    print(f"CHAT_REFS={REFS}")

    async def talk():
        async with place.open() as new_talker:
            room, ada = place.room(), await new_talker("ada").connect()
            await ada.done("join_room", {"room_id": room}, ref="join")
            for first in range(0, REFS, WINDOW):
                await ada.send(*({"type": "chat", "ref": str(number), "payload": {"room_id": room, "content": f"{number}"}}
                                 for number in range(first, min(first + WINDOW, REFS))))
                last = str(min(first + WINDOW, REFS) - 1)
                await ada.until("ack", lambda ack: ack["ref"] == last, start=max(0, ada.mark - 3 * WINDOW), deadline=60)
            acks = [ack for ack in ada.of("ack") if ack["ref"] != "join"]
            assert [ack["ref"] for ack in acks] == [str(number) for number in range(REFS)]
            assert {ack["status"] for ack in acks} == {chat.SUCCESS[place.mode]}
            assert [content for _, content in ada.heard(room)] == [str(number) for number in range(REFS)]

    parlour.run(talk(), deadline=240)


@chat.check(8)
@chat.by_all
def test_the_same_ref_with_the_same_body_is_said_once_and_answered_alike(place):
    async def talk():
        async with place.open() as new_talker:
            room, ada = place.room(), await new_talker("ada", named=True).connect()
            await ada.join(room)
            message = {"type": "chat", "ref": "1", "payload": {"room_id": room, "content": "once"}}
            for _ in range(3):
                await ada.send(message)
            await ada.chat(room, "then")
            await ada.until_heard("then")
            texts = [text for text in ada.socket.texts if json.loads(text)["type"] == "ack" and '"ref":"1"' in text]
            assert len(texts) == 3 and len(set(texts)) == 1, texts
            assert [content for _, content in ada.heard(room)] == ["once", "then"]
            await ada.fails("ID_REUSED", "chat", {"room_id": room, "content": "another"}, ref="1")

            # A page that is loaded anew counts from 1 again.
            again = await new_talker("ada", named=True).connect()
            await again.join(room)
            await again.chat(room, "once", ref="1")
            assert (await again.until_heard("once"))["from"] == ada.user

    parlour.run(talk())


@chat.check(8)
@chat.by_all
def test_an_id_counts_once_over_connections_and_restarts(make_server, chat_hosts, mode, client):
    server = make_server(args=["--compat"] if mode == "compat" else [], env=mantimon.SETTINGS)
    place, path = chat.Front(server, mode, chat_hosts(client)), "/ws/room/general"

    async def talk():
        async with place.open() as new_talker:

            async def say(content):
                """On a connection of its own: the answer, and all that was ever said."""
                ada = await new_talker("ada", named=True).connect(path)
                await ada.until("joined")
                answer = await ada.ask("chat", {"content": content, "room_id": "general"}, ref="1", id="key-1")
                history = await ada.done("history", {"room_id": "general"}, ref="2")
                await ada.close()
                return answer, [event["payload"]["content"] for event in history["events"] if event["type"] == "chat"]

            first, said = await say("hello")
            assert (first["status"], said) == (chat.SUCCESS[mode], ["hello"])
            assert await say("hello") == (first, ["hello"])
            await asyncio.to_thread(server.kill)
            await asyncio.to_thread(server.start)
            assert await say("hello") == (first, ["hello"])
            other, said = await say("another")
            assert (other["code"], said) == ("ID_REUSED", ["hello"])

    parlour.run(talk())


@chat.check(8)
@chat.by_websockets
def test_natively_a_ref_never_makes_anything_count_once(place):
    async def talk():
        async with parlour.Client(place.server, "ada", token=place.token("ada")) as ada:
            room = place.room()
            await ada.join(room)
            for _ in range(2):
                await ada.request("chat", {"room_id": room, "content": "twice"}, ref="1")
            await ada.request("history", room=room)
            assert len(ada.of_room(room, "chat")) == 2

    parlour.run(talk())


@chat.check(9)
@chat.by_all
def test_what_is_no_message_is_one_error_and_the_connection_stays_usable(place):
    async def talk():
        async with place.open() as new_talker:
            ada = await new_talker("ada").connect()
            for message in BAD:
                start = ada.mark
                await ada.error(message, "INVALID_MESSAGE")
                await ada.settled()
                assert [frame["type"] for frame in ada.frames[start:]] == ["error", "pong", "ack"], message
            await ada.error('{"type":""}', "UNKNOWN_TYPE")
            start = ada.mark
            await ada.fails("INVALID_MESSAGE", "ping", [1])
            await ada.settled()
            assert [frame["type"] for frame in ada.frames[start:]] == ["ack", "pong", "ack"], "the ack is the answer, alone"

    parlour.run(talk())


@chat.check(9)
@chat.by_all
def test_a_type_that_nobody_knows_is_unknown_inside_of_a_room_and_outside(place):
    async def talk():
        async with place.open() as new_talker:
            room, ada = place.room(), await new_talker("ada").connect()
            await ada.join(room)
            for payload in {}, {"room_id": room}:
                ack = await ada.fails("UNKNOWN_TYPE", "frobnicate", payload)
                assert ack["message"] == "Unknown message type: frobnicate"
            await ada.error({"type": "<b>", "payload": {"room_id": room}}, "UNKNOWN_TYPE")
            for server_type in "ack", "connected", "user_joined":
                await ada.fails("UNKNOWN_TYPE", server_type, {"room_id": room})
            await ada.fails("INVALID_MESSAGE", "chat", {"room_id": room, "text": "no content"})
        async with parlour.Client(place.server, "nat", token=place.token("nat")) as native:
            await native.join(room)
            with pytest.raises(parlour.Refused) as refused:
                await native.request("frobnicate", {"room_id": room})
            assert refused.value.code == "unknown_type"

    parlour.run(talk())


@chat.check(10)
@chat.by_all
def test_a_version_is_one_or_not_there(place):
    async def talk():
        async with place.open() as new_talker:
            ada = await new_talker("ada").connect()
            await ada.done("ping", v=1)
            for v in 1.5, None, "1.5", "one", "", True, [1], {}:
                await ada.fails("INVALID_MESSAGE", "ping", v=v)
            for v in -1, 0, 2, 99:
                assert (await ada.fails("UNSUPPORTED_VERSION", "ping", v=v))["supported"] == [1]
            if place.mode == "compat":
                await ada.done("ping", v="1")
                assert (await ada.fails("UNSUPPORTED_VERSION", "ping", v="2"))["supported"] == [1]
            else:
                await ada.fails("INVALID_MESSAGE", "ping", v="1")
                await ada.fails("INVALID_MESSAGE", "ping", v="2")

    parlour.run(talk())


@chat.check(10)
@chat.by_websockets
def test_natively_the_same_holds_in_both_modes(place):
    async def talk():
        async with parlour.Client(place.server, "ada", token=place.token("ada")) as ada:
            await ada.request("ping", v=1)
            for code, versions in {"invalid_message": ["1", 1.5, None], "unsupported_version": [-1, 2, 99]}.items():
                for v in versions:
                    with pytest.raises(parlour.Refused) as refused:
                        await ada.request("ping", v=v)
                    assert refused.value.code == code, v
                    assert refused.value.payload.get("supported") == ([1] if code == "unsupported_version" else None)

    parlour.run(talk())


@chat.check(18)
@chat.by_all
def test_no_text_of_an_error_shows_how_the_server_is_made_or_what_others_have_said(place):
    secret = "hunter2-of-bob"

    async def talk():
        async with place.open() as new_talker:
            room, (ada, bob) = place.room(), [await new_talker(name).connect() for name in ("ada", "bob")]
            await bob.join(room)
            await bob.chat(room, secret)
            for message in BAD:
                await ada.error(message, "INVALID_MESSAGE")
            for kind, payload in [
                ("chat", {"room_id": room, "content": "x"}),
                ("chat", {"room_id": "../../etc/passwd", "content": "x"}),
                ("chat", {"room_id": 7, "content": {}}),
                ("join_room", {"room_id": None}),
                ("join_room", {"room_id": "x" * 1000}),
                ("subscribe", {"topic": secret[:3]}),
                ("history", {"room_id": room, "before": "x"}),
                ("open_room", {"kind": "no_such"}),
                ("open_room", {"kind": "chat", "config": {"no_such": 1}}),
                ("batch", {"room_id": room, "actions": []}),
                ("auth", {"token": "x.y.z"}),
                ("kick", {"room_id": room, "user": bob.user}),
            ]:
                ack = await ada.ask(kind, payload)
                assert ack["status"] == "error", (kind, ack)
            texts = [said["message"] for said in ada.of("error", "ack") if "message" in said]
            assert len(texts) >= len(BAD) + 12
            for text in texts:
                assert len(text) < 200 and "\n" not in text and secret not in text and bob.user not in text, text
                assert not re.search(r"Traceback|panick|serde|\.rs\b|0x|line \d|column|/work|/tmp|sqlite|\{|\[", text), text

    parlour.run(talk())


@chat.check(18)
@chat.by_all
@pytest.mark.server(program=parlour.lab)
def test_rules_that_fail_are_a_handler_error_without_a_word_of_theirs(place):
    async def talk():
        async with place.open() as new_talker:
            ada, room = await new_talker("ada").connect(), place.room()
            await ada.done("open_room", {"kind": "brittle", "room_id": room})
            await ada.join(room)
            ack = await ada.fails("HANDLER_ERROR", "touch", {"room_id": room})
            error = await ada.error({"type": "touch", "payload": {"room_id": room}}, "HANDLER_ERROR")
            for text in (ack["message"], error["message"]):
                assert not re.search(r"break|panic|\.rs\b", text), text
            await ada.settled()

    parlour.run(talk())
