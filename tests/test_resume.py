"""A stream read up to any byte: who comes back with what they have got gets exactly what they have not."""

import json
import random

import parlour
from raw import Wire

EVENTS = 240
CUTS = 40


def join(wire, room, after=None):
    payload = {"room_id": room, "as": "spectator"} | ({"after": after} if after else {})
    return wire.ask({"type": "join_room", "ref": "j", "payload": payload})


def test_a_stream_read_up_to_any_byte_is_resumed_with_exactly_what_was_missed(make_server, seed):
    server, dice = make_server(program=parlour.lab()), random.Random(seed)
    with Wire.greeted(server, server.token("ada")) as ada, Wire.greeted(server, server.token("ben")) as ben:
        assert ada.ask({"type": "open_room", "ref": "o", "payload": {"kind": "pad", "room_id": "p"}})["status"] == "ok"
        assert ada.ask({"type": "join_room", "ref": "j", "payload": {"room_id": "p"}})["status"] == "ok"
        begun = join(ben, "p")["at"]
        ben.next_of("view")
        start = len(ben.tape) - len(ben.buffer)
        for number in range(EVENTS):
            text = "x" * dice.randrange(1, 200)
            ada.say({"type": "write", "payload": {"room_id": "p", "text": f"{number} {text}"}})
        while ben.next_of("written")["payload"]["text"].split(" ")[0] != str(EVENTS - 1):
            pass
        tape = bytes(ben.tape[start:])
    for cut in [0, 1, *(dice.randrange(len(tape) + 1) for _ in range(CUTS)), len(tape)]:
        life, n, m = begun.split(".")
        got = [said for said in whole_frames(tape[:cut]) if "n" in said]
        if got:
            n = got[-1]["n"]
        missed = [said for said in whole_frames(tape) if "n" in said][len(got) :]
        with Wire.greeted(server, server.token("ben")) as again:
            resumed = join(again, "p", after=f"{life}.{n}.{m}")["resumed"]
            assert resumed == {"kind": "replayed", "events": len(missed)}, f"cut at byte {cut} of {len(tape)}"
            assert [again.next() for _ in missed] == missed, f"cut at byte {cut} of {len(tape)}"
            assert again.next()["type"] == "view"


def whole_frames(tape):
    """The messages that are whole in so many bytes."""
    frames, at = [], 0
    while at + 2 <= len(tape):
        size, head = tape[at + 1], 2
        if size == 126:
            size, head = int.from_bytes(tape[at + 2 : at + 4], "big"), 4
        if at + head + size > len(tape):
            break
        if tape[at] & 0x0F == 1:
            frames.append(json.loads(tape[at + head : at + head + size]))
        at += head + size
    return frames
