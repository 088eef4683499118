# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Witness of the packets: Wireshark's dissector reads a capture as InfiniBand or RoCE and finds
nothing malformed."""

import re
import subprocess

import pytest

from harness import OWN, STOCK

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


def test_extended_connections_by_name_and_by_bytes(fabric, tmp_path):
    """The dissector names the operations and takes nothing apart behind the base header; the SRQ's
    number is looked for at its literal place."""
    file = tmp_path / "traffic.pcapng"
    command = "%s/ibv_xsrq_pingpong -n 3 -s 2000" % STOCK
    server, client = fabric.pair(command, command, "--host 1", "--host 2 --capture %s" % file)
    srqn = int(re.search(r"remote:.*SRQN ([0-9a-f]{6})", client.output).group(1), 16)
    details = "\n".join(dissect(file, "-V"))
    for operation in ("SEND First", "SEND Last", "Acknowledge"):
        assert "Extended Reliable Connection (XRC) - %s" % operation in details, operation
    assert dissect(file, "-Y", "_ws.malformed") == []
    sent = dissect(file, "-T", "fields", "-e", "infiniband.bth.opcode", "-e", "frame.len",
                   "-Y", "infiniband.bth.opcode == 0xa0")
    assert sent and all(line.split()[1] == str(8 + 12 + 4 + 1024 + 4 + 2) for line in sent), sent
    raw = dissect(file, "-x", "-Y", "infiniband.bth.opcode == 0xa0 && infiniband.lrh.slid == 33")
    # LRH 8, BTH 12: the number stands in bytes 20 to 23.
    words = [line.split()[1:17] for line in raw if line.startswith("0010 ")]
    assert words and all(bytes.fromhex("".join(line[4:8])) == srqn.to_bytes(4, "big")
                         for line in words), raw[:8]
    assert server.status == 0


def test_large_messages_show_first_middle_last(fabric, tmp_path):
    file = tmp_path / "traffic.pcapng"
    command = "%s/ibv_rc_pingpong -n 5 -s 5000" % OWN
    fabric.pair(command, command, "", "--capture %s" % file)
    opcodes = set(dissect(file, "-T", "fields", "-e", "infiniband.bth.opcode"))
    assert {"0", "1", "2", "17"} <= opcodes, opcodes
