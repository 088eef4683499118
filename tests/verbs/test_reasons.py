# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What a failure says: PyverbsRDMAError with the errno, its words and which attribute was wrong,
PyverbsUserError for what was noticed before the verb; and nothing of what failed is left."""
import errno
import os

import pytest

import pyverbs.enums as e
from bed.device import PORT
from pyverbs.addr import AH, AHAttr
from pyverbs.cq import CQ, CQEX, CompChannel, CqInitAttrEx
from pyverbs.device import Context
from pyverbs.mr import MR
from pyverbs.pd import PD
from pyverbs.pyverbs_error import PyverbsError, PyverbsRDMAError, PyverbsUserError
from pyverbs.qp import QP, QPAttr, QPCap, QPInitAttr
from pyverbs.srq import SRQ, SrqAttr, SrqInitAttr
from pyverbs.wr import RecvWR, SendWR

FAILURES = {
    'find device': lambda bed: Context(name='nosuch0'),
    'query port': lambda bed: bed.context.query_port(77),
    'query gid': lambda bed: bed.context.query_gid(PORT, 100000),
    'query pkey': lambda bed: bed.context.query_pkey(PORT, 100000),
    'find pkey': lambda bed: bed.context.get_pkey_index(PORT, 0x1234),
    'create a CQ': lambda bed: CQ(bed.context, 0),
    'create an extended CQ': lambda bed: CQEX(bed.context, CqInitAttrEx(0)),
    'resize CQ': lambda bed: bed.cq.resize(1 << 30),
    'register a MR': lambda bed: MR(bed.pd, 100, e.IBV_ACCESS_REMOTE_WRITE),
    'reregister a MR': lambda bed: MR(bed.pd, 100, 0).rereg(0xff00),
    'create an AH': lambda bed: AH(bed.pd, attr=AHAttr(port_num=99)),
    'create SRQ': lambda bed: SRQ(bed.pd, SrqInitAttr(SrqAttr(1 << 30))),
    'modify SRQ': lambda bed: SRQ(bed.pd, SrqInitAttr()).modify(SrqAttr(srq_limit=1 << 30),
                                                              e.IBV_SRQ_LIMIT),
    'create QP': lambda bed: bed.qp(QPCap(1 << 30, 1)),
    'modify QP': lambda bed: bed.qp().modify(QPAttr(qp_state=e.IBV_QPS_RTS), e.IBV_QP_STATE),
    'modify QP state to RTR': lambda bed: bed.initialised().to_rtr(QPAttr(path_mtu=77)),
    'post send': lambda bed: bed.qp().post_send(SendWR(1)),
    'post recv': lambda bed: bed.overfill(),
}


class Bed:
    def __init__(self, context):
        self.context = context
        self.pd, self.cq, self.channel = PD(context), CQ(context, 10), CompChannel(context)

    def qp(self, cap=None):
        return QP(self.pd, QPInitAttr(e.IBV_QPT_RC, scq=self.cq, rcq=self.cq,
                                      cap=cap or QPCap(4, 4)))

    def initialised(self):
        qp = self.qp()
        qp.to_init(QPAttr(port_num=PORT))
        return qp

    def overfill(self):
        qp = self.initialised()
        for number in range(1000):
            qp.post_recv(RecvWR(number))


@pytest.mark.parametrize('what', FAILURES)
def test_the_verb_and_its_errno_are_named(context, what):
    with pytest.raises(PyverbsRDMAError) as caught:
        FAILURES[what](Bed(context))
    error = caught.value
    assert isinstance(error, PyverbsError) and error.error_code in errno.errorcode
    assert what in str(error)
    assert f'Errno: {error.error_code}, {os.strerror(error.error_code)}' in str(error)


# What is wrong with which, in the words of ibv_explain_last_error().
WORDS = {
    'query port': r'has no port 77',
    'query gid': r'no entry 100000 in its GID table',
    'find pkey': r'is not in partition 0x3412',
    'create a CQ': r'ibv_create_cq: cqe 0 ',
    'create an extended CQ': r'ibv_create_cq_ex: cqe 0 ',
    'resize CQ': r'cqe 1073741824 > device limit \d+',
    'register a MR': r'IBV_ACCESS_REMOTE_WRITE needs IBV_ACCESS_LOCAL_WRITE',
    'reregister a MR': r'flags 0xff00',
    'create an AH': r'has no port 99',
    'create SRQ': r'max_wr 1073741824 > device limit \d+',
    'create QP': r'max_send_wr 1073741824 > device limit \d+',
    'modify QP': r'no way from RESET to RTS for RC',
    'modify QP state to RTR': r'path_mtu 77',
    'post send': r'the queue pair is in RESET',
    'post recv': r'the receive queue is full: \d+ receives are posted',
}


@pytest.mark.skipif('OV_LIBRARIES' in os.environ, reason="other libraries' errors have no words")
@pytest.mark.parametrize('what', WORDS)
def test_the_attribute_is_named(context, what):
    with pytest.raises(PyverbsRDMAError, match=WORDS[what]):
        FAILURES[what](Bed(context))


@pytest.mark.parametrize('what', FAILURES)
def test_a_failure_leaves_nothing(context, what):
    """The domain closes afterwards, and the same fails in the same way."""
    codes = set()
    for _ in range(3):
        bed = Bed(context)
        with pytest.raises(PyverbsRDMAError) as caught:
            FAILURES[what](bed)
        codes.add(caught.value.error_code)
        bed.pd.close(), bed.cq.close(), bed.channel.close()
    assert len(codes) == 1


CLOSED = {
    'PD': lambda bed: MR(closed(bed.pd), 10, 0),
    'CQ': lambda bed: closed(bed.cq).poll(),
    'CompChannel': lambda bed: CQ(bed.context, 1, None, closed(bed.channel)),
    'QP': lambda bed: closed(bed.qp()).query(e.IBV_QP_STATE),
    'MR': lambda bed: closed(MR(bed.pd, 10, 0)).lkey,
    'SRQ': lambda bed: closed(SRQ(bed.pd, SrqInitAttr())).query(),
    'Context': lambda bed: closed(bed.context).query_device(),
}


def closed(thing):
    thing.close()
    return thing


@pytest.mark.parametrize('what', CLOSED)
def test_what_is_closed_says_so(context, what):
    with pytest.raises(PyverbsUserError, match=f'{what} is closed'):
        CLOSED[what](Bed(context))


def test_an_error_without_an_errno_has_none():
    assert PyverbsRDMAError('alone').error_code == -1
    assert str(PyverbsRDMAError('alone')) == 'alone'
