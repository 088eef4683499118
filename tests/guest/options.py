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
    parser.add_argument("command", nargs="+", metavar="COMMAND", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    kernels = devices.BY_NAME[chosen.device].kernels
    if chosen.kernel not in kernels:
        parser.error("the guest has %s on kernel %s only" % (chosen.device, ", ".join(kernels)))
    return chosen
