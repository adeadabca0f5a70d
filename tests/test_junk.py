"""Junk gets one typed answer, or a close with the right code; where the connection stays open, the next ping works."""

import collections
import json
import random

import pytest

import parlour
import raw
import tokens
from codes import assert_typed
from raw import BINARY, CLOSE, PING, PONG, TEXT, Wire, frame


# On one loop: only there does the answer of one room come after that of another which was asked before.
WIDE = parlour.UNLIMITED | {"PARLOUR_LIMITS__SHARDS": "1"}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """One server for all junk: none of it may hurt the tests after it."""
    server = parlour.Server(tmp_path_factory.mktemp("junk"), env=WIDE).start()
    server.ada = tokens.good(server, "ada")
    with Wire.greeted(server, server.ada) as ada:
        opened = ada.ask({"type": "open_room", "ref": "o", "payload": {"kind": "cards", "room_id": "here"}})
        joined = ada.ask({"type": "join_room", "ref": "j", "payload": {"room_id": "here"}})
        assert (opened["status"], joined["status"]) == ("ok", "ok")
    yield server
    assert "panicked" not in server.err, server.err
    assert server.stop() == 0


@pytest.fixture
def wire(server):
    """A connection that was greeted, of somebody who sits in room `here`."""
    with Wire.greeted(server, server.ada) as wire:
        yield wire


def answers(wire):
    """All that came before the answer to a ping sent now: that it comes shows that the connection is well."""
    # First a question that must wait for the journal, as those do that name an unknown room.
    wire.say({"type": "legal", "room": "the-last-question", "ref": "the last question"})
    came = []
    while (said := wire.next())["payload"].get("ref") != "the last question":
        came.append(said)
    wire.say({"type": "ping", "ref": "the ping after it"})
    while (said := wire.next())["payload"].get("ref") != "the ping after it":
        came.append(said)
    assert said["payload"]["status"] == "ok" and came.pop()["type"] == "pong"
    return came


def assert_one_answer(wire, text, code, reference=None):
    """Exactly one typed answer: an ack with the `ref` where that could be read, else an error."""
    wire.send(frame(text))
    came = answers(wire)
    assert [said["type"] for said in came] == ["ack" if reference else "error"], came
    assert came[0]["payload"].get("ref") == reference
    assert_typed(came[0]["payload"], code)


NO_OBJECTS = ["", " ", "nope", "{", "}", '{"type":"ping"', '{"type":"ping"}x', "{'type':'ping'}", '{"type":"ping",}', "\ufeff{}",
              '{"type":"\\ud800"}', "[]", "[1]", '["ping"]', '[1,"ping","r"]', '[{"type":"ping"}]', "null", "true", "0", "1e999",
              '"ping"', "NaN", "[" * 5000, '{"a":' * 5000]


@pytest.mark.parametrize("text", NO_OBJECTS, ids=lambda text: repr(text[:20]))
def test_what_is_no_object_gets_one_error(wire, text):
    assert_one_answer(wire, text, "invalid_message")


@pytest.mark.parametrize("doubled", ['"type":"ping"', '"payload":{}', '"v":1', '"id":"a"', '"room":"here"'])
def test_a_field_that_is_there_twice_is_refused_to_its_ref(wire, doubled):
    assert_one_answer(wire, f'{{"type":"ping","ref":"r",{doubled},{doubled}}}', "invalid_message", "r")


@pytest.mark.parametrize("kind", ["nonsense", "", "ack", "view", "connected", "error", "patch", "Ping", "ping ", "parlour_x"])
def test_an_unknown_type_is_told_so(wire, kind):
    assert_one_answer(wire, json.dumps({"type": kind, "ref": "r"}), "unknown_type", "r")


WRONG = [
    ({"type": 1}, "invalid_message"),
    ({"type": None}, "invalid_message"),
    ({"type": ["ping"]}, "invalid_message"),
    ({"type": {}}, "invalid_message"),
    ({}, "invalid_message"),
    *(({"type": "ping", "payload": payload}, "invalid_message") for payload in (None, 1, "x", True, [], [{}])),
    *(({"type": "ping", "v": v}, "invalid_message") for v in ("1", 1.0, None, True, [], {}, 1.5)),
    *(({"type": "ping", "v": v}, "unsupported_version") for v in (-1, 0, 2, 99, 10**30)),
    *(({"type": "action", "room": "here", "payload": {"type": "ready"}, "id": i}, "invalid_message")
      for i in (5, None, True, [], {}, "", "  ", "i" * 65)),
    *(({"type": "legal", "room": room}, "invalid_message") for room in (5, None, [], {})),
    *(({"type": "legal", "room": room}, "invalid_name") for room in ("", "a b", "ä", "../here", "here\0", "h" * 65, "'--")),
    ({"type": "legal"}, "invalid_message"),
    ({"type": "legal", "room": "nowhere"}, "room_not_found"),
    ({"type": "leave_room", "room": "nowhere"}, "room_not_found"),
    ({"type": "action", "room": "here"}, "invalid_message"),
    ({"type": "action", "room": "nowhere", "payload": {"type": "ready"}}, "room_not_found"),
    *(({"type": "action", "room": "here", "payload": payload}, "invalid_action")
      for payload in ({}, {"type": 1}, {"type": "fly"}, {"type": "ready", "more": 1}, {"type": "place"},
                      {"type": "place", "card": 5}, {"type": "attack", "attack": -1}, {"type": "attack", "attack": 1e99})),
    ({"type": "fly", "room": "here"}, "unknown_type"),
    ({"type": "fly", "payload": {"room_id": 5}}, "invalid_message"),
    ({"type": "auth", "payload": {}}, "invalid_message"),
    ({"type": "auth", "payload": {"token": 5}}, "invalid_message"),
    ({"type": "join_room"}, "invalid_message"),
    *(({"type": "join_room", "payload": {"room_id": "here"} | more}, "invalid_message")
      for more in ({"seat": -1}, {"seat": "0"}, {"seat": 1.5}, {"seat": 2**40}, {"as": "king"}, {"as": 5}, {"nonce": 5},
                   {"after": 5}, {"after": "x"}, {"after": "a.b.c"}, {"as": "spectator", "seat": 0}, {"room_id": 5})),
    ({"type": "join_room", "payload": {"room_id": "here", "nonce": "n" * 65}}, "invalid_nonce"),
    ({"type": "join_room", "payload": {"room_id": "here", "seat": 1}}, "seated_elsewhere"),
    ({"type": "join_room", "payload": {"room_id": "no/where"}}, "invalid_name"),
    *(({"type": "open_room", "payload": payload}, code) for payload, code in [
        ({}, "invalid_message"),
        ({"kind": 5}, "invalid_message"),
        ({"kind": "chess"}, "unknown_kind"),
        ({"kind": "cards", "room_id": "here"}, "room_exists"),
        ({"kind": "cards", "room_id": "h e"}, "invalid_name"),
        ({"kind": "cards", "config": []}, "invalid_config"),
        ({"kind": "cards", "config": 5}, "invalid_config"),
        ({"kind": "cards", "config": {"unknown": 1}}, "invalid_config"),
        ({"kind": "cards", "config": {"turn_limit": "9"}}, "invalid_config"),
        ({"kind": "cards", "bots": []}, "invalid_message"),
        ({"kind": "cards", "bots": {"0": 5}}, "invalid_message"),
        ({"kind": "cards", "bots": {"x": "random"}}, "no_such_seat"),
        ({"kind": "cards", "bots": {"7": "random"}}, "no_such_seat"),
        ({"kind": "cards", "bots": {"1": "deep blue"}}, "unknown_bot"),
    ]),
]


@pytest.mark.parametrize(("value", "code"), WRONG, ids=[f"{code}-{json.dumps(value)[:60]}" for value, code in WRONG])
def test_a_wrong_field_gets_one_ack_with_its_ref_and_one_error_without(wire, value, code):
    assert_one_answer(wire, json.dumps(value | {"ref": "r"}), code, "r")
    assert_one_answer(wire, json.dumps(value), code)


@pytest.mark.parametrize("reference", [5, None, True, [], {}, "r" * 129], ids=str)
def test_a_ref_that_is_none_gets_an_error_and_its_request_is_not_done(wire, reference):
    assert_one_answer(wire, json.dumps({"type": "ping", "ref": reference}), "invalid_message")


def test_a_ref_is_given_back_as_it_was(wire):
    for reference in ['"\\\n', "ä€😀", "", "r" * 128]:
        assert wire.ask({"type": "ping", "ref": reference}) == {"ref": reference, "status": "ok"}


def test_a_refusal_of_the_rules_has_the_rules_own_words_and_no_more(wire):
    refused = wire.ask({"type": "open_room", "ref": "r", "payload": {"kind": "cards", "config": {"seconds_per_turn": 0}}})
    assert (refused["kind"], refused["code"], refused["retry"]) == ("illegal", "bad_seconds_per_turn", False)
    assert refused["details"] == {"seconds_per_turn": 0}
    assert answers(wire) == []


def test_depth_is_answered_whatever_it_is(wire):
    nest = lambda depth: '{"a":' * depth + "1" + "}" * depth
    for depth in (100, 10_000):
        assert wire.ask({"type": "ping", "ref": "r"})["status"] == "ok"
        assert_one_answer(wire, '{"type":"nonsense","ref":"r","payload":%s}' % nest(100), "unknown_type", "r")
        assert_one_answer(wire, '{"type":"action","room":"here","ref":"r","payload":%s}' % nest(depth), "invalid_action", "r")
        assert_one_answer(wire, nest(depth), "invalid_message")
        assert_one_answer(wire, "[" * depth + "]" * depth, "invalid_message")


def test_junk_of_one_user_never_comes_to_another(server, wire):
    canary = "canary-7c1f"
    with Wire.greeted(server, tokens.good(server, "bob")) as bob:
        assert bob.ask({"type": "join_room", "ref": "j", "payload": {"room_id": "here", "as": "spectator"}})["status"] == "ok"
        for text in [canary, f'{{"type":"{canary}","room":"here"}}', f'{{"type":"legal","room":"{canary}"}}',
                     f'{{"type":"action","room":"here","payload":{{"type":"place","card":"{canary}"}}}}']:
            wire.send(frame(text))
        assert len([said for said in answers(wire) if said["type"] == "error"]) == 4
        bob.say({"type": "ping"})
        while (said := bob.next())["type"] != "pong":
            assert canary not in json.dumps(said)
    assert canary not in server.err + server.out


def test_binary_frames_are_told_to_be_text(wire):
    for payload in (b"", b"\0\xff", b'{"type":"ping","ref":"r"}'):
        wire.send(frame(payload, BINARY))
        (said,) = answers(wire)
        assert said["type"] == "error"
        assert_typed(said["payload"], "binary_unsupported")


def test_500_frames_in_one_segment_get_500_answers_in_order(wire):
    segment = b"".join(raw.message({"type": "nonsense" if i % 7 == 3 else "ping", "ref": f"r{i}"}) for i in range(500))
    wire.send(segment)
    for i in range(500):
        said = wire.next()
        if i % 7 != 3:
            assert said["type"] == "pong"
            said = wire.next()
        assert said["payload"]["ref"] == f"r{i}"
        assert said["payload"]["status"] == ("error" if i % 7 == 3 else "ok")
    assert answers(wire) == []


def test_a_handshake_and_a_frame_may_come_byte_by_byte(server):
    with Wire(server) as wire:
        for byte in raw.upgrade_request(token=server.ada):
            wire.send(bytes([byte]))
        assert wire.response().status == 101
        assert wire.next()["type"] == "connected"
        for byte in raw.message({"type": "ping", "ref": "r" * 120, "payload": {"ä": "€"}}):
            wire.send(bytes([byte]))
        assert (wire.next()["type"], wire.next()["payload"]["status"]) == ("pong", "ok")


GOOD = [
    {"v": 1, "type": "ping", "ref": "REF"},
    {"type": "open_room", "ref": "REF", "id": "i", "payload": {"kind": "cards", "config": {}, "bots": {"1": "random"}}},
    {"type": "join_room", "ref": "REF", "payload": {"room_id": "wild", "as": "player", "seat": 0, "after": "a.1.2"}},
    {"type": "action", "ref": "REF", "id": "i", "room": "wild", "payload": {"type": "attack", "attack": 1, "target": "x"}},
    {"type": "end_turn", "ref": "REF", "payload": {"room_id": "wild"}},
    {"type": "legal", "ref": "REF", "room": "wild"},
    {"type": "leave_room", "ref": "REF", "room": "wild"},
    {"type": "unsubscribe", "ref": "REF", "payload": {"room_id": "wild"}},
    {"type": "batch", "ref": "REF", "id": "b", "room": "wild", "payload": {"atomic": True, "actions": [{"type": "end_turn"}]}},
    {"type": "list_rooms", "ref": "REF", "payload": {"kind": "cards", "after": "a", "limit": 2}},
    {"type": "find_room", "ref": "REF", "id": "f", "payload": {"kind": "cards", "config": {}, "nonce": "n"}},
    {"type": "history", "ref": "REF", "room": "wild", "payload": {"before": "a.1", "limit": 2}},
    {"type": "subscribe", "ref": "REF", "payload": {"topic": "rooms:cards"}},
]
SCRAPS = [*'{}[]",:\\ \n\t01-.e€', "null", "true", '"ref"', '"type"', '"payload":', '"room":"wild"', "\\u0000", "{}", "[]", "1e9"]


def mutated(dice, reference):
    """A good message with some damage."""
    text = json.dumps(dice.choice(GOOD), ensure_ascii=False)
    for _ in range(dice.randrange(4)):
        start = dice.randrange(len(text) + 1)
        end = min(len(text), start + dice.choice([0, 1, 1, 2, 5, 20]))
        text = text[:start] + dice.choice([dice.choice(SCRAPS), "", text[end : end + 10]]) + text[end:]
    return text.replace("REF", reference)


def readable_reference(text):
    """The `ref` of a message as far as it can be read at all; None without one."""

    def refuse(constant):
        raise ValueError(constant)

    try:
        value = json.loads(text, parse_constant=refuse)
        reference = value["ref"]
        return reference if isinstance(reference, str) and len(reference.encode()) <= 128 else None
    except (ValueError, TypeError, KeyError):
        return None


def test_of_damaged_messages_each_gets_one_ack_if_its_ref_can_be_read_and_never_one_if_not(server, seed):
    dice, tally = random.Random(seed), collections.Counter()
    with Wire.greeted(server, tokens.good(server, "wilma")) as wire:
        wire.ask({"type": "open_room", "ref": "o", "payload": {"kind": "cards", "room_id": "wild"}})
        for batch in range(60):
            texts = [mutated(dice, f"m{batch}.{number}") for number in range(50)]
            wire.send(b"".join(frame(text) for text in texts))
            owed = collections.Counter(reference for text in texts if (reference := readable_reference(text)) is not None)
            # What comes from a room waits for the disk, so that the last question's answer may come before it.
            came, waiting = [], set(owed)
            while waiting:
                came.append(said := wire.next())
                waiting.discard(said["payload"].get("ref"))
            came += answers(wire)
            acks = collections.Counter(said["payload"]["ref"] for said in came if said["type"] == "ack")
            assert acks == owed, [text for text in texts if readable_reference(text) in (acks - owed) + (owed - acks)]
            for said in came:
                tally[said["type"]] += 1
                if said["payload"].get("kind") not in (None, "illegal"):
                    assert_typed(said["payload"], said["payload"]["code"])
    print(dict(tally))
    assert tally["ack"] > 500 and tally["error"] > 500


def test_a_message_may_come_in_pieces_with_pings_between(wire):
    text = json.dumps({"type": "ping", "ref": "ä€😀" * 9}, ensure_ascii=False).encode()
    for at, byte in enumerate(text):
        wire.send(frame(bytes([byte]), TEXT if at == 0 else 0, fin=at == len(text) - 1) + frame(b"%d" % at, PING))
    pongs = [wire.frame() for _ in text[:-1]]
    assert pongs == [(PONG, b"%d" % at) for at in range(len(text) - 1)]
    assert (wire.next()["type"], wire.next()["payload"]["ref"]) == ("pong", "ä€😀" * 9)
    assert wire.frame() == (PONG, b"%d" % (len(text) - 1))
