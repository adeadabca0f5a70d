"""What the tests of the dialect casys share: servers in both modes, and clients that know nothing but its messages.

    @compatibility.check("casys", 4)
    def test_a_choice_is_shown(front):
        async def talk():
            async with front.table() as table:
                ada = await table.client()
                state = await ada.go(2)
        parlour.run(talk())

In strict everybody is somebody, by a token; in compat nobody says who they are, as the original's clients do not, unless a table
is told otherwise. `client` is by what a test is played: `websockets`, or a page in Chromium, which asks by HTTP too.
"""

import asyncio
import contextlib
import functools
import itertools
import json
import urllib.parse
import uuid

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

import clients.browser
import clients.relay
import parlour
from parlour import DEADLINE

CHECKS = {
    1: "at each path the first frame is a state with the eleven keys",
    2: "a ping is answered with its timestamp as it was, and never with the word None",
    3: "`get_state` gives the state that was broadcast last, byte for byte",
    4: "a legal choice is shown to every client of the game, with equal content",
    5: "a choice never reaches another game, and one that names another is refused",
    6: "what is no choice of the section is refused and changes nothing",
    7: "the server rolls: a made-up total is refused in strict and not looked at in compat, and what was rolled plays again",
    8: "a choice that is missing, empty or of other types is refused, and the connection goes on",
    9: "each message that is none is answered by one typed error, and the connection goes on but for 1007 and 1009",
    10: "of two choices for one section the first counts; the same again counts once",
    11: "while the narrator takes its time pings are answered, other games go on, and who asks for it sees progress",
    12: "a narrator that fails changes nothing, is told by a typed error, and can be asked again",
    13: "a fault inside closes with 1011, and others go on",
    14: "a client whose link is cut, or that does not read, delays nobody",
    15: "who comes back, also after a kill of the server, sees what is waited for, and the choice still counts",
    16: "every target exists, and dice lead somewhere with each total from 2 to 12",
    17: "errors have type, status, error and code, and no trace of what is inside",
    18: "each HTTP route answers as the original's, its failures with `detail`, and stop and reset change what the socket shows",
}

CLIENTS = ("websockets", "chromium")

NOT_IN = {}
"""Which checks a kind of client cannot play: none."""

KEYS = {
    "session_id",
    "game_id",
    "section_number",
    "narrative",
    "rules",
    "decision",
    "trace",
    "character",
    "metadata",
    "should_continue",
    "error",
}
"""Of a state of the original."""

PATHS = ["/ws/casys", "/ws/game", "/api/ws/game"]

DEFAULT = "casys-default"

ERRORS = {"message_error", "choice_error", "action_error", "narration_error"}

both = pytest.mark.parametrize("client", CLIENTS)
"""Played by each kind of client."""


class Client:
    """One connection. `frames` is all that it heard, as text; a state that came is also the last in `states`."""

    def __init__(self):
        self.texts, self.frames, self.news = [], [], asyncio.Event()
        self.closed = None

    def heard(self, text):
        self.texts.append(text)
        self.frames.append(json.loads(text))
        self.news.set()

    def has_ended(self, code, reason):
        self.closed = (code, reason)
        self.news.set()

    @property
    def states(self):
        return [frame for frame in self.frames if frame["type"] == "state"]

    @property
    def errors(self):
        return [frame for frame in self.frames if frame["type"] in ERRORS]

    async def until(self, fits, what="what fits", start=0, deadline=DEADLINE):
        """The first frame since `frames[start]` of this type, or for which `fits(frame)`."""
        is_it = fits if callable(fits) else lambda frame: frame["type"] == fits
        try:
            async with asyncio.timeout(deadline):
                while True:
                    self.news.clear()
                    for frame in self.frames[start:]:
                        if is_it(frame):
                            return frame
                    start = len(self.frames)
                    assert self.closed is None, f"closed by {self.closed} while waiting for {what}: {self.frames[-3:]}"
                    await self.news.wait()
        except TimeoutError:
            last = [text[:300] for text in self.texts[-3:]]
            raise AssertionError(f"waited {deadline} s for {what} {fits}; last: {last}") from None

    async def until_closed(self, deadline=DEADLINE):
        async with asyncio.timeout(deadline):
            while self.closed is None:
                self.news.clear()
                if self.closed is None:
                    await self.news.wait()
        return self.closed

    async def send(self, message):
        await self.send_text(json.dumps(message))

    async def shown(self, section, start=0, more=lambda state: True):
        """The first state since `frames[start]` of this section, for which `more(state)`."""
        fits = lambda frame: frame["type"] == "state" and frame["section_number"] == section and more(frame)  # noqa: E731
        return await self.until(fits, f"section {section}", start)

    async def state(self):
        """The state as it is now."""
        return await self.ask({"type": "get_state"}, "state")

    async def settled(self):
        """Everything that was said before is answered: what the room is asked comes in order, and is refused."""
        start = len(self.frames)
        await self.send({"type": "action", "action": {"type": "no_such_action"}})
        await self.until("action_error", start=start)
        at = next(at for at in range(start, len(self.frames)) if self.frames[at]["type"] == "action_error")
        return self.frames[start:at]

    async def ask(self, message, *types):
        """Says something and waits for the first frame of one of these types."""
        start = len(self.frames)
        await (self.send_text(message) if isinstance(message, (str, bytes)) else self.send(message))
        return await self.until(lambda frame: frame["type"] in types, types, start)

    async def choose(self, choice_id, text="", game="", metadata=None):
        """Chooses, as the original's page does; the state of the next step, or the error. States that only say what the narrator
        has said, or who came, may come before it."""
        start, step = len(self.frames), self.states[-1]["metadata"]["step"]
        await self.send(choice(choice_id, text, game, metadata))

        def follows(frame):
            return frame["type"] == "choice_error" or (frame["type"] == "state" and frame["metadata"]["step"] != step)

        return await self.until(follows, "the next step", start)


    async def go(self, *sections):
        """Chooses its way through these sections; the state of the last."""
        for section in sections:
            state = await self.choose(str(section))
            assert state["type"] == "state" and state["section_number"] == section, state
        return state


def choice(choice_id, text="", game="", metadata=None):
    return {
        "type": "choice",
        "choice": {"game_id": game, "choice_id": choice_id, "choice_text": text, "metadata": metadata or {}},
    }


class Plain(Client):
    """By `websockets`."""

    async def connect(self, url, token, source=None):
        """`source`: the address of this machine that it comes from."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        settings = {"ping_interval": None, "max_size": None, "open_timeout": DEADLINE}
        settings |= {"local_addr": (source, 0)} if source else {}
        self.socket = await connect(url, additional_headers=headers, **settings)
        self.reader = asyncio.create_task(self._read())
        return self

    async def _read(self):
        with contextlib.suppress(ConnectionClosed):
            async for text in self.socket:
                self.heard(text)
        self.has_ended(self.socket.close_code, self.socket.close_reason)

    async def send_text(self, text):
        await self.socket.send(text)

    async def close(self):
        await self.socket.close()
        await self.reader


class InPage(Client):
    """A WebSocket on a page."""

    numbers = itertools.count()

    def __init__(self, tab):
        super().__init__()
        self.tab, self.number = tab, next(self.numbers)
        tab.clients[self.number] = self

    def take(self, told):
        if "text" in told:
            self.heard(told["text"])
        elif "code" in told:
            self.has_ended(told["code"], told["reason"])

    async def connect(self, url, token):
        protocols = ["parlour.v1", f"parlour.token.{token}"] if token else []
        await self.tab.run(f"""(() => {{
            const tell = (told) => toPython(JSON.stringify({{client: {self.number}, ...told}}));
            const socket = new WebSocket({json.dumps(url)}, {json.dumps(protocols)});
            window.sockets = window.sockets || {{}};
            window.sockets[{self.number}] = socket;
            socket.onmessage = (event) => tell({{text: event.data}});
            socket.onclose = (event) => tell({{code: event.code, reason: event.reason}});
            return new Promise((done) => {{ socket.onopen = done; socket.onerror = done; }}).then(() => socket.readyState);
        }})()""")
        return self

    async def send_text(self, text):
        if isinstance(text, bytes):
            script = f"sockets[{self.number}].send(new Uint8Array({list(text)}))"
        else:
            script = f"sockets[{self.number}].send({json.dumps(text)})"
        await self.tab.run(script)

    async def close(self):
        await self.tab.run(f"sockets[{self.number}].close()")
        await self.until_closed()


class Table:
    """A game, or several, and the clients that look at them."""

    def __init__(self, front, tab, are_known):
        self.front, self.tab, self.are_known = front, tab, are_known
        self.made, self.relays = [], []
        self.game = None

    def token(self, user):
        """What somebody shows, if they do."""
        return self.front.token(user) if user and self.are_known else None

    async def http(self, method, path, body=None, user="ada", token=None, source=None):
        """One request: `(status, body)`."""
        token = token or self.token(user)
        if self.tab:
            return await self.fetch(method, path, body, token)
        asked = functools.partial(self.front.server.http, method, path, body, token, deadline=60.0, source=source)
        done = await asyncio.to_thread(asked)
        return done.status, done.json()

    async def fetch(self, method, path, body, token):
        """The same by the page."""
        options = {"method": method, "headers": {"authorization": f"Bearer {token}"} if token else {}}
        if body is not None:
            options["body"] = body if isinstance(body, str) else json.dumps(body)
            options["headers"] |= {} if isinstance(body, str) else {"content-type": "application/json"}
        done = await self.tab.run(f"""(async () => {{
            const done = await fetch({json.dumps(self.front.server.url + path)}, {json.dumps(options)});
            return [done.status, await done.text()];
        }})()""")
        return done[0], json.loads(done[1])

    async def initialise(self, game=None, user="ada", source=None, **body):
        """Opens a game, as whoever this is; it is the table's from now on."""
        self.game = game or f"game-{uuid.uuid4().hex[:12]}"
        status, done = await self.http("POST", "/api/game/initialize", {"game_id": self.game} | body, user, source=source)
        assert status == 200 and done["success"] is True and done["game_id"] == self.game, (status, done)
        return done["state"]

    async def relay(self):
        """A link to the server, which can be cut."""
        self.relays.append(await clients.relay.Relay(self.front.server).start())
        return self.relays[-1]

    async def connect(self, path="/ws/casys", user="ada", over=None, source=None, **query):
        """A connection, whatever becomes of it. `over` is a relay; without, it goes straight to the server."""
        client = InPage(self.tab) if self.tab else Plain()
        self.made.append(client)
        to = over or self.front.server
        url = f"ws://{to.host}:{to.port}{path}" + (f"?{urllib.parse.urlencode(query)}" if query else "")
        return await client.connect(url, self.token(user), **({"source": source} if source else {}))

    async def client(self, path="/ws/casys", user="ada", **query):
        """A client that is shown the table's game."""
        if self.game is None:
            await self.initialise(user=user)
        client = await self.connect(path, user, **({"game_id": self.game} | query))
        await client.until("state")
        return client

    async def close(self):
        for client in self.made:
            if client.closed is None:
                with contextlib.suppress(Exception):
                    await client.close()
        for relay in self.relays:
            await relay.stop()


class Front:
    """A server in a mode, and a kind of client."""

    def __init__(self, server, mode, client, browser):
        self.server, self.mode, self.kind, self.browser = server, mode, client, browser

    def token(self, user):
        return self.server.token(user)

    @contextlib.asynccontextmanager
    async def table(self, are_known=False):
        """`are_known`: in compat too everybody is somebody."""
        async with self.browser.tab() if self.kind == "chromium" else contextlib.nullcontext() as tab:
            table = Table(self, tab, are_known or self.mode == "strict")
            yield table
            await table.close()


class Browser:
    """Chromium, started when it is first asked for."""

    def __init__(self):
        self.started = None

    @property
    def host(self):
        self.started = self.started or clients.browser.Host()
        return self.started

    @contextlib.asynccontextmanager
    async def tab(self):
        async with connect(self.host.devtools, ping_interval=None, max_size=None, compression=None) as devtools:
            tab = clients.browser.Tab(devtools)
            reader = asyncio.create_task(tab.read())
            await tab.open(f"{self.host.origin}/page.html")
            yield tab
            await tab.close()
        await reader

    def stop(self):
        if self.started:
            self.started.stop()


@pytest.fixture(scope="session")
def casys_browser():
    browser = Browser()
    yield browser
    browser.stop()


@pytest.fixture(scope="session")
def casys_servers(tmp_path_factory):
    """A server by its mode and settings; each is started once."""
    started = {}

    def get(mode, origin=None, **env):
        key = (mode, origin, tuple(sorted(env.items())))
        if key not in started:
            started[key] = parlour.Server(tmp_path_factory.mktemp(f"casys-{mode}"), **options(mode, origin, env)).start()
        return started[key]

    yield get
    for server in started.values():
        server.kill()


def options(mode, origin, env):
    """Of a server in a mode, whose pages come from there."""
    origins = {"PARLOUR_CORS__ORIGINS": origin} if origin else {}
    return {"args": ["--compat"] if mode == "compat" else [], "env": parlour.UNLIMITED | origins | env}


@pytest.fixture
def client():
    """By what a test is played, unless it says otherwise."""
    return "websockets"


@pytest.fixture
def casys_origin(client, casys_browser):
    """Of the clients' page, if they have one."""
    return casys_browser.host.origin if client == "chromium" else None


@pytest.fixture
def casys_front(mode, client, casys_servers, casys_origin, casys_browser):
    return Front(casys_servers(mode, casys_origin), mode, client, casys_browser)


@pytest.fixture
def fresh_front(mode, client, make_server, casys_origin, casys_browser):
    """The same on a server of its own, which may be killed. `program` is another binary than the one under test."""
    names = (f"casys-{mode}-{number}" for number in itertools.count())

    def make(program=None, **env):
        server = make_server(next(names), program=program, **options(mode, casys_origin, env))
        return Front(server, mode, client, casys_browser)

    return make


def without_seq(state):
    return {name: value for name, value in state.items() if name != "seq"}


def assert_error(frame, kind, code=None):
    """All that an error has, and nothing of what is inside."""
    assert frame["type"] == kind and frame["status"] == "error", frame
    assert isinstance(frame["error"], str) and frame["error"] and isinstance(frame["code"], str), frame
    assert code is None or frame["code"] == code, frame
    text = json.dumps(frame)
    assert not any(word in text for word in ("Traceback", "panicked", "serde", ".rs:", "line ", "column")), frame
