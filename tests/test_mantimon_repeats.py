"""A message of the dialect mantimon counts once, however often and wherever it is said again: its answer is the first one, byte
for byte but for when it was said."""

import asyncio

import mantimon
import parlour


def kept(front, game):
    """Every action that the journal has of a game: who did what."""
    lines = parlour.replay(front.server.data, game)
    return [(line["input"]["user"], line["input"]["action"]["type"]) for line in lines if line.get("cause") == "action"]


def assert_one_answer(player, id, times):
    """It was answered so often, always in the same bytes but for the time."""
    said = player.raw("action_result", request_message_id=id)
    # Over Socket.IO each answer is an ack and an event.
    assert len(said) == times * (1 if player.front.is_plain else 2), said
    assert len({mantimon.without_time(text) for text in said}) == 1, said


@mantimon.check(8, 18)
@mantimon.ways(*mantimon.EVERY)
def test_a_message_said_again_counts_once_also_at_once_after_a_cut_and_after_a_kill(front):
    async def talk():
        async with front.open() as table:
            ada, bob = await table.seat("ada", "bob")
            placed = await ada.place()
            id, card = placed["request_message_id"], placed["changes"]["events"][0]["payload"]["card"]["id"]
            place = {"type": "place", "card": card}
            place_again = lambda: ada.act(place, id=id)
            failed = len([frame for frame in ada.of("action_result") if not frame["success"]])
            answers = [placed, await place_again()]

            ready = {"game_id": table.game, "action": ada.named({"type": "ready"}), "message_id": "at once"}
            results = await asyncio.gather(*(ada.ask("action", **ready) for _ in range(4)))
            assert all(result["success"] for result in results), results
            answers += await asyncio.gather(place_again(), place_again())

            await ada.client.cut()
            await ada.come_back()
            answers.append(await place_again())

            await bob.until_at(ada.at)
            shown = (ada.state, bob.state)
            lost = [player.mark_of_life for player in (ada, bob)]
            front.server.kill()
            for player, start in zip((ada, bob), lost):
                await player.client.lived("disconnect", start=start)
            await asyncio.to_thread(front.server.start)
            for player in (ada, bob):
                await player.come_back()
            answers.append(await place_again())
            assert (await ada.act({"type": "ready"}, id="at once"))["success"] is True
            for player, before in zip((ada, bob), shown):
                await player.join()
                assert game_of(player.state) == game_of(before)

            assert all(answer["success"] and answer["message_id"] == placed["message_id"] for answer in answers)
            assert_one_answer(ada, id, len(answers))
            assert_one_answer(ada, "at once", 5)
            assert len([frame for frame in ada.of("action_result") if not frame["success"]]) == failed
            assert kept(front, table.game) == [(ada.user, "place"), (ada.user, "ready")]

    parlour.run(talk())


def game_of(state):
    """A state without until when somebody who was away has time."""
    sides = [side | {"away": None} for side in state["sides"]]
    return state | {"sides": sides, "clock": None}


@mantimon.check(8)
@mantimon.ways(*mantimon.SOME)
def test_a_refusal_said_again_is_refused_again_and_a_message_of_another_user_is_another(front):
    async def talk():
        async with front.open() as table:
            ada, bob = await table.seat("ada", "bob")
            ready = {"type": "ready"}
            for _ in range(2):
                refused = await ada.act(ready, id="same")
                assert (refused["success"], refused["error_code"]) == (False, "action_not_allowed")
            placed = [await player.place() for player in (ada, bob)]
            results = [await player.done(ready, id="of both") for player in (ada, bob)]
            assert all(result["success"] for result in placed + results)
            assert [action for _, action in kept(front, table.game)] == ["place", "place", "ready", "ready"]

    parlour.run(talk())


@mantimon.check(9, 18)
@mantimon.ways(*mantimon.EVERY)
def test_the_same_id_with_another_action_is_refused_and_nothing_happens(front):
    async def talk():
        async with front.open() as table:
            ada, bob = await table.seat("ada", "bob", config=mantimon.SIMPLE)
            placed = await ada.place()
            id, shown = placed["request_message_id"], (ada.state, ada.at)
            for other in ({"type": "ready"}, {"type": "place", "card": "a" * 12}, {"type": "resign"}):
                refused = await ada.act(other, id=id)
                assert (refused["success"], refused["error_code"]) == (False, "invalid_message"), refused
                assert refused["request_message_id"] == id and refused["changes"] == {}
            # It still stands for what it stood for first.
            again = await ada.act({"type": "place", "card": placed["changes"]["events"][0]["payload"]["card"]["id"]}, id=id)
            assert again["success"] and again["message_id"] == placed["message_id"]
            await ada.join()
            assert (ada.state, ada.at) == shown
            assert kept(front, table.game) == [(ada.user, "place")]

    parlour.run(talk())


@mantimon.check(8, 15)
@mantimon.ways(*mantimon.SOME)
def test_a_resignation_said_again_counts_once(front):
    async def talk():
        async with front.open() as table:
            ada, bob = await table.seat("ada", "bob")
            answers = [await ada.ask("resign", game_id=table.game, message_id="enough") for _ in range(3)]
            assert all(answer["success"] for answer in answers), answers
            for player in (ada, bob):
                await player.until("game_over")
            await ada.settled()
            assert_one_answer(ada, "enough", 3)
            assert len(ada.of("game_over")) == len(bob.of("game_over")) == 1

    parlour.run(talk())
