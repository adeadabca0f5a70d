"""Clients of socket.io-client, which somebody else runs: `link.tell(command)`, and the link hands on what it is told."""

import asyncio

from clients.base import PATH, Client
from parlour import DEADLINE


class Link:
    """Who runs the clients. A subclass sends commands in `tell`, and calls `hear` with what comes back."""

    def __init__(self):
        self.clients = {}

    async def tell(self, command):
        raise NotImplementedError

    def hear(self, told):
        self.clients[told["client"]].take(told)


class Driven(Client):
    def __init__(self, link, server):
        super().__init__(server)
        self.link, self.calls = link, []
        self.number = len(link.clients)
        link.clients[self.number] = self

    async def _connect(self, auth, transports, headers, query, reconnection):
        options = {"auth": auth, "transports": transports, "extraHeaders": headers, "query": query}
        # A browser sends its cookies along; what a server must allow for that is part of what is tried.
        given = {name: value for name, value in options.items() if value} | {"withCredentials": True}
        given |= {"reconnection": reconnection, "reconnectionDelay": 100}
        await self._tell("connect", url=self.url + PATH, options=given)

    async def emit(self, event, *args):
        await self._tell("emit", event=event, args=args)

    async def call(self, event, *args, deadline=DEADLINE):
        answer = asyncio.get_running_loop().create_future()
        self.calls.append(answer)
        await self._tell("call", event=event, args=args, call=len(self.calls) - 1)
        return await asyncio.wait_for(answer, deadline)

    async def disconnect(self):
        await self._tell("disconnect")

    def take(self, told):
        """What the client told."""
        if "call" in told:
            answer = self.calls[told["call"]]
            if not answer.done():  # It may have come too late.
                answer.set_result(told["args"])
        elif "life" in told:
            self.note(self.life, told["life"], told["args"])
        else:
            self.note(self.events, told["event"], told["args"])

    async def _tell(self, do, **fields):
        await self.link.tell({"do": do, "client": self.number, **fields})
