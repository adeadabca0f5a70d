"""What whoever runs a server sees of it: metrics, readiness, a good end on SIGTERM, and one server to a data folder."""

import os
import sqlite3
from concurrent.futures import ThreadPoolExecutor

import pytest

import parlour
import raw
import tokens
from prometheus import metrics
from raw import Ended, Wire

def sit(server, room, *users):
    """Opens a room and seats these users: their connections."""
    wires = [Wire.greeted(server, tokens.good(server, user)) for user in users]
    wires[0].ask({"type": "open_room", "ref": "o", "payload": {"kind": "cards", "room_id": room}})
    for wire in wires:
        assert wire.ask({"type": "join_room", "ref": "j", "payload": {"room_id": room}})["status"] == "ok"
    return wires


def test_metrics_count_what_was_done(server):
    before = metrics(server)
    ada, bob = sit(server, "counted", "ada", "bob")
    hand = ada.ask({"type": "legal", "ref": "l", "room": "counted"})["actions"]
    act = {"type": "action", "ref": "a", "id": "a-1", "room": "counted", "payload": hand[0]}
    assert [ada.ask(act)["dup"] for _ in range(3)] == [False, True, True]
    assert ada.ask(act | {"id": "a-2", "payload": {"type": "end_turn"}})["kind"] == "illegal"
    assert ada.ask(act | {"id": "a-3", "payload": {"type": "fly"}})["kind"] == "invalid"
    assert bob.ask({"type": "join_room", "ref": "j", "payload": {"room_id": "counted"}})["resumed"] == {"kind": "fresh"}
    with Wire.open(server, "no token") as wire:
        assert wire.close_code() == 1008
    after = metrics(server)
    more = {name: value - before.get(name, 0) for name, value in after.items()}
    assert more['parlour_rooms{app="cards"}'] == more["parlour_rooms_opened_total"] == 1
    assert (more["parlour_connections"], more["parlour_connections_opened_total"]) == (2, 3)
    for kind, count in {"applied": 1, "dup": 2, "illegal": 1, "invalid": 1, "denied": 0}.items():
        assert more[f'parlour_actions_total{{kind="{kind}"}}'] == count, kind
    assert more["parlour_auth_failures_total"] == 1
    assert more['parlour_resumes_total{kind="fresh"}'] == 3
    assert more["parlour_journal_records_total"] == 4, "opened, joined, joined, action"
    assert 1 <= more["parlour_journal_commits_total"] <= 4
    assert more["parlour_journal_lag_events"] == 0 and after["parlour_journal_append_seconds_total"] > 0
    for dir in ("in", "out"):
        assert more[f'parlour_frames_total{{dir="{dir}"}}'] >= 10 and more[f'parlour_bytes_total{{dir="{dir}"}}'] > 500
    with sqlite3.connect(f"file:{server.data}/journal.sqlite3?mode=ro", uri=True) as journal:
        assert journal.execute("SELECT count(*) FROM log").fetchone() == (after["parlour_journal_records_total"],)


def test_sigterm_ends_in_good_order_and_every_room_comes_back(server):
    ada, bob = sit(server, "kept", "ada", "bob")
    hand = ada.ask({"type": "legal", "ref": "l", "room": "kept"})["actions"]
    acked = ada.ask({"type": "action", "ref": "a", "id": "a-1", "room": "kept", "payload": hand[0]})
    assert acked["status"] == "ok"
    with ThreadPoolExecutor() as pool:
        stopped = pool.submit(server.stop)
        for wire in (ada, bob):
            with wire, pytest.raises(Ended) as ended:
                assert wire.next_of("closing")["payload"]["reason"]
                wire.next()
            assert ended.value.code == 1012
        assert stopped.result() == 0
    assert not (server.data / "journal.sqlite3-wal").exists() or os.path.getsize(server.data / "journal.sqlite3-wal") == 0

    server.start()
    room = server.http("GET", "/v1/rooms/kept", token=tokens.good(server, "ada")).json()
    assert (room["status"], [member["user_id"] for member in room["members"]]) == ("open", ["ada", "bob"])
    with Wire.greeted(server, tokens.good(server, "ada")) as ada:
        joined = ada.ask({"type": "join_room", "ref": "j", "payload": {"room_id": "kept", "after": acked["at"]}})
        assert (joined["seat"], joined["resumed"]) == (0, {"kind": "replayed", "events": 0})
        again = ada.ask({"type": "action", "ref": "a", "id": "a-1", "room": "kept", "payload": hand[0]})
        assert again == acked | {"dup": True}


# Makes every sync take so long that the end of a server can be looked at.
SLOW = ["strace", "-f", "-qq", "-o", os.devnull, "-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:delay_exit=700000"]


def test_while_it_drains_it_is_not_ready_and_takes_no_more_rooms(make_server):
    server = make_server()
    ada = tokens.good(server, "ada")
    bots = {"1": "random"}
    server.http("POST", "/v1/rooms", {"kind": "cards", "id": "slow", "bots": bots}, token=ada)
    server.kill()
    server.prefix = SLOW
    server.start()
    with ThreadPoolExecutor() as pool, Wire(server) as http, Wire.greeted(server, ada) as wire:
        http.send(raw.http_request("GET", "/readyz"))
        assert http.response().status == 200
        # The clock that runs from here on makes the server write down, when it ends, how far it had come.
        wire.ask({"type": "join_room", "ref": "j", "payload": {"room_id": "slow"}})
        stopped = pool.submit(server.stop, deadline=30.0)
        ready = parlour.poll(lambda: not_ready(http), "the server not to be ready")
        assert ready.json() == {"ready": False, "journal": True, "draining": True}
        answer = server.http("POST", "/v1/rooms", {"kind": "cards"}, token=ada)
        assert (answer.status, answer.json()["code"], answer.json()["retry"]) == (503, "draining", True)
        assert server.http("GET", "/readyz").status == 503
        assert wire.close_code() == 1012
        wire.socket.close()
        assert stopped.result() == 0


def not_ready(http):
    http.send(raw.http_request("GET", "/readyz"))
    answer = http.response()
    return answer if answer.status == 503 else None


def test_a_second_server_on_the_same_folder_is_refused_and_hurts_nobody(server):
    done = parlour.cli("serve", "--listen", "127.0.0.1:0", "--data", server.data, expect=78)
    assert "in use by process" in done.stderr and str(server.pid) in done.stderr and "--data" in done.stderr
    assert server.http("GET", "/readyz").status == 200


def test_an_address_that_is_taken_is_told_and_what_to_do(server, tmp_path):
    done = parlour.cli("serve", "--listen", f"127.0.0.1:{server.port}", "--data", tmp_path / "other", expect=78)
    assert "is in use" in done.stderr and "--listen" in done.stderr
