"""The commands beside the game: health, doctor, completions, version; and what every command does with a server that is silent,
or is none."""

import contextlib
import json
import socket
import threading

import pytest

import parlour
import tokens

USAGE, UNREACHABLE, TIMED_OUT, DIFFERS = 2, 6, 7, 8


@contextlib.contextmanager
def silent():
    """Something that lets everybody in and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        held = []

        def take():
            with contextlib.suppress(OSError):
                while True:
                    held.append(listener.accept()[0])

        threading.Thread(target=take, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        for connection in held:
            connection.close()


ASKING = ["rooms ls", "rooms create cards", "rooms show x", "rooms close x", "replay x", "play cards", "watch x", "call x y",
          "health"]


def test_a_server_that_is_silent_ends_every_command_with_7_in_time():
    with silent() as url:
        for command in ASKING:
            done = parlour.cli(*command.split(), "--server", url, "--timeout", "200ms", deadline=10.0, expect=TIMED_OUT)
            assert url in done.stderr and "within 200 ms" in done.stderr and "--timeout" in done.stderr and done.stdout == ""


@pytest.mark.parametrize(("address", "word"), [
    ("https://example.org", "no TLS"), ("127.0.0.1:7350", "write http://"), ("ftp://x", "write http://"), ("http://", "write http://"),
])
def test_an_address_that_cannot_be_one_is_told_what_to_write(address, word):
    for command in ASKING:
        done = parlour.cli(*command.split(), "--server", address, expect=USAGE)
        assert word in done.stderr and done.stdout == "", command


def test_what_is_no_parlour_server_is_told_so(tmp_path):
    assert "write a time" in parlour.cli("rooms", "ls", "--timeout", "soon", expect=USAGE).stderr
    for args in (["rooms", "close", "x", "--output", "json"], ["token", "mint", "--sub", "x", "-o", "json"],
                 ["config", "check", "-o", "json"], ["play", "cards", "-o", "json"], ["watch", "x", "-o", "json"]):
        assert parlour.cli(*args, expect=USAGE).stdout == "", "a command that cannot print it says so"
    (tmp_path / "journal.sqlite3").write_text("something else altogether, and quite a bit of it" * 30)
    done = parlour.cli("rooms", "ls", "--data", tmp_path, expect=78)
    assert "is not a journal" in done.stderr


def test_health_says_whether_a_server_lives_and_whether_it_is_ready(make_server):
    server = make_server("healthy")
    env = {"PARLOUR_SERVER": server.url}
    assert parlour.cli("health", env=env, expect=0).stdout == "alive\n"
    assert parlour.cli("health", "--ready", env=env, expect=0).stdout == "ready\n"
    assert json.loads(parlour.cli("health", "--ready", "-o", "json", env=env, expect=0).stdout)["ready"] is True
    server.kill()
    assert "parlour demo" in parlour.cli("health", env=env, expect=UNREACHABLE).stderr


def test_names_are_encoded_wherever_they_go(make_server):
    server = make_server("names", verb="demo")
    for name in ("a/../b", "a?x=1", "a#b", "a%2Fb", "é", "a b"):
        for args in (["rooms", "show"], ["rooms", "close"], ["watch"]):
            done = parlour.cli(*args, name, "--server", server.url, expect=4)
            assert "(invalid_name)" in done.stderr, (args, name, done)
    # A name like any other, and no step up in the address.
    assert "(room_not_found)" in parlour.cli("rooms", "show", "..", "--server", server.url, expect=3).stderr


def test_a_version_and_completions_are_printed():
    told = json.loads(parlour.cli("version", "--json", expect=0).stdout)
    assert told["name"] == "parlour" and told["kinds"][0]["kind"] == "cards" and told["protocol"] == 1
    assert parlour.cli("version", expect=0).stdout == f"parlour {told['version']}\n"
    for shell in ("bash", "zsh", "fish"):
        script = parlour.cli("completions", shell, expect=0).stdout
        assert "parlour" in script and "watch" in script and "timeout" in script
    assert parlour.cli("completions", "tcsh", expect=USAGE)


def checks(*args, expect=0, env=None):
    """What the doctor says: the sign of each check, and its words."""
    done = parlour.cli("doctor", "-o", "json", *args, env=env, expect=expect)
    return {finding["check"]: (finding["sign"], finding["message"]) for finding in json.loads(done.stdout)}


def test_a_doctor_finds_nothing_wrong_where_nothing_is(tmp_path, make_server):
    port = {"PORT": str(parlour.free_port()), "PARLOUR_LIMITS__CONNECTIONS": "100"}
    told = checks("--data", tmp_path, env=port)
    assert told["journal"] == ("ok", "none yet: the first start makes it") and told["port"][0] == "ok"
    assert told["open files"][0] == "ok" and told["clock"][0] == "ok" and told["data folder"][0] == "ok"
    assert list(tmp_path.iterdir()) == [], "it leaves nothing behind"
    server = make_server("checked")
    made = server.http("POST", "/v1/rooms", {"kind": "cards", "bots": {"1": "random"}}, token=tokens.good(server, "a"))
    assert made.status == 201
    told = checks("--data", server.data, env={"PARLOUR_LISTEN": f"127.0.0.1:{server.port}"})
    assert told["port"][0] == "ok" and "parlour/" in told["port"][1]
    assert told["journal"] == ("ok", "readable, 1 rooms") and "every hash matches" in told["rooms"][1]
    lines = parlour.cli("doctor", "--data", server.data, env=port, expect=0).stdout.splitlines()
    assert all(line[:4] in ("ok  ", "warn") for line in lines) and len(lines) == 9


def test_a_doctor_names_what_is_wrong_and_what_to_do(tmp_path):
    with silent() as url:
        told = checks("--data", tmp_path, env={"PARLOUR_LISTEN": url.removeprefix("http://")}, expect=DIFFERS)
        assert told["port"][0] == "fail" and "set another `listen`" in told["port"][1]
    told = checks("--data", tmp_path / "not" / "there", env={"PORT": "0"})
    assert told["data folder"][0] == "warn" and "the first start makes it" in told["data folder"][1]
    told = checks(env={"PARLOUR_LIMITS__PAGE": "0", "PARLOUR_DATA": str(tmp_path)}, expect=DIFFERS)
    assert told["configuration"][0] == "fail" and "limits.page" in told["configuration"][1]
    (tmp_path / "journal.sqlite3").write_text("something else altogether, and quite a bit of it" * 30)
    told = checks("--data", tmp_path, env={"PORT": "0"}, expect=DIFFERS)
    assert told["journal"][0] == "fail" and "not a journal" in told["journal"][1]
    told = checks("--data", tmp_path, env={"PORT": "0", "PARLOUR_LIMITS__CONNECTIONS": "9_000_000"}, expect=DIFFERS)
    assert told["open files"][0] == "warn" and "LimitNOFILE=9000064" in told["open files"][1]
