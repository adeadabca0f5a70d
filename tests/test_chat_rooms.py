"""The dialect chat: which rooms there are, for whom, and rooms of other kinds."""

import asyncio

import pytest

import chat
import parlour

ASKED = {
    "join_room": {},
    "leave_room": {},
    "unsubscribe": {},
    "chat": {"content": "hello?"},
    "chat_message": {"content": "hello?"},
    "typing": {"is_typing": True},
    "set_topic": {"text": "mine"},
    "history": {},
    "legal": {},
    "resign": {},
    "batch": {"actions": [{"type": "chat", "content": "hello?"}]},
    "frobnicate": {},
}
"""What one may ask about a room, by type."""

ONLY_OPENED = {"PARLOUR_ROOMS__OPEN_ON_JOIN": ""}


@chat.check(6)
@chat.by_all
def test_to_who_was_not_invited_a_private_room_is_none_whatever_they_ask(place):
    async def talk():
        async with place.open() as new_talker:
            room, (ada, bob) = place.room(), [await new_talker(name).connect() for name in ("ada", "bob")]
            await ada.done("open_room", {"kind": "chat", "room_id": room, "config": {"invited": [ada.user]}})
            await ada.join(room)
            await ada.chat(room, "in private")

            async def told(where, kind, payload):
                ack = await bob.fails("ROOM_NOT_FOUND", kind, {"room_id": where} | payload)
                return {name: value for name, value in ack.items() if name != "ref"}

            for kind, payload in (ASKED | {"join_room": {"as": "spectator"}}).items():
                nowhere = await told(place.room(), kind, payload)
                assert await told(room, kind, payload) == nowhere, kind
            # A name that is free would be opened; this one is not.
            assert await told(room, "join_room", {}) == await told(place.room(), "join_room", {"open": False})
            by_path = await new_talker("eve").connect(f"/ws/room/{room}")
            assert (await by_path.until("error"))["code"] == "ROOM_NOT_FOUND"
            await by_path.fails("NOT_IN_ROOM", "chat", {"content": "anybody?"})
            listed = await bob.done("list_rooms", {"kind": "chat"})
            assert room not in {known["room_id"] for known in listed["rooms"]}
            await ada.settled()
            assert not ada.of("user_joined") and len(ada.heard(room)) == 1

            await ada.done("invite", {"room_id": room, "user": bob.user})
            await bob.join(room)
            await bob.chat(room, "here I am")
            assert (await ada.until_heard("here I am"))["from"] == bob.user
            await ada.done("ban", {"room_id": room, "user": bob.user})
            await bob.until("user_left", lambda left: left.get("reason") == "banned")
            assert (await told(room, "join_room", {}))["code"] == "ROOM_NOT_FOUND"

    parlour.run(talk())


@chat.check(6)
@chat.by_websockets
def test_natively_and_over_http_a_private_room_is_none_either(place):
    async def talk():
        room = place.room()
        ada, bob = [parlour.Client(place.server, name, token=place.token(name)) for name in ("ada", "bob")]
        async with ada, bob:
            await ada.open("chat", room, {"invited": ["ada"]})
            await ada.join(room)
            for kind, payload in ASKED.items():
                with pytest.raises(parlour.Refused) as refused:
                    await bob.request(kind, {"room_id": room} | payload)
                assert (refused.value.code, refused.value.payload["kind"]) == ("room_not_found", "not_found"), kind
            for path in f"/v1/rooms/{room}", f"/v1/rooms/{room}/members":
                answer = await asyncio.to_thread(place.server.http, "GET", path, token=bob.token)
                assert answer.status == 404, path
            # Who may only watch nothing of a room that anybody may join is told the same.
            other = place.room()
            await ada.open("chat", other, {"spectators": False})
            with pytest.raises(parlour.Refused) as refused:
                await bob.join(other, as_="spectator")
            assert refused.value.code == "room_not_found"
            await bob.join(other)

    parlour.run(talk())


@chat.check(6)
@chat.by_all
def test_a_room_of_another_kind_is_joined_by_its_path_and_asked_what_it_knows(place):
    async def talk():
        async with place.open() as new_talker:
            room, ada = place.room(), await new_talker("ada").connect()
            await ada.done("open_room", {"kind": "cards", "room_id": room})
            bob, eve = new_talker("bob"), new_talker("eve")
            for talker in ada, bob:
                start = talker.mark
                if talker is ada:
                    await talker.join(room)
                else:
                    await talker.connect(f"/ws/room/{room}")
                assert (await talker.until("joined", start=start))["room_id"] == room
                await talker.until("view", start=start)
            await eve.connect(f"/ws/room/{room}")
            assert (await eve.until("error"))["code"] == "GAME_FULL"

            # What this room knows, by its own type and with the room in the payload, and as `action`.
            ready = (await bob.done("legal", {"room_id": room}))["actions"]
            assert ready, "something is to be done"
            kind, payload = ready[0]["type"], {name: value for name, value in ready[0].items() if name != "type"}
            start = bob.mark
            await bob.done(kind, {"room_id": room} | payload)
            told = [frame for frame in bob.frames[start:] if frame.get("room") == room and frame["type"] != "patch"]
            assert told and all(frame["payload"]["room_id"] == room for frame in told), told
            if "n" in told[0]:
                same = lambda frame: frame.get("room") == room and frame.get("n") == told[0]["n"]  # noqa: E731
                await ada.socket.until(lambda: any(map(same, ada.frames)), "what was told of it")
            # What it does not know.
            for unknown in "chat", "chat_message", "typing", "kick", "frobnicate":
                fields = {"content": "x"} if unknown.startswith("chat") else {}
                await bob.fails("UNKNOWN_TYPE", unknown, {"room_id": room} | fields)
                await bob.error({"type": unknown, "payload": {"room_id": room} | fields}, "UNKNOWN_TYPE")
            await bob.fails("UNKNOWN_TYPE", "chat", {"content": "in the only room"})
            await bob.fails("INVALID_MESSAGE", "action", {"type": "frobnicate"}, room=room)

            # A room to talk in beside it: each knows its own.
            other = place.room()
            await bob.join(other)
            await bob.chat(other, "talk")
            await bob.fails("UNKNOWN_TYPE", kind, {"room_id": other} | payload)

    parlour.run(talk())


@chat.by_websockets
def test_a_room_passes_on_when_its_owner_has_left(place):
    async def talk():
        async with place.open() as new_talker:
            room, (ada, bob) = place.room(), [await new_talker(name, named=True).connect() for name in ("ada", "bob")]
            await ada.join(room)
            await bob.join(room)
            await bob.fails("FORBIDDEN", "set_topic", {"room_id": room, "text": "mine"})
            await ada.done("leave_room", {"room_id": room})
            await bob.until("role_changed", lambda told: (told["user"], told["role"]) == (bob.user, "owner"))
            await bob.done("set_topic", {"room_id": room, "text": "mine"})
            await ada.join(room)
            await ada.fails("FORBIDDEN", "set_topic", {"room_id": room, "text": "mine"})

    parlour.run(talk())


@chat.check(6)
@chat.by_all
@pytest.mark.server(env=ONLY_OPENED)
def test_where_rooms_have_to_be_opened_an_unknown_one_is_not_found_however_it_is_joined(place):
    async def talk():
        async with place.open() as new_talker:
            room, ada = place.room(), await new_talker("ada").connect()
            await ada.fails("ROOM_NOT_FOUND", "join_room", {"room_id": room})
            await ada.error({"type": "join_room", "payload": {"room_id": room}}, "ROOM_NOT_FOUND")
            by_path = await new_talker("bob").connect(f"/ws/room/{room}")
            assert (await by_path.until("error"))["code"] == "ROOM_NOT_FOUND"
            assert [frame["type"] for frame in by_path.frames] == ["connected", "error"]
            # Both are usable, in no room, and have opened none.
            for talker in ada, by_path:
                await talker.settled()
                await talker.fails("NOT_IN_ROOM", "chat", {"content": "anybody?"})
                assert not talker.of("joined")
            await ada.done("open_room", {"kind": "chat", "room_id": room})
            await ada.join(room)
            await by_path.join(room)
            await by_path.done("chat", {"content": "now there is one"})
            assert (await ada.until_heard("now there is one"))["from"] == by_path.user

    parlour.run(talk())
