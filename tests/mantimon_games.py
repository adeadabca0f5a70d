"""Games of the dialect mantimon, played by every kind of client over every transport in both modes: all of them at once, for what
they wait for is the same time.

    @mantimon_games.staged(grace_seconds=2)
    async def given_up(table):
        await table.open()
        ...
        return what_the_test_looks_at

    @mantimon_games.each
    def test_...(given_up, mode, kind, transport):
        seen = given_up(mode, kind, transport)
"""

import asyncio
import contextlib
import uuid

import pytest

import clients
import parlour
import sio
import tokens

MODES = ["strict", "compat"]

TRANSPORTS = {"polling": ("polling",), "websocket": ("websocket",), "upgrade": ("polling", "websocket")}

WAYS = [(kind, transport) for kind in clients.SOCKETIO for transport in TRANSPORTS] + [("plain", "websocket")]
"""Every kind of client over every transport that it has."""

CALM = {"ENGINEIO_PING_MS": 25_000, "ENGINEIO_PING_TIMEOUT_MS": 20_000}
"""For games in which nobody is lost: no client is taken for silent because the machine is busy."""

BUSY = 6
"""So many tables do something at a time; the others wait, or are waited for."""

PATIENCE = 60.0
"""How long anything may take where all tables want it at once, in seconds."""


def each(test):
    """The test of each way to play, in each mode."""
    test = pytest.mark.parametrize("kind, transport", WAYS, ids=["-".join(way) for way in WAYS])(test)
    return pytest.mark.parametrize("mode", MODES)(test)


def staged(*, limits=None, program=None, deadline=150.0, **config):
    """Makes a fixture of what happens at one table: it happens at all of them, and the fixture gives what came of one.

    `limits` are limits of the servers, `config` is what the games are opened with, and `program()` the binary.
    """

    def make(play):
        @pytest.fixture(scope="module")
        def stage(mantimon_hosts, tmp_path_factory):
            servers = Servers(mantimon_hosts, tmp_path_factory.mktemp("stage"), limits or {}, program)
            try:
                came = parlour.run(play_all(play, servers, config), deadline)
                yield lambda *way: given(came[way])
            finally:
                servers.stop()

        return stage

    return make


def given(came):
    """What a table gave, or why it gave nothing."""
    if isinstance(came, Exception):
        raise came
    return came


async def play_all(play, servers, config):
    """Plays at every table. What came of each, by mode, kind and transport."""
    came, moment = {}, Moment(len(MODES) * len(WAYS))

    async def play_one(table):
        try:
            came[table.way] = await play(table)
        except Exception as error:  # Told to the test of this table; the others are no worse for it.
            came[table.way] = error
            moment.give_up()

    busy = asyncio.Semaphore(BUSY)
    async with contextlib.AsyncExitStack() as stack:
        tables = []
        for mode in MODES:
            for kind in clients.KINDS:
                new_client = await stack.enter_async_context(servers.hosts[kind].clients(servers[mode]))
                for way in WAYS:
                    if way[0] == kind:
                        tables.append(Table((mode, *way), servers, new_client, config, busy, moment))
        await asyncio.gather(*map(play_one, tables))
    return came


class Servers:
    """A server for each mode. `restart` is for all tables at once."""

    def __init__(self, hosts, folder, limits, program=None, modes=MODES):
        self.hosts = hosts
        settings = parlour.UNLIMITED | {f"PARLOUR_LIMITS__{name}": str(value) for name, value in (CALM | limits).items()}
        settings |= {"PARLOUR_CORS__ORIGINS": hosts["chromium"].origin}
        self.by_mode = {}
        try:
            for mode in modes:
                args = ["--compat"] if mode == "compat" else []
                self.by_mode[mode] = parlour.Server(folder / mode, args=args, env=settings, program=program and program())
                self.by_mode[mode].start()
        except BaseException:
            self.stop()
            raise

    def __getitem__(self, mode):
        return self.by_mode[mode]

    async def restart(self):
        """Kills them with SIGKILL, and starts them again."""
        for server in self.by_mode.values():
            await asyncio.to_thread(server.kill)
        for server in self.by_mode.values():
            await asyncio.to_thread(server.start)

    def stop(self):
        for server in self.by_mode.values():
            server.kill()


class Moment:
    """When every table has come so far, something is done once, and then they go on."""

    def __init__(self, tables):
        self.missing, self.is_done, self.do = tables, asyncio.Event(), None
        self.done = None

    async def come(self, do):
        self.do = do
        await self._one_less()
        await asyncio.wait_for(self.is_done.wait(), PATIENCE)

    def give_up(self):
        """A table that failed is waited for no longer."""
        self.done = asyncio.ensure_future(self._one_less())

    async def _one_less(self):
        self.missing -= 1
        if self.missing == 0 and self.do:
            await self.do()
            self.is_done.set()


class Table:
    """Two players and their game: `ada` has seat 0, `bob` 1, and both are known by other names to the server."""

    def __init__(self, way, servers, new_client, config, busy=None, moment=None):
        self.way, self.servers, self.new_client, self.config = way, servers, new_client, config
        self.mode, self.kind, self.transport = way
        self.server = servers[self.mode]
        self.busy, self.moment = busy, moment
        self.game = None
        self.ada, self.bob = (Player(self, name) for name in ("ada", "bob"))
        self.players = [self.ada, self.bob]

    async def open(self, kind="cards", game=None, **config):
        """A new game, both players seated."""
        self.game = game or f"game-{uuid.uuid4().hex[:12]}"
        for player in self.players:
            if not player.is_here:
                await player.connect()
        await self.create(self.game, kind, **(self.config | config))
        for player in self.players:
            await player.join()
        return self

    async def create(self, game, kind, **config):
        body = {"kind": kind, "id": game, "config": config}
        made = await asyncio.to_thread(self.server.http, "POST", "/v1/rooms", body, self.ada.token)
        assert made.status == 201, made

    async def set_up(self):
        """Both place a monster and are ready. Who is the first to move, and then the other."""
        for player in self.players:
            await player.place()
        turn = await self.ada.until("turn_start")
        first = self.holder(turn["player_id"])
        return first, first.foe

    def holder(self, user):
        return next(player for player in self.players if player.user == user)


class Player:
    """Who sits at a table, and the client they sit there with."""

    def __init__(self, table, name):
        self.table, self.user = table, f"{name}-{uuid.uuid4().hex[:12]}"
        self.client = table.new_client()
        self.is_here = False

    @property
    def token(self):
        return tokens.good(self.table.server, self.user)

    @property
    def foe(self):
        ada, bob = self.table.players
        return bob if self is ada else ada

    async def connect(self):
        begun = len(self.client.life)
        transports = TRANSPORTS[self.table.transport]
        await self.client.connect({"token": self.token}, transports=transports)
        if len(transports) > 1:
            await self.client.lived("upgrade", start=begun, deadline=PATIENCE)
        self.is_here = True

    async def ask(self, event, kind, **fields):
        """Says something and returns its answer: of the ack, or where there are none, the message that answers it."""
        message = {"type": kind, "message_id": str(uuid.uuid4())} | fields
        (answer,) = await self.client.call(f"game:{event}", message, deadline=PATIENCE)
        return answer

    async def join(self, **fields):
        """Joins the game of the table, and returns the state that follows."""
        start = len(self.client.events)
        answer = await self.ask("join", "join_game", game_id=self.table.game, **fields)
        assert answer.get("success", answer["type"] == "game_state" if "type" in answer else None) is True, answer
        return (await self.until("game_state", start=start))["state"]

    async def act(self, action):
        """What becomes of an action."""
        result = await self.ask("action", "action", game_id=self.table.game, action=action)
        assert result["type"] == "action_result" and result["action_type"] == action["type"], result
        return result

    async def play(self, action):
        """An action that is legal."""
        result = await self.act(action)
        assert result["success"] is True, (action, result)
        return result

    async def place(self):
        """Sets up: the first card of the hand that may be placed, and no more."""
        state = await self.shown(lambda state: state["phase"] == "setup")
        for card in state["you"]["hand"]:
            if (await self.act({"type": "place", "card": card["id"]}))["success"]:
                await self.play({"type": "ready"})
                return
        raise AssertionError(f"no card of {state} may be placed")

    async def resign(self):
        return await self.ask("resign", "resign", game_id=self.table.game)

    async def heartbeat(self):
        return await self.ask("heartbeat", "heartbeat")

    async def until(self, kind, *, start=0, **fields):
        """The first message of this type, about the game of the table and with these fields."""

        def fits(_, message):
            known = {"type": kind, "game_id": self.table.game} | fields
            return isinstance(message, dict) and all(message.get(name) == value for name, value in known.items())

        (message,) = await self.client.until(fits, start=start, deadline=PATIENCE)
        return message

    async def shown(self, fits):
        """The last state that was shown, once it fits."""
        if not fits(self.state):
            game, start = self.table.game, len(self.client.events)

            def is_it(_, message):
                return message["type"] == "game_state" and message["game_id"] == game and fits(message["state"])

            await self.client.until(is_it, start=start, deadline=PATIENCE)
        return self.state

    @property
    def seen(self):
        """The `event_id` of that state."""
        return self.heard("game_state")[-1]["event_id"]

    async def sees(self, event_id):
        """Waits for a state that shows at least what everybody has heard by then."""

        def is_it(_, message):
            is_state = message["type"] == "game_state" and message["game_id"] == self.table.game
            return is_state and number(message["event_id"]) >= number(event_id)

        if number(self.seen) < number(event_id):
            await self.client.until(is_it, start=len(self.client.events), deadline=PATIENCE)

    def heard(self, *kinds):
        """Every message of these types that was said of the game, in order."""
        said = [message for _, (message,) in self.client.events]
        return [message for message in said if message["type"] in kinds and message.get("game_id") == self.table.game]

    @property
    def state(self):
        """The last that was shown."""
        return self.heard("game_state")[-1]["state"]

    @property
    def last_event_id(self):
        """Of what was heard last."""
        return [message["event_id"] for _, (message,) in self.client.events
                if message.get("event_id") and message["game_id"] == self.table.game][-1]


def number(event_id):
    """How many public events there were."""
    return int(event_id.split(".")[1])
