"""The command line: what it prints where, how it ends, and what a script or a pipe sees of it."""

import json
import re
import shutil
import subprocess

import pytest

import parlour
import tokens

USAGE, NOT_FOUND, REJECTED, DENIED, UNREACHABLE = 2, 3, 4, 5, 6
COMMANDS = [[], ["demo"], ["serve"], ["rooms"], ["rooms", "ls"], ["rooms", "create"], ["rooms", "show"], ["rooms", "close"],
            ["play"], ["watch"], ["call"], ["health"], ["doctor"], ["completions"], ["version"], ["token"], ["token", "mint"],
            ["config"], ["config", "check"], ["config", "print"], ["config", "docs"], ["replay"],
            ["journal"], ["journal", "verify"], ["journal", "stat"], ["journal", "export"]]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """One server for all of it."""
    server = parlour.Server(tmp_path_factory.mktemp("cli")).start()
    yield server
    assert server.stop() == 0


@pytest.fixture
def ask(server):
    """Runs a command that asks the server, as somebody: `ask("rooms", "ls", sub="ada", expect=0)`."""

    def run(*args, sub="ada", role=None, **options):
        given = tokens.good(server, sub, role=role) if sub else ""
        env = {"PARLOUR_SERVER": server.url} | ({"PARLOUR_TOKEN": given} if given else {})
        done = parlour.cli(*args, env=env, **options)
        assert not given or given not in done.stdout + done.stderr
        return done

    return run


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_explains_itself(command):
    done = parlour.cli(*command, "--help", expect=0)
    assert done.stderr == "" and "Usage: parlour" in done.stdout and all(len(line) <= 120 for line in done.stdout.splitlines())
    if command:
        examples = re.findall(r"^  (?:PARLOUR_\w+=\S+ )?parlour ([a-z ]+)", done.stdout, re.MULTILINE)
        assert "Examples:" in done.stdout and len(examples) >= 2, done.stdout
        assert all(example.split()[:len(command)] == command for example in examples), examples


def test_the_version_is_told():
    assert re.fullmatch(r"parlour \d+\.\d+\.\d+\n", parlour.cli("--version", expect=0).stdout)


NONSENSE = [
    [], ["frobnicate"], ["rooms"], ["rooms", "ls", "--output", "xml"], ["rooms", "show"], ["rooms", "create"], ["play"],
    ["rooms", "create", "cards", "--config", "{"], ["rooms", "create", "cards", "--bot", "random"], ["replay"], ["token", "mint"],
    ["play", "cards", "--config", "nope"], ["play", "cards", "--seat", "one"], ["replay", "x", "--as", "king", "--data", "."],
    ["replay", "x", "--as", "0", "--verify"], ["serve", "--listen", "nowhere"], ["rooms", "ls", "--server", "not a url"],
    ["token", "mint", "--sub", ""], ["token", "mint", "--sub", "bot:x"], ["token", "mint", "--sub", "x", "--role", "king"],
]


@pytest.mark.parametrize("args", NONSENSE, ids=" ".join)
def test_a_command_line_that_makes_no_sense_ends_with_2(args, server):
    env = {"PARLOUR_DATA": str(server.data)} if args[:1] == ["token"] else {}
    done = parlour.cli(*args, env=env, expect=USAGE)
    assert done.stdout == "" and done.stderr


def test_rooms_are_made_listed_shown_and_closed(ask, server):
    done = ask("rooms", "create", "cards", "--id", "table-1", "--bot", "1=random", "--config", '{"turn_limit": 8}', expect=0)
    assert (done.stdout, done.stderr) == ("table-1\n", "")
    made = json.loads(ask("rooms", "create", "cards", "--output", "json", expect=0).stdout)
    assert made["room_id"].startswith("cards-") and made["dup"] is False

    listed = ask("rooms", "ls", expect=0).stdout.splitlines()
    assert listed[0].split() == ["ROOM", "KIND", "STATE", "PLAYERS", "WATCHING"]
    assert next(line for line in listed if line.startswith("table-1 ")).split()[1:4] == ["cards", "open", "1/2"]
    rooms = json.loads(ask("rooms", "ls", "-o", "json", expect=0).stdout)["rooms"]
    assert {"table-1", made["room_id"]} <= {room["room_id"] for room in rooms}

    text = ask("rooms", "show", "table-1", expect=0).stdout
    assert "turn limit 8" in text and "bot random" in text
    shown = json.loads(ask("rooms", "show", "table-1", "-o", "json", expect=0).stdout)
    assert shown["view"]["config"]["turn_limit"] == 8 and shown["opened_by"] == "ada"

    done = ask("rooms", "close", "table-1", expect=0)
    assert done.stdout == "" and "table-1" in done.stderr
    assert json.loads(ask("rooms", "show", "table-1", "-o", "json", expect=0).stdout)["outcome"] == "closed"


def test_without_a_server_the_same_is_read_from_the_journal(ask, server):
    ask("rooms", "create", "cards", "--id", "offline", "--bot", "0=random", "--bot", "1=random", expect=0)

    def ended():
        shown = json.loads(ask("rooms", "show", "offline", "-o", "json", expect=0).stdout)
        return shown if shown["status"] == "ended" else None

    online = parlour.poll(ended, "the bots to finish")
    offline = json.loads(parlour.cli("rooms", "show", "offline", "--data", server.data, "-o", "json", expect=0).stdout)
    for field in ("view", "at", "seed_hash", "status", "outcome", "opened_by", "opened_ms", "kind", "rules", "seats"):
        assert offline[field] == online[field], field
    rooms = json.loads(parlour.cli("rooms", "ls", "--data", server.data, "-o", "json", expect=0).stdout)["rooms"]
    assert next(room for room in rooms if room["room_id"] == "offline")["outcome"] == online["outcome"]
    assert "offline" in parlour.cli("rooms", "ls", "--data", server.data, expect=0).stdout
    assert parlour.cli("replay", "offline", "--data", server.data, "--verify", expect=0).stdout.count("every hash matches") == 1
    for args in ([], ["--as", "0"], ["--as", "spectator"], ["--at", "5"]):
        here = parlour.cli("replay", "offline", *args, "--data", server.data, expect=0).stdout
        there = ask("replay", "offline", *args, role="admin", expect=0).stdout
        assert here == there and all(json.loads(line) for line in here.splitlines())


def test_what_is_not_there_ends_with_3(ask, server, tmp_path):
    for args in (["rooms", "show", "nowhere"], ["rooms", "close", "nowhere"], ["play", "chess"]):
        assert ask(*args, expect=NOT_FOUND).stderr.startswith("parlour: ")
    assert ask("replay", "nowhere", role="admin", expect=NOT_FOUND)
    for args in (["rooms", "show", "nowhere"], ["replay", "nowhere"]):
        assert parlour.cli(*args, "--data", server.data, expect=NOT_FOUND)
    for args in (["rooms", "ls"], ["rooms", "show", "x"], ["replay", "x"]):
        done = parlour.cli(*args, "--data", tmp_path, expect=NOT_FOUND)
        assert "no journal" in done.stderr and "--data" in done.stderr


def test_what_is_refused_ends_with_4_and_its_code(ask):
    ask("rooms", "create", "cards", "--id", "taken", expect=0)
    ask("rooms", "close", "taken", expect=0)
    ask("rooms", "create", "cards", "--id", "open", expect=0)
    for args, code in [
        (["rooms", "create", "cards", "--id", "open"], "room_exists"),
        (["rooms", "create", "chess"], "unknown_kind"),
        (["rooms", "create", "cards", "--config", '{"x": 1}'], "invalid_config"),
        (["rooms", "create", "cards", "--config", '{"turn_limit": 1}'], "bad_turn_limit"),
        (["rooms", "create", "cards", "--bot", "1=clever"], "unknown_bot"),
        (["rooms", "create", "cards", "--id", "a b"], "invalid_name"),
        (["rooms", "close", "taken"], "room_closed"),
        (["play", "cards", "--room", "open", "--seat", "9"], "no_such_seat"),
        (["play", "cards", "--config", '{"x": 1}'], "invalid_config"),
    ]:
        done = ask(*args, expect=REJECTED)
        assert done.stderr.startswith("parlour: ") and f"({code})" in done.stderr and done.stdout == "", done


def test_who_may_not_is_told_what_would_let_them_and_ends_with_5(ask):
    ask("rooms", "create", "cards", "--id", "adas", expect=0)
    for args, who, word in [
        (["rooms", "ls"], {"sub": None}, "token mint"),
        (["play", "cards"], {"sub": None}, "token mint"),
        (["rooms", "close", "adas"], {"sub": "eve"}, "role_required"),
        (["rooms", "create", "cards"], {"role": "spectator"}, "--role admin"),
        (["replay", "adas"], {}, "--role admin"),
        (["play", "cards", "--room", "adas"], {"sub": "wanda", "role": "spectator"}, "role_required"),
    ]:
        assert word in ask(*args, **who, expect=DENIED, deadline=5.0).stderr, args
    done = parlour.cli("rooms", "ls", env={"PARLOUR_TOKEN": "x"}, expect=UNREACHABLE)
    assert "is it running" in done.stderr.lower()


def test_a_server_that_is_not_there_ends_with_6_and_what_to_do():
    server = ["--server", f"http://127.0.0.1:{parlour.free_port()}"]
    for command in ("rooms ls", "rooms create cards", "rooms show x", "rooms close x", "replay x", "play cards"):
        done = parlour.cli(*command.split(), *server, expect=UNREACHABLE)
        assert "parlour demo" in done.stderr and server[1] in done.stderr and done.stdout == ""


def test_a_token_that_was_minted_says_what_was_asked(server):
    for args, claims in [
        (["--sub", "ada"], {"sub": "ada"}),
        (["--sub", "ada", "--role", "admin", "--name", "Ada L."], {"sub": "ada", "role": "admin", "name": "Ada L."}),
    ]:
        made = parlour.cli("token", "mint", *args, "--data", server.data, expect=0).stdout.strip()
        said = tokens.read(made, tokens.secret_of(server))
        assert 86_000 < said.pop("exp") - tokens.now() <= 86_400 and 0 <= tokens.now() - said.pop("iat") < 100
        assert len(said.pop("jti")) >= 12 and said == claims
        assert server.http("GET", "/v1/rooms", token=made).status == 200
    old = parlour.cli("token", "mint", "--sub", "ada", "--ttl", "-60", "--data", server.data, expect=0).stdout.strip()
    assert server.http("GET", "/v1/rooms", token=old).json()["code"] == "token_expired"


def test_play_shows_the_room_numbers_what_may_be_done_and_takes_a_script(ask, server):
    """Typed into a pipe: the first action a few times, what there is to see, nonsense, JSON, and the end."""
    command = [parlour.binary(), "play", "cards", "--room", "played", "--server", server.url]
    typed = "1\n1\nv\nl\n99\n{not json\n" + '{"type": "fly"}\n' + "1\n" * 12 + "q\n1\n"
    env = parlour.environment(PARLOUR_TOKEN=tokens.good(server, "ada"))
    done = subprocess.run(command, input=typed, env=env, cwd="/", capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    assert "── played ──" in done.stdout and "phase: setup" in done.stdout and "you: " in done.stdout
    assert re.search(r"^   1  place  \(card \w+\)$", done.stdout, re.MULTILINE), done.stdout[:2000]
    assert "turn started" in done.stdout and "{" not in done.stdout
    assert "You sit on seat 0 of played" in done.stderr and "Type a number" in done.stderr
    assert "There is no 99" in done.stderr or "You cannot do anything" in done.stderr
    assert "no JSON" in done.stderr and "No: The action does not match" in done.stderr

    shown = server.http("GET", "/v1/rooms/played", token=tokens.good(server, "ada")).json()
    assert [(member["user_id"], member["seat"]) for member in shown["members"]] == [("ada", 0), ("bot:random:1", 1)]
    again = subprocess.run(command, input="q\n", env=env, cwd="/", capture_output=True, text=True, timeout=30, check=False)
    assert again.returncode == 0 and "You sit on seat 0 of played" in again.stderr, "the same command brings you back"


def is_longer_than_a_pipe(ask, room, command):
    """Whether that replay prints much more than a small pipe holds. Bots that play at random may be done before it does."""

    def shown():
        rooms = [json.loads(line) for line in ask("rooms", "ls", "-o", "ndjson", expect=0).stdout.splitlines()]
        is_over = any(listed["room_id"] == room and listed["status"] == "ended" for listed in rooms)
        said = parlour.cli(*command, expect=0).stdout
        return len(said) if is_over or len(said) > 12_000 else None

    return parlour.poll(shown, "a replay that is long, or over") > 12_000


@pytest.mark.parametrize("args", [[], ["--as", "0"]], ids=["all", "one seat"])
def test_a_reader_that_goes_away_ends_it_quietly(ask, server, args):
    for number in range(10):
        room = f"long-{len(args)}-{number}"
        ask("rooms", "create", "cards", "--id", room, "--bot", "0=random", "--bot", "1=random", expect=0)
        command = ["replay", room, *args, "--data", str(server.data)]
        if is_longer_than_a_pipe(ask, room, command):
            break
    else:
        pytest.fail("ten games, and each was a short one")
    small = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "pipesize": 4096, "cwd": "/"}
    with subprocess.Popen([parlour.binary(), *command], env=parlour.environment(), **small) as process:
        assert json.loads(process.stdout.readline())
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(parlour.DEADLINE) == 0


@pytest.mark.parametrize("verb", ["demo", "serve"])
@pytest.mark.parametrize("place", ["bin", "target/debug"])
def test_a_server_prints_what_to_open_and_type_next(tmp_path, make_server, verb, place):
    """Installed it names itself; in a clone, where it is built but not installed, a demo names the command that runs it there."""
    program = tmp_path / place / "parlour"
    program.parent.mkdir(parents=True)
    shutil.copy(parlour.binary(), program)
    server = make_server(f"{verb}-{place.replace('/', '-')}", verb=verb, program=program)
    for address in (f"{server.url}/", server.ws_url, f"{server.url}/metrics", f"{server.url}/v1/kinds"):
        assert address in server.out
    assert str(server.data) in server.out and "cards" in server.out
    command = "cargo run --release -- " if (verb, place) == ("demo", "target/debug") else "parlour "
    typed = re.search(rf"  try:  .*?{command}(play cards --server \S+)", server.out)[1].split()
    env = {} if verb == "demo" else {"PARLOUR_TOKEN": tokens.good(server, "you")}
    assert ("token mint" in server.out) == (verb == "serve")
    # What it says to type works as it stands; with nothing typed the game ends at once.
    done = subprocess.run([program, *typed], stdin=subprocess.DEVNULL, env=parlour.environment(**env), cwd="/",
                          capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0 and "You sit on seat 0" in done.stderr, done.stderr
