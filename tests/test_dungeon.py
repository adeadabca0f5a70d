"""The dungeon through the native protocol: players who see and do not see each other, a spectator, blows, leaving, a kill in
mid-walk. Where everybody is, is read off what they were sent."""

import asyncio

import laneya
import parlour
from laneya import Original

ROOM = "deep"
WALKS = {"north": (0, -1), "east": (1, 0), "south": (0, 1), "west": (-1, 0)}


def you(client):
    return client.view(ROOM)["you"]


def place(client):
    return you(client)["x"], you(client)["y"]


def sees(client, entity):
    return any(other["id"] == entity for other in client.view(ROOM)["entities"])


async def opened(server, users, **config):
    clients = [parlour.Client(server, user) for user in users]
    for client in clients:
        await client.connect()
    await clients[0].open("dungeon", ROOM, config)
    for client in clients:
        await come(client)
    for client in clients:
        await until(client, lambda client=client: client.view(ROOM)["players"] == len(users), "all of them in view")
    return clients


async def come(client, **how):
    start = len(client.frames)
    await client.join(ROOM, **how)
    await client.until(lambda frame: frame["type"] == "view", "the first view", start=start)


async def until(client, holds, what):
    """Waits until what the client was sent so far makes it hold."""
    await client.until(lambda _: ROOM in client.views and holds(), what)


def free_way(client):
    """A way in which there is a field to walk on, and nobody in it."""
    rows, (x, y) = client.view(ROOM)["map"]["rows"], place(client)
    taken = {(other["x"], other["y"]) for other in client.view(ROOM)["entities"] if other["kind"] != "item"}
    for way, (dx, dy) in WALKS.items():
        if rows[y + dy][x + dx] in ".<>" and (x + dx, y + dy) not in taken:
            return way
    raise AssertionError(f"no free way from {x},{y}")


def towards(one, other):
    """The second who comes stands beside the first, because the nearest free field is one step away: which way."""
    return next(way for way, (dx, dy) in WALKS.items() if (one[0] + dx, one[1] + dy) == other)


def way_to(client, sign):
    """The first step of the shortest way to a field with this sign."""
    rows, here = client.view(ROOM)["map"]["rows"], place(client)
    known, queue = {here}, [(here, None)]
    while queue:
        (x, y), first = queue.pop(0)
        if rows[y][x] == sign:
            return first or "there"
        for way, (dx, dy) in WALKS.items():
            step = (x + dx, y + dy)
            if step not in known and rows[step[1]][step[0]] in ".<>":
                known.add(step)
                queue.append((step, first or way))
    return None


async def stand_on(client, sign):
    """Walks to the field with this sign, and stands there. Nobody else may be in the way."""
    heading = None
    while True:
        way, before = way_to(client, sign), place(client)
        assert way is not None, f"there is no way to {sign}"
        if way == "there":
            # An answer comes after what was shown before: who has stopped stands where the view says.
            await client.act(ROOM, {"type": "move", "direction": "stop"})
            if way_to(client, sign) == "there":
                return
            heading = None
            continue
        if way != heading:
            await client.act(ROOM, {"type": "move", "direction": way})
            heading = way
        await until(client, lambda before=before: place(client) != before, "a step")


def test_two_walk_see_each_other_speak_and_one_leaves_while_a_spectator_learns_nothing_of_it(server):
    async def talk():
        ada, bob = await opened(server, ("ada", "bob"), monsters=0, items=0)
        watcher = await parlour.Client(server, "eve").connect()
        await come(watcher, as_="spectator")
        assert sees(ada, 1) and sees(ada, 2) and sees(bob, 1), "both stand near the stairs"
        assert watcher.view(ROOM)["entities"] == [] and len(watcher.view(ROOM)["roster"]) == 2

        start = len(bob.frames)
        await ada.act(ROOM, {"type": "say", "text": "is anybody there?"})
        said = await bob.until(lambda frame: frame["type"] == "said", "a word", start=start)
        assert said["payload"] == {"entity": 1, "text": "is anybody there?"}

        try:
            await ada.act(ROOM, {"type": "pickup"})
            raise AssertionError("nothing lies here")
        except parlour.Refused as refused:
            assert refused.payload["code"] == "nothing_here", refused.payload

        begun, start, way = place(ada), len(bob.frames), free_way(ada)
        await ada.act(ROOM, {"type": "move", "direction": way})
        moved = await bob.until(lambda frame: frame["type"] == "stepped", "a step", start=start)
        assert moved["payload"]["moves"][0]["entity"] == 1
        await until(ada, lambda: place(ada) != begun, "ada's step in her view")
        await ada.act(ROOM, {"type": "move", "direction": "stop"})

        # She may have gone out of sight before she stopped: she is gone for bob once, then or now.
        await ada.request("leave_room", {"room_id": ROOM})
        gone = await bob.until(lambda frame: frame["type"] == "gone", "a body that is gone", start=start)
        assert gone["payload"]["entity"] == 1
        await until(bob, lambda: not sees(bob, 1) and bob.view(ROOM)["players"] == 1, "a view without ada")
        told = {frame["type"] for frame in watcher.of_room(ROOM)} - {"view", "patch"}
        assert told <= {"entered", "departed", "reached", "user_joined", "user_left", "presence"}, told
        for client in (ada, bob, watcher):
            await client.drop()

    parlour.run(talk())


def test_who_takes_the_stairs_is_out_of_sight_and_everybody_hears_on_which_level_they_are(server):
    async def talk():
        [ada] = await opened(server, ("ada",), monsters=0, items=0, sight="open", levels=2)
        await stand_on(ada, ">")
        bob = await parlour.Client(server, "bob").connect()
        await come(bob)
        assert sees(bob, 1), "both are on the first level"
        start = len(bob.frames)
        await ada.act(ROOM, {"type": "descend"})
        reached = await bob.until(lambda frame: frame["type"] == "reached", "the news", start=start)
        assert reached["payload"] == {"seat": 0, "level": 2}
        await until(bob, lambda: not sees(bob, 1), "ada out of sight")
        await until(ada, lambda: you(ada)["level"] == 2 and not sees(ada, 2), "bob out of sight")
        assert ada.view(ROOM)["map"]["level"] == 2 and bob.view(ROOM)["map"]["level"] == 1
        for client in (ada, bob):
            await client.drop()

    parlour.run(talk())


def test_two_fight_where_they_may_until_one_is_dead_and_begins_again(make_server):
    server = laneya.serve(make_server, "compat")

    async def natively():
        ada, bob = await opened(server, ("ada", "bob"), monsters=0, items=0, pvp=True, sight="open")
        start = len(bob.frames)
        await ada.act(ROOM, {"type": "move", "direction": towards(place(ada), place(bob))})
        blow = await bob.until(lambda frame: frame["type"] == "attacked", "a blow", start=start)
        assert (blow["payload"]["by"], blow["payload"]["target"], blow["payload"]["how"]) == (1, 2, "struck")
        fell = await bob.until(lambda frame: frame["type"] == "fell", "the end", start=start, deadline=100)
        assert fell["payload"]["recap"]["killed_by"] == "delver"
        await until(bob, lambda: not you(bob)["alive"], "a view of the dead")
        assert bob.view(ROOM)["entities"] == [] and bob.view(ROOM)["recap"] == fell["payload"]["recap"]
        await ada.act(ROOM, {"type": "move", "direction": "stop"})
        await bob.act(ROOM, {"type": "respawn"})
        await until(bob, lambda: you(bob)["alive"] and sees(bob, 1), "a new life")
        for client in (ada, bob):
            await client.drop()

    async def by_the_original():
        """Its clients know of no death: who is dead and walks lives again."""
        async with Original(server, "eve") as eve, Original(server, "dan") as dan:
            await eve.ask("move", {"direction": "stop"})
            await dan.ask("move", {"direction": "stop"})
            await eve.ask("move", {"direction": towards(await eve.position(), await dan.position())})

            async def is_dead():
                start, key = len(dan.said), next(dan.keys)
                await dan.send(laneya.request(key, "dan", "move", {"direction": "stop"}))
                return (await dan.response(key, start))["status"] == "illegal"

            while not await is_dead():
                await asyncio.sleep(0.1)
            began, start = len(eve.said), len(dan.said)
            await dan.ask("move", {"direction": "north"})
            # Before the answer he was told where he is now, and she is told too.
            born = [said for said in dan.said[start:] if said["type"] == "update" and said["data"]["entity"] == dan.entity]
            assert born and dan.said.index(born[0], start) < dan.said.index(dan.responses(start)[0], start)
            await eve.position(dan.entity, began)

    async def both():
        await asyncio.to_thread(laneya.open_room, server, pvp=True)
        await asyncio.gather(natively(), by_the_original())

    parlour.run(both(), deadline=150)


def test_a_walk_goes_on_after_a_kill_and_the_journal_can_be_replayed(server):
    async def talk():
        ada, bob = await opened(server, ("ada", "bob"), monsters=0)
        way, begun = free_way(ada), place(ada)
        await ada.act(ROOM, {"type": "move", "direction": way})
        await until(ada, lambda: place(ada) != begun, "a step")
        await asyncio.to_thread(server.kill)
        for client in (ada, bob):
            await client.until_closed()
        left, rows = place(ada), ada.view(ROOM)["map"]["rows"]
        await asyncio.to_thread(server.start)
        for client in (ada, bob):
            await client.connect()
            await come(client)
        assert you(ada)["heading"] == way and bob.view(ROOM)["players"] == 2
        (dx, dy), (x, y) = WALKS[way], left
        # Nothing went back, and the walk went on in its line.
        steps = [(x + dx * step, y + dy * step) for step in range(60)]
        assert place(ada) in steps
        late = await parlour.Client(server, "cleo").connect()
        await come(late)
        assert {1, 2} & {other["id"] for other in late.view(ROOM)["entities"]}, "who comes late sees who is there"
        assert all(old in (" ", new) for old, new in zip("".join(rows), "".join(ada.view(ROOM)["map"]["rows"])))
        for client in (ada, bob, late):
            await client.drop()
        await asyncio.to_thread(server.stop)

    parlour.run(talk())
    parlour.cli("replay", ROOM, "--verify", "--data", str(server.data))
