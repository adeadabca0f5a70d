"""Batches, pulses, topics and history, played in the lounge of tools/lab by clients that share no code with the server."""

import json
import random
import subprocess

import pytest

import parlour
from codes import assert_typed


@pytest.fixture
def lab(make_server):
    return make_server(program=parlour.lab())


def say(text):
    return {"type": "say", "text": text}


async def refused(coroutine):
    with pytest.raises(parlour.Refused) as caught:
        await coroutine
    return caught.value.payload


async def batch(client, room, actions, *, atomic=False, **fields):
    return await client.request("batch", {"atomic": atomic, "actions": actions}, room=room, **fields)


async def settled(client):
    """Everything that room `l` was told before has arrived."""
    await client.request("legal", room="l")


def heard(client, start, *kinds):
    return [frame for frame in client.frames[start:] if frame["type"] in kinds]


async def seated(lab, *names):
    """Clients who sit in room `l`, in this order."""
    clients = [parlour.Client(lab, name) for name in names]
    for number, client in enumerate(clients):
        await client.connect()
        if number == 0:
            await client.open("lounge", "l")
        await client.join("l")
    return clients


async def dropped(clients):
    for client in clients:
        await client.drop()


def test_a_batch_plays_in_order_and_is_answered_once_with_the_answer_of_each(lab):
    async def talk():
        ada, bob = clients = await seated(lab, "ada", "bob")
        start = len(bob.frames)
        answer = await batch(ada, "l", [say("one"), say(""), {"type": "nonsense"}, say("two")], id="b1")
        results = answer["results"]
        assert [result["status"] for result in results] == ["ok", "error", "error", "ok"]
        assert [result.get("code") for result in results] == [None, "empty", "invalid_action", None]
        life = answer["at"].split(".")[0]
        assert [result.get("at") for result in results] == [f"{life}.1.0", None, None, f"{life}.2.0"]
        assert (answer["at"], answer["dup"]) == (f"{life}.2.0", False)
        await settled(bob)
        assert [(said["n"], said["payload"]["text"]) for said in heard(bob, start, "said")] == [(1, "one"), (2, "two")]
        again = await batch(ada, "l", [say("one"), say(""), {"type": "nonsense"}, say("two")], id="b1")
        assert again == answer | {"ref": again["ref"], "dup": True}
        for other in ([say("one")], [say("one"), say(""), {"type": "nonsense"}, say("three")]):
            assert_typed(await refused(batch(ada, "l", other, id="b1")), "id_reused")
        same = [say("one"), say(""), {"type": "nonsense"}, say("two")]
        assert_typed(await refused(batch(ada, "l", same, atomic=True, id="b1")), "id_reused")
        assert_typed(await refused(ada.act("l", say("one"), id="b1")), "id_reused")
        await ada.act("l", say("single"), id="a1")
        assert_typed(await refused(batch(ada, "l", [say("single")], id="a1")), "id_reused")
        await dropped(clients)

    parlour.run(talk())


def test_an_atomic_batch_is_kept_or_dropped_whole(lab):
    async def talk():
        ada, bob = clients = await seated(lab, "ada", "bob")
        start = len(bob.frames)
        failure = await refused(batch(ada, "l", [say("one"), say(""), say("two")], atomic=True, id="b1"))
        assert (failure["code"], failure["kind"], failure["failed_action"]) == ("empty", "illegal", 1)
        again = await refused(batch(ada, "l", [say("one"), say(""), say("two")], atomic=True, id="b1"))
        assert again == failure | {"ref": again["ref"]}
        # What was refused for an action before it in the same batch.
        failure = await refused(batch(ada, "l", [{"type": "hush", "seat": 0}, say("one")], atomic=True))
        assert (failure["code"], failure["failed_action"]) == ("hushed", 1)
        failure = await refused(batch(ada, "l", [{"type": "end"}, say("one")], atomic=True))
        assert (failure["code"], failure["failed_action"]) == ("room_closed", 1)
        answer = await batch(ada, "l", [say("three"), say("four")], atomic=True, id="b2")
        assert [result["status"] for result in answer["results"]] == ["ok", "ok"]
        await settled(bob)
        assert [(said["n"], said["payload"]["text"]) for said in heard(bob, start, "said")] == [(1, "three"), (2, "four")]
        await dropped(clients)

    parlour.run(talk())


def test_where_something_is_hidden_no_batch_is_tried_whole_and_taken_back(lab):
    """Which of its actions is refused would tell what comes next, and nothing of it would have happened."""

    async def talk():
        async with parlour.Client(lab, "ada") as ada:
            await ada.open("pad", "l")
            await ada.join("l")
            start = len(ada.frames)
            for id in ({}, {"id": "b1"}):
                assert_typed(await refused(batch(ada, "l", [{"type": "write", "text": "x"}], atomic=True, **id)), "not_atomic")
            await settled(ada)
            assert heard(ada, start, "patch") == []

    parlour.run(talk())


def test_who_loses_the_seat_in_the_middle_of_a_batch_plays_no_further(lab):
    async def talk():
        ada, bob = clients = await seated(lab, "ada", "bob")
        answer = await batch(ada, "l", [say("bye"), {"type": "go"}, say("still here")], id="b1")
        assert [result.get("code") for result in answer["results"]] == [None, None, "not_in_room"]
        await ada.until(lambda said: said["type"] == "user_left" and said["payload"].get("you"), "to be told so")
        again = await batch(ada, "l", [say("bye"), {"type": "go"}, say("still here")], id="b1")
        assert again["dup"] and again["results"] == answer["results"]
        answer = await batch(bob, "l", [{"type": "end"}, say("after")])
        assert [result.get("code") for result in answer["results"]] == [None, "room_closed"]
        assert (await refused(batch(bob, "l", [say("late")])))["code"] == "room_closed"
        await dropped(clients)

    parlour.run(talk())


def test_a_panic_in_a_batch_costs_that_action_only_and_nothing_of_an_atomic_one_is_kept(lab):
    async def talk():
        ada, bob = clients = await seated(lab, "ada", "bob")
        start = len(bob.frames)
        answer = await batch(ada, "l", [say("one"), {"type": "trip"}, say("two")])
        assert [result.get("code") for result in answer["results"]] == [None, "internal", None]
        failure = await refused(batch(ada, "l", [say("three"), {"type": "trip"}], atomic=True))
        assert (failure["code"], failure["failed_action"]) == ("internal", 1)
        await settled(bob)
        assert [said["payload"]["text"] for said in heard(bob, start, "said")] == ["one", "two"]
        await dropped(clients)

    parlour.run(talk())
    assert lab.stop() == 0
    # What was recorded replays to the same hashes.
    verify = [lab.program, "replay", "l", "--verify", "--data", lab.data]
    done = subprocess.run(verify, env=parlour.environment(), capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr


def test_a_batch_counts_once_across_a_kill(lab):
    actions = [say("one"), say(""), {"type": "whisper", "to": 0, "text": "psst"}, say("two")]

    async def first():
        ada, = clients = await seated(lab, "ada")
        answer = await batch(ada, "l", actions, id="b1")
        await dropped(clients)
        return answer

    answer = parlour.run(first())
    lab.kill()
    lab.start()

    async def second():
        async with parlour.Client(lab, "ada") as ada:
            await ada.join("l")
            again = await batch(ada, "l", actions, id="b1")
            assert again == answer | {"ref": again["ref"], "dup": True}
            view = await ada.until(lambda said: said["type"] == "view", "a view")
            assert view["payload"] == {"lines": 2}

    parlour.run(second())


def test_a_pulse_is_shown_to_whom_the_rules_name_and_greets_who_comes_late(lab):
    async def talk():
        ada, bob, cyn = clients = await seated(lab, "ada", "bob", "cyn")
        eve = await parlour.Client(lab, "eve").connect()
        await eve.join("l", as_="spectator")
        start = [len(client.frames) for client in (ada, bob, cyn, eve)]
        await ada.request("typing", {"room_id": "l"})
        await ada.request("typing", {"room_id": "l", "to": 1})
        await bob.request("pen", {"room_id": "l", "x": 1, "y": 2})
        await bob.request("pen", {"room_id": "l", "x": 3, "y": 4})
        for client in (ada, bob, cyn):
            await settled(client)
        await eve.request("unsubscribe", {"room_id": "l"})
        shown = [[(said["type"], said["by"], said["payload"]) for said in heard(client, at, "typing", "pen")]
                 for client, at in zip((ada, bob, cyn, eve), start)]
        pens = [("pen", 1, {"x": 1, "y": 2}), ("pen", 1, {"x": 3, "y": 4})]
        assert shown == [
            pens,
            [("typing", 0, {"to": None}), ("typing", 0, {"to": 1})],
            [("typing", 0, {"to": None}), *pens],
            [("typing", 0, {"to": None}), *pens],
        ]
        assert all("n" not in said and "m" not in said for client in clients for said in heard(client, 0, "typing", "pen"))

        async def greeted(name, **wish):
            async with parlour.Client(lab, name) as late:
                await late.join("l", **wish)
                await late.request("legal" if not wish else "unsubscribe", {"room_id": "l"})
                return [(said["type"], said["payload"]) for said in heard(late, 0, "typing", "pen")]

        # The last of each type from each sender, and what was meant for one seat to its holder only.
        assert await greeted("dan", as_="spectator") == [("pen", {"x": 3, "y": 4})]
        assert await greeted("bob") == [("typing", {"to": 1}), ("pen", {"x": 3, "y": 4})]
        # Who takes the seat later was not meant, and who has gone shows nothing more.
        await bob.request("leave_room", {"room_id": "l"})
        assert await greeted("fay") == []
        await dropped([*clients, eve])

    parlour.run(talk())


def test_pulses_that_are_none_are_told_so(lab):
    async def talk():
        ada, bob = clients = await seated(lab, "ada", "bob")
        start = len(ada.frames)
        for payload, code in [({"to": "all"}, "invalid_pulse"), ({"more": 1}, "invalid_pulse"), ({"to": -1}, "invalid_pulse")]:
            assert_typed(await refused(bob.request("typing", {"room_id": "l"} | payload)), code)
        assert_typed(await refused(bob.request("pen", {"room_id": "l", "x": 1, "y": 1, "z": "z" * 2000})), "invalid_pulse")
        assert_typed(await refused(bob.act("l", {"type": "typing"})), "invalid_action")
        async with parlour.Client(lab, "eve") as eve:
            assert_typed(await refused(eve.request("typing", {"room_id": "l"})), "not_in_room")
            assert_typed(await refused(eve.request("typing", {"room_id": "nowhere"})), "room_not_found")
        await ada.act("l", {"type": "hush", "seat": 1})
        assert_typed(await refused(bob.request("typing", {"room_id": "l"})), "pulse_refused")
        await ada.act("l", {"type": "end"})
        assert_typed(await refused(ada.request("typing", {"room_id": "l"})), "room_closed")
        assert heard(ada, start, "typing", "pen") == []
        await dropped(clients)

    parlour.run(talk())


def test_topics_tell_what_changes_of_public_rooms_merged_and_nothing_of_others(lab):
    async def talk():
        async with parlour.Client(lab, "ada") as ada, parlour.Client(lab, "eve") as eve:
            for topic in ("rooms", "rooms:pad", "system"):
                await eve.request("subscribe", {"topic": topic})
            await ada.open("lounge", "l")
            await ada.join("l")
            entry = lambda room, what: lambda said: said["type"] == "topic" and said["topic"] == "rooms" and any(
                shown["room_id"] == room and what(shown) for shown in said["payload"]["rooms"])
            await eve.until(entry("l", lambda shown: len(shown["members"]) == 1), "room l with a member")
            await ada.open("pad", "p")
            await eve.until(lambda said: said.get("topic") == "rooms:pad", "the pad")
            assert all(shown["kind"] == "pad" for said in eve.frames if said.get("topic") == "rooms:pad"
                       for shown in said["payload"]["rooms"])
            await ada.act("l", {"type": "shut", "shut": True})
            await eve.until(entry("l", lambda shown: shown["status"] == "gone"), "room l to be gone")
            rooms = (await eve.request("list_rooms"))["rooms"]
            assert [room["room_id"] for room in rooms] == ["p"]
            assert (await refused(eve.join("l", as_="spectator")))["code"] == "room_not_found"
            start = len(eve.frames)
            async with parlour.Client(lab, "bob") as bob:
                await bob.join("l")
                await bob.open("pad", "p1")
            await eve.until(entry("p1", lambda shown: True), "another pad", start=start)
            system = await eve.until(lambda said: said.get("topic") == "system", "the server")
            assert system["payload"]["status"] == "ready"
            assert not any(shown["room_id"] == "l" for said in eve.frames[start:] if said["type"] == "topic"
                           for shown in said["payload"].get("rooms", []))
            for topic in ("rooms", "rooms:pad", "system"):
                await eve.request("unsubscribe", {"topic": topic})
            start = len(eve.frames)
            await ada.open("pad", "p2")
            await eve.request("list_rooms")
            assert heard(eve, start, "topic") == []
            for kind in ("subscribe", "unsubscribe"):
                assert_typed(await refused(eve.request(kind, {"topic": "weather"})), "unknown_topic")
                assert_typed(await refused(eve.request(kind, {"topic": 5})), "invalid_message")
            assert_typed(await refused(eve.request("subscribe", {})), "invalid_message")
            assert_typed(await refused(eve.request("subscribe", {"topic": "rooms:chess"})), "unknown_kind")

    parlour.run(talk())


async def history(client, **payload):
    return await client.request("history", payload, room="l")


def test_history_is_read_backwards_page_by_page_also_past_the_ring_and_a_kill(lab, seed):
    async def first():
        ada, bob = clients = await seated(lab, "ada", "bob")
        for number in range(3):
            await ada.act("l", {"type": "repeat", "text": f"burst {number}", "times": 200})
        await bob.act("l", {"type": "whisper", "to": 0, "text": "secret"})
        answer = await bob.act("l", say("last"))
        # All that is acknowledged is there.
        page = await history(bob, limit=2)
        assert [(event["type"], event["n"]) for event in page["events"]] == [("whispered", 601), ("said", 602)]
        assert page["events"][0]["payload"] == {"by": 1, "to": 0, "text": None}
        assert page["more"] and answer["at"].startswith(page["life"])
        await dropped(clients)

    parlour.run(first())
    lab.kill()
    lab.start()
    dice = random.Random(seed)

    async def second():
        async with parlour.Client(lab, "eve") as eve:
            texts, before, more = [], {}, True
            while more:
                page = await history(eve, limit=dice.randrange(1, 250), **before)
                more = page["more"]
                texts = [(event["n"], event["payload"].get("text")) for event in page["events"]] + texts
                before = {"before": f"{page['life']}.{page['events'][0]['n']}"}
            expected = [f"burst {number} {time}" for number in range(3) for time in range(200)] + [None, "last"]
            assert texts == list(enumerate(expected, 1))
            assert (await history(eve, **before))["events"] == []
            assert "secret" not in json.dumps(eve.frames)

    parlour.run(second())


def test_history_is_for_those_who_may_watch_and_of_the_present_life(lab):
    async def talk():
        ada, = clients = await seated(lab, "ada")
        async with parlour.Client(lab, "eve") as eve:
            await ada.act("l", say("one"))
            life = (await history(eve))["life"]
            assert_typed(await refused(eve.request("history", room="nowhere")), "room_not_found")
            await ada.open("pad", "p")
            assert_typed(await refused(eve.request("history", room="p")), "no_history")
            for payload in ({"before": 5}, {"before": "x"}, {"limit": -1}, {"limit": "9"}):
                assert_typed(await refused(history(eve, **payload)), "invalid_message")
            assert_typed(await refused(history(eve, before="other.5")), "other_life")
            await ada.act("l", {"type": "shut", "shut": True})
            assert_typed(await refused(history(eve)), "room_not_found")
            assert [event["payload"]["text"] for event in (await history(ada))["events"]] == ["one"]
            await ada.act("l", {"type": "end"})
            await eve.open("lounge", "l")
            page = await history(eve)
            assert page["events"] == [] and not page["more"] and page["life"] != life

    parlour.run(talk())


WRONG_BATCHES = [
    (None, "invalid_message"),
    ({}, "invalid_message"),
    ({"actions": 5}, "invalid_message"),
    ({"actions": []}, "invalid_batch"),
    ({"actions": [5]}, "invalid_batch"),
    ({"actions": [[]]}, "invalid_batch"),
    ({"actions": [{"type": "say", "text": "x"}] * 33}, "invalid_batch"),
    ({"actions": [{"type": "say", "text": "x"}], "atomic": "yes"}, "invalid_message"),
]


def test_each_wrong_batch_gets_one_typed_answer(lab):
    async def talk():
        ada, = clients = await seated(lab, "ada")
        for payload, code in WRONG_BATCHES:
            await settled(ada)
            before = len(ada.frames)
            assert_typed(await refused(ada.request("batch", payload, room="l")), code)
            await ada.request("ping")
            assert [said["type"] for said in ada.frames[before:]] == ["ack", "pong", "ack"], payload
        assert_typed(await refused(ada.request("batch", {"actions": [say("x")]})), "invalid_message")
        assert_typed(await refused(ada.request("batch", {"actions": [say("x")]}, room="l", id=5)), "invalid_message")
        async with parlour.Client(lab, "eve") as eve:
            assert_typed(await refused(batch(eve, "l", [say("x")])), "not_in_room")
            assert_typed(await refused(batch(eve, "nowhere", [say("x")])), "room_not_found")
        # A refusal of the rules is cut where it would weigh too much to be remembered.
        answer = await batch(ada, "l", [say("é" * 600), say("fine")])
        assert answer["results"][0]["code"] == "too_long" and len(answer["results"][0]["message"].encode()) <= 256
        await dropped(clients)

    parlour.run(talk())
