"""The dialect aniworld: scans, what is told of the server itself, what must not be told, and the types of all messages."""

import asyncio
import contextlib

import pytest

import aniworld
import compatibility
from aniworld_judge import KEYS
from test_disk import EIO, WAL, check_end, shim  # noqa: F401

in_thread = asyncio.to_thread


@pytest.fixture
def front(aniworld_front):
    """A server in this mode, and a queue on it that nobody else uses."""
    return aniworld_front


@aniworld.by_websockets
@compatibility.check("aniworld", 11, 16)
def test_a_scan_without_a_library_fails_once_and_the_system_says_why(aniworld_own, tmp_path):
    (tmp_path / "file").write_bytes(b"no folder")
    front = aniworld_own(PARLOUR_DOWNLOADS__LIBRARY=str(tmp_path / "file"))

    async def talk():
        async with front.listen() as ada:
            await ada.join("scan", "system", "errors")
            await in_thread(front.rest, "POST", "/api/anime/rescan")
            failed = await ada.until("scan_failed", deadline=30.0)
            error = await ada.until("system_error")
            assert error["severity"] == "error" and error["message"] and error["details"]["code"] == failed["code"]
            await ada.settled()
            assert len(ada.of("scan_failed")) == len(ada.of("system_error")) == 1
            assert str(tmp_path) not in " ".join(ada.texts)

    front.run(talk)


@aniworld.by_websockets
@compatibility.check("aniworld", 12)
def test_that_the_journal_cannot_be_written_is_told_on_every_loop_and_nothing_more(aniworld_own, shim, tmp_path):  # noqa: F811
    trigger = tmp_path / "trigger"
    front = aniworld_own(LD_PRELOAD=str(shim), DISK_FAULT=str(trigger), PARLOUR_LIMITS__SHARDS="3")
    # A user's name decides which loop serves them: of so many each has some.
    users = [f"user-{at}" for at in range(12)]

    async def talk():
        async with contextlib.AsyncExitStack() as stack:
            told = [await stack.enter_async_context(front.listen(user)) for user in users]
            eve = await stack.enter_async_context(front.listen("eve"))
            for listener in told:
                await listener.join("system", "downloads")
            await eve.join("downloads")
            trigger.write_text(f"write {WAL} {EIO}")
            adding = asyncio.create_task(in_thread(front.add, front.files.file("lost.bin", 10)))
            for listener in told:
                assert (await listener.until("system_error"))["details"]["code"] == "journal_failed"
            for listener in [*told, eve]:
                await listener.until_closed()
                assert not listener.of("download_added")
            await asyncio.gather(adding, return_exceptions=True)
            assert adding.exception() is not None and not eve.of("system_error")

    front.run(talk)
    check_end(front.server)
    trigger.unlink()
    front.server.start()

    async def again():
        assert (await in_thread(front.status))["total"] == 0

    front.run(again)


@aniworld.by_all
@compatibility.check("aniworld", 16)
def test_no_path_and_no_address_is_told_to_who_may_not_know_it(front):
    async def talk():
        user = None if front.mode == "compat" else "watcher"
        token = front.token("watcher", role="spectator") if user else None
        async with front.listen() as ada, front.listen(user, token=token) as eve:
            await ada.join("downloads", "queue", "errors", "system")
            await eve.join("downloads", "queue", "errors", "system")
            url = front.files.file("hidden.bin", 30_000, rate=100_000, secret="s3cret")
            folder = f"Private {front.queue}"
            download = await in_thread(front.add, url, folder=folder, client_id="from-ada")
            assert (await ada.until_end(download))["data"]["file_path"] == f"{folder}/hidden.bin"
            end = await eve.until_end(download)
            assert end["data"]["file_path"] is None and end["data"]["folder"] is None
            refused = await in_thread(front.add, f"{front.files.url}/status/404?secret=s3cret", folder=folder, name="x.bin")
            await eve.until_end(refused)
            read = await in_thread(front.http, "GET", "/api/queue/status", None, token)
            told = " ".join(eve.texts) + read.body.decode()
            assert read.status == 200 and read.json()["total"] == 2
            for secret in (folder, "hidden.bin", "s3cret", "127.0.0.1", "from-ada", str(front.server.data)):
                assert secret not in told, secret
            assert str(front.server.data) not in " ".join(ada.texts), "a path is told from the library's root on"

    front.run(talk)


@aniworld.by_all
@compatibility.check("aniworld", 18)
def test_each_of_the_twenty_types_is_said_with_all_its_keys(aniworld_own, tmp_path):
    front = aniworld_own()
    closed = aniworld_own("closed", PARLOUR_DOWNLOADS__ALLOW_PRIVATE="false", PARLOUR_DOWNLOADS__WARN_PERCENT="0")
    (tmp_path / "file").write_bytes(b"no folder")
    broken = aniworld_own("broken", PARLOUR_DOWNLOADS__LIBRARY=str(tmp_path / "file"))
    rooms = ("downloads", "queue", "scan", "system", "errors")

    async def talk():
        async with front.listen() as ada, closed.listen() as eve, broken.listen() as bob:
            for listener in (ada, eve, bob):
                await listener.join(*rooms)
            await ada.settled()
            await ada.answer("junk")
            await ada.until("ping")
            for action in ("stop", "start", "pause", "resume"):
                await in_thread(front.rest, "POST", f"/api/queue/{action}")
            download = await in_thread(front.add, front.files.file("all.bin", 50_000, rate=100_000))
            await ada.until_end(download)
            await in_thread(front.rest, "DELETE", f"/api/queue/{download}")
            await ada.until("download_removed")
            await in_thread(front.rest, "POST", "/api/anime/rescan")
            await ada.until("scan_complete")
            refused = await in_thread(closed.add, closed.files.file("no.bin", 10))
            assert (await eve.until_end(refused))["data"]["code"] == "address_refused"
            await eve.until("system_warning", lambda data: data["details"].get("code") == "address_refused")
            full = await eve.until("system_warning", lambda data: "disk_percent" in data["details"])
            assert full["severity"] == "warning" and full["message"] == "The disk is nearly full."
            await in_thread(broken.rest, "POST", "/api/anime/rescan")
            await bob.until("scan_failed")
            await bob.until("system_error")
            # What the server says last.
            stopping = asyncio.create_task(in_thread(front.server.stop))
            last = await ada.until("system_info", lambda data: data.get("details", {}).get("status") == "closing")
            assert last["severity"] == "info" and await stopping == 0
            await ada.until_closed()
            assert ada.closed[0] == 1012
            said = {frame["type"] for listener in (ada, eve, bob) for frame in listener.frames}
            assert said == set(KEYS) and len(said) == 20

    front.run(talk)


@aniworld.by_all
@compatibility.check("aniworld", 18)
def test_each_request_is_answered_and_its_errors_by_a_detail(front):
    async def talk():
        await in_thread(requests, front)

    front.run(talk)


def requests(front):
    slow = front.files.file("slow.bin", 10**6, rate=20_000)
    first, second = (front.add(slow, name=f"{front.queue}-{name}.bin", client_id=name) for name in ("a", "b"))
    status = front.status()
    assert {item["download_id"] for item in status["items"]} == {first, second}
    if front.mode == "strict":
        assert all(item["url"] == slow for item in status["items"])
    for path in ("pause", "resume", "stop"):
        assert front.rest("POST", f"/api/queue/{path}", {"id": second})["download_id"] == second
        assert front.rest("POST", f"/api/queue/{path}", {"id": "d99"}, expect=404)["detail"]
    assert front.rest("POST", "/api/queue/retry", {"ids": [second]})["download_ids"] == [second]
    assert front.rest("POST", "/api/queue/reorder", {"item_ids": [second, first]})["status"] == "ok"
    assert [item["id"] for item in front.status()["items"]] == [second, first]
    assert front.rest("POST", "/api/queue/stop")["queue"]["state"] == "stopped"
    assert front.rest("POST", "/api/queue/start")["queue"]["state"] == "running"
    assert front.rest("POST", "/api/queue/start", expect=409)["code"] == "already_running"
    for download in (first, second):
        assert front.rest("DELETE", f"/api/queue/{download}")["status"] == "ok"
    assert front.status()["total"] == 0
    about = front.rest("GET", "/ws/status")
    assert len(about["supported_message_types"]) == 20
    wrong = [
        ("DELETE", "/api/queue/d99", None, 404, "no_such_download"),
        ("POST", "/api/queue/add", {"url": "ftp://x/y", "key": "k"}, 422, "url_not_http"),
        ("POST", "/api/queue/add", {"url": slow, "key": "No Key"}, 422, "bad_key"),
        ("POST", "/api/queue/add", {"key": "k"}, 422, "invalid_body"),
        ("POST", "/api/queue/add", "{", 422, "invalid_body"),
        ("POST", "/api/queue/add", "[]", 422, "invalid_body"),
        ("POST", "/api/queue/pause", {"id": 7}, 422, "invalid_body"),
        ("POST", "/api/queue/reorder", {"ids": "d1"}, 422, "invalid_body"),
        ("POST", "/api/queue/reorder", {"ids": ["d98"]}, None, None),
        ("POST", "/api/queue/retry", {}, 409, "nothing_to_retry"),
        ("DELETE", "/api/anime/rescan", None, 409, "not_scanning"),
        ("GET", "/api/queue/a/b", None, 404, "not_found"),
        ("GET", "/api/queue/add", None, 405, "method_not_allowed"),
        ("POST", "/api/anime", None, 405, "method_not_allowed"),
    ]
    for method, path, body, expected, code in wrong:
        answer = front.http(method, path, body, front.token())
        assert answer.status == (expected or answer.status) and 400 <= answer.status < 500, (method, path, body, answer)
        told = answer.json()
        assert isinstance(told["detail"], str) and told["detail"] and (code is None or told["code"] == code), (method, path, told)
    bad = front.http("GET", "/api/queue/status", token="junk")
    assert bad.status == 401 and bad.json()["detail"]
    nobody = front.http("GET", "/api/queue/status")
    assert nobody.status == (401 if front.mode == "strict" else 200) and (nobody.status == 200 or nobody.json()["detail"])
    front.queue = "no-such-queue"
    assert front.rest("GET", "/api/queue/status", expect=404)["detail"]
