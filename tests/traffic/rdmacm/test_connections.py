# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Connections end to end on softhca: programs that test one subject each, on our libraries and,
unchanged, on Debian's. Stock librdmacm is the witness of softhca's connection manager, a stock
kernel's that of the cases themselves (tests/guest/test_rdmacm.py)."""

import pathlib
import re

import pytest

import world
from harness import BUILD

HERE = pathlib.Path(__file__).resolve().parent
# Where host 1 is. UDP, by which datagrams of rsockets begin, knows the machine's own addresses only.
ADDRESS = {"socket_datagrams": "127.0.0.1"}
HOST = "10.77.0.1"
# Newer than rdma-core 44, which Debian 12 has.
NEWER = ("polls",)
# What stock librdmacm lets pass or does otherwise.
STRICTER = {
    # An unknown family is EINVAL, an address that is not there EFAULT; steps out of order crash it.
    "addresses_that_cannot_be", "options", "steps_that_come_too_early",
    # It keeps the completion queues of a queue pair that could not be.
    "a_shared_queue_that_cannot_be",
    # rreadv() counts what there is before it looks at the vector, and rsend() goes on after the peer
    # has gone; it waits for the rest of what has been looked at only. Its threads look at
    # descriptors that nobody has put there when there are many sockets.
    "vectors_and_messages", "flags_of_receiving", "one_direction_ends_before_the_other",
    "what_was_sent_before_a_close_arrives", "many_sockets_at_once",
    # Its riowrite() waits for ever at the end of a range, and returns 0 where there is none; riomap()
    # wants a protection domain before it asks for a connection.
    "bytes_are_placed_where_they_belong", "offsets_may_be_left_to_the_library", "what_cannot_be_mapped",
    "without_a_table_nothing_is_mapped",
    # Under load, two threads that send and one that receives may all come to wait: nobody tells the
    # peer of the room that there is.
    "both_directions_at_once",
    # It lacks options that TCP sockets have, says EOPNOTSUPP of those that it does not know, and has
    # one keepalive probe.
    "options_of_a_stream", "options_of_rdma", "a_listener_hands_its_options_on",
    "connections_are_kept_alive", "what_options_refuse",
    # Numbers that are no rsockets it hands to the system, which closes them, and children use what
    # their parent is connected by.
    "numbers_that_are_no_rsockets", "what_sockets_refuse", "a_child_does_not_disturb_its_parent",
    "a_child_has_sockets_of_its_own",
    # Children use their parent's devices, of which softhca leaves them none.
    "a_peer_that_dies_is_noticed",
    # It gives no more of MSG_TRUNC than was copied, hears everybody when it is connected, and waits in
    # calls that are for streams.
    "datagrams_are_whole_or_cut", "connected_datagrams", "what_datagrams_do_not_do",
}

pytestmark = pytest.mark.needs("softhca")


def cases(subject):
    return re.findall(r"^CASE\((\w+)\)$", (HERE / (subject + ".c")).read_text(), re.MULTILINE)


def runs():
    for subject in sorted(path.stem for path in HERE.glob("*.c")):
        for case in cases(subject):
            yield subject, case, "own", ()
            if subject not in NEWER and case not in STRICTER:
                yield subject, case, "stock", pytest.mark.stock


@pytest.mark.parametrize("port", world.port_types(("ib", "eth")))
@pytest.mark.parametrize("subject, case, libraries", (
    pytest.param(subject, case, libraries, marks=marks, id="-".join((subject, case, libraries)))
    for subject, case, libraries, marks in runs()))
def test_connections(fabric, subject, case, libraries, port):
    if (subject, libraries, port) == ("socket_datagrams", "stock", "eth"):
        pytest.skip("stock rsockets make address handles without a GID, which RoCE has no use for")
    result = fabric.run([BUILD / "tests/bin" / ("rdmacm_" + subject), case],
                        world.port_option(port), 60,
                        {"LD_LIBRARY_PATH": str(BUILD / "lib") if libraries == "own" else "",
                         "OV_CM_ADDRESS": ADDRESS.get(subject, HOST)})
    assert result.status == 0 and "ok " + case in result.output.splitlines(), repr(result)
    fabric.check_nothing_left()
