# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What queue pairs agree on beyond the specification, what they promise, and how fast they send."""
from errno import EINVAL, EOPNOTSUPP
import time

import pytest

import pyverbs.enums as e
from bed import Side, fails_with, pair
from pyverbs.qp import ECE, QPRateLimitAttr
from test_traffic import post

MELLANOX = 0x15b3
CONNECTED = (e.IBV_QPT_RC, e.IBV_QPT_UC)


@pytest.mark.parametrize('kind', CONNECTED)
def test_pairs_agree_on_no_options(context, kind):
    """The adapter has none, which is an answer, and travels to the peer and back."""
    side, peer = Side(context, kind), Side(context, kind)
    offered = side.qp.query_ece()
    assert (offered.vendor_id, offered.options, offered.comp_mask) == (MELLANOX, 0, 0)
    peer.qp.set_ece(offered)
    for one, other in ((side, peer), (peer, side)):
        one.qp.to_rts(one.attributes(other))
    agreed = peer.qp.query_ece()
    assert (agreed.vendor_id, agreed.options) == (MELLANOX, 0)
    peer.receive(8)
    post(side, peer, 'send', 8)
    assert side.sent.one().status == peer.received.one().status == 0


def test_options_that_cannot_be(context):
    side, peer = Side(context, e.IBV_QPT_RC), Side(context, e.IBV_QPT_RC)
    for ece, code in ((ECE(0x8086, 0), EINVAL), (ECE(MELLANOX, 0, 1), EINVAL),
                      (ECE(MELLANOX, 1), EOPNOTSUPP)):
        with fails_with(code):
            side.qp.set_ece(ece)
    side.qp.set_ece(ECE(0, 5))  # a peer that knows of no options
    side.qp.to_rts(side.attributes(peer))
    with fails_with(EINVAL):
        side.qp.set_ece(ECE(MELLANOX, 0))


def test_datagrams_have_nothing_to_agree_on(context):
    side = Side(context, e.IBV_QPT_UD)
    with fails_with(EOPNOTSUPP):
        side.qp.query_ece()
    with fails_with(EOPNOTSUPP):
        side.qp.set_ece(ECE(MELLANOX, 0))


@pytest.mark.parametrize('op', (e.IBV_WR_SEND, e.IBV_WR_RDMA_WRITE, e.IBV_WR_RDMA_READ))
def test_nothing_is_promised_of_the_order_of_data(context, op):
    side = Side(context, e.IBV_QPT_RC)
    assert side.qp.query_data_in_order(op, 0) == 0
    assert side.qp.query_data_in_order(op, e.IBV_QUERY_QP_DATA_IN_ORDER_RETURN_CAPS) == 0


@pytest.mark.parametrize('name', ('send', 'write'))
def test_a_rate_limit_is_kept(context, name):
    side, peer = pair(context)
    side.qp.modify_rate_limit(QPRateLimitAttr(rate_limit=16000))
    start = time.monotonic()
    for _ in range(10):
        if name == 'send':
            peer.receive(20000)
        post(side, peer, name, 20000)
    for done in side.sent.take(10):
        assert done.status == 0
    # The last one has left when it may begin, and a burst is free.
    assert time.monotonic() - start >= 8 * (9 * 20000 - 65536) / 16e6
    side.qp.modify_rate_limit(QPRateLimitAttr())


def test_rates_that_cannot_be(context):
    with fails_with(EINVAL):  # not before it can send
        Side(context, e.IBV_QPT_RC).qp.modify_rate_limit(QPRateLimitAttr(rate_limit=1000))
    side, peer = pair(context)
    fastest = context.query_device_ex().packet_pacing_caps.qp_rate_limit_max
    for wrong in ({'rate_limit': fastest + 1}, {'rate_limit': 1000, 'max_burst_sz': 1},
                  {'rate_limit': 1000, 'typical_pkt_sz': 64}, {'comp_mask': 1}):
        with fails_with(EINVAL):
            side.qp.modify_rate_limit(QPRateLimitAttr(**wrong))
    side.qp.modify_rate_limit(QPRateLimitAttr(rate_limit=fastest))
    post(side, peer, 'write', 100)
    assert side.sent.one().status == 0
