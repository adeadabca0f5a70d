"""Resigning, by unmodified clients of the dialect mantimon."""

import asyncio

import pytest

import mantimon_games
import parlour


@mantimon_games.staged()
async def resigned(table):
    """Two games, in which the player resigns whose turn it is, and the one whose it is not. What both heard of each."""
    games = {}
    async with table.busy:
        for who in "on turn", "off turn":
            await table.open()
            first, second = await table.set_up()
            loser = first if who == "on turn" else second
            answer = await loser.resign()
            overs = [await player.until("game_over") for player in (loser, loser.foe)]
            late = [await player.act({"type": "end_turn"}) for player in (loser, loser.foe)]
            games[who] = loser, answer, overs, late, [player.heard("game_over") for player in table.players]
    return games


@pytest.mark.check(15)
@mantimon_games.each
def test_who_resigns_has_lost_whosever_turn_it_is_and_nothing_can_be_done_any_more(resigned, mode, kind, transport):
    for loser, answer, overs, late, heard in resigned(mode, kind, transport).values():
        assert (answer["type"], answer["success"], answer["action_type"]) == ("action_result", True, "resign")
        for over in overs:
            assert (over["end_reason"], over["winner_id"]) == ("resignation", loser.foe.user)
            assert over["final_state"]["phase"] == "over"
        assert [len(each) for each in heard] == [1, 1]
        for result in late:
            assert (result["success"], result["error_code"], result["changes"]) == (False, "game_ended", {})


@mantimon_games.staged(turn_limit=2)
async def drawn(table):
    """A game of two turns in which nobody does anything. What both heard of it."""
    async with table.busy:
        await table.open()
        for player in await table.set_up():
            await player.until("turn_start", player_id=player.user)
            await player.play({"type": "end_turn"})
        return [await player.until("game_over") for player in table.players]


@pytest.mark.check(24)
@mantimon_games.each
def test_a_draw_has_no_winner(drawn, mode, kind, transport):
    for over in drawn(mode, kind, transport):
        assert (over["end_reason"], over["winner_id"]) == ("draw", None)
        assert over["final_state"]["outcome"] == {"winner": None, "reason": "draw"}


@mantimon_games.staged(program=parlour.lab)
async def broken(table):
    """A game whose rules panic whatever is done, also when somebody resigns."""
    async with table.busy:
        await table.open("brittle")
        touches = [await table.ada.act({"type": "touch"}) for _ in range(4)]
        answer = await table.bob.resign()
        overs = [await player.until("game_over") for player in table.players]
        await table.ada.heartbeat()
        late = [await player.act({"type": "touch"}) for player in table.players]
        records = await asyncio.to_thread(parlour.replay, table.server.data, table.game, program=table.server.program)
        resigned = [record for record in records if record.get("cause") == "resigned"]
        return touches, answer, overs, late, resigned, table.players


@pytest.mark.check(23)
@mantimon_games.each
def test_from_a_game_whose_rules_fail_over_everything_one_can_still_resign(broken, mode, kind, transport):
    touches, answer, overs, late, resigned, (ada, bob) = broken(mode, kind, transport)
    assert {(result["success"], result["error_code"]) for result in touches} == {(False, "internal_error")}
    assert (answer["type"], answer["success"], answer["action_type"]) == ("action_result", True, "resign")
    for over in overs:
        assert (over["end_reason"], over["winner_id"]) == ("resignation", ada.user)
    assert [len(player.heard("game_over")) for player in (ada, bob)] == [1, 1]
    assert [result["error_code"] for result in late] == ["game_ended"] * 2
    assert [record["input"]["user"] for record in resigned] == [bob.user]
