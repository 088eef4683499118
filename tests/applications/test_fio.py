# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Debian's fio over our libraries: its rdma engine, which connects by the connection manager."""

import json
import re

import pytest

from application import FIRST_HOST, connect, runs_over_ours
from harness import STOCK

pytestmark = pytest.mark.stock

JOB = ("%s/fio --ioengine=rdma --port=7300 --bs=16k --size=1m --iodepth=4"
       " --output-format=json" % STOCK)


def test_runs_over_our_libraries(fabric):
    runs_over_ours(fabric, STOCK / "fio", "libibverbs.so.1", "librdmacm.so.1")


@pytest.mark.parametrize("port_type", ("ib", "eth"))
def test_megabyte(fabric, port_type):
    """Written by RDMA; of its other verbs, read does not end on Debian's libraries either."""
    _, client = connect(fabric, JOB + " --name=target --rw=read",
                        "%s --name=source --rw=write --verb=write --hostname=%s"
                        % (JOB, FIRST_HOST),
                        "--port-type " + port_type, words=re.compile("fio: "))
    job = json.loads(client.output[client.output.index("{"):])["jobs"][0]
    moved = job["write"]
    assert job["error"] == 0
    assert (moved["io_bytes"], moved["total_ios"]) == (1 << 20, 64)
