"""Very many WebSockets at once, by hand, on a thread of their own: each counts what comes, and keeps how every frame begins.

    with crowd.Crowd(server, tokens) as people:
        people.connect("/ws")
        people.begin()
        people.say({"type": "join_room", "ref": "j", "payload": {"room_id": "all"}})
        people.until(lambda member: member.of("ack"), "an answer")
"""

import asyncio
import json
import struct
import threading

import parlour
import raw

KEPT = 300
"""So many bytes of a frame are kept: where it says of what type it is, and its number."""

CHAT = b'{"v":1,"type":"chat"'


class Crowd:
    """A member for each token; one without is a guest, and the same guest whenever it comes back."""

    def __init__(self, server, tokens):
        self.server, self.members = server, [Member(token) for token in tokens]
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.drop()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(parlour.DEADLINE)
        self.loop.close()

    def connect(self, path, deadline=60.0):
        """All at once, each anew, until all are greeted."""

        async def connect(member):
            member.begin(raw.upgrade_request(path, token=member.token))
            member.user = None
            await self.loop.create_connection(lambda: member, self.server.host, self.server.port)

        self._run(lambda: asyncio.gather(*map(connect, self.members)), deadline)
        self.until(lambda member: member.user, "a greeting", deadline)

    def begin(self):
        """Forgets what came until now."""

        async def begin():
            for member in self.members:
                member.frames, member.chats, member.bytes = [], 0, 0

        self._run(begin, parlour.DEADLINE)

    @property
    def frames(self):
        """How many came, to all of them."""
        return sum(len(member.frames) for member in self.members)

    @property
    def bytes(self):
        return sum(member.bytes for member in self.members)

    def say(self, message):
        """Each says the same."""
        frame = raw.message(message)

        async def say():
            for member in self.members:
                member.transport.write(frame)

        self._run(say, parlour.DEADLINE)

    def drop(self):
        """All are gone at once, without a word."""

        async def drop():
            for member in self.members:
                if member.transport is not None:
                    member.transport.abort()

        self._run(drop, parlour.DEADLINE)

    def until(self, condition, what, deadline=60.0):
        """Waits until it holds for each of them."""
        waiting = list(self.members)

        def is_done():
            waiting[:] = [member for member in waiting if not condition(member)]
            assert not any(member.is_closed for member in waiting), f"closed while waiting for {what}: {waiting[0].frames[-3:]}"
            return not waiting

        parlour.poll(is_done, f"{what} for each of {len(self.members)}", deadline)

    def _run(self, make, deadline):
        async def run():
            return await make()

        return asyncio.run_coroutine_threadsafe(run(), self.loop).result(deadline)


class Member(asyncio.Protocol):
    """`frames`: how each text frame began; `chats`: how many of them were said; `bytes`: how long all were."""

    def __init__(self, token):
        self.token, self.transport, self.user = token, None, None
        self.frames, self.chats, self.bytes, self.is_closed = [], 0, 0, False

    def begin(self, request):
        self.request, self.buffer, self.is_upgraded = request, bytearray(), False
        self.frames, self.chats, self.bytes, self.is_closed = [], 0, 0, False

    def of(self, *kinds):
        """The beginnings of frames of these types."""
        begins = tuple(f'{{"v":1,"type":"{kind}"'.encode() for kind in kinds)
        return [frame for frame in self.frames if frame.startswith(begins)]

    def connection_made(self, transport):
        self.transport = transport
        transport.write(self.request)

    def connection_lost(self, _):
        self.is_closed = True

    def data_received(self, data):
        self.buffer += data
        if not self.is_upgraded:
            head, found, rest = self.buffer.partition(b"\r\n\r\n")
            if not found:
                return
            assert head.startswith(b"HTTP/1.1 101"), head
            self.is_upgraded, self.buffer = True, rest
        at = 0
        while (end := self.frame_at(at)) is not None:
            at = end
        del self.buffer[:at]

    def frame_at(self, at):
        """Takes the frame that begins here, if it is whole; where it ends."""
        if len(self.buffer) < at + 2:
            return None
        size, begin = self.buffer[at + 1], at + 2
        if size >= 126:
            begin, form = (at + 4, ">H") if size == 126 else (at + 10, ">Q")
            if len(self.buffer) < begin:
                return None
            (size,) = struct.unpack(form, self.buffer[at + 2 : begin])
        end = begin + size
        if len(self.buffer) < end:
            return None
        opcode = self.buffer[at] & 0x0F
        if opcode == raw.TEXT:
            self.bytes += size
            self.chats += self.buffer.startswith(CHAT, begin)
            self.frames.append(bytes(self.buffer[begin : min(end, begin + KEPT)]))
            if self.user is None:
                self.greeted(json.loads(self.buffer[begin:end]))
        elif opcode == raw.PING:
            self.transport.write(raw.frame(bytes(self.buffer[begin:end]), raw.PONG))
        return end

    def greeted(self, said):
        assert said["type"] == "connected", said
        self.user, self.token = said["payload"]["user_id"], said["payload"].get("token", self.token)
