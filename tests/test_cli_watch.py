"""`watch` and `call`: what they print and how they end, live and from the journal; and that neither shows what it must not."""

import contextlib
import json
import os
import pathlib
import signal
import subprocess
import tempfile

import pytest

import parlour
import tokens

USAGE, NOT_FOUND, REJECTED, DENIED, UNREACHABLE, TIMED_OUT, TERMINATED = 2, 3, 4, 5, 6, 7, 143


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """One server for all of it."""
    server = parlour.Server(tmp_path_factory.mktemp("watch")).start()
    yield server
    assert server.stop() == 0


def run(server, *args, sub="ada", **options):
    """A command that asks the server, as somebody."""
    env = {"PARLOUR_SERVER": server.url, "PARLOUR_TOKEN": tokens.good(server, sub)}
    return parlour.cli(*args, env=env, **options)


@contextlib.contextmanager
def watching(server, *args, sub="wanda"):
    """`parlour watch ARGS...` while it runs: the process, and a function that gives the lines so far."""
    env = parlour.environment(PARLOUR_SERVER=server.url, PARLOUR_TOKEN=tokens.good(server, sub))
    with tempfile.NamedTemporaryFile("r") as out, tempfile.NamedTemporaryFile("r") as err:
        command = [parlour.binary(), "watch", *map(str, args)]
        with open(out.name, "w") as to_out, open(err.name, "w") as to_err:
            process = subprocess.Popen(command, stdout=to_out, stderr=to_err, env=env, cwd="/")

        def lines():
            # Without the one that is being written.
            return pathlib.Path(out.name).read_text().split("\n")[:-1]

        process.said = pathlib.Path(err.name).read_text
        try:
            yield process, lines
        finally:
            process.kill()
            process.wait()


def frames(lines):
    return [json.loads(line) for line in lines()]


def open_room(server, room, *args):
    return run(server, "rooms", "create", "cards", "--id", room, *args, expect=0)


def seat_two(server, room):
    """A room with ada on seat 0 and bob on seat 1; each has placed nothing yet."""
    open_room(server, room)
    for sub in ("ada", "bob"):
        done = run(server, "call", room, "nonsense", "--join", sub=sub, expect=REJECTED)
        assert "(invalid_action)" in done.stderr
    shown = server.http("GET", f"/v1/rooms/{room}", token=tokens.good(server, "ada")).json()
    return {member["user_id"]: member["seat"] for member in shown["members"]}


def next_action(server, room):
    """Something that may be done now, as `call` takes it, and who may do it."""

    async def talk():
        for sub in ("ada", "bob"):
            async with parlour.Client(server, sub) as client:
                if actions := await client.legal(room):
                    return sub, actions[0]
        return None

    sub, action = parlour.poll(lambda: parlour.run(talk()), "somebody to have something to do")
    return sub, action.pop("type"), json.dumps(action)


def act(server, room):
    """Does it."""
    sub, name, fields = next_action(server, room)
    return run(server, "call", room, name, fields, sub=sub, expect=0)


def test_an_action_is_applied_once_however_often_it_is_called(server):
    seat_two(server, "called")
    sub, name, fields = next_action(server, "called")
    assert sub == "ada"
    call = ("call", "called", name, fields, "--id", "one", "--output", "json")
    first = json.loads(run(server, *call, expect=0).stdout)
    again = json.loads(run(server, *call, expect=0).stdout)
    assert first == {"status": "ok", "at": first["at"], "dup": False, "id": "one"} and again == first | {"dup": True}
    other = run(server, "call", "called", "nonsense", "--id", "one", expect=REJECTED)
    assert "(invalid_action)" in other.stderr or "(id_reused)" in other.stderr
    text = run(server, "call", "called", name, fields, "--id", "one", expect=0)
    assert text.stdout.startswith("applied before, as one") and text.stderr == ""


def test_a_call_that_is_refused_says_why_and_ends_with_a_code_of_its_own(server):
    seats = seat_two(server, "refused")
    for args, code, expect in [
        (("call", "refused", "attack", '{"attack": 0}'), "(", REJECTED),
        (("call", "refused", "nonsense"), "(invalid_action)", REJECTED),
        (("call", "nowhere", "end_turn"), "(room_not_found)", NOT_FOUND),
        (("call", "refused", "end_turn", "[]"), "must be a JSON object", USAGE),
        (("call", "refused", "end_turn", "{"), "is no JSON", USAGE),
        (("call", "refused", "end_turn", '{"type": "x"}'), 'leave "type" out', USAGE),
        (("call", "refused", "end_turn", "--as", seats["bob"]), "bob's, and you are ada", DENIED),
        (("call", "refused", "end_turn", "--as", 9), "has seats 0 to 1", USAGE),
        (("call", "refused", "end_turn", "--wait", "soon"), "write a time", USAGE),
    ]:
        done = run(server, *args, expect=expect)
        assert code in done.stderr and done.stdout == "", done
    done = run(server, "call", "refused", "end_turn", sub="eve", expect=DENIED)
    assert "--join" in done.stderr and "(not_in_room)" in done.stderr
    done = run(server, "call", "refused", "nonsense", "-o", "json", expect=REJECTED)
    assert json.loads(done.stdout)["code"] == "invalid_action"


def test_a_room_is_watched_to_its_end_and_the_watch_ends_with_it(server):
    open_room(server, "bots", "--bot", "0=random", "--bot", "1=random")
    done = run(server, "watch", "bots", sub="wanda", deadline=60.0, expect=0)
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert told[0]["type"] == "joined" and told[0]["as"] == "spectator" and told[1]["type"] == "view"
    assert told[-1]["type"] == "ended" and told[-1]["room"] == "bots"
    numbers = [frame["n"] for frame in told if "n" in frame]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers))) if numbers else True
    again = run(server, "watch", "bots", "--output", "table", sub="wanda", expect=0)
    assert "bots has ended: " in again.stdout and "phase: over" in again.stdout and "\x1b" not in again.stdout
    painted = run(server, "watch", "bots", "--output", "table", "--color", "always", sub="wanda", expect=0)
    assert "\x1b[1m" in painted.stdout


def test_a_watch_comes_back_over_a_restart_of_the_server_without_a_gap(make_server):
    server = make_server("gap")
    seat_two(server, "gap")
    with watching(server, "gap") as (process, lines):
        parlour.poll(lambda: len(lines()) >= 2, "the view")
        said = []
        for round_ in range(3):
            before = len(lines())
            act(server, "gap")
            parlour.poll(lambda n=before: [frame for frame in frames(lines)[n:] if "n" in frame], "its events")
            if round_ < 2:
                server.kill()
                server.start()
                joined = round_ + 2
                parlour.poll(lambda n=joined: [f["type"] for f in frames(lines)].count("joined") == n, "it to be back")
        said = frames(lines)
        resumed = [frame["resumed"]["kind"] for frame in said if frame["type"] == "joined"]
        assert resumed == ["fresh", "replayed", "replayed"]
        numbers = [frame["n"] for frame in said if "n" in frame]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers))) and len(numbers) >= 3
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(parlour.DEADLINE) == TERMINATED
        assert f"--after {said[-1].get('at', '').split('.')[0]}" in process.said()


def test_a_watch_goes_on_after_a_position_of_an_earlier_one(server):
    seat_two(server, "after")
    with watching(server, "after") as (process, lines):
        at = parlour.poll(lambda: [frame["at"] for frame in frames(lines) if frame["type"] == "view"], "the view")[0]
        process.send_signal(signal.SIGINT)
        assert process.wait(parlour.DEADLINE) == 130
        assert f"parlour watch after --after {at}" in process.said() and "lost" not in process.said()
    act(server, "after")
    with watching(server, "after", "--after", at) as (_, lines):
        parlour.poll(lambda: len(lines()) >= 2, "what was missed")
        joined, first, *_ = frames(lines)
        assert joined["resumed"]["kind"] == "replayed" and "n" in first
    assert "position" in run(server, "watch", "after", "--after", "soon", expect=USAGE).stderr


def test_a_seat_is_seen_through_by_its_holder_alone(server):
    seats = seat_two(server, "seats")
    with watching(server, "seats", "--as", seats["ada"], sub="ada") as (_, lines):
        view = parlour.poll(lambda: [frame for frame in frames(lines) if frame["type"] == "view"], "the view")[0]
        assert view["payload"]["you"]["seat"] == seats["ada"] and view["payload"]["you"]["hand"]
    for sub in ("bob", "eve"):
        done = run(server, "watch", "seats", "--as", seats["ada"], sub=sub, expect=DENIED)
        assert "only its holder" in done.stderr and done.stdout == ""
    done = run(server, "watch", "seats", "--all", sub="ada", expect=DENIED)
    assert "--data DIR" in done.stderr and done.stdout == ""
    with watching(server, "seats") as (_, lines):
        view = parlour.poll(lambda: [frame for frame in frames(lines) if frame["type"] == "view"], "the view")[0]
        assert not view["payload"].get("you")


def test_whoever_may_read_the_journal_sees_every_seat_and_every_record_as_they_come(server):
    seat_two(server, "journal")
    with watching(server, "journal", "--all", "--data", server.data) as (_, lines):
        parlour.poll(lambda: len(lines()) == 3, "a view of each")
        views = {frame["as"]: frame["payload"] for frame in frames(lines)}
        assert set(views) == {"seat 0", "seat 1", "spectator"}
        assert views["seat 0"]["you"]["hand"] and views["seat 1"]["you"]["hand"] and not views["spectator"].get("you")
        act(server, "journal")
        records = parlour.poll(lambda: [frame for frame in frames(lines) if frame.get("cause") == "action"], "the record")
        assert records[0]["told"] and "seed" not in json.dumps(records)
        run(server, "rooms", "close", "journal", expect=0)
        parlour.poll(lambda: frames(lines)[-1].get("type") == "ended", "the end")
    own = run(server, "watch", "journal", "--as", 0, "--data", server.data, "-o", "table", expect=0).stdout
    assert "you:" in own and "journal has ended: closed" in own
    assert run(server, "watch", "nowhere", "--data", server.data, expect=NOT_FOUND)
    assert run(server, "watch", "journal", "--as", 9, "--data", server.data, expect=USAGE)
    assert run(server, "watch", "journal", "-o", "json", expect=USAGE)


def test_what_is_not_there_cannot_be_watched(server):
    assert "(room_not_found)" in run(server, "watch", "nowhere", expect=NOT_FOUND).stderr


def test_a_call_waits_for_a_server_that_comes_back_and_counts_once(make_server):
    server = make_server("waits")
    seat_two(server, "waits")
    sub, name, fields = next_action(server, "waits")
    assert sub == "ada"
    server.kill()
    done = run(server, "call", "waits", name, fields, "--id", "x", expect=UNREACHABLE)
    assert "parlour demo" in done.stderr
    env = parlour.environment(PARLOUR_SERVER=server.url, PARLOUR_TOKEN=tokens.good(server, "ada"))
    command = [parlour.binary(), "call", "waits", name, fields, "--id", "x", "--wait", "60s"]
    with subprocess.Popen(command, env=env, cwd="/", stdout=subprocess.PIPE, text=True) as process:
        server.start()
        out, _ = process.communicate(timeout=60)
        assert process.returncode == 0 and out.startswith("applied, as x")
