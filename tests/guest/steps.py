# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Many commands in one guest: each is a step whose status and output are looked at on the host, so
that a boot serves many tests."""

import pathlib
import shlex
import subprocess
import tempfile

import harness

RUN = pathlib.Path(__file__).resolve().parent / "run"
INSIDE = RUN.parent / "inside"

# What every step may use. ONCE LIMIT CONDITION waits for a condition.
PRELUDE = """\
PATH=/usr/sbin:/usr/bin:/sbin:/bin
own=%(own)s stock=/usr/bin inside=%(inside)s
cd /tmp
once() {
	local tenths=$(($1 * 10)); shift
	until "$@" >/dev/null 2>&1; do
		[ $((tenths -= 1)) -gt 0 ] || { echo "not in time: $*"; return 1; }
		sleep 0.1
	done
}
"""

STEP = """\
(
%(command)s
) >%(folder)s/%(name)s.out 2>&1 </dev/null
echo $? >%(folder)s/%(name)s.status
"""


class Steps:
    """Commands by name, in their order."""

    def __init__(self):
        self._commands = {}

    def add(self, name, command):
        assert name not in self._commands
        self._commands[name] = command

    def run(self, *options, seconds=400):
        """Boots a guest with these options and runs all. A harness.Result for each name; a step
        that hung has no status."""
        with tempfile.TemporaryDirectory(prefix="openverbs-steps-") as folder:
            self._boot(folder, options, seconds)
            return {name: self._result(pathlib.Path(folder), name) for name in self._commands}

    def _boot(self, folder, options, seconds):
        script = PRELUDE % {"own": shlex.quote(str(harness.OWN)), "inside": shlex.quote(str(INSIDE))}
        script += "".join(STEP % {"command": command, "folder": folder, "name": name}
                          for name, command in self._commands.items())
        path = pathlib.Path(folder, "script")
        path.write_text(script)
        done = subprocess.run([RUN, "--timeout", str(seconds), "--share", folder,
                               *options, "--", "bash", path],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True)
        # A status of the runner's own says that there was no guest, or that time was over.
        assert done.returncode in (0, 124), done.stderr

    def _result(self, folder, name):
        status, output = folder / (name + ".status"), folder / (name + ".out")
        return harness.Result(
            self._commands[name], int(status.read_text()) if status.exists() else "none",
            output.read_text(errors="replace") if output.exists() else "")
