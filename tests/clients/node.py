"""socket.io-client in Node.js: one process, and a connection to it for each test."""

import asyncio
import contextlib
import json

import sio
from clients.base import Clients
from clients.driven import Driven, Link


class Host:
    """The process."""

    def __init__(self):
        self.process = sio.run_node("client.js")
        self.port = int(self.process.stdout.readline())

    @contextlib.asynccontextmanager
    async def clients(self, server):
        """Within it: a function that makes a client."""
        link = NodeLink(*await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 24))
        reader = asyncio.create_task(link.read())
        try:
            async with Clients(lambda: Driven(link, server)) as new_client:
                yield new_client
        finally:
            link.writer.close()
            await reader

    def stop(self):
        sio.stop_node(self.process)


class NodeLink(Link):
    def __init__(self, reader, writer):
        super().__init__()
        self.reader, self.writer = reader, writer

    async def tell(self, command):
        self.writer.write(json.dumps(command).encode() + b"\n")
        await self.writer.drain()

    async def read(self):
        with contextlib.suppress(ConnectionError):
            while line := await self.reader.readline():
                self.hear(json.loads(line))
