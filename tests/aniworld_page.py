"""A page in Chromium that is a client of the dialect aniworld: a plain WebSocket, and what it was told."""

import asyncio
import json

from websockets.asyncio.client import connect

import parlour
from aniworld import SETTINGS, Front, judge
from clients.browser import Tab

JOIN = """
(async () => {
  const socket = new WebSocket(%s, %s);
  const frames = [], waiting = [];
  socket.onmessage = (event) => {
    frames.push(JSON.parse(event.data));
    waiting.splice(0).forEach((look) => look());
  };
  window.until = (matches) => new Promise((resolve) => {
    const look = () => {
      const found = frames.find(matches);
      if (found) resolve(found); else waiting.push(look);
    };
    look();
  });
  window.heard = () => { socket.close(); return frames; };
  const say = (message) => socket.send(typeof message === "string" ? message : JSON.stringify(message));
  await until((frame) => frame.type === "connected");
  say({action: "ping"});
  await until((frame) => frame.type === "pong");
  say("no json");
  await until((frame) => frame.type === "error");
  say({action: "join", room: "downloads"});
  await until((frame) => frame.type === "system_info");
})()
"""
HEAR = """(async () => { await until((frame) => frame.type === "download_complete"); return heard(); })()"""


def play(mode, make_server, files, host):
    """The page connects, asks, joins, and hears a download to its end."""
    args = ["--compat"] if mode == "compat" else []
    server = make_server(args=args, env=SETTINGS | {"PARLOUR_CORS__ORIGINS": host.origin})
    front = Front(server, mode, files)
    front.open()
    protocols = [] if mode == "compat" else ["parlour.v1", f"parlour.token.{front.token()}"]
    url = f"ws://{server.host}:{server.port}/ws/connect?room={front.queue}"

    async def talk():
        async with connect(host.devtools, ping_interval=None, max_size=None, compression=None) as devtools:
            tab = Tab(devtools)
            reader = asyncio.create_task(tab.read())
            await tab.open(f"{host.origin}/page.html")
            await tab.run(JOIN % (json.dumps(url), json.dumps(protocols)))
            await asyncio.to_thread(front.add, files.file("page.bin", 60_000, rate=120_000))
            frames = await tab.run(HEAR)
            await tab.close()
        await reader
        return frames

    frames = parlour.run(talk(), deadline=120)
    seen = {}
    for frame in frames:
        judge(frame, seen)
    kinds = [frame["type"] for frame in frames if frame["type"] != "ping"]
    assert kinds[:4] == ["connected", "pong", "error", "system_info"] and kinds[-1] == "download_complete"
    assert "download_progress" in kinds and kinds.count("download_complete") == 1
    seqs = [frame["data"]["seq"] for frame in frames if "seq" in frame["data"]]
    assert seqs == list(range(1, len(seqs) + 1))
    path = next(frame["data"]["file_path"] for frame in frames if frame["type"] == "download_complete")
    assert path == (None if mode == "compat" else "show/page.bin")
