# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Runs programs on an adapter: one, or a server and its client. Here the adapter is softhca, and
every test has a fabric of its own; world.py has devices of a kernel. Waiting is for conditions, never
for time."""

import contextlib
import itertools
import os
import pathlib
import re
import shlex
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get("OV_BUILD", ROOT / "build"))
OWN = BUILD / "bin"
STOCK = pathlib.Path("/usr/bin")
SANITIZED = "asan" in BUILD.name or "tsan" in BUILD.name

_ports = itertools.count(20000 + os.getpid() % 4000)
_fabrics = itertools.count()


def programs(who):
    """Folder of the tools: 'own' or 'stock'."""
    return {"own": OWN, "stock": STOCK}[who]


def listeners():
    """TCP ports that somebody on this machine listens on."""
    ports = set()
    for table in pathlib.Path("/proc/net").glob("tcp*"):
        for line in table.read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A":
                ports.add(int(fields[1].rsplit(":", 1)[1], 16))
    return ports


def free_port():
    taken = listeners()
    return next(port for port in _ports if port not in taken)


def wait_for(condition, what, seconds=20, alive=None):
    """Waits until `condition()` is true and returns its value; fails when `alive`, a process, ends
    first or the time is over."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if alive is not None and alive.poll() is not None:
            raise AssertionError("%s: the process ended before with status %s"
                                 % (what, alive.returncode))
        assert time.monotonic() < deadline, "%s: not within %d s" % (what, seconds)
        time.sleep(0.01)


class Result:
    """What a finished program left."""

    def __init__(self, command, status, output):
        self.command, self.status, self.output = command, status, output

    def __repr__(self):
        return "%s\nstatus %s\n%s" % (self.command, self.status, self.output)

    def ok(self):
        assert self.status == 0, repr(self)
        return self


class Running:
    """A program in the background; its output goes to a file, so that it never blocks."""

    def __init__(self, arguments, environment):
        self.command = shlex.join(map(str, arguments))
        self.file = tempfile.TemporaryFile()
        self.process = subprocess.Popen(list(map(str, arguments)), stdin=subprocess.DEVNULL,
                                        stdout=self.file, stderr=subprocess.STDOUT,
                                        env=environment, cwd=ROOT)

    def output(self):
        self.file.seek(0)
        return self.file.read().decode(errors="replace")

    def end(self):
        """Whether it has ended: one that waits inside a kernel may not."""
        self.process.kill()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            return False
        return True

    def finish(self, seconds):
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            how = "killed" if self.end() else "cannot be killed"
            return Result(self.command, "none after %d s, %s" % (seconds, how), self.output())
        return Result(self.command, self.process.returncode, self.output())


class Bench:
    """What one test runs on; the programs it starts end with it. `options` are those of `softhca
    run`, and only for tests that are marked to need it."""

    def __init__(self, environment):
        self.environment = {**os.environ, **environment}
        self._running = []

    def command_line(self, command, options="", softhca=OWN / "softhca"):
        """Arguments of a process that runs the command here."""
        raise NotImplementedError

    def address(self, command):
        """What a tool that talks to its like has to be told besides, to use this adapter."""
        raise NotImplementedError

    def start(self, command, options="", environment=None, softhca=OWN / "softhca"):
        running = Running(self.command_line(command, options, softhca),
                          {**self.environment, **(environment or {})})
        self._running.append(running)
        return running

    def run(self, command, options="", seconds=60, environment=None, softhca=OWN / "softhca"):
        return self.start(command, options, environment, softhca).finish(seconds)

    def start_pair(self, server, client, options="", client_options=None, host="127.0.0.1",
                   environment=None):
        """Starts server and client, both with ' -p PORT' appended, the client with the server's
        address."""
        port = free_port()
        first = self.start("%s %s -p %d" % (server, self.address(server), port), options,
                           environment)
        wait_for(lambda: port in listeners(), "server listens on %d" % port, alive=first.process)
        second = self.start("%s %s -p %d %s" % (client, self.address(client), port, host),
                            options if client_options is None else client_options, environment)
        return first, second

    def pair(self, server, client, options="", client_options=None, seconds=60, host="127.0.0.1",
             environment=None):
        """Results of server and client, started so; both have to end well."""
        first, second = self.start_pair(server, client, options, client_options, host, environment)
        result = second.finish(seconds)
        # A client that failed leaves its server waiting for a peer that will not come.
        served = first.finish(seconds if result.status == 0 else 5)
        assert result.status == 0 and served.status == 0, "client: %r\nserver: %r" % (result,
                                                                                      served)
        return served, result

    def close(self):
        for running in self._running:
            if running.process.poll() is None:
                running.end()


def words(command):
    return shlex.split(command) if isinstance(command, str) else list(command)


class Fabric(Bench):
    """A fabric of softhca for one test."""

    def __init__(self):
        # A forgiving model would make wrong drivers look right. The sanitizers' runtime comes after
        # the preloaded shim.
        super().__init__({"SOFTHCA_STRICT": "1", "ASAN_OPTIONS": "verify_asan_link_order=0"})
        self.name = "test-%d-%d" % (os.getpid(), next(_fabrics))

    def command_line(self, command, options="", softhca=OWN / "softhca"):
        return [softhca, "run", "--fabric", self.name, *shlex.split(options), "--",
                *words(command)]

    def address(self, command):
        return ""

    def rounds(self, wanted):
        """As many repetitions as there is time for."""
        return wanted

    def order(self, *words):
        """Runs `softhca WORDS...` for this fabric."""
        subprocess.run([OWN / "softhca", *words, "--fabric", self.name], check=True, timeout=20,
                       stdout=subprocess.DEVNULL)

    def ps(self):
        return subprocess.run([OWN / "softhca", "ps", "--fabric", self.name], text=True,
                              capture_output=True, check=True).stdout

    def received(self):
        """Packets that the RC queue pairs of the fabric have received."""
        rows = re.findall(r"^\d+ +0x\w{6} +RC .* (\d+) +\d+$", self.ps(), re.MULTILINE)
        return sum(map(int, rows))

    def check_nothing_left(self):
        assert "is empty" in self.ps(), self.ps()

    def need_packet(self, size):
        """Skips the test where packets of this size cannot be; here all can."""


def fabric():
    return contextlib.closing(Fabric())
