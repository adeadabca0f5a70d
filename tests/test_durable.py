"""Nothing computed from a room leaves the server before the last record it depends on is on disk: seen in its system calls."""

import asyncio
import collections
import random

import pytest

import parlour
import strace
import tokens
from prometheus import metrics

ROOMS = 50
ACTIONS = 24


class Table:
    """One room with two players who act in turn, each action answered before the next is sent. Everything sent that becomes a
    record has a mark of its own in it, which is found again in the log."""

    def __init__(self, server, number, seed):
        self.server, self.number, self.room = server, number, f"room-{number}"
        self.dice = random.Random(f"{seed} {number}")
        self.marks = 0
        # [(events told up to then, mark of the record)], rising; and [(ref of an answer, mark it waits for)].
        self.reached, self.answered, self.seated = [], [], {}
        users = [f"user-{number}-{seat}" for seat in (0, 1)]
        self.players = [parlour.Client(server, user, token=tokens.good(server, user)) for user in users]

    def mark(self):
        self.marks += 1
        return f"mark-{self.number}x{self.marks}-"

    async def play(self):
        async with self.players[0], self.players[1]:
            await self._open()
            for player in self.players:
                await self._join(player)
            for _ in range(ACTIONS):
                if not await self._act():
                    return
            # What is told of who is here comes once a second: that must be seen as well.
            await self.players[0].until(lambda frame: frame["type"] == "room_update", "room_update")

    async def _open(self):
        mark = self.mark()
        payload = {"kind": "cards", "room_id": self.room}
        if self.number % 5 == 0:
            body = {"kind": "cards", "id": self.room, "message_id": mark}
            answer = await asyncio.to_thread(self.server.http, "POST", "/v1/rooms", body, token=self.players[0].token)
            assert answer.status == 201, answer
        else:
            await self.players[0].request("open_room", payload, id=mark, ref=mark)
            self.answered.append((mark, mark))
        self.reached.append((-1, mark))

    async def _join(self, player):
        mark = self.mark()
        joined = await player.request("join_room", {"room_id": self.room, "nonce": mark}, ref=mark)
        self.answered.append((mark, mark))
        self.seated[player.user] = mark
        self._told(joined["at"], mark)

    async def _act(self):
        """One action, and right behind it one the rules refuse, a repetition, and a question: all wait for what was played."""
        for player, other in (self.players, self.players[::-1]):
            if legal := await player.legal(self.room):
                break
        else:
            return False
        mark, start = self.mark(), len(other.frames)
        action = self.dice.choice(legal)
        played = await player.post("action", action, room=self.room, id=mark, ref=mark)
        behind = [
            await player.post("action", {"type": "keep", "card": "none"}, room=self.room, ref=f"{mark}refused"),
            await player.post("action", action, room=self.room, id=mark, ref=f"{mark}again"),
            await player.post("legal", room=self.room, ref=f"{mark}legal"),
            await other.post("legal", room=self.room, ref=f"{mark}other"),
        ]
        answer = await asyncio.wait_for(played, parlour.DEADLINE)
        refused, again, *_ = await asyncio.wait_for(asyncio.gather(*behind), parlour.DEADLINE)
        assert (answer["status"], refused["status"]) == ("ok", "error"), (answer, refused)
        assert again == answer | {"ref": f"{mark}again", "dup": True}
        self.answered += [(f"{mark}{what}", mark) for what in ("", "refused", "again", "legal")]
        self._told(answer["at"], mark)
        n = int(answer["at"].split(".")[1])
        has_heard = lambda *_: other.heard[self.room][1] >= n  # noqa: E731
        if not has_heard():
            await other.until(has_heard, "the events", start=start)
        return True

    def _told(self, at, mark):
        n = int(at.split(".")[1])
        if n > self.reached[-1][0]:
            self.reached.append((n, mark))

    def depends(self, trace):
        """What was said of this room, where, and which mark it had to wait for."""
        for reference, mark in self.answered:
            yield f"answer {reference}", trace.answers[reference], mark
        for kind, places in (("event", trace.events), ("view", trace.views)):
            for (room, number), place in places.items():
                if room == self.room:
                    yield f"{kind} {room} {number}", place, strace.cause(self.reached, number)
        for (room, user), place in trace.present.items():
            if room == self.room:
                yield f"presence {room} {user}", place, self.seated[user]
        yield f"opened {self.room}", trace.opened[self.room], self.reached[0][1]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A server under strace and 50 rooms: the tables, and the lines of the trace."""
    folder = tmp_path_factory.mktemp("durable")
    server = parlour.Server(folder, prefix=strace.prefix(folder / "trace"))
    server.start()
    seed = parlour.draw_seed()
    tables = [Table(server, number, seed) for number in range(ROOMS)]

    async def play():
        await asyncio.gather(*(table.play() for table in tables))

    parlour.run(play())
    assert server.stop(30.0) == 0
    return tables, (folder / "trace").read_bytes().splitlines()


def test_nothing_leaves_before_its_record_is_synced(run):
    tables, lines = run
    trace = strace.Trace(lines)
    depends = [claim for table in tables for claim in table.depends(trace)]
    kinds = collections.Counter(what.split(" ")[0] for what, *_ in depends)
    counts = f"{trace.socket_writes} writes to sockets, {len(trace.syncs)} syncs, {len(trace.written)} records"
    print(f"{counts}; checked: {dict(kinds)}")
    assert strace.too_early(trace, depends) == []
    assert len(kinds) == 5 and all(count >= ROOMS for count in kinds.values()), kinds
    assert kinds["answer"] > ROOMS * ACTIONS and kinds["event"] > ROOMS * ACTIONS


def test_an_answer_that_leaves_too_early_would_be_found(run):
    """The same trace, with one write to a socket moved to before the end of the sync it waited for."""
    tables, lines = run
    trace = strace.Trace(lines)
    depends = [claim for table in tables for claim in table.depends(trace)]
    for kind in ("answer", "event", "view", "opened"):
        what, place, mark = next(claim for claim in depends if claim[0].startswith(kind))
        forged = [*lines[:place], *lines[place + 1 :]]
        forged.insert(trace.durable(mark), lines[place])
        broken = strace.Trace(forged)
        claims = [claim for table in tables for claim in table.depends(broken)]
        assert any(early[0] == what for early in strace.too_early(broken, claims)), what


class Load:
    """Many rooms with a player and a bot each; every player acts as soon as it is their turn and the last action was answered."""

    def __init__(self, server, rooms, actions, seed):
        self.server, self.actions, self.seed = server, actions, seed
        self.clients = [parlour.Client(server, f"user-{i}", token=tokens.good(server, f"user-{i}")) for i in range(rooms)]

    async def run(self):
        """All of them at once: what the journal counted meanwhile, and how many actions the players took."""
        await asyncio.gather(*(self._sit(client) for client in self.clients))
        before = await asyncio.to_thread(metrics, self.server)
        taken = await asyncio.gather(*(self._play(client) for client in self.clients))
        after = await asyncio.to_thread(metrics, self.server)
        await asyncio.gather(*(client.drop() for client in self.clients))
        names = {name: f"parlour_journal_{name}_total" for name in ("commits", "records")}
        return {name: after[full] - before[full] for name, full in names.items()}, sum(taken)

    async def _sit(self, client):
        await client.connect()
        await client.request("open_room", {"kind": "cards", "room_id": client.user, "bots": {"1": "random"}})
        await client.join(client.user)

    async def _play(self, client):
        dice, room = random.Random(f"{self.seed} {client.user}"), client.user
        for number in range(self.actions):
            start = len(client.frames)
            while not (legal := await client.legal(room)):
                if client.view(room)["outcome"]:
                    return number
                await client.until(lambda _: is_news(client.view(room)), "the bot's turn to end", start=start)
                start = len(client.frames)
            await client.act(room, dice.choice(legal), id=f"{room}-{number}")
        return self.actions


def is_news(view):
    """Whether the player on seat 0 may act, or nobody any more."""
    return view["outcome"] or 0 in view["to_act"]


def test_at_200_rooms_a_commit_holds_at_least_five_records(server, seed):
    more, taken = parlour.run(Load(server, 200, 20, seed).run())
    print(f"{taken} actions of players: {more['records']:.0f} records in {more['commits']:.0f} commits")
    assert taken > 2000 and more["records"] > taken
    assert more["commits"] <= more["records"] / 5
