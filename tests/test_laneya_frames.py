"""The dialect laneya by what comes on the line: frames however they are cut, requests that are none, keys, repeats,
batches."""

import asyncio
import json
import pathlib
import time

import pytest

import compatibility
import laneya
import parlour
from laneya import Peer, netstring, request

both = pytest.mark.parametrize("mode", ["strict", "compat"])


def serve(make_server, mode, **env):
    server = laneya.serve(make_server, mode, env=env)
    laneya.open_room(server)
    return server


def stop(key, user="ada"):
    return request(key, user, "move", {"direction": "stop"})


@both
@compatibility.check("laneya", 4)
def test_bytes_one_by_one_and_500_requests_in_one_segment_are_answered_in_their_order(make_server, mode):
    server = serve(make_server, mode)

    async def talk():
        async with Peer(server, "ada") as ada:
            for byte in netstring(stop(9001)):
                await ada.write(bytes([byte]))
                await asyncio.sleep(0.001)
            assert (await ada.response(9001))["status"] == "success"
            start = len(ada.said)
            # Of the first of all requests, when it is not known yet who this is, as well.
            async with Peer(server, "bob", hello=False) as bob:
                greeting = [] if mode == "compat" else [request(0, "bob", "hello", {"token": server.token("bob")})]
                many = greeting + [stop(key, "bob") if key % 3 else request(key, "bob", "position") for key in range(1, 501)]
                await bob.write(b"".join(map(netstring, many)))
                await ada.write(b"".join(netstring(stop(key)) for key in range(1, 501)))
                await bob.response(500, deadline=30)
                await ada.response(500, start, deadline=30)
                assert [said["key"] for said in bob.responses()] == [one["key"] for one in many]
                assert all((said["status"] == "success") == (said["key"] % 3 > 0) for said in bob.responses() if said["key"])
            assert [said["key"] for said in ada.responses(start)] == list(range(1, 501))

    parlour.run(talk())


STAYS = {
    "a bad direction": request(1, "ada", "move", {"direction": "up"}),
    "an unknown action": request(1, "ada", "fly"),
    "a missing field": {name: value for name, value in stop(1).items() if name != "user"},
    "no key": {name: value for name, value in stop(1).items() if name != "key"},
    "an extra field": stop(1) | {"more": 1},
    "a field twice": json.dumps(stop(1))[:-1] + ', "user": "ada"}',
    "extra data": request(1, "ada", "move", {"direction": "stop", "more": 1}),
    "data that is a list": stop(1) | {"data": [1]},
    "no type": {name: value for name, value in stop(1).items() if name != "type"},
    "an unknown type": stop(1) | {"type": "greeting"},
    "an array": [stop(1)],
    "no JSON": "hello",
    "bad UTF-8": b'{"type":"\xff"}',
    "nothing": b"",
    "a user that is a list": stop(1) | {"user": ["ada"]},
    "a user that is null": stop(1) | {"user": None},
    "a position as request": request(1, "ada", "position", {"x": 1, "y": 1, "entity": "User:ada"}),
    "deep JSON": '{"type":"request","key":1,"user":"ada","action":"move","data":' + '{"a":' * 200 + "1" + "}" * 200 + "}",
}
ENDS = {
    "a leading zero": b"05:hello,",
    "a negative length": b"-1:,",
    "a sign": b"+1:a,",
    "no digit": b"x:hello,",
    "no length": b":hello,",
    "a missing comma": b"5:hello;",
    "a wrong length": b"3:hello,",
    "a length of ten digits": b"9999999999:a",
    "a length of 1 GB": b"999999999:a",
    "too long by one": b"65537:",
}


@both
@compatibility.check("laneya", 6, 11)
def test_each_fault_is_answered_invalid_and_only_those_of_framing_end_the_connection(make_server, mode):
    server = serve(make_server, mode)

    async def talk():
        async with Peer(server, "bob") as bob:
            await bob.ask("move", {"direction": "stop"})
            async with Peer(server, "ada") as ada:
                await ada.ask("move", {"direction": "stop"}, key="first")
                for what, payload in STAYS.items():
                    start = len(ada.responses())
                    await ada.send(payload)
                    await ada.ask("move", {"direction": "stop"}, key=f"after {what}")
                    answer = ada.responses()[start]
                    has_key = what in ("deep JSON", "a field twice")
                    expected = payload.get("key") if isinstance(payload, dict) else 1 if has_key else None
                    assert (answer["status"], answer["key"]) == ("invalid", expected), (what, answer)
            for what, data in ENDS.items():
                async with Peer(server, "ada") as ada:
                    await ada.ask("move", {"direction": "stop"})
                    await ada.write(netstring(stop(77)) + data + netstring(stop(78)))
                    await ada.until_over()
                    last = [(said["key"], said["status"]) for said in ada.responses()[-2:]]
                    assert last == [(77, "success"), (None, "invalid")], (what, last)
            # Bytes count, not characters.
            async with Peer(server, "ada") as ada:
                text = json.dumps(request("é", "ada", "move", {"direction": "stop"}), ensure_ascii=False)
                assert netstring(text) == b"%d:%s," % (len(text) + 1, text.encode())
                await ada.send(text)
                assert (await ada.response("é"))["status"] == "success"
                await ada.write(b"%d:%s," % (len(text), text.encode()))
                await ada.until_over()
                assert (ada.said[-1]["key"], ada.said[-1]["status"]) == (None, "invalid")
            await bob.ask("move", {"direction": "stop"})
            assert not bob.is_over

    parlour.run(talk())


CLAIMS, CLAIM = 400, 65_000


def rss(server):
    """How much memory the server has, in bytes."""
    status = pathlib.Path(f"/proc/{server.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) * 1024


@both
@compatibility.check("laneya", 6)
def test_claims_of_much_that_never_comes_cost_no_memory_and_end_in_time(make_server, mode):
    server = serve(make_server, mode, PARLOUR_LIMITS__NETSTRING_MS="1000")

    async def talk():
        # So many connections cost what they cost; what they claim must not.
        slow = [Peer(server, "ada", hello=False) for _ in range(CLAIMS)]
        for first in range(0, CLAIMS, 50):
            await asyncio.gather(*(peer.connect() for peer in slow[first:first + 50]))
        before = rss(server)
        for peer in slow:
            await peer.write(b"%d:" % CLAIM + b"x" * 100)
        most = 0
        async with Peer(server, "bob") as bob:
            while any(not peer.is_over for peer in slow):
                for peer in slow:
                    if not peer.is_over:
                        peer.writer.write(b"x")
                await bob.ask("move", {"direction": "stop"})
                most = max(most, rss(server) - before)
        for peer in slow:
            assert [(said["key"], said["status"]) for said in peer.said] == [(None, "invalid")]
            await peer.drop()
        print(f"{most >> 10} KiB for claims of {CLAIMS * CLAIM >> 10} KiB")
        assert most < CLAIMS * CLAIM // 3

    parlour.run(talk())


@both
@compatibility.check("laneya", 8)
def test_the_same_again_has_one_effect_and_its_key_with_another_body_is_invalid(make_server, mode):
    server = serve(make_server, mode)

    async def talk():
        async with Peer(server, "ada", hello=True, session="mine") as ada, Peer(server, "bob", hello=True) as bob:
            await bob.ask("move", {"direction": "stop"})
            again = netstring(request("k", "ada", "say", {"text": "once"}))
            await ada.write(again * 3)
            await ada.ask("move", {"direction": "stop"})
            await ada.write(again)
            await ada.ask("move", {"direction": "stop"})
            same = [raw for raw, said in zip(ada.raw, ada.said) if said.get("key") == "k"]
            assert len(same) == 4 and len(set(same)) == 1 and ada.said[ada.raw.index(same[0])]["status"] == "success"
            await ada.ask("say", {"text": "other"}, key="k", expect="invalid")
            await ada.drop()
            await ada.connect(room=laneya.ROOM)
            await ada.write(again)
            await ada.ask("say", {"text": "last"}, key="k2")
            is_last = lambda said: said.get("action") == "said" and said["data"]["text"] == "last"
            await bob.until(is_last, "the last word")
            words = [said["data"]["text"] for said in bob.said if said.get("action") == "said"]
            assert words == ["once", "last"]
        # Without a session, keys begin anew with each connection.
        async with Peer(server, "ada", hello=True) as ada:
            await ada.ask("move", {"direction": "stop"}, key="k")

    parlour.run(talk())


@both
@compatibility.check("laneya", 9)
def test_an_atomic_batch_with_an_illegal_part_changes_nothing_and_another_has_a_result_for_each(make_server, mode):
    server = serve(make_server, mode)
    north = {"action": "move", "data": {"direction": "north"}}
    illegal = {"action": "use", "data": {"item": 4_000_000}}

    async def talk():
        async with Peer(server, "ada", hello=True) as ada:
            async def heading():
                return (await ada.ask("get_view"))["view"]["you"]["heading"]

            failure = await ada.ask("batch", {"actions": [north, illegal, north], "atomic": True}, expect="illegal")
            assert (failure["code"], failure["failed_action"]) == ("no_such_item", 1)
            assert await heading() == "stop"
            results = (await ada.ask("batch", {"actions": [north, illegal, north], "atomic": False}))["results"]
            assert [result["status"] for result in results] == ["success", "illegal", "success"]
            assert [set(result) for result in results] == [{"status", "data"}] * 3
            assert await heading() == "north"
            halves = {"actions": [{"action": "move"}]}, {"actions": [north], "more": 1}
            for wrong in ({}, {"actions": []}, {"actions": [north] * 33}, *halves):
                await ada.ask("batch", wrong, expect="invalid")

    parlour.run(talk())


@both
@compatibility.check("laneya", 10)
def test_two_connections_of_a_user_are_one_body_and_nobody_speaks_in_anothers_name(make_server, mode):
    server = serve(make_server, mode)

    async def talk():
        async with Peer(server, "ada", hello=True) as one, Peer(server, "ada", hello=True) as two, Peer(server, "bob") as bob:
            for peer in (one, two, bob):
                await peer.ask("move", {"direction": "stop"})
            await two.ask("move", {"direction": "north"})
            assert one.greeting["seat"] == two.greeting["seat"]
            for action, data in (("move", {"direction": "south"}), ("logout", {}), ("get_map", {})):
                await bob.ask(action, data, user="ada", expect="illegal")
            you = (await one.ask("get_view"))["view"]["you"]
            assert you["heading"] == "north"
            if mode == "strict":
                async with Peer(server, "bob", hello=False) as forger:
                    forged = {"token": server.token("bob")}
                    await forger.ask("hello", forged, user="ada", expect="illegal")
                    await forger.ask("hello", forged | {"token": "x.y.z"}, expect="illegal")
                async with Peer(server, "bob", hello=False) as forger:
                    await forger.ask("hello", {"token": "x.y.z"}, expect="illegal")
                    await forger.until_over()

    parlour.run(talk())


@both
@compatibility.check("laneya", 12)
def test_a_key_comes_back_exactly_as_it_came(make_server, mode):
    server = serve(make_server, mode)

    async def talk():
        async with Peer(server, "ada") as ada:
            await ada.ask("move", {"direction": "stop"})
            odd = '{"b": [1,  2], "a": 1e400}', '"\\u00e9\\ud800"'
            for key in ('"text"', "null", "9007199254740993", "1.50", "-0", *odd, "true"):
                await ada.send('{"type":"request","key": %s ,"user":"ada","action":"move","data":{"direction":"stop"}}' % key)
                start = len(ada.raw)
                await ada.until(lambda said: said["type"] == "response", key, start)
                assert f'"key":{key},"status":"success"'.encode() in ada.raw[-1], ada.raw[-1]
            await ada.send({**stop("x" * 300)})
            is_end = lambda said: said["type"] == "response" and said["key"] is None and said["status"] == "invalid"
            await ada.until(is_end, "invalid")

    parlour.run(talk())


@both
def test_hello_says_which_versions_there_are_and_which_room_is_meant(make_server, mode):
    server = serve(make_server, mode, PARLOUR_ROOMS__OPEN_ON_JOIN="")
    laneya.open_room(server, "other")

    async def talk():
        async with Peer(server, "ada", hello=False) as ada:
            for v, code in ((2, "unsupported_version"), (99, "unsupported_version"), (-1, "unsupported_version"),
                            ("1", "invalid_message"), (1.5, "invalid_message"), (None, "invalid_message")):
                assert (await ada.ask("hello", {"v": v}, expect="invalid"))["code"] == code, v
            greeting = await ada.say_hello(room="other")
            assert (greeting["room"], greeting["user"], greeting["v"]) == ("other", "ada", 1)
            assert (await ada.say_hello(expect="illegal", room="other"))["code"]
        async with Peer(server, "bob", hello=False) as bob:
            await bob.say_hello(expect="illegal", room="nowhere")
            await bob.say_hello(room="other")
            start = time.monotonic()
            await bob.ask("move", {"direction": "stop"})
            print(f"answered in {time.monotonic() - start:.3f} s")

    parlour.run(talk())
