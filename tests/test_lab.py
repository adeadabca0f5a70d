"""The same server with other rooms: what an author gets who registers kinds of their own."""

import parlour


def test_a_program_with_other_rooms_serves_those(make_server):
    server = make_server(program=parlour.lab())
    kinds = server.http("GET", "/v1/kinds", token=server.token("ada")).json()["kinds"]
    names = [kind["kind"] for kind in kinds]
    assert {"pad", "tally"} <= set(names)

    async def talk():
        async with parlour.Client(server, "ada") as ada, parlour.Client(server, "ben") as ben:
            await ada.open("pad", "p")
            await ada.join("p")
            await ben.join("p")
            assert (await ada.act("p", {"type": "write", "text": "hello"}))["status"] == "ok"
            written = await ben.until(lambda frame: frame["type"] == "written", "what was written")
            assert written["payload"] == {"by": 0, "text": "hello"}

    parlour.run(talk())


def test_a_bot_that_may_only_watch_is_not_seated_and_whoever_opens_the_room_is_told_so(make_server):
    server = make_server(program=parlour.lab())
    refused = server.http("POST", "/v1/rooms", {"kind": "pad", "id": "p", "bots": {"0": "random"}}, token=server.token("ada"))
    assert refused.status == 403 and refused.json()["code"] == "bot_not_seated"
    assert server.http("GET", "/v1/rooms/p", token=server.token("ada")).status == 404, "nothing of it was opened"
    assert server.http("POST", "/v1/rooms", {"kind": "pad", "id": "p"}, token=server.token("ada")).status == 201
