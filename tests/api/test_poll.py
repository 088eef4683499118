# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Extended completion queues: reading entry by entry."""
import errno

import pytest

import pyverbs.enums as e
from bed import Side, fails_with, pair
from pyverbs.cq import CQ, CQEX, CompChannel, CqInitAttrEx, PollCqAttr
from pyverbs.pyverbs_error import PyverbsRDMAError, PyverbsUserError
from pyverbs.qp import QP, QPAttr, QPCap, QPInitAttr
from pyverbs.wr import SendWR
from test_traffic import post


def wait(cq):
    while cq.start_poll(PollCqAttr()):
        pass


def test_an_empty_queue_has_no_poll_to_end(context):
    cq = CQEX(context, CqInitAttrEx(10))
    for _ in range(2):
        assert cq.start_poll(PollCqAttr()) == errno.ENOENT
        cq.end_poll()
    for read in (cq.poll_next, cq.read_opcode, cq.read_vendor_err):
        with pytest.raises(PyverbsUserError, match='start_poll'):
            read()


def test_polls_do_not_nest(context):
    side, peer = pair(context, way='ex')
    peer.receive(8)
    post(side, peer, 'send', 8)
    wait(side.sent.cq)
    with pytest.raises(PyverbsUserError, match='polled'):
        side.sent.cq.start_poll(PollCqAttr())
    assert side.sent.cq.poll_next() == errno.ENOENT
    side.sent.cq.end_poll()
    assert side.sent.cq.start_poll(None) == errno.ENOENT


def test_what_was_not_asked_for_cannot_be_read(context):
    side, peer = pair(context)
    cq = CQEX(context, CqInitAttrEx(10, wc_flags=0))
    qp = QP(side.pd, QPInitAttr(e.IBV_QPT_RC, scq=cq, rcq=cq, cap=QPCap(4, 4), sq_sig_all=0))
    side.qp = qp
    qp.to_rts(side.attributes(peer))
    qp.modify(QPAttr(qp_state=e.IBV_QPS_ERR), e.IBV_QP_STATE)
    qp.post_send(SendWR(5, num_sge=1, sg=[side.sge(1)]))
    wait(cq)
    assert cq.wr_id == 5 and cq.status == e.IBV_WC_WR_FLUSH_ERR
    for read in (cq.read_byte_len, cq.read_imm_data, cq.read_qp_num, cq.read_src_qp, cq.read_slid,
                 cq.read_sl, cq.read_dlid_path_bits, cq.read_timestamp, cq.read_cvlan,
                 cq.read_flow_tag, cq.read_tm_info, cq.read_completion_wallclock_ns):
        with fails_with(errno.EOPNOTSUPP):
            read()
    cq.end_poll()


@pytest.mark.parametrize('flag, read', (
    (e.IBV_WC_EX_WITH_BYTE_LEN, 'read_byte_len'), (e.IBV_WC_EX_WITH_QP_NUM, 'read_qp_num'),
    (e.IBV_WC_EX_WITH_SRC_QP, 'read_src_qp'), (e.IBV_WC_EX_WITH_SLID, 'read_slid'),
    (e.IBV_WC_EX_WITH_SL, 'read_sl'), (e.IBV_WC_EX_WITH_DLID_PATH_BITS, 'read_dlid_path_bits')))
def test_each_member_is_read_as_a_plain_queue_tells_it(context, flag, read):
    side, peer = Side(context, e.IBV_QPT_UD), Side(context, e.IBV_QPT_UD)
    cq = CQEX(context, CqInitAttrEx(10, wc_flags=flag))
    plain = {}
    for queue in (peer.received.cq, cq):
        peer.qp = QP(peer.pd, QPInitAttr(e.IBV_QPT_UD, scq=peer.sent.cq, rcq=queue,
                                         cap=QPCap(4, 4)))
        for one, other in ((side, peer), (peer, side)):
            if one.qp.qp_state == e.IBV_QPS_RESET:
                one.qp.to_rts(one.attributes(other))
        peer.receive(8)
        post(side, peer, 'send', 8)
        side.sent.one()
        if queue is not cq:
            plain = queue.poll()
            while not plain[0]:
                plain = queue.poll()
            continue
        wait(cq)
        found = getattr(cq, read)()
        cq.end_poll()
    expected = getattr(plain[1][0], read[5:])
    assert found == (peer.qp.qp_num if read == 'read_qp_num' else expected)


def test_attributes_that_cannot_be(context):
    for attr in (CqInitAttrEx(0), CqInitAttrEx(1 << 30), CqInitAttrEx(10, comp_vector=100000)):
        with pytest.raises(PyverbsRDMAError) as caught:
            CQEX(context, attr)
        assert caught.value.error_code == errno.EINVAL
    for attr in (CqInitAttrEx(10, wc_flags=1 << 40), CqInitAttrEx(10, comp_mask=1 << 20)):
        with pytest.raises(PyverbsRDMAError) as caught:
            CQEX(context, attr)
        assert caught.value.error_code in (errno.EINVAL, errno.EOPNOTSUPP)


def test_an_extended_queue_announces_completions(context):
    channel = CompChannel(context)
    cq = CQEX(context, CqInitAttrEx(10, channel))
    assert cq.comp_channel is channel
    side, peer = Side(context, e.IBV_QPT_RC), Side(context, e.IBV_QPT_RC)
    side.qp = QP(side.pd, QPInitAttr(e.IBV_QPT_RC, scq=cq, rcq=cq, cap=QPCap(4, 4)))
    for one, other in ((side, peer), (peer, side)):
        one.qp.to_rts(one.attributes(other))
    cq.req_notify()
    peer.receive(8)
    post(side, peer, 'send', 8)
    channel.get_cq_event(cq)
    cq.ack_events(1)
    wait(cq)
    assert cq.status == 0
    cq.end_poll()
    channel.close()
    with pytest.raises(PyverbsUserError):
        cq.cqe


def test_default_attributes_will_do(context):
    with CQEX(context, None) as cq:
        assert cq.cqe >= 100
    with pytest.raises(TypeError):
        CQEX(context, CQ(context, 1))
