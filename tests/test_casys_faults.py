"""Clients of the dialect casys that go wrong, and a server that does: nobody else is disturbed."""

import asyncio
import contextlib
import socket
import sqlite3

import casys
import compatibility
import parlour
import raw
from casys import assert_error


@compatibility.check("casys", 13)
@casys.both
def test_a_game_that_cannot_be_read_closes_with_1011_for_its_players_alone(fresh_front):
    front = fresh_front()

    async def talk():
        async with front.table() as table:
            ada = await table.client()
            await ada.go(2)
            broken = table.game
            await table.initialise()
            other = table.game
            await asyncio.to_thread(front.server.kill)
            await asyncio.to_thread(spoil, front.server, broken)
            await asyncio.to_thread(front.server.start)
            bob = await table.client()
            await bob.go(2)
            for user in ("ada", "eve"):
                lost = await table.connect(user=user, game_id=broken)
                assert_error(await lost.until("message_error"), "message_error", "room_unreadable")
                assert await lost.until_closed() == (1011, "internal_error")
            for method, path in (("GET", f"/api/game/state?game_id={broken}"), ("POST", f"/api/game/stop?game_id={broken}")):
                status, body = await table.http(method, path)
                assert (status, body["code"]) == (503, "room_unreadable") and body["detail"], body
            await bob.go(3)
            assert (await table.http("GET", f"/api/game/state?game_id={other}"))[0] == 200

    parlour.run(talk())


@compatibility.check("casys", 13)
@casys.both
def test_rules_that_fail_close_with_1011_and_others_play_on(fresh_front):
    """In the lab's quest there is a hole, over which the rules fail: whoever goes there is cut off and may come back to what was
    before. Where that cannot be read either, everybody who is in the game is; and nobody who is in another."""
    front = fresh_front(program=parlour.lab())

    async def talk():
        async with front.table() as table:
            ada, eve = await table.client(), await table.client(user="eve")
            broken = table.game
            await table.initialise(user="bob")
            bob = await table.client(user="bob")

            async def goes_on(client):
                state = await client.choose("on")
                assert state["type"] == "state", state

            async def fall(client):
                assert_error(await client.choose("hole"), "choice_error", "internal")
                assert await client.until_closed() == (1011, "internal_error")

            await goes_on(ada)
            await fall(ada)
            await goes_on(eve)
            await goes_on(bob)
            status, body = await table.http("POST", "/api/game/stop", {"game_id": broken})
            assert (status, body["code"]) == (500, "internal") and body["detail"], body
            ada = await table.client(game_id=broken)
            assert ada.states[0]["metadata"]["step"] == 2
            await asyncio.to_thread(spoil, front.server, broken)
            await fall(ada)
            assert_error(await eve.until("message_error"), "message_error", "room_unreadable")
            assert await eve.until_closed() == (1011, "internal_error")
            await goes_on(bob)
            assert bob.errors == []

    parlour.run(talk())


def spoil(server, room):
    """All that is kept of the room says something else from now on."""
    with contextlib.closing(sqlite3.connect(f"{server.data}/journal.sqlite3", timeout=60)) as journal, journal:
        for table, column in (("log", "input"), ("chunks", "body"), ("snapshots", "body")):
            journal.execute(f"update {table} set {column} = '[]' where room = ?", (room,))


ASKED = 4000
"""So many states asked for at once are more than the system and the server keep for a connection."""


@compatibility.check("casys", 14)
@casys.both
def test_a_client_that_is_cut_or_does_not_read_delays_nobody(fresh_front):
    front = fresh_front(PARLOUR_LIMITS__BEHIND_MS="500", PARLOUR_LIMITS__OUTPUT_BYTES="65536")

    async def talk():
        async with front.table() as table:
            await table.initialise(settings={"narrated": False})
            ada = await table.client()
            others = [await table.client(user="bob"), await table.client(user="cyd")]
            links = [await table.relay() for _ in range(3)]
            doomed = [await table.client(user="mal", over=link) for link in links]
            silent = await asyncio.to_thread(deaf, table)
            number, is_cut_off = 0, 0
            with contextlib.closing(silent):
                while links or not is_cut_off:
                    await ada.send({"type": "action", "action": {"type": "restart"}})
                    number += 1
                    if links:
                        links.pop().cut()
                    # Nobody waits for those who do not read it.
                    for client in (ada, *others):
                        await client.shown(1, more=lambda state, step=number: state["metadata"]["step"] == step)
                    is_cut_off = await asyncio.to_thread(cut_off, front.server)
                await asyncio.to_thread(read_to_the_end, silent)
            print(f"whoever did not read was cut off when there had been {number} states")
            assert await asyncio.to_thread(cut_off, front.server) == 1
            for client in doomed:
                assert (await client.until_closed())[0] == 1006
            for client in (ada, *others):
                steps = [state["metadata"]["step"] for state in client.states]
                assert steps == sorted(steps) and set(range(1, number + 1)) <= set(steps)
                assert (await client.ask({"type": "ping", "timestamp": "t"}, "pong"))["timestamp"] == "t"

    parlour.run(talk())


def deaf(table):
    """A client that is shown the game, asks for far more than that, and reads nothing of it, over a link that holds little."""
    server = table.front.server
    link = socket.socket()
    link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    link.settimeout(parlour.DEADLINE)
    link.connect((server.host, server.port))
    link.sendall(raw.upgrade_request(f"/ws/casys?game_id={table.game}", token=table.token("eve")))
    heard = b""
    while b'"type":"state"' not in heard:
        heard += link.recv(4096)
    # The server takes no more of it once it is owed too much.
    with contextlib.suppress(TimeoutError):
        link.settimeout(0.5)
        link.sendall(raw.frame(b'{"type":"get_state"}') * ASKED)
    return link


def read_to_the_end(link):
    """All that was still on its way, until the server has closed it."""
    link.settimeout(parlour.DEADLINE)
    with contextlib.suppress(ConnectionError):
        while link.recv(65536):
            pass


def cut_off(server):
    """How many were cut off because they did not read."""
    lines = server.http("GET", "/metrics").body.decode().splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith("parlour_slow_consumer_closed_total"))
