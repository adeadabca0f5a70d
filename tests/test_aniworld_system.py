"""The dialect aniworld: scans, what is told of the server itself, what must not be told, and the types of all messages."""

import asyncio

import pytest

import compatibility
import parlour
from aniworld import KEYS, SETTINGS, Front
from test_disk import EIO, WAL, check_end, shim  # noqa: F401

in_thread = asyncio.to_thread


@pytest.fixture
def front(aniworld_front):
    """A server in this mode, and a queue on it that nobody else uses."""
    return aniworld_front


def own_front(mode, make_server, files, name="server", **env):
    """A server of a test's own, with more settings, and a queue on it."""
    server = make_server(name, args=["--compat"] if mode == "compat" else [], env=SETTINGS | env)
    front = Front(server, mode, files)
    front.open()
    return front


@compatibility.check("aniworld", 11)
def test_a_scan_ends_once_and_is_no_further_than_its_whole(mode, make_server, aniworld_files):
    front = own_front(mode, make_server, aniworld_files)
    library = front.server.data / "library"
    for at in range(30):
        (library / f"Series {at:02}").mkdir(parents=True)
        (library / f"Series {at:02}" / "1.bin").write_bytes(b"x")

    async def talk():
        async with front.listen() as ada:
            await ada.join("scan", "system")
            answer = await in_thread(front.rest, "POST", "/api/anime/rescan")
            assert answer["status"] == "ok"
            end = await ada.until("scan_complete", deadline=30.0)
            assert (end["series_found"], end["files_found"]) == (30, 30) and end["duration"] >= 0
            news = await ada.until("system_info", lambda data: data.get("details", {}).get("series_found") == 30)
            assert news["severity"] == "info"
            await ada.settled()
            progress = ada.of("scan_progress")
            assert progress[0]["status"] == "started" and all(data["current"] <= data["total"] for data in progress)
            assert len(ada.of("scan_complete", "scan_failed")) == 1
            series = await in_thread(front.rest, "GET", "/api/anime")
            assert series[3] == {"key": "series-03", "folder": "Series 03", "files": 1}

            start = ada.mark
            await in_thread(front.rest, "POST", "/api/anime/rescan")
            stopped = await in_thread(front.server.http, "DELETE", f"/api/anime/rescan?room={front.queue}", None, front.token())
            assert stopped.status in (200, 409), stopped
            kind = "scan_failed" if stopped.status == 200 else "scan_complete"
            end = await ada.until(kind, start=start, deadline=30.0)
            assert kind == "scan_complete" or end["code"] == "cancelled"
            await ada.settled()
            assert len(ada.of("scan_complete", "scan_failed", start=start)) == 1

    parlour.run(talk())


@compatibility.check("aniworld", 11, 16)
def test_a_scan_without_a_library_fails_once_and_the_system_says_why(mode, make_server, aniworld_files, tmp_path):
    (tmp_path / "file").write_bytes(b"no folder")
    front = own_front(mode, make_server, aniworld_files, PARLOUR_DOWNLOADS__LIBRARY=str(tmp_path / "file"))

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

    parlour.run(talk())


@compatibility.check("aniworld", 12)
def test_that_the_journal_cannot_be_written_is_told_and_nothing_more(mode, make_server, aniworld_files, shim, tmp_path):
    trigger = tmp_path / "trigger"
    # Several loops end each for itself, and the first that does ends the server: one is certain to say why.
    faulty = {"LD_PRELOAD": str(shim), "DISK_FAULT": str(trigger), "PARLOUR_LIMITS__SHARDS": "1"}
    front = own_front(mode, make_server, aniworld_files, **faulty)

    async def talk():
        async with front.listen() as ada, front.listen() as eve:
            await ada.join("system", "downloads")
            await eve.join("downloads")
            trigger.write_text(f"write {WAL} {EIO}")
            adding = asyncio.create_task(in_thread(front.add, front.files.file("lost.bin", 10)))
            assert (await ada.until("system_error"))["details"]["code"] == "journal_failed"
            for listener in (ada, eve):
                await asyncio.wait_for(listener.reader, parlour.DEADLINE)
                assert not listener.of("download_added")
            await asyncio.gather(adding, return_exceptions=True)
            assert adding.exception() is not None and not eve.of("system_error")

    parlour.run(talk())
    check_end(front.server)
    trigger.unlink()
    front.server.start()
    assert front.status()["total"] == 0


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
            if user:
                read = await in_thread(front.server.http, "GET", f"/api/queue/status?room={front.queue}", None, token)
            else:
                read = await in_thread(front.server.http, "GET", f"/api/queue/status?room={front.queue}")
            told = " ".join(eve.texts) + read.body.decode()
            assert read.status == 200 and read.json()["total"] == 2
            for secret in (folder, "hidden.bin", "s3cret", "127.0.0.1", "from-ada", str(front.server.data)):
                assert secret not in told, secret
            assert str(front.server.data) not in " ".join(ada.texts), "a path is told from the library's root on"

    parlour.run(talk())


@compatibility.check("aniworld", 18)
def test_each_of_the_twenty_types_is_said_with_all_its_keys(mode, make_server, aniworld_files, tmp_path):
    front = own_front(mode, make_server, aniworld_files)
    closed = own_front(mode, make_server, aniworld_files, "closed", PARLOUR_DOWNLOADS__ALLOW_PRIVATE="false")
    (tmp_path / "file").write_bytes(b"no folder")
    broken = own_front(mode, make_server, aniworld_files, "broken", PARLOUR_DOWNLOADS__LIBRARY=str(tmp_path / "file"))
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
            assert (await eve.until("system_warning"))["details"]["code"] == "address_refused"
            await in_thread(broken.rest, "POST", "/api/anime/rescan")
            await bob.until("scan_failed")
            await bob.until("system_error")
            # What the server says last.
            stopping = asyncio.create_task(in_thread(front.server.stop))
            last = await ada.until("system_info", lambda data: data.get("details", {}).get("status") == "closing")
            assert last["severity"] == "info" and await stopping == 0
            await asyncio.wait_for(ada.reader, parlour.DEADLINE)
            assert ada.closed[0] == 1012
            said = {frame["type"] for listener in (ada, eve, bob) for frame in listener.frames}
            assert said == set(KEYS) and len(said) == 20

    parlour.run(talk())


@compatibility.check("aniworld", 18)
def test_each_request_is_answered_and_its_errors_by_a_detail(front):
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
        answer = front.server.http(method, f"{path}?room={front.queue}", body, token=front.token())
        assert answer.status == (expected or answer.status) and 400 <= answer.status < 500, (method, path, body, answer)
        told = answer.json()
        assert isinstance(told["detail"], str) and told["detail"] and (code is None or told["code"] == code), (method, path, told)
    bad = front.server.http("GET", "/api/queue/status", token="junk")
    assert bad.status == 401 and bad.json()["detail"]
    nobody = front.server.http("GET", f"/api/queue/status?room={front.queue}")
    assert nobody.status == (401 if front.mode == "strict" else 200) and (nobody.status == 200 or nobody.json()["detail"])
    front.queue = "no-such-queue"
    assert front.rest("GET", "/api/queue/status", expect=404)["detail"]
