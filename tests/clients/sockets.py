"""Plain WebSockets by two clients that others have written: `websockets`, and the browser's own in Chromium.

    host = sockets.start("chromium")                  # once a run: a process, where the kind needs one
    async with host.sockets(server) as new_socket:
        socket = await new_socket().open("/ws", token)
        await socket.send('{"type":"ping"}')
        await socket.until_closed()
"""

import asyncio
import contextlib
import json

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from clients import browser
from parlour import DEADLINE

KINDS = ["websockets", "chromium"]


def start(kind):
    """What sockets of this kind live in. `stop` it."""
    return {"websockets": Host, "chromium": Browser}[kind]()


class Socket:
    """One connection. `texts`: every text that came, in order; `closed`: (code, reason) once it has ended. It may be opened
    again when it has; `texts` stay."""

    def __init__(self, server):
        self.server, self.texts, self.closed, self.news = server, [], None, asyncio.Event()

    def note(self, text=None, closed=None):
        if text is not None:
            self.texts.append(text)
        if closed is not None:
            self.closed = closed
        self.news.set()

    async def until(self, condition, what, deadline=DEADLINE):
        """Waits until `condition()` is something, and returns that."""
        try:
            async with asyncio.timeout(deadline):
                while not (value := condition()):
                    assert self.closed is None, f"closed with {self.closed} while waiting for {what}"
                    self.news.clear()
                    await self.news.wait()
                return value
        except TimeoutError:
            raise AssertionError(f"waited {deadline} s for {what}; last came: {self.texts[-10:]}") from None

    async def until_closed(self, deadline=DEADLINE):
        async with asyncio.timeout(deadline):
            while self.closed is None:
                self.news.clear()
                await self.news.wait()
        return self.closed


class Host:
    """Nothing: they live in the test."""

    @contextlib.asynccontextmanager
    async def sockets(self, server):
        """Within it: a function that makes a socket."""
        made = []

        def make():
            made.append(Websocket(server))
            return made[-1]

        try:
            yield make
        finally:
            await asyncio.gather(*(socket.close() for socket in made))

    def stop(self):
        pass


class Websocket(Socket):
    socket = reader = None

    async def open(self, path, token=None, **options):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        url = f"ws://{self.server.host}:{self.server.port}{path}"
        settings = {"ping_interval": None, "max_size": None, "open_timeout": DEADLINE} | options
        self.closed = None
        self.socket = await connect(url, additional_headers=headers, **settings)
        self.reader = asyncio.create_task(self._read(self.socket))
        return self

    async def _read(self, source):
        with contextlib.suppress(ConnectionClosed):
            async for text in source:
                self.note(text)
        self.note(closed=(source.close_code, source.close_reason))

    async def send(self, *messages):
        """Texts, or bytes as binary messages."""
        for message in messages:
            await self.socket.send(message)

    async def close(self):
        if self.socket is not None:
            await self.socket.close()
            await self.reader


class Browser(browser.Host):
    """Chromium. Each `sockets` is a page of the server's own, which a browser may connect from."""

    @contextlib.asynccontextmanager
    async def sockets(self, server):
        async with connect(self.devtools, ping_interval=None, max_size=None, compression=None) as devtools:
            tab = browser.Tab(devtools)
            reader = asyncio.create_task(tab.read())
            await tab.open(f"{server.url}/healthz")
            await tab.run(PAGE)
            yield lambda: InPage(tab, server)
            await tab.close()
        await reader


PAGE = """
const sockets = {};
function open(client, url, protocols) {
    const socket = sockets[client] = new WebSocket(url, protocols);
    const tell = (told) => { if (sockets[client] === socket) toPython(JSON.stringify({client, ...told})); };
    // What came in one turn is told together: each call costs more than what it tells.
    let texts = [];
    const tellTexts = () => { if (texts.length) tell({texts: texts.splice(0)}); };
    socket.onopen = () => tell({opened: true});
    socket.onmessage = (event) => { if (texts.push(event.data) === 1) setTimeout(tellTexts); };
    socket.onclose = (event) => { tellTexts(); tell({closed: [event.code, event.reason]}); };
}
0
"""


class InPage(Socket):
    """The token is offered as a subprotocol: a page can set no header."""

    def __init__(self, tab, server):
        super().__init__(server)
        self.tab, self.number, self.is_open = tab, len(tab.clients), False
        tab.clients[self.number] = self

    async def open(self, path, token=None):
        self.closed, self.is_open = None, False
        protocols = json.dumps(["parlour.v1", f"parlour.token.{token}"] if token else [])
        url = json.dumps(f"ws://{self.server.host}:{self.server.port}{path}")
        await self.tab.run(f"open({self.number}, {url}, {protocols})")
        await self.until(lambda: self.is_open, "the connection")
        return self

    def take(self, told):
        """What the page told."""
        self.is_open = self.is_open or "opened" in told
        for text in told.get("texts", []):
            self.note(text)
        self.note(closed=tuple(told["closed"]) if "closed" in told else None)

    async def send(self, *messages):
        values = (f"new Uint8Array({list(said)})" if isinstance(said, bytes) else json.dumps(said) for said in messages)
        await self.tab.run("".join(f"sockets[{self.number}].send({value});" for value in values))

    async def close(self):
        await self.tab.run(f"sockets[{self.number}].close()")
        await self.until_closed()
