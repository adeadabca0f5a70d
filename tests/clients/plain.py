"""The game's messages over a plain WebSocket, by `websockets`."""

import asyncio
import contextlib
import json
import urllib.parse
import uuid

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from clients.base import Client, Clients
from parlour import DEADLINE

PLACE = "/ws/mantimon"

EVENTS = {"game_state": "game:state"}
"""Messages whose event has another name than `game:` and their type."""

REFUSED = "authentication_failed"

ANSWERS = {"join_game": "game_state", "heartbeat": "heartbeat_ack", "action": "action_result"}
"""What answers a message that goes well, where there are no acks."""


class Host:
    """Nothing: they live in the test."""

    @contextlib.asynccontextmanager
    async def clients(self, server):
        """Within it: a function that makes a client."""
        async with Clients(lambda: Plain(server)) as new_client:
            yield new_client

    def stop(self):
        pass


class Plain(Client):
    """Its events are the messages, named as Socket.IO names them. It shows its token in a header.

    Nobody tells it that it was let in: it asks by a heartbeat, whose answer is none of its events.
    """

    def __init__(self, server):
        super().__init__(server)
        self.socket = self.reader = None

    async def _connect(self, auth, transports, headers, query, reconnection):
        assert not reconnection, "a plain WebSocket does not come back by itself"
        if auth and "token" in auth:
            headers = {"Authorization": f"Bearer {auth['token']}"} | headers
        url = self.url.replace("http", "ws", 1) + PLACE + ("?" + urllib.parse.urlencode(query) if query else "")
        try:
            self.socket = await connect(url, additional_headers=headers, ping_interval=None, max_size=None, open_timeout=DEADLINE)
        except InvalidHandshake as refused:
            answer = getattr(refused, "response", None)
            said = [str(refused), {"status": answer.status_code, "body": answer.body.decode()} if answer else None]
            return self.note(self.life, "connect_error", said)
        self.reader = asyncio.create_task(self._read(self.socket))
        with contextlib.suppress(ConnectionClosed):
            await self.emit("game:heartbeat", {"type": "heartbeat", "message_id": str(uuid.uuid4())})

    async def _read(self, source):
        begun = len(self.life)
        with contextlib.suppress(ConnectionClosed):
            async for text in source:
                message = json.loads(text)
                kind, code, is_new = message["type"], message.get("code"), len(self.life) == begun
                if is_new and kind == "heartbeat_ack":
                    self.note(self.life, "connect", ["plain"])
                elif is_new and code == REFUSED:
                    self.note(self.life, "connect_error", [code, {"code": code}])
                else:
                    self.note(self.events, EVENTS.get(kind, f"game:{kind}"), [message])
        how = [source.close_code, source.close_reason]
        if self.life[begun:] and self.life[-1][0] == "connect_error":
            return
        self.note(self.life, "disconnect" if self.life[begun:] else "connect_error", how)

    async def emit(self, event, *args):
        """The event has no name here, for the message says what it is."""
        (message,) = args
        await self.socket.send(message if isinstance(message, (str, bytes)) else json.dumps(message))

    async def call(self, event, *args, deadline=DEADLINE):
        """Waits for what answers it: by the message's id, or by its type where it goes well."""
        (message,) = args
        start = len(self.events)

        def answers(_, said):
            of_type = said["type"] == ANSWERS.get(message["type"]) and not said.get("request_message_id")
            return of_type or said.get("request_message_id") == message["message_id"]

        await self.emit(event, message)
        return await self.until(answers, start=start, deadline=deadline)

    async def disconnect(self):
        if self.socket is not None:
            await self.socket.close()
            await self.reader
