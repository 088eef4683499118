# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Writes the JUnit file of a layer that cannot run.

    skipped.py FILE REASON"""

import sys
import xml.etree.ElementTree as xml


def main(file, reason):
    suite = xml.Element("testsuite", name="skipped", tests="1", skipped="1")
    case = xml.SubElement(suite, "testcase", name=reason)
    xml.SubElement(case, "skipped", message=reason)
    xml.ElementTree(suite).write(file)
    print("SKIPPED: " + reason)


if __name__ == "__main__":
    main(*sys.argv[1:])
