# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The runner itself: what comes out of a guest, and that nothing of it stays. A boot takes seconds,
so each looks at several things."""

import contextlib
import http.server
import os
import pathlib
import re
import shlex
import signal
import socket
import subprocess
import threading
import time

import pytest

import harness

RUN = pathlib.Path(__file__).resolve().parent / "run"


class Guests:
    """Runs with a folder of their own for what is temporary, to see whether it is left clean."""

    def __init__(self, folder):
        self.folder = folder
        self.environment = {**os.environ, "TMPDIR": str(folder)}

    def start(self, *arguments, **environment):
        return subprocess.Popen([RUN, *map(str, arguments)], stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                env={**self.environment, **environment})

    def run(self, *arguments, **environment):
        process = self.start(*arguments, **environment)
        process.out, process.err = process.communicate(timeout=300)
        return process

    def left(self):
        """Files, and processes that were told of them."""
        processes = []
        for entry in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = entry.read_bytes()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if str(self.folder).encode() in words:
                processes.append(words)
        return processes + list(self.folder.iterdir())


@pytest.fixture
def guests(tmp_path):
    made = Guests(tmp_path)
    yield made
    assert made.left() == []


@pytest.fixture
def words():
    """An HTTP server of this machine's loopback: its port."""
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"words of the host")

        def log_message(self, *_):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


INSIDE = r"""
set -e
test "$WORD" = "a 'quoted' word"
test "$PWD" = "$1" -a -x build/bin/ibv_devices -a "$GUEST" = 1
test -e /dev/infiniband/uverbs0
test "$(cat /sys/class/infiniband/rxe0/ports/1/gids/1)" != 0000:0000:0000:0000:0000:0000:0000:0000
for folder in /tmp /dev/shm /etc; do echo x >$folder/written; done
dmesg | grep -q rxe0
echo to the host >"$2/result"
python3 -c "import urllib.request, sys
print(urllib.request.urlopen('http://10.0.2.2:$3').read(), file=sys.stderr)"
echo reopened >/dev/stderr
(trap '' TERM HUP; sleep 1000) &
python3 -c "import sys
sys.stdout.buffer.write(bytes(range(256)) * 4096)"
exit 7
"""


@pytest.mark.guest
def test_a_command_gets_what_it_needs_and_its_output_and_status_come_back(guests, words,
                                                                          tmp_path_factory):
    shared = tmp_path_factory.mktemp("shared")
    done = guests.run("--env", "WORD=a 'quoted' word", "--share", shared, "--", "sh", "-c", INSIDE,
                      "sh", harness.ROOT, shared, words)
    assert done.err == b"b'words of the host'\nreopened\n"
    assert done.returncode == 7
    assert done.out == bytes(range(256)) * 4096
    assert (shared / "result").read_text() == "to the host\n"
    assert not pathlib.Path("/etc/written").exists()


@pytest.mark.guest
def test_two_guests_are_joined_and_the_first_bad_status_counts(guests):
    script = r"""
    if [ $GUEST = 1 ]; then
        exec /usr/bin/ibv_rc_pingpong -g 1 -n 10
    fi
    until /usr/bin/ibv_rc_pingpong -g 1 -n 10 $GUEST_PEER 2>/dev/null; do sleep 0.1; done
    kill -USR1 $$
    """
    done = guests.run("--hosts", 2, "--", "sh", "-c", script)
    assert done.returncode == 128 + signal.SIGUSR1, done.err
    lines = done.out.decode().splitlines()
    for number in "12":
        own = [line for line in lines if line.startswith(number + ": ")]
        assert any("10 iters" in line for line in own), lines


@pytest.mark.guest
def test_time_that_is_over_ends_the_guest(guests):
    before = time.monotonic()
    done = guests.run("--timeout", 15, "--", "sh", "-c", "echo begun; exec sleep 1000")
    assert done.returncode == 124
    assert done.out == b"begun\n"
    assert b"not finished within 15 s" in done.err
    assert 15 <= time.monotonic() - before < 25


@pytest.mark.guest
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_everything(guests, number):
    process = guests.start("--", "sh", "-c", "echo begun; exec sleep 1000")
    assert process.stdout.readline() == b"begun\n"
    assert guests.left() != []
    process.send_signal(number)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 128 + number
    assert errors == b""


@pytest.mark.guest
def test_nothing_runs_on_when_the_runner_is_killed(guests):
    process = guests.start("--", "sh", "-c", "echo begun; exec sleep 1000")
    assert process.stdout.readline() == b"begun\n"
    process.kill()
    process.communicate(timeout=20)
    scratch, = guests.folder.iterdir()
    harness.wait_for(lambda: guests.left() == [scratch], "QEMU is gone")
    # What had no time to clean up cannot.
    for file in scratch.iterdir():
        file.unlink()
    scratch.rmdir()


def poke(port):
    """The forward takes a connection also when nobody in the guest listens."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as guest:
        guest.sendall(b"x")


@pytest.mark.guest
def test_a_panic_is_the_guests_failure_not_the_commands(guests):
    """The panic is at the touch of a port, to see the forward work."""
    port = harness.free_port()
    process = guests.start("--forward", "7000:%d" % port, "--", "sh", "-c",
                           "/run/guest/busybox nc -l -p 7000 && echo c >/proc/sysrq-trigger")
    harness.wait_for(lambda: poke(port) or process.poll() is not None, "the guest panics", 60)
    _, errors = process.communicate()
    assert process.returncode == 125
    assert b"guest ended before COMMAND did" in errors
    assert b"Kernel panic" in errors


@pytest.mark.guest
def test_a_boot_that_hangs_is_named(guests):
    done = guests.run("--boot-timeout", 0.5, "--", "true")
    assert done.returncode == 125
    assert b"not up within 0.5 s" in done.err


@pytest.mark.guest
@pytest.mark.parametrize("script, told", [
    ("echo no luck >&2; exit 3", r"softhca pci ended early, with status 3; it said:\nno luck"),
    ("kill -SEGV $$", r"softhca pci ended early, by signal 11 and said nothing"),
])
def test_an_adapter_that_dies_is_named(guests, tmp_path_factory, script, told):
    build = tmp_path_factory.mktemp("build")
    (build / "bin").mkdir()
    (build / "bin/softhca").write_text("#!/bin/sh\n%s\n" % script)
    (build / "bin/softhca").chmod(0o755)
    done = guests.run("--device", "mlx5", "--", "true", OV_BUILD=str(build))
    assert done.returncode == 125
    assert re.search(told, done.err.decode())


@pytest.mark.parametrize("arguments, told", [
    ("--device mlx9 -- true", "invalid choice: 'mlx9' (choose from 'rxe', 'siw', 'mlx5'"),
    ("--device siw --kernel current -- true", "the guest has siw on kernel 6.1 only"),
    ("--share /nowhere -- true", "/nowhere is no folder"),
    ("--env WORD -- true", "WORD is not NAME=VALUE"),
    ("--forward 80 -- true", "80 is not GUESTPORT:HOSTPORT"),
    ("--device rxe", "COMMAND"),
])
def test_a_wrong_command_line_is_refused(guests, arguments, told):
    done = guests.run(*shlex.split(arguments))
    assert done.returncode == 2
    assert told in done.err.decode()
