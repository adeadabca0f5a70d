"""What a server did to its disk and its sockets, and in which order, as strace saw it."""

import re
from bisect import bisect_left, bisect_right

CALLS = "write,writev,pwrite64,pwritev,pwritev2,sendto,sendmsg,sendmmsg,sendfile,splice,fsync,fdatasync,sync_file_range,msync"


def prefix(file):
    """What to start a server under so that `file` tells. Strings are never cut; every descriptor is named."""
    return ["strace", "-f", "-qq", "-ttt", "-yy", "-s", "4000000", "--seccomp-bpf", "-o", str(file), "-e", f"trace={CALLS}"]


BEGUN = re.compile(rb"^(\d+) +[0-9.]+ (\w+)\(\d+<(TCP[^>]*>[^>]*|[^>]*)>(.*)$", re.DOTALL)
RESUMED = re.compile(rb"^(\d+) +[0-9.]+ <\.\.\. (\w+) resumed>(.*)$", re.DOTALL)
RESULT = re.compile(rb"\) = (-?\d+)")

MARK = re.compile(rb"mark-[0-9a-z]+-")
REF = re.compile(rb'\\"ref\\":\\"([^\\"]+)\\"')
EVENT = re.compile(rb'\\"room\\":\\"([^\\"]+)\\",\\"n\\":(\d+)')
VIEW = re.compile(rb'\\"room\\":\\"([^\\"]+)\\",\\"at\\":\\"\w+\.(\d+)\.')
PRESENT = re.compile(rb'\\"payload\\":\{\\"room_id\\":\\"([^\\"]+)\\",[^{}]*?\\"users?(?:_id)?\\":(\[[^\]]*\]|\\"[^\\"]*\\")')
OPENED = re.compile(rb'\\"room_id\\":\\"([^\\"]+)\\",\\"seed_hash\\"')
NAME = re.compile(rb'\\"([^\\",]+)\\"')


class Trace:
    """Where in the trace things happened; a place is the number of a line. A call that began on one line may end on a later one:
    a write to a socket counts from its beginning, a sync only from its end.

    `written`: where a mark was first written to the log. `syncs`: (beginning, end) of each sync of the log that succeeded.
    `answers`, `events`, `views`, `present`, `opened`: where each was first handed to a socket.
    """

    def __init__(self, lines, log="journal.sqlite3-wal"):
        self.log = log.encode()
        self.written, self.syncs = {}, []
        self.answers, self.events, self.views, self.present, self.opened = {}, {}, {}, {}, {}
        self.socket_writes = 0
        open_calls = {}
        for place, line in enumerate(lines):
            begun = BEGUN.match(line)
            if begun:
                self._begun(place, *begun.groups(), open_calls)
            elif resumed := RESUMED.match(line):
                thread, call, rest = resumed.groups()
                began = open_calls.pop((thread, call), None)
                if began is not None and RESULT.search(rest)[1] == b"0":
                    self.syncs.append((began, place))

    def _begun(self, place, thread, call, target, rest, open_calls):
        if target.startswith(b"TCP"):
            self.socket_writes += 1
            self._said(place, rest)
        elif target.endswith(self.log):
            if call in (b"fsync", b"fdatasync"):
                if b"<unfinished ...>" in rest:
                    open_calls[thread, call] = place
                elif RESULT.search(rest)[1] == b"0":
                    self.syncs.append((place, place))
            else:
                for mark in MARK.findall(rest):
                    self.written.setdefault(mark.decode(), place)

    def _said(self, place, text):
        for reference in REF.findall(text):
            self.answers.setdefault(reference.decode(), place)
        for room, number in EVENT.findall(text):
            self.events.setdefault((room.decode(), int(number)), place)
        for room, number in VIEW.findall(text):
            self.views.setdefault((room.decode(), int(number)), place)
        for room, users in PRESENT.findall(text):
            for user in NAME.findall(users):
                self.present.setdefault((room.decode(), user.decode()), place)
        for room in OPENED.findall(text):
            self.opened.setdefault(room.decode(), place)

    def durable(self, mark):
        """From which place on what the mark stands in is on disk; None if it never was."""
        if mark not in self.written:
            return None
        at = bisect_right([began for began, _ in self.syncs], self.written[mark])
        return self.syncs[at][1] if at < len(self.syncs) else None


def too_early(trace, depends):
    """Everything that left before it might. `depends`: (what, place, mark): this was said there and waits for that mark."""
    early = []
    for what, place, mark in depends:
        durable = trace.durable(mark)
        if durable is None or place <= durable:
            early.append((what, place, mark, durable))
    return early


def cause(reached, number):
    """The mark of the first record that had told `number` events; `reached` is [(events told by then, mark)], rising."""
    at = bisect_left(reached, (number, ""))
    return reached[at][1] if at < len(reached) else None
