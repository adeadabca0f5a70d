"""socket.io-client in Chromium: its browser build, on a page of another origin than the server's, driven over DevTools."""

import asyncio
import contextlib
import functools
import http.server
import itertools
import json
import pathlib
import re
import shutil
import subprocess
import tempfile
import threading

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

import parlour
import sio
from clients.base import Clients
from clients.driven import Driven, Link
from parlour import DEADLINE

FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-port=0",
]

START = 60.0
"""How long a browser may take to start on a busy machine, in seconds."""


class Host:
    """The browser, and the little server of its page. `origin` is the page's; `stranger` is another that has the same page."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="parlour-chromium-")
        self.pages = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Page, pages()))
        threading.Thread(target=self.pages.serve_forever, daemon=True).start()
        port = self.pages.server_address[1]
        self.origin, self.stranger = f"http://127.0.0.1:{port}", f"http://localhost:{port}"
        with open(pathlib.Path(self.folder) / "err", "wb") as err:
            command = ["chromium", *FLAGS, f"--user-data-dir={self.folder}/profile", "about:blank"]
            self.process = subprocess.Popen(command, stdout=err, stderr=err, stdin=subprocess.DEVNULL, env=parlour.environment())
        self.devtools = parlour.poll(self._devtools, "Chromium to start", START)

    def _devtools(self):
        said = (pathlib.Path(self.folder) / "err").read_text(errors="replace")
        assert self.process.poll() is None, f"Chromium ended instead of starting:\n{said}"
        found = re.search(r"DevTools listening on (ws://\S+)", said)
        return found and found[1]

    @contextlib.asynccontextmanager
    async def clients(self, server, origin=None):
        """Within it: a function that makes a client; all of them live on one page."""
        async with connect(self.devtools, ping_interval=None, max_size=None, compression=None) as devtools:
            link = Tab(devtools)
            reader = asyncio.create_task(link.read())
            await link.open(f"{origin or self.origin}/page.html")
            async with Clients(lambda: Driven(link, server)) as new_client:
                yield new_client
            await link.close()
        await reader

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.pages.shutdown()
        self.pages.server_close()
        shutil.rmtree(self.folder, ignore_errors=True)


def pages():
    """What the page is made of: by path, the kind of content and where it lies."""
    node = pathlib.Path(__file__).parent.parent / "node"
    return {
        "/page.html": ("text/html", node / "page.html"),
        "/driver.js": ("text/javascript", node / "driver.js"),
        "/socket.io.js": ("text/javascript", pathlib.Path(sio.node()) / "socket.io-client" / "dist" / "socket.io.min.js"),
    }


class Page(http.server.BaseHTTPRequestHandler):
    def __init__(self, known, *args):
        self.known = known
        super().__init__(*args)

    def do_GET(self):
        kind, path = self.known.get(self.path, (None, None))
        body = path.read_bytes() if path else b""
        self.send_response(200 if path else 404)
        self.send_header("Content-Type", kind or "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Tab(Link):
    """One page in a browser profile of its own, which has no cookies or storage of any other."""

    def __init__(self, devtools):
        super().__init__()
        self.devtools, self.numbers, self.answers = devtools, itertools.count(1), {}
        self.session, self.is_loaded = None, asyncio.Event()
        self.console = []
        """What the page complained of."""

    async def open(self, url):
        self.context = (await self.ask("Target.createBrowserContext"))["browserContextId"]
        target = await self.ask("Target.createTarget", url="about:blank", browserContextId=self.context)
        attached = await self.ask("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        self.session = attached["sessionId"]
        for method in "Page.enable", "Runtime.enable", "Log.enable":
            await self.ask(method)
        await self.ask("Runtime.addBinding", name="toPython")
        self.is_loaded.clear()
        await self.ask("Page.navigate", url=url)
        await asyncio.wait_for(self.is_loaded.wait(), START)

    async def close(self):
        self.session = None
        await self.ask("Target.disposeBrowserContext", browserContextId=self.context)

    async def tell(self, command):
        await self.run(f"drive({json.dumps(command)})")

    async def run(self, script):
        """What a script says, run on the page."""
        done = await self.ask("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in done, (script, done["exceptionDetails"])
        return done["result"].get("value")

    async def ask(self, method, **params):
        number = next(self.numbers)
        answer = self.answers[number] = asyncio.get_running_loop().create_future()
        session = {"sessionId": self.session} if self.session else {}
        await self.devtools.send(json.dumps({"id": number, "method": method, "params": params} | session))
        said = await asyncio.wait_for(answer, START)
        assert "error" not in said, (method, said)
        return said["result"]

    async def read(self):
        with contextlib.suppress(ConnectionClosed):
            async for text in self.devtools:
                said = json.loads(text)
                if "id" in said:
                    self.answers.pop(said["id"]).set_result(said)
                elif said["method"] == "Page.loadEventFired":
                    self.is_loaded.set()
                elif said["method"] == "Runtime.bindingCalled":
                    self.hear(json.loads(said["params"]["payload"]))
                elif said["method"] == "Log.entryAdded":
                    self.console.append(said["params"]["entry"].get("text"))
