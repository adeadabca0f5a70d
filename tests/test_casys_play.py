"""Games through the dialect casys: what a connection is shown, and what choosing does."""

import asyncio
import json
import random
import time

import pytest

import casys
import compatibility
import parlour
from casys import KEYS, assert_error, choice, without_seq


@pytest.fixture
def front(casys_front):
    """A server in this mode, and by what it is played."""
    return casys_front

SHAPES = {
    "narrative": {"section_number", "content", "source_type", "error", "timestamp", "last_update"},
    "rules": {
        "section_number",
        "dice_type",
        "needs_dice",
        "needs_user_response",
        "next_action",
        "conditions",
        "choices",
        "rules_summary",
        "error",
        "source",
        "source_type",
        "last_update",
    },
    "decision": {
        "section_number",
        "next_section",
        "player_input",
        "error",
        "awaiting_action",
        "conditions",
        "timestamp",
        "next_action",
    },
    "trace": {"game_id", "session_id", "section_number", "start_time", "history"},
    "character": {"name", "stats", "inventory"},
}


FIRST_STATE = 1.0
"""Within so many seconds the first state is there."""

SLACK = 20
"""So many times slower a machine may be that has much else to do."""


@compatibility.check("casys", 1)
@casys.both
def test_the_first_frame_is_a_state_with_the_keys_of_the_original(front):
    async def talk():
        async with front.table() as table:
            await table.initialise()
            for path in casys.PATHS:
                begin = time.monotonic()
                client = await table.connect(path, game_id=table.game, session_id="s-1")
                state = await client.until(lambda _: True, deadline=SLACK * FIRST_STATE)
                took = time.monotonic() - begin
                print(f"{path}: the first state was there after {1000 * took:.1f} ms")
                assert took < SLACK * FIRST_STATE
                assert state["type"] == "state" and KEYS <= set(state), state
                assert (state["game_id"], state["session_id"], state["section_number"]) == (table.game, "s-1", 1)
                for part, keys in SHAPES.items():
                    assert keys <= set(state[part]), (part, state[part])
                assert state["rules"]["choices"] and state["decision"]["awaiting_action"] == "user_input"
                for offered in state["rules"]["choices"]:
                    assert {"text", "type", "target_section", "conditions", "dice_type", "dice_results"} <= set(offered)
                stamp = state["narrative"]["timestamp"]
                assert stamp.startswith("20") and stamp.endswith("Z") == (front.mode == "strict"), stamp

    parlour.run(talk())


@compatibility.check("casys", 1, 18)
@casys.both
def test_without_a_game_compat_shows_the_one_initialised_last_and_strict_says_no(front):
    async def talk():
        async with front.table() as table:
            await table.initialise()
            client = await table.connect("/api/ws/game")
            if front.mode == "strict":
                assert_error(await client.until("message_error"), "message_error", "game_id_required")
                assert await client.until_closed() == (1008, "game_id_required")
                nobody = await table.connect(user=None, game_id=table.game)
                assert_error(await nobody.until("message_error"), "message_error", "authentication_required")
                assert await nobody.until_closed() == (1008, "authentication_required")
            else:
                assert (await client.until("state"))["game_id"] == table.game
                second = await table.initialise()
                assert (await (await table.connect("/ws/game")).until("state"))["game_id"] == second["game_id"]
            lost = await table.connect(game_id="no-such-game")
            assert_error(await lost.until("message_error"), "message_error", "game_not_found")
            assert (await lost.until_closed())[0] == 1008

    parlour.run(talk())


@compatibility.check("casys", 1, 18)
def test_the_game_initialised_last_is_that_of_ones_own_address(front):
    async def talk():
        async with front.table() as table:
            games = {}
            for source in ("127.0.0.1", "127.0.0.2"):
                games[source] = await table.initialise(source=source, session_id=f"of-{source}")
            for source, game in games.items():
                client = await table.connect("/ws/game", source=source)
                if front.mode == "strict":
                    assert_error(await client.until("message_error"), "message_error", "game_id_required")
                    continue
                state = await client.until("state")
                assert (state["game_id"], state["session_id"]) == (game["game_id"], f"of-{source}")
                status, done = await table.http("POST", "/api/game/reset", source=source)
                assert (status, done["game_id"]) == (200, game["game_id"])
            # From where none was initialised it is nobody's.
            if front.mode == "compat":
                other = await table.connect("/ws/game", source="127.0.0.3")
                assert (await other.until("state"))["game_id"] == casys.DEFAULT

    parlour.run(talk())


@compatibility.check("casys", 1, 4)
def test_where_no_game_was_initialised_there_is_one_that_opens_by_being_looked_at(fresh_front):
    front = fresh_front()

    async def talk():
        async with front.table() as table:
            named = {} if front.mode == "compat" else {"game_id": casys.DEFAULT}
            ada = await table.connect("/api/ws/game", **named)
            state = await ada.until(lambda _: True)
            assert (state["type"], state["game_id"], state["section_number"]) == ("state", casys.DEFAULT, 1)
            bob = await table.connect("/api/ws/game", **named)
            await bob.until("state")
            await ada.go(2)
            await bob.shown(2)
            # Its seats are for players: who comes again has the one that they had.
            assert len(bob.states[-1]["metadata"]["party"]["members"]) == 1

    parlour.run(talk())


@compatibility.check("casys", 2)
@casys.both
def test_a_ping_is_echoed_as_it_came_and_never_as_none(front):
    async def talk():
        async with front.table() as table:
            client = await table.client()
            for timestamp in ("2026-11-21T10:00:00.000001", "", "None?", 123, 1.5, "é\u2028"):
                pong = await client.ask({"type": "ping", "timestamp": timestamp}, "pong")
                assert pong["timestamp"] == timestamp and pong["server_time"].endswith("Z")
            for ping in ({"type": "ping"}, {"type": "ping", "timestamp": None}):
                pong = await client.ask(ping, "pong")
                assert "timestamp" not in pong and "None" not in client.texts[-1]

    parlour.run(talk())


@compatibility.check("casys", 3, 4)
@casys.both
def test_a_legal_choice_is_shown_to_every_client_of_the_game_and_get_state_gives_the_same(front):
    async def talk():
        async with front.table() as table:
            ada = await table.client()
            others = [await table.client(user="bob"), await table.client("/ws/game", user="cyd")]
            text = next(c["text"] for c in ada.states[-1]["rules"]["choices"] if c["target_section"] == 2)
            state = await ada.choose("2", text, table.game, {"type": "direct", "target_section": 2})
            assert state["section_number"] == 2 == state["narrative"]["section_number"] == state["rules"]["section_number"]
            for other in others:
                shown = await other.shown(2)
                # Who is there, and what the narrator has said, may have changed between two of them.
                for part in ("rules", "character", "decision"):
                    assert shown[part] == state[part]
            for client in (ada, *others):
                # Until the narrator is done another state may come at any moment.
                await client.shown(2, more=lambda state: not state["narrative"]["narrating"])
                start = len(client.frames)
                told = await client.state()
                again = client.frames[start:].index(told) + start
                before = [text for text in client.texts[:again] if json.loads(text)["type"] == "state"]
                assert client.texts[again] == before[-1]
            seqs = [state["seq"] for state in ada.states]
            assert seqs == sorted(seqs)

    parlour.run(talk())


@compatibility.check("casys", 5)
@casys.both
def test_a_choice_never_reaches_another_game(front):
    async def talk():
        async with front.table() as table:
            ada = await table.client()
            first = table.game
            await table.initialise(user="bob")
            bob = await table.client(user="bob")
            start = len(bob.frames)
            assert_error(await ada.choose("2", game=table.game), "choice_error", "wrong_game")
            assert (await ada.choose("2", game=first))["section_number"] == 2
            await bob.settled()
            assert [frame for frame in bob.frames[start:] if frame.get("section_number") == 2] == []
            assert (await bob.state())["section_number"] == 1

    parlour.run(talk())


@compatibility.check("casys", 6)
@casys.both
def test_what_is_no_choice_of_the_section_is_refused_and_changes_nothing(front):
    async def talk():
        async with front.table() as table:
            await table.initialise(settings={"narrated": False})
            ada = await table.client()
            await ada.settled()
            shown = without_seq(ada.states[-1])
            for wrong in ("67", "0", "-1", "2 ", "zzz", "", "9" * 1000, "nul\x00"):
                assert_error(await ada.choose(wrong, "Walk along the dark quay", table.game), "choice_error", "no_such_choice")
            teleport = {"type": "direct", "target_section": 60, "conditions": []}
            assert_error(await ada.choose("60", "go to 60", table.game, teleport), "choice_error", "no_such_choice")
            await ada.settled()
            assert without_seq(await ada.state()) == shown

    parlour.run(talk())


async def to_the_dice(client):
    """To a section where dice decide."""
    state = await client.go(4, 10)
    assert state["rules"]["needs_dice"] is True and state["decision"]["awaiting_action"] == "dice_roll", state
    return state


@compatibility.check("casys", 7)
@casys.both
def test_the_server_rolls_whatever_a_client_says_of_the_dice(front):
    async def talk():
        async with front.table() as table:
            ada = await table.client()
            state = await to_the_dice(ada)
            table_of = state["rules"]["choices"][0]
            lie = {"type": "dice", "target_section": 0, "dice_results": {"total": 12, "details": [6, 6], "type": "chance"}}
            told = await ada.choose("0", "Jet de chance : 12 (6+6)", table.game, lie)
            if front.mode == "strict":
                assert_error(told, "choice_error", "fabricated_roll")
                assert_error(await ada.choose("", "Un jet de 12"), "choice_error", "fabricated_roll")
                told = await ada.choose(table_of["id"])
            (roll,) = [entry for entry in told["trace"]["history"] if entry["action_type"] == "dice_roll"]
            dice, total = roll["details"]["dice"], roll["details"]["roll_result"]
            assert sum(dice) == total and all(1 <= die <= 6 for die in dice)
            target = next(to for span, to in table_of["dice_results"].items() if total in totals(span))
            assert told["section_number"] == target
            replayed = await asyncio.to_thread(parlour.replay, front.server.data, table.game)
            assert f'"roll_result": {total}' in json.dumps(replayed) or f'"total": {total}' in json.dumps(replayed)
            await asyncio.to_thread(
                parlour.cli, "replay", table.game, "--verify", "--data", front.server.data, expect=0
            )

    parlour.run(talk())


FALLEN = 67
"""Where everybody ends up who has no endurance left."""


def totals(span):
    low, _, high = span.partition("-")
    return range(int(low), int(high or low) + 1)


@compatibility.check("casys", 10)
@casys.both
def test_of_two_choices_for_one_section_the_first_counts_and_the_same_again_counts_once(front):
    async def talk():
        async with front.table() as table:
            ada = await table.client()
            start = len(ada.frames)
            await ada.send(choice("3"))
            await ada.send(choice("4"))
            error = await ada.until("choice_error", start=start)
            assert_error(error, "choice_error", "stale_section")
            state = await ada.state()
            assert state["section_number"] == 3
            for _ in range(3):
                await ada.send(choice("7"))
            await ada.settled()
            state = await ada.state()
            assert state["section_number"] == 7
            inputs = [entry for entry in state["trace"]["history"] if entry["action_type"] == "user_input"]
            assert [entry["details"]["choice"] for entry in inputs] == ["customs", "warden"]
            # Under a client's own id, and with the section that it answers, on another connection too.
            onward = state["rules"]["choices"][0]
            named = {"id": "mine-1", "section_number": 7, "step": state["metadata"]["step"]}
            assert (await ada.choose(onward["id"], metadata=named))["section_number"] == onward["target_section"]
            again = await table.client()
            told = await again.ask(choice(onward["id"], metadata=named), "state", "choice_error")
            assert told["type"] == "state" and told["section_number"] == onward["target_section"]
            assert (await again.choose(onward["id"], metadata=named | {"id": "mine-2"}))["code"] == "stale_section"

    parlour.run(talk())


@compatibility.check("casys", 15)
@casys.both
def test_who_comes_back_sees_what_is_waited_for_also_after_a_kill_of_the_server(fresh_front):
    front = fresh_front()

    async def talk():
        async with front.table() as table:
            link = await table.relay()
            ada = await table.client(over=link)
            await to_the_dice(ada)
            link.cut()
            await ada.until_closed()
            ada = await table.client()
            assert ada.states[0]["decision"]["awaiting_action"] == "dice_roll"
            await asyncio.to_thread(front.server.kill)
            await ada.until_closed()
            await asyncio.to_thread(front.server.start)
            ada = await table.client()
            assert (ada.states[0]["decision"]["awaiting_action"], ada.states[0]["section_number"]) == ("dice_roll", 10)
            assert (await ada.choose("throw"))["section_number"] in (15, 16, 17)

    parlour.run(talk())


@compatibility.check("casys", 15)
@casys.both
def test_what_was_said_before_the_first_state_is_the_answer_to_it(front):
    async def talk():
        async with front.table() as table:
            await table.initialise()
            client = await table.connect(game_id=table.game)
            # Clients that come back say what they had queued as soon as the connection stands.
            await client.send(choice("2"))
            await client.send({"type": "get_state"})
            await client.shown(2)
            assert client.frames[0]["type"] == "state" and client.frames[0]["section_number"] == 1

    parlour.run(talk())


@compatibility.check("casys", 16)
@casys.both
def test_wherever_one_goes_targets_exist_and_dice_cover_every_total(front, seed):
    dice = random.Random(seed)

    async def talk():
        async with front.table() as table:
            await table.initialise(settings={"narrated": False})
            ada = await table.client()
            state, seen = ada.states[-1], set()
            for _ in range(60):
                seen.add(state["section_number"])
                for offered in state["rules"]["choices"]:
                    kind = offered["type"]
                    assert (offered["target_section"] is None) == (kind in ("dice", "mixed")), offered
                    assert bool(offered["conditions"]) == (kind in ("conditional", "mixed")), offered
                    if kind in ("dice", "mixed"):
                        covered = sorted(n for span in offered["dice_results"] for n in totals(span))
                        assert covered == list(range(2, 13)), offered
                    else:
                        assert offered["dice_results"] is None
                ways = [offered for offered in state["rules"]["choices"] if offered["open"]]
                if not state["should_continue"]:
                    state = await ada.ask({"type": "action", "action": {"type": "restart"}}, "state", "action_error")
                    assert state["type"] == "state" and state["section_number"] == 1, state
                    continue
                way = dice.choice(ways)
                told = await ada.choose(way["id"])
                goals = {way["target_section"]} | set((way["dice_results"] or {}).values())
                falls = told["character"]["stats"]["endurance"] == 0
                assert told["section_number"] in goals or (falls and told["section_number"] == FALLEN), (way, told)
                assert not (falls and told["should_continue"]), (way, told)
                state = told
            assert len(seen) > 5

    parlour.run(talk())


@compatibility.check("casys", 4)
def test_everything_that_a_member_of_the_room_may_do_can_be_done(front):
    async def talk():
        async with front.table() as table:
            ada = await table.client()
            said = {"type": "action", "id": "r1", "action": {"type": "remark", "text": "hello\u202e there"}}
            for _ in range(2):
                state = await ada.ask(said, "state", "action_error")
                assert [remark["text"] for remark in state["metadata"]["party"]["remarks"]][-1].startswith("hello")
                assert len(state["metadata"]["party"]["remarks"]) == 1
            refused = await ada.ask({"type": "action", "action": {"type": "use_item", "item": "no such thing"}}, "action_error")
            assert_error(refused, "action_error", "no_such_item")
            if front.mode == "strict":
                bob = await table.client(user="bob")
                assert_error(await bob.choose("2"), "choice_error", "not_in_room")

    parlour.run(talk())
