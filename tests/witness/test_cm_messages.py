# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Witness of the messages that make connections: what Debian's tools say to each other through
softhca's connection manager, as Wireshark's dissector of InfiniBand CM reads it."""

import subprocess

import pytest

from harness import STOCK, wait_for

pytestmark = pytest.mark.stock

SERVER, CLIENT = "10.77.0.1", "10.77.0.2"
PORTS = pytest.mark.parametrize("port_type", ("ib", "eth"))


def dissect(file, filtered, *fields):
    """Packets that the filter lets through, each a list of the fields' values; without fields, the
    lines of the summary."""
    arguments = ["tshark", "-r", str(file), "-Y", filtered]
    if fields:
        arguments += ["-T", "fields", *(word for field in fields for word in ("-e", field))]
    lines = subprocess.run(arguments, text=True, check=True, stderr=subprocess.DEVNULL,
                           stdout=subprocess.PIPE).stdout.splitlines()
    return [[number(value) for value in line.split("\t")] for line in lines] if fields else lines


def number(text):
    """Wireshark prints a field in the base that it likes for it."""
    return int(text, 0) if text[:2] == "0x" or text.isdigit() else text


def messages(file):
    """Names of all messages in the order in which they come first: on a machine that is busy some
    are said again."""
    names = [line.split("CM: ")[1].split()[0] for line in dissect(file, "infiniband.mad")]
    return list(dict.fromkeys(names))


def capture_pair(fabric, tmp_path, port_type, server, client, service, last, options=""):
    """Runs Debian's tools against each other. The server's capture, once it has `last`."""
    file = tmp_path / "messages.pcapng"
    options += " --port-type %s" % port_type
    first = fabric.start("%s/%s" % (STOCK, server), options + " --host 1 --capture %s" % file)
    wait_for(lambda: "%016x" % service in fabric.ps(), "the server listens", alive=first.process)
    fabric.run("%s/%s" % (STOCK, client), options + " --host 2")
    wait_for(lambda: last in messages(file), "%s comes" % last)
    assert dissect(file, "_ws.malformed") == []
    return file


@PORTS
def test_a_connection_from_its_request_to_its_end(fabric, tmp_path, port_type):
    file = capture_pair(fabric, tmp_path, port_type, "rping -s -P",
                        "rping -c -a %s -C 3" % SERVER, 0x1061c06, "DisconnectRequest")
    assert messages(file)[:4] == ["ConnectRequest", "ConnectReply", "ReadyToUse",
                                  "DisconnectRequest"]
    asked = dissect(file, "infiniband.cm.req", "infiniband.cm.req", "infiniband.cm.req.localqpn",
                       "infiniband.cm.req.startpsn", "infiniband.cm.req.pkey",
                       "infiniband.cm.req.serviceid.dport", "infiniband.cm.req.transpsvctype",
                       "infiniband.cm.req.pppmtu", "infiniband.cm.req.ip_cm.sip4",
                       "infiniband.cm.req.ip_cm.dip4")[0]
    client_id, client_qpn, client_psn, pkey, port, transport, mtu, source, destination = asked
    assert (pkey, port, transport, mtu) == (0xffff, 7174, 0, 5)
    assert (source, destination) == (CLIENT, SERVER)
    answered = dissect(file, "infiniband.cm.rep", "infiniband.cm.rep",
                          "infiniband.cm.rep.remotecommid", "infiniband.cm.rep.localqpn",
                          "infiniband.cm.rep.startpsn")[0]
    server_id, for_id, server_qpn, server_psn = answered
    assert for_id == client_id
    assert dissect(file, "infiniband.cm.rtu.localcommid", "infiniband.cm.rtu.localcommid",
                   "infiniband.cm.rtu.remotecommid")[0] == [client_id, server_id]
    goodbye = dissect(file, "infiniband.cm.dreq.localcommid", "infiniband.cm.dreq.localcommid",
                      "infiniband.cm.dreq.remotecommid", "infiniband.cm.req.remoteqpneecn")
    assert [client_id, server_id, server_qpn] in goodbye
    # Each says with which number the other one is to begin (IBTA vol. 1, 12.7.31). Opcode 4 is a send
    # in one packet, 12 the request of a read, by which rping's server begins.
    begun = dissect(file, "infiniband.bth.opcode == 4 || infiniband.bth.opcode == 12",
                    "infiniband.bth.destqp", "infiniband.bth.psn")
    assert next(psn for qpn, psn in begun if qpn == server_qpn) == server_psn
    assert next(psn for qpn, psn in begun if qpn == client_qpn) == client_psn


@PORTS
def test_a_service_without_a_listener(fabric, tmp_path, port_type):
    file = capture_pair(fabric, tmp_path, port_type, "rping -s -P -p 7000",
                        "rping -c -a %s -p 7001 -C 1" % SERVER, 0x1061b58,
                        "ConnectReject")
    assert messages(file) == ["ConnectRequest", "ConnectReject"]
    # 12.6.7.2: 8 is an invalid service id.
    (client_id,) = dissect(file, "infiniband.cm.req", "infiniband.cm.req")[0]
    assert dissect(file, "infiniband.cm.rej.reason", "infiniband.cm.rej.reason",
                   "infiniband.cm.rej.msgrej",
                   "infiniband.cm.rej.remotecommid")[0] == [8, 0, client_id]


@PORTS
def test_service_ids_of_datagrams(fabric, tmp_path, port_type):
    file = capture_pair(fabric, tmp_path, port_type, "udaddy", "udaddy -s %s" % SERVER, 0x1111c06,
                        "ServiceIDResReqResp")
    assert messages(file) == ["ServiceIDResReq", "ServiceIDResReqResp"]


def test_lost_messages_are_said_again(fabric, tmp_path):
    """A third of all packets is lost, and the tools do not notice."""
    file = capture_pair(fabric, tmp_path, "ib", "rping -s -P", "rping -c -a %s -C 5" % SERVER,
                        0x1061c06, "ReadyToUse", "--fault drop=30%,seed=5")
    said = messages(file)
    assert {"ConnectRequest", "ConnectReply", "ReadyToUse"} <= set(said)
    requests = dissect(file, "infiniband.cm.req", "infiniband.cm.req",
                       "infiniband.mad.transactionid")
    assert len({tuple(request) for request in requests}) == 1
