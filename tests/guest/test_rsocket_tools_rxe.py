# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Our tools of rsockets and Debian's on a stock kernel's rxe, each as server and as client of the other.
Debian's run on Debian's librdmacm: they are the witness of ours, and of our library."""

import pytest

import kernel_log
import rsocket_tools
from steps import Steps

pytestmark = [pytest.mark.guest, pytest.mark.stock]

ADDRESS = "192.168.77.1"
# Emulation is slow.
PAIRS = [one for one in rsocket_tools.STREAMS + rsocket_tools.RDMA if "megabyte" not in one.name]
CASES = rsocket_tools.cases(PAIRS)

RUN = """
listens() { rdma resource show cm_id | grep -q LISTEN; }
timeout 60 %(server)s >server.out 2>&1 &
server=$!
once 20 listens || cat server.out
timeout 60 %(client)s -s %(address)s
status=$?
[ $status = 0 ] || kill $server
wait $server
echo "=== client $status, server $?"
cat server.out
"""


@pytest.fixture(scope="module")
def rxe():
    steps = Steps()
    for (one, server, client), name in zip(CASES["argvalues"], CASES["ids"]):
        steps.add(name, RUN % {"address": ADDRESS,
                               "server": rsocket_tools.command(one, server, ""),
                               "client": rsocket_tools.command(one, client, "")})
    steps.add("dmesg", "dmesg")
    return steps.run("--device", "rxe", seconds=300)


@pytest.mark.parametrize("one, server, client", **CASES)
def test_both_sides_make_the_test(rxe, one, server, client):
    result = rxe["-".join((one.name, server, client))].ok()
    asked, _, rest = result.output.partition("=== ")
    status, _, served = rest.partition("\n")
    assert status == "client 0, server 0", result
    assert rsocket_tools.rows(asked) == rsocket_tools.rows(served) == [one.row], result


def test_kernel_has_nothing_to_complain_about(rxe):
    log = rxe["dmesg"].ok().output
    assert kernel_log.splats(kernel_log.without_rxe_waits(log)) == [], log
