"""Clients of the dialect aniworld, all kinds alike: what one was told, held against what may be told, and what it asks."""

import asyncio
import contextlib
import json

import parlour
from aniworld_judge import ENDS, judge
from parlour import DEADLINE


class Clients:
    """Clients of one kind: those of `websockets`, or pages in Chromium, one for each server."""

    def __init__(self, kind, hosts):
        self.kind, self.hosts = kind, hosts
        self.loop = self.stack = None

    def run(self, talk, deadline=60.0):
        """Runs a coroutine function to its end, in which there may be clients."""

        async def within():
            self.loop, self.made, self.making = asyncio.get_running_loop(), {}, asyncio.Lock()
            async with contextlib.AsyncExitStack() as self.stack:
                await talk()

        return parlour.run(within(), deadline)

    async def maker(self, server):
        """A function that makes sockets to a server."""
        async with self.making:
            if server not in self.made:
                self.made[server] = await self.stack.enter_async_context(self.hosts(self.kind).sockets(server))
            return self.made[server]

    def http(self, server, method, target, body=None, token=None):
        """An HTTP request, of the page where there is one. Blocks: in a coroutine it belongs on a thread."""
        if self.kind == "websockets":
            return server.http(method, target, body, token=token, deadline=30.0)
        return asyncio.run_coroutine_threadsafe(self._fetch(server, method, target, body, token), self.loop).result(60.0)

    async def _fetch(self, server, method, target, body, token):
        tab = (await self.maker(server))().tab
        text = body if body is None or isinstance(body, str) else json.dumps(body)
        options = {"method": method, "headers": {"Authorization": f"Bearer {token}"} if token else {}}
        if text is not None:
            options["body"] = text
            options["headers"]["Content-Type"] = "application/json"
        answer = await tab.run(f"fetch({json.dumps(target)}, {json.dumps(options)}).then(async (answer) => ({{"
                               "status: answer.status, headers: Object.fromEntries(answer.headers), body: await answer.text()}))")
        return parlour.Response(answer["status"], answer["headers"], answer["body"].encode())


class Listener:
    """A client. `frames`: all it was told, in order, each held against what may be told."""

    def __init__(self, front, user="ada", *, path="/ws/aniworld", token=None, by="header"):
        self.front = front
        token = token or (user and front.token(user))
        query = [f"room={front.queue}"] if front.queue else []
        if by == "query" and token:
            query.append(f"token={token}")
        self.target = path + ("?" + "&".join(query) if query else "")
        self.token = token if by == "header" else None
        self.frames, self.texts, self.seen, self.faults = [], [], {}, []
        self.news, self.closed = asyncio.Event(), None

    async def __aenter__(self):
        self.socket = (await self.front.clients.maker(self.front.server))()
        self.socket.note = self._note
        await self.socket.open(self.target, self.token)
        return self

    async def __aexit__(self, *_):
        await self.socket.close()
        assert not self.faults, self.faults

    def _note(self, text=None, closed=None):
        if text is not None:
            frame = json.loads(text)
            try:
                judge(frame, self.seen)
            except (AssertionError, KeyError, ValueError) as fault:
                self.faults.append(fault)
            self.texts.append(text)
            self.frames.append(frame)
        if closed is not None:
            self.closed = closed
        type(self.socket).note(self.socket, None, closed)
        self.news.set()

    async def first(self, matches, what, *, start=0, deadline=DEADLINE):
        """The first message from `start` on for which it holds; waits for it."""
        at = start
        try:
            async with asyncio.timeout(deadline):
                while True:
                    while at < len(self.frames):
                        at += 1
                        if matches(self.frames[at - 1]):
                            return self.frames[at - 1]
                    assert self.closed is None, f"no {what} before {self.closed}; there were {self.frames[-20:]}"
                    self.news.clear()
                    await self.news.wait()
        except TimeoutError:
            raise AssertionError(f"waited {deadline} s for {what}; there were {self.frames[-20:]}") from None

    async def until(self, kind, where=lambda data: True, *, start=0, deadline=DEADLINE):
        """The data of the first message of this type from `start` on for which it holds."""
        return (await self.first(lambda f: f["type"] == kind and where(f["data"]), kind, start=start, deadline=deadline))["data"]

    async def until_end(self, download, *, start=0, deadline=30.0):
        """The message with which a download ended."""
        is_it = lambda frame: frame["type"] in ENDS and frame["data"]["download_id"] == download
        return await self.first(is_it, f"end of {download}", start=start, deadline=deadline)

    async def until_closed(self, deadline=DEADLINE):
        """Waits until the connection has ended: its code, and what was said of it."""
        return await self.socket.until_closed(deadline)

    def of(self, *kinds, start=0):
        """The data of the messages of these types, or of all but pings."""
        kept = [frame for frame in self.frames[start:] if frame["type"] != "ping"]
        return [frame["data"] for frame in kept if frame["type"] in kinds] if kinds else kept

    def begins_anew(self, download):
        """Another run of a download was asked for: from here on it may go on, and end once more."""
        self.seen["downloads"].pop(download)

    @property
    def mark(self):
        """How much was heard until now."""
        return len(self.frames)

    async def say(self, message):
        await self.socket.send(message if isinstance(message, (str, bytes)) else json.dumps(message))

    async def ask(self, action, **fields):
        """Says something and returns its one answer: a message."""
        return await self.answer({"action": action} | fields)

    async def answer(self, message):
        """The same of any message, which may be junk. Nothing that rooms tell is an answer."""

        def is_answer(frame):
            return frame["type"] in ("pong", "error") or frame["type"] == "system_info" and "seq" not in frame["data"]

        start = self.mark
        await self.say(message)
        return await self.first(is_answer, f"answer to {str(message)[:80]}", start=start)

    async def join(self, *rooms):
        """Joins, and waits until it was told how things are."""
        for room in rooms:
            answer = await self.ask("join", data={"room": room})
            assert answer["type"] == "system_info" and answer["data"]["room"] == room, answer
        await self.settled()

    async def settled(self):
        """Waits until all that was said before is answered."""
        assert (await self.ask("ping"))["type"] == "pong"
