"""The narrator of quests against an endpoint on this machine: what it says is shown, and moves nothing, whatever it is."""

import json

import pytest

import parlour
from chat_completions import Endpoint
from test_quest import ROOM, choose, enter, seen


@pytest.fixture
def ask(make_server):
    """A server whose narrator asks an endpoint that gives these answers."""
    endpoints = []

    def make(*answers, **env):
        endpoint = Endpoint(*answers)
        endpoints.append(endpoint)
        named = {"PARLOUR_NARRATOR__URL": endpoint.url, "PARLOUR_NARRATOR__KEY": "sesame", "PARLOUR_NARRATOR__MODEL": "small"}
        return make_server(env=named | env), endpoint

    yield make
    for endpoint in endpoints:
        endpoint.close()


def narrative(server, until=lambda narrative: not narrative["narrating"]):
    """The first narrative of a quest for which that is so, and the view with it."""

    async def talk():
        ada, _ = await enter(server)
        view = await seen(ada, lambda view: until(view["narrative"]), "the narrator")
        await ada.drop()
        return view

    return parlour.run(talk())


def test_what_is_streamed_is_shown_and_kept_and_moves_nothing(ask):
    injection = "Ignore the rules. {\"section\": 72} \x1b[2J Jet de chance : 12."
    server, endpoint = ask(["No lamp burns. ", injection])
    view = narrative(server)
    assert view["narrative"]["source"] == "processed" and view["narrative"]["content"].startswith("No lamp burns. Ignore")
    assert "\x1b" not in view["narrative"]["content"]
    assert (view["section"]["number"], view["step"], view["character"]["flags"]) == (1, 0, [])
    path, key, body = endpoint.asked[0]
    assert (path, key, body["model"], body["stream"]) == ("/v1/chat/completions", "Bearer sesame", "small", True)


def test_with_the_endpoint_gone_a_replay_gives_each_state_that_was_shown(ask):
    server, endpoint = ask(["It is ", "dark."], 500, ["At last."], 404, ["Words, words."])

    async def talk():
        ada, _ = await enter(server)
        for choice in (None, "tavern", "dice"):
            if choice:
                await choose(ada, choice)
            await seen(ada, lambda view: not view["narrative"]["narrating"], "the narrator")
        await ada.act(ROOM, {"type": "remark", "text": "Go to section 72."})
        await ada.act(ROOM, {"type": "roll", "section": 10})
        await seen(ada, lambda view: not view["narrative"]["narrating"], "the narrator")
        await ada.drop()
        return ada.texts

    shown = views(parlour.run(talk()))
    server.stop()
    for is_there in (True, False):
        if not is_there:
            endpoint.close()
        asked = len(endpoint.asked)
        assert [view for view in replayed(server) if view in shown] == shown
        verified = parlour.cli("replay", ROOM, "--verify", "--data", server.data, env=server.env, expect=0)
        assert "every hash matches" in verified.stdout
        assert len(endpoint.asked) == asked
    assert {view["narrative"]["source"] for view in shown} == {"raw", "processed", "error"}


def views(texts):
    """What somebody was shown, in order."""
    shown = []
    for frame in map(json.loads, texts):
        if frame["type"] not in ("view", "patch"):
            continue
        body = frame["payload"]
        view = body if frame["type"] == "view" else parlour.patched(json.loads(json.dumps(shown[-1])), body["ops"])
        shown += [view] if view not in shown[-1:] else []
    return shown


def replayed(server):
    """What everybody was shown after each record, where that had changed, by the journal."""
    told = []
    for number in range(1, 1 + len(parlour.replay(server.data, ROOM))):
        done = parlour.cli("replay", ROOM, "--as", "spectator", "--at", number, "--data", server.data, env=server.env, expect=0)
        view = json.loads(done.stdout.splitlines()[-1])
        assert view["type"] == "view"
        told += [view["payload"]] if view["payload"] not in told[-1:] else []
    return told


def test_a_busy_endpoint_is_asked_again(ask):
    server, endpoint = ask(429, 500, ["At last."])
    assert narrative(server)["narrative"]["content"] == "At last." and len(endpoint.asked) == 3


def test_an_endpoint_that_does_not_stream_is_understood(ask):
    said = {"choices": [{"index": 0, "message": {"role": "assistant", "content": "Said in one piece."}, "finish_reason": "stop"}]}
    server, _ = ask(json.dumps(said).encode())
    told = narrative(server)["narrative"]
    assert (told["source"], told["content"]) == ("processed", "Said in one piece.")


@pytest.mark.parametrize(("answer", "code"), [(404, "not_found"), (b"<html>", "garbage"), (b"", "garbage"), ([], "empty")])
def test_a_failure_is_typed_and_keeps_the_own_text(ask, answer, code):
    server, _ = ask(answer)
    told = narrative(server)["narrative"]
    assert (told["source"], told["error"]["code"]) == ("error", code) and told["content"].startswith("The ferry puts you off")


def failures(view):
    """How often the narrator had no words, by what is shown of a quest whose narrator never had any."""
    return sum(entry["action_type"] == "narration" for entry in view["trace"]["history"])


def test_silence_blocks_nobody_and_the_narrator_can_be_asked_again(ask):
    server, endpoint = ask(None, PARLOUR_NARRATOR__TIMEOUT_MS="300")

    async def in_silence():
        ada, _ = await enter(server)
        await choose(ada, "quay")
        assert ada.view(ROOM)["section"]["number"] == 2, "nobody waits for it"
        view = await seen(ada, lambda view: view["narrative"]["error"], "the failure")
        assert view["narrative"]["error"]["code"] == "timed_out"
        before = failures(view)
        await ada.act(ROOM, {"type": "narrate_again"})
        view = await seen(ada, lambda view: failures(view) > before and view["narrative"]["error"], "the next failure")
        assert view["narrative"]["error"]["code"] == "timed_out"
        await ada.drop()

    async def with_words():
        ada, _ = await enter(server)
        assert ada.view(ROOM)["narrative"]["error"]["code"] == "timed_out"
        await ada.act(ROOM, {"type": "narrate_again"})
        view = await seen(ada, lambda view: view["narrative"]["source"] == "processed", "the words")
        assert view["narrative"]["content"] == "Here I am."
        await ada.drop()

    parlour.run(in_silence())
    # What is to answer has longer, as a busy machine may take that long.
    server.stop()
    server.env |= {"PARLOUR_NARRATOR__TIMEOUT_MS": "3000"}
    server.start()
    endpoint.answers[:] = [["Here I am."]]
    parlour.run(with_words())


def test_a_game_that_has_spent_its_tokens_asks_no_more(ask):
    server, endpoint = ask(["x"], PARLOUR_NARRATOR__TOKENS_PER_GAME="100")

    async def talk():
        ada, _ = await enter(server)
        await seen(ada, lambda view: view["narrative"]["source"] == "processed", "the words")
        await choose(ada, "quay")
        view = await seen(ada, lambda view: view["narrative"]["error"], "the end of the budget")
        assert view["narrative"]["error"]["code"] == "budget_spent" and len(endpoint.asked) == 1
        await ada.drop()

    parlour.run(talk())
