"""A room is played by the rules it was recorded under, by newer ones that take it over and say so, or not at all.

`LAB_RULES` picks which rules of `tally` the lab's server has: 1 count by ones, 2 count by tens."""

import json
import subprocess

import pytest

import parlour


class Lab:
    """One data folder, served by one set of rules after the other."""

    def __init__(self, folder):
        self.server = parlour.Server(folder, program=parlour.lab())

    def serve(self, rules):
        self.rules = rules
        self.server.env = {"LAB_RULES": rules}
        self.server.start()

    def offline(self, *args):
        """The lab's own command line, on the journal."""
        command = [parlour.lab(), *args, "--data", str(self.server.data)]
        env = parlour.environment(LAB_RULES=self.rules)
        return subprocess.run(command, env=env, cwd="/", capture_output=True, text=True, timeout=30, check=False)


@pytest.fixture
def lab(tmp_path):
    """A lab in whose room `a` three were counted by ones, stopped in good order."""
    lab = Lab(tmp_path)
    lab.serve("1")
    try:
        assert parlour.run(talk(lab.server, opens=True, adds=3))["view"] == {"count": 3}
        lab.server.stop()
        yield lab
    finally:
        lab.server.kill()


async def talk(server, *, opens=False, adds=0):
    """Joins room `a` and adds: the last answer, and the last view that came."""
    async with parlour.Client(server, "ada") as ada:
        if opens:
            await ada.open("tally", "a")
        try:
            answer = await ada.join("a")
        except parlour.Refused as refused:
            return {"answer": refused.payload, "view": None}
        for number in range(adds):
            answer = await ada.act("a", {"type": "add"}, id=f"{server.pid}-{number}")
        # The views of a turn come before its answer; that of joining comes after it.
        await ada.until(lambda frame: frame["type"] == "view", "a view")
        return {"answer": answer, "view": ada.of_room("a", "view")[-1]["payload"]}


def shown(server):
    return server.http("GET", "/v1/rooms/a", token=server.token("root", "admin")).json()


def test_without_its_rules_a_room_is_unavailable_and_listed_and_says_why(lab):
    lab.serve("2")
    answer = parlour.run(talk(lab.server))["answer"]
    assert (answer["kind"], answer["code"], answer["retry"]) == ("unavailable", "other_rules", False)
    assert "other rules" in answer["message"]
    assert shown(lab.server)["reason"] == "other_rules"
    rooms = lab.server.http("GET", "/v1/rooms", token=lab.server.token("root", "admin")).json()["rooms"]
    assert [(room["room_id"], room["reason"]) for room in rooms] == [("a", "other_rules")]
    assert 'recorded under rules 1 of "tally"' in lab.server.err
    lab.server.stop()
    found = lab.offline("replay", "a", "--verify")
    assert found.returncode == 8 and 'rules 1 of "tally"' in found.stderr, found
    # Nothing was done to it: under its own rules it is as it was.
    lab.serve("1")
    assert parlour.run(talk(lab.server, adds=1))["view"] == {"count": 4}


def test_with_its_rules_beside_the_newer_ones_it_plays_on(lab):
    lab.serve("1,2")
    assert parlour.run(talk(lab.server, adds=1))["view"] == {"count": 4}
    assert shown(lab.server)["rules"] == 1
    kinds = {kind["kind"]: kind["rules"] for kind in lab.server.http("GET", "/v1/kinds").json()["kinds"]}
    assert kinds["tally"] == 2, "new rooms open under the newest"


def test_rules_that_take_it_over_go_on_and_the_record_says_so(lab):
    lab.serve("2,takes_over")
    assert parlour.run(talk(lab.server, adds=1))["view"] == {"count": 40}
    assert shown(lab.server)["rules"] == 2
    lab.server.kill()
    lab.serve("2,takes_over")
    assert parlour.run(talk(lab.server, adds=1))["view"] == {"count": 50}
    lab.server.stop()
    causes = [json.loads(line).get("cause") for line in lab.offline("replay", "a").stdout.splitlines()]
    assert causes.count("migrated") == 1
    for rules, unplayed in (("2,takes_over", True), ("1,2,takes_over", False)):
        lab.rules = rules
        verified = lab.offline("replay", "a", "--verify")
        assert verified.returncode == 0 and ("not played" in verified.stdout) == unplayed, verified
