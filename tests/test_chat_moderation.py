"""The dialect chat: who may send away, silence and slow down whom; changing, taking back and having read."""

import asyncio
import contextlib

import pytest

import chat
import parlour

FOR_LONG = 600
"""In seconds: more than twice as long as a test may take."""


@contextlib.asynccontextmanager
async def gathered(place):
    """Within it: a room, its owner, a moderator and two members, of names of their own."""
    async with place.open() as new_talker:
        room, names = place.room(), ("ada", "bob", "cyn", "dan")
        ada, bob, cyn, dan = talkers = [await new_talker(name, named=True).connect() for name in names]
        for talker in talkers:
            await talker.join(room)
        await ada.done("set_role", {"room_id": room, "user": bob.user, "role": "moderator"})
        for talker in talkers:
            told = {"room_id": room, "user": bob.user, "role": "moderator", "by": ada.user}
            await talker.until("role_changed", lambda change, told=told: change == told)
        yield room, ada, bob, cyn, dan


async def all_told(talkers, kind, **payload):
    """Each of them is told exactly this."""
    for talker in talkers:
        await talker.until(kind, lambda told: told == payload)


def limited(ack, reason):
    """This refusal is of that reason, and says how long to wait."""
    assert (ack["reason"], ack["kind"], ack["retry"]) == (reason, "limited", True), ack
    assert ack["retry_after"] * 1000 == pytest.approx(ack["retry_after_ms"])
    assert FOR_LONG / 2 < ack["retry_after"] <= FOR_LONG, ack


@chat.by_websockets
def test_a_moderator_is_made_by_an_owner_and_may_do_nothing_to_who_is_not_below(place):
    async def talk():
        async with gathered(place) as (room, ada, bob, cyn, dan):
            for kind, payload in {
                "set_role": {"role": "moderator"}, "mute": {"seconds": 1}, "unmute": {}, "kick": {}, "ban": {}, "unban": {},
            }.items():
                await cyn.fails("FORBIDDEN", kind, {"room_id": room, "user": dan.user} | payload)
            await cyn.fails("FORBIDDEN", "slow_mode", {"room_id": room, "seconds": 1})
            await bob.fails("FORBIDDEN", "set_role", {"room_id": room, "user": bob.user, "role": "owner"})
            for kind, payload in {"mute": {"seconds": 1}, "kick": {}, "ban": {}}.items():
                ack = await bob.fails("FORBIDDEN", kind, {"room_id": room, "user": ada.user} | payload)
                assert ack["reason"] == "not_below_you"
            # What was refused was done to nobody.
            for talker in ada, dan:
                await talker.chat(room, f"{talker.user} is here")
                await cyn.until_heard(f"{talker.user} is here")
            assert not cyn.of("kicked", "banned", "muted", "slow_mode", "user_left") and len(cyn.of("role_changed")) == 1
            await ada.done("set_role", {"room_id": room, "user": bob.user, "role": "member"})
            await cyn.until("role_changed", lambda change: change["role"] == "member")
            await bob.fails("FORBIDDEN", "kick", {"room_id": room, "user": dan.user})

    parlour.run(talk())


@chat.by_websockets
def test_who_is_silenced_is_told_for_how_long_and_speaks_when_it_is_taken_back(place):
    async def talk():
        async with gathered(place) as (room, *everybody):
            ada, bob, cyn, dan = everybody
            await bob.done("mute", {"room_id": room, "user": cyn.user, "seconds": FOR_LONG})
            await all_told(everybody, "muted", room_id=room, user=cyn.user, seconds=FOR_LONG, by=bob.user)
            silenced = {"room_id": room, "content": "let me"}
            limited(await cyn.fails("RATE_LIMITED", "chat", silenced, id="later"), "muted")
            limited(await cyn.error({"type": "chat", "payload": silenced}, "RATE_LIMITED"), "muted")
            await cyn.fails("FORBIDDEN", "typing", {"room_id": room, "is_typing": True})
            await dan.chat(room, "others may")
            await bob.done("unmute", {"room_id": room, "user": cyn.user})
            await all_told(everybody, "unmuted", room_id=room, user=cyn.user, by=bob.user)
            # What was refused then may be sent again under its id, and counts once.
            for _ in range(2):
                await cyn.done("chat", silenced, id="later")
            await cyn.chat(room, "thanks")
            for talker in everybody:
                await talker.until_heard("thanks")
                assert talker.heard(room) == [(dan.user, "others may"), (cyn.user, "let me"), (cyn.user, "thanks")]
                assert not talker.of("typing")
            await bob.fails("NOT_MUTED", "unmute", {"room_id": room, "user": cyn.user})

    parlour.run(talk())


@chat.by_websockets
def test_slow_mode_holds_up_the_second_message_of_a_member_until_it_is_off(place):
    async def talk():
        async with gathered(place) as (room, *everybody):
            ada, bob, cyn, dan = everybody
            await bob.done("slow_mode", {"room_id": room, "seconds": FOR_LONG})
            await all_told(everybody, "slow_mode", room_id=room, seconds=FOR_LONG, by=bob.user)
            await cyn.chat(room, "first")
            limited(await cyn.fails("RATE_LIMITED", "chat", {"room_id": room, "content": "too soon"}), "slow_mode")
            # It is each member's own time, and none of who moderates.
            await dan.chat(room, "first of another")
            for talker in ada, bob:
                for number in range(2):
                    await talker.chat(room, f"{number} of {talker.user}")
            await bob.done("slow_mode", {"room_id": room, "seconds": 0})
            await all_told(everybody, "slow_mode", room_id=room, seconds=0, by=bob.user)
            await cyn.chat(room, "second")
            for talker in everybody:
                await talker.until_heard("second")
                assert [content for name, content in talker.heard(room) if name == cyn.user] == ["first", "second"]
                assert len(talker.heard(room)) == 7

    parlour.run(talk())


@chat.by_websockets
def test_who_is_sent_away_is_told_why_and_the_others_that_they_are_gone(place):
    async def talk():
        async with gathered(place) as (room, *everybody):
            ada, bob, cyn, dan = everybody
            await bob.done("kick", {"room_id": room, "user": cyn.user})
            left = await cyn.until("user_left")
            told = {"room_id": room, "user_id": cyn.user, "you": True, "reason": "kicked", "status": "disconnected"}
            assert left == told
            for talker in ada, bob, dan:
                await talker.until("kicked", lambda kicked: kicked == {"room_id": room, "user": cyn.user, "by": bob.user})
                assert await talker.until("user_left") == {"room_id": room, "user_id": cyn.user, "status": "disconnected"}
            await ada.chat(room, "without her")
            await cyn.fails("NOT_IN_ROOM", "chat", {"room_id": room, "content": "from outside"})
            await cyn.fails("NOT_IN_ROOM", "chat", {"content": "in no room"})
            await bob.fails("NOT_HERE", "kick", {"room_id": room, "user": cyn.user})
            assert not cyn.heard(room)
            # Not for ever.
            await cyn.join(room)
            await cyn.chat(room, "back")
            for talker in ada, bob, dan:
                await talker.until_heard("back")
                assert len(talker.of("user_left")) == len(talker.of("kicked")) == 1
            assert len(cyn.of("user_left")) == 1

    parlour.run(talk())


@chat.by_websockets
def test_who_is_kept_out_is_told_so_until_it_is_taken_back(place):
    async def talk():
        async with gathered(place) as (room, *everybody):
            ada, bob, cyn, dan = everybody
            await bob.done("ban", {"room_id": room, "user": cyn.user})
            assert (await cyn.until("user_left"))["reason"] == "banned"
            await all_told((ada, bob, dan), "banned", room_id=room, user=cyn.user, by=bob.user)
            for as_ in "player", "spectator":
                assert (await cyn.fails("FORBIDDEN", "join_room", {"room_id": room, "as": as_}))["reason"] == "banned"
            await bob.done("unban", {"room_id": room, "user": cyn.user})
            await all_told((ada, bob, dan), "unbanned", room_id=room, user=cyn.user, by=bob.user)
            await bob.fails("NOT_BANNED", "unban", {"room_id": room, "user": cyn.user})
            await cyn.join(room)
            await cyn.chat(room, "back")
            await ada.until_heard("back")

    parlour.run(talk())


@chat.by_websockets
def test_ones_own_messages_are_changed_and_taken_back_for_all_and_those_of_others_are_not(place):
    async def talk():
        async with gathered(place) as (room, *everybody):
            ada, bob, cyn, dan = everybody
            await cyn.chat(room, "helo")
            number = (await cyn.until_heard("helo"))["message"]
            its = {"room_id": room, "message": number}
            for talker in ada, bob, dan:
                ack = await talker.fails("FORBIDDEN", "edit", its | {"content": "never said"})
                assert ack["reason"] == "not_yours"
            assert (await dan.fails("FORBIDDEN", "delete", its))["reason"] == "not_yours"
            await cyn.done("edit", its | {"content": "hello"})
            await all_told(everybody, "edited", **its, by=cyn.user, content="hello")
            assert await shown(dan, room) == [("chat", "hello"), ("edited", "hello")]
            await cyn.done("delete", its)
            await all_told(everybody, "deleted", **its, by=cyn.user)
            assert await shown(dan, room) == [("deleted", None)] * 3
            for kind, more in {"edit": {"content": "again"}, "delete": {}}.items():
                await cyn.fails("WAS_DELETED", kind, its | more)
                await cyn.fails("NO_SUCH_MESSAGE", kind, its | {"message": 9999} | more)

            # What others said is taken back by who moderates.
            await dan.chat(room, "rude")
            its["message"] = (await dan.until_heard("rude"))["message"]
            await bob.done("delete", its)
            await all_told(everybody, "deleted", **its, by=bob.user)
            for talker in everybody:
                assert len(talker.of("edited")) == 1 and len(talker.of("deleted")) == 2

    parlour.run(talk())


async def shown(talker, room):
    """What the history says of messages: what it is, and its words."""
    events = (await talker.done("history", {"room_id": room}))["events"]
    of_messages = [event for event in events if event["type"] in ("chat", "edited", "deleted")]
    return [(event["type"], event["payload"].get("content")) for event in of_messages]


@chat.by_websockets
def test_how_far_somebody_has_read_is_told_to_the_other_members_where_it_is_shared(place):
    async def talk():
        async with gathered(place) as (room, ada, bob, cyn, dan):
            for content in "first", "second":
                await ada.chat(room, content)
            first, second = [(await cyn.until_heard(content))["message"] for content in ("first", "second")]
            for up_to in first, second, first:
                await cyn.done("read", {"room_id": room, "up_to": up_to})
            await cyn.fails("NO_SUCH_MESSAGE", "read", {"room_id": room, "up_to": second + 1000})
            await cyn.chat(room, "read all")
            marks = [{"room_id": room, "user": cyn.user, "up_to": up_to} for up_to in (first, second)]
            for talker in ada, bob, dan:
                await talker.until_heard("read all")
                assert talker.of("read") == marks, "only what goes further than before"

            alone = place.room()
            await ada.done("open_room", {"kind": "chat", "room_id": alone, "config": {"read_marks": "own"}})
            await ada.join(alone)
            await cyn.join(alone)
            await ada.chat(alone, "read this")
            await cyn.done("read", {"room_id": alone, "up_to": (await cyn.until_heard("read this"))["message"]})
            await cyn.chat(alone, "read it")
            await ada.until_heard("read it")
            assert [mark for mark in ada.of("read") if mark["room_id"] == alone] == []
            assert [mark["user"] for mark in cyn.of("read") if mark["room_id"] == alone] == [cyn.user]

    parlour.run(talk())


REFUSED = [
    ("NO_SUCH_MESSAGE", "chat", {"content": "x", "reply_to": 9999}),
    ("NOT_MUTED", "unmute", {"user": "nobody-at-all"}),
    ("NOT_BANNED", "unban", {"user": "nobody-at-all"}),
    ("NOT_HERE", "kick", {"user": "nobody-at-all"}),
    ("NOT_PRIVATE", "invite", {"user": "nobody-at-all"}),
    ("BAD_SECONDS", "slow_mode", {"seconds": 3601}),
    ("CONTROL_CHARACTER", "set_topic", {"text": "a\u0000"}),
    ("INVALID_MESSAGE", "set_role", {"user": "nobody-at-all", "role": "king"}),
    ("INVALID_MESSAGE", "edit", {"message": "my secret", "content": "x"}),
    ("ROOM_NOT_FOUND", "kick", {"room_id": "no-such-room", "user": "nobody-at-all"}),
]


@chat.check(18)
@chat.by_websockets
def test_every_refusal_of_a_room_has_a_code_in_capitals_and_no_word_of_another(place):
    async def talk():
        async with gathered(place) as (room, ada, bob, cyn, dan):
            await dan.chat(room, "my secret")
            start = ada.mark
            last_owner = "LAST_OWNER", "set_role", {"user": ada.user, "role": "member"}
            for code, kind, payload in [*REFUSED, last_owner]:
                asked = {"room_id": room} | payload
                ack = await ada.fails(code, kind, asked)
                assert ack["retry"] is False and "retry_after" not in ack, ack
                assert (await ada.error({"type": kind, "payload": asked}, code))["message"] == ack["message"]
            errors = ada.of("error", start=start) + [ack for ack in ada.of("ack", start=start) if ack["status"] == "error"]
            assert len(errors) == 2 * len(REFUSED) + 2
            assert all(error["code"].isupper() and error["message"].isprintable() for error in errors), errors
            assert not any(word in str(errors) for word in ("secret", dan.user, "nobody-at-all", "king", "no-such-room"))
            await asyncio.gather(*(talker.settled() for talker in (ada, bob, cyn, dan)))

    parlour.run(talk())
