"""The dialect chat: what may be said, what is only shown, and what is told to who subscribes."""

import asyncio
import json

import chat
import parlour

ODD = [
    "\u202eright to left\u202c \u05d0\u05d1\u05d2",
    "\U0001f469\u200d\U0001f469\u200d\U0001f467 \U0001f1ea\U0001f1fa e\u0301",
    "a\nb\tc",
    "</script><!-- \" \\ \u2028 \u2029",
    "x" * 16_384,
]

SHORT = {"typing_ms": 300}
"""A configuration in which who types and says no more has soon stopped."""


@chat.check(11)
@chat.by_all
def test_odd_content_is_delivered_as_it_was(place):
    async def talk():
        async with place.open() as new_talker:
            room, (ada, bob) = place.room(), [await new_talker(name).connect() for name in ("ada", "bob")]
            await ada.join(room)
            await bob.join(room)
            for content in ODD:
                await ada.chat(room, content)
                await bob.until_heard(content)
            # However it was written.
            written = json.dumps({"type": "chat", "ref": "e", "payload": {"room_id": room, "content": "\U0001f600"}})
            assert "\\ud83d\\ude00" in written
            await ada.send(written)
            await bob.until_heard("\U0001f600")
            assert any("\U0001f600" in text for text in bob.socket.texts), "as UTF-8"

    parlour.run(talk())


@chat.check(11)
@chat.by_all
def test_content_that_is_none_is_refused_each_by_its_code(place):
    async def talk():
        async with place.open() as new_talker:
            room, ada = place.room(), await new_talker("ada").connect()
            await ada.join(room)
            for code, contents in {
                "EMPTY": ["", " \n\t", "\u2003"],
                "TOO_LARGE": ["x" * 16_385, "\U0001f600" * 4_097],
                "CONTROL_CHARACTER": ["a\u0000b", "\u001b[31m", "\u007f", "a\u0085b"],
                "INVALID_MESSAGE": [7, None, ["a"], {"a": 1}],
            }.items():
                for content in contents:
                    await ada.fails(code, "chat", {"room_id": room, "content": content})
            for escape in "\\ud800", "\\udc00\\ud800", "a\\udfffb":
                text = '{"type":"chat","payload":{"room_id":"%s","content":"%s"}}' % (room, escape)
                await ada.error(text, "INVALID_MESSAGE")
            await ada.settled()
            assert not ada.of("chat")

    parlour.run(talk())


@chat.check(11)
@chat.by_all
def test_a_message_beyond_64_kib_ends_the_connection_with_1009(place):
    async def talk():
        async with place.open() as new_talker:
            room, ada = place.room(), await new_talker("ada").connect()
            await ada.join(room)
            await ada.send({"type": "chat", "payload": {"room_id": room, "content": "x" * (64 * 1024 + 1)}})
            assert (await ada.socket.until_closed())[0] == 1009
            assert not ada.of("chat")

    parlour.run(talk())


@chat.check(12)
@chat.by_all
def test_typing_is_shown_to_others_and_over_after_a_while_and_never_kept(place):
    async def talk():
        async with place.open() as new_talker:
            room, (ada, bob) = place.room(), [await new_talker(name).connect() for name in ("ada", "bob")]
            await ada.done("open_room", {"kind": "chat", "room_id": room, "config": SHORT})
            await ada.join(room)
            await bob.join(room)
            await ada.done("typing", {"room_id": room, "is_typing": True, "from": "somebody else"})
            shown = await bob.until("typing")
            assert (shown["room_id"], shown["is_typing"], shown["from"]) == (room, True, ada.user)
            over = await bob.until("typing", lambda typing: not typing["is_typing"])
            assert over["from"] == ada.user
            # Again and again is shown once.
            start = bob.mark
            await ada.send(*[{"type": "typing", "payload": {"is_typing": True}}] * 20)
            await ada.chat(room, "typed")
            await bob.until_heard("typed")
            assert 1 <= len([typing for typing in bob.of("typing", start=start) if typing["is_typing"]]) <= 2
            history = await ada.done("history", {"room_id": room})
            assert "typing" not in {event["type"] for event in history["events"]}
            await ada.settled()
            assert not ada.of("typing")
            await ada.fails("INVALID_MESSAGE", "typing", {"room_id": room, "is_typing": "yes"})
            # Nor is it in the journal, where what was said after it is; its end neither.
            *records, _ = await asyncio.to_thread(parlour.replay, place.server.data, room)
            actions = [record["input"]["action"]["type"] for record in records if record.get("cause") == "action"]
            assert actions == ["chat"] and "is_typing" not in json.dumps(records), records

    parlour.run(talk())


@chat.check(13)
@chat.by_all
def test_a_topic_is_told_to_who_subscribes_and_no_room_is_one(place):
    async def talk():
        async with place.open() as new_talker:
            ada, bob, eve = [await new_talker(name).connect() for name in ("ada", "bob", "eve")]
            await ada.done("subscribe", {"topic": "rooms:chat"})
            # A room may be called as a topic is: that is something else.
            await bob.join("rooms")
            room = place.room()
            await eve.join(room)
            told = lambda frame: any(known["room_id"] == room for known in frame.get("rooms", []))  # noqa: E731
            await ada.until("topic", told)
            await bob.settled()
            assert not bob.of("topic") and not eve.of("topic")
            await bob.chat("rooms", "only to its members")
            await bob.until_heard("only to its members")
            await ada.settled()
            assert not ada.of("chat", "user_joined", "room_update")
            for topic in "no such", room, "", "rooms\u0000":
                await ada.fails("UNKNOWN_TOPIC", "subscribe", {"topic": topic})
            await ada.fails("INVALID_MESSAGE", "subscribe", {"topic": 7})

            await ada.done("unsubscribe", {"topic": "rooms:chat"})
            await bob.done("subscribe", {"topic": "rooms:chat"})
            start, other = ada.mark, place.room()
            await eve.join(other)
            await bob.until("topic", lambda frame: any(known["room_id"] == other for known in frame.get("rooms", [])))
            await ada.settled()
            assert not ada.of("topic", start=start)

    parlour.run(talk())


@chat.check(13)
@chat.by_all
def test_a_room_and_a_topic_of_the_very_same_name_do_not_hear_each_other(place):
    async def talk():
        async with place.open() as new_talker:
            name, (ada, bob, eve) = "rooms", [await new_talker(user).connect() for user in ("ada", "bob", "eve")]
            await ada.done("subscribe", {"topic": name})
            await bob.join(name)
            # Who subscribes is in no room by it.
            for where in {"room_id": name}, {}:
                await ada.fails("NOT_IN_ROOM", "chat", where | {"content": "to whom?"})
            await bob.done("typing", {"room_id": name, "is_typing": True})
            await bob.chat(name, "to its members")
            await changed(eve, place.room(), told=ada)
            await ada.settled()
            assert not ada.of("joined", "chat", "typing", "user_joined", "room_update")
            await bob.settled()
            assert not bob.of("topic")

            # Who has done with one of them hears of the other.
            await ada.join(name)
            await bob.done("unsubscribe", {"topic": name})
            await ada.done("unsubscribe", {"topic": name})
            await ada.chat(name, "still members")
            await bob.until_heard("still members")
            await bob.done("subscribe", {"topic": name})
            await bob.done("leave_room", {"room_id": name})
            start = ada.mark
            await ada.chat(name, "without him")
            await changed(eve, place.room(), told=bob)
            assert "without him" not in [content for _, content in bob.heard(name)]
            await ada.settled()
            assert not ada.of("topic", start=start)
            # No other topic can be the name of a room.
            await eve.fails("INVALID_NAME", "join_room", {"room_id": "rooms:chat"})

    parlour.run(talk())


async def changed(talker, room, told):
    """Somebody comes into this room, which a topic tells to the other."""
    await talker.join(room)
    await told.until("topic", lambda notice: any(known["room_id"] == room for known in notice.get("rooms", [])))
