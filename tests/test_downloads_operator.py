"""Download queues as their operator has set them up: where files may come from, how long is waited for them, when the disk is
nearly full; and the library, which all queues share."""

import asyncio

import pytest

import fetch_server
import parlour
from test_downloads import OPEN, ROOM, add, ended, ends, enter, progressed


@pytest.fixture
def files():
    with fetch_server.Files() as files:
        yield files


def test_a_redirect_to_an_address_that_is_not_allowed_is_refused_also_by_name(make_server, files):
    server = make_server(env=parlour.UNLIMITED | {"PARLOUR_DOWNLOADS__ALLOW_NETWORKS": "127.0.0.2, fd00::/8"})
    port = files.url.rsplit(":", 1)[1]

    async def play(allowed):
        ada = await enter(server)
        refused = [f"http://{host}:{port}/file/x%3Fsize=10" for host in ("127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]",
                                                                          "127.0.0.3", "10.0.0.1", "169.254.169.254")]
        for number, to in enumerate(refused):
            download = await add(ada, f"{allowed.url}/redirect?to={to}", name=f"f{number}")
            assert (await ended(ada, download))["payload"]["code"] == "address_refused", to
        download = await add(ada, f"{files.url}/file/x?size=10", name="direct")
        assert (await ended(ada, download))["payload"]["code"] == "address_refused"
        download = await add(ada, f"{allowed.url}/redirect?to={allowed.url}/file/good%3Fsize=1000", name="good")
        assert (await ended(ada, download))["type"] == "download_complete"
        warnings = [frame["payload"]["details"] for frame in ada.of_room(ROOM, "system_warning")]
        assert warnings == [{"code": "address_refused"}] * (len(refused) + 1)
        await ada.drop()
        assert len(allowed.asked) == len(refused) + 2

    with fetch_server.Files("127.0.0.2") as allowed:
        parlour.run(play(allowed))
    assert files.asked == [], "nobody came there"
    assert (server.data / "library" / "show" / "good").read_bytes() == fetch_server.content("good", 1000)


@pytest.mark.parametrize("networks", ["10.0.0.1/8", "localhost", "10.0.0.0/8,127.0.0.0/40"])
def test_networks_that_are_none_are_said_when_the_server_starts(networks, tmp_path):
    told = parlour.cli("config", "check", env={"PARLOUR_DOWNLOADS__ALLOW_NETWORKS": networks}, cwd=tmp_path)
    assert told.returncode != 0 and "downloads.allow_networks" in told.stderr and "10.1.0.0/16" in told.stderr, told


def test_a_host_that_falls_silent_is_given_up_and_what_came_is_kept(make_server, files):
    server = make_server(env=OPEN | {"PARLOUR_DOWNLOADS__PATIENCE_MS": "1000"})

    async def play():
        ada = await enter(server)
        for url in (f"{files.url}/silent", files.file("midway.bin", 100_000, hold=40_000)):
            download = await add(ada, url, name=f"f{len(ada.frames)}")
            end = (await ended(ada, download))["payload"]
            assert (end["code"], end["error_message"]) == ("stalled", "The host sent nothing for too long."), end
            assert len(ends(ada, download)) == 1
        await ada.until(lambda _: ada.view(ROOM)["items"][-1]["bytes_done"] == 40_000, "what came", start=len(ada.frames) - 1)
        await ada.drop()

    parlour.run(play())


@pytest.mark.parametrize("percent", [0, 100])
def test_a_disk_that_is_nearly_full_is_told_once(make_server, files, percent):
    server = make_server(env=OPEN | {"PARLOUR_DOWNLOADS__WARN_PERCENT": str(percent), "PARLOUR_DOWNLOADS__RESERVE_BYTES": "0"})

    async def play():
        ada = await enter(server)
        for number in range(3):
            await ended(ada, await add(ada, files.file(f"f{number}.bin", 10)))
        last = await add(ada, f"{files.url}/status/404", name="last")
        await ended(ada, last)
        warnings = [frame["payload"] for frame in ada.of_room(ROOM, "system_warning")]
        if percent == 0:
            (warning,) = warnings
            assert warning["severity"] == "warning" and warning["message"] == "The disk is nearly full."
            assert 0 <= int(warning["details"]["disk_percent"]) <= 100
        else:
            assert warnings == []
        await ada.drop()

    parlour.run(play())


def test_two_queues_that_want_one_file_do_not_both_fetch_it(server_of_two, files):
    size = 200_000

    async def play():
        ada = await enter(server_of_two)
        first = await add(ada, files.file("same.bin", size, rate=200_000, hold=60_000), "show", name="Same.bin")
        await progressed(ada, first)
        bob = await parlour.Client(server_of_two, "bob").connect()
        await bob.open("downloads", "queue-2")
        await bob.join("queue-2")
        for name in ("Same.bin", "same.BIN"):
            start = len(bob.frames)
            await bob.act("queue-2", {"type": "add", "url": files.file("other.bin", size), "key": "show", "name": name})
            failed = lambda frame: frame["type"] == "download_failed"  # noqa: E731
            end = (await bob.until(failed, "the refusal", start=start, deadline=30.0))["payload"]
            assert end["code"] == "path_taken" and "/" not in end["error_message"], end
        assert files.ranges("other.bin") == [], "nothing was fetched for them"
        # Who lets go of it makes it free.
        await ada.act(ROOM, {"type": "stop", "id": first})
        await ended(ada, first)
        for _ in range(100):
            start = len(bob.frames)
            await bob.act("queue-2", {"type": "retry", "id": "d1"})
            is_end = lambda frame: frame["type"] in ("download_failed", "download_complete")  # noqa: E731
            end = await bob.until(is_end, "the end of the retry", start=start, deadline=30.0)
            if end["type"] == "download_complete":
                break
            assert end["payload"]["code"] == "path_taken", "the other one is still on its way out"
        assert end["type"] == "download_complete", end
        start = len(ada.frames)
        await ada.act(ROOM, {"type": "retry", "id": first})
        assert (await ended(ada, first, start=start))["payload"]["code"] == "file_exists"
        await asyncio.gather(ada.drop(), bob.drop())

    parlour.run(play())
    assert (server_of_two.data / "library" / "show" / "Same.bin").read_bytes() == fetch_server.content("other.bin", size)


@pytest.fixture
def server_of_two(make_server):
    """A server whose queues share its library."""
    return make_server(env=OPEN)
