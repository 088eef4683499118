# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Every verb of a queue pair in each of its states."""
import errno

import pytest

import pyverbs.enums as e
from bed.device import fails_with, lacking
from bed.end import HOWS, KINDS, RC, UC, UD, End, pattern
from bed.request import Request, check_received, check_sent, issue
from bed.state import (ERR, INIT, RESET, RTR, RTS, SQD, SQE, STATES, bring, break_send_queue,
                       is_legal, new, required, step)
from pyverbs.addr import AH
from pyverbs.pyverbs_error import PyverbsRDMAError
from pyverbs.qp import QPAttr
from pyverbs.wr import RecvWR

KIND_IDS = pytest.mark.parametrize('kind', KINDS.values(), ids=KINDS)
STATE_IDS = pytest.mark.parametrize('state', STATES.values(), ids=STATES)
HOW = pytest.mark.parametrize('how', HOWS)


@STATE_IDS
@KIND_IDS
def test_a_query_tells_the_state(device, kind, state):
    end = new(device, kind, state)
    attr, init = end.qp.query(e.IBV_QP_STATE | e.IBV_QP_CAP)
    assert attr.qp_state == state and init.qp_type == kind
    assert attr.cap.max_send_wr >= 32 and attr.cap.max_recv_wr >= 32


@STATE_IDS
@KIND_IDS
def test_it_is_destroyed_with_all_that_is_posted(device, kind, state):
    end = new(device, kind, state)
    if state != RESET:
        for number in range(5):
            end.receive(8, wr_id=number)
    if state in (RTS, SQD) and kind == RC:
        issue(end, Request('write', 8))
    end.qp.close()
    end.close()


@HOW
@STATE_IDS
@KIND_IDS
def test_posting_a_send(device, kind, state, how):
    end = new(device, kind, state, how=how)
    if state in (RESET, INIT, RTR):
        with fails_with(errno.EINVAL):
            issue(end, Request('send', 8))
        assert end.sent.entries() == []
        return
    if state == SQD and device.family.no_resumption:
        lacking(device.family.no_resumption)
    if state not in (ERR, SQD):
        end.receive(8)
    issue(end, Request('send', 8))
    if state == SQD:
        assert end.sent.entries() == []
        end.receive(8)
        step(end, RTS, 0)
    done = end.sent.one()
    assert done.status == (e.IBV_WC_WR_FLUSH_ERR if state == ERR else e.IBV_WC_SUCCESS)


@STATE_IDS
@KIND_IDS
def test_posting_a_receive(device, kind, state):
    end = new(device, kind, state)
    if state == RESET:
        try:
            end.receive(8)
        except PyverbsRDMAError as error:
            assert error.error_code == errno.EINVAL
        bring(end, ERR)
        return
    if state == ERR and not device.family.flushes_late_receives:
        return
    end.receive(8, wr_id=11)
    if state != ERR:
        assert end.received.entries() == []
        end.fail()
    came = end.received.one()
    assert (came.wr_id, came.status, came.qp_num) == (11, e.IBV_WC_WR_FLUSH_ERR, end.qp.qp_num)


@pytest.mark.parametrize('there', (*STATES.values(), SQE), ids=(*STATES, 'SQE'))
@STATE_IDS
@KIND_IDS
def test_each_step(device, kind, state, there):
    """With the attributes that it needs: the legal ones succeed, the others leave the state alone.
    """
    family, end = device.family, new(device, kind, state)
    if there == SQD and family.no_draining and state == RTS:
        lacking(family.no_draining)
    if (state, there) == (RESET, ERR) and family.no_error_from_reset:
        lacking(family.no_error_from_reset)
    mask = required(kind, state, there)
    if is_legal(state, there) and there != SQE:
        step(end, there, mask)
        assert end.qp.qp_state == there
        return
    with fails_with(errno.EINVAL):
        step(end, there, mask)
    assert end.qp.qp_state == state


@pytest.mark.parametrize('there', (7, 12, 255))
@KIND_IDS
def test_states_that_are_not(device, kind, there):
    end = new(device, kind, RTS)
    with fails_with(errno.EINVAL):
        end.qp.modify(QPAttr(qp_state=there), e.IBV_QP_STATE)
    assert end.qp.qp_state == RTS


@STATE_IDS
@KIND_IDS
def test_after_reset_it_is_as_new(device, kind, state):
    """Whatever was posted is forgotten, and the way up leads to a queue pair that works."""
    end = new(device, kind, state)
    if state not in (RESET, ERR):
        for number in range(3):
            end.receive(8, wr_id=100 + number)
    end.reset()
    assert end.sent.entries() == end.received.entries() == []
    bring(end, RTS)
    end.write(pattern(50))
    end.clear(50)
    end.receive(50)
    issue(end, Request('send', 50))
    check_sent(end.sent.one(), end, Request('send', 50))
    check_received(end.received.one(), end, Request('send', 50))
    end.expect(pattern(50))


@KIND_IDS
def test_receives_posted_before_it_is_connected_are_used(device, kind):
    end = bring(End(device, kind), INIT)
    end.receive(20, wr_id=1)
    step(end, RTR, required(kind, INIT, RTR))
    end.receive(20, wr_id=2)
    step(end, RTS, required(kind, RTR, RTS))
    for number in (1, 2):
        issue(end, Request('send', 20))
        assert end.sent.one().status == e.IBV_WC_SUCCESS
        assert end.received.one().wr_id == number


@KIND_IDS
def test_the_error_state_flushes_in_order(device, kind):
    end = new(device, kind, RTS)
    for number in range(10):
        end.receive(8, wr_id=number)
    end.fail()
    issue(end, *(Request('send', 8, wr_id=number) for number in range(10)))
    for queue in (end.received, end.sent):
        assert [(one.wr_id, one.status) for one in queue.take(10)] == [
            (number, e.IBV_WC_WR_FLUSH_ERR) for number in range(10)]


def test_in_rtr_it_receives(device):
    one, other = End(device), End(device)
    one.connect(other.address())
    other.peer = one.address()
    for here, there in ((RESET, INIT), (INIT, RTR)):
        attr = other.attributes(other.peer, qp_state=there)
        other.qp.modify(attr, required(RC, here, there) | e.IBV_QP_STATE)
    other.receive(8)
    issue(one, Request('send', 8))
    assert one.sent.one().status == other.received.one().status == e.IBV_WC_SUCCESS


@pytest.mark.parametrize('kind', (UC, UD), ids=('UC', 'UD'))
def test_an_error_of_the_send_queue_alone(device, kind):
    """Receives go on, sends are flushed, and the way back is to RTS."""
    if device.family.no_send_queue_error:
        lacking(device.family.no_send_queue_error)
    end = new(device, kind, RTS)
    assert device.family.means(break_send_queue(end).status, e.IBV_WC_LOC_PROT_ERR)
    assert end.qp.qp_state == SQE
    issue(end, Request('send', 8))
    assert end.sent.one().status == e.IBV_WC_WR_FLUSH_ERR
    end.receive(8)
    assert end.received.entries() == []
    step(end, RTS, 0)
    issue(end, Request('send', 8))
    assert end.sent.one().status == end.received.one().status == e.IBV_WC_SUCCESS


@STATE_IDS
def test_a_handle_needs_no_queue_pair(device, state):
    end = new(device, UD, state)
    AH(end.pd, attr=device.route(end.address().lid, device.gid)).close()


@STATE_IDS
@KIND_IDS
def test_a_list_that_begins_well(device, kind, state):
    """Of a list the requests before the one that is refused are carried out, none behind it."""
    end = new(device, kind, state)
    if state in (RESET, ERR):
        end.reset()
        bring(end, RTS)
    cap = end.qp.query(e.IBV_QP_CAP)[0].cap
    bad, chain = RecvWR(), None
    for number in reversed(range(4)):
        pieces = [end.sge(8)] * (cap.max_recv_sge + 1 if number == 2 else 1)
        chain = RecvWR(number, len(pieces), pieces, chain)
    with fails_with(errno.EINVAL, errno.ENOMEM):
        end.qp.post_recv(chain, bad)
    assert bad.wr_id == 2
    end.fail()
    assert [came.wr_id for came in end.received.take(2)] == [0, 1]
