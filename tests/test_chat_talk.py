"""The dialect chat: who is greeted, who is in which room, and who hears what."""

import chat
import parlour


@chat.check(1)
@chat.by_all
def test_the_first_word_is_connected_with_a_stable_user_and_a_session_of_ones_own(place):
    async def talk():
        async with place.open() as new_talker:
            first, second, other = new_talker("ada", named=True), new_talker("ada", named=True), new_talker("bob")
            for talker in first, second, other:
                await talker.connect()
                assert talker.frames[0]["type"] == "connected"
            greetings = [talker.of("connected")[0] for talker in (first, second, other)]
            users, sessions = [greeting["user_id"] for greeting in greetings], {greeting["session_id"] for greeting in greetings}
            assert users[0] == users[1] != users[2] and len(sessions) == 3

    parlour.run(talk())


@chat.check(1)
@chat.by_all
def test_nobody_in_particular_is_a_guest_in_compat_and_has_to_say_who_they_are_in_strict(place):
    async def talk():
        async with place.open() as new_talker:
            ada = new_talker("ada")
            ada.token = None
            if place.mode == "compat":
                guest = (await ada.connect()).user
                again = await new_talker("again").connect(token=ada.of("connected")[0]["token"])
                assert again.user == guest, "the token of the greeting brings the same guest back"
                return
            await ada.socket.open("/ws")
            await ada.error({"type": "ping"}, "AUTHENTICATION_REQUIRED")
            await ada.send({"type": "auth", "ref": "1", "payload": {"token": place.token("ada")}})
            assert await ada.until("connected") == {**ada.of("connected")[0], "user_id": "ada"}
            assert (await ada.until("ack"))["status"] == "ok"
            await ada.settled()

    parlour.run(talk())


@chat.check(1)
@chat.by_all
def test_a_token_that_is_not_good_is_told_and_closed_in_both_modes(place):
    async def talk():
        async with place.open() as new_talker:
            ada = new_talker("ada")
            await ada.socket.open("/ws", place.token("ada") + "x")
            assert (await ada.socket.until_closed())[0] == 1008
            assert [frame["payload"]["code"] for frame in ada.frames] == ["AUTHENTICATION_FAILED"]

    parlour.run(talk())


@chat.check(2)
@chat.by_all
def test_a_ping_is_answered_by_a_pong_and_with_a_ref_by_an_ack_too(place):
    async def talk():
        async with place.open() as new_talker:
            ada = await new_talker("ada").connect()
            await ada.send({"type": "ping"})
            await ada.until("pong")
            start = ada.mark
            await ada.done("ping", ref="p")
            await ada.done("ping", ref="q")
            assert [frame["type"] for frame in ada.frames[start:]] == ["pong", "ack", "pong", "ack"]
            assert len(ada.of("pong", "ack")) == 5

    parlour.run(talk())


@chat.check(3)
@chat.by_all
def test_who_joins_is_told_so_and_the_others_once(place):
    async def talk():
        async with place.open() as new_talker:
            room, (ada, bob) = place.room(), [await new_talker(name).connect() for name in ("ada", "bob")]
            await ada.join(room)
            expected = {"room_id": room, "user_id": ada.user, "member_count": 1, "as": "player"}
            assert {name: value for name, value in ada.of("joined")[0].items() if name != "at"} == expected
            await bob.join(room)
            assert bob.of("joined")[0]["member_count"] == 2
            await bob.join(room)
            await bob.chat(room, "here")
            await ada.until_heard("here")
            assert [joined["user_id"] for joined in ada.of("user_joined")] == [bob.user]
            assert not bob.of("user_joined") and len(bob.of("joined")) == 2
            update = await ada.until("room_update", lambda update: len(update["users"]) == 2)
            assert update["room_id"] == room and sorted(update["users"]) == sorted([ada.user, bob.user])
            assert all(len(set(update["users"])) == len(update["users"]) for update in ada.of("room_update"))

    parlour.run(talk())


@chat.check(3)
@chat.by_all
def test_a_path_may_name_the_room_that_is_joined(place):
    async def talk():
        async with place.open() as new_talker:
            room, (ada, bob) = place.room(), (new_talker("ada"), new_talker("bob"))
            for talker in ada, bob:
                await talker.connect(f"/ws/room/{room}")
                assert (await talker.until("joined"))["room_id"] == room
            await bob.done("chat", {"content": "in the only room"})
            assert (await ada.until_heard("in the only room"))["room_id"] == room
            lost = await new_talker("eve").connect("/ws/room/no%20name")
            assert (await lost.until("error"))["code"] == "INVALID_NAME"
            await lost.settled()

    parlour.run(talk())


@chat.check(4)
@chat.by_all
def test_what_is_said_reaches_the_members_from_whom_the_server_knows_in_one_order(place):
    async def talk():
        async with place.open() as new_talker:
            room, away = place.room(), place.room()
            talkers = [await new_talker(name).connect() for name in ("ada", "bob", "eve")]
            outside = await new_talker("out").connect()
            await outside.join(away)
            for talker in talkers:
                await talker.join(room)

            async def babble(talker):
                for number in range(10):
                    said = {"room_id": room, "content": f"{talker.user} {number}", "from": talkers[0].user, "user_id": "root"}
                    await talker.done("chat", said)

            await chat.together(*map(babble, talkers))
            await talkers[0].chat(room, "the end")
            for talker in talkers:
                await talker.until_heard("the end")
            heard = [talker.heard(room) for talker in talkers]
            assert heard[0] == heard[1] == heard[2] and len(heard[0]) == 31
            for talker in talkers:
                own = [content for name, content in heard[0][:-1] if name == talker.user]
                assert own == [f"{talker.user} {number}" for number in range(10)], "nobody speaks in another's name"
            await outside.settled()
            assert not outside.of("chat")

    parlour.run(talk())


@chat.check(4)
@chat.by_all
def test_chat_message_is_another_name_of_chat(place):
    async def talk():
        async with place.open() as new_talker:
            room, ada = place.room(), await new_talker("ada").connect()
            await ada.join(room)
            await ada.done("chat_message", {"room_id": room, "content": "as before"})
            assert (await ada.until_heard("as before"))["from"] == ada.user

    parlour.run(talk())


@chat.check(5)
@chat.by_all
def test_without_a_room_it_goes_into_the_only_one_that_was_joined(place):
    async def talk():
        async with place.open() as new_talker:
            ada, rooms = await new_talker("ada").connect(), [place.room(), place.room()]
            await ada.fails("NOT_IN_ROOM", "chat", {"content": "nowhere"})
            await ada.join(rooms[0])
            await ada.done("chat", {"content": "first"})
            assert (await ada.until_heard("first"))["room_id"] == rooms[0]
            await ada.join(rooms[1])
            await ada.fails("AMBIGUOUS", "chat", {"content": "either"})
            await ada.error({"type": "chat", "payload": {"content": "either", "room_id": None}}, "AMBIGUOUS")
            await ada.chat(rooms[0], "said where")
            await ada.done("leave_room", {"room_id": rooms[0]})
            await ada.done("chat", {"content": "second"})
            assert (await ada.until_heard("second"))["room_id"] == rooms[1]

    parlour.run(talk())


@chat.check(6)
@chat.by_all
def test_into_a_room_that_was_not_joined_nothing_is_said(place):
    async def talk():
        async with place.open() as new_talker:
            room, (ada, bob) = place.room(), [await new_talker(name).connect() for name in ("ada", "bob")]
            await ada.fails("ROOM_NOT_FOUND", "chat", {"room_id": room, "content": "nobody opened it"})
            await ada.join(room)
            await bob.fails("NOT_IN_ROOM", "chat", {"room_id": room, "content": "from outside"})
            await bob.fails("NOT_IN_ROOM", "typing", {"room_id": room, "is_typing": True})
            await bob.fails("ROOM_NOT_FOUND", "leave_room", {"room_id": place.room()})
            await ada.settled()
            assert not ada.of("chat", "typing")

    parlour.run(talk())


@chat.check(7)
@chat.by_all
def test_who_leaves_is_told_of_once_and_hears_no_more(place):
    async def talk():
        async with place.open() as new_talker:
            room, (ada, bob) = place.room(), [await new_talker(name).connect() for name in ("ada", "bob")]
            await ada.join(room)
            await bob.join(room)
            await bob.done("leave_room", {"room_id": room})
            left = await ada.until("user_left")
            assert (left["user_id"], left["room_id"], left["status"]) == (bob.user, room, "disconnected")
            await ada.chat(room, "alone")
            await ada.until("room_update", lambda update: update["users"] == [ada.user])
            await bob.settled()
            assert not bob.of("chat") and len(ada.of("user_left")) == 1
            assert [left["user_id"] for left in bob.of("user_left")] == [bob.user]
            await bob.fails("NOT_IN_ROOM", "chat", {"room_id": room, "content": "from outside"})

    parlour.run(talk())


@chat.check(7)
@chat.by_all
def test_a_tab_that_is_closed_is_told_of_in_every_room_but_not_while_another_is_open(place):
    async def talk():
        async with place.open() as new_talker:
            rooms, ada = [place.room(), place.room()], await new_talker("ada").connect()
            tabs = [await new_talker("bob", named=True).connect() for _ in range(2)]
            for room in rooms:
                for talker in ada, *tabs:
                    await talker.join(room)
            await tabs[0].close()
            await tabs[1].chat(rooms[1], "still here")
            await ada.until_heard("still here")
            assert not ada.of("user_left")
            assert {joined["room_id"] for joined in ada.of("user_joined")} == set(rooms) and len(ada.of("user_joined")) == 2
            await tabs[1].close()
            for room in rooms:
                left = await ada.until("user_left", lambda left: left["room_id"] == room)
                assert (left["user_id"], left["status"]) == (tabs[1].user, "reconnecting"), "the seat waits"
            assert len(ada.of("user_left")) == 2

            # Back: connected. And gone for good: disconnected.
            start = ada.mark
            await tabs[0].connect()
            await tabs[0].join(rooms[0])
            assert (await ada.until("user_joined", start=start))["status"] == "connected"
            await tabs[0].done("leave_room", {"room_id": rooms[0]})
            assert (await ada.until("user_left", start=start))["status"] == "disconnected"

    parlour.run(talk())


@chat.check(7)
@chat.by_websockets
def test_users_of_this_dialect_and_of_the_native_protocol_are_in_the_same_rooms(place):
    async def talk():
        async with place.open() as new_talker:
            room, ada = place.room(), await new_talker("ada").connect()
            await ada.join(room)
            async with parlour.Client(place.server, "nat", token=place.token("nat")) as native:
                await native.join(room)
                await native.request("chat", {"room_id": room, "content": "natively"})
                assert (await ada.until_heard("natively"))["from"] == "nat"
                await ada.chat(room, "in chat")
                await native.until(lambda frame: frame["payload"].get("content") == "in chat", "the chat")
            assert (await ada.until("user_left"))["user_id"] == "nat"

    parlour.run(talk())
