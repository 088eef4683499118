# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A `softhca pci` process: the adapter that QEMU plugs into the guest through a vfio-user socket."""

import json
import os
import select
import subprocess
import sys

import machine
from cache import say
from session import Failure


class Adapter:
    """One adapter of family `family`; it lives as long as its guest."""

    def __init__(self, family, options, build, scratch, host):
        program = build / "bin/softhca"
        if not program.exists():
            raise Failure("%s is not built" % program)
        self._socket = scratch / ("adapter-%d" % host)
        # What it says goes where the trace is wanted, or is shown at the end.
        self._traced = options.trace is not None
        log = options.trace if self._traced else scratch / ("adapter-%d.log" % host)
        if self._traced and options.hosts == 2:
            log = "%s.%d" % (log, host)
        self._log = open(log, "w+b")
        command = [program, "pci", "--device", family, "--socket", self._socket, "--fabric",
                   options.fabric or "guest-%d" % os.getpid(), "--host", host]
        if options.fault:
            command += ["--fault", options.fault]
        if options.capture:
            command += ["--capture", options.capture if options.hosts == 1
                        else "%s.%d" % (options.capture, host)]
        if self._traced:
            command += ["--trace"]
        self._process = machine.start(command, stdout=subprocess.PIPE, stderr=self._log)
        try:
            self._await_announcement()
        except BaseException:
            self.end()
            raise

    def _await_announcement(self):
        """It says on its standard output when QEMU can connect."""
        output = self._process.stdout
        readable, _, _ = select.select([output], [], [], 20)
        if not readable:
            raise Failure("softhca pci opened no socket within 20 s%s" % self._said())
        if not output.readline():
            self._process.wait()
            raise Failure(self.ended())

    def ended(self):
        """What there is to say about its end, None while it lives."""
        status = self._process.poll()
        if status is None:
            return None
        return "softhca pci ended early, %s%s" % (
            "by signal %d" % -status if status < 0 else "with status %d" % status, self._said())

    def failed(self):
        """The same, if it did not end because its guest was gone. A guest may notice first that
        the adapter dies: give its status a moment."""
        try:
            return self.ended() if self._process.wait(1) else None
        except subprocess.TimeoutExpired:
            return None

    def _text(self):
        self._log.seek(0)
        return self._log.read().decode(errors="replace").strip()

    def _said(self):
        lines = self._text().splitlines()[-20:]
        return "; it said:\n" + "\n".join(lines) if lines else " and said nothing"

    def qemu(self):
        """In a slot behind a root port, as a card is: of a device that is part of the root complex the
        kernel looks for no link."""
        device = {"driver": "vfio-user-pci", "rombar": 0, "bus": "card0",
                  "socket": {"type": "unix", "path": str(self._socket)}}
        return ["-device", "pcie-root-port,id=card0", "-device", json.dumps(device)]

    def end(self):
        """It ends by itself once its guest is gone; killed it would leave its fabric to others."""
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            say("softhca pci does not end; it is killed")
            self._process.kill()
            self._process.wait()
        if not self._traced and self._text():
            print(self._text(), file=sys.stderr, flush=True)
        self._process.stdout.close()
        self._log.close()
