# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The states of queue pairs: which step needs which attributes (IBTA vol. 1, 11.2.5.2), and how a
queue pair gets into each state."""
import pyverbs.enums as e
from bed.device import lacking
from bed.end import RC, UC, UD, End
from bed.request import Request, issue

RESET, INIT, RTR, RTS, SQD, SQE, ERR = (
    e.IBV_QPS_RESET, e.IBV_QPS_INIT, e.IBV_QPS_RTR, e.IBV_QPS_RTS, e.IBV_QPS_SQD, e.IBV_QPS_SQE,
    e.IBV_QPS_ERR)
# SQE is left to those tests that bring it about.
STATES = {'RESET': RESET, 'INIT': INIT, 'RTR': RTR, 'RTS': RTS, 'SQD': SQD, 'ERR': ERR}
WAY_UP = (RESET, INIT, RTR, RTS)
BEFORE = {INIT: RESET, RTR: INIT, RTS: RTR}

_PATH = e.IBV_QP_AV | e.IBV_QP_PATH_MTU | e.IBV_QP_DEST_QPN | e.IBV_QP_RQ_PSN
_PORT = e.IBV_QP_PKEY_INDEX | e.IBV_QP_PORT
REQUIRED = {
    (RC, INIT): _PORT | e.IBV_QP_ACCESS_FLAGS,
    (UC, INIT): _PORT | e.IBV_QP_ACCESS_FLAGS,
    (UD, INIT): _PORT | e.IBV_QP_QKEY,
    (RC, RTR): _PATH | e.IBV_QP_MAX_DEST_RD_ATOMIC | e.IBV_QP_MIN_RNR_TIMER,
    (UC, RTR): _PATH,
    (RC, RTS): (e.IBV_QP_SQ_PSN | e.IBV_QP_TIMEOUT | e.IBV_QP_RETRY_CNT | e.IBV_QP_RNR_RETRY
                | e.IBV_QP_MAX_QP_RD_ATOMIC),
    (UC, RTS): e.IBV_QP_SQ_PSN,
    (UD, RTS): e.IBV_QP_SQ_PSN,
}
_ALT = e.IBV_QP_ALT_PATH
OPTIONAL = {
    (RC, RTR): e.IBV_QP_ACCESS_FLAGS | e.IBV_QP_PKEY_INDEX | _ALT,
    (UC, RTR): e.IBV_QP_ACCESS_FLAGS | e.IBV_QP_PKEY_INDEX | _ALT,
    (UD, RTR): e.IBV_QP_QKEY | e.IBV_QP_PKEY_INDEX,
    (RC, RTS): (e.IBV_QP_CUR_STATE | e.IBV_QP_ACCESS_FLAGS | e.IBV_QP_MIN_RNR_TIMER | _ALT
                | e.IBV_QP_PATH_MIG_STATE),
    (UC, RTS): e.IBV_QP_CUR_STATE | e.IBV_QP_ACCESS_FLAGS | _ALT | e.IBV_QP_PATH_MIG_STATE,
    (UD, RTS): e.IBV_QP_CUR_STATE | e.IBV_QP_QKEY,
}
LEGAL = {(RESET, INIT), (INIT, INIT), (INIT, RTR), (RTR, RTS), (RTS, RTS), (RTS, SQD), (SQD, SQD),
         (SQD, RTS), (SQE, RTS)}


def is_legal(here, there):
    return there in (RESET, ERR) or (here, there) in LEGAL


def required(kind, here, there):
    """-> what this step needs besides the state itself"""
    return REQUIRED.get((kind, there), 0) if BEFORE.get(there) == here else 0


def step(end, there, mask, **changes):
    """One step, with these attributes of a connection with itself."""
    attr = end.attributes(end.peer, qp_state=there, **changes)
    end.qp.modify(attr, mask | e.IBV_QP_STATE)


def bring(end, state):
    """Takes a new end to a state."""
    lacks = end.device.family.no_draining
    if state == SQD and lacks:
        lacking(lacks)
    end.peer = end.address()
    last = {SQD: RTS, ERR: INIT}.get(state, state)
    for here, there in zip(WAY_UP, WAY_UP[1:WAY_UP.index(last) + 1]):
        step(end, there, required(end.kind, here, there))
    if state in (SQD, ERR):
        step(end, state, 0)
    assert end.qp.qp_state == state
    return end


def new(device, kind, state, **more):
    """-> an end in this state, connected with itself where it is connected"""
    return bring(End(device, kind, **more), state)


def break_send_queue(end):
    """A datagram by a wrong key of its own leads to SQE, IBTA vol. 1, 10.3.1.6."""
    piece = end.sge(8)
    piece.lkey ^= 0xff00
    issue(end, Request('send', pieces=[piece]))
    return end.sent.one()
