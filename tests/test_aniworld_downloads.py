"""The dialect aniworld: what is told of downloads, from their beginning to their end."""

import asyncio
import contextlib
import hashlib

import pytest

import aniworld
import compatibility
import fetch_server
from aniworld_judge import ENDS

in_thread = asyncio.to_thread


@pytest.fixture
def front(aniworld_front):
    """A server in this mode, and a queue on it that nobody else uses."""
    return aniworld_front

@aniworld.by_all
@compatibility.check("aniworld", 4, 5)
def test_each_download_ends_once_as_it_should_and_what_is_told_is_well_formed(front):
    files = front.files
    body = fetch_server.content("good.bin", 120_000)
    wanted = {
        "good": (files.file("good.bin", 120_000, rate=300_000), {"sha256": hashlib.sha256(body).hexdigest()}, None),
        "unranged": (files.file("unranged.bin", 50_000, ranges="no"), {}, None),
        "cut": (files.file("cut.bin", 90_000, cut=30_000), {}, None),
        "wrong": (files.file("wrong.bin", 1000), {"sha256": "0" * 64}, "checksum_mismatch"),
        "absent": (f"{files.url}/status/404", {}, "http_status"),
    }

    async def talk():
        async with front.listen() as ada:
            await ada.join("downloads", "queue", "errors")
            ids = {}
            for name, (url, more, _) in wanted.items():
                ids[name] = await in_thread(front.add, url, f"key-{name}", name=f"{name}.bin", **more)
            for name, (_, _, code) in wanted.items():
                end = await ada.until_end(ids[name])
                assert end["type"] == ("download_failed" if code else "download_complete"), end
                assert end["data"]["key"] == f"key-{name}" and end["data"].get("code") == code
                if not code:
                    assert end["data"]["file_path"] == f"key-{name}/{name}.bin"
            await ada.settled()
            for download in ids.values():
                assert len([data for data in ada.of(*ENDS) if data["download_id"] == download]) == 1
            last = [data for data in ada.of("download_progress") if data["download_id"] == ids["good"]][-1]
            assert last["percent"] == 100 and last["bytes_done"] == last["bytes_total"] == len(body)

    front.run(talk)


@aniworld.by_websockets
@compatibility.check("aniworld", 4, 5)
def test_ten_thousand_messages_of_fifty_downloads_at_once_are_well_formed(front):
    jobs, listeners = 50, 25
    front.open(parallel=60)

    async def talk():
        async with contextlib.AsyncExitStack() as stack:
            heard = [await stack.enter_async_context(front.listen(f"user-{at}")) for at in range(listeners)]
            await asyncio.gather(*(listener.join("downloads", "queue") for listener in heard))
            ids = []
            for at in range(jobs):
                url = front.files.file(f"many-{at}.bin", 20_000, rate=40_000)
                ids.append(await in_thread(front.add, url, f"series-{at}", name=f"{front.queue}.bin"))
            for listener in heard:
                for at, download in enumerate(ids):
                    end = await listener.until_end(download)
                    assert end["type"] == "download_complete" and end["data"]["key"] == f"series-{at}"
                await listener.until("queue_status", lambda data: data["completed"] == jobs)
                assert sorted(data["download_id"] for data in listener.of(*ENDS)) == sorted(ids)
            told = sum(len(listener.frames) for listener in heard)
            assert told > 10_000, told

    front.run(talk)


@aniworld.by_all
@compatibility.check("aniworld", 6)
def test_who_joins_late_is_shown_what_runs_and_then_hears_all_of_it(front):
    async def talk():
        async with front.listen() as ada:
            await ada.join("downloads")
            url = front.files.file(f"{front.queue}.bin", 200_000, rate=200_000, hold=60_000)
            download = await in_thread(front.add, url)
            await ada.until("download_progress", lambda data: data["bytes_done"] > 0)
            async with front.listen(None if front.mode == "compat" else "bob") as bob:
                await bob.join("downloads", f"download:{download}")
                kinds = [frame["type"] for frame in bob.of()]
                assert kinds[:3] == ["connected", "system_info", "download_progress"]
                shown = bob.of("download_progress")[0]
                assert shown["download_id"] == download and shown["status"] == "active" and shown["seq"] == 1
                assert 0 < shown["bytes_done"] <= 60_000
                front.files.release(f"{front.queue}.bin")
                assert (await bob.until_end(download))["type"] == "download_complete"
                assert len(bob.of("download_complete")) == 1 and bob.of("download_progress")[-1]["percent"] == 100

    front.run(talk)


@aniworld.by_all
@compatibility.check("aniworld", 9)
def test_the_counts_are_those_of_an_http_request(front):
    async def talk():
        async with front.listen() as ada:
            await ada.join("queue")
            assert ada.of("queue_status")[0]["total"] == 0
            ids = [await in_thread(front.add, front.files.file(f"c{at}.bin", 2000), f"k{at}") for at in range(4)]
            ids.append(await in_thread(front.add, f"{front.files.url}/status/500", "k9"))
            await ada.until("queue_status", lambda data: data["completed"] == 4 and data["failed"] == 1)
            told = ada.of("queue_status")[-1]
            read = await in_thread(front.status)
            counts = ("active", "pending", "completed", "paused", "failed", "cancelled")
            assert all(told[name] == read[name] for name in (*counts, "total", "state")), (told, read)
            assert sum(read[name] for name in counts) == read["total"] == len(read["items"]) == len(ids)
            for name in counts:
                assert read[name] == len([item for item in read["items"] if item["status"] == name])

    front.run(talk)


@aniworld.by_all
@compatibility.check("aniworld", 10)
def test_pausing_resuming_stopping_and_removing_midway_are_told(front):
    size = 150_000

    async def talk():
        async with front.listen() as ada:
            await ada.join("downloads")

            async def midway(name):
                url = front.files.file(name, size, rate=200_000, hold=60_000)
                download = await in_thread(front.add, url, name=name)
                of_it = lambda data: data["download_id"] == download and 0 < data["bytes_done"] < size
                await ada.until("download_progress", of_it)
                return download

            paused = await midway(f"{front.queue}-p.bin")
            await in_thread(front.rest, "POST", "/api/queue/pause", {"id": paused})
            await ada.until("queue_status", lambda data: data["paused"] == 1)
            start = ada.mark
            # Two pings of the server's: while they come nothing else does.
            await ada.until("ping", start=start)
            await ada.until("ping", start=ada.mark)
            assert not ada.of("download_progress", start=start)
            assert (await in_thread(front.status))["paused"] == 1
            front.files.release(f"{front.queue}-p.bin")
            await in_thread(front.rest, "POST", "/api/queue/resume", {"download_id": paused})
            assert (await ada.until_end(paused))["type"] == "download_complete"
            assert max(front.files.ranges(f"{front.queue}-p.bin")) > 0, "it went on where it was"

            stopped = await midway(f"{front.queue}-s.bin")
            await in_thread(front.rest, "POST", "/api/queue/stop", {"id": stopped})
            end = await ada.until_end(stopped)
            assert end["type"] == "download_failed" and end["data"]["code"] == "cancelled"

            removed = await midway(f"{front.queue}-r.bin")
            await in_thread(front.rest, "DELETE", f"/api/queue/{removed}")
            assert (await ada.until_end(removed))["type"] == "download_removed"

            await in_thread(front.rest, "POST", "/api/queue/pause")
            await in_thread(front.rest, "POST", "/api/queue/resume")
            await in_thread(front.rest, "POST", "/api/queue/stop")
            await in_thread(front.rest, "POST", "/api/queue/start")
            await ada.until("queue_started")
            told = [frame["type"] for frame in ada.of() if frame["type"].startswith("queue_") and frame["type"] != "queue_status"]
            assert told == ["queue_paused", "queue_resumed", "queue_stopped", "queue_started"]
            start = ada.mark
            front.files.release(f"{front.queue}-s.bin")
            ada.begins_anew(stopped)
            await in_thread(front.rest, "POST", "/api/queue/retry", {"id": stopped})
            assert (await ada.until_end(stopped, start=start))["type"] == "download_complete"
            ids = [item["id"] for item in (await in_thread(front.status))["items"]]
            assert removed not in ids
            await in_thread(front.rest, "POST", "/api/queue/reorder", {"ids": list(reversed(ids))})
            assert [item["id"] for item in (await in_thread(front.status))["items"]] == list(reversed(ids))

    front.run(talk)


@aniworld.by_all
@compatibility.check("aniworld", 12)
def test_a_download_goes_on_after_the_server_was_killed(aniworld_own):
    front, size = aniworld_own(), 300_000
    server = front.server

    async def talk():
        async with front.listen() as ada:
            await ada.join("downloads")
            url = front.files.file(f"{front.queue}.bin", size, rate=300_000, hold=100_000)
            download = await in_thread(front.add, url)
            await ada.until("download_progress", lambda data: data["bytes_done"] > size // 10)
            await in_thread(server.kill)
            await ada.until_closed()
        await in_thread(server.start)
        async with front.listen() as ada:
            await ada.join("downloads", "queue")
            at_once = (await in_thread(front.status))["items"]
            assert [(item["id"], item["status"]) for item in at_once] == [(download, "active")]
            assert [data["download_id"] for data in ada.of("download_progress")][:1] == [download], "it is shown to who comes"
            front.files.release(f"{front.queue}.bin")
            assert (await ada.until_end(download))["type"] == "download_complete"
            await ada.until("queue_status", lambda data: data["completed"] == 1)
            done = (await in_thread(front.status))["items"][0]
            assert done["status"] == "completed" and done["bytes_done"] == size
            return download

    front.run(talk)
    whole = fetch_server.content(f"{front.queue}.bin", size)
    assert (server.data / "library" / "show" / f"{front.queue}.bin").read_bytes() == whole


@aniworld.by_all
@compatibility.check("aniworld", 15)
def test_two_downloads_with_one_key_are_told_apart_whatever_their_folders(front):
    async def talk():
        async with front.listen() as ada:
            await ada.join("downloads")
            ids = []
            for at, folder in enumerate(("One", "Two")):
                url = front.files.file(f"{at}.bin", 40_000, rate=100_000)
                ids.append(await in_thread(front.add, url, "same", folder=f"{folder} {front.queue}", name=f"{at}.bin"))
            for at, folder in enumerate(("One", "Two")):
                end = await ada.until_end(ids[at])
                assert end["data"]["key"] == "same" and end["data"]["folder"] == f"{folder} {front.queue}"
                assert end["data"]["file_path"] == f"{folder} {front.queue}/{at}.bin"
            assert len(set(ids)) == 2
            for data in ada.of("download_progress"):
                assert data["folder"].startswith("One" if data["download_id"] == ids[0] else "Two")

    front.run(talk)


@aniworld.by_all
@compatibility.check("aniworld", 17)
def test_adding_twice_under_one_id_is_one_download(front):
    body = {"url": front.files.file("once.bin", 1000), "key": "show", "client_id": "c-1"}

    async def talk():
        async with front.listen() as ada:
            await ada.join("downloads")
            first = await in_thread(front.rest, "POST", "/api/queue/add", body, expect=201)
            again = await in_thread(front.rest, "POST", "/api/queue/add", body, expect=200)
            assert first["status"] == "added" and again["status"] == "exists" and again["download_id"] == first["download_id"]
            assert (await in_thread(front.status))["total"] == 1
            other = await in_thread(front.rest, "POST", "/api/queue/add", body | {"key": "other"}, expect=409)
            assert other["code"] == "client_id_used" and (await in_thread(front.status))["total"] == 1
            await ada.until_end(first["download_id"])
            # Also when it is long done.
            late = await in_thread(front.rest, "POST", "/api/queue/add", body, expect=200)
            assert late["download_id"] == first["download_id"]
            await ada.settled()
            assert len(ada.of("download_added")) == len(ada.of(*ENDS)) == 1

    front.run(talk)
