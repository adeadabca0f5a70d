"""Who is there, as unmodified clients of the dialect mantimon are told: heartbeats, cuts, returns, clients that fall silent."""

import pytest

import mantimon_games

QUICK = {"ENGINEIO_PING_MS": 400, "ENGINEIO_PING_TIMEOUT_MS": 2000, "PING_MS": 400, "SILENCE_MS": 2400, "AWAY_MS": 100}


@mantimon_games.staged(limits=QUICK, grace_seconds=5)
async def left_alone(table):
    """One is cut off and comes back in time, falls silent while the line stays open, and does not come back. What the other is
    told."""
    ada, bob = table.players
    async with table.busy:
        await table.open()
        await table.set_up()
        acks = [await player.heartbeat() for player in table.players]
    start = len(bob.client.events)
    await ada.client.cut()
    await bob.until("opponent_status", start=start, status="reconnecting")
    begun = len(ada.client.events)
    await ada.connect()
    # The game is joined again by itself.
    await ada.until("game_state", start=begun)
    await bob.until("opponent_status", start=start, status="connected")
    back = len(bob.client.events)
    ada.client.relay.mute()
    await bob.until("opponent_status", start=back, status="reconnecting")
    over = await bob.until("game_over", start=back)
    statuses = [told for name, (told,) in bob.client.events[start:] if name == "game:opponent_status"]
    was_on = [name for name, _ in bob.client.life].count("disconnect") == 0
    return acks, table.players, statuses, over, was_on


@pytest.mark.check(22)
@mantimon_games.each
def test_who_is_cut_off_is_reconnecting_then_connected_or_disconnected_each_once(left_alone, mode, kind, transport):
    _, (ada, bob), statuses, over, _ = left_alone(mode, kind, transport)
    assert [told["status"] for told in statuses] == ["reconnecting", "connected", "reconnecting", "disconnected"]
    assert {(told["opponent_id"], told["game_id"]) for told in statuses} == {(ada.user, over["game_id"])}
    assert (over["winner_id"], over["end_reason"]) == (bob.user, "timeout")


@pytest.mark.check(13)
@mantimon_games.each
def test_a_heartbeat_is_answered_and_who_falls_silent_is_dropped(left_alone, mode, kind, transport):
    acks, _, statuses, _, was_on = left_alone(mode, kind, transport)
    assert [ack["type"] for ack in acks] == ["heartbeat_ack"] * 2
    assert [told["status"] for told in statuses[2:]] == ["reconnecting", "disconnected"]
    assert was_on, "who was not silent was dropped too"
