# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The command line of tests/guest/run."""

import argparse
import os

import devices
import kernel


def folder(text):
    if not os.path.isdir(text):
        raise argparse.ArgumentTypeError("%s is no folder" % text)
    return os.path.realpath(text)


def variable(text):
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError("%s is not NAME=VALUE" % text)
    return name, value


def ports(text):
    guest, colon, host = text.partition(":")
    if not (colon and guest.isdigit() and host.isdigit()):
        raise argparse.ArgumentTypeError("%s is not GUESTPORT:HOSTPORT" % text)
    return int(guest), int(host)


def parse():
    parser = argparse.ArgumentParser(
        prog="tests/guest/run", usage="%(prog)s [OPTIONS] -- COMMAND...",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Boots a stock Debian kernel with an RDMA device and runs COMMAND in it, from "
        "the project's root.",
        epilog="The guest sees this machine's files at their own places; what it writes is gone "
        "with it.\n\nExit status: COMMAND's, 128 + n if signal n ended it; 124 after --timeout; "
        "125 if the guest\nitself failed; 2 for a wrong command line.")
    parser.add_argument("--device", choices=list(devices.BY_NAME), default="rxe",
                        help="the RDMA device (default: %(default)s)")
    parser.add_argument("--kernel", choices=list(kernel.SUITES), default="6.1",
                        help="6.1 is Debian 12's, current that of Debian's newest suite "
                        "(default: %(default)s)")
    parser.add_argument("--hosts", type=int, choices=(1, 2), default=1,
                        help="two guests run COMMAND at the same time, with GUEST=1 or 2 and the "
                        "other's address as GUEST_PEER; the lines of their output begin with "
                        "their number")
    parser.add_argument("--timeout", type=float, default=600, metavar="SECONDS",
                        help="end everything after this time (default: %(default)s)")
    parser.add_argument("--boot-timeout", type=float, default=180, metavar="SECONDS",
                        help="how long it may take until COMMAND starts (default: %(default)s)")
    parser.add_argument("--memory", type=int, default=1024, metavar="MB",
                        help="the guest's memory (default: %(default)s)")
    parser.add_argument("--env", action="append", type=variable, default=[], metavar="NAME=VALUE",
                        help="a variable of COMMAND's environment, which has little else")
    parser.add_argument("--share", action="append", type=folder, default=[], metavar="DIR",
                        help="a folder that COMMAND writes for good")
    parser.add_argument("--show", action="append", type=folder, default=[], metavar="DIR",
                        help="a folder below /tmp, /run or /dev/shm to be seen in the guest, which "
                        "has its own there; the project's root is seen wherever it is")
    parser.add_argument("--forward", action="append", type=ports, default=[],
                        metavar="GUEST:HOST", help="a TCP port of the guest as one of this "
                        "machine's; the other way round this machine is 10.0.2.2")
    fabric = parser.add_argument_group("devices of softhca (mlx5)")
    fabric.add_argument("--fabric", metavar="NAME",
                        help="network of the adapter, shared with softhca run (default: its own)")
    fabric.add_argument("--host", type=int, default=1, metavar="N",
                        help="host of the fabric that the guest is; the second guest is N + 1 "
                        "(default: %(default)s)")
    fabric.add_argument("--fault", metavar="SPEC", help="as of softhca run")
    fabric.add_argument("--trace", metavar="FILE",
                        help="write softhca's trace to this file; of two hosts to FILE.N")
    fabric.add_argument("--capture", metavar="FILE", help="record the adapter's packets, as pcapng")
    fabric.add_argument("--adapter-may-die", action="store_true",
                        help="go on when the softhca process ends before the guest")
    parser.add_argument("command", nargs="+", metavar="COMMAND", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    kernels = devices.BY_NAME[chosen.device].kernels
    if chosen.kernel not in kernels:
        parser.error("the guest has %s on kernel %s only" % (chosen.device, ", ".join(kernels)))
    if chosen.hosts == 2 and chosen.forward:
        parser.error("--forward goes with one guest")
    return chosen
