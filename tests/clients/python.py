"""python-socketio, its client for asyncio."""

import contextlib
import urllib.parse

import socketio
import socketio.exceptions

from clients.base import PATH, Client, Clients
from parlour import DEADLINE


class Host:
    """Nothing: they live in the test."""

    @contextlib.asynccontextmanager
    async def clients(self, server):
        """Within it: a function that makes a client."""
        async with Clients(lambda: Python(server)) as new_client:
            yield new_client

    def stop(self):
        pass


class Python(Client):
    def __init__(self, server):
        super().__init__(server)
        self.socket = None

    async def _connect(self, auth, transports, headers, query, reconnection):
        await self.disconnect()
        self.socket = socketio.AsyncClient(reconnection=reconnection, reconnection_delay=0.1, handle_sigint=False)
        # Each event has a task of its own. They begin in the order of the events, and these handlers end where they begin.
        self.socket.on("connect", lambda: self._connected(transports), namespace=PATH)
        self.socket.on("disconnect", lambda reason: self.note(self.life, "disconnect", [reason]), namespace=PATH)
        self.socket.on("*", lambda event, *args: self.note(self.events, event, args), namespace=PATH)
        told = []
        self.socket.on("connect_error", told.append, namespace=PATH)
        url = self.url + ("?" + urllib.parse.urlencode(query) if query else "")
        try:
            await self.socket.connect(url, headers, auth, transports, namespaces=[PATH], wait_timeout=DEADLINE)
        except socketio.exceptions.ConnectionError as error:
            refusal = told[0] if told and isinstance(told[0], dict) else {"message": str(error)}
            self.note(self.life, "connect_error", [refusal.get("message"), refusal.get("data")])

    def _connected(self, transports):
        transport = self.socket.transport()
        self.note(self.life, "connect", [transport])
        # It comes over before it joins anything, and tells nobody.
        if transport != transports[0]:
            self.note(self.life, "upgrade", [transport])

    async def emit(self, event, *args):
        await self.socket.emit(event, args, namespace=PATH)

    async def call(self, event, *args, deadline=DEADLINE):
        answer = await self.socket.call(event, args, namespace=PATH, timeout=deadline)
        # It makes a list of one a value, and a list of none nothing.
        return [] if answer is None else list(answer) if isinstance(answer, tuple) else [answer]

    async def disconnect(self):
        if self.socket is not None:
            await self.socket.disconnect()
            # Which it leaves open where it was refused.
            if self.socket.eio.http is not None:
                await self.socket.eio.http.close()
