"""The turn clock: warning, warning, timeout, in room time; a restart in mid-turn keeps what was left of it.

Nothing here is timed by the test's own clock. What is judged is the room time at which the journal says that things happened.
"""

import json
import sqlite3
import time

import pytest

import parlour
import tokens
from codes import assert_typed
from raw import Wire

LATE_MS = 700
"""How late a clock may ring on a busy machine: less than the time between two."""


class Room:
    """A game of ada and bob, and what its journal says of it."""

    def __init__(self, server, name, **config):
        self.server, self.name, self.wires = server, name, {}
        for user in ("ada", "bob"):
            self.connect(user)
        opened = self.ask("ada", "open_room", payload={"kind": "cards", "room_id": name, "config": config})
        assert opened["status"] == "ok", opened
        for user in ("ada", "bob"):
            self.join(user)

    def connect(self, user):
        self.wires[user] = Wire.greeted(self.server, tokens.good(self.server, user))

    def ask(self, user, kind, **fields):
        return self.wires[user].ask({"type": kind, "ref": "r"} | fields)

    def join(self, user):
        """Joins, and returns the view that follows."""
        assert self.ask(user, "join_room", payload={"room_id": self.name})["status"] == "ok"
        return self.wires[user].next_of("view")["payload"]

    def set_up(self):
        """Both place a monster and are ready; whose turn it is then."""
        for user in ("ada", "bob"):
            action = self.ask(user, "legal", room=self.name)["actions"][0]
            assert self.ask(user, "action", room=self.name, payload=action)["status"] == "ok"
            assert self.ask(user, "action", room=self.name, payload={"type": "ready"})["status"] == "ok"
        return self.records()[-1]["told"]["turn_started"]["seat"]

    def hears(self, user, *kinds, deadline=parlour.DEADLINE):
        """The next events of the game that are of these types, in this order and no other of them in between."""
        heard = []
        while len(heard) < len(kinds):
            said = self.wires[user].next(deadline)
            if said["type"] in ("turn_warning", "turn_timeout", "game_over"):
                heard.append(said)
        assert [said["type"] for said in heard] == list(kinds)
        return [said["payload"] for said in heard]

    def records(self):
        """Every record: number, cause, input, room time, wall time, and the events it told by type."""
        with sqlite3.connect(f"file:{self.server.data}/journal.sqlite3?mode=ro", uri=True) as journal:
            query = "SELECT seq, cause, input, at_ms, ts_ms FROM log WHERE room = ? ORDER BY rowid"
            rows = journal.execute(query, (self.name,)).fetchall()
        told = {}
        for line in parlour.replay(self.server.data, self.name):
            if "cause" in line:
                told[line["seq"]] = {event["body"]["type"]: event["body"] for event in line["told"] if "body" in event}
        return [
            {"seq": seq, "cause": cause, "input": json.loads(text), "at_ms": at_ms, "ts_ms": ts_ms, "told": told[seq]}
            for seq, cause, text, at_ms, ts_ms in rows
        ]


def assert_rings(records, began_ms, full_ms):
    """The clocks rang when half, a quarter and none of the time was left, in room time."""
    rings = [record["at_ms"] - began_ms for record in records if record["cause"] == "signal"]
    for rang_ms, due_ms in zip(rings, (full_ms // 2, full_ms - full_ms // 4, full_ms), strict=True):
        assert due_ms <= rang_ms < due_ms + LATE_MS, rings


@pytest.fixture(scope="module")
def waiting(tmp_path_factory):
    """Two rooms in which nobody does anything any more, begun at the same time: one in its first turn, one in the setup."""
    server = parlour.Server(tmp_path_factory.mktemp("clock")).start()
    rooms = {"slow": Room(server, "slow", seconds_per_turn=4), "setup": Room(server, "setup", seconds_per_turn=3)}
    rooms["slow"].first = rooms["slow"].set_up()
    yield rooms
    server.kill()


def test_a_player_is_warned_twice_and_then_loses(waiting):
    room = waiting["slow"]
    first = room.first
    for user in ("ada", "bob"):
        half, quarter, out, over = room.hears(user, "turn_warning", "turn_warning", "turn_timeout", "game_over")
        assert half == {"seat": first, "remaining_seconds": 2} and quarter == {"seat": first, "remaining_seconds": 1}
        assert out == {"seat": first} and over == {"winner": 1 - first, "reason": "timeout"}
    records = room.records()
    assert_rings(records, records[-4]["at_ms"], 4000)
    assert [record["cause"] for record in records[-4:]] == ["action", "signal", "signal", "signal"]
    for user in ("ada", "bob"):
        assert room.ask(user, "legal", room="slow")["actions"] == []
        assert_typed(room.ask(user, "action", room="slow", payload={"type": "end_turn"}), "room_closed")
    shown = room.server.http("GET", "/v1/rooms/slow", token=tokens.good(room.server, "ada")).json()
    assert (shown["status"], shown["outcome"]) == ("ended", "timeout")


def test_in_the_setup_time_runs_for_both_and_nobody_wins(waiting):
    room = waiting["setup"]
    kinds = ["turn_warning"] * 4 + ["turn_timeout"] * 2 + ["game_over"]
    heard = room.hears("ada", *kinds)
    assert [said.get("seat") for said in heard] == [0, 1, 0, 1, 0, 1, None]
    assert heard[-1] == {"winner": None, "reason": "timeout"}
    records = room.records()
    assert_rings(records, next(record["at_ms"] for record in records if "game_begun" in record["told"]), 3000)


def test_a_turn_that_ends_takes_its_clock_with_it(server):
    room = Room(server, "quick", seconds_per_turn=2)
    first = room.set_up()
    users = ["ada", "bob"] if first == 0 else ["bob", "ada"]
    room.hears(users[0], "turn_warning")
    assert room.ask(users[0], "action", room="quick", payload={"type": "end_turn"})["status"] == "ok"
    (warned,) = room.hears(users[0], "turn_warning")
    assert warned == {"seat": 1 - first, "remaining_seconds": 1}
    ended, rang = room.records()[-2:]
    assert (ended["cause"], rang["cause"]) == ("action", "signal")
    assert 1000 <= rang["at_ms"] - ended["at_ms"] < 1000 + LATE_MS // 2, "the next turn begins with all of its time"


def restart(room, end, down_s):
    """Ends the server, leaves it down for a while, starts it again, and comes back."""
    for wire in room.wires.values():
        wire.socket.close()
    end()
    time.sleep(down_s)  # Not for luck: this time must not count.
    room.server.start()
    for user in ("ada", "bob"):
        room.connect(user)


def test_a_restart_in_mid_turn_keeps_what_was_left_of_it(server):
    room = Room(server, "kept", seconds_per_turn=4)
    first = room.set_up()
    began_ms = room.records()[-1]["at_ms"]
    deadline = {"deadline_ms": began_ms + 4000}

    room.hears("ada", "turn_warning")
    restart(room, server.stop, down_s=1.0)
    for user in ("ada", "bob"):
        assert room.join(user)["clock"] == deadline
    assert room.hears("bob", "turn_warning") == [{"seat": first, "remaining_seconds": 1}]
    restart(room, server.kill, down_s=1.0)
    for user in ("ada", "bob"):
        assert room.join(user)["clock"] == deadline
    for user in ("ada", "bob"):
        assert room.hears(user, "turn_timeout", "game_over")[1] == {"winner": 1 - first, "reason": "timeout"}

    records = room.records()
    assert_rings(records, began_ms, 4000)
    causes = [record["cause"] for record in records]
    assert causes[causes.index("signal") :] == ["signal", "slept", "woke", "signal", "woke", "signal"]
    for before, after in zip(records, records[1:]):
        if after["cause"] == "woke":
            assert after["at_ms"] == before["at_ms"], "time spent down is no room time"
            assert after["input"]["down_ms"] >= 1000
        else:
            passed = (after["at_ms"] - before["at_ms"], after["ts_ms"] - before["ts_ms"])
            assert abs(passed[0] - passed[1]) < LATE_MS, "while it is up, room time runs like any other"
    assert parlour.cli("replay", "kept", "--verify", "--data", server.data, expect=0)


def test_a_room_keeps_the_configuration_it_was_opened_with(server):
    config = {
        "decks": ["grove", "storm"],
        "seconds_per_turn": 777,
        "turn_limit": 33,
        "points_to_win": 7,
        "grace_seconds": 70,
        "rematches": 2,
    }
    room = Room(server, "own", **config)
    for end in (server.stop, server.kill):
        restart(room, end, down_s=0)
        assert room.join("ada")["config"] == config
        shown = server.http("GET", "/v1/rooms/own", token=tokens.good(server, "ada")).json()
        assert shown["view"]["config"] == config
        room.join("bob")
    room.set_up()
    assert room.records()[-1]["told"]["turn_started"]["seconds"] == 777
