"""Download queues through the front door: what is fetched is right byte for byte, whatever happens on the way, and everybody is
told what they may know, once."""

import asyncio
import datetime
import hashlib

import pytest

import fetch_server
import parlour

ROOM = "queue-1"
OPEN = parlour.UNLIMITED | {"PARLOUR_DOWNLOADS__ALLOW_PRIVATE": "true"}
ENDS = ("download_complete", "download_failed", "download_removed")


@pytest.fixture
def files():
    with fetch_server.Files() as files:
        yield files


@pytest.fixture
def server(make_server):
    return make_server(env=OPEN)


async def enter(server, user="ada", config=None, as_="player"):
    client = await parlour.Client(server, user).connect()
    if config is not False:
        try:
            await client.open("downloads", ROOM, config)
        except parlour.Refused as refused:
            assert refused.code == "room_exists"
    await client.join(ROOM, as_=as_)
    await client.until(lambda frame: frame["type"] == "view", "the first view")
    return client


async def add(client, url, key="show", **more):
    """Adds a download; its id."""
    start = len(client.frames)
    await client.act(ROOM, {"type": "add", "url": url, "key": key} | more)
    return (await client.until(lambda frame: frame["type"] == "download_added", "the download", start=start))["payload"]["id"]


def ended(client, download, *, start=0):
    """Waits for how a download ended."""
    is_it = lambda frame: frame["type"] in ENDS and frame["payload"]["id"] == download
    return client.until(is_it, f"the end of {download}", start=start, deadline=30.0)


def ends(client, download):
    return [frame for frame in client.of_room(ROOM, *ENDS) if frame["payload"]["id"] == download]


def pulses(client, download):
    return [frame["payload"] for frame in client.of_room(ROOM, "progress") if frame["payload"]["id"] == download]


def progressed(client, download, bytes_done=1, start=0):
    is_it = lambda frame: frame["type"] == "progress" and frame["payload"]["id"] == download
    return client.until(lambda frame: is_it(frame) and frame["payload"]["bytes_done"] >= bytes_done, "progress", start=start)


def seen(client, download):
    """A download as the view has it."""
    return next((item for item in client.view(ROOM)["items"] if item["id"] == download), None)


async def until_seen(client, download, matches, what):
    await client.until(lambda _: matches(seen(client, download)), what, start=len(client.frames) - 1)


def unfinished(server):
    folder = server.data / "library" / ".parlour"
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_a_file_is_fetched_and_told_once_and_strangers_see_no_path(server, files):
    size = 300_000
    body = fetch_server.content("one.bin", size)

    async def play():
        ada, eve = await enter(server), await enter(server, "eve", False, "spectator")
        sha256 = hashlib.sha256(body).hexdigest()
        url = files.file("one.bin", size)
        download = await add(ada, url, folder="Show One", sha256=sha256.upper())
        end = (await ended(ada, download))["payload"]
        assert end == {"id": download, "key": "show", "bytes": size, "folder": "Show One",
                       "file_path": "Show One/one.bin", "sha256": sha256}
        assert (await ended(eve, download))["payload"] == {"id": download, "key": "show", "bytes": size}
        for client in (ada, eve):
            await until_seen(client, download, lambda item: item["status"] == "completed", "the view")
            assert len(ends(client, download)) == 1
            last = pulses(client, download)[-1]
            assert (last["percent"], last["bytes_done"], last["bytes_total"]) == (100, size, size)
            assert client.frames.index(ends(client, download)[0]) > max(
                at for at, frame in enumerate(client.frames) if frame["type"] == "progress")
        assert seen(ada, download)["file_path"] == "Show One/one.bin" and seen(ada, download)["url"] == url
        assert all(seen(eve, download)[hidden] is None for hidden in ("file_path", "url", "folder", "client_id"))
        told = " ".join(eve.texts)
        assert "Show One" not in told and "one.bin" not in told and "127.0.0.1" not in told and sha256 not in told
        await asyncio.gather(ada.drop(), eve.drop())

    parlour.run(play())
    assert (server.data / "library" / "Show One" / "one.bin").read_bytes() == body
    parlour.poll(lambda: not unfinished(server), "what is unfinished to be put away")


def test_a_connection_that_is_cut_is_made_again_where_it_was(server, files):
    size = 500_000

    async def play():
        ada = await enter(server)
        with_ranges = await add(ada, files.file("cut.bin", size, cut=200_000, cuts=2))
        without = await add(ada, files.file("whole.bin", size, cut=200_000, ranges="no"))
        untagged = await add(ada, files.file("plain.bin", size, cut=200_000, tag="no"))
        other = await add(ada, files.file("other.bin", size, cut=200_000, change=1))
        for download in (with_ranges, without, untagged, other):
            assert (await ended(ada, download))["type"] == "download_complete"
        for download in (with_ranges, without, untagged, other):
            percents = [pulse["percent"] for pulse in pulses(ada, download)]
            assert percents == sorted(percents) and percents[-1] == 100
        await ada.drop()

    parlour.run(play())
    library = server.data / "library" / "show"
    for name in ("cut.bin", "whole.bin", "plain.bin"):
        assert (library / name).read_bytes() == fetch_server.content(name, size), name
    assert (library / "other.bin").read_bytes() == fetch_server.content("other.bin2", size)
    assert files.ranges("cut.bin") == [0, 200_000, 400_000]
    assert files.ranges("whole.bin") == [0, 200_000]
    # Nobody can tell whether the rest belongs to the beginning.
    assert files.ranges("plain.bin") == [0, 0]


def test_each_failure_has_its_code_and_a_retry_is_another_run(server, files):
    size = 50_000

    async def play():
        ada = await enter(server)
        closed = parlour.free_port()
        cases = {
            "status": (f"{files.url}/status/404", {}, "http_status"),
            "checksum": (files.file("sum.bin", size), {"sha256": "0" * 64}, "checksum_mismatch"),
            "loop": (f"{files.url}/loop", {}, "too_many_redirects"),
            "scheme": (f"{files.url}/redirect?to=file:///etc/passwd", {}, "bad_redirect"),
            "password": (f"{files.url}/redirect?to=http://u:p@127.0.0.1/", {}, "bad_redirect"),
            "odd": (f"{files.url}/odd", {}, "bad_answer"),
            "closed": (f"http://127.0.0.1:{closed}/x", {}, "cannot_connect"),
            "tls": (f"https{files.url[4:]}/x", {}, "no_tls"),
            "cut": (files.file("cut.bin", size, cut=10, cuts=100, ranges="no"), {}, "interrupted"),
        }
        downloads = {}
        for key, (url, more, code) in cases.items():
            downloads[key] = await add(ada, url, key, name="file", **more), code
        for key, (download, code) in downloads.items():
            end = await ended(ada, download)
            assert (end["type"], end["payload"]["code"]) == ("download_failed", code), (key, end)
            assert end["payload"]["error_message"] and "/" not in end["payload"]["error_message"]
        download, _ = downloads["status"]
        start = len(ada.frames)
        await ada.act(ROOM, {"type": "retry", "id": download})
        await ended(ada, download, start=start)
        assert len(ends(ada, download)) == 2
        good = await add(ada, f"{files.url}/redirect?to=/file/moved.bin%3Fsize%3D{size}", "moved", name="moved.bin")
        assert (await ended(ada, good))["type"] == "download_complete"
        await ada.act(ROOM, {"type": "clear"})
        assert await asyncio.to_thread(parlour.poll, lambda: not unfinished(server), "all to be put away") is True
        # What is there is not written over.
        again = await add(ada, files.file("moved.bin", size), "moved")
        assert (await ended(ada, again))["payload"]["code"] == "file_exists"
        await ada.drop()

    parlour.run(play())
    library = server.data / "library"
    assert sorted(str(path.relative_to(library)) for path in library.rglob("*") if path.is_file()
                  and ".parlour" not in path.parts) == ["moved/moved.bin"]
    assert (library / "moved" / "moved.bin").read_bytes() == fetch_server.content("moved.bin", size)


def test_private_addresses_are_refused_unless_allowed_also_by_name(make_server, files):
    server = make_server(env=parlour.UNLIMITED)
    port = files.url.rsplit(":", 1)[1]

    async def play():
        ada = await enter(server)
        for host in ("127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "10.0.0.1", "169.254.169.254", "[fe80::1]",
                     "0.0.0.0"):
            download = await add(ada, f"http://{host}:{port}/file/x?size=10", name=f"f{len(ada.frames)}")
            assert (await ended(ada, download))["payload"]["code"] == "address_refused", host
        await ada.drop()

    parlour.run(play())
    assert files.asked == []


def test_a_server_killed_while_it_fetches_goes_on_where_it_was(server, files):
    size = 400_000

    async def begin():
        ada = await enter(server)
        download = await add(ada, files.file("long.bin", size, rate=100_000))
        await progressed(ada, download, 100_000)
        return download

    async def end(download):
        ada = await enter(server, config=False)
        assert seen(ada, download)["status"] == "active"
        assert (await ended(ada, download))["type"] == "download_complete"
        assert len(ends(ada, download)) == 1
        await ada.drop()

    download = parlour.run(begin())
    server.kill()
    server.start()
    parlour.run(end(download))
    assert (server.data / "library" / "show" / "long.bin").read_bytes() == fetch_server.content("long.bin", size)
    first, second = files.ranges("long.bin")
    assert first == 0 and 0 < second < size
    server.stop()
    parlour.cli("replay", ROOM, "--verify", "--data", server.data, expect=0)


def test_a_download_is_paused_resumed_stopped_retried_and_removed(server, files):
    size = 300_000

    async def play():
        ada = await enter(server)
        download = await add(ada, files.file("slow.bin", size, rate=60_000))
        await progressed(ada, download, 50_000)
        await ada.act(ROOM, {"type": "pause", "id": download})
        await until_seen(ada, download, lambda item: item["status"] == "paused", "the pause")
        paused = len(ada.frames)
        other = await add(ada, files.file("quick.bin", 1000))
        await ended(ada, other)
        assert not [frame for frame in ada.frames[paused:] if frame["type"] == "progress" and frame["payload"]["id"] == download]
        assert [name for name in unfinished(server) if name.endswith(".part")]
        for action in ("resume", "stop", "retry"):
            start = len(ada.frames)
            await ada.act(ROOM, {"type": action, "id": download})
            if action == "stop":
                assert (await ended(ada, download, start=start))["payload"]["code"] == "cancelled"
            else:
                await progressed(ada, download, start=start)
        start = len(ada.frames)
        await ada.act(ROOM, {"type": "remove", "id": download})
        assert (await ended(ada, download, start=start))["type"] == "download_removed"
        assert [frame["type"] for frame in ends(ada, download)] == ["download_failed", "download_removed"]
        await asyncio.to_thread(parlour.poll, lambda: not unfinished(server), "the partial file to go")
        await ada.drop()

    parlour.run(play())
    ranges = files.ranges("slow.bin")
    assert ranges[0] == 0 and all(later >= 50_000 for later in ranges[1:]) and len(ranges) == 3
    assert not (server.data / "library" / "show" / "slow.bin").exists()


def test_the_queue_is_paused_stopped_started_and_reordered(server, files):
    async def play():
        ada = await enter(server, config={"parallel": 1, "autostart": False})
        names = [f"f{number}.bin" for number in range(5)]
        downloads = [await add(ada, files.file(name, 2000)) for name in names]
        assert ada.view(ROOM)["state"] == "stopped"
        await ada.act(ROOM, {"type": "reorder", "ids": [downloads[4], downloads[2]]})
        assert [item["id"] for item in ada.view(ROOM)["items"]] == [downloads[at] for at in (4, 2, 0, 1, 3)]
        await ada.act(ROOM, {"type": "start"})
        for download in downloads:
            await ended(ada, download)
        order = [frame["payload"]["id"] for frame in ada.of_room(ROOM, "download_complete")]
        assert order == [downloads[at] for at in (4, 2, 0, 1, 3)]
        slow = await add(ada, files.file("slow.bin", 100_000, rate=50_000))
        await progressed(ada, slow, 10_000)
        await ada.act(ROOM, {"type": "pause"})
        await until_seen(ada, slow, lambda item: item["status"] == "paused", "the pause")
        await ada.act(ROOM, {"type": "stop"})
        await until_seen(ada, slow, lambda item: item["status"] == "pending", "the stop")
        await ada.act(ROOM, {"type": "start"})
        await ended(ada, slow)
        for code, action in (("already_running", {"type": "start"}), ("not_paused", {"type": "resume"}),
                             ("nothing_to_set", {"type": "settings"}), ("no_such_download", {"type": "retry", "id": "d99"}),
                             ("wrong_status", {"type": "pause", "id": slow}), ("bad_order", {"type": "reorder", "ids": []})):
            with pytest.raises(parlour.Refused) as refused:
                await ada.act(ROOM, action)
            assert refused.value.code == code
        last = ada.of_room(ROOM, "queue_status")[-1]["payload"]
        assert {key: last[key] for key in ada.view(ROOM)["counts"]} == ada.view(ROOM)["counts"]
        assert sum(ada.view(ROOM)["counts"].values()) == len(ada.view(ROOM)["items"]) == 6
        told = [frame["type"] for frame in ada.of_room(ROOM) if frame["type"].startswith("queue_")]
        told = [kind for kind in told if kind != "queue_status"]
        assert told == ["queue_started", "queue_paused", "queue_stopped", "queue_started"]
        await ada.drop()

    parlour.run(play())


def test_fifty_downloads_at_once_are_all_right(server, files):
    async def play():
        ada = await enter(server, config={"parallel": 50})
        downloads = [await add(ada, files.file(f"n{number}.bin", 100_000, rate=100_000), f"k{number}") for number in range(50)]
        await ada.until(lambda _: ada.view(ROOM)["counts"]["active"] == 50, "all fifty to run at once")
        for download in downloads:
            assert (await ended(ada, download))["type"] == "download_complete"
            assert len(ends(ada, download)) == 1
        await ada.drop()

    parlour.run(play(), deadline=90)
    for number in range(50):
        file = server.data / "library" / f"k{number}" / f"n{number}.bin"
        assert file.read_bytes() == fetch_server.content(file.name, 100_000)


def at(frame):
    return datetime.datetime.fromisoformat(frame["ts"]).timestamp()


def test_thousands_of_pieces_make_few_pulses_and_the_last_is_told(server, files):
    async def play():
        ada = await enter(server)
        download = await add(ada, files.file("many.bin", 200_000, rate=200_000, piece=100))
        end = await ended(ada, download)
        shown = pulses(ada, download)
        (added,) = ada.of_room(ROOM, "download_added")
        # Ten a second, and the first and the last.
        assert 2 <= len(shown) <= 10 * (at(end) - at(added)) + 3, len(shown)
        assert (shown[-1]["percent"], shown[-1]["bytes_done"]) == (100, 200_000)
        assert [pulse["bytes_done"] for pulse in shown] == sorted(pulse["bytes_done"] for pulse in shown)
        assert any(pulse["kbit_s"] for pulse in shown) and any(pulse["eta_s"] is not None for pulse in shown)
        await ada.drop()

    parlour.run(play())


def test_a_speed_limit_holds_and_can_be_lifted(server, files):
    async def play():
        ada = await enter(server, config={"speed_limit_bytes_s": 20_000, "parallel": 1})
        download = await add(ada, files.file("limited.bin", 4_000_000))
        first = await progressed(ada, download, 10_000)
        # At this speed it would take more than three minutes.
        assert first["payload"]["bytes_done"] < 1_000_000
        start = len(ada.frames)
        await ada.act(ROOM, {"type": "settings", "speed_limit_bytes_s": 0})
        assert (await ended(ada, download, start=start))["type"] == "download_complete"
        assert ada.of_room(ROOM, "system_info")[-1]["payload"]["details"] == {"parallel": "1", "speed_limit_bytes_s": "0"}
        await ada.drop()

    parlour.run(play())
    first, second = files.ranges("limited.bin")
    assert first == 0 and second >= 10_000


def test_one_client_id_is_one_download_and_one_message_id_too(server, files):
    async def play():
        ada = await enter(server)
        action = {"type": "add", "url": files.file("a.bin", 10), "key": "show", "client_id": "c-1"}
        for _ in range(3):
            await ada.act(ROOM, action)
        with pytest.raises(parlour.Refused) as refused:
            await ada.act(ROOM, action | {"key": "other"})
        assert refused.value.code == "client_id_used"
        once = {"type": "add", "url": files.file("b.bin", 10), "key": "show"}
        await ada.act(ROOM, once, id="m-1")
        assert (await ada.act(ROOM, once, id="m-1"))["dup"]
        assert len(ada.view(ROOM)["items"]) == 2
        await ada.drop()

    parlour.run(play())


NASTY = ["..", ".", "../x", "a/b", "/etc",
         "a\\b", "C:", "nul", "NUL.txt", "com1", "lpt9.x", "a\x00b", "a\nb", " a", "a ", "a.", ".a",
         "", "x" * 121, "a\u202eb", "\u200b", "a|b", "aux .txt"]


def test_ways_out_of_the_library_are_refused(server, files):
    outside = server.folder / "outside"
    outside.mkdir()

    async def play():
        ada = await enter(server)
        for name in NASTY:
            for field, code in (("folder", "bad_folder"), ("name", "bad_name")):
                with pytest.raises(parlour.Refused) as refused:
                    await add(ada, files.file("x", 10), **{field: name})
                assert refused.value.code == code, name
        for key in ("Show", "a/b", "..", "", "a b", "é", "-a", "nul"):
            with pytest.raises(parlour.Refused) as refused:
                await add(ada, files.file("x", 10), key)
            assert refused.value.code == "bad_key", key
        for url, code in (("ftp://a/", "url_not_http"), ("http://u:p@a/", "url_has_credentials"), ("http:///x", "url_malformed"),
                          ("http://a/ b", "url_malformed"), ("http://a:99999/", "url_malformed"), ("http://a/#x", "url_malformed"),
                          ("http://a/" + "x" * 1024, "url_too_long"), ("file:///etc/passwd", "url_not_http")):
            with pytest.raises(parlour.Refused) as refused:
                await add(ada, url)
            assert refused.value.code == code, url
        # A link that somebody laid into the library is not followed.
        first = await add(ada, files.file("x", 10))
        await ended(ada, first)
        (server.data / "library" / "linked").symlink_to(outside)
        (server.data / "library" / "show" / "y").symlink_to(outside / "y")
        linked = await add(ada, files.file("x", 10), "linked")
        assert (await ended(ada, linked))["payload"]["code"] == "path_refused"
        assert ada.of_room(ROOM, "system_error")[-1]["payload"]["details"] == {"code": "path_refused"}
        file = await add(ada, files.file("y", 10))
        assert (await ended(ada, file))["payload"]["code"] == "file_exists"
        await ada.drop()

    parlour.run(play())
    assert list(outside.iterdir()) == []


def test_a_scan_counts_what_is_in_the_library(server):
    library = server.data / "library"
    for series in range(120):
        (library / f"Série {series:03}" / "deep").mkdir(parents=True)
        (library / f"Série {series:03}" / "deep" / "one").touch()
        (library / f"Série {series:03}" / "two").touch()
    (library / "link").symlink_to("/")
    (library / "file").touch()

    async def play():
        ada, eve = await enter(server), await enter(server, "eve", False, "spectator")
        await ada.act(ROOM, {"type": "scan"})
        for client in (ada, eve):
            done = await client.until(lambda frame: frame["type"] == "scan_complete", "the scan")
            assert (done["payload"]["series_found"], done["payload"]["files_found"]) == (120, 240)
            shown = [frame["payload"] for frame in client.of_room(ROOM, "scan_progress")]
            assert all(pulse["current"] <= pulse["total"] for pulse in shown) and shown[-1]["percent"] == 100
            await client.until(lambda _: client.view(ROOM)["library"], "the library in the view")
        found = ada.view(ROOM)["library"]["series"]
        assert len(found) == 100 and found[7] == {"key": "s-rie-007", "folder": "Série 007", "files": 2}
        assert eve.view(ROOM)["library"]["series"][7] == {"key": None, "folder": None, "files": 2}
        await asyncio.gather(ada.drop(), eve.drop())

    parlour.run(play())


def test_a_library_that_cannot_be_is_an_error_of_the_system(make_server, files, tmp_path):
    (tmp_path / "file").touch()
    server = make_server(env=OPEN | {"PARLOUR_DOWNLOADS__LIBRARY": str(tmp_path / "file")})

    async def play():
        ada = await enter(server)
        download = await add(ada, files.file("x", 10))
        assert (await ended(ada, download))["payload"]["code"] == "no_library"
        await ada.act(ROOM, {"type": "scan"})
        assert (await ada.until(lambda frame: frame["type"] == "scan_failed", "the end"))["payload"]["code"] == "no_library"
        assert [frame["payload"]["details"] for frame in ada.of_room(ROOM, "system_error")] == [{"code": "no_library"}] * 2
        await ada.drop()

    parlour.run(play())
