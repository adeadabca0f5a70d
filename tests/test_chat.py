"""Rooms to talk in, by clients that share no code with the server: rooms that stand open, order, history, typing, moderation."""

import asyncio
import json

import pytest

import parlour

CROWD = 100
EACH = 3


async def refused(coroutine):
    with pytest.raises(parlour.Refused) as caught:
        await coroutine
    return caught.value.payload


async def joined(server, room, *names):
    """Clients who have joined the room, in this order."""
    clients = [parlour.Client(server, name) for name in names]
    for client in clients:
        await client.connect()
        await client.join(room)
    return clients


async def dropped(*clients):
    for client in clients:
        await client.drop()


async def chat(client, room, content, **fields):
    """Says something; the number of the message."""
    payload = {"room_id": room, "content": content} | fields.pop("payload", {})
    at = (await client.request("chat", payload, **fields))["at"]
    return int(at.split(".")[1])


async def message(client, room, content, *, start=0):
    """Waits until the client has heard this; the event's payload."""
    frame = await client.until(
        lambda frame: frame["type"] == "chat" and frame["room"] == room and frame["payload"]["content"] == content,
        f"{content!r}", start=start)
    assert frame["payload"]["message"] == frame["n"], "a message is named by the number of its event"
    return frame["payload"]


def test_who_joins_a_name_that_nobody_opened_is_in_a_room_and_its_first_member_owns_it(server):
    async def talk():
        ada, bob = await joined(server, "general", "ada", "bob")
        number = await chat(ada, "general", "hello")
        told = await message(bob, "general", "hello")
        assert told == {"message": number, "from": "ada", "from_name": "ada", "content": "hello"}
        assert (await refused(bob.request("set_topic", {"room_id": "general", "text": "x"})))["code"] == "not_allowed"
        await ada.request("set_topic", {"room_id": "general", "text": "tea"})
        assert (await refused(ada.open("chat", "general")))["code"] == "room_exists"
        only = {"room_id": "elsewhere", "open": False}
        assert (await refused(bob.request("join_room", only)))["code"] == "room_not_found"
        assert (await refused(bob.join("elsewhere", as_="spectator")))["code"] == "room_not_found"
        # Nobody who joined may end it; an administrator may.
        closing = await asyncio.to_thread(server.http, "DELETE", "/v1/rooms/general", token=ada.token)
        assert closing.status == 403
        root = server.token("root", "admin")
        assert (await asyncio.to_thread(server.http, "DELETE", "/v1/rooms/general", token=root)).status == 200
        cyn = await parlour.Client(server, "cyn").connect()
        assert (await refused(cyn.join("general")))["code"] == "room_closed"
        await dropped(ada, bob, cyn)

    parlour.run(talk())


def test_no_kind_for_any_name_means_that_rooms_must_be_opened(make_server):
    server = make_server(env={"PARLOUR_ROOMS__OPEN_ON_JOIN": ""})

    async def talk():
        ada = await parlour.Client(server, "ada").connect()
        assert (await refused(ada.join("general")))["code"] == "room_not_found"
        await ada.open("chat", "general")
        await ada.join("general")
        await dropped(ada)

    parlour.run(talk())
    done = parlour.cli("serve", "--data", server.folder / "other", env={"PARLOUR_ROOMS__OPEN_ON_JOIN": "frob"}, expect=78)
    assert "rooms.open_on_join" in done.stderr and "frob" in done.stderr


def test_a_storm_of_people_hears_everything_in_one_order_and_a_room_is_opened_once(make_server):
    server = make_server(env=parlour.UNLIMITED | {"PARLOUR_LIMITS__SHARDS": "2"})

    async def talk():
        # A token each costs a process each: so many connections of ten users.
        users = [f"u{n}" for n in range(10)]
        clients = [parlour.Client(server, users[n % 10]) for n in range(CROWD)]
        await asyncio.gather(*(client.connect() for client in clients))
        answers = await asyncio.gather(*(client.join("storm") for client in clients))
        assert len({answer["seed_hash"] for answer in answers}) == 1, "one room, whoever came first"
        assert len({answer["seat"] for answer in answers}) == 10

        async def write(number, client):
            for time in range(EACH):
                await chat(client, "storm", f"{number}.{time}", id=f"{number}.{time}")

        await asyncio.gather(*(write(number, client) for number, client in enumerate(clients)))
        last = await chat(clients[0], "storm", "the last")
        for client in clients:
            await message(client, "storm", "the last")
        heard = [[(frame["n"], frame["payload"]["content"]) for frame in client.of_room("storm", "chat")] for client in clients]
        assert len(heard[0]) == CROWD * EACH + 1
        assert all(other == heard[0] for other in heard), "one order for everybody"
        assert heard[0][-1][0] == last
        # Nobody was told anything else of the room but who is there, merged.
        told = {frame["type"] for client in clients for frame in client.of_room("storm")}
        assert told <= {"chat", "view", "room_update", "user_joined", "user_left"}, told
        await asyncio.gather(*(client.drop() for client in clients))

    parlour.run(talk(), deadline=120)
    assert "panicked" not in server.err


def test_the_history_is_read_by_the_page_and_what_was_taken_back_is_gone_from_it(server):
    async def talk():
        ada, bob = await joined(server, "h", "ada", "bob")
        numbers = [await chat(ada, "h", f"line {n}") for n in range(20)]
        secret = await chat(ada, "h", "my secrat")
        await ada.request("edit", {"room_id": "h", "message": secret, "content": "my secret"})
        edited = await page(bob, "h", limit=2)
        assert [event["type"] for event in edited] == ["chat", "edited"]
        assert edited[0]["payload"]["content"] == "my secret" and edited[0]["payload"]["edited"] is True
        await ada.request("delete", {"room_id": "h", "message": secret})
        cyn = await parlour.Client(server, "cyn").connect()
        await cyn.join("h")
        found, before = [], None
        while events := await page(cyn, "h", limit=7, before=before):
            found = events + found
            before = f"{cyn.heard['h'][0]}.{events[0]['n']}"
        assert [event["n"] for event in found] == list(range(1, found[-1]["n"] + 1)), "each once"
        lines = [event["payload"]["content"] for event in found if event["type"] == "chat"]
        assert lines == [f"line {n}" for n in range(20)]
        of_secret = [event for event in found if event["payload"].get("message") == secret]
        assert [event["type"] for event in of_secret] == ["deleted"] * 3
        assert "secr" not in json.dumps(found)
        refusal = await refused(bob.request("delete", {"room_id": "h", "message": numbers[0]}))
        assert refusal["code"] == "not_yours"
        await dropped(ada, bob, cyn)

    parlour.run(talk())


async def page(client, room, *, limit, before=None):
    payload = {"limit": limit} | ({"before": before} if before else {})
    return (await client.request("history", payload, room=room))["events"]


def test_who_comes_back_is_told_what_was_said_meanwhile_also_after_a_kill(server):
    async def talk():
        ada, bob = await joined(server, "r", "ada", "bob")
        await chat(bob, "r", "first")
        await message(ada, "r", "first")
        await ada.drop()
        await chat(bob, "r", "second", id="s")
        await bob.drop()
        server.kill()
        server.start()
        await bob.connect()
        await bob.join("r", after=bob.after("r"))
        assert (await bob.request("chat", {"room_id": "r", "content": "second"}, id="s"))["dup"] is True
        start = len(ada.frames)
        await ada.connect()
        answer = await ada.join("r", after=ada.after("r"))
        assert answer["resumed"] == {"kind": "replayed", "events": 1}
        await message(ada, "r", "second", start=start)
        assert [frame["payload"]["content"] for frame in ada.of_room("r", "chat")] == ["first", "second"]
        await dropped(ada, bob)

    parlour.run(talk())


def test_typing_is_not_echoed_is_signed_is_not_repeated_and_ends_by_itself(server):
    async def talk():
        ada, bob = parlour.Client(server, "ada"), parlour.Client(server, "bob")
        await ada.connect()
        await bob.connect()
        await ada.open("chat", "t", {"typing_ms": 600})
        await ada.join("t")
        await bob.join("t")

        async def typing(client, is_typing):
            await client.request("typing", {"room_id": "t", "is_typing": is_typing, "from": "mallory"})

        # At once, so that no time passes between the two.
        for _ in range(2):
            await bob.send({"type": "typing", "payload": {"room_id": "t", "is_typing": True, "from": "mallory"}})
        told = await ada.until(lambda frame: frame["type"] == "typing", "typing")
        assert told["payload"] == {"is_typing": True, "from": "bob", "from_name": "bob"}
        over = lambda frame: frame["type"] == "typing" and not frame["payload"]["is_typing"]
        await ada.until(over, "the end of typing")
        shown = [frame["payload"]["is_typing"] for frame in ada.of_room("t", "typing")]
        assert shown == [True, False], "said twice, shown once"
        start = len(ada.frames)
        await typing(bob, True)
        await typing(bob, False)
        await ada.until(over, "that he stopped", start=start)
        await chat(bob, "t", "done")
        await message(ada, "t", "done")
        assert bob.of_room("t", "typing") == []
        await dropped(ada, bob)
        # Nothing of it is in the journal.
        actions = [record["input"]["action"] for record in parlour.replay(server.data, "t") if record.get("cause") == "action"]
        assert [action["type"] for action in actions] == ["chat"]

    parlour.run(talk())


def test_moderators_send_away_silence_and_slow_down_and_are_obeyed(server):
    async def talk():
        ada, bob, cyn = clients = await joined(server, "m", "ada", "bob", "cyn")
        of = lambda kind, **fields: ada.request(kind, {"room_id": "m"} | fields)
        assert (await refused(bob.request("kick", {"room_id": "m", "user": "cyn"})))["code"] == "not_allowed"
        await of("kick", user="bob")
        assert (await refused(chat(bob, "m", "x")))["code"] == "not_in_room"
        await cyn.until(lambda frame: frame["type"] == "kicked" and frame["payload"] == {"user": "bob", "by": "ada"}, "kicked")
        await bob.join("m")
        await of("mute", user="bob", seconds=3)
        silenced = await refused(chat(bob, "m", "x", id="later"))
        assert (silenced["code"], silenced["kind"], silenced["retry"]) == ("muted", "limited", True)
        assert 0 < silenced["retry_after_ms"] <= 3000
        await bob.until(lambda frame: frame["type"] == "unmuted", "that it is over")
        await chat(bob, "m", "x", id="later")
        await of("slow_mode", seconds=60)
        await chat(bob, "m", "one")
        slow = await refused(chat(bob, "m", "two"))
        assert slow["code"] == "slow_mode" and 50_000 < slow["retry_after_ms"] <= 60_000
        await chat(ada, "m", "owners do not wait")
        await chat(ada, "m", "owners do not wait")
        await of("ban", user="bob")
        assert (await refused(bob.join("m")))["code"] == "banned"
        assert (await refused(bob.join("m", as_="spectator")))["code"] == "banned"
        assert (await refused(bob.request("history", room="m")))["code"] == "room_not_found"
        await of("unban", user="bob")
        await bob.join("m")
        await dropped(*clients)

    parlour.run(talk())


TEXTS = ["שלום עולם\u200f", "\u202eabc\u202c", "👩\u200d🚀🏳️\u200d🌈", "e\u0301", "a\nb\tc", "  spaces  ", "\ufeffbom", "\u2028",
         "<b>&amp;\\u0041\"'", "𝔘𝔫𝔦", "x" * 16384, "é" * 8192]


def test_what_is_said_arrives_byte_for_byte_and_what_is_no_text_is_refused(server):
    async def talk():
        ada, bob = await joined(server, "x", "ada", "bob")
        for text in [text for text in TEXTS if text.strip()]:
            start = len(bob.frames)
            await chat(ada, "x", text)
            assert (await message(bob, "x", text, start=start))["content"].encode() == text.encode()
        for text, code in [("", "empty"), (" \n\u3000", "empty"), ("\u2028", "empty"), ("a\x00", "control_character"),
                           ("\x1b[2J", "control_character"), ("x" * 16385, "too_long"), ("x" * 60_000, "too_long")]:
            assert (await refused(chat(ada, "x", text)))["code"] == code, repr(text)[:40]
        for escape in ["\\ud800", "\\udc00x", "\\ud83d\\ud83d"]:
            frame = '{"type":"chat","ref":"s","payload":{"room_id":"x","content":"' + escape + '"}}'
            start = len(ada.frames)
            await ada.send(frame)
            said = await ada.until(lambda frame: frame["payload"].get("ref") == "s", "an answer", start=start)
            assert said["payload"]["code"] in ("invalid_action", "invalid_message"), said
        await ada.send('{"type":"chat","ref":"w","payload":{"room_id":"x","content":"\\ud83d\\ude80"}}')
        assert (await message(bob, "x", "🚀"))["from"] == "ada"
        await dropped(ada, bob)

    parlour.run(talk())


def test_a_frame_beyond_what_is_read_ends_only_its_own_connection(server):
    async def talk():
        ada, bob = await joined(server, "b", "ada", "bob")
        await ada.send(json.dumps({"type": "chat", "payload": {"room_id": "b", "content": "x" * (1 << 20)}}))
        code, _ = await ada.until_closed()
        assert code == 1009
        await chat(bob, "b", "still here")
        await dropped(ada, bob)

    parlour.run(talk())
