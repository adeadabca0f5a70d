"""The HTTP API: rooms, kinds, the page; typed failures; and a connection that begins as HTTP and becomes a WebSocket."""

import json
import re

import pytest

import parlour
import raw
import tokens
from codes import assert_typed
from raw import Wire, frame

PING = {"type": "ping", "ref": "p"}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """One server for all of it."""
    server = parlour.Server(tmp_path_factory.mktemp("http")).start()
    server.ada, server.root = tokens.good(server, "ada"), tokens.good(server, "root", role="admin")
    yield server
    assert server.stop() == 0


@pytest.fixture
def api(server):
    """Asks as ada: `api(method, path, body)`."""
    return lambda method, path, body=None, token=server.ada: server.http(method, path, body, token=token)


def assert_failed(answer, status, code):
    assert (answer.status, answer.headers["content-type"]) == (status, "application/json"), answer
    assert_typed(answer.json(), code)


def opened(api, **body):
    answer = api("POST", "/v1/rooms", {"kind": "cards"} | body)
    assert answer.status == 201, answer
    return answer.json()["room_id"]


def test_a_room_is_opened_shown_listed_and_closed(api):
    config = {"seconds_per_turn": 7, "decks": ["grove", "storm"]}
    answer = api("POST", "/v1/rooms", {"kind": "cards", "id": "life", "config": config})
    assert (answer.status, answer.headers["content-type"]) == (201, "application/json")
    first = answer.json()
    assert first == {"room_id": "life", "dup": False, "seed_hash": first["seed_hash"]} and len(first["seed_hash"]) == 64

    shown = api("GET", "/v1/rooms/life").json()
    assert (shown["room_id"], shown["kind"], shown["rules"], shown["status"]) == ("life", "cards", 2, "open")
    assert (shown["opened_by"], shown["seats"], shown["members"], shown["spectators"]) == ("ada", 2, [], 0)
    assert shown["view"]["config"] == {
        "decks": ["grove", "storm"],
        "points_to_win": 4,
        "seconds_per_turn": 7,
        "turn_limit": 30,
        "grace_seconds": 60,
        "rematches": 0,
    }
    assert shown["seed_hash"] == first["seed_hash"] and "seed" not in shown
    assert shown["view"]["phase"] == "waiting" and shown["view"]["you"] is None

    listed = next(room for room in api("GET", "/v1/rooms").json()["rooms"] if room["room_id"] == "life")
    assert listed["status"] == "open" and "view" not in listed

    closed = api("DELETE", "/v1/rooms/life")
    assert (closed.status, closed.json()) == (200, {"room_id": "life"})
    assert_failed(api("DELETE", "/v1/rooms/life"), 409, "room_closed")
    shown = api("GET", "/v1/rooms/life").json()
    assert (shown["status"], shown["outcome"]) == ("ended", "closed")

    again = api("POST", "/v1/rooms", {"kind": "cards", "id": "life"})
    assert again.status == 201 and again.json()["seed_hash"] != first["seed_hash"], "a new life has new dice"
    assert api("GET", "/v1/rooms/life").json()["status"] == "open"


def test_a_room_without_a_name_gets_one(api):
    one, two = opened(api), opened(api)
    assert one != two and all(re.fullmatch(r"cards-\w+", room) for room in (one, two))


def test_the_same_message_id_opens_one_room(api, server):
    body = {"kind": "cards", "message_id": "m-1", "config": {"turn_limit": 9}}
    first, second = api("POST", "/v1/rooms", body), api("POST", "/v1/rooms", body)
    assert (first.status, second.status) == (201, 200)
    assert (first.json()["dup"], second.json()["dup"]) == (False, True)
    assert first.json()["room_id"] == second.json()["room_id"] and first.json()["seed_hash"] == second.json()["seed_hash"]
    assert_failed(api("POST", "/v1/rooms", body | {"config": {}}), 400, "id_reused")
    other = api("POST", "/v1/rooms", body, token=tokens.good(server, "bob"))
    assert other.status == 201 and other.json()["room_id"] != first.json()["room_id"], "ids are each user's own"


def test_bots_play_where_they_are_seated(api):
    room = opened(api, bots={"0": "random", "1": "random"})
    has_ended = lambda: (now := api("GET", f"/v1/rooms/{room}").json())["status"] == "ended" and now
    shown = parlour.poll(has_ended, "the bots to finish")
    assert [member["user_id"] for member in shown["members"]] == ["bot:random:0", "bot:random:1"]
    assert [(member["seat"], member["bot"], member["online"]) for member in shown["members"]] == [
        (0, "random", True),
        (1, "random", True),
    ]
    assert shown["outcome"] == shown["view"]["outcome"]["reason"]


def test_members_are_read_by_the_page(api):
    room = opened(api, bots={"0": "random", "1": "random"})
    shown = api("GET", f"/v1/rooms/{room}").json()
    assert shown["member_count"] == 2
    first = api("GET", f"/v1/rooms/{room}/members?limit=1").json()
    second = api("GET", f"/v1/rooms/{room}/members?limit=1&after={first['next']}").json()
    assert (first["count"], second["count"], first["next"], second["next"]) == (2, 2, "bot:random:0", None)
    assert first["members"] + second["members"] == shown["members"]
    everybody = api("GET", f"/v1/rooms/{room}/members").json()
    assert (everybody["members"], everybody["next"]) == (shown["members"], None)
    assert_failed(api("GET", "/v1/rooms/nowhere/members"), 404, "room_not_found")
    assert api("GET", f"/v1/rooms/{room}/members?limit=many").json()["code"] == "invalid_query"


FAILURES = [
    ("POST", "/v1/rooms", {"kind": "chess"}, 400, "unknown_kind"),
    ("POST", "/v1/rooms", {}, 400, "invalid_message"),
    ("POST", "/v1/rooms", [], 400, "invalid_message"),
    ("POST", "/v1/rooms", [{"kind": "cards"}], 400, "invalid_message"),
    ("POST", "/v1/rooms", b"", 400, "invalid_message"),
    ("POST", "/v1/rooms", b"\xff", 400, "invalid_message"),
    ("POST", "/v1/rooms", '{"kind":"cards","kind":"cards"}', 400, "invalid_message"),
    ("POST", "/v1/rooms", {"kind": "cards", "more": 1}, 400, "invalid_message"),
    ("POST", "/v1/rooms", {"kind": 5}, 400, "invalid_message"),
    ("POST", "/v1/rooms", {"kind": "cards", "id": 5}, 400, "invalid_message"),
    ("POST", "/v1/rooms", {"kind": "cards", "id": "a b"}, 400, "invalid_name"),
    ("POST", "/v1/rooms", {"kind": "cards", "id": "a" * 65}, 400, "invalid_name"),
    ("POST", "/v1/rooms", {"kind": "cards", "message_id": " "}, 400, "invalid_message"),
    ("POST", "/v1/rooms", {"kind": "cards", "message_id": "i" * 65}, 400, "invalid_message"),
    ("POST", "/v1/rooms", {"kind": "cards", "config": []}, 400, "invalid_config"),
    ("POST", "/v1/rooms", {"kind": "cards", "config": {"turn_limit": "9"}}, 400, "invalid_config"),
    ("POST", "/v1/rooms", {"kind": "cards", "config": {"unknown": 1}}, 400, "invalid_config"),
    ("POST", "/v1/rooms", {"kind": "cards", "bots": {"one": "random"}}, 400, "no_such_seat"),
    ("POST", "/v1/rooms", {"kind": "cards", "bots": {"2": "random"}}, 400, "no_such_seat"),
    ("POST", "/v1/rooms", {"kind": "cards", "bots": {"1": "clever"}}, 400, "unknown_bot"),
    ("GET", "/v1/rooms/nowhere", None, 404, "room_not_found"),
    ("DELETE", "/v1/rooms/nowhere", None, 404, "room_not_found"),
    ("GET", "/v1/rooms/a%20b", None, 400, "invalid_name"),
    ("GET", "/v1/rooms/%ff", None, 400, "invalid_name"),
    ("GET", "/v1/rooms/..%2f..%2fetc", None, 400, "invalid_name"),
    ("DELETE", "/v1/rooms/%00", None, 400, "invalid_name"),
    ("GET", "/v1/rooms/nowhere/replay", None, 403, "role_required"),
]


@pytest.mark.parametrize(("method", "path", "body", "status", "code"), FAILURES, ids=lambda part: str(part)[:40])
def test_what_cannot_be_has_its_status_and_code(api, method, path, body, status, code):
    assert_failed(api(method, path, body), status, code)


def test_a_name_that_is_taken_is_refused(api):
    room = opened(api)
    assert_failed(api("POST", "/v1/rooms", {"kind": "cards", "id": room}), 409, "room_exists")


def test_a_refusal_of_the_rules_is_told_in_their_words(api):
    answer = api("POST", "/v1/rooms", {"kind": "cards", "config": {"decks": ["ember", "chalk"]}})
    assert (answer.status, answer.json()["kind"], answer.json()["code"]) == (409, "illegal", "unknown_deck")
    assert answer.json()["details"] == {"seat": 1, "deck": "chalk"}


@pytest.mark.parametrize("query", ["limit=many", "limit=-1", "limit=5&limit=6", "limit=1e3"])
def test_a_query_that_cannot_be_is_told_so_and_not_in_a_decoders_words(api, query):
    answer = api("GET", f"/v1/rooms?{query}")
    assert (answer.status, answer.json()["kind"], answer.json()["code"]) == (400, "invalid", "invalid_query"), answer
    assert query.split("=")[1] not in answer.json()["message"] and "digit" not in answer.json()["message"]


def test_a_replay_is_for_admins_and_tells_what_it_cannot_do(api, server):
    room = opened(api)
    for query, code in [("at=x", "invalid_query"), ("as=king", "no_such_seat"), ("verify=perhaps", "invalid_query")]:
        answer = api("GET", f"/v1/rooms/{room}/replay?{query}", token=server.root)
        assert (answer.status, answer.json()["code"]) == (400, code), answer
    assert_failed(api("GET", "/v1/rooms/nowhere/replay", token=server.root), 404, "room_not_found")
    assert api("GET", f"/v1/rooms/{room}/replay?verify=true", token=server.root).json()["verified"] is True
    records = api("GET", f"/v1/rooms/{room}/replay", token=server.root)
    assert records.headers["content-type"] == "application/x-ndjson"
    assert [line["cause"] for line in map(json.loads, records.body.splitlines()) if "cause" in line] == ["opened"]


def test_a_body_longer_than_a_message_may_be_is_refused(api):
    answer = api("POST", "/v1/rooms", {"kind": "cards", "id": "x" * 70_000})
    assert (answer.status, answer.json()["kind"], answer.json()["code"]) == (413, "invalid", "too_long"), answer


def test_what_is_not_there_is_told_in_json(api):
    for method, path, status, code in [
        ("GET", "/nowhere", 404, "not_found"),
        ("GET", "/v1", 404, "not_found"),
        ("GET", "/v1/rooms/a/b", 404, "not_found"),
        ("PUT", "/v1/rooms", 405, "method_not_allowed"),
        ("POST", "/v1/rooms/here", 405, "method_not_allowed"),
        ("DELETE", "/v1/kinds", 405, "method_not_allowed"),
        ("POST", "/", 405, "method_not_allowed"),
    ]:
        answer = api(method, path)
        assert (answer.status, answer.headers["content-type"]) == (status, "application/json"), answer
        assert answer.json()["code"] == code and path not in answer.json()["message"]


def test_the_list_is_paged_by_name(api):
    rooms = sorted(opened(api, id=f"page-{number:02}") for number in range(25))
    found, after = [], "page-"
    while after is not None:
        page = api("GET", f"/v1/rooms?after={after}&limit=10").json()
        assert len(page["rooms"]) <= 10
        found += [room["room_id"] for room in page["rooms"]]
        after = page["next"]
    assert [room for room in found if room.startswith("page-")] == rooms
    assert found == sorted(set(found)), "in order, none twice"
    assert len(api("GET", "/v1/rooms?limit=0").json()["rooms"]) == 1, "a page holds at least one"


def test_kinds_come_with_schemas_of_all_that_is_sent(api):
    kinds = {kind["kind"]: kind for kind in api("GET", "/v1/kinds", token=None).json()["kinds"]}
    cards = kinds["cards"]
    assert cards["rules"] == 2
    assert set(cards["schemas"]) == {"config", "action", "event", "view", "refusal", "pulse"}
    some_tags = [("action", "type", "end_turn"), ("event", "type", "turn_started"), ("refusal", "code", "not_your_turn")]
    for what, tag, some in some_tags:
        variants = cards["schemas"][what]["oneOf"]
        tags = [variant["properties"][tag]["const"] for variant in variants]
        assert some in tags and len(tags) == len(set(tags)) and all(re.fullmatch("[a-z_0-9]+", name) for name in tags)
        assert all(tag in variant["required"] for variant in variants)
    choices = {"decks", "seconds_per_turn", "turn_limit", "points_to_win", "grace_seconds", "rematches"}
    assert set(cards["schemas"]["config"]["properties"]) == choices


def test_health_readiness_and_version_need_no_token(api):
    assert api("GET", "/healthz", token=None).json() == {"status": "ok"}
    assert api("GET", "/readyz", token=None).json() == {"ready": True, "journal": True, "draining": False}
    assert re.fullmatch(r"parlour/\d+\.\d+\.\d+", api("GET", "/version", token=None).json()["server"])
    assert api("HEAD", "/healthz", token=None).status == 200


def test_the_page_lists_a_room_and_nothing_of_it_is_markup(api, server):
    room = opened(api, bots={"1": "random"})
    with Wire.greeted(server, tokens.good(server, "eve", name="<script>alert(1)</script>")) as eve:
        assert eve.ask({"type": "join_room", "ref": "j", "payload": {"room_id": room}})["status"] == "ok"
        page = api("GET", "/")
        unknown = api("GET", "/", token=None)
    assert unknown.status == 200 and room not in unknown.body.decode(), "who may not list rooms is shown none"
    text = page.body.decode()
    assert page.status == 200 and page.headers["content-type"] == "text/html; charset=utf-8"
    assert text.startswith("<!doctype html>") and room in text and "cards" in text
    assert "<script>alert" not in text and "&lt;script&gt;" in text and "{{" not in text


def pinged(wire):
    assert wire.next()["type"] == "connected"
    assert wire.ask(PING)["status"] == "ok"


def test_an_upgrade_may_follow_http_on_the_same_connection(server):
    with Wire(server) as wire:
        for path in ("/healthz", "/nowhere", "/v1/kinds"):
            wire.send(raw.http_request("GET", path))
            assert wire.response().status == (404 if path == "/nowhere" else 200)
        wire.send(raw.upgrade_request(token=server.ada))
        assert wire.response().status == 101
        pinged(wire)
        opened = wire.ask({"type": "open_room", "ref": "o", "payload": {"kind": "cards"}})
        assert opened["status"] == "ok"
        wire.send(frame(b"\x03\xe8", raw.CLOSE))
        assert wire.close_code() == 1000


@pytest.mark.parametrize("before", [b"", raw.http_request("GET", "/healthz")], ids=["alone", "after a request"])
def test_an_upgrade_and_the_first_frames_may_come_in_one_segment(server, before):
    with Wire(server) as wire:
        wire.send(before + raw.upgrade_request(token=server.ada) + raw.message(PING) + raw.message(PING))
        if before:
            assert wire.response().status == 200
        assert wire.response().status == 101
        pinged(wire)


def test_a_refused_upgrade_after_http_is_told_why(server):
    with Wire(server) as wire:
        wire.send(raw.http_request("GET", "/healthz"))
        assert wire.response().status == 200
        wire.send(raw.upgrade_request(headers={"Sec-WebSocket-Version": "8"}))
        assert wire.response().status == 426
