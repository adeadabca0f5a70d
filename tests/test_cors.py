"""Pages of other origins: those that are configured may ask, and a browser is told so; nobody else may."""

import pytest

import parlour
import raw
import tokens
from raw import Wire

PAGE = "https://play.example"
STRANGERS = ["http://play.example", "https://play.example:8443", "https://play.example.evil.example", "https://evil.example", "null"]
ALLOW, CREDENTIALS = "access-control-allow-origin", "access-control-allow-credentials"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """One server for all of it."""
    folder = tmp_path_factory.mktemp("cors")
    (folder / "parlour.toml").write_text('[cors]\norigins = ["https://Play.example:443", "http://localhost:5173"]\n')
    server = parlour.Server(folder).start()
    server.ada = tokens.good(server, "ada")
    yield server
    assert server.stop() == 0


def preflight(server, origin):
    asked = {"Origin": origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    return server.http("OPTIONS", "/v1/rooms", headers=asked)


@pytest.mark.parametrize("origin", [PAGE, "http://localhost:5173"])
def test_a_page_of_an_allowed_origin_asks_and_is_answered(server, origin):
    asked = preflight(server, origin)
    assert (asked.status, asked.body) == (204, b"")
    assert (asked.headers[ALLOW], asked.headers[CREDENTIALS], asked.headers["vary"]) == (origin, "true", "origin")
    assert "POST" in asked.headers["access-control-allow-methods"].split(", ")
    assert {"authorization", "content-type"} <= set(asked.headers["access-control-allow-headers"].split(", "))
    opened = server.http("POST", "/v1/rooms", {"kind": "cards"}, token=server.ada, headers={"Origin": origin})
    failed = server.http("GET", "/v1/rooms/nowhere", token=server.ada, headers={"Origin": origin})
    assert (opened.status, failed.status) == (201, 404)
    for answer in opened, failed:
        assert (answer.headers[ALLOW], answer.headers[CREDENTIALS], answer.headers["vary"]) == (origin, "true", "origin")


@pytest.mark.parametrize("origin", STRANGERS)
def test_a_page_of_another_origin_is_refused_whatever_it_asks(server, origin):
    for answer in [
        preflight(server, origin),
        server.http("GET", "/v1/rooms", token=server.ada, headers={"Origin": origin}),
        server.http("POST", "/v1/rooms", {"kind": "cards"}, token=server.ada, headers={"Origin": origin}),
    ]:
        assert answer.status == 403 and ALLOW not in answer.headers and answer.headers["vary"] == "origin"
        assert answer.json()["code"] == "origin_denied"
    with Wire(server) as wire:
        wire.send(raw.upgrade_request(headers={"Origin": origin}, token=server.ada))
        assert wire.response().status == 403


def test_upgrades_go_by_the_same_origins(server):
    with Wire.open(server, server.ada, {"Origin": PAGE}) as wire:
        assert wire.next()["type"] == "connected"


def test_programs_and_pages_of_our_own_are_told_nothing_of_origins(server):
    for headers in {}, {"Origin": f"http://{server.host}:{server.port}"}:
        answer = server.http("GET", "/v1/rooms", token=server.ada, headers=headers)
        assert answer.status == 200 and ALLOW not in answer.headers and answer.headers["vary"] == "origin"


def test_without_origins_there_are_no_words_of_them(tmp_path):
    server = parlour.Server(tmp_path).start()
    try:
        assert "vary" not in server.http("GET", "/v1/kinds").headers
        assert preflight(server, PAGE).status == 403
    finally:
        assert server.stop() == 0
