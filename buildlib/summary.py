# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Counts of a test run by layer, from the JUnit files in a directory. Exit status 1 when anything
failed or an expected layer left no result."""

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


def main(directory):
    total = {"passed": 0, "failed": 0, "skipped": 0}
    problems = []
    files = sorted(pathlib.Path(directory).glob("*.xml"), key=lambda file: file.stat().st_mtime)
    print("\n%-16s %7s %7s %7s" % ("layer", *total))
    for file in files:
        counts = dict.fromkeys(total, 0)
        for case in xml.parse(file).iter("testcase"):
            kind = outcome(case)
            counts[kind] += 1
            if kind != "passed":
                problems.append("%s: %s: %s" % (kind, file.stem, case.get("name")))
        if not any(counts.values()):
            problems.append("failed: %s: no test ran" % file.stem)
            counts["failed"] += 1
        print("%-16s %7d %7d %7d" % (file.stem, *counts.values()))
        for kind in total:
            total[kind] += counts[kind]
    print("\n".join(problems))
    if not files:
        print("no results in", directory)
        return 1
    print("%(passed)d passed, %(failed)d failed, %(skipped)d skipped" % total)
    return 1 if total["failed"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
