"""That what drives clients of others drives them: each kind against the reference server, which no promise of ours depends on."""

import asyncio
import json

import pytest
from websockets.asyncio.server import serve

import clients
import parlour
import sio

TRANSPORTS = {"polling": ["polling"], "websocket": ["websocket"], "upgrade": ["polling", "websocket"]}


@pytest.fixture(scope="module", params=clients.SOCKETIO)
def hosts(request):
    hosts = clients.start(request.param)
    hosts.kind = request.param
    yield hosts
    hosts.stop()


@pytest.fixture(scope="module")
def server(hosts):
    """The reference server, open to the page if there is one."""
    server = sio.Reference(sio.CALM | {"origins": [origin] if (origin := getattr(hosts, "origin", None)) else []})
    yield server
    server.stop()


every = pytest.mark.parametrize("transports", TRANSPORTS.values(), ids=TRANSPORTS)


def auth(server, user="ada"):
    return {"token": server.token(user)}


@every
def test_they_connect_emit_and_are_answered(hosts, server, transports):
    async def talk():
        async with hosts.clients(server) as new_client:
            ada = await new_client().connect(auth(server), transports=transports, query={"colour": "red"})
            if len(transports) > 1:
                await ada.lived("upgrade")
            (whence,) = await ada.call("whence")
            assert (whence["user"], whence["transport"], whence["query"]["colour"]) == ("ada", transports[-1], "red")
            assert (await ada.call("echo", 1, {"a": ["é"]}, None))[:2] == [1, {"a": ["é"]}]
            # More at once than python-socketio takes of one poll would end it: sixteen.
            for number in range(12):
                await ada.emit("echo", number)
            await ada.until(lambda name, *args: args == (11,))
            assert ada.of("echoed")[1:] == [[number] for number in range(12)]
            assert b'["echoed",11]' in ada.relay.heard

    parlour.run(talk())


@every
def test_a_refusal_has_its_data_and_may_be_followed_by_a_better_try(hosts, server, transports):
    async def talk():
        async with hosts.clients(server) as new_client:
            ada = new_client()
            with pytest.raises(clients.Refused) as refused:
                await ada.connect({"token": "wrong"}, transports=transports)
            assert (refused.value.message, refused.value.data) == ("authentication_failed", {"code": "authentication_failed"})
            await ada.connect(auth(server), transports=transports)
            await ada.call("game:heartbeat")

    parlour.run(talk())


@every
def test_a_cut_is_noticed_and_they_come_back(hosts, server, transports):
    async def talk():
        async with hosts.clients(server) as new_client:
            ada = await new_client().connect(auth(server), transports=transports)
            await ada.call("game:heartbeat")
            await ada.cut()
            await ada.connect(auth(server), transports=transports)
            await ada.call("game:heartbeat")
            assert [name for name, _ in ada.life if name != "upgrade"] == ["connect", "disconnect", "connect"]

    parlour.run(talk())


def test_they_come_back_by_themselves_where_they_may(hosts, server):
    async def talk():
        async with hosts.clients(server) as new_client:
            ada = await new_client().connect(auth(server), transports=["websocket"], reconnection=True)
            ada.relay.block()
            await ada.lived("disconnect")
            ada.relay.unblock()
            await ada.lived("connect", start=len(ada.life), deadline=30)
            await ada.call("game:heartbeat")

    parlour.run(talk())


def test_several_of_them_hear_each_their_own(hosts, server):
    async def talk():
        async with hosts.clients(server) as new_client:
            made = [new_client() for _ in range(3)]
            await asyncio.gather(*(client.connect(auth(server, f"user{i}")) for i, client in enumerate(made)))
            await asyncio.gather(*(client.call("echo", i) for i, client in enumerate(made)))
            assert [client.of("echoed") for client in made] == [[[0]], [[1]], [[2]]]
            await made[0].emit("leave")
            await made[0].lived("disconnect")
            await made[1].disconnect()
            assert await made[2].call("echo", 9) == [9]

    parlour.run(talk())


def test_headers_go_where_they_can(hosts, server):
    async def talk():
        async with hosts.clients(server) as new_client:
            # A page cannot add any to a WebSocket.
            transports = ["polling"] if hosts.kind == "chromium" else ["websocket"]
            ada = await new_client().connect(auth(server), transports=transports, headers={"Authorization": "Bearer x"})
            (whence,) = await ada.call("whence")
            assert whence["headers"]["authorization"] == "Bearer x"
            assert (whence["headers"].get("origin") == hosts.origin) if hosts.kind == "chromium" else True

    parlour.run(talk())


@pytest.mark.parametrize("hosts", ["chromium"], indirect=True)
def test_a_page_of_an_origin_that_is_not_allowed_cannot_poll(hosts, server):
    async def talk():
        async with hosts.clients(server, hosts.stranger) as new_client:
            with pytest.raises(clients.Refused) as refused:
                await new_client().connect(auth(server), transports=["polling"])
            assert "poll error" in refused.value.message

    parlour.run(talk())


class Plain:
    """Enough of a server for clients without Socket.IO."""

    host = "127.0.0.1"

    async def play(self, websocket):
        async for text in websocket:
            said = json.loads(text)
            if websocket.request.headers["Authorization"] != "Bearer good-ada":
                await websocket.send(json.dumps({"type": "error", "code": "authentication_failed"}))
                return await websocket.close(1008, "authentication_failed")
            await websocket.send(json.dumps({"type": "turn_start"}))
            if said["type"] == "heartbeat":
                await websocket.send(json.dumps({"type": "heartbeat_ack"}))
            else:
                await websocket.send(json.dumps({"type": "error", "request_message_id": said["message_id"]}))

    def judge(self, connection, request):
        if request.path != "/ws/mantimon" or "Authorization" not in request.headers:
            return connection.respond(401, "no\n")
        return None


def test_plain_websockets_are_driven_in_the_same_way():
    async def talk():
        far, hosts = Plain(), clients.start("plain")
        async with serve(far.play, far.host, 0, process_request=far.judge) as listener, hosts.clients(far) as new_client:
            far.port = listener.sockets[0].getsockname()[1]
            ada = new_client()
            with pytest.raises(clients.Refused) as refused:
                await ada.connect()
            assert refused.value.data == {"status": 401, "body": "no\n"}
            with pytest.raises(clients.Refused) as refused:
                await ada.connect({"token": "wrong"})
            assert (refused.value.message, refused.value.data) == ("authentication_failed", {"code": "authentication_failed"})
            await ada.connect({"token": "good-ada"})
            assert await ada.call("game:heartbeat", {"type": "heartbeat", "message_id": "1"}) == [{"type": "heartbeat_ack"}]
            (error,) = await ada.call("game:join", {"type": "join_game", "message_id": "2"})
            assert (error["type"], error["request_message_id"]) == ("error", "2")
            heard = [name.removeprefix("game:") for name, _ in ada.events]
            assert heard == ["turn_start", "turn_start", "heartbeat_ack", "turn_start", "error"]
            await ada.cut()
            await ada.connect({"token": "good-ada"})
        hosts.stop()

    parlour.run(talk())
