# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Extended reliable connections: every operation, way and size; many shared queues behind one target;
domains, and what they refuse."""
import errno
import os
import struct

import pytest

import pyverbs.enums as e
from bed.device import fails_with, need
from bed.end import HERE, HOWS, RC, THERE, connect
from bed.queue import WAYS, Queue
from bed.request import ATOMICS, OPERATIONS, Request, check_sent, issue
from bed.xrc import RECV, XrcEnd, open_domain, shared_queue
from pyverbs.qp import QP, QPInitAttr, QPInitAttrEx
from pyverbs.wr import RecvWR
from pyverbs.xrcd import XRCD, XRCDInitAttr
from test_messages import MTU, carry_out, marks

SIZES = (0, 1, MTU - 1, MTU, MTU + 1, 20000)
NAMES = [name for name, operation in OPERATIONS.items() if RC in operation.kinds]


@pytest.fixture(scope='module')
def xrc_pairs(device):
    """As the fixture `pairs`, with XRC ends."""
    need(device.attr.device_cap_flags & e.IBV_DEVICE_XRC, 'the device has no XRC')
    need(not device.family.no_xrc, device.family.no_xrc)
    made = {}

    def borrow(how='post_send', way='poll'):
        key = how, way
        if key not in made or not all(end.is_fresh() for end in made[key]):
            made[key] = XrcEnd(device, *key), XrcEnd(device, *key)
            connect(*made[key])
        return made[key]
    return borrow


@pytest.mark.parametrize('way, size', [pytest.param(way, size, marks=marks(way, size))
                                       for way in WAYS for size in SIZES])
@pytest.mark.parametrize('how', HOWS)
@pytest.mark.parametrize('name', [name for name in NAMES if name not in ATOMICS])
def test_data_arrives_and_completions_tell_it(xrc_pairs, name, how, way, size):
    carry_out(*xrc_pairs(how, way), Request(name, size), seed=size)


@pytest.mark.parametrize('way', WAYS)
@pytest.mark.parametrize('how', HOWS)
@pytest.mark.parametrize('name', ATOMICS)
def test_atomics(xrc_pairs, name, how, way):
    end, peer = xrc_pairs(how, way)
    peer.write(struct.pack('=Q', 5), THERE)
    request = Request(name, operands=(5, 9))
    issue(end, request)
    check_sent(end.sent.one(), end, request)
    assert struct.unpack('=Q', end.mr.read(8, HERE)) == (5,)
    assert struct.unpack('=Q', peer.mr.read(8, THERE)) == ({'compare_swap': 9,
                                                            'fetch_add': 10}[name],)


def test_each_message_says_which_queue_it_is_for(xrc_pairs):
    end, peer = xrc_pairs()
    queues = []
    mine = peer.received
    for number in range(3):
        peer.received = Queue(peer.context)
        queues.append((shared_queue(peer), peer.received))
    peer.received = mine
    for number, (srq, queue) in enumerate(queues):
        srq.post_recv(RecvWR(40 + number, 1, [peer.sge(8)]))
    for number in (2, 0, 1):
        srq, queue = queues[number]
        end.peer = end.peer._replace(srqn=srq.get_srq_num())
        issue(end, Request('send', 8))
        assert end.sent.one().status == e.IBV_WC_SUCCESS
        assert queue.one().wr_id == 40 + number
    end.peer = peer.address()
    for srq, _ in queues:
        srq.close()


def test_a_queue_that_nobody_has(device, xrc_pairs):
    end, peer = XrcEnd(device), XrcEnd(device)
    connect(end, peer)
    end.peer = end.peer._replace(srqn=0xabcdef)
    issue(end, Request('send', 8))
    status = end.sent.one().status
    assert device.family.means(status, e.IBV_WC_REM_INV_REQ_ERR) or \
        status in (e.IBV_WC_REM_OP_ERR, e.IBV_WC_REM_INV_RD_REQ_ERR)
    assert end.qp.qp_state == e.IBV_QPS_ERR


def test_a_wrong_key(device, xrc_pairs):
    end, peer = XrcEnd(device), XrcEnd(device)
    connect(end, peer)
    issue(end, Request('write', 8, rkey=peer.mr.rkey ^ 0xff00))
    assert end.sent.one().status == e.IBV_WC_REM_ACCESS_ERR


def test_several_senders_share_a_queue(device, xrc_pairs):
    home = XrcEnd(device)
    home.peer = home.address()
    targets = []
    for number in range(3):
        end = XrcEnd(device)
        target = home.make_target()
        targets.append(target)
        target.to_rts(home.attributes(end.address()))
        end.peer = home.address()._replace(target=target.qp_num)
        end.qp.to_rts(end.attributes(end.peer, dest_qp_num=target.qp_num))
        home.receive(8, wr_id=number)
        issue(end, Request('send_imm', 8, imm=number))
        assert end.sent.one().status == e.IBV_WC_SUCCESS
        came = home.received.one()
        assert (came.wr_id, came.imm_data, came.qp_num) == (number, number, target.qp_num)


def test_a_domain_of_a_file_is_one(device, xrc_pairs, tmp_path):
    """Who opens the same file gets the same domain."""
    path = tmp_path / 'domain'
    fd = os.open(path, os.O_RDWR | os.O_CREAT)
    with open_domain(device.context, fd), open_domain(device.context, fd, 0):
        pass
    with open_domain(device.context, fd), fails_with(errno.EEXIST, errno.EINVAL):
        XRCD(device.context, XRCDInitAttr(3, os.O_CREAT | os.O_EXCL, fd))
    os.close(fd)


@pytest.mark.parametrize('fd', (1 << 20, -7))
def test_files_that_are_not(device, xrc_pairs, fd):
    with fails_with(errno.EBADF, errno.EINVAL):
        XRCD(device.context, XRCDInitAttr(3, os.O_CREAT, fd))


def test_parts_that_do_not_go_together(device, xrc_pairs, pd, cq):
    with fails_with(errno.EINVAL):
        QP(pd, QPInitAttr(RECV, scq=cq, rcq=cq))
    end = XrcEnd(device)
    connect(end, XrcEnd(device))
    with fails_with(errno.EINVAL, errno.ENOMEM, errno.EOPNOTSUPP):
        end.qp.post_recv(RecvWR(1, 1, [end.sge(8)]))


def test_a_target_without_a_domain(xrc_pairs, context):
    with fails_with(errno.EINVAL):
        QP(context, QPInitAttrEx(RECV, comp_mask=0))
