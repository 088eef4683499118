# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Adds up what gcov tells of a build with -DOV_COVERAGE=ON, by folder, or lists the lines of files that
nothing reached. coverage.py BUILD [FILE...]"""

import collections
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
NOT_OURS = ("tests", "build", "kernel-headers")
AT_ONCE = 200


def counts(build):
    """{file: {line: times}}; a line that is compiled in several programs was reached if any did."""
    lines = collections.defaultdict(collections.Counter)
    data = sorted(build.rglob("*.gcda"))
    for start in range(0, len(data), AT_ONCE):
        told = subprocess.run(["gcov", "--json-format", "--stdout", *data[start:start + AT_ONCE]],
                              cwd=build, text=True, check=True, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL).stdout
        for text in told.splitlines():
            for file in json.loads(text)["files"]:
                path = (build / file["file"]).resolve()
                if not path.is_relative_to(ROOT):
                    continue
                path = path.relative_to(ROOT)
                if path.parts[0] in NOT_OURS:
                    continue
                for line in file["lines"]:
                    lines[path][line["line_number"]] += line["count"]
    return lines


def report(lines):
    total, reached = collections.Counter(), collections.Counter()
    for path, times in lines.items():
        for folder in path.parents:
            total[folder] += len(times)
            reached[folder] += sum(count > 0 for count in times.values())
    print("%-28s %7s %7s %6s" % ("folder", "lines", "reached", ""))
    for folder in sorted(total):
        print("%-28s %7d %7d %5.1f%%" % (folder, total[folder], reached[folder],
                                         100 * reached[folder] / total[folder]))


def missed(lines, file):
    for number, count in sorted(lines[file].items()):
        if not count:
            print("%s:%d: %s" % (file, number, (ROOT / file).read_text().splitlines()[number - 1]))


def main():
    lines = counts(pathlib.Path(sys.argv[1]).resolve())
    if not lines:
        sys.exit("no counts in %s: build with -DOV_COVERAGE=ON and run something" % sys.argv[1])
    for file in map(pathlib.Path, sys.argv[2:]):
        missed(lines, file)
    if len(sys.argv) == 2:
        report(lines)


if __name__ == "__main__":
    main()
