#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Runs the example of a man page on softhca: it must end with 0 and print what the table says."""
import argparse
import os
import re
import subprocess
import sys


def expectation(table, name):
    """Port types and pattern: each line of the table is `NAME PORT-TYPE[,...] PATTERN`."""
    with open(table, encoding="utf-8") as lines:
        for line in lines:
            fields = line.rstrip("\n").split(None, 2)
            if fields and fields[0] == name:
                return [kind for kind in fields[1].split(",") if kind != "rxe"], fields[2]
    sys.exit(f"{table} has no line for {name}")


def run(softhca, port_type, program, pattern):
    ran = subprocess.run(
        [softhca, "run", "--fabric", f"example-{os.getpid()}", "--port-type", port_type, "--",
         program], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=25,
        check=False)
    print(f"{port_type}:\n{ran.stdout}", end="")
    if ran.returncode:
        sys.exit(f"it ended with {ran.returncode}")
    if not re.search(f"^{pattern}$", ran.stdout, re.MULTILINE):
        sys.exit(f"no line of the output is: {pattern}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--softhca", required=True)
    parser.add_argument("table")
    parser.add_argument("name")
    parser.add_argument("program")
    args = parser.parse_args()
    port_types, pattern = expectation(args.table, args.name)
    for port_type in port_types:
        run(args.softhca, port_type, args.program, pattern)


if __name__ == "__main__":
    main()
