# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Compares what each tool's --help says with the table of options, both ways."""
import os
import re
import subprocess
import sys

OPTION = re.compile(r"^  (-\w)(?:, (--[\w-]+))?([= ][\w|]+)?  .*?(?: \(default (\d+)\))?$")


def from_table(path):
    rows = {}
    with open(path, encoding="utf-8") as table:
        for line in table:
            if not line.startswith("#"):
                tool, *row = line.split()
                rows.setdefault(tool, set()).add(tuple(row))
    return rows


def from_help(program):
    result = subprocess.run([program, "--help"], capture_output=True, text=True, timeout=20)
    if result.returncode or result.stderr:
        sys.exit(f"{program} --help: exit status {result.returncode}, stderr: {result.stderr}")
    rows = set()
    for line in result.stdout.splitlines():
        match = OPTION.match(re.sub(r"  +(?=\S)", "  ", line) if line.startswith("  -") else line)
        if match:
            letter, name, argument, default = match.groups()
            rows.add((letter, name or "-", "argument" if argument else "none", default or "-"))
        elif line.startswith("Usage:") and line.endswith("[HOST]"):
            rows.add(("-", "HOST", "operand", "-"))
    return rows


def main():
    table = from_table(sys.argv[1])
    programs = {os.path.basename(path): path for path in sys.argv[2:]}
    wrong = sorted(set(table) ^ set(programs))
    for tool in wrong:
        print(f"{tool}: only in one of the table and the programs to check")
    for tool in sorted(set(table) & set(programs)):
        shown = from_help(programs[tool])
        for row in sorted(table[tool] ^ shown):
            wrong.append(tool)
            print(f"{tool}: {' '.join(row)}: only in {'--help' if row in shown else 'the table'}")
    print(f"{len(programs)} programs, {sum(map(len, table.values()))} options")
    return 1 if wrong else 0


sys.exit(main())
