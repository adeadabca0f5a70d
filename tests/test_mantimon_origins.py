"""Pages of other origins that play the dialect mantimon in Chromium: those that are configured can, any other cannot."""

import pytest

import clients
import mantimon_games
import parlour


@pytest.fixture(params=mantimon_games.MODES)
def servers(request, mantimon_hosts, tmp_path):
    servers = mantimon_games.Servers(mantimon_hosts, tmp_path, {}, modes=[request.param])
    servers.mode = request.param
    yield servers
    servers.stop()


@pytest.mark.check(18)
def test_a_page_of_an_allowed_other_origin_plays_by_polling_and_one_of_another_cannot(servers):
    browser = servers.hosts["chromium"]

    async def talk():
        async with browser.clients(servers[servers.mode]) as new_client:
            table = mantimon_games.Table((servers.mode, "chromium", "polling"), servers, new_client, {"turn_limit": 2})
            await table.open()
            for player in await table.set_up():
                await player.play({"type": "end_turn"})
            for player in table.players:
                assert (await player.until("game_over"))["end_reason"] in ("draw", "turn_limit")
                assert [name for name, _ in player.client.life] == ["connect"]
        async with browser.clients(servers[servers.mode], browser.stranger) as new_client:
            for transports in mantimon_games.TRANSPORTS.values():
                stranger = new_client()
                with pytest.raises(clients.Refused) as refused:
                    await stranger.connect({"token": table.ada.token}, transports=transports)
                assert "error" in refused.value.message and not stranger.events

    parlour.run(talk())
