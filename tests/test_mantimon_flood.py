"""Who asks too much by way of the dialect mantimon is told so each time, may go on when it was told, and is put out only after so
many strikes; nobody else notices."""

import asyncio

import pytest

import mantimon
import parlour

STRIKES = 200
FLOOD = 150
"""Fewer than would end the connection, and far more than there are tokens for."""

SMALL = pytest.mark.server(
    env={
        "PARLOUR_LIMITS__CONNECTION_TOKENS": "20",
        "PARLOUR_LIMITS__CONNECTION_TOKENS_PER_S": "10",
        "PARLOUR_LIMITS__STRIKES": str(STRIKES),
        "PARLOUR_LIMITS__STRIKES_MS": str(24 * 3600 * 1000),
    }
)

OWN = pytest.mark.server(
    env={
        "PARLOUR_LIMITS__CONNECTION_TOKENS": "1000",
        "PARLOUR_LIMITS__CONNECTION_TOKENS_PER_S": "500",
        "PARLOUR_LIMITS__USER_TOKENS": "4000",
        "PARLOUR_LIMITS__STRIKES": "1000",
    }
)
"""What a server has that is told nothing."""


async def flood(player, count):
    for _ in range(count):
        await player.client.emit("game:heartbeat", player.message("heartbeat"))


async def answered(player, count, start):
    """Waits for so many answers to heartbeats; those that were refusals."""
    answers = lambda: player.of("heartbeat_ack", "error", start=start)
    await player.client.until(lambda *_: len(answers()) >= count, start=start)
    refused = [frame for frame in answers() if frame["type"] == "error"]
    assert {frame["code"] for frame in refused} <= {"rate_limited"} and len(answers()) == count
    return refused


async def until_it_may(refusal):
    """Waits as long as a refusal says."""
    await asyncio.sleep(refusal["details"]["retry_after_ms"] / 1000)


@mantimon.check(19)
@mantimon.ways("node/polling", "node/websocket", "node/upgrade", "python/websocket", "chromium/websocket", "plain")
@SMALL
def test_a_flood_is_answered_one_by_one_and_ends_the_connection_only_after_its_strikes(front):
    async def talk():
        async with front.open() as table:
            ada, bob = await table.seat("ada", "bob", config=mantimon.SIMPLE)
            start = ada.mark
            await flood(ada, FLOOD)
            refused = await answered(ada, FLOOD, start)
            assert 0 < len(refused) < STRIKES
            assert all(frame["request_message_id"] and frame["message"] for frame in refused)
            assert [name for name, _ in ada.client.life if name != "upgrade"] == ["connect"]
            await bob.settled()

            # The same goes for what is done, and after as long as it was told it is done.
            place = {"type": "place", "card": ada.basics()[0]}
            result = await ada.act(place, id="in a flood")
            while result["error_code"] == "rate_limited":
                refused.append(result)
                await until_it_may(result)
                result = await ada.act(place, id="in a flood")
            assert result["success"] is True, result

            # So many more than there are strikes and tokens left.
            start = ada.mark
            await flood(ada, STRIKES)
            await ada.client.lived("disconnect")
            # What came with the end itself a client may no longer tell.
            assert {frame["code"] for frame in ada.of("error", start=start)} == {"rate_limited"}
            errors = [frame for frame in refused if frame["type"] == "error"]
            said = len(ada.raw("error", code="rate_limited")) + len(refused) - len(errors)
            assert said >= STRIKES, said

            again = table.player("ada")
            await again.connect()
            await again.join()
            assert again.state["sides"][0]["face_down"] == 1
            assert not bob.of("error") and [name for name, _ in bob.client.life if name == "disconnect"] == []

    parlour.run(talk())


@mantimon.check(19)
@mantimon.ways("node/websocket", "python/polling", "chromium/upgrade", "plain")
@OWN
def test_two_hundred_messages_are_nothing_for_a_server_with_its_own_limits(front):
    async def talk():
        async with front.open() as table:
            ada = await table.connected("ada")
            start = ada.mark
            await flood(ada, 200)
            assert await answered(ada, 200, start) == []

    parlour.run(talk())
