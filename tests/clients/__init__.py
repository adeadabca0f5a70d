"""Clients that others have written, unmodified, behind one interface, so that one test can be played by each of them.

    hosts = clients.start("node")                      # once a file: a process, where the kind needs one
    async with hosts.clients(server) as new_client:
        ada = await new_client().connect(auth={"token": token})
        [answer] = await ada.call("game:join", {...})
        state = await ada.until("game:state")
        await ada.cut()                                # as if the cable were cut
"""

from clients import browser, node, plain, python
from clients.base import Client, Refused

__all__ = ["KINDS", "SOCKETIO", "Client", "Refused", "start"]

KINDS = {"node": node.Host, "python": python.Host, "chromium": browser.Host, "plain": plain.Host}

SOCKETIO = ["node", "python", "chromium"]
"""Those that speak Socket.IO, over polling, WebSocket, or the first and then the second."""


def start(kind):
    """What clients of this kind live in. `stop` it."""
    return KINDS[kind]()
