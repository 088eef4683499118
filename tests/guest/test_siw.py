# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Our libibverbs and providers/siw on the kernel's siw. Only a connection manager can connect iWARP
queue pairs: the stock librdmacm and its programs do, on our libibverbs."""

import itertools
import re

import pytest

import harness
from steps import Steps

pytestmark = [pytest.mark.guest, pytest.mark.stock]

ADDRESS = "192.168.77.1"
# Of tests/witness/siw/connection.c.
SCENARIOS = ["operations", "one-sided", "invalidation", "messages", "shared-receives", "srq-limit",
             "events", "early-post", "bad-local-key", "bad-remote-key", "disconnection"]
# Of the package rdmacm-utils: server and client, which both end by themselves, and the port.
PROGRAMS = {
    "rping": ("rping -s -a %s -C 20" % ADDRESS, "rping -c -a %s -C 20" % ADDRESS, 7174),
    "rdma_client": ("rdma_server", "rdma_client -s " + ADDRESS, 7471),
    "ucmatose": ("ucmatose -C 5", "ucmatose -C 5 -s " + ADDRESS, 7471),
    "rstream": ("rstream -I 20 -C 20", "rstream -I 20 -C 20 -s " + ADDRESS, 7471),
}

PAIR = """
export LD_LIBRARY_PATH=%(libraries)s
timeout 60 %(server)s >server 2>&1 &
once 20 grep -q :$(printf %%04X %(port)d).*' 0A ' /proc/net/tcp /proc/net/tcp6 || exit 1
timeout 60 %(client)s
client=$?
wait $!
server=$?
cat server
[ $client = 0 ] && [ $server = 0 ]
"""
# One connection in some hundreds ends with this event, on 6.1, with Debian's libibverbs as with ours:
# 7 of 40 runs of 50 connections each. What else goes wrong is not tried again.
KERNELS_OWN = "RDMA_CM_EVENT_CONNECT_ERROR, error: -22"
AGAIN = """
for attempt in 1 2 3; do
	( %(pair)s ) >attempt 2>&1
	status=$?
	cat attempt
	[ $status != 0 ] && grep -q '%(event)s' attempt || break
done
exit $status
"""
CONNECTION = """
LD_LIBRARY_PATH=%(build)s/lib timeout 60 %%(kernel)s \\
	%(build)s/tests/bin/siw_connection %(address)s %%(scenario)s
""" % {"build": harness.BUILD, "address": ADDRESS}


@pytest.fixture(scope="module")
def siw():
    steps = Steps()
    steps.add("devinfo", "$own/ibv_devinfo -v")
    steps.add("libraries", "LD_LIBRARY_PATH=%s/lib ldd $stock/rping" % harness.BUILD)
    for scenario in SCENARIOS:
        steps.add(scenario, CONNECTION % {"kernel": "", "scenario": scenario})
    steps.add("by-write", CONNECTION % {"kernel": "$inside/older_kernel ioctl",
                                        "scenario": "shared-receives"})
    for name, (server, client, port) in PROGRAMS.items():
        pair = PAIR % {"libraries": harness.BUILD / "lib", "port": port,
                       "server": "$stock/" + server, "client": "$stock/" + client}
        steps.add(name, AGAIN % {"pair": pair, "event": KERNELS_OWN})
    for port, (who, tool) in enumerate(itertools.product(("own", "stock"), ("rc", "srq")), 18700):
        command = "$%s/ibv_%s_pingpong -p %d -g 0" % (who, tool, port)
        steps.add("%s-%s_pingpong" % (who, tool), PAIR % {
            "libraries": "", "port": port, "server": command, "client": command + " 127.0.0.1"})
    steps.add("dmesg", "dmesg")
    return steps.run("--device", "siw")


def test_the_device_is_found_with_its_port(siw):
    output = siw["devinfo"].ok().output
    assert re.search(r"hca_id:\s+siw0", output)
    assert re.search(r"transport:\s+iWARP", output)
    assert "PORT_ACTIVE" in output


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_connection_does_what_it_should(siw, scenario):
    assert siw[scenario].ok().output == "as it should be\n"


def test_commands_may_go_by_write(siw):
    assert siw["by-write"].ok().output == "as it should be\n"


def test_stock_programs_use_our_library(siw):
    assert re.search(r"libibverbs\.so\.1 => %s/lib/" % re.escape(str(harness.BUILD)),
                     siw["libraries"].ok().output)


@pytest.mark.parametrize("program", PROGRAMS)
def test_stock_programs_of_librdmacm_run_on_our_library(siw, program):
    siw[program].ok()


@pytest.mark.parametrize("tool", ["rc", "srq"])
@pytest.mark.parametrize("who", ["own", "stock"])
def test_without_a_connection_manager_nobody_connects(siw, who, tool):
    """A program that brings its queue pairs to RTR by itself gets no further on iWARP, ours and
    stock ones alike."""
    result = siw["%s-%s_pingpong" % (who, tool)]
    assert result.status == 1
    assert re.search(r"RTS|RTR", result.output)


def test_the_kernel_has_nothing_to_complain_about(siw):
    assert not re.search(r"WARNING:|BUG:|Oops", siw["dmesg"].ok().output)
