"""Everything that the server says in the dialect mantimon is one of its messages, in every test of the dialect: see `Recorder`.
Here is shown that each type is said, that the judge is strict, and how turns are told."""

import copy

import pytest

import mantimon_games
import mantimon_schema

TURNS = 5


@mantimon_games.staged(turn_limit=TURNS, seconds_per_turn=8, grace_seconds=60, limits={"AWAY_MS": 0})
async def all_types(table):
    """A game in which every type of message is said, and a second player who comes late to it."""
    ada, bob = table.players
    async with table.busy:
        await table.open()
        order = await table.set_up()
        await ada.heartbeat()
        error = await ada.ask("join", "join_game", game_id="")
    # The time of the first turn runs down far enough for a warning.
    await ada.until("turn_timeout", is_warning=True)
    async with table.busy:
        for turn in range(TURNS):
            player = order[turn % 2]
            await player.until("turn_start", turn_number=turn + 1)
            await player.play({"type": "end_turn"})
        for player in table.players:
            await player.until("game_over")
        start = len(ada.client.events)
        await bob.client.disconnect()
        await ada.until("opponent_status", start=start, status="disconnected")
    return order, table.players, error


@pytest.mark.check(20)
@mantimon_games.each
def test_all_eight_types_are_said_and_each_turn_is_told_once_to_both(all_types, mode, kind, transport):
    order, players, _ = all_types(mode, kind, transport)
    for player in players:
        turns = [(turn["turn_number"], turn["player_id"]) for turn in player.heard("turn_start")]
        assert turns == [(turn + 1, order[turn % 2].user) for turn in range(TURNS)]
    said = {message["type"] for player in players for _, (message,) in player.client.events}
    ours = {"action_applied"} if mode == "strict" else set()
    # What opened a plain WebSocket is a heartbeat's answer that is none of its events; the one that was asked for is.
    assert said == set(mantimon_schema.MESSAGES) | ours


@pytest.mark.parametrize("kind", mantimon_schema.MESSAGES)
def test_the_judge_sees_whatever_is_wrong_with_a_message(all_types, kind):
    _, players, _ = all_types("strict", "node", "websocket")
    event, message = next(
        (event, message) for player in players for event, (message,) in player.client.events if message["type"] == kind
    )
    assert mantimon_schema.faults(event, [message], "strict") == []
    for field in message:
        worse = copy.deepcopy(message)
        del worse[field]
        assert mantimon_schema.faults(event, [worse], "strict"), f"{field} is missed by nobody"
        assert mantimon_schema.faults(event, [message | {field: [1]}], "strict"), f"{field} may be anything"
    assert mantimon_schema.faults(event, [message | {"more": 1}], "strict")
    assert mantimon_schema.faults("game:other", [message], "strict")
    assert mantimon_schema.faults(event, [], "strict") and mantimon_schema.faults(event, [message, message], "strict")
