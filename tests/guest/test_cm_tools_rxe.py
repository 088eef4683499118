# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Our tools for connections and Debian's on a stock kernel's rxe, each as server and as client of the
other. Debian's run on Debian's librdmacm: they are the witness of ours, and of our library."""

import pytest

import cm_tools
import kernel_log
from steps import Steps

pytestmark = [pytest.mark.guest, pytest.mark.stock]

ADDRESSES = {
    "ipv4": {"server": "192.168.77.1", "client": "192.168.77.1", "any": "0.0.0.0"},
    "ipv6": {"server": "fd00:77::1", "client": "fd00:77::1", "any": "::0"},
}

# Of most pairs the two in which Debian's tool meets ours.
MIXED = [("own", "stock"), ("stock", "own")]
PAIRS = [one for one in cm_tools.ALL
         if one[0].families == cm_tools.FAMILIES or one[0] in cm_tools.OURS or one[2:] in MIXED]

# Debian's tools write their lines when they end, those that stay never do.
RUN = """
listens() { rdma resource show cm_id | grep -q LISTEN; }
stdbuf -oL timeout 200 %(server)s >server.out 2>&1 &
server=$!
once 20 %(ready)s || cat server.out
stdbuf -oL timeout 200 %(client)s
status=$?
%(end)s
[ $status = 0 ] || kill $server
wait $server
echo "=== $?"
cat server.out
exit $status
"""


def prepare(steps, one, family, server, client):
    addresses = {**ADDRESSES[family], "tcp": "192.168.77.1", "port": 7010}
    steps.add("-".join((one.name, family, server, client)), RUN % {
        "server": cm_tools.command(one.server, server, addresses),
        "client": cm_tools.command(one.client, client, addresses),
        "ready": "grep -q '%s' server.out" % one.ready if one.ready else "listens",
        "end": "kill $server" if one.stays else "",
    })


class Outcome:
    """What a step has printed: the client, how the server ended, the server."""

    def __init__(self, result):
        self.result = result
        self.client, _, rest = result.output.partition("=== ")
        status, _, self.server = rest.partition("\n")
        self.status = int(status)


@pytest.fixture(scope="module")
def rxe():
    steps = Steps()
    steps.add("addresses", "ip -6 address add fd00:77::1/64 dev dummy0 nodad\n"
              "ip route add 239.0.0.0/8 dev dummy0")
    for one in PAIRS:
        prepare(steps, *one)
    steps.add("dmesg", "dmesg")
    return steps.run("--device", "rxe", seconds=400)


@pytest.mark.parametrize("one, family, server, client", PAIRS, ids=cm_tools.names(PAIRS))
def test_both_sides_agree(rxe, one, family, server, client):
    result = rxe["-".join((one.name, family, server, client))]
    outcome = Outcome(result.ok())
    assert cm_tools.has_ended(one, server, outcome.status, outcome.server), result
    if one in cm_tools.OURS:
        return
    with_our_server, with_our_client = (Outcome(rxe["-".join((one.name, family, *way))])
                                        for way in MIXED)
    assert cm_tools.said(outcome.client) == cm_tools.said(with_our_server.client)
    assert cm_tools.said(outcome.server) == cm_tools.said(with_our_client.server)


def test_kernel_has_nothing_to_complain_about(rxe):
    log = rxe["dmesg"].ok().output
    assert kernel_log.splats(log) == [], log
