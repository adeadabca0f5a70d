"""A server of files for test_downloads.py, on loopback, which misbehaves as it is told.

Each file is bytes that nobody has to keep: `content(name, size)`. What a path asks for stands in it:

    /file/NAME?size=N            with ranges and an ETag
    ...&ranges=no                without ranges: always all of it
    ...&rate=N                   N bytes a second, in pieces of piece=K bytes if that is given
    ...&cut=N                    the connection is cut after N bytes, for as many times as there are cuts=K
    ...&hold=N                   from byte N on nothing comes until somebody says `release(NAME)`
    ...&change=1                 another file, with another ETag, each time it is asked for
    /status/404   /redirect?to=URL   /loop   /silent (an answer that does not come)   /odd (no HTTP at all)
"""

import hashlib
import http.server
import threading
import time
import urllib.parse


def content(name, size):
    """The bytes of a file: the same for the same name and size."""
    block = hashlib.sha256(name.encode()).digest() * 2048
    return (block * (size // len(block) + 1))[:size]


class Files:
    """The server, on an address of this machine. `asked`: every request as (path, range or None), in order."""

    def __init__(self, host="127.0.0.1"):
        self.asked, self.cuts, self.closing = [], {}, threading.Event()
        self.released = set()
        files = self

        class Handler(_Handler):
            server_files = files

        self.host, self.http = host, http.server.ThreadingHTTPServer((host, 0), Handler)
        self.http.daemon_threads = True
        self.thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.closing.set()
        self.http.shutdown()
        self.http.server_close()

    @property
    def url(self):
        return f"http://{self.host}:{self.http.server_address[1]}"

    def file(self, name, size, **more):
        """The address of a file."""
        return f"{self.url}/file/{name}?" + urllib.parse.urlencode({"size": size} | more)

    def release(self, name):
        """What is held of a file goes on."""
        self.released.add(name)

    def ranges(self, name):
        """From which bytes on a file was asked for, in order; 0 for all of it."""
        of_file = [asked for path, asked in self.asked if path.startswith(f"/file/{name}?")]
        return [int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0 for asked in of_file]


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_files = None

    def log_message(self, *_):
        pass

    def do_GET(self):
        files = self.server_files
        files.asked.append((self.path, self.headers.get("Range")))
        parts = urllib.parse.urlsplit(self.path)
        told = dict(urllib.parse.parse_qsl(parts.query))
        kind, _, rest = parts.path.lstrip("/").partition("/")
        try:
            match kind:
                case "file":
                    self.file(rest, told)
                case "status":
                    self.plain(int(rest))
                case "redirect":
                    self.plain(302, told["to"])
                case "loop":
                    self.plain(301, "/loop")
                case "silent":
                    files.closing.wait(60)
                case _:
                    self.wfile.write(b"this is no HTTP\r\n\r\n")
                    self.close_connection = True
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def plain(self, status, to=None):
        self.send_response(status)
        if to is not None:
            self.send_header("Location", to)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def file(self, name, told):
        files, size = self.server_files, int(told["size"])
        version = len(files.ranges(name)) if "change" in told else 0
        whole = content(f"{name}{version}" if version else name, size)
        begin, asked = 0, self.headers.get("Range")
        tag = f'"{hashlib.md5(whole).hexdigest()}"'
        is_same = self.headers.get("If-Range", tag) == tag
        if asked and told.get("ranges") != "no" and is_same:
            begin = int(asked.removeprefix("bytes=").removesuffix("-"))
            if begin >= size:
                return self.plain(416)
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {begin}-{size - 1}/{size}")
        else:
            self.send_response(200)
        if told.get("tag") != "no":
            self.send_header("ETag", tag)
        self.send_header("Content-Length", str(size - begin))
        self.end_headers()
        self.body(name, whole[begin:], told, int(told.get("hold", size)) - begin)

    def body(self, name, body, told, hold):
        files, cut = self.server_files, None
        if "cut" in told and files.cuts.setdefault(name, int(told.get("cuts", 1))) > 0:
            files.cuts[name] -= 1
            cut = int(told["cut"])
        rate, sent = int(told.get("rate", 0)), 0
        piece = int(told.get("piece", max(1, min(65536, rate // 50)) if rate else 65536))
        while sent < len(body) and not files.closing.is_set():
            if cut is not None and sent >= cut:
                self.close_connection = True
                self.wfile.flush()
                return
            if sent >= hold and name not in files.released:
                time.sleep(0.005)
                continue
            upto = min(sent + piece, hold if sent < hold else len(body), len(body) if cut is None else cut, len(body))
            self.wfile.write(body[sent:upto])
            if rate:
                time.sleep((upto - sent) / rate)
            sent = upto
