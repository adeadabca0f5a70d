"""The dialect aniworld: scans of the library, also while the disk is so slow that they take as long as a test wants."""

import asyncio

import pytest

import aniworld
import compatibility
import parlour
import preload

in_thread = asyncio.to_thread
SERIES = 30

SHIM = r"""
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Whether this is the folder whose name the environment says, and the trigger file is there. */
static int is_held(DIR *folder) {
    char link[64], path[4096] = {0};
    snprintf(link, sizeof link, "/proc/self/fd/%d", dirfd(folder));
    if (readlink(link, path, sizeof path - 1) <= 0) return 0;
    const char *name = getenv("HELD_FOLDER");
    size_t length = strlen(path), end = strlen(name);
    return length >= end && !strcmp(path + length - end, name) && !access(getenv("HELD_WHILE"), F_OK);
}

struct dirent64 *readdir64(DIR *folder) {
    static struct dirent64 *(*real)(DIR *);
    if (!real) real = (struct dirent64 * (*)(DIR *)) dlsym(RTLD_NEXT, "readdir64");
    while (is_held(folder)) usleep(2000);
    return real(folder);
}
"""


@pytest.fixture(scope="module")
def slow_disk(tmp_path_factory):
    """A library that lets one folder be read only when a trigger file is gone."""
    return preload.built(tmp_path_factory.mktemp("slow-disk"), SHIM)


@pytest.fixture
def front(aniworld_own, slow_disk, tmp_path):
    """A server with a library of thirty series; while `hold` is there, nobody gets beyond the one in the middle."""
    hold = tmp_path / "hold"
    held = f"Series {SERIES // 2:02}"
    front = aniworld_own(LD_PRELOAD=str(slow_disk), HELD_WHILE=str(hold), HELD_FOLDER=held)
    front.hold = hold
    for at in range(SERIES):
        (front.server.data / "library" / f"Series {at:02}").mkdir(parents=True)
        (front.server.data / "library" / f"Series {at:02}" / "1.bin").write_bytes(b"x")
    return front


async def scan(front):
    assert (await in_thread(front.rest, "POST", "/api/anime/rescan"))["status"] == "ok"


@aniworld.by_all
@compatibility.check("aniworld", 11)
def test_a_scan_ends_once_and_is_no_further_than_its_whole(front):
    async def talk():
        async with front.listen() as ada:
            await ada.join("scan", "system")
            ready = [data for data in ada.of("system_info") if data.get("details") == {"status": "ready"}]
            assert len(ready) == 1 and ready[0]["severity"] == "info"
            await scan(front)
            end = await ada.until("scan_complete", deadline=30.0)
            assert (end["series_found"], end["files_found"]) == (SERIES, SERIES) and end["duration"] >= 0
            news = await ada.until("system_info", lambda data: data.get("details", {}).get("series_found") == SERIES)
            assert news["severity"] == "info"
            await ada.settled()
            progress = ada.of("scan_progress")
            assert progress[0]["status"] == "started" and all(data["current"] <= data["total"] for data in progress)
            assert (progress[-1]["current"], progress[-1]["percent"]) == (SERIES, 100)
            assert len(ada.of("scan_complete", "scan_failed")) == 1
            series = await in_thread(front.rest, "GET", "/api/anime")
            assert series[3] == {"key": "series-03", "folder": "Series 03", "files": 1}

    front.run(talk)


@aniworld.by_all
@compatibility.check("aniworld", 11)
def test_a_scan_that_is_stopped_midway_has_failed_once_and_another_may_begin(front):
    async def talk():
        async with front.listen() as ada, front.listen("bob") as bob:
            await ada.join("scan", "system", "errors")
            front.hold.touch()
            await scan(front)
            await ada.until("scan_progress", lambda data: data["status"] == "running" and data["total"] == SERIES)
            again = await in_thread(front.rest, "POST", "/api/anime/rescan", expect=409)
            assert again["code"] == "already_scanning" and (await in_thread(front.status))["is_scanning"] is True
            await bob.join("scan")
            # Who comes late is shown how far it is.
            await bob.until("scan_progress", lambda data: data["total"] == SERIES)
            await in_thread(front.rest, "DELETE", "/api/anime/rescan", expect=200)
            assert (await ada.until("scan_failed"))["code"] == "cancelled"
            assert (await in_thread(front.rest, "DELETE", "/api/anime/rescan", expect=409))["code"] == "not_scanning"
            start = ada.mark
            front.hold.unlink()
            await scan(front)
            assert (await ada.until("scan_complete", start=start, deadline=30.0))["series_found"] == SERIES
            await bob.until("scan_complete")
            for listener in (ada, bob):
                await listener.settled()
                assert len(listener.of("scan_failed")) == 1 and len(listener.of("scan_complete")) == 1

    front.run(talk)


@aniworld.by_websockets
@compatibility.check("aniworld", 11, 12)
def test_a_scan_goes_on_after_the_server_was_killed(front):
    async def talk():
        async with front.listen() as ada:
            await ada.join("scan")
            front.hold.touch()
            await scan(front)
            await ada.until("scan_progress", lambda data: data["status"] == "running" and data["total"] == SERIES)
            await in_thread(front.server.kill)
            await ada.until_closed()
        await in_thread(front.server.start)
        async with front.listen() as ada:
            await ada.join("scan", "system")
            assert (await in_thread(front.status))["is_scanning"] is True, "it is known that it goes on"
            assert len(ada.of("scan_progress")) >= 1
            front.hold.unlink()
            assert (await ada.until("scan_complete", deadline=30.0))["series_found"] == SERIES
            assert (await in_thread(front.status))["is_scanning"] is False
            await ada.settled()
            assert len(ada.of("scan_complete")) == 1 and not ada.of("scan_failed")

    front.run(talk)


@aniworld.by_websockets
@compatibility.check("aniworld", 11, 18)
def test_a_server_that_ends_while_it_scans_says_so_and_scans_when_it_is_there_again(front):
    async def talk():
        async with front.listen() as ada:
            await ada.join("scan", "system")
            front.hold.touch()
            await scan(front)
            await ada.until("scan_progress", lambda data: data["status"] == "running" and data["total"] == SERIES)
            stopping = asyncio.create_task(in_thread(front.server.stop))
            last = await ada.until("system_info", lambda data: data.get("details", {}).get("status") == "closing")
            assert last["severity"] == "info" and last["message"]
            assert (await ada.until_closed())[0] == 1012 and await stopping == 0
            assert not ada.of("scan_complete", "scan_failed")
        front.hold.unlink()
        await in_thread(front.server.start)
        async with front.listen() as ada:
            await ada.join("scan")
            is_over = lambda: not front.status()["is_scanning"]  # noqa: E731
            await in_thread(parlour.poll, is_over, "the scan to end", 30.0)
            assert len(await in_thread(front.rest, "GET", "/api/anime")) == SERIES

    front.run(talk)
