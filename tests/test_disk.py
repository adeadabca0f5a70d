"""P2 where the disk gives out: nothing is answered or shown that is not on it, the process ends with a word, and with the disk
mended everything that was answered is there."""

import asyncio
import contextlib
import os
import sqlite3
import subprocess

import pytest

import parlour
import preload
import tokens

FOLDED = {"PARLOUR_LIMITS__JOURNAL_TAIL_ROWS": "12", "PARLOUR_LIMITS__JOURNAL_FOLD_ROWS": "4"}
"""So short a log that old records are folded while the disk gives out."""
BEFORE = 30
"""Actions that are answered before the fault begins."""

SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

/* The fault that the trigger file names, "CALLS FILE ERRNO", if it concerns this call on this file; else 0. */
static int fault(const char *call, int fd) {
    char text[200] = {0}, calls[32], file[64], link[64], path[512] = {0};
    int error = 0, trigger = open(getenv("DISK_FAULT"), O_RDONLY);
    if (trigger < 0) return 0;
    ssize_t got = read(trigger, text, sizeof text - 1);
    close(trigger);
    if (got <= 0 || sscanf(text, "%31s %63s %d", calls, file, &error) != 3 || strcmp(calls, call)) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    if (readlink(link, path, sizeof path - 1) <= 0) return 0;
    size_t length = strlen(path), end = strlen(file);
    return length >= end && !strcmp(path + length - end, file) ? error : 0;
}

#define WRAP(result, name, call, parameters, arguments)                       \
    result name parameters {                                                  \
        static result(*real) parameters;                                      \
        if (!real) real = (result(*) parameters)dlsym(RTLD_NEXT, #name);      \
        int error = fault(call, fd);                                          \
        if (error) { errno = error; return -1; }                              \
        return real arguments;                                                \
    }

WRAP(int, fsync, "sync", (int fd), (fd))
WRAP(int, fdatasync, "sync", (int fd), (fd))
WRAP(ssize_t, pwrite, "write", (int fd, const void *bytes, size_t length, off_t at), (fd, bytes, length, at))
WRAP(ssize_t, pwrite64, "write", (int fd, const void *bytes, size_t length, off_t at), (fd, bytes, length, at))
"""
WAL, FILE = "journal.sqlite3-wal", "journal.sqlite3"
EIO, ENOSPC, EROFS = 5, 28, 30


@pytest.fixture(scope="module")
def shim(tmp_path_factory):
    """A library that lets calls of the server fail while a trigger file says so."""
    return preload.built(tmp_path_factory.mktemp("shim"), SHIM)


class Pad:
    """A room on which ada writes and ben reads along."""

    def __init__(self, server, text="a line"):
        self.server, self.text, self.answered, self.sent = server, text, {}, 0
        self.ada, self.ben = self.client("ada"), self.client("ben")

    def client(self, user):
        return parlour.Client(self.server, user, token=tokens.good(self.server, user))

    @property
    def heard(self):
        return [frame["payload"]["text"] for frame in self.ben.frames if frame["type"] == "written"]

    def line(self, number):
        return {"type": "write", "text": f"{number}: {self.text}"}

    async def sit(self):
        await self.ada.connect()
        await self.ben.connect()
        await self.ada.open("pad", "p")
        await self.ada.join("p")
        await self.ben.join("p")

    async def write(self):
        """One more action, answered."""
        self.sent += 1
        number = self.sent
        answer = await self.ada.act("p", self.line(number), id=f"line-{number}")
        self.answered[number] = answer

    async def end(self):
        """Writes on without waiting for answers, until the server is gone; what was answered of it."""
        with contextlib.suppress(parlour.Lost):
            for _ in range(20):
                self.sent += 1
                self._note(self.sent, await self.ada.post("action", self.line(self.sent), room="p", id=f"line-{self.sent}"))
        for client in (self.ada, self.ben):
            await client.until_closed()
            await client.drop()

    def _note(self, number, answer):
        def keep(done):
            if not done.cancelled() and done.exception() is None and done.result()["status"] == "ok":
                self.answered[number] = done.result()

        answer.add_done_callback(keep)

    async def check(self):
        """After a new start: what was answered is answered so again, what was heard is kept, and the room goes on."""
        kept = await asyncio.to_thread(self.kept)
        assert [kept.count(text) for text in self.heard] == [1] * len(self.heard), "what was shown is kept, once"
        assert kept[: len(self.heard)] == self.heard
        self.ada = await self.client("ada").connect()
        for number, answer in self.answered.items():
            again = await self.ada.act("p", self.line(number), id=f"line-{number}")
            assert again | {"ref": "", "dup": False} == answer | {"ref": "", "dup": False} and again["dup"], number
        await self.write()
        await self.ada.drop()

    def kept(self):
        """The lines that are in the journal."""
        with contextlib.closing(sqlite3.connect(f"file:{self.server.data}/{FILE}?mode=ro", uri=True)) as db:
            lines = db.execute("SELECT json_extract(input, '$.action.text') FROM records WHERE cause = 'action' ORDER BY seq")
            return [text for (text,) in lines]


def ended(server):
    """Waits for the process to end by itself: its exit code and what it said."""
    code = server.process.wait(parlour.DEADLINE)
    server.process = None
    return code, server.err


def check_end(server):
    code, said = ended(server)
    print(f"exit {code}: {said.strip().splitlines()[-1]}")
    assert code == 1 and "the journal cannot be written and is closed" in said
    assert "panicked" not in said


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(f"sync {WAL} {EIO}", id="a failed sync"),
        pytest.param(f"write {WAL} {ENOSPC}", id="no space"),
        pytest.param(f"write {WAL} {EROFS}", id="read-only"),
        pytest.param(f"write {WAL} {EIO}", id="a failed write"),
    ],
)
def test_what_is_not_on_disk_is_never_answered_or_shown_and_what_was_answered_is_there(make_server, shim, tmp_path, fault):
    trigger = tmp_path / "trigger"
    server = make_server(program=parlour.lab(), env=FOLDED | {"LD_PRELOAD": str(shim), "DISK_FAULT": str(trigger)})
    pad = Pad(server)

    async def play():
        await pad.sit()
        for _ in range(BEFORE):
            await pad.write()
        await pad.ben.until(lambda frame: frame["type"] == "written" and frame["payload"]["text"].startswith(f"{BEFORE}:"), "all")
        trigger.write_text(fault)
        await pad.end()

    parlour.run(play())
    check_end(server)
    assert len(pad.answered) == BEFORE and len(pad.heard) == BEFORE, "nothing was answered or shown after the fault"
    trigger.unlink()
    server.start()
    parlour.run(pad.check())


def test_a_failed_sync_of_the_file_that_the_log_is_folded_into_ends_the_server_too(make_server, shim, tmp_path):
    trigger = tmp_path / "trigger"
    server = make_server(program=parlour.lab(), env={"LD_PRELOAD": str(shim), "DISK_FAULT": str(trigger)})
    pad = Pad(server, text="a long line " * 1500)

    async def play():
        await pad.sit()
        trigger.write_text(f"sync {FILE} {EIO}")
        with contextlib.suppress(parlour.Lost):
            # Many more than the log holds before it is folded, and fewer than the room remembers answers to.
            for _ in range(240):
                await pad.write()
        for client in (pad.ada, pad.ben):
            await client.until_closed()
            await client.drop()

    parlour.run(play())
    check_end(server)
    print(len(pad.answered), "actions were answered before the log was folded")
    trigger.unlink()
    server.start()
    parlour.run(pad.check())


@contextlib.contextmanager
def small_disk(folder):
    """A file system of 1 MiB; a function that makes it larger. None where that is not allowed."""
    folder.mkdir(parents=True)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=700", "none", folder], capture_output=True, check=False)
    if mounted.returncode != 0:
        yield None
        return
    try:
        yield lambda: subprocess.run(["mount", "-o", "remount,size=64m", folder], check=True)
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


# The largest file in units of 512 bytes: 1 MiB. Without the trap the signal would end the process without a word.
LIMITED = ["sh", "-c", "trap '' XFSZ; ulimit -f 2048; exec \"$@\"", "sh"]


@pytest.mark.parametrize("how", ["a small file system", "a limit on files"])
def test_a_disk_that_fills_up_ends_the_server_and_nothing_that_was_answered_is_missing(make_server, tmp_path, how):
    data = tmp_path / "server" / "data"
    with contextlib.ExitStack() as stack:
        prefix, enlarge = (), None
        if how == "a small file system":
            enlarge = stack.enter_context(small_disk(data))
            if enlarge is None:
                pytest.skip("mounting is not allowed here; the limit on files shows the same")
        else:
            prefix = LIMITED
        server = make_server(program=parlour.lab(), env=FOLDED, prefix=prefix)
        stack.callback(server.kill)
        pad = Pad(server, text="x" * 20_000)

        async def play():
            await pad.sit()
            with contextlib.suppress(parlour.Lost):
                for _ in range(1000):
                    await pad.write()
            assert pad.sent < 1000, "it is never full"
            await pad.end()

        parlour.run(play())
        check_end(server)
        print(f"{len(pad.answered)} answered, {len(pad.heard)} heard, {pad.sent} sent")
        assert len(pad.answered) > 10
        server.prefix = ()
        if enlarge:
            enlarge()
        server.start()
        parlour.run(pad.check())
        assert server.stop() == 0


def test_a_server_that_cannot_write_its_journal_at_all_says_so_and_does_not_start(shim, tmp_path):
    trigger = tmp_path / "trigger"
    trigger.write_text(f"write {FILE} {EROFS}")
    env = {"LD_PRELOAD": str(shim), "DISK_FAULT": str(trigger)}
    done = parlour.cli("serve", "--listen", "127.0.0.1:0", "--data", tmp_path / "data", env=env, expect=78)
    assert FILE in done.stderr and len(done.stderr.splitlines()) <= 2, done.stderr
    os.unlink(trigger)
