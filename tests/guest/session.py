# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A run from start to end: moves what the guests say, watches every process and the time, and ends
everything in every case."""

import os
import selectors
import signal
import sys
import time

from cache import say

# What a status says about the runner itself; COMMAND's own come through unchanged.
TIMED_OUT, FAILED = 124, 125


class Failure(Exception):
    """A guest or a program of the run failed, not COMMAND."""


class Interrupted(BaseException):
    def __init__(self, number):
        self.number = number


def _interrupt(number, _frame):
    raise Interrupted(number)


def catch_signals():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)


class Session:
    def __init__(self, limit, boot_limit):
        self._selector = selectors.DefaultSelector()
        self._machines, self._companions = [], []
        now = time.monotonic()
        self._deadline, self._boot_deadline = now + limit, now + boot_limit
        self._limit, self._boot_limit = limit, boot_limit

    def add(self, machine):
        self._machines.append(machine)
        for name, channel in machine.channels.items():
            self._selector.register(channel, selectors.EVENT_READ, (machine, name))

    def accompany(self, companion):
        """A program that has to live as long as the guests."""
        self._companions.append(companion)

    def run(self):
        """COMMAND's exit status; of two the first that is not 0."""
        while not all(machine.done() for machine in self._machines):
            for key, _ in self._selector.select(self._wait_seconds()):
                self._receive(key.fileobj, *key.data)
            self._check()
        return next((machine.status for machine in self._machines if machine.status), 0)

    def _receive(self, channel, machine, name):
        data = channel.recv(1 << 16)
        if data:
            machine.feed(name, data)
        else:
            self._selector.unregister(channel)

    def _wait_seconds(self):
        """Processes that end close their channels, so the time that is left is what to wait for;
        companions have no channel and are looked at twice a second."""
        return max(0, min(0.5, self._next_deadline() - time.monotonic()))

    def _booting(self):
        return not all(machine.ready for machine in self._machines)

    def _next_deadline(self):
        return min(self._deadline, self._boot_deadline) if self._booting() else self._deadline

    def _check(self):
        for companion in self._companions:
            companion.check()
        for machine in self._machines:
            if machine.process.poll() is not None and not machine.done():
                self._drain(machine)
                raise Failure("the guest ended before COMMAND did%s" % self._consoles())
        now = time.monotonic()
        if now >= self._deadline:
            say("not finished within %d s%s" % (self._limit, self._consoles()))
            raise TimeoutError
        if self._booting() and now >= self._boot_deadline:
            raise Failure("no guest that is up within %d s%s" % (self._boot_limit,
                                                                self._consoles()))

    def _drain(self, machine):
        channel = machine.channels["console"]
        channel.setblocking(False)
        try:
            while data := channel.recv(1 << 16):
                machine.feed("console", data)
        except (BlockingIOError, ConnectionError):
            pass

    def _consoles(self):
        return "".join("; last lines of %s console:\n%s" % (machine.plan.title,
                                                           machine.console.last())
                       for machine in self._machines)

    def end(self):
        for ending in self._machines + self._companions:
            ending.end()
        self._selector.close()


def write_all(descriptor, data):
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view):]


class Prefixed:
    """A sink for one of two guests: whole lines, each with its guest before it."""

    def __init__(self, descriptor, prefix):
        self._descriptor, self._prefix, self._rest = descriptor, prefix, b""

    def __call__(self, data):
        *lines, self._rest = (self._rest + data).split(b"\n")
        write_all(self._descriptor, b"".join(self._prefix + line + b"\n" for line in lines))

    def flush(self):
        if self._rest:
            self(b"\n")


def plain_sinks():
    sys.stdout.flush()
    return [lambda data, descriptor=descriptor: write_all(descriptor, data)
            for descriptor in (1, 2)]
