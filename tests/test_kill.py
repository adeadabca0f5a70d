"""P2, P3 and P5 on the real binary: a server that is killed while two people play loses nothing and does nothing twice."""

import random

import duel
import parlour

KILLS = 60
BOTH_WAYS = 5
"""So many of the unanswered actions must turn out kept, and so many not."""
KILLS_MAX = 300
"""More would mean that one of the two never happens."""
SIDE_BY_SIDE = 2
GAME = {"turn_limit": 12, "points_to_win": 3, "seconds_per_turn": 3600}
LONG_GAME = {"turn_limit": 200, "points_to_win": 10, "seconds_per_turn": 3600}


class Aim:
    """When to kill: just after sending, up to about when the answer comes. Aims at whichever outcome is rarer so far."""

    def __init__(self, dice):
        self.dice, self.answered_after, self.kept, self.lost = dice, 0.002, 0, 0

    def delay(self):
        if self.lost < self.kept and self.lost < BOTH_WAYS:
            return 0.0
        return self.dice.uniform(0, min(self.answered_after, 0.005))

    def saw(self, was_answered):
        """The answer's time is found by halves: too late means earlier next time, in time means a bit later."""
        self.answered_after = min(max(self.answered_after * (0.85 if was_answered else 1.1), 0.0002), 0.005)


def test_a_server_killed_sixty_times_while_two_play_keeps_what_it_answered_and_plays_nothing_twice(server, seed):
    parlour.run(play(server, random.Random(seed)), deadline=85)


async def play(server, dice):
    aim, kills, drains, again, games = Aim(dice), 0, 0, 0, 0
    async with duel.Duel(server, dice) as players:
        while kills < KILLS or min(aim.kept, aim.lost) < BOTH_WAYS:
            assert kills < KILLS_MAX, f"{kills} kills: {aim.kept} unanswered actions kept, {aim.lost} not"
            tables = [room for room in players.seats if not players.is_over(room)]
            if len(tables) < SIDE_BY_SIDE:
                games += 1
                await players.open(f"game-{games}", GAME)
                continue
            room = dice.choice(tables)
            chosen = [sent for sent in [await players.choose(room)] if sent]
            if not chosen or dice.random() < 0.5:
                for sent in chosen:
                    await players.act(sent)
                continue
            if dice.random() < 0.3:
                # One more at the other table, unanswered at the same time.
                chosen += [sent for sent in [await players.choose(tables[1 - tables.index(room)])] if sent]
            if dice.random() < 0.1:
                # In good order for once: what is killed next was loaded from a snapshot.
                drains += 1
                await players.drain()
                await players.come_back()
            unanswered = await players.crash(chosen, aim.delay())
            aim.saw(not unanswered)
            kills += bool(unanswered)
            await players.come_back(killed_again=0.1)
            for sent in dice.sample(unanswered, len(unanswered)):
                await players.act(sent)
                was_kept = sent.answers[0]["dup"]
                aim.kept, aim.lost = aim.kept + was_kept, aim.lost + (not was_kept)
            for sent in dice.sample(players.sent, min(len(players.sent), dice.randrange(3))):
                again += 1
                await players.act(sent)
        for room in players.seats:
            await players.play_out(room)
    assert server.stop() == 0, server.err
    check(players, aim, kills, drains, again)


def check(players, aim, kills, drains, again):
    records = {room: players.check_journal(room) for room in players.seats}
    for room in players.seats:
        assert players.is_over(room)
        players.check_streams(room)
        check_time_stands_still(records[room])
    most = max(events for _, events in players.resumed)
    print(f"{kills} kills, each with an action sent and unanswered: {aim.kept} of these had been kept, {aim.lost} not")
    print(f"{drains} restarts in good order in between")
    in_all = sum(map(len, records.values()))
    print(f"{len(players.sent)} actions in {len(records)} games, {in_all} records; {again} more repeated")
    print(f"{len(players.resumed)} times a seat was taken again, with up to {most} events missed")
    assert kills >= KILLS and min(aim.kept, aim.lost) >= BOTH_WAYS


def check_time_stands_still(records):
    """`cards` freezes: while the server was down no room time went by."""
    for before, record in zip(records, records[1:]):
        if record["cause"] == "woke":
            assert record["at_ms"] == before["at_ms"], f"room time went from {before} to {record}"


def test_who_missed_what_is_kept_gets_exactly_that_and_who_missed_more_gets_one_view_also_after_a_kill(server, seed):
    parlour.run(stay_away(server, random.Random(seed)))


async def stay_away(server, dice):
    async with duel.Duel(server, dice) as players:
        room = await play_long(players)
        player, life, last = players.clients[0], *players.clients[0].heard[room][:2]
        missed = [0, 1, duel.RING_PUBLIC - 1, duel.RING_PUBLIC, duel.RING_PUBLIC + 1, last]
        async with parlour.Client(server, player.user) as phone:
            for start in ("as it ran", "killed", "drained"):
                if start == "killed":
                    server.kill()
                elif start == "drained":
                    assert server.stop() == 0
                if start != "as it ran":
                    await phone.until_closed()
                    server.start()
                    await phone.connect()
                players.resumed.clear()
                for events in missed:
                    phone.heard[room] = [life, last - events, 0]
                    await players.rejoin(phone, room)
                    assert phone.heard[room] == [life, last, 0]
                kept = [("replayed", events) for events in missed if events <= duel.RING_PUBLIC]
                views = [("view", 0)] * (len(missed) - len(kept))
                assert players.resumed == kept + views, start
                print(f"{start}: after missing {missed} of {last} events: {players.resumed}")
            ahead = await phone.join(room, after=f"{life}.{last + 1}.0")
            stranger = await phone.join(room, after=f"zzzzzzzz.{last}.0")
            assert ahead["resumed"] == stranger["resumed"] == {"kind": "fresh"}


async def play_long(players):
    """A game with more events than a room keeps."""
    for game in range(30):
        await players.open(f"long-{game}", LONG_GAME)
        await players.play_out(f"long-{game}")
        if players.clients[0].heard[f"long-{game}"][1] > duel.RING_PUBLIC + 1:
            return f"long-{game}"
    raise AssertionError("no game was long enough")
