"""What every message of the dialect mantimon is, written from its documents alone: its fields, all of them there, and what each
may be. An object may have more fields only where `ADDITIONS` names them."""

import datetime
import re
import uuid

CODES = {
    "authentication_failed", "connection_closed", "rate_limited",
    "game_not_found", "not_in_game", "already_in_game", "game_full", "game_ended",
    "invalid_action", "not_your_turn", "action_not_allowed",
    "invalid_message", "unknown_message_type",
    "internal_error",
}  # fmt: skip

END_REASONS = {"prizes_taken", "no_pokemon", "deck_empty", "turn_limit", "timeout", "resignation", "draw"}

TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z")


def is_text(value):
    return isinstance(value, str)


def is_number(value):
    return isinstance(value, int) and not isinstance(value, bool)


def is_object(value):
    return isinstance(value, dict)


def is_flag(value):
    return isinstance(value, bool)


def is_uuid(value):
    return is_text(value) and str(uuid.UUID(value)) == value


def is_timestamp(value):
    """UTC; with six digits of a second, or with none if they are all 0."""
    fits = is_text(value) and TIMESTAMP.fullmatch(value) and not value.endswith(".000000Z")
    return bool(fits) and datetime.datetime.fromisoformat(value).tzinfo is not None


def of(values):
    return lambda value: value in values


def maybe(fits):
    return lambda value: value is None or fits(value)


def from_(least):
    return lambda value: is_number(value) and value >= least


COMMON = {"type": is_text, "message_id": is_uuid, "timestamp": is_timestamp}

MESSAGES = {
    "game_state": {"game_id": is_text, "state": is_object, "event_id": is_text},
    "action_result": {
        "game_id": is_text,
        "request_message_id": is_text,
        "success": is_flag,
        "action_type": is_text,
        "changes": is_object,
        "error_code": maybe(of(CODES)),
        "error_message": maybe(is_text),
    },
    "error": {"code": of(CODES), "message": is_text, "details": is_object, "request_message_id": maybe(is_text)},
    "turn_start": {"game_id": is_text, "player_id": is_text, "turn_number": from_(1), "event_id": is_text},
    "turn_timeout": {"game_id": is_text, "remaining_seconds": from_(0), "is_warning": is_flag, "player_id": is_text},
    "game_over": {
        "game_id": is_text,
        "winner_id": maybe(is_text),
        "end_reason": of(END_REASONS),
        "final_state": is_object,
        "event_id": is_text,
    },
    "opponent_status": {
        "game_id": is_text,
        "opponent_id": is_text,
        "status": of({"connected", "disconnected", "reconnecting"}),
    },
    "heartbeat_ack": {},
}
"""The eight types."""

ADDED = {
    "action_applied": {
        "game_id": is_text,
        "event_id": is_text,
        "player_id": maybe(is_text),
        "action_type": is_text,
        "changes": is_object,
    },
}
"""A ninth, which is ours, in strict mode only."""

ADDITIONS = {"action_result": {"details": is_object}, "turn_timeout": {"deadline": maybe(is_timestamp)}}
"""Fields that are ours."""

EVENTS = {"game_state": "game:state"}
"""Messages whose event has another name than `game:` and their type."""


def faults(event, args, mode):
    """What is wrong with what the server said, as texts."""
    if len(args) != 1 or not is_object(args[0]):
        return [f"{event} has no single object: {args}"]
    (message,) = args
    kind = message.get("type")
    known = MESSAGES | (ADDED if mode == "strict" else {})
    if not is_text(kind) or kind not in known:
        return [f"in {mode} there is no such type: {message}"]
    fields = COMMON | known[kind] | ADDITIONS.get(kind, {})
    wrong = [f"{name} is {message.get(name, 'missing')!r} in {message}" for name in fields if not fits(fields, name, message)]
    wrong += [f"{name} is one field too many in {message}" for name in message if name not in fields]
    if event != EVENTS.get(kind, f"game:{kind}"):
        wrong.append(f"{kind} came as {event}")
    if kind == "action_result" and not wrong:
        wrong += of_result(message)
    return wrong


def fits(fields, name, message):
    try:
        return name in message and fields[name](message[name])
    except (TypeError, ValueError):
        return False


def of_result(message):
    """What success and failure say differs."""
    is_right = bool(message["changes"]) == message["success"]
    is_right &= all((message[name] is None) == message["success"] for name in ("error_code", "error_message"))
    return [] if is_right else [f"half a success: {message}"]


class Recorder:
    """Everything that servers said to clients in tests of the dialect: what was wrong with it, and which types there were."""

    def __init__(self):
        self.wrong, self.seen = [], {"strict": set(), "compat": set()}

    def hear(self, server, event, args):
        mode = "compat" if "--compat" in server.args else "strict"
        self.wrong += faults(event, args, mode)
        self.seen[mode] |= {message.get("type") for message in args if is_object(message)}

    def take_faults(self):
        wrong, self.wrong = self.wrong, []
        return wrong
