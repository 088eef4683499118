# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Queue pairs: making, the way through their states, and what each state refuses."""
import pytest

import pyverbs.enums as e
from bed import QKEY, Side, fails_with, pair
from pyverbs.pyverbs_error import PyverbsUserError
from pyverbs.qp import QP, QPAttr, QPCap, QPEx, QPInitAttr, QPInitAttrEx

RC, UC, UD = e.IBV_QPT_RC, e.IBV_QPT_UC, e.IBV_QPT_UD
KINDS = pytest.mark.parametrize('kind', (RC, UC, UD), ids=('RC', 'UC', 'UD'))
RESET, INIT, RTR, RTS = e.IBV_QPS_RESET, e.IBV_QPS_INIT, e.IBV_QPS_RTR, e.IBV_QPS_RTS


def init(kind, cq, **more):
    return QPInitAttr(kind, scq=cq, rcq=cq, **more)


@KINDS
def test_a_new_queue_pair_is_in_reset_and_has_its_room(pd, cq, kind):
    attr = init(kind, cq, cap=QPCap(5, 6, 2, 3, 20))
    with QP(pd, attr) as qp:
        assert qp.qp_state == RESET and qp.qp_type == kind and 0 < qp.qp_num < 1 << 24
        told = qp.query(e.IBV_QP_CAP)[1].cap
        for cap in (attr.cap, told):
            assert (cap.max_send_wr >= 5 and cap.max_recv_wr >= 6 and cap.max_send_sge >= 2
                    and cap.max_recv_sge >= 3 and cap.max_inline_data >= 20)


@pytest.mark.parametrize('kind, state', ((RC, INIT), (UC, INIT), (UD, RTS)))
def test_with_attributes_it_goes_as_far_as_it_can(pd, cq, kind, state):
    attr = QPAttr()
    assert QP(pd, init(kind, cq), attr).qp_state == state == attr.qp_state


def test_when_that_fails_nothing_is_left(pd, cq):
    with fails_with(22, 'to INIT|to Init'):
        QP(pd, init(RC, cq), QPAttr(port_num=77))
    pd.close()


@KINDS
def test_each_step_of_the_way_up(context, kind):
    side, peer = Side(context, kind), Side(context, kind)
    attr = side.attributes(peer)
    for step, state in ((side.qp.to_init, INIT), (side.qp.to_rtr, RTR), (side.qp.to_rts, RTS)):
        step(attr)
        assert side.qp.qp_state == state and attr.qp_state == state


@KINDS
def test_querying_tells_what_was_set(context, kind):
    side, peer = pair(context, kind)
    attr, made = side.qp.query(0xfffff)
    assert attr.qp_state == RTS and attr.port_num == 1 and made.qp_type == kind
    if kind == UD:
        assert attr.qkey == QKEY
    else:
        assert attr.dest_qp_num == peer.qp.qp_num and attr.path_mtu == e.IBV_MTU_1024
        assert attr.ah_attr.dlid == context.query_port(1).lid
    if kind == RC:
        assert (attr.timeout, attr.retry_cnt, attr.rnr_retry, attr.max_rd_atomic,
                attr.min_rnr_timer) == (14, 7, 7, 4, 12)


@KINDS
@pytest.mark.parametrize('state', (RTR, RTS, e.IBV_QPS_SQD))
def test_states_cannot_be_skipped(pd, cq, kind, state):
    qp = QP(pd, init(kind, cq))
    with fails_with(22, 'modify QP'):
        qp.modify(QPAttr(qp_state=state), e.IBV_QP_STATE)
    assert qp.qp_state == RESET


@KINDS
def test_every_state_leads_to_error_and_reset(context, kind):
    for last in range(4):
        side, peer = Side(context, kind), Side(context, kind)
        attr = side.attributes(peer)
        for step in (side.qp.to_init, side.qp.to_rtr, side.qp.to_rts)[:last]:
            step(attr)
        if last:
            side.qp.modify(QPAttr(qp_state=e.IBV_QPS_ERR), e.IBV_QP_STATE)
            assert side.qp.qp_state == e.IBV_QPS_ERR
        side.qp.modify(QPAttr(qp_state=RESET), e.IBV_QP_STATE)
        assert side.qp.qp_state == RESET


REQUIRED = {RC: (e.IBV_QP_AV, e.IBV_QP_PATH_MTU, e.IBV_QP_DEST_QPN, e.IBV_QP_RQ_PSN,
                 e.IBV_QP_MAX_DEST_RD_ATOMIC, e.IBV_QP_MIN_RNR_TIMER),
            UC: (e.IBV_QP_AV, e.IBV_QP_PATH_MTU, e.IBV_QP_DEST_QPN, e.IBV_QP_RQ_PSN)}


@pytest.mark.parametrize('kind, missing', [pytest.param(kind, bit, id=f'{kind.name}-{bit.name}')
                                           for kind, bits in REQUIRED.items() for bit in bits])
def test_rtr_needs_every_attribute_of_its_type(context, kind, missing):
    side, peer = Side(context, kind), Side(context, kind)
    attr = side.attributes(peer)
    side.qp.to_init(attr)
    attr.qp_state = RTR
    mask = e.IBV_QP_STATE
    for bit in REQUIRED[kind]:
        mask |= bit
    with fails_with(22):
        side.qp.modify(attr, mask & ~missing)
    assert side.qp.qp_state == INIT
    side.qp.modify(attr, mask)
    assert side.qp.qp_state == RTR


@pytest.mark.parametrize('cap', (QPCap(1 << 20, 1), QPCap(1, 1 << 20), QPCap(1, 1, 4096),
                                 QPCap(1, 1, 1, 4096), QPCap(1, 1, 1, 1, 1 << 20)),
                         ids=('send_wr', 'recv_wr', 'send_sge', 'recv_sge', 'inline'))
def test_sizes_beyond_the_device_are_refused(pd, cq, cap):
    with pytest.raises(Exception) as caught:
        QP(pd, init(RC, cq, cap=cap))
    assert caught.value.error_code in (12, 22)


def test_a_queue_pair_needs_completion_queues(pd):
    with fails_with(22, 'create QP'):
        QP(pd, QPInitAttr(RC))


def test_unknown_types_are_refused(pd, cq):
    with pytest.raises(Exception) as caught:
        QP(pd, init(200, cq))
    assert caught.value.error_code in (22, 95)


def test_creators_and_attributes_have_to_fit(context, pd, cq):
    with pytest.raises(TypeError):
        QP(context, init(RC, cq))
    with pytest.raises(TypeError):
        QP(pd, QPInitAttrEx(RC, scq=cq, rcq=cq))
    with pytest.raises(TypeError):
        QP(pd, None)


def test_a_queue_pair_of_a_context_has_no_builder_unless_asked(context, pd, cq):
    qp = QPEx(context, QPInitAttrEx(RC, scq=cq, rcq=cq, pd=pd, comp_mask=e.IBV_QP_INIT_ATTR_PD))
    with fails_with(95):
        qp.wr_start()
    assert qp.qp_state == RESET


def test_a_queue_pair_of_a_context_needs_a_domain(context, cq):
    with fails_with(22):
        QP(context, QPInitAttrEx(RC, scq=cq, rcq=cq))


def test_moderate_changes_at_rts(context):
    side, _ = pair(context)
    attr = QPAttr()
    attr.min_rnr_timer = 20
    side.qp.modify(attr, e.IBV_QP_MIN_RNR_TIMER)
    assert side.qp.query(e.IBV_QP_MIN_RNR_TIMER)[0].min_rnr_timer == 20


def test_modifying_while_requests_are_built_is_refused(context):
    side, _ = pair(context, extended=True)
    side.qp.wr_start()
    with pytest.raises(PyverbsUserError, match='built'):
        side.qp.modify(QPAttr(), e.IBV_QP_STATE)
    side.qp.wr_abort()
