# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Our libibverbs and providers/rxe on the kernel's rxe, stock libraries beside them as the witness:
the same requests make the same bytes, and stock programs of librdmacm run on ours."""

import re

import pytest

import harness
import kernel_log
from steps import Steps

pytestmark = [pytest.mark.guest, pytest.mark.stock]

ADDRESS = "192.168.77.1"
# Of the package rdmacm-utils: server and client, which both end by themselves.
PROGRAMS = {
    "rping": ("rping -s -a %s -C 20" % ADDRESS, "rping -c -a %s -C 20" % ADDRESS),
    "rdma_client": ("rdma_server", "rdma_client -s " + ADDRESS),
    "ucmatose": ("ucmatose -C 20", "ucmatose -C 20 -s " + ADDRESS),
}

# Clients are rejected until there is a server, and tried again.
CONNECTED = """
export LD_LIBRARY_PATH=%(libraries)s
timeout 60 $stock/%(server)s >server 2>&1 &
once 30 timeout 20 $stock/%(client)s
client=$?
wait $!
server=$?
cat server
[ $client = 0 ] && [ $server = 0 ]
"""
BY_WRITE = """
command="timeout 60 $inside/older_kernel ioctl $own/ibv_rc_pingpong -g 1 -e -c -n 200 -p 18700"
$command >server 2>&1 &
once 20 grep -q :$(printf %04X 18700).*' 0A ' /proc/net/tcp /proc/net/tcp6 || exit 1
$command 127.0.0.1 && wait $! || { cat server; exit 1; }
"""
BYTES = "LD_LIBRARY_PATH=%%s %s/tests/bin/witness_rxe_request_bytes 1" % harness.BUILD


@pytest.fixture(scope="module", params=("6.1", pytest.param("current", marks=pytest.mark.long)))
def rxe(request):
    steps = Steps()
    steps.add("devinfo", "$own/ibv_devinfo -v")
    steps.add("own-bytes", BYTES % (harness.BUILD / "lib"))
    steps.add("stock-bytes", BYTES % "")
    steps.add("by-write", BY_WRITE)
    for name, (server, client) in PROGRAMS.items():
        steps.add(name, CONNECTED % {"libraries": harness.BUILD / "lib", "server": server,
                                     "client": client})
    steps.add("dmesg", "dmesg")
    return steps.run("--device", "rxe", "--kernel", request.param)


def test_the_device_is_found_with_its_port(rxe):
    output = rxe["devinfo"].ok().output
    assert re.search(r"hca_id:\s+rxe0", output)
    assert "PORT_ACTIVE" in output


def test_requests_are_written_as_stock_libraries_write_them(rxe):
    """But for the padding that nobody reads, all bytes that are the provider's."""
    own, stock = (dict(line.split(" ") for line in rxe[whose].ok().output.splitlines())
                  for whose in ("own-bytes", "stock-bytes"))
    assert len(own) == 12 and own == stock


def test_commands_may_go_by_write(rxe):
    rxe["by-write"].ok()


@pytest.mark.parametrize("program", PROGRAMS)
def test_stock_programs_of_librdmacm_run_on_our_library(rxe, program):
    rxe[program].ok()


def test_the_kernel_has_nothing_to_complain_about(rxe):
    assert kernel_log.splats(rxe["dmesg"].ok().output) == []
