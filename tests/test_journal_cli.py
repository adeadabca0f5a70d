"""`parlour journal`: verify, stat and export, beside a server that writes and without one."""

import json
import sqlite3

import pytest

import parlour

DIFFERS, NOT_FOUND, USAGE = 8, 3, 2
ROOMS = 4
FOLDED = {"PARLOUR_LIMITS__JOURNAL_TAIL_ROWS": "30", "PARLOUR_LIMITS__JOURNAL_CHUNK_BYTES": "3000"}


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """A server in whose rooms bots have played to the end, and one where nobody plays; it runs on."""
    server = parlour.Server(tmp_path_factory.mktemp("journal"), env=FOLDED).start()
    admin = server.token("root", "admin")
    for number in range(ROOMS):
        body = {"kind": "cards", "id": f"table-{number}", "bots": {"0": "random", "1": "random"}}
        assert server.http("POST", "/v1/rooms", body | {"config": {"turn_limit": 20}}, token=admin).status == 201
    assert server.http("POST", "/v1/rooms", {"kind": "cards", "id": "empty"}, token=admin).status == 201

    def over():
        rooms = server.http("GET", "/v1/rooms", token=admin).json()["rooms"]
        return sum(room["status"] == "ended" for room in rooms) == ROOMS

    parlour.poll(over, "the bots to finish", deadline=30.0)
    yield server
    server.kill()


def journal(server, *args, expect=0):
    return parlour.cli("journal", *args, "--data", server.data, expect=expect)


def records(server, room=None):
    with sqlite3.connect(f"file:{server.data}/journal.sqlite3?mode=ro", uri=True) as db:
        where = "" if room is None else f"WHERE room = '{room}'"
        return db.execute(f"SELECT room, seq, at_ms, cause, input, hash FROM records {where} ORDER BY room, seq").fetchall()


def test_every_room_verifies_while_the_server_runs(played):
    told = journal(played, "verify").stdout
    assert told == f"{ROOMS + 1} rooms · {len(records(played))} records · every hash matches\n"
    said = json.loads(journal(played, "verify", "table-1", "-o", "json").stdout)
    assert said == {"rooms": 1, "records": len(records(played, "table-1")), "differ": []}


def test_stat_counts_what_is_there(played):
    said = json.loads(journal(played, "stat", "--output", "json").stdout)
    with sqlite3.connect(f"file:{played.data}/journal.sqlite3?mode=ro", uri=True) as db:
        (tail,) = db.execute("SELECT count(*) FROM log").fetchone()
        (chunks, longest) = db.execute("SELECT count(*), max(length(body)) FROM chunks").fetchone()
    assert said["rooms"] == ROOMS + 1 and said["kinds"] == [{"kind": "cards", "open": 1, "ended": ROOMS}]
    assert said["records"] == len(records(played)) > 100
    assert (said["tail_records"], said["chunks"]) == (tail, chunks) and tail <= 30 and chunks > ROOMS and longest <= 3000
    assert said["snapshots"] >= ROOMS and said["file_bytes"] > 0 and said["wal_bytes"] > 0
    assert said["oldest_room"] < said["newest_record"]
    text = journal(played, "stat").stdout
    assert f"tail records: {tail}\n" in text and f"chunks: {chunks}\n" in text


def test_export_prints_the_records_as_they_are_kept(played):
    for room in ("table-0", "empty"):
        lines = [json.loads(line) for line in journal(played, "export", room).stdout.splitlines()]
        kept = records(played, room)
        assert [(line["seq"], line["at_ms"], line["cause"], line["hash"]) for line in lines] == [
            (seq, at_ms, cause, hash) for _, seq, at_ms, cause, _, hash in kept
        ]
        assert [line["input"] for line in lines] == [json.loads(input) for *_, input, _ in kept]
        assert lines[0]["cause"] == "opened" and lines[0]["input"]["seed"]
    assert "seed" in parlour.cli("journal", "export", "--help", expect=0).stdout


def test_what_is_not_there_is_told(played, tmp_path):
    for args in (["verify", "nowhere"], ["export", "nowhere"]):
        assert "nowhere" in journal(played, *args, expect=NOT_FOUND).stderr
    for args in (["verify"], ["stat"], ["export", "x"]):
        assert "no journal" in parlour.cli("journal", *args, "--data", tmp_path, expect=NOT_FOUND).stderr
    for args in ([], ["export"], ["export", "table-0", "-o", "json"], ["verify", "a", "b"], ["stat", "-o", "xml"]):
        assert parlour.cli("journal", *args, expect=USAGE).stdout == ""


def test_every_room_that_differs_is_named_with_its_record_and_the_others_are_verified(played, tmp_path):
    with sqlite3.connect(f"file:{played.data}/journal.sqlite3?mode=ro", uri=True) as db:
        with sqlite3.connect(tmp_path / "journal.sqlite3") as copy:
            db.backup(copy)
    db = sqlite3.connect(tmp_path / "journal.sqlite3", isolation_level=None)
    (folded,) = db.execute("SELECT first FROM chunks WHERE room = 'table-1' ORDER BY first LIMIT 1 OFFSET 1").fetchone()
    damage = "UPDATE chunks SET body = replace(body, '\"at_ms\":', '\"at_mz\":') WHERE room = 'table-1' AND first = ?"
    db.execute(damage, (folded,))
    db.execute("DELETE FROM rooms WHERE room = 'table-2'")
    db.execute("UPDATE rooms SET outcome = 'lost at sea' WHERE room = 'table-3'")
    db.close()
    done = parlour.cli("journal", "verify", "--data", tmp_path, "--output", "json", expect=DIFFERS)
    said = json.loads(done.stdout)
    differ = {room["room_id"]: room["record"] for room in said["differ"]}
    last = {room: len(records(played, room)) for room in ("table-2", "table-3")}
    assert differ == {"table-1": folded, "table-2": 1, "table-3": last["table-3"]}, done.stdout
    assert said["rooms"] == ROOMS + 1
    assert f"3 of {ROOMS + 1} rooms differ, the first is table-1 at record {folded}" in done.stderr
    text = parlour.cli("journal", "verify", "--data", tmp_path, expect=DIFFERS).stdout
    assert [line.split(":")[0] for line in text.splitlines()] == ["table-1", "table-2", "table-3"]
    alone = parlour.cli("journal", "verify", "table-3", "--data", tmp_path, expect=DIFFERS)
    assert f"table-3 at record {last['table-3']}" in alone.stderr
    assert f"record {folded}" in parlour.cli("journal", "export", "table-1", "--data", tmp_path, expect=DIFFERS).stderr
