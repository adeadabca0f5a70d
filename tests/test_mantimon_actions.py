"""Actions through the dialect mantimon: who is told what and in which order, what is refused, and that nobody hears of a card
they may not know."""

import json
import random
import re

import pytest

import mantimon
import parlour

AFTER = {"action_applied", "turn_start", "turn_timeout", "opponent_status"}
"""What may come between a result and the state."""


@mantimon.check(6, 18)
@mantimon.ways(*mantimon.EVERY)
def test_the_actor_is_answered_first_and_both_are_told(front):
    async def talk():
        async with front.open() as table:
            players = await table.seat("ada", "bob")
            ada, bob = await table.set_up(*players)
            starts = ada.mark, bob.mark
            result = await ada.done({"type": "end_turn"}, id="the-one")
            assert (result["request_message_id"], result["game_id"]) == ("the-one", table.game)
            assert (result["error_code"], result["error_message"]) == (None, None) and result["changes"]["events"]
            await bob.until_at(result["changes"]["event_id"], start=starts[1])
            told = [[frame["type"] for frame in player.frames[start:]] for player, start in zip((ada, bob), starts)]
            assert told[0][0] == "action_result" and told[0][-1] == told[1][-1] == "game_state", told
            assert set(told[0][1:-1]) <= AFTER and set(told[1][:-1]) <= AFTER, told
            assert "turn_start" in told[0] and "turn_start" in told[1]
            assert ada.state["current"] == bob.state["current"] == bob.state["you"]["seat"]
            for player in players:
                await player.upgraded()
            assert mantimon.public(ada.at) == mantimon.public(bob.at)

    parlour.run(talk())


MALFORMED = [{}, {"type": 5}, {"type": None}, {"type": "place"}, {"type": "place", "card": 5}, {"type": "no_such_action"}]


@mantimon.check(7, 18)
@mantimon.ways(*mantimon.EVERY)
def test_what_is_refused_says_why_and_changes_nothing(front):
    async def talk():
        async with front.open() as table:
            players = await table.seat("ada", "bob")
            ada, bob = await table.set_up(*players)
            shown = []
            for player in players:
                await player.join()
                shown.append((player.state, player.at))

            async def refused(player, action, code):
                result = await player.act(action, id=f"id-{json.dumps(action)}")
                assert (result["type"], result["success"], result["error_code"]) == ("action_result", False, code), result
                assert result["request_message_id"] == f"id-{json.dumps(action)}" and result["changes"] == {}
                assert isinstance(result["error_message"], str) and result["error_message"]

            await refused(bob, {"type": "end_turn"}, "not_your_turn")
            await refused(ada, {"type": "attach", "monster": ada.state["sides"][0]["active"]["id"]}, "action_not_allowed")
            for action in MALFORMED:
                await refused(ada, action, "invalid_action")
            for player, before in zip(players, shown):
                await player.join()
                assert (player.state, player.at) == before
            actions = [line for line in parlour.replay(front.server.data, table.game) if line.get("cause") == "action"]
            assert {json.dumps(line["input"]["action"]) for line in actions}.isdisjoint(map(json.dumps, MALFORMED))

    parlour.run(talk())


ID = re.compile(r'"([2-90a-hjkmnp-z]{12})"')
"""What the ids of cards look like, wherever they stand; nothing else in these games does."""

LONG = mantimon.CALM | {"turn_limit": 14, "points_to_win": 8}

STRANGER = "a" * 12
"""An id that no card has."""


class Truth:
    """Who was told of which card, and when, by the journal."""

    def __init__(self, front, game):
        self.told = [{}, {}]
        for line in parlour.replay(front.server.data, game):
            for told in line.get("told", []):
                for seat, known in enumerate(self.told):
                    apart = told.get("apart", {})
                    body = apart["own"] if seat in apart.get("holders", []) else told.get("body", {})
                    assert "seat" not in told, "these games tell nothing to one player alone"
                    for card in ID.findall(json.dumps(body)):
                        known.setdefault(card, told["number"])

    def hidden_from(self, seat):
        """The cards that the other player knew first."""
        own = self.told[seat]
        return [card for card, number in self.told[1 - seat].items() if own.get(card, number + 1) > number]

    def judge(self, player, seat):
        """Nothing came to this player before they might know of it, nor in anything else that was sent."""
        known, n = self.told[seat], 0
        for frame in player.frames:
            at = frame.get("event_id") or frame.get("changes", {}).get("event_id")
            n = max(n, mantimon.public(at)[1]) if at else n
            for card in ID.findall(json.dumps(frame)):
                assert card in known and known[card] <= n, f"{card} in {frame}"
        sent = player.client.relay.heard.decode(errors="replace")
        in_bytes = set(ID.findall(sent)) | set(ID.findall(sent.replace("\\", "")))
        assert in_bytes and in_bytes <= known.keys(), in_bytes - known.keys()
        assert self.hidden_from(seat), "there was something to hide"


@mantimon.check(4, 18)
@mantimon.ways(*mantimon.EVERY)
def test_no_byte_of_a_whole_game_tells_a_card_that_one_may_not_know(front, seed):
    async def talk():
        dice = random.Random(seed)
        async with front.open() as table:
            players = await table.seat("ada", "bob", config=LONG)
            await mantimon.script(*players, dice=dice, actions=12)
            for player, other in (players, players[::-1]):
                # Whether a card is there that one may not know is not told by a refusal either.
                refusals = []
                for card in (other.state["you"]["hand"][0]["id"] if other.state["you"]["hand"] else STRANGER, STRANGER):
                    refusal = await player.act({"type": "play_basic", "card": card})
                    assert refusal["success"] is False
                    refusals.append({name: refusal[name] for name in ("error_code", "error_message", "details")})
                assert refusals[0] == refusals[1]
                # What was missed is told again, here all of it.
                await player.client.cut()
                life, _ = mantimon.public(player.at)
                await player.come_back(f"{life}.0.0")
            await mantimon.script(*players, dice=dice)
            assert [player.of("game_over")[0]["final_state"]["phase"] for player in players] == ["over", "over"]
            truth = Truth(front, table.game)
            for player in players:
                await player.upgraded()
            for seat, player in enumerate(players):
                truth.judge(player, seat)
                with pytest.raises(AssertionError):
                    truth.judge(player, 1 - seat)  # It would notice.

    parlour.run(talk())
