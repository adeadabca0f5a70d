"""What clients of the dialect casys see of a narrator that takes its time, or fails: an endpoint of this test's own."""

import asyncio
import contextlib
import json
import threading

import pytest

import chat_completions
import compatibility
import parlour
from casys import assert_error

GATE = 60.0
"""How long it rests at most, in seconds: far longer than it is made to."""

WORDS = ["It was dark, ", "and then it was not."]
TOLD = "".join(WORDS)


class Endpoint(chat_completions.Endpoint):
    """One whose words come in pieces, with a rest after each while `gate` is shut."""

    def __init__(self):
        self.gate = threading.Event()
        self.gate.set()
        super().__init__(WORDS)

    def answer(self, request, answer):
        if answer is not WORDS:
            return super().answer(request, answer)
        request.send_response(200)
        request.send_header("Connection", "close")
        request.end_headers()
        with contextlib.suppress(OSError):
            for piece in WORDS:
                told = json.dumps({"choices": [{"delta": {"content": piece}}]})
                request.wfile.write(f"data: {told}\n\n".encode())
                request.wfile.flush()
                self.gate.wait(GATE)
            request.wfile.write(b"data: [DONE]\n\n")
        return None


@pytest.fixture
def endpoint():
    endpoint = Endpoint()
    yield endpoint
    endpoint.gate.set()
    endpoint.close()


def is_told(state):
    return state["type"] == "state" and state["narrative"]["source_type"] == "processed"


@compatibility.check("casys", 11)
def test_while_the_narrator_takes_its_time_pings_are_answered_and_other_games_go_on(fresh_front, endpoint):
    front = fresh_front(PARLOUR_NARRATOR__URL=endpoint.url)

    async def talk():
        async with front.table() as table:
            assert (await table.initialise())["narrative"]["content"] == TOLD
            ada, bob = await table.client(), await table.client(user="bob")
            told = await ada.ask({"type": "subscribe", "progress": True}, "subscribed")
            assert told == {"type": "subscribed", "progress": True}
            endpoint.gate.clear()
            state = await ada.choose("2")
            assert state["narrative"]["narrating"] is True and state["narrative"]["source_type"] == "raw"
            seen = await ada.until("progress")
            assert (seen["game_id"], seen["section_number"], seen["step"], seen["skipped"]) == (table.game, 2, 1, 0)
            assert TOLD.startswith(seen["content"]) and seen["content"]
            loop = asyncio.get_running_loop()
            slowest = 0.0
            for number in range(50):
                begin = loop.time()
                await ada.ask({"type": "ping", "timestamp": str(number)}, "pong")
                slowest = max(slowest, loop.time() - begin)
            print(f"slowest ping while the narrator was at work: {1000 * slowest:.1f} ms")
            first = table.game
            await table.initialise(settings={"narrated": False}, user="cyd")
            cyd = await table.client(user="cyd")
            assert (await cyd.choose("3"))["section_number"] == 3
            assert not any(is_told(state) and state["section_number"] == 2 for state in ada.states), "it still takes its time"
            endpoint.gate.set()
            for client in (ada, bob):
                state = await client.until(lambda frame: is_told(frame) and frame["section_number"] == 2)
                assert state["game_id"] == first and state["narrative"]["content"] == TOLD
            assert not [frame for frame in bob.frames + cyd.frames if frame["type"] == "progress"]

    parlour.run(talk())


@compatibility.check("casys", 12, 17)
def test_a_narrator_that_fails_changes_nothing_is_told_and_can_be_asked_again(fresh_front, endpoint):
    front = fresh_front(PARLOUR_NARRATOR__URL=endpoint.url, PARLOUR_NARRATOR__TIMEOUT_MS="400")

    async def talk():
        async with front.table() as table:
            for how in (500, b"\x00\xff no stream at all", None):
                endpoint.answers = [how]
                # It answers all the same: with the book's own text.
                state = await table.initialise()
                assert state["narrative"]["source_type"] == "error" and state["narrative"]["error"], state["narrative"]
                assert state["narrative"]["content"] and state["error"] is None
                ada = await table.client()
                start = len(ada.frames)
                state = await ada.choose("2")
                error = await ada.until("narration_error", start=start)
                assert_error(error, "narration_error")
                told = await ada.ask({"type": "get_state"}, "state")
                assert told["narrative"]["error_code"] == error["code"], (how, told["narrative"])
                assert told["narrative"]["content"] == state["narrative"]["content"]
                assert (told["section_number"], told["rules"], told["character"]) == (2, state["rules"], state["character"])
                endpoint.answers = [WORDS]
                await ada.send({"type": "action", "action": {"type": "narrate_again"}})
                told = await ada.until(is_told)
                assert (told["section_number"], told["narrative"]["content"]) == (2, TOLD)
                assert (await ada.choose("3"))["section_number"] == 3
                assert ada.closed is None

    parlour.run(talk())
