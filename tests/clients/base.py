"""What every kind of client is to a test."""

import asyncio
import contextlib

from clients.relay import Relay
from parlour import DEADLINE

PATH = "/game"


class Refused(Exception):
    """The server does not let this client in: `message`, and `data` for programs."""

    def __init__(self, message, data=None):
        super().__init__(f"{message}: {data}")
        self.message, self.data = message, data


class Client:
    """One client. `connect` may follow `cut`, `disconnect` or a refusal; what it has heard stays.

    `events`: every event as `(name, args)`, in the order in which they came. `life`: what happened to the connection, likewise:
    `connect`, `upgrade`, `connect_error`, `disconnect` with what the client was told. `relay.heard` is every byte behind it.
    """

    recorder = None
    """Who else hears every event: `hear(server, name, args)`."""

    def __init__(self, server):
        self.server = server
        self.relay = Relay(server)
        self.events, self.life = [], []
        self.waiting = set()

    @property
    def url(self):
        return f"http://{self.relay.host}:{self.relay.port}"

    async def connect(self, auth=None, *, transports=("polling", "websocket"), headers=None, query=None, reconnection=False):
        """Joins the game's namespace, or raises `Refused`. `headers` and `query` go with every request."""
        if self.relay.port is None:
            await self.relay.start()
        start = len(self.life)
        await self._connect(auth, list(transports), headers or {}, query or {}, reconnection)
        name, args = await self.lived("connect", "connect_error", start=start)
        if name == "connect_error":
            raise Refused(*args)
        return self

    async def emit(self, event, *args):
        """Says something, and wants no ack."""
        raise NotImplementedError

    async def call(self, event, *args, deadline=DEADLINE):
        """Says something, and waits for the ack: a list of what it says."""
        raise NotImplementedError

    async def disconnect(self):
        """Leaves in good order."""
        raise NotImplementedError

    async def cut(self):
        """Cuts the link hard, and keeps it cut until the client has noticed: one that polls may be between two polls."""
        start = len(self.life)
        self.relay.block()
        noticed = await self.lived("disconnect", start=start)
        self.relay.unblock()
        return noticed

    async def close(self):
        """Leaves, and leaves nothing behind."""
        with contextlib.suppress(Exception):
            await self.disconnect()
        if self.relay.port is not None:
            await self.relay.stop()

    async def until(self, matches, *, start=0, deadline=DEADLINE):
        """The arguments of the first event from `events[start]` on of this name, or for which `matches(name, *args)`."""
        fits = (lambda name, *_: name == matches) if isinstance(matches, str) else matches
        return (await self._wait(self.events, fits, start, deadline, matches))[1]

    async def lived(self, *names, start=0, deadline=DEADLINE):
        """The first of these that happened to the connection since `life[start]`: `(name, args)`."""
        return await self._wait(self.life, lambda name, *_: name in names, start, deadline, names)

    def of(self, name):
        """The arguments of all events of this name."""
        return [args for known, args in self.events if known == name]

    def note(self, kept, name, args):
        """Something came."""
        if self.recorder is not None and kept is self.events:
            self.recorder.hear(self.server, name, list(args))
        kept.append((name, list(args)))
        for waiting in self.waiting:
            waiting.set()

    async def _wait(self, kept, fits, start, deadline, what):
        at, news = start, asyncio.Event()
        self.waiting.add(news)
        try:
            async with asyncio.timeout(deadline):
                while True:
                    news.clear()
                    while at < len(kept):
                        at += 1
                        name, args = kept[at - 1]
                        if fits(name, *args):
                            return name, args
                    await news.wait()
        except TimeoutError:
            raise AssertionError(f"waited {deadline} s for {what}; since then: {kept[start:]}; {self.life}") from None
        finally:
            self.waiting.discard(news)


class Clients:
    """Makes clients, and closes them all in the end."""

    def __init__(self, make):
        self.make, self.made = make, []

    async def __aenter__(self):
        return self

    def __call__(self):
        self.made.append(self.make())
        return self.made[-1]

    async def __aexit__(self, *_):
        await asyncio.gather(*(client.close() for client in self.made))
