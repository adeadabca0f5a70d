"""Socket.IO, version 5, by its protocol document: namespaces, events, acks, attachments, and what ends a connection. Held
against the `socket.io` server as well, so that these tests are known to judge rightly."""

import json
import time

import pytest

import parlour
import sio
from sio import Session

calm = sio.served(sio.CALM)
hasty = sio.served(sio.HASTY)
echoing = sio.served(sio.CALM, sio.ECHOES)

every = pytest.mark.parametrize("transport", sio.TRANSPORTS)

HEARTBEAT = sio.heartbeat(0)


def slot(number):
    """What stands where bytes are meant."""
    return {"_placeholder": True, "num": number}


def with_attachments(count, ack, event, *args):
    return f"45{count}-/game,{ack}" + json.dumps([event, *args])


def is_ack(packet):
    return isinstance(packet, str) and packet.startswith(("43", "46"))


def connect(**auth):
    return "40/game," + json.dumps(auth)


# To join a namespace.


@every
def test_who_joins_is_told_an_id_of_their_own(calm, transport):
    async def talk():
        async with await Session.open(calm, transport) as session:
            await session.say(connect(token=calm.token(sio.new_user())))
            packet = await session.hear()
            assert packet.startswith("40/game,"), packet
            answer = json.loads(packet.removeprefix("40/game,"))
            assert set(answer) == {"sid"} and isinstance(answer["sid"], str) and answer["sid"]
            # Others in the namespace may be told that one; the session's own is what its requests are known by.
            assert answer["sid"] != session.sid

    parlour.run(talk())


REFUSED = ["40/game,", "40/game", "40/game,{}", connect(token="wrong"), connect(token=1), connect(token="")]


@every
@pytest.mark.parametrize("packet", REFUSED)
def test_who_may_not_join_is_told_why_and_may_try_again(calm, transport, packet):
    async def talk():
        async with await Session.open(calm, transport) as session:
            for _ in range(2):
                await session.say(packet)
                answer = await session.hear()
                assert answer.startswith("44/game,"), answer
                answer = json.loads(answer.removeprefix("44/game,"))
                assert set(answer) == {"message", "data"} and answer["message"] == "authentication_failed", answer
                # A server may say more of it there.
                assert answer["data"]["code"] == "authentication_failed", answer
            await session.join()
            await session.ask(1)

    parlour.run(talk())


@every
def test_who_was_refused_says_nothing_there(calm, transport):
    async def talk():
        session = await Session.open(calm, transport)
        await session.say(connect(token="wrong"))
        await session.until("44/game,")
        await session.say(HEARTBEAT)
        assert not any(map(is_ack, await session.end()))

    parlour.run(talk())


@every
@pytest.mark.parametrize("namespace", ["/zzz", "/game/more", "/Game", "/game?x=1"])
def test_a_namespace_that_is_not_there_is_said_to_be_invalid(calm, transport, namespace):
    async def talk():
        async with await Session.open(calm, transport) as session:
            refused = f'44{namespace},{{"message":"Invalid namespace"}}'
            for packet in [f"40{namespace}", f"40{namespace},", f'40{namespace},{{"token":"x"}}']:
                await session.say(packet)
                assert await session.hear() == refused
            await session.join()
            await session.ask(1)

    parlour.run(talk())


@every
def test_where_no_namespace_is_named_the_main_one_is_meant(calm, transport):
    async def talk():
        async with await Session.open(calm, transport) as session:
            await session.say("40")
            answer = await session.hear()
            assert answer.startswith(sio.DIFFERENCES["main_namespace"][calm.kind]), answer
            await session.join()
            await session.ask(1)

    parlour.run(talk())


@pytest.mark.parametrize("packet", ["40/game,null", "40/game,[]", "40/game,-1", "40/game,true", "40/game,{", "40/game,a", "4a"])
def test_what_nobody_could_join_with_ends_the_connection(calm, packet):
    async def talk():
        session = await Session.open(calm, "websocket")
        await session.say(packet)
        assert await session.end() == []

    parlour.run(talk())


def test_a_string_to_join_with_is_judged_or_ends_the_connection(calm):
    async def talk():
        session = await Session.open(calm, "websocket")
        await session.say('40/game,"wrong"')
        if sio.DIFFERENCES["string_to_join_with"][calm.kind] == "is judged":
            assert (await session.hear()).startswith("44/game,")
            await session.__aexit__()
        else:
            assert await session.end() == []

    parlour.run(talk())


@every
def test_joining_twice_ends_the_connection(calm, transport):
    async def talk():
        session = await Session.open(calm, transport)
        await session.join()
        await session.say(connect(token=calm.token(sio.new_user())))
        assert await session.end() == []

    parlour.run(talk())


@every
@pytest.mark.parametrize("packet", [HEARTBEAT, '42["game:heartbeat"]', "41/game,", "43/game,0[]"])
def test_who_speaks_before_joining_is_not_heard_and_ends_the_connection(calm, transport, packet):
    async def talk():
        session = await Session.open(calm, transport)
        await session.say(packet)
        assert await session.end() == []

    parlour.run(talk())


@every
def test_who_joins_nothing_for_too_long_has_to_go(hasty, transport):
    async def talk():
        begun = time.monotonic()
        session = await Session.open(hasty, transport)
        assert await session.end() == []
        assert time.monotonic() - begun >= hasty.settings["join_ms"] / 1000 - 0.05

    parlour.run(talk())


def test_who_has_joined_in_time_stays(hasty):
    async def talk():
        # On a busy machine one may be late with it: then it was another who joined in time.
        for _ in range(20):
            session = await Session.open(hasty, "websocket")
            try:
                await session.join()
            except sio.Ended:
                continue
            idle = await Session.open(hasty, "websocket")
            await idle.end()
            await session.ask(1)
            return await session.__aexit__()
        raise AssertionError("nobody could join in time")

    parlour.run(talk())


# To leave it.


@every
@pytest.mark.parametrize("packet", ["41/game,", "41/game"])
def test_who_leaves_a_namespace_stays_connected(calm, transport, packet):
    async def talk():
        async with await Session.open(calm, transport) as session:
            first = await session.join()
            assert await session.leave(packet) == []
            second = await session.join()
            assert first != second
            await session.ask(1)

    parlour.run(talk())


@every
def test_who_has_left_is_not_heard_there(calm, transport):
    async def talk():
        session = await Session.open(calm, transport)
        await session.join()
        assert await session.leave() == []
        await session.say(HEARTBEAT)
        assert not any(map(is_ack, await session.end()))

    parlour.run(talk())


@every
def test_who_is_sent_away_stays_connected(echoing, transport):
    async def talk():
        async with await Session.open(echoing, transport) as session:
            await session.join()
            await session.say('42/game,["leave"]')
            assert await session.hear() == "41/game,"
            await session.join()
            await session.ask(1)

    parlour.run(talk())


# Events and acks.


@every
def test_an_event_has_its_answer(calm, transport):
    async def talk():
        async with await Session.open(calm, transport) as session:
            await session.join()
            await session.say(sio.heartbeat())
            packet = (await session.until("42/game,"))[-1]
            event, *args = json.loads(packet.removeprefix("42/game,"))
            assert event == "game:heartbeat_ack" and len(args) == 1 and args[0]["type"] == "heartbeat_ack"

    parlour.run(talk())


@every
@pytest.mark.parametrize("ack", [0, 1, 10, 456, 2**31, 2**53 - 1])
def test_who_asks_for_an_ack_gets_it_once(calm, transport, ack):
    async def talk():
        async with await Session.open(calm, transport) as session:
            await session.join()
            packets = await session.ask(ack)
            packets += await session.ask(7_777)
            acks = [packet for packet in packets if is_ack(packet)]
            assert [packet.split("[")[0] for packet in acks] == [f"43/game,{ack}", "43/game,7777"]
            (answer,) = json.loads(acks[0][acks[0].index("[") :])
            assert answer["type"] == "heartbeat_ack"

    parlour.run(talk())


@every
def test_who_asks_for_no_ack_gets_none(calm, transport):
    async def talk():
        async with await Session.open(calm, transport) as session:
            await session.join()
            await session.say(sio.heartbeat(), '42/game,["nothing:known"]')
            packets = await session.ask(5)
            assert [packet.split("[")[0] for packet in packets if is_ack(packet)] == ["43/game,5"]

    parlour.run(talk())


@every
@pytest.mark.parametrize("event", ["nothing:known", "", "game:", "__proto__", "toString", "grüße 🎲", 'a"b\\c', 7])
def test_an_event_nobody_knows_has_its_ack_too(calm, transport, event):
    async def talk():
        async with await Session.open(calm, transport) as session:
            await session.join()
            packets = await session.ask(3, event, {"a": 1}, [2], None, "x")
            assert packets and is_ack(packets[-1]) and len(json.loads(packets[-1].removeprefix("43/game,3"))) == 1
            await session.ask(4)

    parlour.run(talk())


@every
def test_an_ack_that_nobody_asked_for_means_nothing(calm, transport):
    async def talk():
        async with await Session.open(calm, transport) as session:
            await session.join()
            await session.say("43/game,0[]", '43/game,9["x",{}]', '461-/game,1[{"_placeholder":true,"num":0}]', b"\x01")
            await session.ask(1)

    parlour.run(talk())


@every
def test_whatever_an_event_says_comes_back(echoing, transport):
    async def talk():
        async with await Session.open(echoing, transport) as session:
            await session.join()
            args = [1, "2", {"3": [False, None, -1.5, 1e300]}, [], {}, "", "€ \x1f \u2028 🎲", True]
            packets = await session.ask(456, "echo", *args)
            assert json.loads(packets[0].removeprefix("42/game,")) == ["echoed", *args]
            assert json.loads(packets[1].removeprefix("43/game,456")) == args

    parlour.run(talk())


@every
def test_a_server_may_ask_for_an_ack_too(echoing, transport):
    async def talk():
        async with await Session.open(echoing, transport) as session:
            await session.join()
            await session.say('42/game,["ask",{"a":1}]')
            ack, asked = (await session.hear()).removeprefix("42/game,").split("[", 1)
            assert json.loads("[" + asked) == ["asked", {"a": 1}]
            await session.say(f'43/game,{ack}["b",2]')
            assert json.loads((await session.hear()).removeprefix("42/game,")) == ["answered", "b", 2]

    parlour.run(talk())


# Bytes.


@every
def test_an_event_with_attachments_is_answered_when_the_last_one_is_there(calm, transport):
    async def talk():
        async with await Session.open(calm, transport) as session:
            await session.join()
            for ack, count in enumerate((1, 2, 10)):
                event = with_attachments(count, ack, "blob", *({"bytes": [slot(number)]} for number in range(count)))
                await session.say(event, *(bytes([number]) * 100 for number in range(count)))
                packets = await session.until(is_ack)
                assert packets[-1].startswith((f"43/game,{ack}[", f"461-/game,{ack}[")), packets
            await session.ask(99)

    parlour.run(talk())


@every
def test_attachments_may_come_one_by_one(calm, transport):
    async def talk():
        async with await Session.open(calm, transport) as session:
            await session.join()
            for packet in with_attachments(2, 1, "blob", slot(0), slot(1)), b"one", b"two":
                await session.say(packet)
            await session.until("43/game,1[")
            await session.ask(2)

    parlour.run(talk())


@every
def test_bytes_stand_where_they_stood(echoing, transport):
    async def talk():
        async with await Session.open(echoing, transport) as session:
            await session.join()
            await session.say(with_attachments(2, 789, "echo", slot(0), {"deep": [slot(1)]}), b"\x01\x02\x03", b"\x04\x05\x06")
            event = await session.until(lambda packet: packet == b"\x04\x05\x06")
            assert json.loads(event[0].removeprefix("452-/game,")) == ["echoed", slot(0), {"deep": [slot(1)]}]
            assert event[1:] == [b"\x01\x02\x03", b"\x04\x05\x06"]
            ack = await session.until(lambda packet: packet == b"\x04\x05\x06")
            assert json.loads(ack[0].removeprefix("462-/game,789")) == [slot(0), {"deep": [slot(1)]}]
            assert ack[1:] == [b"\x01\x02\x03", b"\x04\x05\x06"]

    parlour.run(talk())


# What ends a connection.

BROKEN = {
    "nothing": ["4"],
    "no such type": ["47"],
    "no type": ["4abc"],
    "no list": ["42/game,{}"],
    "no json": ["42/game,abc"],
    "half of a list": ['42/game,["game:heartbeat"'],
    "an empty list": ["42/game,[]"],
    "no name": ["42/game,[null]"],
    "an object for a name": ['42/game,[{"a":1}]'],
    "a name kept for others": ['42/game,["connect"]'],
    "another name kept for others": ['42/game,["disconnect"]'],
    "something after it": ['42/game,["game:heartbeat"]x'],
    "an id that is no number": ['42/game,abc["game:heartbeat"]'],
    "an id below zero": ['42/game,-1["game:heartbeat"]'],
    "an ack that is no list": ["43/game,1{}"],
    "an error": ["44/game,{}"],
    "an error as text": ['44/game,"x"'],
    "a goodbye with words": ["41/game,{}"],
    "another namespace": ['42/zzz,["game:heartbeat"]'],
    "the main namespace": ['42["game:heartbeat"]'],
    "no number of attachments": ['45/game,["blob"]'],
    "no attachments": ['450-/game,["blob"]'],
    "less than none": ['45-1-/game,["blob"]'],
    "too many": ['4511-/game,["blob"]'],
    "far too many": ['4599999999-/game,["blob"]'],
    "a number that is none": ['45x-/game,["blob"]'],
    "an attachment nobody announced": [b"\x01"],
    "an attachment that is not there": [f"451-/game,{json.dumps(['blob', slot(5)])}", b"\x01"],
    "an attachment below zero": [f"451-/game,{json.dumps(['blob', slot(-1)])}", b"\x01"],
    "text between attachments": [with_attachments(1, 1, "blob", slot(0)), HEARTBEAT],
    "one attachment more": [with_attachments(1, "", "blob", slot(0)), b"\x01", b"\x02"],
}


@pytest.mark.parametrize("transport", ["polling", "websocket"])
@pytest.mark.parametrize("what", BROKEN)
def test_what_is_no_packet_ends_the_connection(calm, transport, what):
    async def talk():
        session = await Session.open(calm, transport)
        await session.join()
        try:
            await session.say(*BROKEN[what])
        except sio.Ended:
            pass
        assert not any(map(is_ack, await session.end()))

    parlour.run(talk())


@every
def test_the_end_of_one_connection_is_none_of_anothers(calm, transport):
    async def talk():
        async with await Session.open(calm, transport) as other:
            await other.join()
            session = await Session.open(calm, transport)
            await session.join()
            await session.say("47")
            await session.end()
            await other.ask(1)

    parlour.run(talk())
