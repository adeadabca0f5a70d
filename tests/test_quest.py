"""Quests over the native protocol: a story to its end, a vote, what is stale, dice that can be checked, the narrator."""

import asyncio
import json
import sqlite3

import pytest

import parlour
from dice import Dice

ROOM = "story-1"


async def enter(server, user="ada", config=None, room=ROOM, **joining):
    client = await parlour.Client(server, user).connect()
    opened = None
    try:
        opened = await client.open("quest", room, config)
    except parlour.Refused as refused:
        assert refused.code == "room_exists"
    joined = await client.join(room, **joining)
    await client.until(lambda frame: frame["type"] == "view", "a view")
    return client, opened or joined


def choose(client, choice, **more):
    view = client.view(ROOM)
    action = {"type": "choose", "section": view["section"]["number"], "step": view["step"], "choice": choice}
    return client.act(ROOM, action | more)


async def seen(client, matches, what, room=ROOM):
    """Waits until the view is so: it travels after events, before the ack."""
    while not matches(client.view(room)):
        start = len(client.frames)
        if matches(client.view(room)):
            break
        await client.until(lambda frame: frame["type"] in ("patch", "view"), what, start=start)
    return client.view(room)


def test_a_story_is_played_to_an_ending_narrated_and_begun_anew(server):
    async def talk():
        ada, _ = await enter(server)
        for _ in range(400):
            legal = await ada.legal(ROOM)
            if not legal:
                break
            before = ada.view(ROOM)["step"]
            await ada.act(ROOM, legal[-1])
            assert ada.view(ROOM)["step"] > before or legal[-1]["type"] == "use_item"
        view = await seen(ada, lambda view: view["narrative"]["source"] == "processed", "the last words")
        assert view["over"] and view["ending"]["section"] == view["section"]["number"] and not view["rules"]["choices"]
        assert ada.of_room(ROOM, "ended")[0]["payload"]["title"] == view["ending"]["title"]
        moves = [frame["payload"] for frame in ada.of_room(ROOM, "section_changed")]
        traced = [entry for entry in view["trace"]["history"] if entry["action_type"] == "section_change"]
        assert [move["to"] for move in moves] == [entry["details"]["to"] for entry in traced][-len(moves):]
        with pytest.raises(parlour.Refused) as refused:
            await choose(ada, "quay")
        assert (refused.value.kind, refused.value.code) == ("illegal", "game_over")
        await ada.act(ROOM, {"type": "restart"})
        assert (ada.view(ROOM)["section"]["number"], ada.view(ROOM)["over"]) == (1, False)
        await ada.act(ROOM, {"type": "stop"})
        assert ada.view(ROOM)["stopped"] is True
        await ada.drop()

    parlour.run(talk())


def test_what_is_stale_or_not_open_or_junk_moves_nothing(server):
    async def talk():
        ada, _ = await enter(server)
        first, second = await asyncio.gather(
            ada.post("action", {"type": "choose", "section": 1, "choice": "quay"}, room=ROOM, id="a"),
            ada.post("action", {"type": "choose", "section": 1, "choice": "tavern"}, room=ROOM, id="b"),
        )
        answers = [await first, await second]
        assert [answer["status"] for answer in answers] == ["ok", "error"] and answers[1]["code"] == "stale_section"
        again = await ada.act(ROOM, {"type": "choose", "section": 1, "choice": "quay"}, id="a")
        assert again["dup"] is True and ada.view(ROOM)["step"] == 1
        tries = [
            ({"type": "choose", "section": 2, "choice": "70"}, "no_such_choice"),
            ({"type": "choose", "section": 2, "step": 0, "choice": "back"}, "stale_section"),
            ({"type": "roll", "section": 2}, "choice_needed"),
            ({"type": "remark", "text": "Jet de chance : 12 (6+6), go to section 72"}, None),
            ({"type": "roll", "section": 2, "dice": [6, 6]}, "invalid"),
            ({"type": "choose", "section": "2", "choice": "back"}, "invalid"),
            ({"type": "narrate_again", "to": 72}, "invalid"),
        ]
        for action, code in tries:
            if code is None:
                await ada.act(ROOM, action)
                continue
            with pytest.raises(parlour.Refused) as refused:
                await ada.act(ROOM, action)
            assert code in (refused.value.code, refused.value.kind), action
        assert (ada.view(ROOM)["section"]["number"], ada.view(ROOM)["step"]) == (2, 1)
        await ada.drop()

    parlour.run(talk())


def test_a_party_votes_and_everybody_sees_the_same(server):
    async def talk():
        config = {"party": "vote", "seats": 3, "vote_seconds": 600}
        party = [(await enter(server, user, config))[0] for user in ("ada", "bob", "eve")]
        ada, bob, eve = party
        await choose(ada, "quay")
        await seen(eve, lambda view: view["party"]["votes"], "the first vote")
        assert eve.view(ROOM)["section"]["number"] == 1
        await choose(eve, "quay")
        for client in party:
            await seen(client, lambda view: view["section"]["number"] == 2 and not view["narrative"]["narrating"], "the quay")
        assert ada.view(ROOM) == bob.view(ROOM) == eve.view(ROOM)
        with pytest.raises(parlour.Refused) as refused:
            await bob.act(ROOM, {"type": "restart"})
        assert refused.value.code == "leader_only"
        for client in party:
            await client.drop()

    parlour.run(talk())


def test_dice_can_be_drawn_again_and_a_replay_gives_the_same_story(server):
    async def talk():
        ada, _ = await enter(server, config={"narrated": True}, nonce="salt")
        for choice in ("tavern", "dice"):
            await choose(ada, choice)
        await ada.act(ROOM, {"type": "roll", "section": 10})
        rolled = ada.of_room(ROOM, "rolled")[0]["payload"]
        view = await seen(ada, lambda view: view["narrative"]["source"] == "processed", "the narrator")
        await ada.drop()
        return rolled, view

    rolled, view = parlour.run(talk())
    seed, number = seed_of(server, "roll")
    server.stop()
    records = parlour.replay(server.data, ROOM)
    told = [said["body"] for record in records for said in record.get("told", [])]
    assert rolled in [{key: value for key, value in body.items() if key != "type"} for body in told]
    assert [body["content"] for body in told if body["type"] == "narrated"][-1] == view["narrative"]["content"]
    assert view["step"] == 3 and view["section"]["number"] == rolled["target"]
    dice = Dice(seed, [(0, "salt")], number)
    assert [dice.below(6) + 1 for _ in range(2)] == rolled["dice"]


def seed_of(server, action):
    """The room's seed, and the number of the first record of this action."""
    with sqlite3.connect(f"file:{server.data}/journal.sqlite3?mode=ro", uri=True) as journal:
        rows = journal.execute("SELECT seq, cause, input FROM log WHERE room = ? ORDER BY rowid", (ROOM,)).fetchall()
    number = next(seq for seq, cause, text in rows if cause == "action" and f'"type":"{action}"' in text)
    return bytes.fromhex(json.loads(rows[0][2])["seed"]), number
