"""What each numbered check of the dialects is about, as docs/compatibility.md shows it. Those of mantimon stand in
`compatibility.py`."""

CLIENTS = {
    "websockets": "`websockets` {websockets} in Python",
    "chromium": "the WebSocket of Debian's Chromium",
}

CHAT = {
    1: "the first word is `connected`, with the user's id and one of the connection",
    2: "`ping` is answered by `pong`, with a `ref` by an `ack` too",
    3: "who joins is told so, the others are told once, and `room_update` names who is there",
    4: "what is said reaches the members of the room only, from whom the server knows, in one order",
    5: "without a `room_id` it goes into the only room, if there is one",
    6: "into a room that was not joined nothing is said",
    7: "who leaves, or closes the tab, is told of to every room; a second tab stays",
    8: "each `ref` is answered once, in order; what is sent twice is said once and answered alike",
    9: "what is no message is answered by one `error`, and the connection stays usable",
    10: "a version is 1 or not there; compat takes it in quotes",
    11: "odd content is refused or delivered to the byte",
    12: "typing is shown to others, not kept, and over after a while",
    13: "topics are told to who subscribes; no room is one",
    14: "who comes back is told what they missed, once, in order",
    15: "who does not read delays nobody, and is closed",
    16: "who says too much is told when to go on, then closed",
    17: "a server that stops says so, and has lost nothing that it acknowledged",
    18: "no text of an error shows how the server is made, or what others have said",
}

CHECKS = {"chat": CHAT}
"""By dialect, as its page is called."""
