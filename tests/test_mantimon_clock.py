"""The turn clock as unmodified clients of the dialect mantimon are told of it, through a server that is killed in mid-turn."""

import pytest

import mantimon_games

FULL_S = 6


@mantimon_games.staged(seconds_per_turn=FULL_S)
async def timed_out(table):
    """A game in which nobody does anything any more. In its first turn the server is killed, and both come back."""
    async with table.busy:
        await table.open()
        first, _ = await table.set_up()
    noticed = [len(player.client.life) for player in table.players]
    await table.moment.come(table.servers.restart)
    async with table.busy:
        for player, start in zip(table.players, noticed, strict=True):
            await player.client.lived("disconnect", start=start, deadline=mantimon_games.PATIENCE)
            heard = player.last_event_id
            await player.connect()
            await player.join(last_event_id=heard)
    for player in table.players:
        await player.until("game_over")
    return first, table.players


@pytest.mark.check(14)
@mantimon_games.each
def test_two_warnings_then_the_end_of_the_time_and_of_the_game_also_if_the_server_is_killed(timed_out, mode, kind, transport):
    first, players = timed_out(mode, kind, transport)
    for player in players:
        *times, over = player.heard("turn_timeout", "game_over")
        assert [(told["type"], told["player_id"]) for told in times] == [("turn_timeout", first.user)] * 3, times
        half, quarter, out = times
        assert [told["is_warning"] for told in times] == [True, True, False]
        # Told late, there is less time left than when it was warned.
        assert half["remaining_seconds"] <= FULL_S / 2 and quarter["remaining_seconds"] <= -(-FULL_S // 4)
        assert out["remaining_seconds"] == 0
        assert (over["type"], over["end_reason"], over["winner_id"]) == ("game_over", "timeout", first.foe.user)
        turns = player.heard("turn_start")
        assert [(turn["turn_number"], turn["player_id"]) for turn in turns] == [(1, first.user)]
