# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Counts of a test run by layer, from the JUnit files LAYER.xml in a directory.

    summary.py DIRECTORY LAYER...

Exit status 1 when anything failed or one of the layers left no result."""

import pathlib
import sys
import xml.etree.ElementTree as xml


def outcome(case):
    """passed, failed or skipped, as ctest and pytest write it."""
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed"
    if case.find("skipped") is not None or case.get("status") in ("notrun", "disabled"):
        return "skipped"
    return "failed" if case.get("status") == "fail" else "passed"


def cases(file):
    """(name, outcome) of every test of a layer; a layer without any has failed."""
    if not file.exists():
        return [("no result: it was not built, or died", "failed")]
    found = [(case.get("name"), outcome(case)) for case in xml.parse(file).iter("testcase")]
    return found or [("no test ran", "failed")]


def main(directory, layers):
    total = {"passed": 0, "failed": 0, "skipped": 0}
    problems = []
    print("\n%-16s %7s %7s %7s" % ("layer", *total))
    for layer in layers:
        counts = dict.fromkeys(total, 0)
        for name, kind in cases(pathlib.Path(directory, layer + ".xml")):
            counts[kind] += 1
            if kind != "passed":
                problems.append("%s: %s: %s" % (kind, layer, name))
        print("%-16s %7d %7d %7d" % (layer, *counts.values()))
        for kind in total:
            total[kind] += counts[kind]
    print("\n".join(problems))
    print("%(passed)d passed, %(failed)d failed, %(skipped)d skipped" % total)
    return 1 if total["failed"] or not layers else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
