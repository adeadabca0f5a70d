"""Who is let in by the dialect mantimon, with which token and over what; and what becomes of a first connection when the same
user comes on a second."""

import json
import uuid

import pytest

import clients
import mantimon
import parlour
import sio
import tokens

RAW = [f"raw/{transport}" for transport in sio.TRANSPORTS]
"""Packets by hand, where a client of others would not do it."""

STRANGER = b"x" * 32
"""A secret that the server does not have."""

UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
}

BAD = {
    "none": lambda front: None,
    "empty": lambda front: "",
    "nonsense": lambda front: "nonsense",
    "bad signature": lambda front: tokens.sign(STRANGER, claims()),
    "expired": lambda front: front.token("ada", exp=tokens.now() - 3600),
    "alg none": lambda front: tokens.sign(None, claims(), header={"alg": "none", "typ": "JWT"}),
    "wrong audience": lambda front: front.token("ada", aud="another"),
    "no audience": lambda front: front.token("ada", aud=None),
}


def claims():
    return {"sub": "ada", "aud": mantimon.AUDIENCE, "exp": tokens.now() + 3600}


@mantimon.check(1, 18)
@mantimon.ways(*mantimon.EVERY)
def test_with_a_good_token_one_is_let_in_and_with_no_other(front):
    async def talk():
        async with front.open() as table:
            player = table.player("ada")
            for name, make in BAD.items():
                token = make(front)
                with pytest.raises(clients.Refused) as refused:
                    await player.connect({} if token is None else {"token": token})
                assert refused.value.data["code"] == "authentication_failed", name
                assert player.frames == [], "nobody is told anything who is not let in"
            await player.connect()
            lived = [name for name, _ in player.client.life if name.startswith("connect")]
            assert lived == ["connect_error"] * len(BAD) + ["connect"]
            assert (await player.ask("heartbeat"))["type"] == "heartbeat_ack"

    parlour.run(talk())


@mantimon.check(1, 18)
@mantimon.ways(*RAW)
@pytest.mark.parametrize("name", BAD)
def test_what_is_said_before_one_is_let_in_is_never_heard(front, transport, name):
    async def talk():
        game, token = f"game-{uuid.uuid4().hex[:8]}", BAD[name](front)
        front.http("POST", "/v1/rooms", {"kind": "cards", "id": game})
        join = {"type": "join_game", "message_id": "1", "game_id": game}
        async with await sio.Session.open(front.server, transport) as session:
            packets = []
            try:
                await session.say("40/game," + ("{}" if token is None else json.dumps({"token": token})))
                packets += await session.until("44/game,")
                await session.say('42/game,1["game:join",' + json.dumps(join) + "]")
                await session.say("40/nowhere,")
                packets += await session.until("44/nowhere,")
            except sio.Ended:
                pass
        assert json.loads(packets[0].removeprefix("44/game,"))["data"]["code"] == "authentication_failed"
        assert not [packet for packet in packets if packet.startswith(("42", "43", "40/game"))]
        causes = [line["cause"] for line in parlour.replay(front.server.data, game) if "cause" in line]
        assert causes == ["opened"]

    parlour.run(talk())


FORMATS = {
    "token": lambda token: {"auth": {"token": token}},
    "token with its scheme": lambda token: {"auth": {"token": f"Bearer {token}"}},
    "authorization": lambda token: {"auth": {"authorization": token}},
    "authorization with its scheme": lambda token: {"auth": {"authorization": f"Bearer {token}"}},
    "alone": lambda token: {"auth": token},
    "alone with its scheme": lambda token: {"auth": f"Bearer {token}"},
    "header": lambda token: {"auth": {}, "headers": {"Authorization": f"Bearer {token}"}},
    "query": lambda token: {"auth": {}, "query": {"token": token}},
}


@mantimon.check(2, 18)
# A page cannot add a header to a WebSocket.
@mantimon.ways(*mantimon.SOCKETIO, "chromium/polling", "chromium/upgrade", "plain")
def test_wherever_the_token_stands_it_is_the_same_user(front):
    async def talk():
        async with front.open() as table:
            await table.deal()
            player = table.player("ada")
            token = front.token(player.user)
            for name, given in FORMATS.items():
                if front.is_plain and name not in ("header", "query"):
                    continue
                await player.connect(**given(token))
                answer = await player.join()
                if not front.is_plain:
                    assert answer["player_id"] == player.user, name
                assert player.state["you"]["seat"] == 0 and player.state["phase"] == "waiting", name
                await player.client.disconnect()
            records = parlour.replay(front.server.data, table.game)
            members = [record["input"]["user"] for record in records if record.get("cause") == "joined"]
            assert members == [player.user]

    parlour.run(talk())


@mantimon.check(2)
@mantimon.ways(*mantimon.SOME)
@pytest.mark.server(env={"PARLOUR_AUTH__TOKEN_IN_QUERY": "false"})
def test_a_token_in_the_query_counts_only_where_that_is_wanted(front):
    async def talk():
        async with front.open() as table:
            player = table.player("ada")
            with pytest.raises(clients.Refused) as refused:
                await player.connect(**FORMATS["query"](front.token(player.user)))
            assert refused.value.data["code"] == "authentication_failed"
            await player.connect()

    parlour.run(talk())


@mantimon.check(16)
@mantimon.ways("node/websocket", "python/polling", "chromium/websocket", "plain")
@pytest.mark.server(env={"PARLOUR_AUTH__SECOND_CONNECTION": "replaces"})
def test_a_second_connection_takes_the_place_of_the_first_and_the_game_goes_on(front):
    async def talk():
        async with front.open() as table:
            ada, bob = await table.seat("ada", "bob", config=mantimon.SIMPLE)
            await ada.place()
            again, heard, shown = table.player("ada"), bob.mark, ada.state
            await again.connect()
            assert again.user == ada.user
            told = await ada.until("error", where=lambda frame: frame["code"] == "connection_closed")
            assert told["details"]["reason"] == "replaced"
            await ada.client.lived("disconnect")
            await again.join()
            assert again.state == shown
            await again.done({"type": "ready"})
            assert again.state["sides"][0]["ready"] is True
            await bob.place()
            await bob.done({"type": "ready"})
            await again.until_state(lambda state: state["phase"] == "main")
            lost = [frame for frame in bob.of("opponent_status", start=heard) if frame["status"] == "disconnected"]
            assert not lost and ada.frames[-1] == told

    parlour.run(talk())


@mantimon.check(18)
@mantimon.ways("raw/polling", "raw/websocket")
def test_an_older_engine_io_is_refused_cleanly(front, transport):
    async def talk():
        for version in ("3", "2", None):
            headers = UPGRADE if transport == "websocket" else {}
            answer = await sio.request(front.server, "GET", sio.query(EIO=version, transport=transport), headers=headers)
            assert answer.status == 400 and "nsupported protocol version" in answer.body.decode(), answer

    parlour.run(talk())


@mantimon.check(18)
@mantimon.ways("raw/polling", "raw/websocket", "raw/plain")
def test_a_page_of_an_origin_that_is_not_allowed_gets_403(front, transport):
    async def talk():
        token = {"Authorization": f"Bearer {front.token('ada')}"}
        path = "/ws/mantimon" if transport == "plain" else sio.query(transport=transport)
        headers = token | ({} if transport == "polling" else UPGRADE)
        for origin in ("http://evil.example", f"http://{front.server.host}:1", "null"):
            answer = await sio.request(front.server, "GET", path, headers=headers | {"Origin": origin})
            assert answer.status == 403, (origin, answer)
        answer = await sio.request(front.server, "GET", path, headers=headers | {"Origin": front.server.url})
        assert answer.status == (200 if transport == "polling" else 101), answer

    parlour.run(talk())
