"""The dialect laneya and the rooms: the dungeon that stands open, rooms of other kinds, who is there and for how long, and coming
back to what was missed. And the other way round: a room's actions through the dialect mantimon."""

import asyncio

import pytest

import clients
import compatibility
import laneya
import parlour
from laneya import Original, Peer

both = pytest.mark.parametrize("mode", ["strict", "compat"])


def action_is(action, **fields):
    """An update of this name that says this."""
    return lambda said: said.get("action") == action and all(said["data"].get(name) == value for name, value in fields.items())


@both
@compatibility.check("laneya", 1, 15)
def test_the_dungeon_that_stands_open_has_monsters_and_in_compat_alone_shows_all_of_its_level(make_server, mode):
    server = laneya.serve(make_server, mode)

    async def talk():
        async with Peer(server, "ada", hello=True) as ada:
            view = (await ada.ask("get_view"))["view"]
            layer = (await ada.ask("get_map"))["floor_layer"]
            blanks = sum(row.count(" ") for row in view["map"]["rows"])
            assert (view["sight"], blanks == 0) == (("open", True) if mode == "compat" else ("fov", False))
            floor = sum(column.count("floor") for column in layer)
            assert floor >= 600 if mode == "compat" else 0 < floor < 400, "what is not seen is a wall"
        if mode == "compat":
            async with Original(server, "bob") as bob:
                await bob.ask("move", {"direction": "stop"})
                names = {said["data"]["entity"] for said in bob.said if said["type"] == "update"}
                monsters = [entity["id"] for entity in view["entities"] if entity["kind"] == "monster"]
                assert monsters, "there are monsters"
                ghosts = {name for name in names if not name.startswith("User:")}
                # Some may have fallen into something since, and others come.
                assert {f"Ghost:{number}" for number in monsters} & ghosts and {"User:ada", "User:bob"} <= names
                items = {f"Ghost:{entity['id']}" for entity in view["entities"] if entity["kind"] == "item"}
                assert items and not items & ghosts, "the original knows no things"

    parlour.run(talk())


@both
@compatibility.check("laneya", 13)
def test_who_is_there_is_told_and_who_stays_away_frees_the_seat(make_server, mode):
    server = laneya.serve(make_server, mode, env={"PARLOUR_LIMITS__AWAY_MS": "200"})
    laneya.open_room(server, seats=2, away_s=2)

    async def talk():
        async with Peer(server, "bob", hello=True) as bob:
            statuses = lambda: [said["data"]["status"] for said in bob.said if said.get("action") == "presence"]
            ada = await Peer(server, "ada", hello=True).connect()
            await bob.until(action_is("presence", entity="User:ada", status="connected"), "ada")
            # Another tab of hers is nobody new, and no loss.
            async with Peer(server, "ada", hello=True) as tab:
                await tab.ask("say", {"text": "twice"})
            await ada.ask("say", {"text": "once"})
            await bob.until(action_is("said", text="once"), "a word")
            assert statuses() == ["connected"]
            async with Peer(server, "eve", hello=False) as eve:
                full = await eve.say_hello(expect="illegal")
                assert full["code"] == "game_full"
            start = len(bob.said)
            await ada.drop()
            await bob.until(action_is("presence", entity="User:ada", status="reconnecting"), "her loss", start)
            await bob.until(action_is("despawn", entity="User:ada"), "her body to go", start)
            await bob.until(action_is("presence", entity="User:ada", status="disconnected"), "her end", start)
            assert statuses() == ["connected", "reconnecting", "disconnected"]
            async with Peer(server, "eve", hello=True) as eve:
                assert eve.greeting["seat"] == ada.greeting["seat"], "the seat is free"

    parlour.run(talk())


@both
@compatibility.check("laneya", 14)
def test_who_comes_back_with_the_last_seq_hears_what_was_missed_once_and_no_more(make_server, mode):
    server = laneya.serve(make_server, mode)
    laneya.open_room(server)

    async def talk():
        async with Peer(server, "bob", hello=True) as bob, Peer(server, "ada", hello=True) as ada:
            await bob.ask("say", {"text": "heard"})
            await ada.until(action_is("said", text="heard"), "a word")
            seq = (await ada.until(action_is("seq"), "how far she heard", len(ada.said) - 1))["data"]["seq"]
            await ada.drop()
            for text in ("missed", "missed too"):
                await bob.ask("say", {"text": text})
            start = len(ada.said)
            await ada.connect(last_seq=seq)
            assert ada.greeting["resumed"] == "replayed"
            told = ada.said[start:]
            texts = [said["data"]["text"] for said in told if said.get("action") == "said"]
            assert texts == ["missed", "missed too"] and not [said for said in told if said.get("action") == "snapshot"]
            assert told.index(next(filter(action_is("said"), told))) < told.index(ada.responses(start)[0])

            # From a life that never was one is shown all of it; what is no position is none.
            await ada.drop()
            start = len(ada.said)
            await ada.connect(last_seq="zzzzzzzz.1.1")
            assert ada.greeting["resumed"] == "fresh"
            assert [said for said in ada.said[start:] if said.get("action") == "snapshot"]
        async with Peer(server, "ada", hello=False) as ada:
            assert (await ada.say_hello(expect="invalid", last_seq="?"))["code"] == "invalid_message"

    parlour.run(talk())


@both
@compatibility.check("laneya", 6)
def test_who_says_nothing_for_long_is_let_go_and_who_speaks_is_not(make_server, mode):
    server = laneya.serve(make_server, mode, env={"PARLOUR_LIMITS__LANEYA_IDLE_MS": "2000"})
    laneya.open_room(server)

    async def talk():
        async with Peer(server, "ada") as ada, Peer(server, "bob", hello=False) as idle:
            # For longer than that, and longer than the idle one is there.
            end = asyncio.get_running_loop().time() + 3
            while not idle.is_over or asyncio.get_running_loop().time() < end:
                await ada.ask("move", {"direction": "stop"})
                await asyncio.sleep(0.02)
                assert asyncio.get_running_loop().time() < end + 40, "it is kept"
            assert not ada.is_over and not idle.said

    parlour.run(talk())


@both
@compatibility.check("laneya", 1)
def test_rooms_of_other_kinds_are_reached_by_hello_and_have_no_map(make_server, mode):
    server = laneya.serve(make_server, mode)

    async def talk():
        async with Peer(server, "ada", hello=True, room="lobby") as ada, parlour.Client(server, "nat") as nat:
            await nat.join("lobby")
            assert (await ada.ask("get_map", expect="illegal"))["code"] == "no_map"
            assert isinstance((await ada.ask("get_view"))["view"], dict)
            await ada.ask("chat", {"content": "from the dungeon"})
            await nat.until(lambda frame: frame["payload"].get("content") == "from the dungeon", "the word")
            await nat.request("chat", {"room_id": "lobby", "content": "to the dungeon"})
            await ada.until(action_is("chat", content="to the dungeon"), "the answer")
            assert (await ada.ask("move", {"direction": "east"}, expect="invalid"))["code"]

        keeper = server.token("keeper", role="admin")
        opened = await asyncio.to_thread(server.http, "POST", "/v1/rooms", {"kind": "cards", "id": "table"}, keeper)
        assert opened.status == 201, opened
        async with Peer(server, "ada", hello=False) as ada, parlour.Client(server, "nat") as nat, \
                parlour.Client(server, "ada") as twin:
            await ada.say_hello(room="table", token=server.token("ada"))
            for client in (nat, twin):
                await client.join("table")
            [action, *_] = await twin.legal("table")
            start = len(nat.frames)
            await ada.ask(action.pop("type"), action)
            await nat.until(lambda frame: frame.get("room") == "table" and "n" in frame, "what she did", start=start)
            await ada.until(lambda said: said.get("action") == "seq", "what she did")

    parlour.run(talk())


@pytest.fixture(scope="module")
def socketio():
    host = clients.start("python")
    yield host
    host.stop()


@both
@compatibility.check("laneya", 18)
def test_the_action_of_mantimon_carries_the_actions_of_a_dungeon_and_of_a_chat(make_server, socketio, mode):
    server = laneya.serve(make_server, mode)
    laneya.open_room(server)

    async def talk():
        async with socketio.clients(server) as new_client, Peer(server, "net", hello=True) as net:
            async with Peer(server, "net", hello=True, room="lobby") as lobby:
                sio = await new_client().connect(auth={"token": server.token("sio")}, transports=("websocket",))

                async def call(event, kind, room, **more):
                    message = {"type": kind, "message_id": f"{event}-{room}", "game_id": room} | more
                    [result] = await sio.call(event, message)
                    assert result["success"], result

                for room, action in ((laneya.ROOM, {"type": "say", "text": "by mantimon"}),
                                     ("lobby", {"type": "chat", "content": "by mantimon"})):
                    await call("game:join", "join_game", room)
                    await call("game:action", "action", room, action=action)
                await net.until(action_is("said", text="by mantimon"), "the word in the dungeon")
                await lobby.until(action_is("chat", content="by mantimon"), "the word in the chat")

    parlour.run(talk())
