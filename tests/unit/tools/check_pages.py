# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Holds the man pages of tools against what their --help says: there is a page for each, it has the same
options with arguments just where they have one, the words that options take, and the defaults."""
import os
import pathlib
import re
import subprocess
import sys

SECTIONS = ["SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS", "SEE ALSO"]
IN_HELP = re.compile(r"^  -(\w)(?:, --([\w-]+))?(?:[= ](\S+))?  ", re.MULTILINE)
IN_PAGE = re.compile(r"^-(\w)(?:, --([\w-]+))?(?:[= ](\S+))?\n    ", re.MULTILINE)
WORD_IN_HELP = re.compile(r"^ {32}(\w+) +\S", re.MULTILINE)
WORD_IN_PAGE = re.compile(r"^(\w+)\n    \S", re.MULTILINE)
DEFAULT = re.compile(r"\(default (\d+)\)$", re.MULTILINE)


def options(pattern, text):
    return {(letter, name, bool(argument)) for letter, name, argument in pattern.findall(text)}


def section(page, title):
    found = re.search(r"^%s\n=+\n(.*?)(?=^[A-Z ]+\n=+\n|\Z)" % title, page, re.DOTALL | re.MULTILINE)
    return found.group(1) if found else ""


def faults(program, page):
    told = subprocess.run([program, "--help"], capture_output=True, text=True, timeout=20,
                          check=True).stdout
    described = section(page, "OPTIONS")
    yield from ("no section " + title for title in SECTIONS if not section(page, title).strip())
    for option in options(IN_HELP, told) ^ options(IN_PAGE, described):
        yield "-%s: not alike in page and --help" % option[0]
    for word in set(WORD_IN_HELP.findall(told)) ^ set(WORD_IN_PAGE.findall(described)):
        yield "%s: only in one of page and --help" % word
    for number in DEFAULT.findall(told):
        if not re.search(r"\b(%s|%#x)\s+by\s+default" % (number, int(number)), described):
            yield "%s: a default that the page does not tell" % number


def main():
    folders, wrong = [pathlib.Path(folder) for folder in sys.argv[1].split(",")], 0
    for program in sys.argv[2:]:
        tool = os.path.basename(program)
        pages = [folder / (tool + ".1.rst") for folder in folders if (folder / (tool + ".1.rst")).exists()]
        found = list(faults(program, pages[0].read_text(encoding="utf-8"))) if pages else ["no page"]
        wrong += len(found)
        for fault in found:
            print("%s: %s" % (tool, fault))
    print("%d tools" % len(sys.argv[2:]))
    return 1 if wrong else 0


sys.exit(main())
