"""The dialect aniworld: scans, what is told of the server itself, what must not be told, and the types of all messages."""

import asyncio
import contextlib

import pytest

import aniworld
import compatibility
from aniworld_judge import KEYS
from test_disk import EIO, ENOSPC, EROFS, WAL, check_end, shim  # noqa: F401

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


@aniworld.by_websockets
@compatibility.check("aniworld", 5, 18)
@pytest.mark.parametrize(("errno", "code"), [(EROFS, "cannot_write"), (ENOSPC, "disk_full")])
def test_that_a_file_cannot_be_written_is_told_of_it_and_of_the_system(aniworld_own, shim, tmp_path, errno, code):  # noqa: F811
    trigger = tmp_path / "trigger"
    front = aniworld_own(LD_PRELOAD=str(shim), DISK_FAULT=str(trigger), PARLOUR_DOWNLOADS__RESERVE_BYTES="0")

    async def talk():
        async with front.listen() as ada, front.listen() as eve:
            await ada.join("downloads", "system")
            await eve.join("downloads")
            trigger.write_text(f"sync .part {errno}")
            download = await in_thread(front.add, front.files.file("kept.bin", 1000))
            await failed(ada, download, code)
            await eve.until_end(download)
            trigger.unlink()
            for listener in (ada, eve):
                listener.begins_anew(download)
            start = ada.mark
            await in_thread(front.rest, "POST", "/api/queue/retry", {"id": download})
            assert (await ada.until_end(download, start=start))["type"] == "download_complete", "it was nothing else"
            await ada.settled()
            await eve.settled()
            assert len(ada.of("system_error")) == 1 and not eve.of("system_error")
            assert str(front.server.data) not in " ".join(ada.texts)

    front.run(talk)


@aniworld.by_websockets
@compatibility.check("aniworld", 5, 18)
def test_that_nothing_can_be_written_to_the_library_is_told_of_the_download_and_of_the_system(aniworld_own):
    # There nobody can make a file, whoever they are.
    front = aniworld_own(PARLOUR_DOWNLOADS__LIBRARY="/proc")

    async def talk():
        async with front.listen() as ada:
            await ada.join("downloads", "system")
            await failed(ada, await in_thread(front.add, front.files.file("lost.bin", 1000)), "cannot_write")

    front.run(talk)


async def failed(listener, download, code):
    """Waits until it is told that a download has failed, and that this is the server's own trouble."""
    end = await listener.until_end(download)
    assert end["type"] == "download_failed" and end["data"]["code"] == code and end["data"]["error_message"], end
    error = await listener.until("system_error")
    assert error["severity"] == "error" and error["details"] == {"code": code}, error
    assert error["message"] == end["data"]["error_message"]


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
    slow = front.files.file("slow.bin", 10**6, hold=1000)
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
        ("POST", "/api/queue/reorder", {"ids": ["d98"]}, 404, "no_such_download"),
        ("POST", "/api/queue/reorder", {"ids": []}, 422, "bad_order"),
        ("POST", "/api/queue/retry", {}, 409, "nothing_to_retry"),
        ("DELETE", "/api/anime/rescan", None, 409, "not_scanning"),
        ("GET", "/api/queue/a/b", None, 404, "not_found"),
        ("GET", "/api/queue/add", None, 405, "method_not_allowed"),
        ("POST", "/api/anime", None, 405, "method_not_allowed"),
    ]
    for method, path, body, expected, code in wrong:
        assert_refused(front, method, path, body, front.token(), expected, code)


def assert_refused(front, method, path, body, token, status, code):
    """As the original's, and with a code."""
    answer = front.http(method, path, body, token)
    assert answer.status == status, (method, path, body, answer)
    told = answer.json()
    assert isinstance(told["detail"], str) and told["detail"] and told["code"] == code, (method, path, body, told)


ROUTES = [
    ("GET", "/api/queue/status", None, ()),
    ("POST", "/api/queue/add", {"url": "http://files.example/x", "key": "k"}, ({"url": 5, "key": "k"}, {"key": "k"})),
    ("POST", "/api/queue/start", None, ()),
    ("POST", "/api/queue/stop", None, ({"id": 7}, {"download_id": []})),
    ("POST", "/api/queue/pause", None, ({"id": 7}, {"download_id": []})),
    ("POST", "/api/queue/resume", None, ({"id": 7}, {"download_id": []})),
    ("POST", "/api/queue/retry", None, ({"ids": "d1"}, {"ids": []}, {"id": 7}, {"id": "d1", "ids": ["d1"]})),
    ("POST", "/api/queue/reorder", {"ids": ["d1"]}, ({}, {"ids": "d1"}, {"ids": [7]})),
    ("DELETE", "/api/queue/d1", None, ()),
    ("POST", "/api/anime/rescan", None, ()),
    ("DELETE", "/api/anime/rescan", None, ()),
    ("GET", "/api/anime", None, ()),
]
"""Those about a queue, as docs/aniworld.md has them: a request that is good, and wrong fields."""


@aniworld.by_all
@compatibility.check("aniworld", 18)
def test_each_route_says_what_is_wrong_with_a_request(front):
    async def talk():
        await in_thread(wrong_requests, front)

    front.run(talk)


def wrong_requests(front):
    queue, token = front.queue, front.token()
    for method, path, body, wrong in ROUTES:
        assert_refused(front, method, path, body, "not.a.token", 401, "authentication_failed")
        if front.mode == "strict":
            assert_refused(front, method, path, body, None, 401, "authentication_required")
        front.queue = "no-such-queue"
        assert_refused(front, method, path, body, token, 404, "queue_not_found")
        front.queue = queue
        assert_refused(front, "PUT", path, None, token, 405, "method_not_allowed")
        for junk in ("nonsense", "{", "[]", "5", *wrong) if method != "GET" else ():
            assert_refused(front, method, path, junk, token, 422, "invalid_body")
    assert_refused(front, "GET", "/ws/status", None, "not.a.token", 401, "authentication_failed")
    assert_refused(front, "PUT", "/ws/status", None, token, 405, "method_not_allowed")
    for path in ("/ws/status", "/api/queue/status", "/api/anime"):
        front.rest("GET", path, user=None if front.mode == "compat" else "ada", expect=200)
    status = front.status()
    assert (status["total"], status["state"], status["is_scanning"]) == (0, "running", False), "nothing of it did anything"
