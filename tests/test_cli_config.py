"""The configuration: where values come from, what is refused and how that is told, and that limits arrive in the server."""

import json
import pathlib
import re

import pytest

import parlour
import tokens

CONFIG = 78
SECRET = "a secret that must not stand in any log"


def check(folder, text="", *, env=None, expect=0):
    """What `config check` says of this file."""
    (folder / "parlour.toml").write_text(text)
    done = parlour.cli("config", "check", cwd=folder, env=env, expect=expect)
    return done.stdout if expect == 0 else done.stderr


def test_the_page_in_the_documentation_is_the_one_that_is_printed():
    page = pathlib.Path(__file__).parent.parent / "docs" / "configuration.md"
    assert parlour.cli("config", "docs", expect=0).stdout == page.read_text(), "cargo run -- config docs > docs/configuration.md"


def test_flags_go_before_the_environment_before_the_file(tmp_path):
    settings = tmp_path / "parlour.toml"
    settings.write_text('data = "from-the-file"\n')

    def mint(*args, env=None):
        return parlour.cli("token", "mint", "--sub", "x", *args, env=env, cwd=tmp_path, expect=CONFIG).stderr

    assert "from-the-file/auth.key" in mint()
    assert "from-the-env/auth.key" in mint(env={"PARLOUR_DATA": "from-the-env"})
    assert "from-the-flag/auth.key" in mint("--data", "from-the-flag", env={"PARLOUR_DATA": "from-the-env"})
    settings.rename(tmp_path / "other.toml")
    assert "parlour-data/auth.key" in mint()
    assert "from-the-file/auth.key" in mint("--config", "other.toml")
    assert "from-the-file/auth.key" in mint(env={"PARLOUR_CONFIG": "other.toml"})


def test_every_value_is_shown_with_where_it_is_from_and_secrets_are_not(tmp_path):
    (tmp_path / "parlour.toml").write_text('listen = "0.0.0.0:1"\n[limits]\npage = 7\nrooms = 5_000\n')
    env = {"PARLOUR_LIMITS__ROOMS": "6_000", "PORT": "8080", "PARLOUR_AUTH__JWT__SECRET": SECRET}
    env["PARLOUR_CORS__ORIGINS"] = "https://A.example:443, http://localhost:5173"
    done = parlour.cli("config", "print", "--output", "json", cwd=tmp_path, env=env, expect=0)
    assert SECRET not in done.stdout
    shown = json.loads(done.stdout)
    assert shown["listen"] == {"value": "0.0.0.0:8080", "origin": "PORT"}
    assert shown["cors.origins"]["value"] == "https://a.example, http://localhost:5173"
    assert shown["limits.page"] == {"value": 7, "origin": "parlour.toml:3"}
    assert shown["limits.rooms"] == {"value": 6000, "origin": "PARLOUR_LIMITS__ROOMS"}
    assert shown["limits.call_ms"] == {"value": 10_000, "origin": "default"}
    assert shown["auth.jwt.secret"] == {"value": "********", "origin": "PARLOUR_AUTH__JWT__SECRET"}
    text = parlour.cli("config", "print", "--origin", cwd=tmp_path, env=env, expect=0).stdout
    assert re.search(r"^limits\.page +7 +parlour\.toml:3$", text, re.MULTILINE) and SECRET not in text
    lines = parlour.cli("config", "print", "-o", "ndjson", cwd=tmp_path, env=env, expect=0).stdout.splitlines()
    assert {json.loads(line)["key"] for line in lines} == set(shown)
    assert "FROM" not in parlour.cli("config", "print", cwd=tmp_path, expect=0).stdout


WRONG = [
    (f'[auth.jwt]\nsecrt = "{SECRET}"\n', r":2: there is no setting auth\.jwt\.secrt; did you mean auth\.jwt\.secret\?"),
    (f'[auth.jwt]\nsecret = "{SECRET}\n', r":2: "),
    (f'[auth.jwt]\nsecret = ["{SECRET}"]\n', r":2: auth\.jwt\.secret must be text in quotes"),
    (f'[auth]\njwt = "{SECRET}"\n', r":2: auth\.jwt must be a table, \[auth\.jwt\]"),
    ('[cors]\norigins = ["https://a.example", "*"]\n', r':2: cors\.origins must be a list of origins .*"\*" is no origin'),
    ("[cors]\norigins = [1]\n", r":2: cors\.origins must be a list of origins .*, not a list of something else"),
    ('[limits]\npage = ["7"]\n', r":2: limits\.page must be a whole number .*, not a list"),
    ('[auth.jwt]\nsecret = "short"\n', r":2: auth\.jwt\.secret has 5 bytes, and HS256 needs at least 32"),
    (f'[auth.jwt]\nsecret = "{SECRET}"\nsecret_file = "x"\n', r":2 and .*:3: .* keep one of them"),
    ('[auth.jwt]\nsecret_file = "nowhere"\n', r":2: auth\.jwt\.secret_file nowhere: No such file"),
    ('[auth.jwt]\nissuer = ""\n', r":2: auth\.jwt\.issuer must be text of at least one character"),
    ('listen = "nowhere"\n', r':1: listen must be an address and a port, for instance 127\.0\.0\.1:7350, not "nowhere"'),
    ("listen = 7350\n", r":1: listen must be an address and a port, .*, in quotes, not a number"),
    ("data = 1\n", r":1: data must be the name of a file or a folder"),
    ("port = 7350\n", r":1: there is no setting port; `parlour config docs`"),
    ("page = 7\n", r":1: there is no setting page; did you mean limits\.page\?"),
    ("[limits]\npage = 0\n", r":2: limits\.page must be a whole number from 1 to 10000, not 0"),
    ("[limits]\npage = -1\n", r':2: limits\.page must be .*, not "-1"'),
    ("[limits]\npage = 1.5\n", r":2: limits\.page must be .*, not a number with a point"),
    ("[limits]\npage = 99999999999999999999\n", r":2: "),
    ("\n[limits]\nping_ms = 5000\nsilence_ms = 5000\n",
     r"limits\.ping_ms \(5000, .*:3\) must be less than limits\.silence_ms \(5000, .*:4"),
]


@pytest.mark.parametrize(("text", "message"), WRONG, ids=lambda part: part[:40])
def test_what_is_wrong_in_the_file_is_named_with_its_line_and_never_with_the_secret(tmp_path, text, message):
    said = check(tmp_path, text, expect=CONFIG)
    assert re.search(message, said), said
    assert "parlour.toml:" in said and SECRET not in said and len(said.splitlines()) == 1
    done = parlour.cli("serve", "--listen", "127.0.0.1:0", cwd=tmp_path, expect=CONFIG)
    assert done.stderr == said, "the server says the same, and does not start"


def test_all_that_is_wrong_is_told_at_once(tmp_path):
    said = check(tmp_path, "listn = 1\n[limits]\npage = 0\nroom = 1\n", env={"PORT": "http"}, expect=CONFIG)
    places = [line.split()[0] for line in said.splitlines()]
    assert places == ["parlour:", "PORT:", "parlour.toml:1:", "parlour.toml:4:", "parlour.toml:3:"], said


@pytest.mark.parametrize(("name", "value", "message"), [
    ("PORT", "eighty", r'PORT: must be a port, .*, not "eighty"'),
    ("PORT", "70000", r"PORT: "),
    ("PARLOUR_LISTEN", "", r"PARLOUR_LISTEN: listen must be"),
    ("PARLOUR_DATA", "", r"PARLOUR_DATA: data must be"),
    ("PARLOUR_LIMITS__PAGE", "many", r'PARLOUR_LIMITS__PAGE: limits\.page must be a whole number from 1 to 10000, not "many"'),
    ("PARLOUR_LIMITS__PAGE", "+7", r"PARLOUR_LIMITS__PAGE: "),
    ("PARLOUR_LIMITS__PAEG", "7", r"PARLOUR_LIMITS__PAEG: there is no such variable; did you mean PARLOUR_LIMITS__PAGE\?"),
    ("PARLOUR_SERVICE_HOST", "10.0.0.1", r"enableServiceLinks: false"),
    ("PARLOUR_AUTH__JWT__SECRET", "short", r"PARLOUR_AUTH__JWT__SECRET: auth\.jwt\.secret has 5 bytes"),
    ("PARLOUR_AUTH__JWT__SECRET_FILE", "nowhere", r"_SECRET_FILE: auth\.jwt\.secret_file nowhere: No such file"),
    ("PARLOUR_CONFIG", "nowhere.toml", r"nowhere\.toml: No such file"),
])
def test_what_is_wrong_in_the_environment_is_named_by_its_variable(tmp_path, name, value, message):
    said = check(tmp_path, env={name: value}, expect=CONFIG)
    assert re.search(message, said) and len(said.splitlines()) == 1, said
    if "no such variable" in message:
        done = parlour.cli("rooms", "ls", env={name: value}, expect=CONFIG)
        assert done.stderr == said, "whatever the command"


def test_a_secret_in_one_place_takes_that_of_a_lower_one_back(tmp_path):
    (tmp_path / "key").write_text(SECRET + "\n")
    env = {"PARLOUR_AUTH__JWT__SECRET_FILE": str(tmp_path / "key")}
    (tmp_path / "parlour.toml").write_text('[auth.jwt]\nsecret = "another one that is quite as long as that"\n')
    shown = json.loads(parlour.cli("config", "print", "-o", "json", cwd=tmp_path, env=env, expect=0).stdout)
    assert shown["auth.jwt.secret"] == {"value": None, "origin": "default"}
    assert shown["auth.jwt.secret_file"]["origin"] == "PARLOUR_AUTH__JWT__SECRET_FILE"
    made = parlour.cli("token", "mint", "--sub", "ada", cwd=tmp_path, env=env, expect=0).stdout.strip()
    assert tokens.read(made, SECRET.encode())["sub"] == "ada"


def test_a_secret_that_is_too_short_signs_nothing(tmp_path):
    (tmp_path / "auth.key").write_text("short\n")
    done = parlour.cli("token", "mint", "--sub", "ada", "--data", tmp_path, expect=CONFIG)
    assert "auth.key has 5 bytes" in done.stderr and "remove it" in done.stderr and done.stdout == ""


def test_limits_of_the_file_and_the_environment_are_those_of_the_server(make_server, tmp_path):
    (tmp_path / "limits.toml").write_text("[limits]\npage = 2\nmessage_bytes = 2048\n")
    server = make_server("limited", args=("--config", tmp_path / "limits.toml"), env={"PARLOUR_LIMITS__ID_BYTES": "100"})
    token = tokens.good(server, "ada")
    for number in range(3):
        assert server.http("POST", "/v1/rooms", {"kind": "cards", "id": f"r{number}"}, token=token).status == 201
    page = server.http("GET", "/v1/rooms", token=token).json()
    assert len(page["rooms"]) == 2 and page["next"] == "r1"
    assert server.http("POST", "/v1/rooms", {"kind": "cards", "id": "x" * 3000}, token=token).status == 413
    assert server.http("POST", "/v1/rooms", {"kind": "cards", "message_id": "x" * 101}, token=token).status == 400
