"""The HTTP requests of the dialect casys: each route, what it answers, and how it fails."""

import collections
import functools

import pytest

import casys
import compatibility
import parlour
from casys import KEYS, without_seq


@pytest.fixture
def front(casys_front):
    """A server in this mode, and by what it is played."""
    return casys_front


def assert_failed(answer, status, code):
    """As the original's, and with a code."""
    assert answer[0] == status, answer
    assert isinstance(answer[1]["detail"], str) and answer[1]["detail"], answer
    assert answer[1]["code"] == code, answer


@compatibility.check("casys", 18)
def test_initialize_opens_a_game_and_answers_when_it_is_narrated(front):
    async def talk():
        async with front.table() as table:
            status, done = await table.http("POST", "/api/game/initialize", {"session_id": "s-7", "player_id": None})
            assert status == 200 and done["success"] is True and isinstance(done["message"], str)
            state, table.game = done["state"], done["game_id"]
            assert KEYS <= set(state) and state["session_id"] == "s-7" and state["game_id"] == table.game
            assert state["narrative"]["source_type"] == "processed" and state["narrative"]["content"]
            again = await table.http("POST", "/api/game/initialize", {"game_id": table.game})
            assert again[0] == 200 and again[1]["state"]["section_number"] == 1
            status, plain = await table.http("POST", "/api/game/initialize", {"settings": {"narrated": False, "hero": "Mo"}})
            assert status == 200 and plain["state"]["narrative"]["source_type"] == "raw"
            assert plain["state"]["character"]["name"] == "Mo"
            assert plain["game_id"] != table.game
            initialize = "/api/game/initialize"
            assert_failed(await table.http("POST", initialize, "nonsense"), 422, "invalid_body")
            assert_failed(await table.http("POST", initialize, "[]"), 422, "invalid_body")
            assert_failed(await table.http("POST", initialize, {"game_id": 5}), 422, "invalid_body")
            assert_failed(await table.http("POST", initialize, {"session_id": "a b"}), 422, "invalid_session")
            assert_failed(await table.http("POST", initialize, {"section_number": 12}), 400, "bad_section")
            assert_failed(await table.http("GET", initialize), 405, "method_not_allowed")
            refused = await table.http("POST", initialize, {"settings": {"seats": 99}})
            assert refused[0] in (400, 409) and refused[1]["detail"], refused
            refused = await table.http("POST", initialize, {"game_id": "no/name at all"})
            assert refused[0] in (400, 401) and refused[1]["detail"], refused

    parlour.run(talk())


@compatibility.check("casys", 18)
def test_state_shows_the_game_and_takes_no_seat(front):
    async def talk():
        async with front.table() as table:
            await table.initialise(settings={"party": "vote", "narrated": False})
            ada = await table.client()
            before = (await ada.state())["metadata"]["party"]
            for user in ("ada", "bob"):
                status, state = await table.http("GET", f"/api/game/state?game_id={table.game}&session_id=x", user=user)
                assert status == 200 and KEYS <= set(state) and state["session_id"] == "x"
                assert state["metadata"]["party"] == before
                assert state["rules"] == ada.states[-1]["rules"]
            await table.http("POST", "/api/game/initialize", {"game_id": table.game}, user="bob")
            await ada.settled()
            party = (await ada.state())["metadata"]["party"]
            assert [member["seat"] for member in party["members"]] == [0] and party["members"][0]["here"] is True
            # One voice is all voices.
            await ada.go(2)
            assert_failed(await table.http("GET", "/api/game/state"), 400, "game_id_required")
            assert_failed(await table.http("GET", "/api/game/state?game_id=no-such-game"), 404, "game_not_found")
            assert_failed(await table.http("POST", "/api/game/state", {}), 405, "method_not_allowed")

    parlour.run(talk())


@compatibility.check("casys", 18)
@casys.both
def test_stop_and_reset_change_the_game_that_the_socket_shows(front):
    async def talk():
        async with front.table() as table:
            ada = await table.client()
            await ada.go(2)
            start = len(ada.frames)
            status, done = await table.http("POST", "/api/game/reset", {"game_id": table.game})
            assert status == 200 and done["success"] is True and done["state"]["section_number"] == 1
            shown = await ada.shown(1, start)
            assert shown["metadata"]["step"] == 2
            await ada.go(3)
            start = len(ada.frames)
            status, done = await table.http("POST", f"/api/game/stop?game_id={table.game}", {})
            assert status == 200 and done["success"] is True
            shown = await ada.shown(3, start, lambda state: not state["should_continue"])
            assert shown["metadata"]["stopped"] is True and shown["decision"]["awaiting_action"] is None
            refused = await ada.choose("2")
            assert refused["type"] == "choice_error", refused
            stopped = await table.http("POST", "/api/game/stop", {"game_id": table.game})
            assert stopped[0] == 409 and stopped[1]["detail"], stopped
            # Initialised again it is another game of the same name, and that is what the socket shows.
            start = len(ada.frames)
            state = await table.initialise(table.game)
            assert state["section_number"] == 1 and state["should_continue"] is True
            await ada.shown(1, start, lambda state: state["should_continue"])
            await ada.go(2)

    parlour.run(talk())


@compatibility.check("casys", 18)
def test_stop_and_reset_are_of_the_game_initialised_last_in_compat_and_of_the_leader_in_strict(front):
    async def talk():
        async with front.table() as table:
            ada = await table.client()
            for route in ("stop", "reset") if front.mode == "strict" else ():
                assert_failed(await table.http("POST", f"/api/game/{route}"), 400, "game_id_required")
                nobody = await table.http("POST", f"/api/game/{route}", {"game_id": table.game}, user=None)
                assert_failed(nobody, 401, "authentication_required")
            await ada.go(2)
            named = {"game_id": table.game} if front.mode == "strict" else None
            assert (await table.http("POST", "/api/game/reset", named))[1]["game_id"] == table.game
            assert (await table.http("POST", "/api/game/stop", named))[1]["game_id"] == table.game
            await ada.shown(1, more=lambda state: state["metadata"]["stopped"])
            assert_failed(await table.http("POST", "/api/game/stop", named), 409, "room_closed")

    parlour.run(talk())


async def about(table, method, route, game, **more):
    """A request about a game."""
    if method == "GET":
        return await table.http("GET", f"{route}?game_id={game}", **more)
    return await table.http("POST", route, {"game_id": game, "feedback": "more eels"}, **more)


ROUTES = [
    ("GET", "/api/game/state"),
    ("POST", "/api/game/stop"),
    ("POST", "/api/game/reset"),
    ("GET", "/api/game/feedback"),
    ("POST", "/api/utils/feedback"),
]
"""Those about a game that there is."""


@compatibility.check("casys", 18)
@casys.both
def test_each_route_says_what_is_wrong_with_a_request(front):
    async def talk():
        async with front.table(are_known=True) as table:
            await table.initialise()
            for method, route in ROUTES:
                asked = functools.partial(about, table, method, route)
                assert_failed(await asked("no-such-game"), 404, "game_not_found")
                wrong = await asked(table.game, token="not.a.token")
                assert wrong[0] == 401 and wrong[1]["detail"] and wrong[1]["code"] == "authentication_failed", wrong
                other = "POST" if method == "GET" else "GET"
                assert_failed(await table.http(other, f"{route}?game_id={table.game}"), 405, "method_not_allowed")
                if method == "POST":
                    assert_failed(await asked(table.game, user="bob"), 403, "not_in_room")
                    for body in ("nonsense", "[]", "5", {"game_id": 5}, {"session_id": []}):
                        assert_failed(await table.http("POST", route, body), 422, "invalid_body")
            state = (await table.http("GET", f"/api/game/state?game_id={table.game}"))[1]
            assert (state["section_number"], state["should_continue"], state["metadata"]["party"]["remarks"]) == (1, True, [])

    parlour.run(talk())


@compatibility.check("casys", 18)
def test_feedback_is_kept_with_the_game(front):
    async def talk():
        async with front.table() as table:
            ada = await table.client()
            game = {"game_id": table.game}
            status, done = await table.http("POST", "/api/utils/feedback", game | {"feedback": "more eels"})
            assert status == 200 and done["success"] is True
            status, told = await table.http("GET", f"/api/game/feedback?game_id={table.game}")
            assert status == 200 and [item["text"] for item in told["feedback"]] == ["more eels"]
            assert told["feedback"][0]["timestamp"].startswith("20")
            assert (await ada.state())["section_number"] == 1
            assert_failed(await table.http("POST", "/api/utils/feedback", game), 422, "invalid_body")
            assert_failed(await table.http("GET", "/api/game/feedback?game_id=no-such-game"), 404, "game_not_found")
            long = await table.http("POST", "/api/utils/feedback", game | {"feedback": "x" * 281})
            assert_failed(long, 409, "text_too_long")

    parlour.run(talk())


@compatibility.check("casys", 18)
def test_dice_are_two_and_fair_and_health_needs_nobody(front):
    async def talk():
        async with front.table() as table:
            counts = collections.Counter()
            for number in range(120):
                kind = ("chance", "combat", "2d6")[number % 3]
                status, roll = await table.http("GET", f"/api/utils/dice/{kind}", user=None)
                assert status == 200 and set(roll) == {"total", "details", "type"} and roll["type"] == kind
                assert sum(roll["details"]) == roll["total"] and len(roll["details"]) == 2
                assert all(1 <= die <= 6 for die in roll["details"])
                counts.update(roll["details"])
            # Each face is seen: by chance one is missing once in 10^18 times.
            assert set(counts) == {1, 2, 3, 4, 5, 6}, counts
            assert_failed(await table.http("GET", "/api/utils/dice/d20"), 404, "unknown_dice")
            assert (await table.http("GET", "/api/health", user=None)) == (200, {"status": "ok"})
            assert_failed(await table.http("POST", "/api/health", user=None), 405, "method_not_allowed")

    parlour.run(talk())


@compatibility.check("casys", 18)
def test_the_state_by_http_is_the_state_by_socket(front):
    async def talk():
        async with front.table() as table:
            await table.initialise(settings={"narrated": False})
            ada = await table.client(session_id="same")
            await ada.go(2)
            await ada.settled()
            told = await ada.state()
            _, state = await table.http("GET", f"/api/game/state?game_id={table.game}&session_id=same")
            assert without_seq(state) == without_seq(told)

    parlour.run(talk())
