"""`events` with an action: its answer tells what it told its actor, and the answer to a repeat tells the same, as long as the
room keeps it."""

import asyncio
import json
import random

import duel
import parlour

RING_PUBLIC = 256


def test_an_answer_tells_what_was_told_and_a_repeat_the_same_after_coming_back_and_after_a_kill(server, seed):
    dice = random.Random(seed)

    async def talk():
        async with duel.Duel(server, dice) as players:
            await players.open("g", {"turn_limit": 12, "points_to_win": 3, "seconds_per_turn": 3600})
            told = []
            while not players.is_over("g"):
                sent = await players.choose("g")
                if sent is None:
                    break
                seen = len(sent.client.frames)
                said = await sent.client.act("g", sent.action, id=sent.id, events=True)
                assert said["dup"] is False
                assert said["events"] == [short(frame) for frame in events(sent.client, "g", seen)], sent.action
                told.append((sent, answer_of(sent.client)))
            kept = [number for _, said in told for number in [last(said)] if number]
            print(f"{len(told)} actions, {len(kept)} of them told something")
            assert len(kept) > 10
            for step in ("again", "on another connection", "after a kill"):
                if step == "on another connection":
                    for client in players.clients:
                        await client.drop()
                        await client.connect()
                elif step == "after a kill":
                    await asyncio.to_thread(server.kill)
                    for client in players.clients:
                        await client.until_closed()
                    await asyncio.to_thread(server.start)
                    for client in players.clients:
                        await client.connect()
                newest = max(kept)
                for sent, first in told:
                    again = await sent.client.act("g", sent.action, id=sent.id, events=True)
                    assert again["dup"] is True
                    lost = first and int(first[0].get("n", newest)) <= newest - RING_PUBLIC
                    assert json.dumps(again["events"]) == json.dumps(None if lost else first), (step, sent)

    def answer_of(client):
        return [frame for frame in client.frames if frame["type"] == "ack"][-1]["payload"]["events"]

    def last(events):
        return max((event["n"] for event in events if "n" in event), default=0)

    parlour.run(talk())


def test_each_hears_their_own_body_and_nothing_of_what_only_others_were_told(make_server):
    # On two loops: some rooms are not where their members are.
    lab = make_server(program=parlour.lab(), env={"PARLOUR_LIMITS__SHARDS": "2"})

    async def talk():
        ada, bob, cyn = clients = [parlour.Client(lab, name) for name in ("ada", "bob", "cyn")]
        for client in clients:
            await client.connect()
        for room in ("one", "two", "three"):
            await ada.open("lounge", room)
            for seat, client in enumerate(clients):
                await client.join(room, seat=seat)
            ask = {"whisper": ({"type": "whisper", "to": 1, "text": "psst"}, [("whispered", "n", 1, {"text": "psst"})]),
                   "murmur": ({"type": "murmur", "to": 1, "text": "mm"}, []),
                   "self": ({"type": "murmur", "to": 0, "text": "hm"}, [("murmured", "m", 1, {"text": "hm"})]),
                   "twice": ({"type": "repeat", "text": "so", "times": 2},
                             [("said", "n", 2, {"text": "so 0"}), ("said", "n", 3, {"text": "so 1"})]),
                   "quiet": ({"type": "shut", "shut": False}, [])}
            for id, (action, expected) in ask.items():
                for dup in (False, True):
                    said = await ada.act(room, action, id=id, events=True)
                    assert said["dup"] is dup
                    heard = [(event["type"], *numbered(event), {"text": event["payload"]["text"]}) for event in said["events"]]
                    assert heard == expected, (room, id, dup)
            # Another's action of the same id is another action.
            said = await bob.act(room, ask["murmur"][0] | {"to": 2}, id="murmur", events=True)
            assert (said["dup"], said["events"]) == (False, [])
            assert "events" not in await ada.act(room, ask["twice"][0], id="twice")
            assert "events" not in await ada.act(room, ask["quiet"][0])
            assert (await ada.act(room, {"type": "say", "text": "x"}, events=True))["events"][0]["n"] == 4

            # A seat that was given up tells nothing of its time any more.
            await ada.request("leave_room", {"room_id": room})
            await ada.join(room, seat=0)
            for id in ("whisper", "self", "twice"):
                assert (await ada.act(room, ask[id][0], id=id, events=True))["events"] is None
            assert (await ada.act(room, ask["quiet"][0], id="quiet", events=True))["events"] == []
            # Nor does a room tell what it no longer keeps.
            fresh = await ada.act(room, {"type": "say", "text": "kept"}, id="kept", events=True)
            await bob.act(room, {"type": "repeat", "text": "so", "times": RING_PUBLIC - 1})
            again = await ada.act(room, {"type": "say", "text": "kept"}, id="kept", events=True)
            assert again == fresh | {"dup": True, "ref": again["ref"]}
            await bob.act(room, {"type": "say", "text": "one more"})
            again = await ada.act(room, {"type": "say", "text": "kept"}, id="kept", events=True)
            assert again == fresh | {"dup": True, "ref": again["ref"], "events": None}
        for client in clients:
            await client.drop()

    def numbered(event):
        [numbering] = {"n", "m"} & event.keys()
        return numbering, event[numbering]

    parlour.run(talk())


def test_only_true_and_false_say_whether_events_are_wanted(server):
    async def talk():
        async with parlour.Client(server, "ada") as ada:
            await ada.open("cards", "g")
            await ada.join("g")
            for events in (None, 1, "true", [], {}):
                try:
                    await ada.act("g", {"type": "end_turn"}, events=events)
                    raise AssertionError(f"{events!r} was taken")
                except parlour.Refused as refused:
                    assert refused.code == "invalid_message"

    parlour.run(talk())


def short(frame):
    """An event's frame as answers tell it."""
    return {key: frame[key] for key in ("type", "n", "m", "payload") if key in frame}


def events(client, room, start):
    """The events of a room that came from frame `start` on."""
    of_room = [frame for frame in client.frames[start:] if frame.get("room") == room]
    return [frame for frame in of_room if "n" in frame or "m" in frame]
