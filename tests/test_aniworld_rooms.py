"""The dialect aniworld: who is let in, what can be said, and who is told what."""

import asyncio
import contextlib
import json

import pytest

import aniworld
import compatibility
import parlour
import tokens

in_thread = asyncio.to_thread


@pytest.fixture
def front(aniworld_front):
    """A server in this mode, and a queue on it that nobody else uses."""
    return aniworld_front


@aniworld.by_all
@compatibility.check("aniworld", 1)
@pytest.mark.parametrize("path", ["/ws/aniworld", "/ws/connect"])
def test_who_comes_is_greeted_first_however_the_token_is_shown(front, path):
    async def talk():
        for by in ("header", "query"):
            async with front.listen(path=path, by=by) as ada:
                data = await ada.until("connected")
                assert ada.frames[0]["type"] == "connected" and data["connection_id"]
                assert set(data["rooms"]) == {"downloads", "queue", "scan", "system", "errors"}

    front.run(talk)


@aniworld.by_all
@compatibility.check("aniworld", 1)
def test_a_bad_and_an_expired_token_are_refused_and_nobody_is_a_guest_only_in_compat(front):
    async def talk():
        secret = tokens.secret_of(front.server)
        bad = [tokens.sign(b"x" * 32, {"sub": "ada", "exp": tokens.now() + 60}), front.token(exp=tokens.now() - 60), "junk"]
        for token in bad:
            async with front.listen(token=token) as ada:
                error = await ada.until("error")
                await ada.until_closed()
                assert error["code"] == "authentication_failed" and ada.closed[0] == 1008
                assert [frame["type"] for frame in ada.frames] == ["error"] and secret.decode() not in str(ada.texts)
        async with front.listen(None) as guest:
            if front.mode == "compat":
                assert (await guest.until("connected"))["connection_id"] and guest.frames[0]["type"] == "connected"
                assert (await guest.ask("ping"))["type"] == "pong"
            else:
                assert (await guest.until("error"))["code"] == "authentication_required"
                await guest.until_closed()
                assert guest.closed[0] == 1008

    front.run(talk)


@aniworld.by_all
@compatibility.check("aniworld", 2)
def test_each_ping_is_answered_by_one_pong(front):
    async def talk():
        async with front.listen() as ada:
            assert (await ada.ask("ping"))["data"] == {}
            for _ in range(20):
                await ada.say({"action": "ping"})
            await ada.say({"action": "pong"})
            await ada.say({"action": "status"})
            status = await ada.until("system_info")
            assert status["connection_id"] == ada.frames[0]["data"]["connection_id"] and status["rooms"] == []
            await ada.first(lambda _: len(ada.of("pong")) == 21, "a pong for each ping")
            await ada.settled()
            assert len(ada.of("pong")) == 22 and len(ada.of("system_info")) == 1 and not ada.of("error")
            await ada.until("ping", start=ada.mark)

    front.run(talk)


@aniworld.by_all
@compatibility.check("aniworld", 3)
def test_joining_is_answered_once_in_both_forms_and_only_members_are_told(front):
    async def talk():
        user = None if front.mode == "compat" else "bob"
        async with front.listen() as ada, front.listen(user) as bob, front.listen() as eve:
            first = await ada.ask("join", room="downloads")
            assert first["type"] == "system_info"
            assert first["data"]["room"] == "downloads" and first["data"]["rooms"] == ["downloads"] and first["data"]["message"]
            second = await bob.ask("join", data={"room": "downloads"}, room="scan")
            assert second["data"]["rooms"] == ["downloads"]
            await eve.join("scan")
            download = await in_thread(front.add, front.files.file("one.bin", 200_000, rate=400_000))
            for member in (ada, bob):
                end = await member.until_end(download)
                assert end["type"] == "download_complete"
                assert [data["download_id"] for data in member.of("download_progress")][0] == download
                assert member.of("download_added")[0]["download_id"] == download
                assert len(member.of("system_info")) == 1
            await eve.settled()
            assert {frame["type"] for frame in eve.of()} == {"connected", "system_info", "pong"}

    front.run(talk)


@aniworld.by_websockets
@compatibility.check("aniworld", 3, 9)
def test_without_a_name_it_is_the_queue_that_stands_open(front):
    front.queue = None

    async def talk():
        async with front.listen() as ada:
            await ada.join("downloads", "queue")
            url = front.files.file(f"{front.mode}-default.bin", 1000)
            download = await in_thread(front.add, url)
            assert (await ada.until_end(download))["type"] == "download_complete"
            assert (await in_thread(front.status))["completed"] >= 1

    front.run(talk)


@aniworld.by_all
@compatibility.check("aniworld", 7)
def test_who_leaves_hears_no_more_and_twice_is_as_once(front):
    async def talk():
        async with front.listen() as ada, front.listen() as bob:
            await ada.join("downloads", "queue")
            await bob.join("downloads")
            again = await ada.ask("join", room="downloads")
            assert again["data"]["rooms"] == ["downloads", "queue"]
            for room in ("downloads", "downloads", "queue", "queue", "scan"):
                left = await ada.ask("leave", room=room)
                assert left["type"] == "system_info" and left["data"]["room"] == room
            assert left["data"]["rooms"] == []
            start = ada.mark
            await bob.until_end(await in_thread(front.add, front.files.file("two.bin", 1000)))
            await ada.settled()
            assert [frame["type"] for frame in ada.of(start=start)] == ["pong"]
            await ada.join("downloads")
            back = await in_thread(front.add, front.files.file("three.bin", 1000))
            assert (await ada.until_end(back, start=start))["type"] == "download_complete"
            assert [data["download_id"] for data in ada.of("download_added", start=start)] == [back]
        async with front.listen() as ada:
            assert (await ada.ask("status"))["data"]["rooms"] == []
            start = ada.mark
            async with front.listen() as bob:
                await bob.join("downloads")
                await bob.until_end(await in_thread(front.add, front.files.file("four.bin", 1000)))
            await ada.settled()
            assert [frame["type"] for frame in ada.of(start=start)] == ["pong"]

    front.run(talk)


@aniworld.by_websockets
@compatibility.check("aniworld", 7)
def test_who_has_left_or_is_gone_follows_the_queue_no_more(front):
    async def talk():
        async with contextlib.AsyncExitStack() as stack:
            native = lambda user: parlour.Client(front.server, user, token=front.token(user))  # noqa: E731
            eve, bob = [await stack.enter_async_context(native(user)) for user in ("eve", "bob")]
            await eve.join(front.queue, as_="spectator")

            async def hears(kind, start):
                """Until ada is told to have come or gone."""
                is_so = lambda frame: frame["type"] == kind and frame["payload"]["user_id"] == "ada"  # noqa: E731
                await eve.until(is_so, kind, start=start)

            async with front.listen() as ada:
                await ada.join("downloads")
                await hears("user_joined", 0)
                await ada.ask("leave", room="downloads")
                await hears("user_left", 0)
                # Said in one breath: neither has to be answered before the other.
                await ada.say({"action": "join", "room": "scan"})
                await ada.say({"action": "leave", "room": "scan"})
                is_left = lambda frame: frame["data"].get("message") == "You have left scan."  # noqa: E731
                assert (await ada.first(is_left, "the answer to leaving"))["data"]["rooms"] == []
                await ada.settled()
                status = (await ada.ask("status"))["data"]
                assert status["rooms"] == [] and status["queue"] is None
                await bob.join(front.queue)
                told = {"room_id": front.queue, "count": 1, "spectators": 1, "users": ["bob"]}
                is_told = lambda frame: frame["type"] == "room_update" and frame["payload"] == told  # noqa: E731
                await eve.until(is_told, "bob alone to be there")
                start = len(eve.frames)
                await ada.join("downloads")
                await hears("user_joined", start)
            await hears("user_left", start)

    front.run(talk)


JUNK = {
    "not json": "invalid_json",
    "": "invalid_json",
    "{": "invalid_json",
    b"\x00\x01": "invalid_json",
    "[]": "invalid_message",
    '"ping"': "invalid_message",
    "null": "invalid_message",
    "{}": "invalid_message",
    '{"action":1}': "invalid_message",
    '{"action":"ping","data":"x"}': "invalid_message",
    '{"action":"ping","data":[]}': "invalid_message",
    '{"action":"ping","action":"join"}': "invalid_message",
    '{"action":"fly"}': "unknown_action",
    '{"action":""}': "unknown_action",
    '{"action":"join"}': "invalid_room",
    '{"action":"join","room":""}': "invalid_room",
    '{"action":"join","room":" "}': "invalid_room",
    '{"action":"join","room":7}': "invalid_room",
    json.dumps({"action": "join", "room": "r" * 4096}): "invalid_room",
    '{"action":"join","room":"kitchen"}': "unknown_room",
    '{"action":"leave","data":{"room":"kitchen"}}': "unknown_room",
    '{"action":"join","room":"download:d999"}': "unknown_room",
}


@aniworld.by_all
@compatibility.check("aniworld", 8)
def test_each_sort_of_junk_is_answered_by_its_code_and_nothing_is_closed(front):
    async def talk():
        async with front.listen() as ada:
            for message, code in JUNK.items():
                answer = await ada.answer(message)
                assert answer["type"] == "error" and answer["data"]["code"] == code, (message, answer)
                assert "r" * 100 not in answer["data"]["message"]
            assert len(ada.of("error")) == len(JUNK)
            await ada.settled()
            await ada.join("downloads")

    front.run(talk)


@aniworld.by_websockets
@compatibility.check("aniworld", 8)
def test_a_queue_that_is_none_is_not_found_and_takes_nobody_in(front):
    async def talk():
        front.queue = "no-such-queue"
        async with front.listen() as ada:
            assert (await ada.ask("join", room="downloads"))["data"]["code"] == "queue_not_found"
            await ada.settled()
        body = {"kind": "cards", "id": f"cards-{front.mode}-{front.clients.kind}"}
        root = front.token("root", role="admin")
        await in_thread(front.server.http, "POST", "/v1/rooms", body, root)
        front.queue = body["id"]
        async with front.listen() as ada:
            assert (await ada.ask("join", room="downloads"))["data"]["code"] == "queue_not_found"
        shown = (await in_thread(front.server.http, "GET", f"/v1/rooms/{front.queue}", None, root)).json()
        assert shown["member_count"] == 0

    front.run(talk)
