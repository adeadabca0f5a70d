"""A party plays a game of the dialect casys, each by a socket of their own: by votes, or in turns."""

import pytest

import casys
import compatibility
import parlour
from casys import assert_error, choice


@pytest.fixture
def front(casys_front):
    """A server in this mode, and by what it is played."""
    return casys_front


async def party(table, mode, *users, **settings):
    """Everybody of a party, seated in this order, and shown that all are there."""
    settings |= {"party": mode, "seats": len(users), "narrated": False}
    await table.initialise(settings=settings, user=users[0])
    members = [await table.client(user=user) for user in users]
    for member in members:
        await member.shown(1, more=lambda state: len(state["metadata"]["party"]["members"]) == len(users))
    return members


@compatibility.check("casys", 4)
@casys.both
def test_a_party_votes_and_where_the_majority_goes_everybody_is_shown(front):
    async def talk():
        async with front.table(are_known=True) as table:
            members = ada, bob, eve = await party(table, "vote", "ada", "bob", "eve", vote_seconds=3600)
            votes = [(ada, "2", "quay"), (bob, "3", "customs"), (eve, "2", "quay")]
            for number, (member, target, _) in enumerate(votes[:2], start=1):
                await member.send(choice(target))
                cast = [{"seat": seat, "choice": name} for seat, (_, _, name) in enumerate(votes[:number])]
                for other in members:
                    await other.shown(1, more=lambda state, cast=cast: state["metadata"]["party"]["votes"] == cast)
            assert_error(await ada.choose("2", metadata={"id": "once-more"}), "choice_error", "already_voted")
            await eve.send(choice("2"))
            states = [await member.shown(2) for member in members]
            for state in states:
                assert (state["metadata"]["step"], state["metadata"]["party"]["votes"]) == (1, [])
                assert (state["rules"], state["decision"]) == (states[0]["rules"], states[0]["decision"])
            assert_error(await bob.choose("3", metadata={"section_number": 1}), "choice_error", "stale_section")

    parlour.run(talk())


@compatibility.check("casys", 4)
@casys.both
def test_a_party_that_takes_turns_hears_only_the_one_whose_turn_it_is(front):
    async def talk():
        async with front.table(are_known=True) as table:
            ada, bob = await party(table, "turns", "ada", "bob", turn_seconds=3600)
            members, state = (ada, bob), ada.states[-1]
            for number, section in enumerate((2, 3, 7, None)):
                seat = number % 2
                turn = lambda state, seat=seat: state["metadata"]["party"]["turn"] == seat  # noqa: E731
                for member in members:
                    await member.shown(state["section_number"], more=turn)
                way = next(offered["id"] for offered in state["rules"]["choices"] if offered["open"])
                assert_error(await members[1 - seat].choose(way), "choice_error", "not_your_turn")
                state = await members[seat].go(section) if section else state

    parlour.run(talk())
