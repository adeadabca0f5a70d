"""The dice come from a seed that was promised beforehand and that nobody is ever told; whoever has it can draw them all again."""

import base64
import json
import random
import sqlite3
from hashlib import sha256

import pytest

import parlour
import tokens
from dice import Dice
from raw import Wire

BASICS = {
    "ember": "sootling wickmoth slagmole pyrarch",
    "tide": "dripkit shoalray icklecrab nereith",
    "grove": "mossnub sporelet nutshrew sylvanor",
    "storm": "fizzbit gustling coilsnake tempestra",
    "": "burrowby snoozle mimble",
}
"""Every basic monster by its element. A deck of them is dealt as it was shuffled, and no card of it draws dice but for coins."""
DECK = [card for cards in BASICS.values() for card in cards.split() for _ in range(2)] + ["lampwing"] * 2
CONFIG = {"decks": [{"cards": DECK}, {"cards": DECK}], "turn_limit": 40, "points_to_win": 10, "seconds_per_turn": 600}
LETTERS = "abcdefghjkmnpqrstuvwxyz023456789"


def test_the_stream_is_chacha20_as_published():
    """draft-strombergson-chacha-test-vectors: TC1, and TC8 for a key and a stream number."""
    zero = Dice(bytes(32), [], 0)
    assert zero.bits().to_bytes(8, "little").hex() == "76b8e0ada0f13d90"
    assert [zero.bits() for _ in range(8)][-1].to_bytes(8, "little").hex() == "9f07e7be5551387a", "the second block"
    key = bytes.fromhex("c46ec1b18ce8a878725a37e780dfb7351f68ed2e194c79fbc6aebee1a667975d")
    number = int.from_bytes(bytes.fromhex("1ada31d5cf688221"), "little")
    assert Dice(key, [], number).bits().to_bytes(8, "little").hex() == "f63a89b75c2271f9"


class Game:
    """One game of two players in a room, played to its end. What each heard is kept, and so is all they were sent."""

    def __init__(self, server, room, dice):
        self.server, self.room, self.dice, self.sent = server, room, dice, 0
        self.wires, self.tapes, self.acked = {}, [], {}
        self.connect("ada"), self.connect("bob")
        opened = self.ask("ada", "open_room", payload={"kind": "cards", "room_id": room, "config": CONFIG}, id="open")
        self.seed_hash = opened["seed_hash"]

    def connect(self, user):
        self.wires[user] = Wire.greeted(self.server, tokens.good(self.server, user))
        self.tapes.append(self.wires[user].tape)

    def ask(self, user, kind, **fields):
        self.sent += 1
        return self.wires[user].ask({"type": kind, "ref": str(self.sent)} | fields)

    def join(self, user, seat=None, **more):
        payload = {"room_id": self.room} | ({"seat": seat} if seat is not None else {}) | more
        joined = self.ask(user, "join_room", payload=payload)
        assert joined["status"] == "ok" and joined["seed_hash"] == self.seed_hash, joined
        return joined

    def step(self):
        """A legal action of whoever may act, attacks before the end of a turn; False when nobody may."""
        for user in ("ada", "bob"):
            if legal := self.ask(user, "legal", room=self.room)["actions"]:
                break
        else:
            return False
        fights = [action for action in legal if action["type"] in ("attack", "attach", "place")]
        action = self.dice.choice(fights if fights and self.dice.random() < 0.8 else legal)
        played = self.ask(user, "action", room=self.room, id=f"a-{self.sent}", payload=action)
        assert played["status"] == "ok", played
        self.acked[f"a-{self.sent - 1}"] = int(played["at"].split(".")[1])
        return True

    def to_the_end(self):
        while self.step():
            pass
        for wire in self.wires.values():
            wire.socket.close()


class Kept:
    """What the journal keeps of a room: its seed, the nonces, and the number of each record."""

    def __init__(self, data, room):
        with sqlite3.connect(f"file:{data}/journal.sqlite3?mode=ro", uri=True) as journal:
            rows = journal.execute("SELECT seq, cause, input FROM log WHERE room = ? ORDER BY rowid", (room,)).fetchall()
        self.records = [(seq, cause, json.loads(text)) for seq, cause, text in rows]
        self.seed = bytes.fromhex(self.records[0][2]["seed"])
        self.numbers = {given["id"]: seq for seq, cause, given in self.records if cause == "action"}
        self.stirred, self.dealt = [], None
        seated = set()
        for seq, cause, given in self.records:
            if cause == "joined":
                if given["nonce"] is not None and given["seat"] not in dict(self.stirred):
                    self.stirred.append((given["seat"], given["nonce"]))
                seated.add(given["seat"])
                if len(seated) == 2 and self.dealt is None:
                    self.dealt = seq
            elif cause == "left":
                seated.clear()

    def dice(self, record):
        return Dice(self.seed, self.stirred, record)


def dealt(dice):
    """Who begins, and for each seat the deck in the order of drawing and the energies in the order of coming."""
    first, decks, energies = dice.below(2), [], []
    for _ in range(2):
        ids = [dice.bits() for _ in DECK]
        names = ["".join(LETTERS[bits >> 5 * i & 31] for i in range(12)) for bits in ids]
        deck = [{"id": name, "card": card} for name, card in zip(names, sorted(DECK))]
        dice.shuffle(deck)
        decks.append(deck[::-1])
        shares = [element for element in BASICS if element] * 6
        dice.shuffle(shares)
        energies.append(shares[::-1])
    return first, decks, energies


def replayed(server, room, seat):
    """The events a seat was told, as (n, type, payload)."""
    frames = parlour.replay(server.data, room, "--as", str(seat))
    return [(frame["n"], frame["type"], frame["payload"]) for frame in frames if "n" in frame]


def sit_plainly(game):
    game.join("ada", nonce="ada's nonce"), game.join("bob", nonce="bob's")


def sit_from_the_other_side(game):
    game.join("ada", 1, nonce="äöü €😀"), game.join("bob", nonce="")


def sit_without_a_nonce(game):
    game.join("ada"), game.join("bob")


def sit_twice(game):
    """Only the first nonce of a seat counts: or who sees the other's could choose their own again and again."""
    game.join("ada", nonce="first")
    assert game.ask("ada", "leave_room", room=game.room)["status"] == "ok"
    game.join("ada", nonce="second"), game.join("bob", nonce="third")


def test_everything_drawn_is_drawn_again_from_the_seed_and_the_nonces(server, seed):
    coins, number = 0, 0
    ways = [sit_plainly, sit_from_the_other_side, sit_without_a_nonce, sit_twice]
    # Every way to sit down, and then games until there were coins enough.
    while number < len(ways) or coins < 20:
        sit = ways[number % len(ways)]
        game = Game(server, f"dice-{number}", random.Random(f"{seed} {number}"))
        sit(game)
        game.to_the_end()
        kept = Kept(server.data, game.room)
        assert len(kept.stirred) == (0 if sit is sit_without_a_nonce else 2)
        assert sha256(kept.seed).hexdigest() == game.seed_hash
        shown = server.http("GET", f"/v1/rooms/{game.room}", token=tokens.good(server, "ada")).json()
        assert shown["seed_hash"] == game.seed_hash
        coins += assert_drawn(server, game, kept)
        number += 1
        assert number < 60, "too few coins are flipped to be judged by"
    print(f"{number} games, {coins} coins")


def assert_drawn(server, game, kept):
    """The deal, every card drawn and every coin of a game; how many coins there were."""
    first, decks, energies = dealt(kept.dice(kept.dealt))
    for seat in (0, 1):
        events = replayed(server, game.room, seat)
        drawn = [card for _, kind, payload in events if kind == "drew" and payload["seat"] == seat for card in payload["cards"]]
        assert len(drawn) > 5 and drawn == decks[seat][: len(drawn)]
        came = [payload["element"] for _, kind, payload in events if kind == "energy_appeared" and payload["seat"] == seat]
        assert came and came == energies[seat][: len(came)]
    assert next(payload["first"] for _, kind, payload in events if kind == "game_begun") == first
    coins, before = 0, 0
    for message_id, n in game.acked.items():
        dice = kept.dice(kept.numbers[message_id])
        flips = [payload["heads"] for at, kind, payload in events if before < at <= n and kind == "flipped"]
        assert flips == [dice.below(2) == 1 for _ in flips], message_id
        coins, before = coins + len(flips), n
    return coins


def forms(seed):
    """A seed as it could stand somewhere."""
    yield seed
    yield from (seed.hex().encode(), seed.hex().upper().encode(), seed[::-1].hex().encode())
    for code in (base64.b64encode, base64.urlsafe_b64encode):
        yield code(seed).rstrip(b"=")
    yield ", ".join(map(str, seed)).encode()
    yield ",".join(map(str, seed)).encode()


@pytest.mark.parametrize("verb", ["serve", "demo"])
def test_the_seed_is_told_nobody_ever(make_server, seed, verb):
    server = make_server(verb=verb)
    game = Game(server, "sealed", random.Random(seed))
    sit_plainly(game)
    game.connect("eve")
    assert game.ask("eve", "join_room", payload={"room_id": "sealed", "as": "spectator"})["seed_hash"] == game.seed_hash
    again = game.ask("ada", "open_room", payload={"kind": "cards", "room_id": "sealed", "config": CONFIG}, id="open")
    assert (again["dup"], again["seed_hash"]) == (True, game.seed_hash)
    turns = 0
    while game.step():
        turns += 1
        if turns % 10 == 0:
            refuse_and_resume(game, turns)
    answers = ask_all(server, tokens.good(server, "root", role="admin"))
    for command in ("rooms ls", "rooms ls -o json", "rooms show sealed", "rooms show sealed -o json", "replay sealed",
                    "replay sealed --as 0", "replay sealed --as spectator", "replay sealed --verify"):
        answers.append(parlour.cli(*command.split(), "--data", server.data, expect=0).stdout.encode())
    assert server.stop() == 0
    said = [bytes(tape) for tape in game.tapes] + answers + [server.out.encode(), server.err.encode()]
    secret = Kept(server.data, "sealed").seed
    assert sum(map(len, said)) > 100_000 and len(game.tapes) > 6
    assert any(sha256(secret).hexdigest().encode() in text for text in said)
    for form in forms(secret):
        assert not any(form in text for text in said)


def refuse_and_resume(game, turns):
    """Junk, refusals, and coming back: from the beginning, from the last event, from the future."""
    for user in ("ada", "bob", "eve"):
        refused = game.ask(user, "action", room="sealed", payload={"type": "place", "card": "none"})
        assert refused["status"] == "error"
        life = game.join(user, **({"as": "spectator"} if user == "eve" else {}))["at"].split(".")[0]
        game.wires[user].socket.close()
        game.connect(user)
        for after in (f"{life}.0.0", f"{life}.{turns}", f"{life}.99999.0", "other.1.1"):
            game.join(user, after=after, **({"as": "spectator"} if user == "eve" else {}))


def ask_all(server, admin):
    """What every address says about the room."""
    paths = ["/", "/metrics", "/version", "/readyz", "/v1/kinds", "/v1/rooms", "/v1/rooms/sealed", "/v1/rooms/sealed/replay"]
    queries = ["verify=true", "as=0", "as=1", "as=spectator", "as=7", "at=1", "at=5&as=0", "at=999999"]
    answers = [server.http("GET", path, token=admin) for path in paths + [f"{paths[-1]}?{query}" for query in queries]]
    assert all(answer.status in (200, 400) for answer in answers), answers
    answers.append(server.http("DELETE", "/v1/rooms/sealed", token=admin))
    answers.append(server.http("POST", "/v1/rooms", {"kind": "cards", "id": "sealed", "config": 5}, token=admin))
    return [answer.body for answer in answers]
