"""A TCP relay between a client and its server: it can be cut hard, and remembers every byte that came from there."""

import asyncio
import contextlib
import socket
import struct

CHUNK = 1 << 16

RESET = struct.pack("ii", 1, 0)
"""SO_LINGER: closing throws away what was not sent, and the other side sees a reset."""


class Relay:
    """Listens on a port of its own. `heard` is all that the server said, in the order in which it came."""

    def __init__(self, server):
        self.server = server
        self.host, self.port = "127.0.0.1", None
        self.heard = bytearray()
        self.is_blocked = self.is_mute = False
        self.links, self.tasks = set(), set()

    async def start(self):
        self.listener = await asyncio.start_server(self._admit, self.host, 0, limit=CHUNK)
        self.port = self.listener.sockets[0].getsockname()[1]
        return self

    def cut(self):
        """Resets every connection, on both sides; how many there were. New ones may come."""
        links, self.links = self.links, set()
        for writer in links:
            raw = writer.get_extra_info("socket")
            with contextlib.suppress(OSError):
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            writer.transport.abort()
        return len(links) // 2

    def block(self):
        """Cuts, and admits nobody until `unblock`."""
        self.is_blocked = True
        return self.cut()

    def unblock(self):
        self.is_blocked = False

    def mute(self):
        """The server hears nothing of this client any more, and nobody is told: what it says from now on is lost."""
        self.is_mute = True

    async def stop(self):
        self.listener.close()
        self.block()
        await asyncio.gather(*self.tasks)
        await self.listener.wait_closed()

    async def _admit(self, reader, writer):
        task = asyncio.current_task()
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        try:
            far_reader, far_writer = await asyncio.open_connection(self.server.host, self.server.port, limit=CHUNK)
        except OSError:
            writer.transport.abort()
            return
        links = {writer, far_writer}
        if self.is_blocked:
            for link in links:
                link.transport.abort()
            return
        self.links |= links
        try:
            await asyncio.gather(self._pass(reader, far_writer), self._pass(far_reader, writer, self.heard))
        finally:
            self.links -= links
            for link in links:
                link.close()

    async def _pass(self, reader, writer, tape=None):
        with contextlib.suppress(OSError):
            while data := await reader.read(CHUNK):
                if tape is not None:
                    tape += data
                elif self.is_mute:
                    continue
                writer.write(data)
                await writer.drain()
        with contextlib.suppress(OSError, RuntimeError):
            writer.write_eof()
