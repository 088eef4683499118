# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Benchmarks of softhca against what the machine can do at the same moment.

Virtual machines move: the same cache line costs 0.03 or 0.2 us within seconds. So every figure
comes with a raw calibration right before and after it, and is judged against that, never against an
absolute time. The programs are Debian's perftest on Debian's libraries, two processes that poll
busily unless the row says events.

    run.py [--build DIR] [--short] [--junit FILE]

Prints a table, exits with 1 when a program failed. A missed aim is shown, not failed: the machine
may be busy with something else. What depends on no such thing are the instructions that a library
executes (instructions.py): there a missed aim fails."""

import argparse
import os
import pathlib
import re
import shlex
import subprocess
import sys
import xml.etree.ElementTree as xml

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]


def baseline(*arguments):
    return float(subprocess.run([str(harness.BUILD / "bench" / "baseline"), *map(str, arguments)],
                                check=True, text=True, stdout=subprocess.PIPE).stdout)


def table_row(output):
    """The numbers of perftest's last table row."""
    rows = [line.split() for line in output.splitlines() if re.match(r"\s*\d+\s+\d+\s+[\d.]", line)]
    assert rows, output
    return [float(field) for field in rows[-1]]


def latency_us(output):
    return table_row(output)[4]


def bandwidth_gb(output):
    return table_row(output)[3] * (1 << 20) / 1e9


def rate_m(output):
    return table_row(output)[4]


def pingpong_us(output):
    """Half a round trip of our ping-pongs' last line."""
    return float(re.findall(r"([\d.]+) usec/iter", output)[-1]) / 2


def stream_us(output):
    """One way, of rstream's last line."""
    return float(output.split()[-1])


def stream_gb(output):
    return float(output.split()[-2]) / 8


class Figure:
    """One row: a command run as server and client, and how it is judged."""

    def __init__(self, name, unit, command, read, raw, aim, meets, client=None):
        self.name, self.unit, self.command, self.read = name, unit, command, read
        self.raw, self.aim, self.meets, self.client = raw, aim, meets, client or command

    def measure(self):
        before = baseline(*self.raw)
        with harness.fabric() as fabric:
            _, client = fabric.pair(self.command, self.client)
        return before, self.read(client.output), baseline(*self.raw)


def figures(short):
    n = 20000 if short else 100000
    line, tcp, copy = ("line",), ("unix", "lat"), lambda size: ("copy", size)

    def latency(name, command, over, aim):
        return Figure(name, "us", command, latency_us, line, aim,
                      lambda value, raw: value <= raw + over)

    def bandwidth(name, command, size):
        return Figure(name, "GB/s", command, bandwidth_gb, copy(size), "8 or 0.7 of raw",
                      lambda value, raw: value >= min(8, 0.7 * raw))

    def stream(name, unit, options, read, raw, aim, meets):
        command = "%s/rstream %s" % (harness.OWN, options)
        # What it is given behind is as perftest takes it: a port, and the server's address.
        client = shlex.join(["sh", "-c", 'exec %s "$1" "$2" -s "$3"' % command, "rstream"])
        return Figure(name, unit, command, read, raw, aim, meets, client)

    bulk = 2000 if short else 10000
    own, stock = "%s/ibv_rc_pingpong -s 8 -n %d" % (harness.OWN, n), \
        "%s/ibv_rc_pingpong -s 8 -n %d" % (harness.STOCK, n)
    return [
        latency("ib_send_lat 8 B", "ib_send_lat -F -s 8 -n %d" % n, 0.4, "raw + 0.4"),
        latency("ib_write_lat 8 B", "ib_write_lat -F -s 8 -n %d" % n, 3.0, "raw + 3"),
        latency("ib_read_lat 8 B", "ib_read_lat -F -s 8 -n %d" % (n // 4), 1000, "below 1 ms"),
        latency("ib_atomic_lat", "ib_atomic_lat -F -n %d" % (n // 4), 1000, "below 1 ms"),
        bandwidth("ib_send_bw 64 KB", "ib_send_bw -F -s 65536 -n %d" % bulk, 65536),
        bandwidth("ib_send_bw 1 MB", "ib_send_bw -F -s 1048576 -n %d" % (bulk // 4), 1 << 20),
        bandwidth("ib_write_bw 64 KB", "ib_write_bw -F -s 65536 -n %d" % bulk, 65536),
        bandwidth("ib_write_bw 1 MB", "ib_write_bw -F -s 1048576 -n %d" % (bulk // 4), 1 << 20),
        Figure("ib_send_bw 8 B rate", "M/s", "ib_send_bw -F -s 8 -n %d" % (n * 10), rate_m, line,
               "5", lambda value, raw: value >= 5),
        Figure("ib_send_lat 8 B -e", "us", "ib_send_lat -F -e -s 8 -n %d" % (n // 10), latency_us,
               tcp, "below 1 ms", lambda value, raw: value < 1000),
        Figure("stock rc_pingpong 8 B", "us", stock, pingpong_us, line, "raw + 0.4",
               lambda value, raw: value <= raw + 0.4),
        Figure("own rc_pingpong 8 B", "us", own, pingpong_us, line, "raw + 0.4",
               lambda value, raw: value <= raw + 0.4),
        # Sockets: what TCP does over loopback is the calibration.
        stream("rstream 8 B", "us", "-T b -S 8 -C 1 -I %d" % (n // 4), stream_us, ("tcp", "lat"),
               "TCP's", lambda value, raw: value <= raw),
        stream("rstream 64 KB", "GB/s", "-T b -S 65536 -C 100 -I %d" % (bulk // 100), stream_gb,
               ("tcp", "bw", 65536), "TCP's", lambda value, raw: value >= raw),
        stream("rstream 1 MB", "GB/s", "-T b -S 1048576 -C 10 -I %d" % (bulk // 100), stream_gb,
               ("tcp", "bw", 1 << 20), "TCP's", lambda value, raw: value >= raw),
    ]


SOCKETS = (("lat", ("lat",), "us"), ("bw 64 KB", ("bw", 65536), "GB/s"),
           ("bw 1 MB", ("bw", 1 << 20), "GB/s"))


def report_instructions(suite):
    print("\n%-52s %7s %7s %6s   %s" % ("instructions a call", "ours", "stock", "ratio", "aim"))
    try:
        figures = instructions.compare()
    except AssertionError as error:
        case = xml.SubElement(suite, "testcase", name="instructions")
        xml.SubElement(case, "failure").text = str(error)
        print("instructions FAILED: %s" % str(error)[-600:])
        return
    for name, own, stock in figures:
        good = own <= instructions.LIMIT * stock
        case = xml.SubElement(suite, "testcase", name="instructions of " + name)
        if not good:
            xml.SubElement(case, "failure").text = "%.1f, stock's are %.1f" % (own, stock)
        print("%-52s %7.1f %7.1f %6.2f   %s" % (name, own, stock, own / stock, "0.8 of stock's" +
                                              ("" if good else "   MISSED")))


def report_connections(suite, short):
    print("\n%-52s %7s %7s %6s   %s" % ("connections", "ours", "stock", "ratio", "aim"))
    case = xml.SubElement(suite, "testcase", name="connections")
    try:
        figures = connections.compare(100 if short else 500)
    except AssertionError as error:
        xml.SubElement(case, "failure").text = str(error)
        print("connections FAILED: %s" % str(error)[-600:])
        return
    for name, own, stock in figures:
        good = own >= connections.LIMIT * stock
        print("%-52s %7.0f %7.0f %6.2f   %s" % (name, own, stock, own / stock, "0.8 of stock's" +
                                              ("" if good else "   MISSED")))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", help="build directory (build)")
    parser.add_argument("--short", action="store_true", help="fewer messages")
    parser.add_argument("--junit", help="file for which figures could be measured, as tests")
    options = parser.parse_args()
    if options.build:
        os.environ["OV_BUILD"] = str(pathlib.Path(options.build).resolve())
    global harness, instructions, connections
    import harness
    import instructions
    import connections

    suite = xml.Element("testsuite", name="bench")
    form = "%-24s %-5s %9s %9s %9s   %s"
    print(form % ("figure", "unit", "before", "measured", "after", "aim"))
    for figure in figures(options.short):
        case = xml.SubElement(suite, "testcase", name=figure.name)
        try:
            before, value, after = figure.measure()
        except (AssertionError, subprocess.CalledProcessError) as error:
            xml.SubElement(case, "failure").text = str(error)
            print("%-24s FAILED: %s" % (figure.name, str(error)[-600:]))
            continue
        good = figure.meets(value, before) or figure.meets(value, after)
        print(form % (figure.name, figure.unit, "%.3f" % before, "%.3f" % value, "%.3f" % after,
                      figure.aim + ("" if good else "   MISSED")), flush=True)
    for kind in ("tcp", "unix"):
        for name, arguments, unit in SOCKETS:
            print(form % ("%s %s" % (kind, name), unit, "", "%.3f" % baseline(kind, *arguments),
                          "", ""))
    report_connections(suite, options.short)
    report_instructions(suite)
    if options.junit:
        xml.ElementTree(suite).write(options.junit)
    return 1 if suite.find("testcase/failure") is not None else 0


if __name__ == "__main__":
    sys.exit(main())
