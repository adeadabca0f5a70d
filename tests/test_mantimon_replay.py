"""Games that unmodified clients of the dialect mantimon have played, played again from the journal.

`GAMES` in the environment is how many each way to play plays in each mode, 8 at most: a connection follows no more.
"""

import asyncio
import json
import os
import random

import pytest

import mantimon_games
import parlour

GAMES = int(os.environ.get("GAMES", "1"))


@mantimon_games.staged(turn_limit=10, deadline=60.0 + 60.0 * GAMES)
async def played(table):
    """Random games. Of each, what either player was shown in the end, and what its journal plays."""
    seed = parlour.draw_seed()
    dice, games = random.Random(f"{seed} {table.way}"), []
    for _ in range(GAMES):
        async with table.busy:
            await table.open()
            await table.set_up()
            overs = await play_out(table, dice)
            games.append((seed, overs, await asyncio.to_thread(again, table)))
    return games


async def play_out(table, dice):
    """Whoever must act tries a few things that may be legal, and else ends the turn."""
    player, tries = table.ada, 0
    while not all(player.heard("game_over") for player in table.players):
        state = player.state
        if state["phase"] == "over":
            for each in table.players:
                await each.until("game_over")
            break
        seat = state["to_act"][0]
        if player is not table.players[seat]:
            seen, player, tries = player.seen, table.players[seat], 0
            await player.sees(seen)
            continue
        tries += 1
        action = dice.choice(choices(state, seat)) if tries <= 4 or state["choice"] else last_resort(tries)
        result = await player.act(action)
        if result["success"]:
            await player.sees(result["changes"]["event_id"])
    return [player.heard("game_over") for player in table.players]


def last_resort(tries):
    """What ends a turn: an attack if there can be one."""
    return {"type": "attack", "attack": 0} if tries == 5 else {"type": "end_turn"}


def choices(state, seat):
    """What may be legal, as far as one sees."""
    mine, you = state["sides"][seat], state["you"]
    bench = [monster["id"] for monster in mine["bench"]]
    if state["choice"]:
        forced = [{"type": "choose_active", "to": monster} for monster in bench]
        forced += [{"type": "discard", "card": card["id"]} for card in you["hand"]]
        return forced + [{"type": "keep", "card": card["id"]} for card in you["looked"]]
    monsters = bench + ([mine["active"]["id"]] if mine["active"] else [])
    found = [{"type": "attach", "monster": monster} for monster in monsters]
    found += [{"type": "retreat", "to": monster} for monster in bench]
    for card in you["hand"]:
        found += [{"type": kind, "card": card["id"]} for kind in ("play_basic", "play_item", "play_ally", "play_field")]
        found += [{"type": "evolve", "card": card["id"], "monster": monster} for monster in monsters]
    return found


def again(table):
    """What the journal plays: whether all of it plays as recorded, and what each seat sees in the end."""
    data = table.server.data
    verified = parlour.cli("replay", table.game, "--verify", "--data", data).returncode
    return verified, [parlour.replay(data, table.game, "--as", seat)[-1]["payload"] for seat in (0, 1)]


@pytest.mark.check(17)
@mantimon_games.each
def test_a_game_plays_again_from_its_journal_to_the_same_final_state(played, mode, kind, transport):
    games = played(mode, kind, transport)
    assert len(games) == GAMES
    for seed, heard, (verified, finals) in games:
        assert verified == 0, seed
        for (over,), final in zip(heard, finals, strict=True):
            assert canonical(over["final_state"]) == canonical(final), seed
            assert final["phase"] == "over" and final["outcome"], seed


def canonical(state):
    return json.dumps(state, sort_keys=True).encode()
