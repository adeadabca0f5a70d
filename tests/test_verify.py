"""P6 on the real binary: what was played plays again, and what happens to a journal on the disk is found, at its number."""

import asyncio
import contextlib
import hashlib
import random
import re
import shutil
import sqlite3
import types

import pytest

import duel
import parlour

DIFFERS = 8
LOG = ("room", "seq", "at_ms", "ts_ms", "cause", "input", "hash")
ROOMS = ("room", "kind", "rules", "life", "first", "opened_ms", "outcome", "snapshot")
SNAPSHOTS = ("room", "seq", "digest", "body")
COLUMNS = [(table, name, False) for table, names in (("log", LOG), ("rooms", ROOMS), ("snapshots", SNAPSHOTS)) for name in names]
TO_NULL = [("rooms", "outcome", True), ("rooms", "snapshot", True)]
CHANGES_EACH = 10
"""So often is each of the columns changed: nearly 200 changes in all."""
GAME = {"turn_limit": 14, "points_to_win": 2, "seconds_per_turn": 3600}


@pytest.fixture(scope="module")
def journals(tmp_path_factory):
    """One journal as a kill left it and as a drain left it, with a game that is over, one under way, one whose table was opened a
    second time, and a table where nobody plays yet."""
    server = parlour.Server(tmp_path_factory.mktemp("journal"))
    try:
        return parlour.run(play(server, random.Random(parlour.draw_seed())))
    finally:
        server.kill()


async def play(server, dice):
    await asyncio.to_thread(server.start)
    async with duel.Duel(server, dice) as players:
        for room in ("finished", "midway", "twice"):
            await players.open(room, GAME)
        await play_disturbed(players, "finished")
        await play_disturbed(players, "twice")
        await players.open("twice", GAME)
        for room in ("midway", "twice"):
            await play_disturbed(players, room, actions=12)
        await players.open("fresh", {})
        server.kill()
        killed = shutil.copytree(server.data, server.folder / "killed")
        for client in players.clients:
            await client.until_closed()
        await players.come_back()
        await players.drain()
    folded = await asyncio.to_thread(fold, server)
    journal = types.SimpleNamespace(rooms=list(players.seats), killed=killed, drained=server.data, folded=folded)
    with sqlite3.connect(f"file:{journal.drained}/journal.sqlite3?mode=ro", uri=True) as db:
        journal.opening = dict(db.execute("SELECT room, first FROM rooms"))
        journal.snapshot = dict(db.execute("SELECT room, seq FROM snapshots"))
        last = dict(db.execute("SELECT room, max(seq) FROM log GROUP BY room"))
    db.close()
    assert journal.snapshot == last, "the drain put every table away after its last record"
    assert journal.opening.keys() == set(journal.rooms) and journal.opening["twice"] > 1
    print(f"records: {last}, openings: {journal.opening}")
    return journal


def fold(server):
    """The drained journal once more, after a server with a shorter log has folded all of it but for the last row."""
    folder = server.folder / "folding"
    shutil.copytree(server.data, folder / "data")
    limits = {"PARLOUR_LIMITS__JOURNAL_TAIL_ROWS": "1", "PARLOUR_LIMITS__JOURNAL_CHUNK_BYTES": "4000"}
    short = parlour.Server(folder, env=limits)
    try:
        short.start()
        with contextlib.closing(sqlite3.connect(f"file:{short.data}/journal.sqlite3?mode=ro", uri=True)) as db:
            parlour.poll(lambda: db.execute("SELECT count(*) FROM log").fetchone() == (1,), "all to be folded")
    finally:
        short.kill()
    return short.data


async def play_disturbed(players, room, actions=1000):
    """Plays at a table, killing the server now and then."""
    for _ in range(actions):
        if not (sent := await players.choose(room)):
            return
        if players.dice.random() < 0.1:
            unanswered = await players.crash([sent], players.dice.uniform(0, 0.001))
            await players.come_back()
            for sent in unanswered:
                await players.act(sent)
        else:
            await players.act(sent)


@pytest.fixture
def copy(journals, tmp_path):
    """A function that makes a fresh copy of the drained journal and returns (its folder, a connection to it)."""
    opened = []

    def make(of=journals.drained):
        data = tmp_path / f"copy-{len(opened)}"
        shutil.copytree(of, data)
        opened.append(sqlite3.connect(data / "journal.sqlite3", isolation_level=None))
        return data, opened[-1]

    yield make
    for db in opened:
        db.close()


def rows(db):
    """The log, in its order."""
    return db.execute(f"SELECT {', '.join(LOG)} FROM log ORDER BY rowid").fetchall()


def rewrite(db, log):
    """Puts other rows, or the same in another order, in the log's place."""
    with db:
        db.execute("BEGIN")
        db.execute("DELETE FROM log")
        db.executemany(f"INSERT INTO log ({', '.join(LOG)}) VALUES (?, ?, ?, ?, ?, ?, ?)", log)
        db.execute("COMMIT")


def found(data, room):
    """(the number that `replay --verify` names first, what it says) where it says that something differs; else (None, ...)."""
    done = parlour.cli("replay", room, "--verify", "--data", data)
    number = re.search(r"record (\d+)", done.stderr)
    said = f"exit {done.returncode}: {done.stdout.strip()}{done.stderr.strip()}"
    return (int(number[1]) if number and done.returncode == DIFFERS else None), said


def changed(value, dice):
    """The same value but for one byte, or one decimal digit: (its SQL, the value to bind)."""
    if value is None:
        return "?", dice.randrange(1, 100)
    if isinstance(value, int) and dice.random() < 0.5:
        digits = list(str(value))
        at = dice.randrange(len(digits))
        digits[at] = dice.choice([digit for digit in "0123456789" if digit != digits[at]])
        return "?", int("".join(digits))
    raw = bytearray(value.to_bytes(8, "big", signed=True) if isinstance(value, int) else value.encode())
    at = dice.randrange(len(raw))
    if isinstance(value, str) and dice.random() < 0.7:
        raw[at] = dice.choice([byte for byte in b"09afzAFZ_{}[]\":, ." if byte != raw[at]])
    else:
        # Of a text this may leave no UTF-8: SQLite keeps it all the same.
        raw[at] ^= dice.randrange(1, 256)
    return ("?", int.from_bytes(raw, "big", signed=True)) if isinstance(value, int) else ("CAST(? AS TEXT)", bytes(raw))


def change(db, dice, table, column, *, to_null):
    """Changes one value somewhere in a column; (the room it belongs to, the record's number, what was done)."""
    number = "seq" if table == "log" else "NULL"
    where = f"WHERE {column} IS NOT NULL" if to_null else ""
    key = "room" if table == "rooms" else "rowid"
    room, seq, at, value = dice.choice(db.execute(f"SELECT room, {number}, {key}, {column} FROM {table} {where}").fetchall())
    sql, new = ("?", None) if to_null else changed(value, dice)
    if table == "rooms" and column == "outcome" and value is None and not to_null:
        new = "won"
    done = db.execute(f"UPDATE {table} SET {column} = {sql} WHERE {key} = ?", (new, at)).rowcount
    assert done == 1
    return room, seq, f"{table}.{column} of {room} {seq or ''}: {value!r:.60} became {new!r:.60}"


@pytest.mark.parametrize("how", ["killed", "drained", "folded"])
def test_every_room_of_a_journal_left_by_a_kill_or_a_drain_or_folded_plays_as_it_was_recorded(journals, how):
    for room in journals.rooms:
        done = parlour.cli("replay", room, "--verify", "--data", getattr(journals, how), expect=0)
        assert re.match(r"\d+ records · every hash matches · [0-9a-f]{16}\n", done.stdout), done.stdout
        print(f"{how}: {room}: {done.stdout}", end="")


def test_one_byte_changed_in_any_column_is_found_at_its_record(journals, copy, seed):
    dice, wrong, changes = random.Random(seed), [], 0
    for table, column, to_null in COLUMNS * CHANGES_EACH + TO_NULL:
        data, db = copy()
        room, seq, what = change(db, dice, table, column, to_null=to_null)
        # What is not in the log belongs to the room's opening or to its snapshot.
        expected = [seq] if table == "log" else [journals.opening[room], journals.snapshot[room]]
        number, said = found(data, room)
        print(f"{what}: {said}")
        changes += 1
        if number not in expected:
            wrong.append(f"{what}: expected one of {expected}, but {said}")
    print(f"{changes} changes, {len(wrong)} of them not found, or not at their number")
    assert changes >= 100 and not wrong, "\n".join(wrong)


def test_a_snapshot_that_is_listed_and_not_there_is_found(journals, copy):
    data, db = copy(journals.killed)
    assert db.execute("UPDATE rooms SET snapshot = 7 WHERE room = 'fresh' AND snapshot IS NULL").rowcount == 1
    number, said = found(data, "fresh")
    assert number == 7, said


def test_a_record_removed_anywhere_is_found_at_its_number(journals, copy):
    data, db = copy()
    log = rows(db)
    for place, (room, seq, *_) in enumerate(log):
        rewrite(db, log[:place] + log[place + 1 :])
        number, said = found(data, room)
        assert number == seq, f"record {seq} of {room} removed: {said}"
    print(f"each of {len(log)} records removed, and found missing")


def test_two_records_swapped_are_found_at_the_first_of_them(journals, copy, seed):
    dice = random.Random(seed)
    data, db = copy()
    log = rows(db)
    for room in journals.rooms:
        places = [place for place, row in enumerate(log) if row[0] == room]
        pairs = [*zip(places, places[1:]), (places[0], places[-1]), *(sorted(dice.sample(places, 2)) for _ in range(10))]
        for one, other in pairs:
            swapped = list(log)
            swapped[one], swapped[other] = log[other], log[one]
            rewrite(db, swapped)
            number, said = found(data, room)
            assert number == log[one][1], f"records {log[one][1]} and {log[other][1]} of {room} swapped: {said}"
        print(f"{room}: {len(pairs)} pairs swapped, and found")


def test_a_record_that_is_there_twice_is_found_where_it_comes_again(journals, copy):
    data, db = copy()
    log = rows(db)
    last = {room: seq for room, seq, *_ in log}
    for place, row in enumerate(log):
        room, seq, *_ = row
        for again, expected in ((place + 1, seq + 1), (len(log), last[room] + 1)):
            rewrite(db, log[:again] + [row] + log[again:])
            number, said = found(data, room)
            assert number == expected and f"record {seq} comes" in said, f"record {seq} of {room} twice: {said}"
    print(f"each of {len(log)} records doubled, and found")


def test_a_snapshot_changed_together_with_its_digest_is_found_at_its_number(journals, copy, seed):
    dice = random.Random(seed)
    data, db = copy()
    bodies = db.execute("SELECT room, seq, body FROM snapshots").fetchall()
    for room, seq, body in bodies:
        ways = [changed(body, dice)[1] for _ in range(20)]
        # The same value written otherwise, and another value that is none the worse for it.
        ways += [body.replace(",", ", ", 1).encode(), re.sub(r'"at_ms":\d+', '"at_ms":99999999', body, count=1).encode()]
        for way in ways:
            put_snapshot(db, room, seq, way)
            number, said = found(data, room)
            assert number == seq, f"{room}: {said}"
        put_snapshot(db, room, seq, body.encode())
        parlour.cli("replay", room, "--verify", "--data", data, expect=0)
    print(f"{len(bodies)} snapshots changed in {len(ways)} ways each, their digests with them, and found")


def put_snapshot(db, room, seq, body):
    digest = hashlib.sha256(room.encode() + b"\0" + seq.to_bytes(8, "big") + body).digest()[:8].hex()
    db.execute("UPDATE snapshots SET digest = ?, body = CAST(? AS TEXT) WHERE room = ?", (digest, body, room))


def test_a_row_missing_from_the_list_of_rooms_or_from_the_snapshots_is_found(journals, copy):
    for table, expected in (("rooms", journals.opening), ("snapshots", journals.snapshot)):
        data, db = copy()
        db.execute(f"DELETE FROM {table}")
        for room in journals.rooms:
            number, said = found(data, room)
            assert number == expected[room], said


def chunks(db):
    """Every chunk: (room, first, last, its lines; the first and the last of them are brackets)."""
    listed = db.execute("SELECT room, first, last, body FROM chunks ORDER BY room, first").fetchall()
    return [(room, first, last, body.split("\n")) for room, first, last, body in listed]


def put_chunk(db, room, first, body):
    assert db.execute("UPDATE chunks SET body = CAST(? AS TEXT) WHERE room = ? AND first = ?", (body, room, first)).rowcount == 1


def swap(records, one, other):
    left = list(records)
    left[one], left[other] = left[other], left[one]
    return left


def test_a_folded_journal_holds_the_same_records(journals):
    kept = [rows_of(getattr(journals, how)) for how in ("drained", "folded")]
    assert kept[0] == kept[1] and len(kept[0]) > 100


def rows_of(data):
    with contextlib.closing(sqlite3.connect(f"file:{data}/journal.sqlite3?mode=ro", uri=True)) as db:
        return db.execute("SELECT * FROM records ORDER BY room, seq").fetchall()


def test_one_byte_changed_anywhere_in_a_chunk_is_found_at_its_record(journals, copy, seed):
    dice = random.Random(seed)
    data, db = copy(journals.folded)
    for room, first, last, lines in dice.choices(chunks(db), k=60):
        body = "\n".join(lines).encode()
        at = dice.randrange(len(body))
        new = dice.choice([byte for byte in b"09afz_{}[]\":, \n" if byte != body[at]])
        put_chunk(db, room, first, body[:at] + bytes([new]) + body[at + 1 :])
        # What stands between two records may be found at either; the brackets belong to the first and to the last.
        line = body.count(b"\n", 0, at)
        expected = {min(max(first + line - 1, first), last)} | ({min(first + line, last)} if body[at] in b"\n," else set())
        number, said = found(data, room)
        assert number in expected, f"byte {at} of {room} {first}, {body[at - 20 : at + 20]!r} to {new}: {expected}, {said}"
        put_chunk(db, room, first, body)
    print("60 bytes changed, and found")


def test_a_record_removed_from_a_chunk_doubled_or_swapped_is_found_at_its_number(journals, copy, seed):
    dice = random.Random(seed)
    data, db = copy(journals.folded)
    for room, first, last, (begin, *lines, end) in dice.choices([chunk for chunk in chunks(db) if len(chunk[3]) > 4], k=20):
        records = [line.rstrip(",") for line in lines]
        at, other = sorted(dice.sample(range(len(records)), 2))
        ways = {
            "removed": (records[:at] + records[at + 1 :], first + at),
            "doubled": (records[: at + 1] + records[at:], first + at + 1),
            "swapped": (swap(records, at, other), first + at),
        }
        for way, (left, expected) in ways.items():
            put_chunk(db, room, first, "\n".join([begin, *(f"{line}," for line in left[:-1]), left[-1], end]).encode())
            number, said = found(data, room)
            assert number == expected, f"record {first + at} of {room} ({first} to {last}) {way}: {said}"
        put_chunk(db, room, first, "\n".join([begin, *lines, end]).encode())
    print("20 records each removed, doubled and swapped, and found")


def test_a_chunk_that_is_lost_or_is_not_where_it_says_is_found(journals, copy, seed):
    dice = random.Random(seed)
    data, db = copy(journals.folded)
    for room, first, last, lines in chunks(db):
        ways = ["room = 'nowhere'", f"last = {last + dice.randrange(1, 9)}", f"last = {first - 1}", f"first = {last}"]
        for way in ways if last > first else ways[:2]:
            db.execute("BEGIN")
            db.execute(f"UPDATE chunks SET {way} WHERE room = ? AND first = ?", (room, first))
            db.execute("COMMIT")
            number, said = found(data, room)
            # A chunk that should go on further lacks the record after its last.
            expected = last + 1 if way == ways[1] else first
            assert number == expected, f"{room} {first} to {last}, {way}: {said}"
            db.execute("DELETE FROM chunks WHERE first = ? OR (room = ? AND first = ?)", (-1, "nowhere", first))
            db.execute("DELETE FROM chunks WHERE room = ? AND first = ?", (room, last if way.startswith("first") else first))
            put = (room, first, last, "\n".join(lines))
            db.execute("INSERT INTO chunks (room, first, last, body) VALUES (?, ?, ?, ?)", put)
        parlour.cli("replay", room, "--verify", "--data", data, expect=0)
