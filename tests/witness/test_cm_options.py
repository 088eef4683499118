# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Witness of our tools for connections: whatever option Debian's tool takes, ours takes, with an
argument just where Debian's has one. What both do with them is in tests/guest/test_cm_tools_rxe.py."""

import re
import subprocess

import pytest

import harness

pytestmark = pytest.mark.stock

TOOLS = ("rping", "ucmatose", "udaddy", "mckey", "cmtime", "rdma_client", "rdma_server", "rdma_xclient",
         "rdma_xserver", "rstream", "riostream", "udpong")

# The string that tells getopt(3) of a program's options: letters, a colon after each with an argument.
GETOPT = re.compile(rb"\0((?:[a-zA-Z]:?)+[a-zA-Z]:(?:[a-zA-Z]:?)*)\0")


def options_of(program):
    found = GETOPT.findall(program.read_bytes())
    assert len(found) == 1, found
    return {letter: bool(colon) for letter, colon in re.findall("(.)(:?)", found[0].decode())}


@pytest.mark.parametrize("tool", TOOLS)
def test_every_option_of_the_stock_tool_is_there(tool):
    theirs = options_of(harness.STOCK / tool)
    told = subprocess.run([harness.OWN / tool, "--help"], text=True, capture_output=True,
                          timeout=20, check=True).stdout
    ours = {letter: bool(argument)
            for letter, argument in re.findall(r"^  -(\w)(?: (\S+))?  ", told, re.MULTILINE)}
    assert theirs and theirs == {letter: ours.get(letter) for letter in theirs}
