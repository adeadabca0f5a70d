"""What the tests of the dialect aniworld share: what its checks mean, servers in both modes, queues of their own, and listeners.

    @compatibility.check("aniworld", 2)
    def test_a_ping_is_answered(front):
        async def talk():
            async with front.listen() as ada:
                assert (await ada.ask("ping"))["type"] == "pong"
        front.run(talk)

A page cannot be made not to read: the one who is delayed by nobody may be one, who does not read is not (check 14).
"""

import uuid

import pytest

import fetch_server
import parlour
import tokens
from aniworld_listener import Clients, Listener
from clients import sockets

CHECKS = {
    1: "who comes is greeted first, with a time; where a token is asked for, none, a bad and an expired one are refused",
    2: "a ping is answered by a pong",
    3: "joining is answered once, in both forms; only who has joined is told of progress",
    4: "everything said has the envelope, a type of the twenty and a time; what is of a download has its key",
    5: "percent does not go back; a download ends once, and nothing follows",
    6: "who joins late is shown what runs, and then all that follows, without a gap",
    7: "who leaves hears no more; joining and leaving twice change nothing; who is gone is in no room",
    8: "what is no message, or of no room, is answered by an error with its code, and the connection stays usable",
    9: "the counts of the queue are those of an HTTP request, and of the list",
    10: "pausing, resuming, stopping and removing midway are told; while paused nothing progresses",
    11: "a scan ends once, also one that is stopped or fails, and is never further than its whole",
    12: "a download that was under way when the server was killed is resumed, or has failed",
    13: "of a thousand updates a second few are told, but the last, and the end",
    14: "who does not read delays nobody, and does not make the server grow",
    15: "two downloads with one key are told apart",
    16: "no path and no address is told to who may not know it",
    17: "what is added twice by one client's id is one download",
    18: "each of the twenty types is said, with all its keys; each HTTP request is answered, its errors by a detail",
}

CLIENTS = tuple(sockets.KINDS)
NOT_IN = {}
"""Which check a client cannot play, and why."""

by_all = pytest.mark.parametrize("client", CLIENTS, scope="session")
"""Played by each kind of client."""
by_websockets = pytest.mark.parametrize("client", CLIENTS[:1], scope="session")
"""Played by one kind: of a check that other tests play by all."""

SETTINGS = parlour.UNLIMITED | {
    "PARLOUR_DOWNLOADS__ALLOW_PRIVATE": "true",
    "PARLOUR_LIMITS__ANIWORLD_PING_MS": "200",
    "PARLOUR_AUTH__TOKEN_IN_QUERY": "true",
}


class Front:
    """A server in one mode, and clients of one kind."""

    def __init__(self, server, mode, files, clients):
        self.server, self.mode, self.files, self.clients = server, mode, files, clients
        self.queue = None

    def run(self, talk, deadline=60.0):
        """Runs a coroutine function to its end, in which there may be listeners."""
        return self.clients.run(talk, deadline)

    def token(self, user="ada", **claims):
        return tokens.good(self.server, user, **claims)

    def open(self, **config):
        """Another queue than any before, which what follows is about; its name."""
        self.queue = f"queue-{uuid.uuid4().hex[:12]}"
        body = {"kind": "downloads", "id": self.queue, "config": config}
        answer = self.server.http("POST", "/v1/rooms", body, token=self.token("root", role="admin"), deadline=30.0)
        assert answer.status == 201, answer
        return self.queue

    def http(self, method, path, body=None, token=None):
        """An HTTP request about the queue. Blocks: in a coroutine it belongs on a thread."""
        target = f"{path}?room={self.queue}" if self.queue else path
        return self.clients.http(self.server, method, target, body, token)

    def rest(self, method, path, body=None, *, user="ada", expect=None):
        """The same; its answer as JSON. `user`: None shows no token."""
        answer = self.http(method, path, body, user and self.token(user))
        expect = (200, 201) if expect is None else (expect,)
        assert answer.status in expect, (method, path, body, answer)
        return answer.json()

    def add(self, url, key="show", **more):
        """Adds a download; its id."""
        return self.rest("POST", "/api/queue/add", {"url": url, "key": key} | more, expect=201)["download_id"]

    def status(self, **more):
        return self.rest("GET", "/api/queue/status", **more)

    def listen(self, user="ada", **options):
        """A listener, who shows a token, unless `user` is None."""
        return Listener(self, user, **options)


@pytest.fixture(scope="session")
def aniworld_files():
    with fetch_server.Files() as files:
        yield files


@pytest.fixture(scope="session")
def aniworld_hosts():
    """What clients of a kind live in, started when it is first asked for."""
    started = {}

    def get(kind):
        started[kind] = started.get(kind) or sockets.start(kind)
        return started[kind]

    yield get
    for host in started.values():
        host.stop()


@pytest.fixture(scope="session")
def aniworld_servers(tmp_path_factory):
    """A server by its mode, whose clients it is for (no two of them share a library), and settings; each is started once."""
    started = {}

    def get(mode, client, program=None, **env):
        key = (mode, client, program, tuple(sorted(env.items())))
        if key not in started:
            args = ["--compat"] if mode == "compat" else []
            folder = tmp_path_factory.mktemp("aniworld") / mode
            started[key] = parlour.Server(folder, args=args, env=SETTINGS | env, program=program).start()
        return started[key]

    yield get
    for server in started.values():
        server.kill()


@pytest.fixture
def aniworld_front(mode, client, aniworld_servers, aniworld_files, aniworld_hosts):
    """A server in this mode, and a queue on it that nobody else uses."""
    front = Front(aniworld_servers(mode, client), mode, aniworld_files, Clients(client, aniworld_hosts))
    front.open()
    return front


@pytest.fixture
def aniworld_own(mode, client, make_server, aniworld_files, aniworld_hosts):
    """The same on a server of the test's own, with more settings: `make(name="server", **env)`."""
    clients = Clients(client, aniworld_hosts)

    def make(name="server", program=None, **env):
        args = ["--compat"] if mode == "compat" else []
        server = make_server(name, args=args, env=SETTINGS | env, program=program)
        front = Front(server, mode, aniworld_files, clients)
        front.open()
        return front

    return make
