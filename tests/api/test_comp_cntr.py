# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Completion counters: what they count, of whom, and what cannot be counted."""
from errno import EINVAL, EOPNOTSUPP

import pytest

import pyverbs.enums as e
from bed import Side, fails_with
from pyverbs.comp_cntr import CompCntr, CompCntrInitAttr
from pyverbs.pyverbs_error import PyverbsUserError
from pyverbs.qp import QPAttachCompCntrAttr, QPAttr
from pyverbs.wr import SendWR
from test_traffic import issue, post

SEND = e.IBV_QP_ATTACH_COMP_CNTR_OP_SEND
RECV = e.IBV_QP_ATTACH_COMP_CNTR_OP_RECV
READ = e.IBV_QP_ATTACH_COMP_CNTR_OP_RDMA_READ
WRITE = e.IBV_QP_ATTACH_COMP_CNTR_OP_RDMA_WRITE
ALL = SEND | RECV | READ | WRITE
KINDS = (e.IBV_QPT_RC, e.IBV_QPT_UC, e.IBV_QPT_UD)


def counter(context, kind=e.IBV_COMP_CNTR_TYPE_WRS):
    return CompCntr(context, CompCntrInitAttr(cntr_type=kind))


def counted_pair(context, kind, ops, way='poll', how='post_send'):
    """-> two connected sides, and counters of requests and of bytes for the first one."""
    side, peer = (Side(context, kind, way, extended=how == 'ibv_wr') for _ in range(2))
    requests, size = counter(context), counter(context, e.IBV_COMP_CNTR_TYPE_BYTES)
    for one in (requests, size):
        side.qp.attach_comp_cntr(one, QPAttachCompCntrAttr(op_mask=ops))
    for one, other in ((side, peer), (peer, side)):
        one.qp.to_rts(one.attributes(other))
    return side, peer, requests, size


@pytest.mark.parametrize('how', ('post_send', 'ibv_wr'))
@pytest.mark.parametrize('way', ('poll', 'event', 'ex'))
def test_every_request_and_all_its_bytes(context, way, how):
    side, peer, requests, size = counted_pair(context, e.IBV_QPT_RC, SEND | READ | WRITE, way, how)
    for count, (name, length) in enumerate(
            [(name, length) for length in (0, 1, 100, 5000) for name in ('send', 'write', 'read')]):
        if name == 'send':
            peer.receive(length)
        issue(how, side, peer, name, length)
        side.sent.one()
        assert requests.read() == count + 1
    assert size.read() == 3 * (1 + 100 + 5000)
    assert requests.read_err() == size.read_err() == 0


@pytest.mark.parametrize('kind', KINDS)
def test_messages_and_receives_of_every_transport(context, kind):
    side, peer, requests, size = counted_pair(context, kind, SEND | RECV)
    header = 40 if kind == e.IBV_QPT_UD else 0
    for length in (8, 300):
        peer.receive(length)
        post(side, peer, 'send', length)
        side.sent.one()
        side.receive(length)
        post(peer, side, 'send', length)
        side.received.one()
    assert requests.read() == 4
    assert size.read() == 2 * 308 + 2 * header


def test_unsignaled_requests_are_told_by_the_next_completion(context):
    """All round the ring, and with pieces on either side of its end."""
    side, peer, requests, size = counted_pair(context, e.IBV_QPT_RC, WRITE)
    for lap in range(40):
        for _ in range(4):
            post(side, peer, 'write', 100, flags=0)
        wr = SendWR(1, e.IBV_WR_RDMA_WRITE, 3, 0, [side.sge(7), side.sge(11), side.sge(13)])
        wr.set_wr_rdma(peer.mr.rkey, peer.mr.buf)
        side.qp.post_send(wr)
        side.sent.one()
        assert requests.read() == 5 * (lap + 1)
    assert size.read() == 40 * 431


def test_inline_data_counts(context):
    side, peer, requests, size = counted_pair(context, e.IBV_QPT_RC, WRITE)
    for length in (1, 13, 64):
        post(side, peer, 'write', length, flags=e.IBV_SEND_SIGNALED | e.IBV_SEND_INLINE)
        side.sent.one()
    assert (requests.read(), size.read()) == (3, 78)


def test_only_what_was_asked_for_counts(context):
    side, peer, requests, _ = counted_pair(context, e.IBV_QPT_RC, READ)
    for name, expected in (('write', 0), ('read', 1), ('send', 1), ('read', 2)):
        if name == 'send':
            peer.receive(8)
        post(side, peer, name, 8)
        side.sent.one()
        assert requests.read() == expected


def test_queue_pairs_without_a_counter_count_nothing(context):
    counted, peer, requests, _ = counted_pair(context, e.IBV_QPT_RC, ALL)
    plain = Side(context, e.IBV_QPT_RC)
    other = Side(context, e.IBV_QPT_RC)
    for one, its_peer in ((plain, other), (other, plain)):
        one.qp.to_rts(one.attributes(its_peer))
    for _ in range(3):
        post(plain, other, 'write', 8)
        plain.sent.one()
        post(counted, peer, 'write', 8)
        counted.sent.one()
    assert requests.read() == 3


def test_failures_count_apart(context):
    side, peer, requests, size = counted_pair(context, e.IBV_QPT_RC, ALL)
    post(side, peer, 'write', 8, flags=0)
    post(side, peer, 'write', 8, remote=0)
    assert side.sent.one().status == e.IBV_WC_REM_ACCESS_ERR
    assert (requests.read(), requests.read_err()) == (1, 1)
    assert (size.read(), size.read_err()) == (8, 1)
    side.receive(8)
    assert side.received.one().status == e.IBV_WC_WR_FLUSH_ERR
    assert requests.read_err() == 2


def test_a_queue_pair_that_starts_over_goes_on_counting(context):
    side, peer, requests, _ = counted_pair(context, e.IBV_QPT_RC, WRITE)
    for count in (1, 2):
        post(side, peer, 'write', 8)
        side.sent.one()
        assert requests.read() == count
        for one, other in ((side, peer), (peer, side)):
            one.qp.modify(QPAttr(qp_state=e.IBV_QPS_RESET), e.IBV_QP_STATE)
        for one, other in ((side, peer), (peer, side)):
            one.qp.to_rts(one.attributes(other))


def test_values_are_set_and_increased(context):
    one = counter(context)
    assert one.read() == one.read_err() == 0
    one.set(7)
    one.inc(5)
    one.set_err(1 << 40)
    one.inc_err(2)
    assert (one.read(), one.read_err()) == (12, (1 << 40) + 2)
    caps = context.query_comp_cntr_caps()
    one.set(caps.max_value)
    assert one.read() == caps.max_value


def test_capabilities(context):
    caps = context.query_comp_cntr_caps()
    assert caps.supported_qp_attach_ops == ALL
    assert caps.max_counters >= 1000 and caps.max_value >= 1 << 32


def test_what_cannot_be_counted(context):
    side, one = Side(context, e.IBV_QPT_RC), counter(context)
    for mask, code in ((0, EINVAL), (1 << 30, EINVAL),
                       (e.IBV_QP_ATTACH_COMP_CNTR_OP_REMOTE_RDMA_READ, EOPNOTSUPP),
                       (e.IBV_QP_ATTACH_COMP_CNTR_OP_REMOTE_RDMA_WRITE, EOPNOTSUPP)):
        with fails_with(code):
            side.qp.attach_comp_cntr(one, QPAttachCompCntrAttr(op_mask=mask))
    with fails_with(EOPNOTSUPP):
        CompCntr(context, CompCntrInitAttr(flags=1))
    with fails_with(EINVAL):
        counter(context, 7)
    side.qp.to_rts(side.attributes(side))
    with fails_with(EINVAL):
        side.qp.attach_comp_cntr(one, QPAttachCompCntrAttr(op_mask=SEND))


def test_what_is_counted_ends_before_its_counter(context):
    side, one = Side(context, e.IBV_QPT_RC), counter(context)
    side.qp.attach_comp_cntr(one, QPAttachCompCntrAttr(op_mask=SEND))
    one.close()
    with pytest.raises(PyverbsUserError):
        side.qp.query(0)
