"""Jobs: what a room asks of the world outside is run outside the loop, more than once if need be, and answered once."""

import asyncio
import pathlib

import pytest

import parlour

ENV = {"PARLOUR_LIMITS__JOB_RETRY_MS": "20", "PARLOUR_LIMITS__JOB_ATTEMPTS": "3", "PARLOUR_LIMITS__JOBS_RUNNING": "4"}
ROOM = "errands-1"


@pytest.fixture
def server(make_server):
    return make_server(program=parlour.lab(), env=ENV)


class Log:
    """What those who run errands have written."""

    def __init__(self, folder, name="log"):
        self.path = pathlib.Path(folder) / name

    def lines(self):
        return self.path.read_text().splitlines() if self.path.exists() else []

    def begun(self):
        return [line for line in self.lines() if line.endswith(" begins")]

    def go(self):
        pathlib.Path(f"{self.path}.go").touch()


async def enter(server, user="ada"):
    client = await parlour.Client(server, user).connect()
    if not client.after(ROOM):
        try:
            await client.open("errands", ROOM)
        except parlour.Refused as refused:
            assert refused.code == "room_exists"
    await client.join(ROOM)
    return client


def send(client, key, how, log):
    return client.act(ROOM, {"type": "send", "key": key, "how": how, "log": str(log.path)})


def heard(client, kind, key):
    return client.until(lambda frame: frame["type"] == kind and frame["payload"]["key"] == key, f"{kind} {key}")


def records(server, cause):
    return [record for record in parlour.replay(server.data, ROOM, program=parlour.lab()) if record.get("cause") == cause]


def test_a_result_comes_back_as_a_recorded_signal_and_a_replay_runs_nothing(server, tmp_path):
    log = Log(tmp_path)

    async def play():
        client = await enter(server)
        await send(client, "bread", "quickly", log)
        assert (await heard(client, "came_back", "bread"))["payload"]["text"] == "quickly"
        await client.until(lambda frame: frame["type"] == "view" and frame["payload"]["results"], "the view with it")
        await client.drop()

    parlour.run(play())
    (record,) = records(server, "signal")
    assert record["input"] == {"job": "bread", "result": {"came_back": {"key": "bread", "text": "quickly"}}}
    server.stop()
    parlour.cli("replay", ROOM, "--verify", "--data", server.data, expect=0, program=parlour.lab())
    assert log.lines() == [f"{ROOM} bread 1 begins"]


def test_a_server_killed_while_a_job_runs_runs_it_again_and_records_one_result(server, tmp_path):
    log = Log(tmp_path)

    async def begin():
        client = await enter(server)
        await send(client, "bread", "when_told", log)
        await client.drop()

    async def end():
        client = await enter(server)
        await asyncio.to_thread(parlour.poll, lambda: len(log.begun()) == 3, "the job to run once more")
        log.go()
        await heard(client, "came_back", "bread")
        await client.drop()

    parlour.run(begin())
    parlour.poll(lambda: len(log.begun()) == 1, "the job to run")
    server.kill()
    server.start()
    parlour.run(come_and_go(server))
    parlour.poll(lambda: len(log.begun()) == 2, "the job to run again")
    server.kill()
    server.start()
    parlour.run(end())
    assert log.begun() == [f"{ROOM} bread {attempt} begins" for attempt in (1, 2, 3)]
    (record,) = records(server, "signal")
    assert record["input"]["result"]["came_back"]["text"] == "when told, attempt 3"
    assert log.lines().count("goes") == 1


async def come_and_go(server):
    client = await enter(server)
    await client.drop()


def test_a_job_that_is_no_longer_wanted_is_told_to_stop_and_its_result_dropped(server, tmp_path):
    log = Log(tmp_path)

    async def play():
        client = await enter(server)
        await send(client, "bread", "when_told", log)
        await asyncio.to_thread(parlour.poll, log.begun, "the job to run")
        await client.act(ROOM, {"type": "recall", "key": "bread"})
        await asyncio.to_thread(parlour.poll, lambda: "stopped" in log.lines(), "the job to stop")
        await send(client, "milk", "quickly", log)
        await heard(client, "came_back", "milk")
        await client.drop()

    parlour.run(play())
    assert [record["input"]["job"] for record in records(server, "signal")] == ["milk"]


def test_a_runner_that_panics_is_asked_again_and_then_the_room_is_told(server, tmp_path):
    log, lost = Log(tmp_path), Log(tmp_path, "lost")

    async def play():
        client = await enter(server)
        await send(client, "bread", "stumbling", log)
        await send(client, "milk", "never", lost)
        assert (await heard(client, "came_back", "bread"))["payload"]["text"] == "at last"
        await heard(client, "lost", "milk")
        await client.drop()

    parlour.run(play())
    assert log.lines() == [f"{ROOM} bread {attempt} begins" for attempt in (1, 2, 3)]
    assert lost.lines() == [f"{ROOM} milk {attempt} begins" for attempt in (1, 2, 3)]
    assert {"job": "milk", "result": {"lost": {"key": "milk"}}} in [record["input"] for record in records(server, "signal")]


def test_a_corrupted_result_is_stopped_by_sound_and_nothing_of_it_is_kept_or_told(server, tmp_path):
    log = Log(tmp_path)

    async def play():
        client = await enter(server)
        await send(client, "bread", "rotten", log)
        await heard(client, "lost", "bread")
        await send(client, "milk", "quickly", log)
        await heard(client, "came_back", "milk")
        views = [frame["payload"] for frame in client.of_room(ROOM, "view")]
        assert all("rotten" not in str(view) for view in views) and "bread" not in views[-1]["results"]
        await client.drop()

    parlour.run(play())
    assert "rotten" not in str(parlour.replay(server.data, ROOM, program=parlour.lab())[:-1]).replace("'how': 'rotten'", "")
    assert "it is rotten" in server.err


def test_only_so_many_run_at_once_and_only_so_many_may_be_open(server, tmp_path):
    log = Log(tmp_path)

    async def play():
        client = await enter(server)
        await client.act(ROOM, {"type": "send_many", "count": 12, "log": str(log.path)})
        await asyncio.to_thread(parlour.poll, lambda: len(log.begun()) == 4, "as many to run as may")
        with pytest.raises(parlour.Refused) as refused:
            await client.act(ROOM, {"type": "send_many", "count": 65, "log": str(log.path)})
        assert refused.value.code == "internal"
        assert len(log.begun()) == 4
        log.go()
        for key in range(12):
            await heard(client, "came_back", str(key))
        await client.drop()

    parlour.run(play())
    assert len(log.begun()) == 12
    assert len(records(server, "signal")) == 12


def test_progress_is_shown_while_the_job_is_open_and_greets_who_comes_late(server, tmp_path):
    log = Log(tmp_path)
    half = lambda frame: frame["type"] == "underway" and frame["payload"]["percent"] == 50  # noqa: E731

    async def talk():
        ada = await enter(server)
        await send(ada, "bread", "when_told", log)
        shown = await ada.until(half, "bread half way")
        assert (shown["room"], shown["job"]) == (ROOM, "bread") and "n" not in shown and "by" not in shown
        bob = await enter(server, "bob")
        assert (await bob.until(half, "bread half way"))["job"] == "bread"
        log.go()
        await heard(ada, "came_back", "bread")
        start = len(ada.frames)
        eve = await enter(server, "eve")
        await eve.request("ping")
        assert not any(frame["type"] == "underway" for frame in eve.frames + ada.frames[start:])
        with pytest.raises(parlour.Refused) as refused:
            await ada.request("underway", {"room_id": ROOM, "percent": 1})
        assert refused.value.code == "pulse_refused"
        for client in (ada, bob, eve):
            await client.drop()

    parlour.run(talk())
    assert not any("underway" in str(record) for record in parlour.replay(server.data, ROOM, program=parlour.lab()))
