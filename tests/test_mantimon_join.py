"""Coming into a game by the dialect mantimon: what one is told, what the others are, and who is kept out."""

import mantimon
import parlour


def place_of(frame):
    """Where in the game a frame stands: its life, and how far it is in it."""
    life, n, m = frame["event_id"].split(".")
    return life, (int(n), int(m))


@mantimon.check(3, 18)
@mantimon.ways(*mantimon.EVERY)
def test_who_joins_is_answered_and_shown_the_game_once_and_the_other_is_told(front):
    async def talk():
        async with front.open() as table:
            game = await table.deal()
            ada, bob = [await table.connected(name) for name in ("ada", "bob")]
            for seat, player in enumerate((ada, bob)):
                answer = await player.join()
                await player.settled()
                shown = player.of("game_state")
                assert len(shown) == 1 and shown[0]["game_id"] == game
                assert shown[0]["state"]["you"]["seat"] == seat
                if not front.is_plain:
                    assert answer == {
                        "success": True, "game_id": game, "event_id": shown[0]["event_id"], "role": "player", "seat": seat,
                        "player_id": player.user,
                    }
            await ada.until_at(bob.at)
            (told,) = ada.of("opponent_status")
            assert (told["game_id"], told["opponent_id"], told["status"]) == (game, bob.user, "connected")
            lives, places = zip(*map(place_of, ada.of("game_state")))
            assert len(set(lives)) == 1 and len(places) == 2 and places[0] < places[1]
            for player in (ada, bob):
                await player.upgraded()
            await ada.join()
            assert ada.at == ada.of("game_state")[-2]["event_id"], "joining again changes nothing"

    parlour.run(talk())


async def assert_refused(player, kind, code, **fields):
    """An answer, and an event if that is not the same: both say why, and to what."""
    start, id = player.mark, f"id-{player.mark}-{code}"
    answer = await player.ask(kind, message_id=id, **fields)
    if kind == "action":
        assert (answer["type"], answer["success"], answer["error_code"]) == ("action_result", False, code), answer
    elif not player.front.is_plain:
        assert (answer["success"], answer["error_code"]) == (False, code) and answer["error_message"], answer
    if kind != "action":
        said = await player.until("error", start=start)
        assert (said["code"], said["request_message_id"]) == (code, id) and said["message"], said


@mantimon.check(5, 18)
@mantimon.ways(*mantimon.EVERY)
def test_who_cannot_come_in_is_told_why_and_nothing_else(front):
    async def talk():
        async with front.open() as table:
            players = await table.seat("ada", "bob")
            third = await table.connected("cem")
            await assert_refused(third, "join_game", "game_full", game_id=table.game)
            for unknown in ("no-such-game", "", "../etc", "a b", "é"):
                await assert_refused(third, "join_game", "game_not_found", game_id=unknown)
            await assert_refused(third, "action", "not_in_game", game_id=table.game, action=third.named({"type": "ready"}))
            await assert_refused(third, "action", "game_not_found", game_id="no-such-game", action=third.named({"type": "ready"}))
            marks = [player.mark for player in players]
            await players[0].place()
            await third.settled()
            assert {frame["type"] for frame in third.frames} <= {"error", "action_result", "heartbeat_ack"}
            for player, mark in zip(players, marks):
                assert not player.of("error", "opponent_status", start=mark)

    parlour.run(talk())


@mantimon.check(5, 21)
@mantimon.ways(*mantimon.SOME)
def test_another_game_is_one_too_many_and_the_same_is_not(front):
    async def talk():
        async with front.open() as table:
            game = await table.deal()
            player = await table.connected("ada")
            await player.join()
            other = await table.deal()
            await assert_refused(player, "join_game", "already_in_game", game_id=other)
            await player.join(game=game)
            assert player.last["game_id"] == game

    parlour.run(talk())
