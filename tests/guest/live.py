# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A guest that stays up while tests act inside and outside of it: commands reach it one by one through
a shared folder and run side by side."""

import pathlib
import shlex
import subprocess
import tempfile

import harness

RUN = pathlib.Path(__file__).resolve().parent / "run"

# Takes N.command for N = 1, 2, ... as they appear, and leaves N.output and then N.status.
AGENT = """\
cd %(folder)s || exit
n=1
: >ready
until [ -e end ]; do
	[ -e $n.command ] || { sleep 0.05; continue; }
	n=$n sh -c 'cd %(root)s; bash %(folder)s/$n.command >%(folder)s/$n.output 2>&1 </dev/null
		echo $? >%(folder)s/$n.ended; mv %(folder)s/$n.ended %(folder)s/$n.status' &
	n=$((n + 1))
done
"""


class Command:
    """One that was started; to harness.wait_for() its own process."""

    def __init__(self, guest, text, number):
        self._guest, self.command, self._number = guest, text, number
        self.process = self
        self.returncode = None

    def _file(self, kind):
        return self._guest.folder / ("%d.%s" % (self._number, kind))

    def output(self):
        file = self._file("output")
        return file.read_text(errors="replace") if file.exists() else ""

    def poll(self):
        if self.returncode is None and self._file("status").exists():
            self.returncode = int(self._file("status").read_text())
        return self._guest.process.poll() if self.returncode is None else self.returncode

    def finish(self, seconds):
        try:
            harness.wait_for(lambda: self.poll() is not None, self.command, seconds)
        except AssertionError:
            return harness.Result(self.command, "none after %d s" % seconds, self.output())
        if self.returncode is None:
            return harness.Result(self.command, "none: the guest ended",
                                  self.output() + self._guest.said())
        return harness.Result(self.command, self.returncode, self.output())


class Guest:
    """Boots with these options of tests/guest/run and is there when this returns."""

    def __init__(self, *options, boot_seconds=120, seconds=600):
        self._scratch = tempfile.TemporaryDirectory(prefix="openverbs-live-")
        self.folder = pathlib.Path(self._scratch.name)
        agent = self.folder / "agent"
        agent.write_text(AGENT % {"folder": shlex.quote(str(self.folder)),
                                  "root": shlex.quote(str(harness.ROOT))})
        self._said = open(self.folder / "said", "w")
        self._number = 0
        self.process = subprocess.Popen(
            [RUN, "--timeout", str(seconds), "--share", self.folder, *map(str, options), "--",
             "sh", agent],
            stdin=subprocess.DEVNULL, stdout=self._said, stderr=subprocess.STDOUT)
        try:
            harness.wait_for((self.folder / "ready").exists, "the guest is up", boot_seconds,
                             alive=self.process)
        except AssertionError as error:
            said = self.said()
            self.close()
            raise AssertionError("%s\n%s" % (error, said)) from None

    def start(self, command, environment=None):
        """Starts a command, a string as a shell reads it or a list of words."""
        text = command if isinstance(command, str) else shlex.join(map(str, command))
        self._number += 1
        lines = ["export %s=%s\n" % (name, shlex.quote(str(value)))
                 for name, value in (environment or {}).items()]
        partial = self.folder / "partial"
        partial.write_text("".join(lines) + text + "\n")
        partial.rename(self.folder / ("%d.command" % self._number))
        return Command(self, text, self._number)

    def run(self, command, seconds=60, environment=None):
        return self.start(command, environment).finish(seconds)

    def log(self):
        return self.run("dmesg").ok().output

    def said(self):
        """By the runner and the adapter."""
        return (self.folder / "said").read_text(errors="replace")

    def close(self):
        (self.folder / "end").touch()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.terminate()
            self.process.wait()
        self._said.close()
        self._scratch.cleanup()
