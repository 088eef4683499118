# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The limits that the device and its objects state: reached, and not passed by one."""
import errno

import pytest

import pyverbs.enums as e
from bed.device import fails_with, lacking
from bed.end import HERE, KINDS, RC, THERE, pair, pattern
from bed.request import Request, check_sent, issue
from pyverbs.addr import AH
from pyverbs.cq import CQ, CQEX, CompChannel, CqInitAttrEx
from pyverbs.mr import MR
from pyverbs.pd import PD
from pyverbs.qp import QP, QPCap, QPInitAttr
from pyverbs.srq import SRQ, SrqAttr, SrqInitAttr

KIND_IDS = pytest.mark.parametrize('kind', KINDS.values(), ids=KINDS)
TOO_LARGE = errno.EINVAL, errno.ENOMEM
MODEST = {'max_send_wr': 8, 'max_recv_wr': 8, 'max_send_sge': 1, 'max_recv_sge': 1,
          'max_inline_data': 0}
# A size of a queue pair, the device's limit of it, and how much more is surely too much. The rings
# of sends have blocks of a size that depends on the request, so theirs may end earlier or be
# rounded up.
CAPS = (('max_recv_wr', 'max_qp_wr', 1), ('max_recv_sge', 'max_sge', 'twice'),
        ('max_send_sge', 'max_sge', 'twice'), ('max_send_wr', 'max_qp_wr', 1))


def make_qp(pd, cq, kind=RC, **sizes):
    attr = QPInitAttr(kind, scq=cq, rcq=cq, cap=QPCap(**{**MODEST, **sizes}))
    return QP(pd, attr), attr


def beyond(limit, more):
    return 2 * limit + 4 if more == 'twice' else limit + more


@pytest.mark.parametrize('size', ({}, {'max_send_wr': 13, 'max_recv_wr': 21},
                                  {'max_send_sge': 5, 'max_recv_sge': 3},
                                  {'max_inline_data': 1}, {'max_inline_data': 333},
                                  {'max_send_wr': 1, 'max_recv_wr': 1},
                                  {'max_send_wr': 500, 'max_send_sge': 7, 'max_inline_data': 100},
                                  {'max_recv_wr': 0, 'max_recv_sge': 0},
                                  {'max_send_wr': 0, 'max_send_sge': 0}), ids=str)
@KIND_IDS
def test_a_queue_pair_is_as_large_as_asked_for(device, pd, cq, kind, size):
    qp, attr = make_qp(pd, cq, kind, **size)
    told = qp.query(e.IBV_QP_CAP)[1].cap
    for name, wanted in {**MODEST, **size}.items():
        assert getattr(told, name) >= getattr(attr.cap, name) >= wanted, name
        if device.family.grants_exactly:
            assert getattr(told, name) == getattr(attr.cap, name), name


@pytest.mark.parametrize('name, limit, more', CAPS[:3], ids=[cap[0] for cap in CAPS[:3]])
def test_a_queue_pair_at_the_limit(device, pd, cq, name, limit, more):
    limit = getattr(device.attr, limit)
    qp, attr = make_qp(pd, cq, **{name: limit})
    assert getattr(attr.cap, name) >= limit


@pytest.mark.parametrize('name, limit, more', CAPS, ids=[cap[0] for cap in CAPS])
@KIND_IDS
def test_a_queue_pair_beyond_the_limit(device, pd, cq, kind, name, limit, more):
    with fails_with(*TOO_LARGE):
        make_qp(pd, cq, kind, **{name: beyond(getattr(device.attr, limit), more)})
    make_qp(pd, cq, kind)


@pytest.mark.parametrize('octets', (4096, 1 << 20, 0xffffffff))
def test_more_data_within_requests_than_can_be(pd, cq, octets):
    with fails_with(*TOO_LARGE):
        make_qp(pd, cq, max_inline_data=octets)


def test_completion_queues_at_and_beyond_the_limit(device, context):
    assert CQ(context, 1).cqe >= 1
    most = CQ(context, min(device.attr.max_cqe, 1 << 16))
    assert most.cqe >= min(device.attr.max_cqe, 1 << 16)
    for make in (lambda size: CQ(context, size), lambda size: CQEX(context, CqInitAttrEx(size))):
        for size in (0, device.attr.max_cqe + 1, 0x7fffffff):
            with fails_with(errno.EINVAL):
                make(size)
    with fails_with(errno.EINVAL):
        CQ(context, -1)


def test_completion_vectors(context):
    for vector in range(context.num_comp_vectors):
        CQ(context, 1, comp_vector=vector).close()
    for vector in (context.num_comp_vectors, context.num_comp_vectors + 1, 1 << 20):
        with fails_with(errno.EINVAL):
            CQ(context, 1, comp_vector=vector)
        with fails_with(errno.EINVAL):
            CQEX(context, CqInitAttrEx(1, comp_vector=vector))


def test_shared_queues_at_the_limit(device, pd):
    most, pieces = device.attr.max_srq_wr, device.attr.max_srq_sge
    assert SRQ(pd, SrqInitAttr(SrqAttr(most, 1))).query().max_wr >= most
    assert SRQ(pd, SrqInitAttr(SrqAttr(4, pieces))).query().max_sge >= pieces
    assert SRQ(pd, SrqInitAttr(SrqAttr(1, 1))).query().max_wr >= 1


@pytest.mark.parametrize('wr, sge', ((1, 0), (0, 1), (1 << 30, 0), (0, 64)))
def test_shared_queues_beyond_the_limit(device, pd, wr, sge):
    attr = SrqAttr(device.attr.max_srq_wr + wr if wr else 4,
                   2 * device.attr.max_srq_sge + sge if sge else 1)
    with fails_with(errno.EINVAL):
        SRQ(pd, SrqInitAttr(attr))


def test_regions_beyond_the_limit(device, pd):
    with fails_with(errno.EINVAL, errno.EFAULT, errno.ENOMEM):
        MR(pd, device.attr.max_mr_size, e.IBV_ACCESS_LOCAL_WRITE, address=4096)


def test_ranges_past_the_end_of_memory(pd):
    for address, length in (((1 << 64) - 4096, 8192), (4096, (1 << 64) - 1)):
        with fails_with(errno.EINVAL, errno.EFAULT, errno.ENOMEM):
            MR(pd, length, 0, address=address)


MANY = {
    'domains': lambda bed, number: PD(bed['context']),
    'completion queues': lambda bed, number: CQ(bed['context'], 1),
    'channels': lambda bed, number: CompChannel(bed['context']),
    'regions': lambda bed, number: MR(bed['pd'], 100, 0),
    'queue pairs': lambda bed, number: make_qp(bed['pd'], bed['cq'],
                                               list(KINDS.values())[number % 3])[0],
    'shared queues': lambda bed, number: SRQ(bed['pd'], SrqInitAttr(SrqAttr(1))),
    'handles': lambda bed, number: AH(bed['pd'], attr=bed['device'].route(
        bed['device'].port.lid, bed['device'].gid)),
}


@pytest.mark.parametrize('what', MANY)
def test_many_at_a_time(device, context, pd, cq, what):
    """Each is another one, and in whatever order they go, new ones come."""
    bed = {'device': device, 'context': context, 'pd': pd, 'cq': cq}
    made = [MANY[what](bed, number) for number in range(120)]
    for name in ('qp_num', 'lkey', 'handle'):
        if hasattr(made[0], name):
            assert len({getattr(one, name) for one in made}) == len(made)
    for one in made[::3] + made[1::3]:
        one.close()
    again = [MANY[what](bed, number) for number in range(80)]
    assert len(again) == 80


@pytest.mark.parametrize('how', ('post_send', 'ibv_wr'))
def test_the_largest_message(device, how):
    """max_msg_sz is more than memory is worth here; what is beyond it is refused by its sender."""
    if device.port.max_msg_sz >= 1 << 31:
        lacking('the port takes any message that a piece can describe')
    end, peer = pair(device, RC, how)
    everything = MR(end.pd, 1 << 20, e.IBV_ACCESS_LOCAL_WRITE)
    pieces = [end.sge(1)]
    pieces[0].addr, pieces[0].length, pieces[0].lkey = (everything.buf, device.port.max_msg_sz + 1,
                                                        everything.lkey)
    issue(end, Request('write', pieces=pieces))
    status = end.sent.one().status
    # Who does not look at the length meets the end of the memory on one side or the other.
    assert device.family.means(status, e.IBV_WC_LOC_LEN_ERR) or status in (
        e.IBV_WC_LOC_PROT_ERR, e.IBV_WC_REM_ACCESS_ERR)


@pytest.mark.parametrize('reads', (1, 2, 'most'))
def test_more_reads_than_may_be_under_way(device, reads):
    """Those beyond wait for their turn."""
    reads = min(device.attr.max_qp_rd_atom, device.attr.max_qp_init_rd_atom) \
        if reads == 'most' else reads
    end, peer = pair(device, connected={'max_rd_atomic': reads, 'max_dest_rd_atomic': reads})
    data = pattern(30 * 2000)
    peer.write(data, THERE)
    requests = [Request('read', 2000, wr_id=number, offset=HERE + 2000 * number,
                        remote=peer.mr.buf + THERE + 2000 * number) for number in range(30)]
    issue(end, *requests)
    for done, request in zip(end.sent.take(30), requests):
        check_sent(done, end, request)
    assert end.mr.read(len(data), HERE) == data


@pytest.mark.parametrize('wanted', (1, 3, 8, 17, 64))
def test_a_send_queue_holds_what_it_promises(device, wanted):
    end, peer = pair(device, cap=QPCap(wanted, 4, 1, 1, 0))
    room = end.qp.query(e.IBV_QP_CAP)[0].cap.max_send_wr
    peer.qp.close()  # nothing is acknowledged
    issue(end, *(Request('write', 8, wr_id=number) for number in range(room)))
    with fails_with(errno.ENOMEM):
        issue(end, *(Request('write', 8, wr_id=500 + number) for number in range(room)))
    end.fail()
    done = end.sent.take(room)
    assert [one.wr_id for one in done] == list(range(room))


@pytest.mark.parametrize('wanted', (1, 3, 8, 17, 64))
@KIND_IDS
def test_a_receive_queue_holds_what_it_promises(device, kind, wanted):
    end, peer = pair(device, kind, cap=QPCap(4, wanted, 1, 2, 0))
    room = end.qp.query(e.IBV_QP_CAP)[0].cap.max_recv_wr
    assert room >= wanted
    for number in range(room):
        end.receive(8, wr_id=number)
    with fails_with(errno.ENOMEM):
        end.receive(8)
    end.fail()
    assert [came.wr_id for came in end.received.take(room)] == list(range(room))
