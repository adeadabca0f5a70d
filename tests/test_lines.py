"""Connections and logs that end at the wrong moment: none of it may keep a server from noticing, serving, or ending."""

import os
import signal
import socket
import subprocess

import parlour
from prometheus import metrics
from raw import Wire, http_request


def connections(server):
    return metrics(server)['parlour_connections{transport="websocket"}']


def test_an_end_that_comes_with_the_last_bytes_is_noticed_at_once(server):
    wires = [Wire.greeted(server, server.token(f"user-{n}")) for n in range(50)]
    for wire in wires:
        wire.say({"type": "ping"})
        wire.socket.shutdown(socket.SHUT_WR)
    parlour.poll(lambda: connections(server) == 0, "every connection to be gone", deadline=15)
    for wire in wires:
        wire.socket.close()


def test_a_server_whose_log_nobody_reads_serves_and_ends_in_good_order(tmp_path):
    command = [parlour.binary(), "serve", "--listen", "127.0.0.1:0", "--data", str(tmp_path / "data")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=parlour.environment())
    try:
        process.stderr.close()
        first = process.stdout.readline().decode()
        assert "parlour" in first
        process.stdout.close()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def test_nobody_reading_what_a_command_prints_is_no_panic(server):
    read, write = os.pipe()
    os.close(read)
    for args in (["token", "mint", "--sub", "ada", "--data", str(server.data)], ["rooms", "show", "nope"], ["--help"]):
        command = [parlour.binary(), *args]
        done = subprocess.run(command, stdout=write, stderr=write, env=parlour.environment(), timeout=20, check=False)
        assert done.returncode in (0, 3, 5, 6), (args, done.returncode)
    os.close(write)


def test_a_demo_answers_no_page_that_gave_its_own_name_this_address(make_server):
    demo = make_server("rebound", verb="demo")
    for host, status in (("127.0.0.1", 200), ("localhost", 200), ("evil.example", 403)):
        with Wire(demo) as wire:
            wire.send(http_request("GET", "/v1/rooms", headers={"Host": host}))
            assert wire.response().status == status, host
