# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A run from start to end: moves what the guests say, watches every process and the time, and ends
everything in every case."""

import os
import selectors
import signal
import time

from cache import say

# What a status says about the runner itself; COMMAND's own come through unchanged.
TIMED_OUT, FAILED = 124, 125


# How long one of two guests goes on after COMMAND has failed in the other.
PARTNER_SECONDS = 20


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
        self._machines, self._companions, self._needed = [], [], []
        now = time.monotonic()
        self._deadline, self._boot_deadline = now + limit, now + boot_limit
        self._limit, self._boot_limit = limit, boot_limit
        self._partner_deadline = None

    def add(self, machine):
        self._machines.append(machine)
        for name, channel in machine.channels.items():
            self._selector.register(channel, selectors.EVENT_READ, (machine, name))

    def accompany(self, companion, may_die):
        """A program behind a guest, which has to live as long unless it may die."""
        self._companions.append(companion)
        if not may_die:
            self._needed.append(companion)

    def run(self):
        """COMMAND's exit status; of two guests the first that is not 0. Whoever waits for a partner
        that failed gets some time to notice."""
        status = 0
        while not all(machine.done() for machine in self._machines):
            for key, _ in self._selector.select(self._wait_seconds()):
                self._receive(key.fileobj, *key.data)
            self._check()
            if not status:
                status = next((machine.status for machine in self._machines
                               if machine.done() and machine.status), 0)
                self._partner_deadline = time.monotonic() + PARTNER_SECONDS
            elif time.monotonic() >= self._partner_deadline:
                break
        return status

    def _receive(self, channel, machine, name):
        try:
            data = channel.recv(1 << 16)
        except ConnectionResetError:
            data = b""
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
        for machine in self._machines:
            if machine.process.poll() is not None and not machine.done():
                self._drain(machine)
                reasons = [companion.failed() for companion in self._needed]
                raise Failure("%s guest ended before COMMAND did%s%s" % (
                    machine.plan.title, self._consoles(),
                    "".join("\n" + reason for reason in reasons if reason)))
        for companion in self._needed:
            if companion.ended():
                raise Failure(companion.ended() + self._consoles())
        now = time.monotonic()
        if now >= self._deadline:
            say("not finished within %g s%s" % (self._limit, self._consoles()))
            raise TimeoutError
        if self._booting() and now >= self._boot_deadline:
            raise Failure("the guest is not up within %g s%s" % (self._boot_limit,
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
        return "".join("; last lines of %s guest's console:\n%s" % (machine.plan.title,
                                                           machine.console.last())
                       for machine in self._machines)

    def end(self):
        for machine in self._machines:
            for stream in machine.streams:
                stream.flush()
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


class Plain:
    """A sink for what the only guest writes."""

    def __init__(self, descriptor):
        self._descriptor = descriptor

    def __call__(self, data):
        write_all(self._descriptor, data)

    def flush(self):
        pass


def sinks(number, hosts):
    if hosts == 1:
        return [Plain(1), Plain(2)]
    return [Prefixed(descriptor, b"%d: " % number) for descriptor in (1, 2)]
