"""Coming back to a game of the dialect mantimon: what was missed is told once and in order, or the game is shown as it is."""

import random

import mantimon
import parlour
from mantimon import public

RING = 256
"""So many of the last public events a server owes to who comes back."""

NUMBERED = {"strict": ("action_applied", "turn_start", "game_over"), "compat": ("turn_start", "game_over")}
"""What of a game has an `event_id` of its own."""


def told(player, start, after):
    """What this player was told of the game since then beyond this position: of each message where it stands and what it is."""
    frames = player.of(*NUMBERED[player.front.mode], start=start)
    named = [(public(frame["event_id"]), frame["type"], frame.get("action_type"), frame["message_id"]) for frame in frames]
    return [frame[:3] for frame in named if frame[0] > after]


async def start(table):
    """A game at its first turn, in which its first player can do three things; that one, and the other."""
    while True:
        players = await table.seat("ada", "bob", config=mantimon.SIMPLE)
        if all(len(player.basics()) >= 3 for player in players):
            return await table.set_up(*players)
        for player in players:
            await player.ask("resign", game_id=table.game)
            await player.client.disconnect()


async def do_three_things(player):
    first, second, *_ = player.basics()
    await player.done({"type": "play_basic", "card": first})
    await player.done({"type": "play_basic", "card": second})
    await player.done({"type": "end_turn"})


@mantimon.check(10, 18)
@mantimon.ways(*mantimon.EVERY)
def test_who_was_cut_off_is_told_exactly_what_they_missed(front):
    async def talk():
        async with front.open() as table:
            ada, bob = await start(table)
            heard, bobs, adas = bob.heard, bob.mark, ada.mark
            assert public(heard) == public(ada.heard)
            await bob.client.cut()
            await do_three_things(ada)
            missed = told(ada, adas, public(heard))
            assert [kind for _, kind, _ in missed].count("turn_start") == 1

            await bob.come_back(heard)
            await bob.settled()
            assert told(bob, bobs, ("", 0)) == missed, "all of it, in order, and none twice"
            assert bob.frames[-1]["type"] in ("game_state", "heartbeat_ack")
            assert public(bob.at) == public(ada.at)

            # Whoever has missed nothing is told nothing.
            start_again = bob.mark
            await bob.join(bob.heard)
            await bob.settled()
            assert not told(bob, start_again, ("", 0)) and len(bob.of("game_state", start=start_again)) == 1

            # And again from where it was, on another connection.
            await bob.client.cut()
            start_again = bob.mark
            await bob.come_back(heard)
            await bob.settled()
            assert told(bob, start_again, ("", 0)) == missed
            before = public(ada.at)
            await bob.done({"type": "end_turn"})
            assert told(bob, start_again, before), "what comes then is told too"

    parlour.run(talk())


@mantimon.check(10, 18)
@mantimon.ways(*mantimon.EVERY)
def test_where_it_cannot_be_said_what_was_missed_the_game_is_shown_once(front):
    async def talk():
        async with front.open() as table:
            ada, bob = await table.seat("ada", "bob")
            await ada.place()
            await bob.until_at(ada.at)
            life, n = public(bob.at)
            for unknown in (f"ghost.{n}.0", f"{life}.{n + 1000}.0", "nonsense", "6c1e0a52-4c0e-4f43-a2b3-8ff4ad9f6b8e", ""):
                await bob.client.cut()
                begun = bob.mark
                await bob.connect()
                # Users come back into their games by themselves; what is shown then is not what is asked for here.
                shown = await bob.until("game_state", start=begun)
                begun = bob.mark
                answer = await bob.ask("join_game", game_id=table.game, last_event_id=unknown)
                assert bob.front.is_plain or answer["success"] is True, answer
                await bob.until("game_state", start=begun)
                await bob.settled()
                assert [frame["state"] for frame in bob.of("game_state", start=begun)] == [shown["state"]], unknown
                assert not told(bob, begun, ("", 0)), unknown

    parlour.run(talk())


@mantimon.check(10)
@mantimon.ways("node/websocket", "python/polling")
def test_more_than_a_server_keeps_is_shown_and_all_that_it_keeps_is_told(front, seed):
    async def talk():
        dice = random.Random(seed)
        async with front.open() as table:
            while True:
                players = await table.seat("ada", "bob", config=mantimon.CALM | {"turn_limit": 200, "points_to_win": 10})
                while public(players[0].at)[1] <= RING + 1 and not players[0].of("game_over"):
                    await mantimon.script(*players, dice=dice, actions=10)
                if not players[0].of("game_over"):
                    break
                for player in players:
                    await player.client.disconnect()
            ada = players[0]
            life, n = public(ada.at)
            for after, is_kept in ((f"{life}.1.0", False), (f"{life}.{n - RING}.0", True)):
                await ada.client.cut()
                begun = ada.mark
                await ada.come_back(after)
                await ada.settled()
                events = told(ada, begun, ("", 0))
                if not is_kept:
                    assert not events
                elif front.mode == "strict":
                    applied = [at for (_, at), kind, _ in events if kind == "action_applied"]
                    assert applied == list(range(n - RING + 1, n + 1))
                else:
                    assert events and events == sorted(events)

    parlour.run(talk())
