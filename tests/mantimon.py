"""What the tests of the dialect mantimon share: servers in both modes, players who use clients of others, and games for them.

    @mantimon.check(6)
    @mantimon.ways(*mantimon.SOCKETIO, "plain")
    def test_the_actor_is_answered_first(front):
        async def talk():
            async with front.open() as table:
                ada, bob = await table.seat("ada", "bob")
                answer = await ada.act({"type": "ready"})
        parlour.run(talk())

`check` names the numbered promises that a test holds; `mode`, `kind` and `transport` say by whom and how.
"""

import asyncio
import contextlib
import json
import uuid

import pytest

import clients
import parlour
import tokens
from parlour import DEADLINE

check = pytest.mark.check

TRANSPORTS = {"polling": ["polling"], "websocket": ["websocket"], "upgrade": ["polling", "websocket"]}

SOCKETIO = [f"{kind}/{transport}" for kind in ("node", "python") for transport in ("polling", "websocket", "upgrade")]
"""Every transport, by two clients."""

EVERY = [*SOCKETIO, "chromium/polling", "chromium/websocket", "chromium/upgrade", "plain"]
"""By every client, too."""

SOME = ["node/websocket", "python/polling", "plain"]
"""For what no transport has a part in."""

EVENTS = {
    "join_game": "game:join",
    "action": "game:action",
    "resign": "game:resign",
    "heartbeat": "game:heartbeat",
    "spectate": "game:spectate",
    "leave_spectate": "game:leave_spectate",
}

BASICS = (
    "sootling wickmoth slagmole pyrarch mossnub sporelet nutshrew sylvanor burrowby snoozle mimble fizzbit gustling coilsnake "
    "tempestra dripkit shoalray icklecrab nereith"
).split()

CALM = {"turn_limit": 8, "points_to_win": 2, "seconds_per_turn": 3600, "grace_seconds": 3600}
"""A short game in which no clock rings."""

SIMPLE = CALM | {"decks": [{"cards": 2 * [*BASICS, "honey_salve"]}] * 2}
"""The same where nearly every card can be placed."""

AUDIENCE = "mantimon"

SETTINGS = parlour.UNLIMITED | {"PARLOUR_AUTH__JWT__AUDIENCE": AUDIENCE, "PARLOUR_AUTH__TOKEN_IN_QUERY": "true"}


def ways(*names):
    """By whom and how a test is played: `kind/transport`, or `plain`."""
    pairs = [name.split("/") if "/" in name else [name, "websocket"] for name in names]
    return pytest.mark.parametrize(("kind", "transport"), pairs)


class Hosts:
    """What clients live in, started when the first of their kind is asked for."""

    def __init__(self):
        self.started = {}

    def __getitem__(self, kind):
        if kind not in self.started:
            self.started[kind] = clients.start(kind)
        return self.started[kind]

    def stop(self):
        for host in self.started.values():
            host.stop()


class Servers:
    """Servers by how they were started; each once."""

    def __init__(self, folder):
        self.folder, self.started = folder, {}

    def get(self, mode, env, origin=None, program=None):
        key = (mode, origin, program, tuple(sorted(env.items())))
        if key not in self.started:
            origins = {"PARLOUR_CORS__ORIGINS": origin} if origin else {}
            args = ["--compat"] if mode == "compat" else []
            folder = self.folder / f"{mode}-{len(self.started)}"
            server = parlour.Server(folder, args=args, env=SETTINGS | origins | env, program=program)
            self.started[key] = server.start()
        server = self.started[key]
        if server.process is None:
            server.start()
        return server

    def stop(self):
        printed = [server.out + server.err for server in self.started.values()]
        for server in self.started.values():
            server.kill()
        # Every token begins so: it is the beginning of an object in base64.
        assert not [text for text in printed if "eyJ" in text], "a token was printed"


@pytest.fixture(scope="session")
def mantimon_hosts():
    hosts = Hosts()
    yield hosts
    hosts.stop()


@pytest.fixture(scope="session")
def mantimon_servers(tmp_path_factory):
    servers = Servers(tmp_path_factory.mktemp("mantimon"))
    yield servers
    servers.stop()


@pytest.fixture(params=["strict", "compat"], scope="session")
def mode(request):
    """How the dialect is spoken."""
    return request.param


@pytest.fixture
def kind():
    """Whose clients play: `ways` says it."""
    raise NotImplementedError


@pytest.fixture
def transport():
    """Over what they play: `ways` says it."""
    raise NotImplementedError


@pytest.fixture
def front(request, mode, kind, transport, mantimon_hosts, mantimon_servers):
    """A server in this mode, and clients of the test's `kind` over its `transport`. A mark `server(env, program)` has other
    settings than the common ones."""
    host = mantimon_hosts[kind] if kind in clients.KINDS else None
    mark = request.node.get_closest_marker("server")
    settings = {"env": {}} | (mark.kwargs if mark else {})
    if "program" in settings:
        settings["program"] = settings["program"]()
    server = mantimon_servers.get(mode, origin=getattr(host, "origin", None), **settings)
    return Front(server, mode, kind, transport, host)


class Front:
    """Where a test is played."""

    def __init__(self, server, mode, kind, transport, host):
        self.server, self.mode, self.kind, self.transport, self.host = server, mode, kind, transport, host
        self.is_plain = kind == "plain"

    @contextlib.asynccontextmanager
    async def open(self):
        """Within it: a table where players meet."""
        async with self.host.clients(self.server) as new_client:
            yield Table(self, new_client)

    def token(self, user, **claims):
        return tokens.good(self.server, user, **({"aud": AUDIENCE} | claims))

    def http(self, method, path, body=None):
        """A request of an admin; what it is answered."""
        answer = self.server.http(method, path, body, token=self.token("root", role="admin"))
        assert answer.status < 300, answer
        return answer.json() if answer.body else None


class Table:
    """Players, each with a client, and the game they are in. Users and games are new ones each time."""

    def __init__(self, front, new_client):
        self.front, self.new_client = front, new_client
        self.mark = uuid.uuid4().hex[:8]
        self.game = None
        self.games = 0

    async def deal(self, config=None, kind="cards"):
        """A new game, with nobody in it; its id."""
        self.games += 1
        self.game = f"game-{self.mark}-{self.games}"
        body = {"kind": kind, "id": self.game, "config": CALM if config is None else config}
        await asyncio.to_thread(self.front.http, "POST", "/v1/rooms", body)
        return self.game

    def player(self, name):
        """Not connected yet."""
        return Player(self, f"{name}-{self.mark}")

    async def connected(self, name):
        return await self.player(name).connect()

    async def seat(self, *names, config=None):
        """Players who sit at a new game, by their seats."""
        await self.deal(config)
        players = [await self.connected(name) for name in names]
        for player in players:
            await player.join()
        if len(players) == 2:
            await players[0].until_at(players[1].at)
        return players

    async def set_up(self, *players):
        """They place a monster each and are ready; the one whose turn it is, and the other."""
        for player in players:
            await player.place()
            await player.done({"type": "ready"})
        for player in players:
            await player.until_state(lambda state: state["phase"] == "main")
        current = players[0].state["current"]
        return players[current], players[1 - current]


class Player:
    """One user with one client."""

    def __init__(self, table, user):
        self.table, self.front, self.user = table, table.front, user
        self.client = table.new_client()
        self.game = table.game

    async def connect(self, auth=None, **options):
        """With a good token, unless `auth` is given."""
        given = {"token": self.front.token(self.user)} if auth is None else auth
        await self.client.connect(given, transports=TRANSPORTS[self.front.transport], **options)
        return self

    # What was heard.

    @property
    def frames(self):
        """Every message, in the order in which they came."""
        return [args[0] for _, args in self.client.events]

    @property
    def mark(self):
        """How much was heard until now."""
        return len(self.client.events)

    @property
    def mark_of_life(self):
        """How much had happened to the connection until now."""
        return len(self.client.life)

    def of(self, *kinds, start=0):
        """The messages of these types."""
        return [frame for frame in self.frames[start:] if frame["type"] in kinds]

    @property
    def last(self):
        """The last `game_state`."""
        return self.of("game_state")[-1]

    @property
    def state(self):
        return self.last["state"]

    @property
    def at(self):
        return self.last["event_id"]

    @property
    def heard(self):
        """How far this player has heard: the last `event_id` there was."""
        return [frame["event_id"] for frame in self.frames if "event_id" in frame][-1]

    async def until(self, kind, *, start=0, where=lambda frame: True, deadline=DEADLINE):
        """The first message of this type from `start` on."""
        (frame,) = await self.client.until(
            lambda _, frame, *__: frame["type"] == kind and where(frame), start=start, deadline=deadline
        )
        return frame

    async def until_state(self, matches, start=0):
        """The first state for which it holds."""
        return await self.until("game_state", start=start, where=lambda frame: matches(frame["state"]))

    async def until_at(self, event_id, start=0):
        """The first state in which everything public up to this position is shown."""
        life, n = public(event_id)
        shows = lambda frame: public(frame["event_id"])[0] == life and public(frame["event_id"])[1] >= n
        return await self.until("game_state", start=start, where=shows)

    def raw(self, kind, **fields):
        """The bytes of every object of this type with these fields, from all that the server said. Acks too."""
        heard, head, found, at = self.client.relay.heard.decode(errors="replace"), '{"type":"%s"' % kind, [], 0
        while (at := heard.find(head, at)) >= 0:
            said, end = json.JSONDecoder().raw_decode(heard, at)
            if fields.items() <= said.items():
                found.append(heard[at:end])
            at = end
        return found

    # What is said.

    def message(self, kind, **fields):
        given = {"type": kind, "message_id": str(uuid.uuid4())} | fields
        return {name: value for name, value in given.items() if value is not LEFT_OUT}

    async def ask(self, kind, **fields):
        """Says a message and returns its answer: the ack, or what comes in its place where there are none."""
        return await self.say(EVENTS[kind], self.message(kind, **fields))

    async def say(self, event, message):
        """The same of any message, which may be junk."""
        start = self.mark
        if not self.front.is_plain:
            answer = await self.client.call(event, message)
            assert len(answer) == 1 and isinstance(answer[0], dict), answer
            return answer[0]
        if not (isinstance(message, dict) and isinstance(message.get("message_id"), str) and message["message_id"].strip()):
            await self.client.emit(event, message)
            return await self.until("error", start=start)
        (answer,) = await self.client.call(event, message)
        return answer

    async def join(self, after=None, *, game=None):
        """Joins, and is shown the game; the answer and what was heard up to the state, which is its last."""
        start = self.mark
        self.game = game or self.table.game
        answer = await self.ask("join_game", game_id=self.game, **({"last_event_id": after} if after else {}))
        if not self.front.is_plain:
            assert answer["success"] is True, answer
        await self.until("game_state", start=start, where=lambda frame: frame["game_id"] == self.game)
        return answer

    async def act(self, action, *, id=None, game=None):
        """Does something; the result. Over Socket.IO the ack, which the event repeats."""
        fields = {"message_id": id} if id else {}
        given = self.named(action) if isinstance(action, dict) else action
        start = self.mark
        answer = await self.ask("action", game_id=game or self.game or self.table.game, action=given, **fields)
        if not self.front.is_plain and answer["type"] == "action_result":
            await self.until("action_result", start=start, where=lambda frame: frame == answer)
        return answer

    def named(self, action):
        """An action as clients of this mode name it."""
        if self.front.mode == "strict" or action.get("type") not in FOREIGN:
            return action
        name, fields = FOREIGN[action["type"]]
        return {"type": name} | {fields.get(field, field): value for field, value in action.items() if field != "type"}

    async def done(self, action, **fields):
        """Does something that is legal, and waits until its state is there; the result."""
        start = self.mark
        result = await self.act(action, **fields)
        assert result["success"] is True, (action, result)
        await self.until_at(result["changes"]["event_id"], start=start)
        return result

    async def place(self):
        """Places the first monster of the hand that can be placed; the result."""
        for card in self.state["you"]["hand"]:
            start = self.mark
            result = await self.act({"type": "place", "card": card["id"]})
            if result["success"]:
                await self.until_at(result["changes"]["event_id"], start=start)
                return result
        raise AssertionError(f"nothing can be placed of {self.state['you']}")

    def basics(self):
        """The cards of the hand that can be placed."""
        return [card["id"] for card in self.state["you"]["hand"] if card["card"] in BASICS]

    async def upgraded(self):
        """Waits until it is over the transport that was asked for in the end."""
        if self.front.transport == "upgrade":
            await self.client.lived("upgrade")

    async def settled(self):
        """Waits until all that was said before is answered."""
        await self.ask("heartbeat")

    async def come_back(self, after=None):
        """After a lost connection: connects, and joins again."""
        start = self.mark
        await self.connect()
        if self.front.is_plain:
            # Users come back into their games by themselves. Where no ack tells one state from the other, that is waited for.
            await self.until("game_state", start=start)
        await self.join(after)


FOREIGN = {
    "place": ("play_pokemon", {"card": "card_id"}),
    "play_basic": ("play_pokemon", {"card": "card_instance_id"}),
    "evolve": ("evolve", {"card": "card_id", "monster": "target_pokemon_id"}),
    "attach": ("attach_energy", {"monster": "target_pokemon_id"}),
    "play_item": ("play_trainer", {"card": "card_id", "target": "target_pokemon_id"}),
    "play_ally": ("play_trainer", {"card": "instance_id", "target": "target_id"}),
    "play_field": ("play_trainer", {"card": "card_id"}),
    "use_ability": ("use_ability", {"monster": "pokemon_id"}),
    "attack": ("attack", {"attack": "attack_index", "target": "target_id"}),
    "retreat": ("retreat", {"to": "bench_pokemon_id"}),
    "end_turn": ("pass", {}),
    "ready": ("pass", {}),
    "choose_active": ("select_active", {"to": "pokemon_id"}),
}
"""How clients of the original say what this game calls otherwise."""

LEFT_OUT = object()
"""The value of a field that is not to be there."""


def public(event_id):
    """The life and the number of the last public event of a position."""
    life, n, *_ = event_id.split(".")
    return life, int(n)


def without_time(text):
    """A message's text but for its timestamp."""
    said = json.loads(text)
    stamp = f'"timestamp":{json.dumps(said["timestamp"])}'
    assert text.count(stamp) == 1, text
    return text.replace(stamp, '"timestamp":""')


async def script(*players, dice, actions=1000):
    """Plays a game by what the native protocol says is legal, one action after the other, to its end or so many; how many there
    were."""
    server, game = players[0].front.server, players[0].game
    natives = [parlour.Client(server, player.user, token=player.front.token(player.user)) for player in players]
    for native in natives:
        await native.connect()
        await native.join(game)
    played = 0
    try:
        while played < actions and not all(player.of("game_over") for player in players):
            for player, native in zip(players, natives):
                if legal := await native.legal(game):
                    # Ending the turn is always legal: rather do something.
                    better = [action for action in legal if action["type"] not in ("end_turn", "ready")]
                    await player.done(dice.choice(better or legal))
                    played += 1
                    break
            else:
                for player in players:
                    await player.until("game_over")
    finally:
        for native in natives:
            await native.drop()
    return played
