"""`resign` by way of the table: counts once, ends the game as its rules say, and works where the rules play nothing any more."""

import asyncio

import pytest

import parlour
from codes import assert_typed


@pytest.fixture
def lab(make_server):
    """The small rooms and `cards`, on two loops: some rooms are not where their players are."""
    return make_server(program=parlour.lab(), env={"PARLOUR_LIMITS__SHARDS": "2"})


async def refused(request):
    """The payload of a request that is refused."""
    with pytest.raises(parlour.Refused) as why:
        await request
    return why.value.payload


async def restarted(server, *clients):
    """Killed and there again, and so are they."""
    await asyncio.to_thread(server.kill)
    for client in clients:
        await client.until_closed()
    await asyncio.to_thread(server.start)
    for client in clients:
        await client.connect()


def same(answer, other):
    """Whether two answers differ in nothing but `ref` and `dup`."""
    return {**answer, "ref": None, "dup": None} == {**other, "ref": None, "dup": None}


async def seated(server, *users, kind, room, config=None):
    clients = [parlour.Client(server, user) for user in users]
    for client in clients:
        await client.connect()
    await clients[0].open(kind, room, config)
    for client in clients:
        await client.join(room)
    return clients


def test_who_resigns_a_game_loses_it_once_also_after_coming_back_and_after_a_kill(lab):
    async def talk():
        for room in ("one", "two", "three"):
            ada, bob = clients = await seated(lab, "ada", "bob", kind="cards", room=room)
            seen = [len(client.frames) for client in clients]
            first = await ada.request("resign", room=room, id="enough")
            assert first["dup"] is False and set(first) == {"ref", "status", "at", "dup"}
            for client, start in zip(clients, seen, strict=True):
                over = await client.until(lambda said: said["type"] == "game_over", "the end", start=start)
                assert (over["room"], over["payload"]) == (room, {"winner": 1, "reason": "resignation"})
            for step in ("again", "on another connection", "after a kill"):
                if step == "on another connection":
                    await ada.drop()
                    await ada.connect()
                elif step == "after a kill":
                    await restarted(lab, *clients)
                again = await ada.request("resign", room=room, id="enough")
                assert again["dup"] is True and same(again, first), step
                assert (await refused(ada.request("resign", room=room)))["code"] == "room_closed"
                late = await refused(bob.request("resign", room=room, id="late"))
                assert_typed(late, "room_closed")
                assert same(await refused(bob.request("resign", room=room, id="late")), late)
                assert (await refused(ada.act(room, {"type": "resign"}, id="enough")))["code"] == "id_reused"
            for client in clients:
                await client.drop()

    parlour.run(talk())


def test_the_games_own_resignation_is_the_same_as_that_of_the_table(lab):
    async def talk():
        heard = []
        for room, table in (("one", True), ("two", False)):
            ada, bob = await seated(lab, "ada", "bob", kind="cards", room=room)
            start = len(ada.frames)
            await (bob.request("resign", room=room) if table else bob.act(room, {"type": "resign"}))
            await ada.until(lambda said: said["type"] == "game_over", "the end", start=start)
            heard.append([(said["type"], said["payload"]) for said in ada.frames[start:] if "n" in said])
            await ada.drop()
            await bob.drop()
        assert heard[0] == heard[1] and [kind for kind, _ in heard[0]] == ["resigned", "game_over"]

    parlour.run(talk())


def test_that_a_room_without_a_free_seat_has_ended_is_told_to_who_hears_of_rooms(make_server):
    # On one loop: another might hear of the subscription only after the end.
    lab = make_server(env={"PARLOUR_LIMITS__SHARDS": "1"})

    async def talk():
        async with parlour.Client(lab, "sam") as sam:
            clients = await seated(lab, "ada", "bob", kind="cards", room="g")
            await sam.request("subscribe", {"topic": "rooms:cards"})
            seen = len(sam.frames)
            await clients[0].request("resign", room="g")
            told = await sam.until(lambda said: said["type"] == "topic" and said["payload"]["rooms"], "the end", start=seen)
            [room] = told["payload"]["rooms"]
            assert (room["room_id"], room["status"], room["outcome"]) == ("g", "ended", "resignation")
            for client in clients:
                await client.drop()

    parlour.run(talk())


def test_only_who_holds_a_seat_resigns(lab):
    async def talk():
        ada, bob = await seated(lab, "ada", "bob", kind="cards", room="g")
        async with parlour.Client(lab, "sam") as sam:
            assert_typed(await refused(sam.request("resign", room="g", id="x")), "not_in_room")
            await sam.join("g", as_="spectator")
            assert_typed(await refused(sam.request("resign", room="g", id="x")), "not_in_room")
            assert_typed(await refused(sam.request("resign", room="nowhere", id="x")), "room_not_found")
            assert_typed(await refused(sam.request("resign", {}, id="x")), "invalid_message")
            assert_typed(await refused(sam.request("resign", room="g", id=7)), "invalid_message")
        await ada.request("ping")
        assert not ada.of_room("g", "game_over")
        await ada.drop()
        await bob.drop()

    parlour.run(talk())


@pytest.mark.parametrize("resigns", [True, False], ids=["the rules resign", "the table resigns"])
def test_from_a_room_whose_rules_fail_over_everything_one_can_still_resign(lab, resigns):
    outcome = "given up" if resigns else "resignation"

    async def talk():
        for room in ("one", "two", "three"):
            ada, bob = clients = await seated(lab, "ada", "bob", kind="brittle", room=room, config={"resigns": resigns})
            for number in range(3):
                assert_typed(await refused(ada.act(room, {"type": "touch"}, id=f"t{number}")), "internal")
            assert_typed(await refused(ada.act(room, {"type": "touch"}, id="t3")), "room_frozen")
            assert_typed(await refused(bob.request("leave_room", {"room_id": room})), "room_frozen")
            assert (await shown(room))["status"] == "frozen"

            seen = len(ada.frames)
            first = await bob.request("resign", room=room, id="enough")
            assert first["dup"] is False
            if resigns:
                told = await ada.until(lambda said: said["type"] == "gave_up", "the end", start=seen)
                assert (told["room"], told["payload"]) == (room, {"seat": 1})
                await ada.until(lambda _, room=room: ada.view(room)["resigned"] == 1, "what it shows", start=seen)
            else:
                for client in clients:
                    ended = await client.until(lambda said: said["type"] == "room_ended", "the end")
                    assert ended["payload"] == {"room_id": room, "outcome": "resignation", "seat": 1}
            assert_typed(await refused(ada.act(room, {"type": "touch"}, id="t4")), "room_closed")
            assert sum(frame["type"] == "room_ended" for frame in ada.frames) == (not resigns)
            assert (await ada.request("legal", room=room))["ended"] is True
            about = await shown(room)
            assert (about["status"], about["outcome"]) == ("ended", outcome)
            assert (await bob.request("resign", room=room, id="enough"))["dup"] is True
            assert_typed(await refused(ada.request("resign", room=room, id="mine")), "room_closed")

            await restarted(lab, *clients)
            again = await bob.request("resign", room=room, id="enough")
            assert again["dup"] is True and same(again, first)
            about = await shown(room)
            assert (about["status"], about["outcome"]) == ("ended", outcome)
            for client in clients:
                await client.drop()

    async def shown(room):
        return (await asyncio.to_thread(lab.http, "GET", f"/v1/rooms/{room}", token=lab.token("sam"))).json()

    parlour.run(talk())
    assert lab.stop() == 0, lab.err
    for room in ("one", "two", "three"):
        parlour.cli("replay", room, "--verify", "--data", lab.data, program=lab.program, expect=0)
        *records, _ = parlour.replay(lab.data, room, program=lab.program)
        [resigned] = [record for record in records if record["cause"] == "resigned"]
        assert resigned["input"] == {"user": "bob", "seat": 1, "id": "enough"}


def test_who_follows_a_room_is_told_once_that_it_was_closed_from_outside(lab):
    async def talk():
        ada, bob = clients = await seated(lab, "ada", "bob", kind="cards", room="g")
        gone = await asyncio.to_thread(lab.http, "DELETE", "/v1/rooms/g", token=lab.token("ada"))
        assert gone.status in (200, 204), gone
        for client in clients:
            ended = await client.until(lambda said: said["type"] == "room_ended", "the end")
            assert ended["payload"] == {"room_id": "g", "outcome": "closed"}
        # A game that ends by its own rules says so itself.
        await ada.open("cards", "h")
        for client in clients:
            await client.join("h")
        await bob.request("resign", room="h", id="enough")
        for client in clients:
            await client.until(lambda said: said["type"] == "game_over" and said["room"] == "h", "the end")
            await client.request("ping")
            assert [said["payload"]["room_id"] for said in client.frames if said["type"] == "room_ended"] == ["g"]
            await client.drop()

    parlour.run(talk())
