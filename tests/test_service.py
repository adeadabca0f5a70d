"""What whoever runs a server sees of it: metrics, readiness, a good end on SIGTERM, and one server to a data folder."""

import os
import sqlite3
from concurrent.futures import ThreadPoolExecutor

import pytest

import parlour
import raw
import tokens
from prometheus import assert_only_grew, metrics
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
    assert_only_grew(before, after)
    more = {name: value - before.get(name, 0) for name, value in after.items()}
    assert more['parlour_rooms{app="cards"}'] == more["parlour_rooms_opened_total"] == 1
    assert (more['parlour_connections{transport="websocket"}'], more["parlour_connections_opened_total"]) == (2, 3)
    assert more['parlour_connections_closed_total{code="1008"}'] == 1
    for kind, count in {"applied": 1, "dup": 2, "illegal": 1, "invalid": 1, "denied": 0, "limited": 0}.items():
        assert more[f'parlour_actions_total{{app="cards",kind="{kind}"}}'] == count, kind
    assert more['parlour_auth_failures_total{reason="authentication_failed"}'] == 1
    assert more['parlour_resumes_total{kind="fresh"}'] == 3
    assert more['parlour_seats{app="cards",state="here"}'] == 2
    assert more["parlour_journal_records_total"] == 4, "opened, joined, joined, action"
    assert 1 <= more["parlour_journal_commits_total"] <= 4
    assert more["parlour_journal_lag_events"] == 0 and after["parlour_journal_append_seconds_sum"] > 0
    assert more["parlour_journal_append_seconds_count"] == more["parlour_journal_commits_total"]
    assert more["parlour_ack_seconds_count"] == 1, "what was played; what was refused waited for nothing"
    assert after["parlour_journal_bytes"] > 0 and after["parlour_recovery_seconds"] > 0
    for dir in ("in", "out"):
        assert more[f'parlour_frames_total{{dir="{dir}"}}'] >= 10 and more[f'parlour_bytes_total{{dir="{dir}"}}'] > 500
    with sqlite3.connect(f"file:{server.data}/journal.sqlite3?mode=ro", uri=True) as journal:
        assert journal.execute("SELECT count(*) FROM log").fetchone() == (after["parlour_journal_records_total"],)


def test_many_clients_and_the_metrics_agree_on_what_was_done(server):
    """Two who play a whole turn after turn, with every answer counted on this side."""
    before = metrics(server)
    wires = sit(server, "busy", "ada", "bob")
    counted = {"applied": 0, "dup": 0, "illegal": 0, "events": 0}
    for at in range(200):
        if counted["applied"] >= 57:
            break
        wire = wires[at % 2]
        legal = wire.ask({"type": "legal", "ref": f"l{at}", "room": "busy"})
        if legal["ended"]:
            break
        if not legal["actions"]:
            refused = wire.ask({"type": "action", "ref": f"x{at}", "room": "busy", "payload": {"type": "end_turn"}})
            counted["illegal"] += refused["kind"] == "illegal"
            continue
        act = {"type": "action", "ref": f"a{at}", "id": f"a{at}", "room": "busy", "payload": legal["actions"][0]}
        assert wire.ask(act)["dup"] is False
        counted["applied"] += 1
        if at % 10 == 0:
            assert wire.ask(act)["dup"] is True
            counted["dup"] += 1
    print(counted)
    assert counted["applied"] >= 20 and counted["dup"] and counted["illegal"]
    # How far the public events of the room have come, as its players know it.
    counted["events"] = wires[0].ask({"type": "join_room", "ref": "j", "payload": {"room_id": "busy"}})["at"].split(".")[1]
    wires[0].socket.close()
    away = 'parlour_seats{app="cards",state="away"}'
    after = parlour.poll(lambda: (now := metrics(server)).get(away) == 1 and now, "the one who went to be away")
    assert_only_grew(before, after)
    for kind in ("applied", "dup", "illegal"):
        key = f'parlour_actions_total{{app="cards",kind="{kind}"}}'
        assert after[key] - before.get(key, 0) == counted[kind], kind
    assert after["parlour_events_total"] >= int(counted["events"])
    assert after["parlour_ack_seconds_count"] == after['parlour_action_seconds_count{stage="journal"}'] == counted["applied"]
    assert after['parlour_connections_closed_total{code="1006"}'] == 1
    wires[1].socket.close()


def test_joins_are_counted_by_how_they_were_caught_up(server):
    ada, bob = sit(server, "missed", "ada", "bob")
    joined = ada.ask({"type": "join_room", "ref": "j", "payload": {"room_id": "missed"}})
    hand = ada.ask({"type": "legal", "ref": "l", "room": "missed"})["actions"]
    ada.ask({"type": "action", "ref": "a", "room": "missed", "payload": hand[0]})
    before = metrics(server)
    back = {"type": "join_room", "ref": "k", "payload": {"room_id": "missed", "after": joined["at"]}}
    events = ada.ask(back)["resumed"]
    assert events["kind"] == "replayed"
    assert bob.ask({"type": "join_room", "ref": "f", "payload": {"room_id": "missed", "seat": 7}})["status"] == "error"
    after = metrics(server)
    more = {name: value - before[name] for name, value in after.items() if name in before}
    assert (more['parlour_resumes_total{kind="replayed"}'], more['parlour_resumes_total{kind="refused"}']) == (1, 1)
    assert (more["parlour_resume_events_count"], more["parlour_resume_events_sum"]) == (1, events["events"])


def test_metrics_are_for_this_machine_and_admins_and_a_proxy_does_not_change_that(server):
    def status(token=None, **headers):
        return server.http("GET", "/metrics", token=token, headers=headers).status

    assert status() == 200
    by_proxies = ({"X-Forwarded-For": "192.0.2.1"}, {"Forwarded": "for=192.0.2.1"}, {"Via": "1.1 proxy"}, {"X-Real-IP": "::1"})
    for passed_on in by_proxies:
        assert status(**passed_on) == 401
        assert status("nonsense", **passed_on) == 401
        assert status(tokens.good(server, "ada"), **passed_on) == 403
        assert status(server.token("root", "admin"), **passed_on) == 200


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
