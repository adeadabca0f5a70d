"""Engine.IO, version 4: how a session that polls comes over to a WebSocket, and that nothing is lost or doubled on the way."""

import asyncio

import pytest
from websockets.exceptions import ConnectionClosed

import parlour
import sio
from sio import Session

calm = sio.served(sio.CALM)
echoing = sio.served(sio.CALM, sio.ECHOES)

FIRST_WORDS = ["abc", "2", "3probe", "4", "7"]


async def assert_closed(websocket):
    """Nothing more comes, and it ends."""
    with pytest.raises(ConnectionClosed):
        async with asyncio.timeout(parlour.DEADLINE):
            raise AssertionError(await websocket.recv())


def heartbeats(acks):
    return list(map(sio.heartbeat, acks))


def acks_of(packets):
    return [int(packet.removeprefix("43/game,").split("[")[0]) for packet in packets if packet.startswith("43/game,")]


def test_a_session_comes_over_to_a_websocket_and_goes_on(calm):
    async def talk():
        async with await Session.open(calm, "polling") as session:
            await session.join()
            await session.upgrade()
            await session.ask(1)

    parlour.run(talk())


def test_a_session_may_come_over_before_it_has_said_anything(calm):
    async def talk():
        async with await Session.open(calm, "polling") as session:
            await session.upgrade()
            await session.join()
            await session.ask(1)

    parlour.run(talk())


def test_the_poll_that_waits_is_ended_by_a_noop_so_that_the_client_can_come_over(calm):
    async def talk():
        async with await Session.open(calm, "polling") as session:
            await session.join()
            waiting = asyncio.create_task(session.poll())
            session_websocket = await session.probe()
            answer = await asyncio.wait_for(waiting, parlour.DEADLINE)
            assert (answer.status, answer.body) == (200, b"6"), answer
            # The client may poll once more, before it has seen the answer to its probe.
            answer = await asyncio.wait_for(session.poll(), parlour.DEADLINE)
            assert (answer.status, answer.body) == (200, b"6"), answer
            await session_websocket.send("5")
            session.websocket = session_websocket
            await session.ask(1)

    parlour.run(talk())


def test_no_message_around_the_upgrade_is_lost_or_doubled(calm):
    async def talk():
        async with await Session.open(calm, "polling") as session:
            await session.join()
            await session.say(*heartbeats(range(5)))
            heard = await session.until("43/game,2[")
            await session.say(*heartbeats(range(5, 10)))
            websocket = await session.probe()
            # A post of the client may still be on its way, and be answered, when it knows that its probe was good.
            await session.say(*heartbeats(range(10, 15)))
            await websocket.send("5")
            session.websocket = websocket
            await session.say(*heartbeats(range(15, 20)))
            heard += await session.until("43/game,19[")
            # What had come in one answer to a poll and was not looked at came before all that the WebSocket brings.
            assert acks_of(heard) == list(range(20))
            assert len([packet for packet in heard if packet.startswith('42/game,["game:heartbeat_ack"')]) == 20

    parlour.run(talk())


def test_what_is_sent_while_the_probe_is_on_waits_for_nothing(calm):
    async def talk():
        async with await Session.open(calm, "polling") as session:
            await session.join()
            websocket = await session.probe()
            await session.ask(1)
            await websocket.send("5")
            session.websocket = websocket
            await session.ask(2)

    parlour.run(talk())


def test_bytes_that_wait_come_over_as_bytes(echoing):
    async def talk():
        async with await Session.open(echoing, "polling") as session:
            await session.join()
            await session.say('451-/game,["echo",{"_placeholder":true,"num":0}]', b"\x00\xff")
            await session.upgrade()
            packets = await session.until(lambda packet: isinstance(packet, bytes))
            assert packets == ['451-/game,["echoed",{"_placeholder":true,"num":0}]', b"\x00\xff"]

    parlour.run(talk())




def test_after_the_upgrade_polling_is_refused_and_the_session_goes_on(calm):
    async def talk():
        async with await Session.open(calm, "upgrade") as session:
            await session.join()
            for answer in [await session.poll(), await session.post("6")]:
                assert (answer.status, answer.json()["code"]) == (400, 3), answer
            await session.ask(1)

    parlour.run(talk())


def test_a_second_websocket_with_the_same_id_is_closed_and_the_session_goes_on(calm):
    async def talk():
        async with await Session.open(calm, "upgrade") as session:
            await session.join()
            assert await sio.refusal_of_websocket(calm, sid=session.sid) in (400, 1000, 1005)
            await session.ask(1)

    parlour.run(talk())


def test_a_second_websocket_does_no_harm_to_a_session_that_began_on_one(calm):
    async def talk():
        async with await Session.open(calm, "websocket") as session:
            await session.join()
            if sio.DIFFERENCES["second_websocket_of_websocket"][calm.kind] == "closed":
                assert await sio.refusal_of_websocket(calm, sid=session.sid) in (400, 1000, 1005)
            else:
                (await sio.open_websocket(calm, sid=session.sid)).transport.abort()
            await session.ask(1)

    parlour.run(talk())


def test_of_two_probes_at_once_the_second_is_closed(calm):
    async def talk():
        async with await Session.open(calm, "polling") as session:
            await session.join()
            websocket = await session.probe()
            assert await sio.refusal_of_websocket(calm, sid=session.sid) in (400, 1000, 1005)
            await websocket.send("5")
            session.websocket = websocket
            await session.ask(1)

    parlour.run(talk())


@pytest.mark.parametrize("word", FIRST_WORDS)
def test_a_connection_that_is_no_probe_is_closed_and_the_session_goes_on(calm, word):
    async def talk():
        async with await Session.open(calm, "polling") as session:
            await session.join()
            websocket = await sio.open_websocket(calm, sid=session.sid)
            await websocket.send(word)
            await assert_closed(websocket)
            await session.ask(1)
            await session.upgrade()
            await session.ask(2)

    parlour.run(talk())


def test_a_probe_that_says_something_else_is_closed_and_the_session_goes_on(calm):
    async def talk():
        async with await Session.open(calm, "polling") as session:
            await session.join()
            websocket = await session.probe()
            await websocket.send(sio.heartbeat(1))
            await assert_closed(websocket)
            assert acks_of(await session.ask(2)) == [2]

    parlour.run(talk())


def test_a_probe_that_is_cut_leaves_the_session_as_it_was(calm):
    async def talk():
        async with await Session.open(calm, "polling") as session:
            await session.join()
            websocket = await session.probe()
            websocket.transport.abort()
            await session.ask(1)

    parlour.run(talk())


def test_a_session_that_ends_takes_its_probe_along(calm):
    async def talk():
        session = await Session.open(calm, "polling")
        await session.join()
        websocket = await session.probe()
        await session.post("1")
        await assert_closed(websocket)

    parlour.run(talk())


def test_an_upgraded_session_ends_with_its_websocket(calm):
    async def talk():
        session = await Session.open(calm, "upgrade")
        await session.join()
        await session.say("abc")
        await session.end()

    parlour.run(talk())
