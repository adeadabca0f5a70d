"""Connections of Socket.IO whose token counts no more: they are told so, leave the namespace for good, and are gone."""

import asyncio
import json

import pytest

import parlour
import sio
import tokens


async def farewell(session):
    """What is said before the namespace is left: the `error` in it."""
    packets = await session.until("41/game,")
    said = [json.loads(packet.removeprefix("42/game,")) for packet in packets if str(packet).startswith("42/game,")]
    errors = [message for event, message in said if event == "game:error"]
    assert len(errors) == 1, packets
    return errors[0]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    env = {"PARLOUR_LIMITS__JWT_LEEWAY_S": "0", "PARLOUR_LIMITS__SHARDS": "2"}
    server = parlour.Server(tmp_path_factory.mktemp("identity"), env=env).start()
    yield server
    assert server.stop() == 0


@pytest.mark.parametrize("transport", sio.TRANSPORTS)
def test_a_token_that_is_taken_back_or_runs_out_ends_the_connection_and_says_why(server, transport):
    async def talk():
        lasting = tokens.good(server, "ada", jti=f"t-{transport}", iat=tokens.now() - 60)
        revoked, expired = await sio.Session.open(server, transport), await sio.Session.open(server, transport)
        await revoked.join(lasting)
        await expired.join(tokens.good(server, "bob", exp=tokens.now() + 2))
        taken_back = {"jti": f"t-{transport}", "exp": tokens.now() + 3600}
        admin = server.token("root", "admin")
        answer = await asyncio.to_thread(server.http, "POST", "/v1/revocations", taken_back, admin)
        assert answer.status == 201
        for session, reason in ((revoked, "token_revoked"), (expired, "token_expired")):
            error = await farewell(session)
            assert (error["code"], error["details"]) == ("connection_closed", {"reason": reason})
            await session.end()
        # Nor does it let anybody in again.
        again = await sio.Session.open(server, transport)
        await again.say("40/game," + json.dumps({"token": lasting}))
        assert json.loads((await again.hear()).removeprefix("44/game,"))["data"]["reason"] == "token_revoked"
        await again.say("1")

    parlour.run(talk())
