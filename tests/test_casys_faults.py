"""Clients of the dialect casys that go wrong, and a server that does: nobody else is disturbed."""

import asyncio
import socket
import sqlite3

import casys
import compatibility
import parlour
import raw
from casys import assert_error


@compatibility.check("casys", 13)
def test_a_game_that_cannot_be_read_closes_with_1011_and_others_go_on(fresh_front):
    front = fresh_front()

    async def talk():
        async with front.table() as table:
            ada = await table.client()
            await ada.choose("2")
            broken = table.game
            await table.initialise()
            other = table.game
            await asyncio.to_thread(front.server.kill)
            with sqlite3.connect(f"{front.server.data}/journal.sqlite3") as journal:
                spoil(journal, broken)
            await asyncio.to_thread(front.server.start)
            ada = await table.connect(game_id=broken)
            error = await ada.until("message_error")
            assert_error(error, "message_error", "room_unreadable")
            assert (await ada.until_closed())[0] == 1011
            table.game = other
            bob = await table.client()
            assert (await bob.choose("2"))["section_number"] == 2
            status, body = await table.http("GET", f"/api/game/state?game_id={broken}")
            assert status == 503 and body["detail"]

    parlour.run(talk())


def spoil(journal, room):
    """All that is kept of the room says something else from now on."""
    for table, column in (("log", "input"), ("chunks", "body"), ("snapshots", "body")):
        journal.execute(f"update {table} set {column} = '[]' where room = ?", (room,))


@compatibility.check("casys", 14)
def test_a_client_that_is_cut_or_does_not_read_delays_nobody(fresh_front):
    front = fresh_front(PARLOUR_LIMITS__BEHIND_MS="4000", PARLOUR_LIMITS__OUTPUT_BYTES="65536")

    async def talk():
        async with front.table() as table:
            await table.initialise(settings={"narrated": False})
            ada = await table.client()
            others = [await table.client(user=f"user-{number}") for number in range(4)]
            silent = await asyncio.to_thread(deaf, table)
            # More than the system keeps for a connection, so that the silent one is behind.
            for number in range(200):
                if number == 10:
                    await others[0].cut()
                state = await ada.ask({"type": "action", "action": {"type": "restart"}}, "state", "action_error")
                assert state["type"] == "state" and state["section_number"] == 1
            step = state["metadata"]["step"]
            for other in others[1:]:
                await other.until(lambda frame: frame["type"] == "state" and frame["metadata"]["step"] == step)
            # It is cut off for what it does not read, not waited for.
            await asyncio.to_thread(parlour.poll, lambda: cut_off(front.server) > 0, "the silent one to be cut off")
            silent.close()
            assert (await ada.ask({"type": "ping", "timestamp": "t"}, "pong"))["timestamp"] == "t"

    parlour.run(talk())


def deaf(table):
    """A client that is let in and reads nothing, over a link that holds little."""
    server = table.front.server
    link = socket.socket()
    link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    link.connect((server.host, server.port))
    token = table.front.token("eve") if table.front.mode == "strict" else None
    link.sendall(raw.upgrade_request(f"/ws/casys?game_id={table.game}", token=token))
    return link


def cut_off(server):
    """How many were cut off because they did not read."""
    lines = server.http("GET", "/metrics").body.decode().splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith("parlour_slow_consumer_closed_total"))
