# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Tag matching: which receive a message gets, what its completions say, how the list changes, and
what is refused."""
import errno
import struct
import time

import pytest

import pyverbs.enums as e
from bed.device import fails_with, need
from bed.end import HERE, HOWS, RC, THERE, UC, UD, End, connect, pattern
from bed.queue import SECONDS
from bed.request import Request, issue
from pyverbs.cq import CQEX, CqInitAttrEx, PollCqAttr
from pyverbs.qp import QP, QPCap, QPInitAttr
from pyverbs.srq import SRQ, OpsWr, SrqAttr, SrqInitAttr, SrqInitAttrEx
from pyverbs.wr import RecvWR

NO_TAG, RENDEZVOUS, FIN, EAGER = range(4)  # enum ibv_tmh_op
HEADER, HEADERS, PRIVATE = 16, 32, 0x12abcdef
MATCH, DATA = e.IBV_WC_TM_MATCH, e.IBV_WC_TM_DATA_VALID
ALL_BITS = 2 ** 64 - 1
TAGGED, SOURCE = THERE + 32768, HERE + 20480  # in the memory of either end
MTU = 1024


def header(operation, tag):
    return struct.pack('!B3xIQ', operation, PRIVATE, tag)


def attributes(pd, cq, tags=10, ops=8):
    attr = SrqInitAttrEx(16, 1)
    attr.comp_mask = (e.IBV_SRQ_INIT_ATTR_TYPE | e.IBV_SRQ_INIT_ATTR_PD | e.IBV_SRQ_INIT_ATTR_CQ
                      | e.IBV_SRQ_INIT_ATTR_TM)
    attr.srq_type, attr.pd, attr.cq = e.IBV_SRQT_TM, pd, cq
    attr.max_num_tags, attr.max_ops = tags, ops
    return attr


class Tagged:
    """An end that receives by a queue with tags, and one that sends to it."""

    def __init__(self, device, how='post_send'):
        first = End(device, UD)  # for its domain and memory
        self.context, self.pd = device.context, first.pd
        self.cq = CQEX(device.context, CqInitAttrEx(
            200, wc_flags=e.IBV_WC_STANDARD_FLAGS | e.IBV_WC_EX_WITH_TM_INFO))
        self.srq = SRQ(device.context, attributes(self.pd, self.cq))
        self.end = End(device, RC, beside=first, srq=self.srq, cap=QPCap(16, 0, 4, 0, 0))
        self.sender = End(device, RC, how)
        connect(self.end, self.sender)
        self.unexpected = 0

    def change(self, opcode, wr_id, **more):
        operation = OpsWr(wr_id, opcode, e.IBV_OPS_SIGNALED | e.IBV_OPS_TM_SYNC,
                          unexpected_cnt=self.unexpected, **more)
        return operation

    def add(self, tag, length, mask=ALL_BITS, wr_id=1):
        """-> the handle"""
        operation = self.change(e.IBV_WR_TAG_ADD, wr_id, recv_wr_id=1000 + wr_id, tag=tag,
                                mask=mask, sg_list=[self.end.sge(length, TAGGED)])
        self.srq.post_srq_ops(operation)
        assert self.take()[:4] == (wr_id, e.IBV_WC_SUCCESS, e.IBV_WC_TM_ADD, 0)
        return operation.handle

    def tell(self, opcode, wr_id=2, handle=0):
        """-> the status of a change without a receive"""
        operation = self.change(opcode, wr_id)
        operation.handle = handle
        self.srq.post_srq_ops(operation)
        return self.take()[1]

    def receive(self, wr_id=50):
        self.srq.post_recv(RecvWR(wr_id, 1, [self.end.sge(8192, THERE)]))

    def send(self, data):
        self.sender.write(data)
        issue(self.sender, Request('send', len(data)))
        assert self.sender.sent.one().status == e.IBV_WC_SUCCESS

    def entry(self):
        info = self.cq.read_tm_info()
        return (self.cq.wr_id, self.cq.status, self.cq.read_opcode(),
                self.cq.read_wc_flags() & ~e.IBV_WC_GRH, self.cq.read_byte_len(), info.tag,
                info.priv)

    def take(self):
        """-> id, status, opcode, flags, length, tag and private data of the next completion"""
        deadline = time.monotonic() + SECONDS
        while self.cq.start_poll(PollCqAttr()):
            assert time.monotonic() < deadline, 'no completion'
        found = self.entry()
        self.cq.end_poll()
        return found

    def expect_match(self, wr_id, tag, length, whole):
        told = [(MATCH | DATA, length)] if whole else [(MATCH, 0), (DATA, length)]
        for number, (flags, count) in enumerate(told):
            found = self.take()
            assert found[:5] == (wr_id, e.IBV_WC_SUCCESS, e.IBV_WC_TM_RECV, flags, count)
            if number == 0:
                assert found[5:] == (tag, PRIVATE)


@pytest.fixture(autouse=True)
def tag_matching(device):
    need(device.extended.tm_caps.max_num_tags, 'the device has no tag matching')


@pytest.fixture
def tagged(device):
    return Tagged(device)


def test_capabilities(device):
    caps = device.extended.tm_caps
    assert caps.flags == e.IBV_TM_CAP_RC and caps.max_sge >= 1 and caps.max_ops >= 8
    assert caps.max_rndv_hdr_size >= HEADERS


@pytest.mark.parametrize('how', HOWS)
@pytest.mark.parametrize('size', (0, 1, MTU - HEADER, MTU - HEADER + 1, 20000))
def test_a_match_has_the_data(device, how, size):
    tagged, data = Tagged(device, how), pattern(size)
    tagged.add(0x1122334455667788, max(size, 1))
    tagged.end.clear(size, TAGGED)
    tagged.send(header(EAGER, 0x1122334455667788) + data)
    tagged.expect_match(1001, 0x1122334455667788, size, size <= MTU - HEADER)
    tagged.end.expect(data, TAGGED)


@pytest.mark.parametrize('mask', (ALL_BITS, 0xff, 0, 1 << 63))
def test_only_bits_of_the_mask_count(tagged, mask):
    tag = 0x8000000000000042
    tagged.add(tag & mask, 64, mask)
    tagged.send(header(EAGER, tag) + b'x')
    tagged.expect_match(1001, tag, 1, True)


def test_tags_match_in_their_order(tagged):
    for number in range(4):
        tagged.add(7, 64, wr_id=number)
    for number in range(4):
        tagged.send(header(EAGER, 7) + b'x')
        tagged.expect_match(1000 + number, 7, 1, True)


@pytest.mark.parametrize('operation, opcode', (
    (NO_TAG, e.IBV_WC_TM_NO_TAG), (FIN, e.IBV_WC_TM_NO_TAG), (EAGER, e.IBV_WC_TM_RECV)))
def test_what_nothing_fits_goes_to_ordinary_receives(tagged, operation, opcode):
    data = header(operation, 8) + pattern(2000)
    tagged.receive()
    tagged.add(7, 64)
    tagged.end.clear(len(data))
    tagged.send(data)
    assert tagged.take() == (50, e.IBV_WC_SUCCESS, opcode, 0, len(data), 8, PRIVATE)
    tagged.end.expect(data)


def test_a_tag_waits_until_the_program_has_counted(tagged):
    for wr_id in range(50, 52):
        tagged.receive(wr_id)
    tagged.send(header(EAGER, 7))
    assert tagged.take()[:4] == (50, e.IBV_WC_SUCCESS, e.IBV_WC_TM_RECV, 0)
    tagged.srq.post_srq_ops(tagged.change(e.IBV_WR_TAG_ADD, 1, recv_wr_id=1001, tag=7,
                                          mask=ALL_BITS))
    assert tagged.take()[:4] == (1, e.IBV_WC_SUCCESS, e.IBV_WC_TM_ADD, e.IBV_WC_TM_SYNC_REQ)
    tagged.send(header(EAGER, 7))
    assert tagged.take()[:4] == (51, e.IBV_WC_SUCCESS, e.IBV_WC_TM_RECV, 0)
    tagged.unexpected = 2
    assert tagged.tell(e.IBV_WR_TAG_SYNC) == e.IBV_WC_SUCCESS
    tagged.send(header(EAGER, 7))
    tagged.expect_match(1001, 7, 0, True)


@pytest.mark.parametrize('size', (0, 1, MTU, 20000))
def test_a_rendezvous_fetches_the_data(tagged, size):
    data, sender = pattern(size, 3), tagged.sender
    request = header(RENDEZVOUS, 9)
    request += struct.pack('!QII', sender.mr.buf + SOURCE, sender.mr.rkey, size)
    tagged.add(9, max(size, 1))
    tagged.end.clear(size, TAGGED)
    sender.write(data, SOURCE)
    sender.clear(HEADERS)
    sender.receive(64)
    tagged.send(request)
    tagged.expect_match(1001, 9, size, False)
    tagged.end.expect(data, TAGGED)
    assert sender.received.one().byte_len == HEADERS
    sender.expect(header(FIN, 9) + request[HEADER:])


def test_a_rendezvous_too_long_is_left_to_the_program(tagged):
    request = header(RENDEZVOUS, 9) + struct.pack('!QII', tagged.sender.mr.buf, 1, 65)
    tagged.add(9, 64)
    tagged.end.clear(HEADERS, TAGGED)
    tagged.send(request)
    assert tagged.take() == (1001, e.IBV_WC_TM_RNDV_INCOMPLETE, e.IBV_WC_TM_RECV, MATCH | DATA,
                             HEADERS, 9, PRIVATE)
    tagged.end.expect(request, TAGGED)


# The list


def test_removed_tags_match_no_more(tagged):
    tagged.receive()
    handle = tagged.add(7, 64)
    assert tagged.tell(e.IBV_WR_TAG_DEL, handle=handle) == e.IBV_WC_SUCCESS
    assert tagged.tell(e.IBV_WR_TAG_DEL, handle=handle) == e.IBV_WC_TM_ERR
    tagged.send(header(EAGER, 7))
    assert tagged.take()[0] == 50


def test_a_matched_tag_cannot_be_removed(tagged):
    handle = tagged.add(7, 64)
    tagged.send(header(EAGER, 7))
    tagged.expect_match(1001, 7, 0, True)
    assert tagged.tell(e.IBV_WR_TAG_DEL, handle=handle) == e.IBV_WC_TM_ERR


def test_a_full_list(tagged):
    for number in range(10):
        tagged.add(number, 64, wr_id=number)
    with fails_with(errno.ENOMEM):
        while True:
            tagged.add(99, 64)
    tagged.send(header(EAGER, 5))
    tagged.expect_match(1005, 5, 0, True)
    tagged.add(99, 64)


def test_changes_in_a_row(tagged):
    chain = None
    for number in reversed(range(5)):
        chain = OpsWr(number, e.IBV_WR_TAG_ADD, e.IBV_OPS_SIGNALED, chain, recv_wr_id=100 + number,
                      tag=number, mask=ALL_BITS)
    tagged.srq.post_srq_ops(chain)
    assert [tagged.take()[0] for _ in range(5)] == list(range(5))
    assert chain.handle != chain.next_wr.handle


def test_a_bad_change_names_itself(tagged):
    bad = OpsWr()
    row = OpsWr(1, e.IBV_WR_TAG_SYNC, e.IBV_OPS_SIGNALED,
                OpsWr(2, e.IBV_WR_TAG_SYNC + 1, e.IBV_OPS_SIGNALED))
    with fails_with(errno.EINVAL):
        tagged.srq.post_srq_ops(row, bad)
    assert bad.wr_id == 2 and tagged.take()[0] == 1


# Refusals


def test_other_shared_queues_have_no_list(tagged):
    srq = SRQ(tagged.pd, SrqInitAttr(SrqAttr(4, 1)))
    with fails_with(errno.EINVAL):
        srq.post_srq_ops(OpsWr(opcode=e.IBV_WR_TAG_SYNC))


def test_lists_that_cannot_be(device, tagged):
    most = device.extended.tm_caps.max_num_tags
    for tags in (0, most + 1):
        with fails_with(errno.EINVAL):
            SRQ(device.context, attributes(tagged.pd, tagged.cq, tags))
    SRQ(device.context, attributes(tagged.pd, tagged.cq, most)).close()


@pytest.mark.parametrize('part', ('PD', 'CQ', 'TM'))
def test_parts_that_are_missing(device, tagged, part):
    attr = attributes(tagged.pd, tagged.cq)
    attr.comp_mask &= ~getattr(e, 'IBV_SRQ_INIT_ATTR_' + part)
    with fails_with(errno.EINVAL):
        SRQ(device.context, attr)


@pytest.mark.parametrize('kind', (UC, UD), ids=('UC', 'UD'))
def test_only_reliable_connections_receive_by_it(tagged, kind):
    with fails_with(errno.EOPNOTSUPP):
        QP(tagged.pd, QPInitAttr(kind, scq=tagged.end.sent.cq, rcq=tagged.end.sent.cq,
                                 cap=QPCap(1, 0, 1, 0, 0), srq=tagged.srq))
