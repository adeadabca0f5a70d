"""The dialect chat: coming back, saying too much, and the end of the server."""

import asyncio
import json

import pytest

import chat
import mantimon
import parlour

FLOOD = {f"PARLOUR_LIMITS__{name}": value for name, value in {
    "CONNECTION_TOKENS": "30", "CONNECTION_TOKENS_PER_S": "1", "STRIKES": "40", "STRIKES_MS": "60000"}.items()}
PATIENT = {"PARLOUR_LIMITS__CONNECTION_TOKENS": "10", "PARLOUR_LIMITS__CONNECTION_TOKENS_PER_S": "10"}
"""Few requests at a time, and nobody is closed for asking more."""
MANY = 100


@chat.check(14)
@chat.by_all
def test_who_comes_back_is_told_what_they_missed_once_in_order(place):
    async def talk():
        async with place.open() as new_talker:
            room, ada, bob = place.room(), new_talker("ada", named=True), await new_talker("bob").connect()
            await ada.connect()
            at = (await ada.join(room))["at"]
            await bob.join(room)
            for number in range(3):
                await bob.chat(room, f"heard {number}")
            await ada.until_heard("heard 2")
            heard = [frame["n"] for frame in ada.frames if frame["type"] == "chat"][-1]
            await ada.close()
            await bob.until("user_left")
            for number in range(20):
                await bob.chat(room, f"missed {number}")
            start = ada.mark
            await ada.connect()
            ack = await ada.join(room, after=f"{at.split('.')[0]}.{heard}")
            assert ack["resumed"] == {"kind": "replayed", "events": 20}
            await bob.chat(room, "now")
            await ada.until_heard("now", start=start)
            expected = [(bob.user, f"missed {number}") for number in range(20)] + [(bob.user, "now")]
            assert ada.heard(room, start=start) == expected
            numbers = [frame["n"] for frame in ada.frames if frame["type"] == "chat"]
            assert numbers == sorted(set(numbers))

    parlour.run(talk())


@chat.check(16)
@chat.by_all
@pytest.mark.server(env=FLOOD)
def test_who_says_too_much_is_told_when_to_go_on_and_then_closed(place):
    async def talk():
        async with place.open() as new_talker:
            ada = await new_talker("ada").connect()
            number = 0
            while ada.socket.closed is None and number < 1000:
                number += 1
                try:
                    await ada.send({"type": "ping", "ref": str(number)})
                except Exception:  # noqa: BLE001 - every client has its own for a connection that has ended
                    break
            assert (await ada.socket.until_closed())[0] == 1008
            refused = [ack for ack in ada.of("ack") if ack["status"] == "error"]
            assert refused and {ack["code"] for ack in refused} == {"RATE_LIMITED"}
            for ack in refused:
                assert ack["retry_after"] > 0 and ack["retry_after"] * 1000 == pytest.approx(ack["retry_after_ms"])
            assert len({ack["ref"] for ack in ada.of("ack")}) == len(ada.of("ack")), "each is answered once"

    parlour.run(talk())


@chat.check(16)
@chat.by_all
@pytest.mark.server(env=PATIENT)
def test_who_waits_as_long_as_told_is_served_again_and_what_was_acknowledged_is_said_once(place):
    async def talk():
        async with place.open() as new_talker:
            room, ada, bob = place.room(), await new_talker("ada").connect(), await new_talker("bob").connect()
            await ada.join(room)
            await bob.join(room)
            said = {str(number): {"type": "chat", "ref": str(number), "payload": {"room_id": room, "content": f"flood {number}"}}
                    for number in range(MANY)}
            await ada.send(*said.values())
            answered = lambda: [ack for ack in ada.of("ack") if ack["ref"] in said]  # noqa: E731
            await ada.socket.until(lambda: len(answered()) == MANY, "an answer to each")
            assert sorted(ack["ref"] for ack in answered()) == sorted(said)
            kept = [ack["ref"] for ack in answered() if ack["status"] == chat.SUCCESS[place.mode]]
            refused = [ack for ack in answered() if ack["status"] == "error"]
            assert kept and refused and len(kept) + len(refused) == MANY
            for ack in refused:
                assert (ack["code"], ack["kind"], ack["retry"]) == ("RATE_LIMITED", "limited", True)
                assert ack["retry_after"] > 0
            assert ada.socket.closed is None

            # The same again: that it was refused is not remembered.
            last = said[refused[-1]["ref"]]
            await asyncio.sleep(refused[-1]["retry_after"])
            await ada.done("chat", last["payload"], ref=last["ref"])
            expected = [said[ref]["payload"]["content"] for ref in [*kept, last["ref"]]]
            await bob.until_heard(expected[-1])
            assert bob.heard(room) == [(ada.user, content) for content in expected]
            history = await bob.done("history", {"room_id": room, "limit": 200})
            assert [event["payload"]["content"] for event in history["events"] if event["type"] == "chat"] == expected

    parlour.run(talk())


@chat.check(16)
@chat.by_all
@pytest.mark.server(env=PATIENT | {"PARLOUR_LIMITS__CONNECTION_TOKENS_PER_S": "1"})
def test_who_goes_while_out_of_tokens_is_let_go_and_the_others_are_told(place):
    async def talk():
        async with place.open() as new_talker:
            room, ada, bob = place.room(), await new_talker("ada").connect(), await new_talker("bob").connect()
            await bob.join(room)
            await ada.join(room)
            await ada.send(*[{"type": "ping"}] * MANY)
            await ada.until("error", lambda error: error["code"] == "RATE_LIMITED")
            start = bob.mark
            closing = asyncio.create_task(ada.close())
            # Sooner than clients give up to wait for the answer to their close.
            assert (await bob.until("user_left", start=start, deadline=5))["user_id"] == ada.user
            await closing
            assert (await ada.socket.until_closed())[0] != 1006, "the close was answered"

    parlour.run(talk())


@chat.check(17)
@chat.by_all
def test_a_server_that_stops_says_so_and_has_kept_what_it_acknowledged(make_server, chat_hosts, mode, client):
    server = make_server(args=["--compat"] if mode == "compat" else [], env=mantimon.SETTINGS)
    place = chat.Front(server, mode, chat_hosts(client))

    async def talk():
        async with place.open() as new_talker:
            room, ada, bob = "general", new_talker("ada", named=True), new_talker("bob", named=True)
            for talker in ada, bob:
                await talker.connect()
                await talker.join(room)
            stopping = None
            for number in range(100_000):
                if number == 20:
                    stopping = asyncio.create_task(asyncio.to_thread(server.stop))
                if ada.socket.closed is not None:
                    break
                try:
                    await ada.send({"type": "chat", "ref": str(number), "payload": {"room_id": room, "content": f"{number}"}})
                    if number < 20:
                        await ada.until("ack", lambda ack: ack["ref"] == str(number), start=ada.mark - 3 if ada.mark > 3 else 0)
                except Exception:  # noqa: BLE001 - every client has its own for a connection that has ended
                    break
                await asyncio.sleep(0)
            for talker in ada, bob:
                assert (await talker.socket.until_closed())[0] == chat.GOING_AWAY[mode]
                assert talker.frames[-1]["type"] == "closing", talker.frames[-1]
            assert await stopping == 0
            acks = [ack for ack in ada.of("ack") if ack["ref"].isdigit()]
            assert len({ack["ref"] for ack in acks}) == len(acks), "each is answered once"
            acked = {ack["ref"] for ack in acks if ack["status"] != "error"}
            assert {str(number) for number in range(20)} <= acked
            assert {ack["code"] for ack in acks if ack["status"] == "error"} <= {"DRAINING", "RATE_LIMITED"}
            await asyncio.to_thread(server.start)
            await ada.connect()
            await ada.join(room)
            kept, before = [], None
            while True:
                page = await ada.done("history", {"room_id": room} | ({"before": before} if before else {}))
                kept = [event["payload"]["content"] for event in page["events"] if event["type"] == "chat"] + kept
                if not page["more"]:
                    break
                before = f"{page['life']}.{page['events'][0]['n']}"
            assert kept == sorted(kept, key=int) and len(set(kept)) == len(kept), "each once, in order"
            assert not acked - set(kept), "acknowledged, and gone"
            assert not set(kept) - acked, "accepted, and not acknowledged"
            # Who was there is told the rest when they are back.
            heard = [frame["n"] for frame in bob.frames if frame["type"] == "chat"][-1]
            await bob.connect()
            await bob.join(room, after=f"{page['life']}.{heard}")
            await bob.until_heard(kept[-1])
            assert [content for _, content in bob.heard(room)] == kept

    parlour.run(talk(), deadline=90)


@chat.check(17)
@chat.by_all
def test_a_server_that_is_killed_has_kept_what_it_acknowledged(make_server, chat_hosts, mode, client):
    server = make_server(args=["--compat"] if mode == "compat" else [], env=mantimon.SETTINGS)
    place = chat.Front(server, mode, chat_hosts(client))

    async def talk():
        async with place.open() as new_talker:
            ada = await new_talker("ada", named=True).connect("/ws/room/general")
            await ada.until("joined")
            for number in range(50):
                await ada.send({"type": "chat", "ref": f"{number}", "payload": {"content": f"{number}"}})
            await ada.until("ack", lambda ack: ack["ref"] == "20")
            await asyncio.to_thread(server.kill)
            await ada.socket.until_closed()
            acked = [ack["ref"] for ack in ada.of("ack") if ack["ref"].isdigit()]
            await asyncio.to_thread(server.start)
            await ada.connect()
            await ada.join("general")
            page = await ada.done("history", {"room_id": "general"})
            kept = [event["payload"]["content"] for event in page["events"] if event["type"] == "chat"]
            assert kept[: len(acked)] == acked and len(set(kept)) == len(kept), json.dumps([acked, kept])

    parlour.run(talk())
