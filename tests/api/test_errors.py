# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Work that fails: the completion that says so, and the queue's state after it."""
import errno

import pytest

import pyverbs.enums as e
from bed import Side, fails_with, pair
from pyverbs.cq import CQ
from pyverbs.mr import MR
from pyverbs.pyverbs_error import PyverbsRDMAError
from pyverbs.qp import QPAttr
from pyverbs.wr import SGE, SendWR
from test_traffic import post

OK, ERR = e.IBV_WC_SUCCESS, e.IBV_QPS_ERR


def failed(side):
    done = side.sent.one()
    assert done.wr_id == 7
    assert side.qp.qp_state == ERR
    return done.status


@pytest.mark.parametrize('way', ('poll', 'event', 'ex'))
def test_a_wrong_remote_key_is_a_remote_access_error(context, way):
    side, peer = pair(context, way=way)
    wr = SendWR(7, e.IBV_WR_RDMA_WRITE, 1, 0, [side.sge(8)])
    wr.set_wr_rdma(peer.mr.rkey ^ 0xff00, peer.mr.buf)
    side.qp.post_send(wr)
    assert failed(side) == e.IBV_WC_REM_ACCESS_ERR
    assert peer.qp.qp_state == ERR


def test_memory_beyond_the_remote_region_is_a_remote_access_error(context):
    side, peer = pair(context)
    post(side, peer, 'write', 8, remote=peer.mr.buf + peer.mr.length - 7)
    assert failed(side) == e.IBV_WC_REM_ACCESS_ERR


@pytest.mark.parametrize('name, missing', (('write', e.IBV_ACCESS_REMOTE_WRITE),
                                           ('read', e.IBV_ACCESS_REMOTE_READ)))
def test_memory_that_does_not_allow_it_is_a_remote_access_error(context, name, missing):
    side, peer = pair(context)
    allowed = (e.IBV_ACCESS_LOCAL_WRITE | e.IBV_ACCESS_REMOTE_WRITE
               | e.IBV_ACCESS_REMOTE_READ) & ~missing
    peer.mr = MR(peer.pd, 65536, allowed)
    post(side, peer, name, 8)
    assert failed(side) == e.IBV_WC_REM_ACCESS_ERR


def test_a_queue_pair_that_does_not_allow_it_is_a_remote_error(context):
    side, peer = Side(context, e.IBV_QPT_RC), Side(context, e.IBV_QPT_RC)
    attr = peer.attributes(side)
    attr.qp_access_flags = e.IBV_ACCESS_REMOTE_READ
    peer.qp.to_rts(attr)
    side.qp.to_rts(side.attributes(peer))
    post(side, peer, 'write', 8)
    assert failed(side) in (e.IBV_WC_REM_ACCESS_ERR, e.IBV_WC_REM_INV_REQ_ERR)


def test_a_wrong_local_key_is_a_local_protection_error(context):
    side, peer = pair(context)
    wr = SendWR(7, e.IBV_WR_RDMA_WRITE, 1, 0, [SGE(side.mr.buf, 8, side.mr.lkey ^ 0xff00)])
    wr.set_wr_rdma(peer.mr.rkey, peer.mr.buf)
    side.qp.post_send(wr)
    assert failed(side) == e.IBV_WC_LOC_PROT_ERR


def test_a_message_longer_than_the_receive_is_an_error_on_both_sides(context):
    side, peer = pair(context)
    peer.receive(8)
    post(side, peer, 'send', 9)
    assert failed(side) == e.IBV_WC_REM_INV_REQ_ERR
    assert peer.received.one().status == e.IBV_WC_LOC_LEN_ERR


def test_without_a_receive_the_retries_run_out(context):
    side, peer = Side(context, e.IBV_QPT_RC), Side(context, e.IBV_QPT_RC)
    peer.qp.to_rts(peer.attributes(side))
    attr = side.attributes(peer)
    attr.rnr_retry = 1
    side.qp.to_rts(attr)
    post(side, peer, 'send', 8)
    assert failed(side) == e.IBV_WC_RNR_RETRY_EXC_ERR


def test_without_a_peer_the_retries_run_out(context):
    side, peer = pair(context)
    peer.qp.close()
    side.qp.modify(QPAttr(qp_state=ERR), e.IBV_QP_STATE)
    side.qp.modify(QPAttr(qp_state=e.IBV_QPS_RESET), e.IBV_QP_STATE)
    attr = side.attributes(side)
    attr.dest_qp_num = 0xabcdef
    attr.timeout, attr.retry_cnt = 8, 1
    side.qp.to_rts(attr)
    post(side, peer, 'send', 8)
    assert failed(side) == e.IBV_WC_RETRY_EXC_ERR


def test_the_error_state_flushes_both_queues(context):
    side, _ = pair(context)
    for number in range(3):
        side.receive(8, wr_id=number)
    side.qp.modify(QPAttr(qp_state=ERR), e.IBV_QP_STATE)
    came = side.received.take(3)
    assert [(one.wr_id, one.status) for one in came] == [(number, e.IBV_WC_WR_FLUSH_ERR)
                                                         for number in range(3)]
    side.qp.post_send(SendWR(7, num_sge=1, sg=[side.sge(1)]))
    assert failed(side) == e.IBV_WC_WR_FLUSH_ERR


def test_requests_before_their_state_are_refused(context):
    side = Side(context, e.IBV_QPT_RC)
    with fails_with(22, 'post send'):
        side.qp.post_send(SendWR(num_sge=1, sg=[side.sge(1)]))


def test_unknown_opcodes_are_refused(context):
    side, _ = pair(context)
    bad = SendWR()
    with fails_with(22, 'post send'):
        side.qp.post_send(SendWR(5, 77, 1, 0, [side.sge(1)]), bad)
    assert bad.wr_id == 5


def test_a_queue_pair_works_again_after_reset(context):
    side, peer = pair(context)
    post(side, peer, 'write', 8, remote=1)
    assert failed(side) == e.IBV_WC_REM_ACCESS_ERR
    for one, other in ((side, peer), (peer, side)):
        one.qp.modify(QPAttr(qp_state=e.IBV_QPS_RESET), e.IBV_QP_STATE)
        one.qp.to_rts(one.attributes(other))
    post(side, peer, 'write', 8)
    assert side.sent.one().status == OK


def test_errors_tell_the_reason_of_the_library(context):
    """Where libibverbs explains its failures, the text of the exception does."""
    with pytest.raises(PyverbsRDMAError, match=r'ibv_create_cq: cqe \d+ > device limit \d+') as fault:
        CQ(context, context.query_device().max_cqe + 1)
    assert fault.value.error_code == errno.EINVAL
