# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Witness of the packets: Wireshark's dissector reads a capture as InfiniBand or RoCE and finds
nothing malformed."""

import subprocess

import pytest

from harness import OWN

pytestmark = pytest.mark.stock


def dissect(file, *arguments):
    return subprocess.run(["tshark", "-r", str(file), *arguments], text=True, check=True,
                          stderr=subprocess.DEVNULL, stdout=subprocess.PIPE).stdout.splitlines()


@pytest.mark.parametrize("transport", ("rc", "uc", "ud", "srq"))
@pytest.mark.parametrize("port_type, gid", (("ib", ""), ("ib", "-g 0"), ("eth", "-g 0"),
                                            ("eth", "-g 1"), ("eth", "-g 3")))
def test_dissects(fabric, tmp_path, transport, port_type, gid):
    file = tmp_path / "traffic.pcapng"
    command = "%s/ibv_%s_pingpong -n 50 %s %s" % (OWN, transport,
                                                  "-q 2" if transport == "srq" else "", gid)
    options = "--port-type %s" % port_type
    fabric.pair(command, command, options, options + " --capture %s" % file)
    packets = dissect(file, "-Y", "infiniband.bth", "-T", "fields", "-e",
                      "infiniband.bth.opcode")
    assert len(packets) >= 100, "both directions of 50 exchanges: %d packets" % len(packets)
    assert dissect(file, "-Y", "_ws.malformed") == []
    assert dissect(file, "-Y", "!infiniband") == []


def test_large_messages_show_first_middle_last(fabric, tmp_path):
    file = tmp_path / "traffic.pcapng"
    command = "%s/ibv_rc_pingpong -n 5 -s 5000" % OWN
    fabric.pair(command, command, "", "--capture %s" % file)
    opcodes = set(dissect(file, "-T", "fields", "-e", "infiniband.bth.opcode"))
    assert {"0", "1", "2", "17"} <= opcodes, opcodes
