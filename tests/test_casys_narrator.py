"""What clients of the dialect casys see of a narrator that takes its time, or fails: an endpoint of this test's own."""

import asyncio
import contextlib
import http.server
import json
import threading

import pytest

import casys
import compatibility
import parlour
from casys import assert_error


class Endpoint:
    """Speaks chat completions, as `how` says: `words`, `500`, `garbage` or `silence`; `words` in two pieces, of which the second
    waits while `gate` is shut."""

    def __init__(self):
        endpoint = self
        self.how, self.gate, self.over = "words", threading.Event(), threading.Event()
        self.gate.set()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                self.rfile.read(int(self.headers["content-length"]))
                endpoint.answer(self)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_address[1]}/v1"

    def answer(self, request):
        if self.how == "500":
            return request.send_error(500)
        if self.how == "silence":
            self.over.wait(casys.DEADLINE)
            return None
        request.send_response(200)
        request.send_header("content-type", "text/event-stream")
        request.end_headers()
        if self.how == "garbage":
            return request.wfile.write(b"\x00\xff not a stream\n\n")
        for piece in ("It was dark, ", "and then it was not."):
            with contextlib.suppress(OSError):
                told = json.dumps({"choices": [{"delta": {"content": piece}}]})
                request.wfile.write(f"data: {told}\n\n".encode())
                request.wfile.flush()
            self.gate.wait(casys.DEADLINE)
        with contextlib.suppress(OSError):
            request.wfile.write(b"data: [DONE]\n\n")

    def stop(self):
        self.gate.set()
        self.over.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def endpoint():
    endpoint = Endpoint()
    yield endpoint
    endpoint.stop()


def is_told(state):
    return state["type"] == "state" and state["narrative"]["source_type"] == "processed"


@compatibility.check("casys", 11)
def test_while_the_narrator_takes_its_time_pings_are_answered_and_other_games_go_on(fresh_front, endpoint):
    front = fresh_front(PARLOUR_NARRATOR__URL=endpoint.url)

    async def talk():
        async with front.table() as table:
            assert (await table.initialise())["narrative"]["content"] == "It was dark, and then it was not."
            ada, bob = await table.client(), await table.client(user="bob")
            told = await ada.ask({"type": "subscribe", "progress": True}, "subscribed")
            assert told == {"type": "subscribed", "progress": True}
            endpoint.gate.clear()
            state = await ada.choose("2")
            assert state["narrative"]["narrating"] is True and state["narrative"]["source_type"] == "raw"
            seen = await ada.until("progress")
            assert (seen["game_id"], seen["section_number"], seen["step"], seen["skipped"]) == (table.game, 2, 1, 0)
            assert "It was dark, and then it was not.".startswith(seen["content"]) and seen["content"]
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
                assert state["game_id"] == first and state["narrative"]["content"] == "It was dark, and then it was not."
            assert not [frame for frame in bob.frames + cyd.frames if frame["type"] == "progress"]

    parlour.run(talk())


@compatibility.check("casys", 12, 17)
def test_a_narrator_that_fails_changes_nothing_is_told_and_can_be_asked_again(fresh_front, endpoint):
    front = fresh_front(PARLOUR_NARRATOR__URL=endpoint.url, PARLOUR_NARRATOR__TIMEOUT_MS="400")

    async def talk():
        async with front.table() as table:
            for how in ("500", "garbage", "silence"):
                endpoint.how = how
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
                endpoint.how = "words"
                await ada.send({"type": "action", "action": {"type": "narrate_again"}})
                told = await ada.until(is_told)
                assert (told["section_number"], told["narrative"]["content"]) == (2, "It was dark, and then it was not.")
                assert (await ada.choose("3"))["section_number"] == 3
                assert ada.closed is None

    parlour.run(talk())
