"""What every front-door test may ask for by name. The helpers themselves are in `parlour.py`."""

import pytest

import parlour
import redis_server

pytest_plugins = ["mantimon", "compatibility", "casys", "aniworld", "chat"]


@pytest.fixture
def make_server(tmp_path):
    """A function that starts a server: `make_server(name="server", **options of parlour.Server)`. Each name has its own data
    folder; all of them have ended when the test has."""
    servers = []

    def make(name="server", **options):
        server = parlour.Server(tmp_path / name, **options)
        servers.append(server)
        server.start()
        return server

    yield make
    for server in servers:
        server.kill()


@pytest.fixture
def server(make_server):
    """One server on a data folder of its own, ready."""
    return make_server()


@pytest.fixture
def redis(tmp_path):
    """A redis-server of its own, empty, ready."""
    server = redis_server.Redis(tmp_path / "redis").start()
    yield server
    server.kill()


@pytest.fixture
def seed():
    """A fresh random number, printed; `SEED=n` in the environment repeats it."""
    return parlour.draw_seed()
