# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Ethernet frames through pyverbs: raw packet queue pairs, rules that lead frames to them, work queues
that share them. Only where the port is Ethernet's; the C programs of tests/traffic/verbs go further."""
import collections
import errno
import struct
import time

import pytest

import pyverbs.enums as e
from bed.device import PORT, fails_with
from bed.end import ALL_ACCESS
from pyverbs.cq import CQ, CQEX, CqInitAttrEx, PollCqAttr
from pyverbs.flow import Flow, FlowAttr
from pyverbs.mr import MR
from pyverbs.pd import PD
from pyverbs.qp import QP, QPAttr, QPCap, QPEx, QPInitAttr, QPInitAttrEx
from pyverbs.spec import EthSpec, Ipv4ExtSpec, TcpUdpSpec
from pyverbs.wq import (WQ, RwqIndTable, RwqIndTableInitAttr, RxHashConf, WQAttr, WQInitAttr)
from pyverbs.wr import SGE, RecvWR, SendWR

SECONDS = 20
ROOM = 2048
SENDING = 0  # where in the memory frames are sent from; receives lie behind
TO, FROM = bytes.fromhex('02aabbccddee'), bytes.fromhex('020000000102')
PLAIN_MAC = ':'.join(f'{byte:02x}' for byte in TO)
KEY = bytes(range(1, 41))
BOTH_IPS = e.IBV_RX_HASH_SRC_IPV4 | e.IBV_RX_HASH_DST_IPV4

Received = collections.namedtuple('Received', 'wr_id frame wc')


def checksum(data):
    total = sum(struct.unpack(f'!{len(data) // 2}H', data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def datagram(payload, to_port=2222, from_ip='10.1.2.3', to_ip='10.4.5.6', good=True):
    """-> a frame of UDP without a checksum of its own"""
    addresses = b''.join(bytes(map(int, ip.split('.'))) for ip in (from_ip, to_ip))
    udp = struct.pack('!HHHH', 1111, to_port, 8 + len(payload), 0) + payload
    head = struct.pack('!BBHHHBBH', 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0)
    if good:
        head = head[:10] + struct.pack('!H', checksum(head + addresses))
    return TO + FROM + b'\x08\x00' + head + addresses + udp


class Station:
    """A raw packet queue pair that is ready to send."""

    def __init__(self, context, state=e.IBV_QPS_RTS, cq=None, extended=None):
        self.pd = PD(context)
        self.cq = cq or CQ(context, 100)
        self.mr = MR(self.pd, ROOM * 20, ALL_ACCESS)
        cap = QPCap(max_send_wr=16, max_recv_wr=16, max_send_sge=3, max_inline_data=200)
        if extended is None:
            self.qp = QP(self.pd, QPInitAttr(qp_type=e.IBV_QPT_RAW_PACKET, scq=self.cq,
                                             rcq=self.cq, cap=cap))
        else:
            self.qp = QPEx(context, QPInitAttrEx(
                qp_type=e.IBV_QPT_RAW_PACKET, scq=self.cq, rcq=self.cq, cap=cap, pd=self.pd,
                comp_mask=(e.IBV_QP_INIT_ATTR_PD | e.IBV_QP_INIT_ATTR_SEND_OPS_FLAGS
                           | e.IBV_QP_INIT_ATTR_MAX_TSO_HEADER),
                send_ops_flags=extended, max_tso_header=64))
        for step in (e.IBV_QPS_INIT, e.IBV_QPS_RTR, e.IBV_QPS_RTS):
            if step <= state:
                self.go(step)

    def go(self, state):
        attr = QPAttr(qp_state=state, port_num=PORT)
        self.qp.modify(attr, e.IBV_QP_STATE | (e.IBV_QP_PORT if state == e.IBV_QPS_INIT else 0))

    def sge(self, at, length):
        return SGE(self.mr.buf + at, length, self.mr.lkey)

    def listen(self, count, first=1):
        for slot in range(first, first + count):
            self.qp.post_recv(RecvWR(slot, 1, [self.sge(slot * ROOM, ROOM)]))

    def next_wc(self):
        deadline = time.monotonic() + SECONDS
        while True:
            count, found = self.cq.poll(1)
            if count:
                return found[0]
            assert time.monotonic() < deadline, 'no completion'

    def send(self, frame, flags=0):
        self.mr.write(frame, len(frame), SENDING)
        self.qp.post_send(SendWR(99, e.IBV_WR_SEND, num_sge=1,
                                 sg=[self.sge(SENDING, len(frame))],
                                 send_flags=e.IBV_SEND_SIGNALED | flags))
        wc = self.next_wc()
        assert (wc.wr_id, wc.status, wc.opcode) == (99, e.IBV_WC_SUCCESS, e.IBV_WC_SEND)

    def received(self):
        wc = self.next_wc()
        assert wc.status == e.IBV_WC_SUCCESS and wc.opcode == e.IBV_WC_RECV
        return Received(wc.wr_id, self.mr.read(wc.byte_len, wc.wr_id * ROOM), wc)

    def is_quiet(self):
        return self.cq.poll(1)[0] == 0


def rule(qp, *specs, flow_type=e.IBV_FLOW_ATTR_NORMAL, priority=0, flags=0):
    attr = FlowAttr(num_of_specs=len(specs), flow_type=flow_type, priority=priority, port=PORT,
                    flags=flags)
    attr.specs.extend(specs)
    return Flow(qp, attr)


def to_here():
    return EthSpec(dst_mac=PLAIN_MAC)


@pytest.fixture
def sender(context):
    return Station(context)


@pytest.fixture
def receiver(context):
    station = Station(context)
    station.listen(10)
    return station


@pytest.mark.parametrize('length', (18, 19, 64, 300, 1400))
def test_a_frame_arrives_as_it_was_sent(sender, receiver, length):
    frame = datagram((bytes(range(256)) * 6)[:length])
    with rule(receiver.qp, to_here()):
        sender.send(frame)
        got = receiver.received()
    assert got.wr_id == 1 and got.frame == frame
    assert got.wc.qp_num == receiver.qp.qp_num


def test_checksums_are_made_on_request(sender, receiver):
    whole, bare = datagram(b'x' * 100), datagram(b'x' * 100, good=False)
    assert whole != bare
    with rule(receiver.qp, to_here()):
        sender.send(bare, e.IBV_SEND_IP_CSUM)
        got = receiver.received()
    assert got.frame[:34] == whole[:34] and got.frame[42:] == whole[42:]
    assert got.wc.wc_flags & e.IBV_WC_IP_CSUM_OK


def test_without_a_rule_nothing_comes(sender, receiver):
    sender.send(datagram(b'lost' * 10))
    assert receiver.is_quiet()
    with rule(receiver.qp, to_here()):
        sender.send(datagram(b'kept' * 10))
        assert receiver.received().frame.endswith(b'kept')
    sender.send(datagram(b'gone' * 10))
    assert receiver.is_quiet()


def test_rules_tell_ports_apart(context, sender, receiver):
    other = Station(context)
    other.listen(10)
    with rule(receiver.qp, to_here(), Ipv4ExtSpec(), TcpUdpSpec(e.IBV_FLOW_SPEC_UDP, dst_port=1)), \
            rule(other.qp, to_here(), Ipv4ExtSpec(), TcpUdpSpec(e.IBV_FLOW_SPEC_UDP, dst_port=2)):
        for turn in range(1, 5):
            for port, station in ((1, receiver), (2, other)):
                frame = datagram(bytes([turn]) * 50, port)
                sender.send(frame)
                got = station.received()
                assert got.wr_id == turn and got.frame == frame
        sender.send(datagram(b'nobody' * 10, 3))
    assert receiver.is_quiet() and other.is_quiet()


def test_the_lower_number_goes_first(context, sender, receiver):
    other = Station(context)
    other.listen(10)
    with rule(receiver.qp, to_here(), priority=2), \
            rule(other.qp, to_here(), Ipv4ExtSpec(src_ip='10.1.2.3'), priority=1):
        sender.send(datagram(b'a' * 50))
        assert other.received().wr_id == 1
        sender.send(datagram(b'b' * 50, from_ip='10.1.2.4'))
        assert receiver.received().wr_id == 1
    assert receiver.is_quiet() and other.is_quiet()


def test_a_sniffer_sees_everything(context, sender, receiver):
    other = Station(context)
    other.listen(10)
    with rule(receiver.qp, to_here()), rule(other.qp, flow_type=e.IBV_FLOW_ATTR_SNIFFER):
        frame = datagram(b'seen' * 20)
        sender.send(frame)
        assert receiver.received().frame == other.received().frame == frame


def test_a_queue_pair_takes_its_rules_along(context, sender, receiver):
    rule(receiver.qp, to_here())
    receiver.qp.close()
    other = Station(context)
    other.listen(1)
    with rule(other.qp, to_here()):
        sender.send(datagram(b'another' * 10))
        assert other.received().wr_id == 1


@pytest.mark.parametrize('flags, code', ((e.IBV_FLOW_ATTR_FLAGS_EGRESS, errno.EOPNOTSUPP),
                                         (1 << 20, errno.EOPNOTSUPP)))
def test_flags_that_rules_here_have_not(receiver, flags, code):
    with fails_with(code):
        rule(receiver.qp, to_here(), flags=flags)


def test_other_queue_pairs_take_no_rules(context):
    pd, cq = PD(context), CQ(context, 10)
    qp = QP(pd, QPInitAttr(qp_type=e.IBV_QPT_RC, scq=cq, rcq=cq, cap=QPCap()))
    with fails_with(errno.EINVAL):
        rule(qp, to_here())


def test_extended_calls(context, receiver):
    sender = Station(context, extended=e.IBV_QP_EX_WITH_SEND | e.IBV_QP_EX_WITH_TSO)
    frame = datagram(b'by calls' * 10)
    sender.mr.write(frame, len(frame), SENDING)
    with rule(receiver.qp, to_here()):
        sender.qp.wr_start()
        sender.qp.wr_id, sender.qp.wr_flags = 7, e.IBV_SEND_SIGNALED
        sender.qp.wr_send()
        sender.qp.wr_set_sge(sender.sge(SENDING, len(frame)))
        sender.qp.wr_send()
        sender.qp.wr_set_inline_data(frame, len(frame))
        sender.qp.wr_complete()
        assert receiver.received().frame == receiver.received().frame == frame
    assert [sender.next_wc().wr_id for _ in range(2)] == [7, 7]


def test_tags_are_read_from_extended_queues(context, sender):
    cq = CQEX(context, CqInitAttrEx(cqe=20, wc_flags=e.IBV_WC_EX_WITH_FLOW_TAG
                                    | e.IBV_WC_EX_WITH_BYTE_LEN | e.IBV_WC_EX_WITH_CVLAN))
    station = Station(context, cq=cq)
    station.listen(1)
    frame = datagram(b'no tag' * 10)
    with rule(station.qp, to_here()):
        sender.send(frame)
        deadline = time.monotonic() + SECONDS
        while cq.start_poll(PollCqAttr()) == errno.ENOENT:
            assert time.monotonic() < deadline
        assert (cq.wr_id, cq.status) == (1, e.IBV_WC_SUCCESS)
        assert cq.read_byte_len() == len(frame)
        assert cq.read_flow_tag() == 0 and cq.read_cvlan() == 0
        cq.end_poll()


def test_receives_come_back_from_the_error_state(receiver):
    receiver.go(e.IBV_QPS_ERR)
    for slot in range(1, 11):
        wc = receiver.next_wc()
        assert (wc.wr_id, wc.status) == (slot, e.IBV_WC_WR_FLUSH_ERR)


# Work queues.

def make_wq(context, pd, cq, **more):
    return WQ(context, WQInitAttr(wq_pd=pd, wq_cq=cq, max_wr=16, **more))


class Spread:
    """Work queues, a table of them, and the queue pair that spreads frames over them."""

    def __init__(self, context, log_size=1, fields=BOTH_IPS, key=KEY):
        self.pd, self.cq = PD(context), CQ(context, 100)
        self.mr = MR(self.pd, ROOM * 20, ALL_ACCESS)
        self.wqs = [make_wq(context, self.pd, self.cq) for _ in range(1 << log_size)]
        for number, wq in enumerate(self.wqs):
            wq.modify(WQAttr(attr_mask=e.IBV_WQ_ATTR_STATE, wq_state=e.IBV_WQS_RDY))
            wq.post_recv(RecvWR(number, 1, [SGE(self.mr.buf + number * ROOM, ROOM, self.mr.lkey)]))
        self.table = RwqIndTable(context, RwqIndTableInitAttr(log_size, self.wqs))
        conf = RxHashConf(e.IBV_RX_HASH_FUNC_TOEPLITZ, len(key), list(key), fields)
        self.qp = QPEx(context, QPInitAttrEx(
            qp_type=e.IBV_QPT_RAW_PACKET, pd=self.pd, cap=QPCap(0, 0, 0, 0, 0),
            ind_table=self.table, hash_conf=conf,
            comp_mask=(e.IBV_QP_INIT_ATTR_PD | e.IBV_QP_INIT_ATTR_IND_TABLE
                       | e.IBV_QP_INIT_ATTR_RX_HASH)))

    def next_wc(self):
        return Station.next_wc(self)


def toeplitz(data, key=KEY):
    bits, result = int.from_bytes(key, 'big'), 0
    for i in range(8 * len(data)):
        if data[i // 8] >> (7 - i % 8) & 1:
            result ^= bits >> (8 * len(key) - 32 - i) & 0xffffffff
    return result


@pytest.mark.parametrize('last', range(1, 9))
def test_the_hash_chooses_the_queue(context, sender, last):
    spread = Spread(context, log_size=2)
    frame = datagram(b'spread' * 10, from_ip=f'10.9.8.{last}')
    with rule(spread.qp, to_here()):
        sender.send(frame)
        wc = spread.next_wc()
    assert wc.status == e.IBV_WC_SUCCESS
    assert wc.wr_id == toeplitz(frame[26:34]) % 4
    assert spread.mr.read(wc.byte_len, wc.wr_id * ROOM) == frame


def test_states_of_work_queues(context, pd, cq):
    wq = make_wq(context, pd, cq)
    wq.post_recv(RecvWR(1))
    wq.modify(WQAttr(attr_mask=e.IBV_WQ_ATTR_STATE, wq_state=e.IBV_WQS_RDY))
    wq.modify(WQAttr(attr_mask=e.IBV_WQ_ATTR_STATE, wq_state=e.IBV_WQS_ERR))
    deadline = time.monotonic() + SECONDS
    found = []
    while not found and time.monotonic() < deadline:
        found = cq.poll(1)[1]
    assert [(wc.wr_id, wc.status) for wc in found] == [(1, e.IBV_WC_WR_FLUSH_ERR)]
    with fails_with(errno.EINVAL):
        wq.modify(WQAttr(attr_mask=e.IBV_WQ_ATTR_STATE, wq_state=e.IBV_WQS_RDY))


@pytest.mark.parametrize('key, fields', ((KEY[:39], BOTH_IPS),
                                         (KEY, e.IBV_RX_HASH_SRC_IPV4 | e.IBV_RX_HASH_SRC_IPV6)))
def test_hashes_that_cannot_be(context, key, fields):
    with fails_with(errno.EINVAL):
        Spread(context, fields=fields, key=key)


def test_what_the_device_says_of_frames(device):
    extended = device.extended
    assert extended.rss_caps.supported_qpts & 1 << e.IBV_QPT_RAW_PACKET
    assert extended.rss_caps.rx_hash_function & e.IBV_RX_HASH_FUNC_TOEPLITZ
    assert extended.rss_caps.rx_hash_fields_mask & BOTH_IPS == BOTH_IPS
    assert extended.rss_caps.max_rwq_indirection_table_size >= 4
    assert extended.max_wq_type_rq > 0
    assert extended.tso_caps.max_tso > 0
    assert extended.tso_caps.supported_qpts & 1 << e.IBV_QPT_RAW_PACKET
    assert extended.raw_packet_caps & e.IBV_RAW_PACKET_CAP_IP_CSUM
    assert device.attr.device_cap_flags & e.IBV_DEVICE_RAW_IP_CSUM
    assert device.attr.device_cap_flags & e.IBV_DEVICE_MANAGED_FLOW_STEERING
