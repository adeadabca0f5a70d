"""Two players at several tables of `cards`, on a server that may be killed at any moment: what they do, and what they must find.

Seat and client are not the same: whoever sits down first at a table has seat 0 there.
"""

import asyncio
import dataclasses
import json
import time

import parlour

RING_PUBLIC = 256
"""So many of the last events a server owes to who comes back; it may answer `view` only where more were missed."""

SERVICE_RESTART = 1012


@dataclasses.dataclass
class Sent:
    """One action: whose, where, what, and the answers it got."""

    client: parlour.Client
    room: str
    id: str
    action: dict
    answers: list = dataclasses.field(default_factory=list)

    def answered(self, said):
        assert said["status"] == "ok", f"a legal action was refused: {self.action} {said}"
        self.answers.append(said)


class Duel:
    """Two clients, the tables they sit at, and everything they ever sent."""

    def __init__(self, server, dice, users=("ada", "bob")):
        self.server, self.dice = server, dice
        self.clients = [parlour.Client(server, user) for user in users]
        self.seats = {}
        """The two clients of each table, by their seats there."""
        self.sent = []
        self.resumed = []
        """What each return was told: (kind, events)."""

    async def __aenter__(self):
        for client in self.clients:
            await client.connect()
        return self

    async def __aexit__(self, *_):
        for client in self.clients:
            await client.drop()

    async def open(self, room, config):
        """A new table, both players seated, either of them first."""
        first, second = self.dice.sample(self.clients, 2)
        await first.open("cards", room, config)
        self.seats[room] = [first, second]
        for seat, client in enumerate(self.seats[room]):
            start = len(client.frames)
            ack = await client.join(room, nonce=f"{self.dice.random()}")
            assert (ack["seat"], ack["resumed"]) == (seat, {"kind": "fresh"})
            await client.until(lambda frame: is_view(frame, room), "the first view", start=start)
        # What sitting down brought about the second player saw in the view only. To have the stream from its first event:
        life, _, _ = second.heard[room]
        second.heard[room] = [life, 0, 0]
        await self.rejoin(second, room)

    def is_over(self, room):
        return all(client.of_room(room, "game_over") for client in self.seats[room])

    async def choose(self, room):
        """A legal action at a table, or None where the game is over."""
        for client in self.dice.sample(self.seats[room], 2):
            if legal := await client.legal(room):
                sent = Sent(client, room, f"{client.user}-{len(self.sent)}", self.dice.choice(legal))
                self.sent.append(sent)
                return sent
        for client in self.seats[room]:
            await client.until(lambda frame: frame.get("room") == room and frame["type"] == "game_over", "the end of the game")
        return None

    async def act(self, sent):
        """Sends it, for the first time or again; the answer must come, and repeat the first one if there was one."""
        said = await sent.client.act(sent.room, sent.action, id=sent.id)
        if sent.answers:
            assert said["dup"] is True, f"{sent.id} was answered before, and now {said}"
            assert said["at"] == sent.answers[0]["at"], f"{sent.id}: first {sent.answers[0]}, now {said}"
        sent.answered(said)

    async def crash(self, actions, delay):
        """Sends actions, kills the server `delay` seconds later, and returns those that nobody will ever have answered."""
        waiting = [await sent.client.post("action", sent.action, room=sent.room, id=sent.id) for sent in actions]
        # This is the moment of the kill, not a wait: the answers may come or not.
        time.sleep(delay)
        self.server.kill()
        for client in self.clients:
            await client.until_closed()
        for sent, answer in zip(actions, waiting):
            if answer.exception() is None:
                sent.answered(answer.result())
        return [sent for sent in actions if not sent.answers]

    async def drain(self):
        """SIGTERM: the server puts every table away as a snapshot, says so to both players, and ends well."""
        code = await asyncio.to_thread(self.server.stop)
        assert code == 0, f"exit {code}\n{self.server.err}"
        for client in self.clients:
            closed, _ = await client.until_closed()
            assert closed == SERVICE_RESTART, f"closed with {closed}"

    async def come_back(self, killed_again=0.0):
        """Starts the server, connects both players and takes their seats at every table again. With the probability
        `killed_again` it is killed while they do, and all of it begins anew."""
        while self.dice.random() < killed_again:
            await asyncio.to_thread(self.server.start)
            for client in self.clients:
                await client.connect()
                for room in self.seats:
                    await client.post("join_room", {"room_id": room, "after": client.after(room)})
            time.sleep(self.dice.uniform(0, 0.005))
            self.server.kill()
            for client in self.clients:
                await client.until_closed()
        await asyncio.to_thread(self.server.start)
        for client in self.dice.sample(self.clients, 2):
            await client.connect()
            for room in self.seats:
                await self.rejoin(client, room)

    async def rejoin(self, client, room):
        """Joins after what the client has heard, and checks that `resumed` tells the truth about what then comes."""
        life, n, m = client.heard[room]
        start = len(client.frames)
        ack = await client.join(room, after=client.after(room))
        view = await client.until(lambda frame: is_view(frame, room), "the view after joining again", start=start)
        came = client.frames[start : client.frames.index(view, start)]
        events = [frame for frame in came if frame.get("room") == room]
        resumed, (now_life, now_n, now_m) = ack["resumed"], parse(ack["at"])
        self.resumed.append((resumed["kind"], resumed.get("events", 0)))
        told = f"{client.user} was told {resumed} after {life}.{n}.{m}, at {ack['at']}, and got {events}"
        assert now_life == life and view["at"] == ack["at"], told
        if resumed["kind"] == "replayed":
            assert numbers(events, "n") == list(range(n + 1, now_n + 1)), told
            assert numbers(events, "m") == list(range(m + 1, now_m + 1)), told
            assert resumed["events"] == len(events), told
        else:
            assert resumed == {"kind": "view"} and not events and now_n - n > RING_PUBLIC, told
        assert [frame["type"] for frame in came if frame in events or frame["type"] == "ack"][0] == "ack", told
        assert ack["seat"] == [player.user for player in self.seats[room]].index(client.user), told

    async def play_out(self, room):
        """Plays a table to its end, undisturbed."""
        while sent := await self.choose(room):
            await self.act(sent)

    def check_streams(self, room):
        """Each seat's frames, over all connections: dense, and exactly what the journal plays, in the same bytes."""
        for seat, client in enumerate(self.seats[room]):
            frames = client.of_room(room)
            events = [frame for frame in frames if not is_state(frame)]
            for numbering in ("n", "m"):
                heard = numbers(events, numbering)
                assert heard == list(range(1, len(heard) + 1)), f"{client.user} in {room}: {numbering} = {heard}"
            texts = [text for text, frame in zip(client.texts, client.frames) if frame.get("room") == room]
            told = [text for text, frame in zip(texts, frames) if not is_state(frame)]
            done = parlour.cli("replay", room, "--as", seat, "--data", self.server.data, expect=0)
            *expected, last_view = done.stdout.splitlines()
            for heard, played in zip(told, expected, strict=True):
                assert heard == played
            last = json.loads(last_view)
            assert (client.view(room), client.after(room)) == (last["payload"], last["at"])

    def check_journal(self, room):
        """Every action is in the journal once, and every answer it ever got is the one its record gives. Returns the records."""
        *records, _ = parlour.replay(self.server.data, room)
        assert [record["seq"] for record in records] == list(range(1, len(records) + 1))
        life, n = self.clients[0].heard[room][0], 0
        kept = {}
        for record in records:
            n = max([n, *(told["number"] for told in record["told"] if told.get("seat") is None)])
            if record["cause"] == "action":
                assert record["input"]["id"] not in kept, f"twice in the journal: {record}"
                kept[record["input"]["id"]] = (record["input"], f"{life}.{n}.0")
        sent = {sent.id: sent for sent in self.sent if sent.room == room}
        assert kept.keys() == sent.keys(), f"{room}: kept and not sent, or sent and not kept: {kept.keys() ^ sent.keys()}"
        for id, (record, at) in kept.items():
            assert (record["user"], same(record["action"])) == (sent[id].client.user, same(sent[id].action))
            assert {answer["at"] for answer in sent[id].answers} == {at}, f"{id}: {sent[id].answers}, but by its record {at}"
            assert sum(not answer["dup"] for answer in sent[id].answers) <= 1
        return records


def is_state(frame):
    """Whether it shows the room rather than telling what happened in it."""
    return frame["type"] in ("view", "patch")


def is_view(frame, room):
    return frame["type"] == "view" and frame["room"] == room


def numbers(frames, numbering):
    return [frame[numbering] for frame in frames if numbering in frame]


def parse(at):
    life, n, m = at.split(".")
    return life, int(n), int(m)


def same(action):
    """An action as one text, whatever the order of its fields and whether what is null is written."""
    return json.dumps({key: value for key, value in action.items() if value is not None}, sort_keys=True)
