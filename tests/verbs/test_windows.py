# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Memory windows: remote access to part of a region, given and taken back by requests; and requests
that invalidate keys, their own or the peer's."""
import errno

import pytest

import pyverbs.enums as e
from bed.device import asking_for, fails_with, lacking, need
from bed.end import ALL_ACCESS, FILLING, HOWS, RC, SEND_OPS, End, connect, pattern
from bed.request import Request, issue
from pyverbs.mr import MR, MW, MWBind, MWBindInfo
from pyverbs.wr import SendWR

BINDABLE = ALL_ACCESS | e.IBV_ACCESS_MW_BIND
WINDOW = e.IBV_ACCESS_REMOTE_WRITE | e.IBV_ACCESS_REMOTE_READ
OPS = (SEND_OPS[RC] | e.IBV_QP_EX_WITH_SEND_WITH_INV | e.IBV_QP_EX_WITH_BIND_MW
       | e.IBV_QP_EX_WITH_LOCAL_INV)
TYPES = {1: e.IBV_MW_TYPE_1, 2: e.IBV_MW_TYPE_2}
HOW = pytest.mark.parametrize('how', HOWS)
KIND = pytest.mark.parametrize('kind', TYPES)
FLAGS = e.IBV_SEND_SIGNALED


class Bench:
    """A peer that uses a window, and the owner of window and region."""

    made = []

    def __init__(self, device, kind=2, how='post_send', access=BINDABLE):
        need(device.attr.max_mw or device.attr.device_cap_flags
             & (e.IBV_DEVICE_MEM_WINDOW | e.IBV_DEVICE_MEM_WINDOW_TYPE_2A
                | e.IBV_DEVICE_MEM_WINDOW_TYPE_2B), 'the device has no memory windows')
        options = {'send_ops': OPS} if how == 'ibv_wr' else {}
        self.user, self.owner = (End(device, RC, how, **options) for _ in range(2))
        connect(self.user, self.owner)
        with asking_for('memory windows'):
            self.window = MW(self.owner.pd, TYPES[kind])
        self.kind, self.region = kind, MR(self.owner.pd, 4096, access)
        self.region.write(FILLING * 4096, 4096)
        self.key = self.window.rkey
        self.made.append(self)

    def bind(self, offset=1024, length=1024, access=WINDOW):
        """-> the completion; the window's key is then `key`"""
        info = MWBindInfo(self.region, self.region.buf + offset, length, access)
        if self.kind == 1:
            self.owner.qp.bind_mw(self.window, MWBind(info, FLAGS, 5))
            self.key = self.window.rkey
        else:
            self.bind_by_request(info)
        done = self.owner.sent.one()
        assert done.wr_id == 5
        if done.status == e.IBV_WC_SUCCESS:
            assert done.opcode == e.IBV_WC_BIND_MW
            # Type 2 leaves the handle to its owner. Some devices are told from it which key to follow.
            self.window.rkey = self.key
        return done

    def bind_by_request(self, info):
        self.key = (self.key & ~0xff) | (self.key + 1 & 0xff)
        if self.owner.how == 'post_send':
            wr = SendWR(5, e.IBV_WR_BIND_MW, send_flags=FLAGS)
            wr.set_bind_wr(self.window, info)
            self.key = wr.rkey
            self.owner.qp.post_send(wr)
            return
        qp = self.owner.qp
        qp.wr_start()
        qp.wr_id, qp.wr_flags = 5, FLAGS
        qp.wr_bind_mw(self.window, self.key, info)
        qp.wr_complete()

    def opened(self, **place):
        assert self.bind(**place).status == e.IBV_WC_SUCCESS
        return self

    def use(self, name='write', offset=1024, size=32, key=None):
        """-> the status of the user's access"""
        self.user.write(pattern(size))
        issue(self.user, Request(name, size, rkey=self.key if key is None else key,
                                 remote=self.region.buf + offset))
        return self.user.sent.one().status

    def again(self):
        """After an error."""
        for end in (self.user, self.owner):
            end.reset()
        connect(self.user, self.owner)


@pytest.fixture(autouse=True)
def windows_first():
    """A kernel may wait for ever to end a queue pair or a region that a window is bound to."""
    yield
    for bench in Bench.made:
        bench.window.close()
    Bench.made.clear()


@HOW
@KIND
def test_a_window_opens_a_range(device, kind, how):
    bench = Bench(device, kind, how).opened()
    assert bench.use() == e.IBV_WC_SUCCESS and bench.region.read(32, 1024) == pattern(32)
    assert bench.use('read', 2048 - 32) == e.IBV_WC_SUCCESS
    assert bench.region.read(8, 1016) == FILLING * 8


@KIND
@pytest.mark.parametrize('offset', (1023, 2048 - 31, 0, 4096 - 32))
def test_a_window_has_bounds(device, kind, offset):
    need(not device.family.no_window_bounds, device.family.no_window_bounds)
    bench = Bench(device, kind).opened()
    assert bench.use(offset=offset) == e.IBV_WC_REM_ACCESS_ERR
    assert FILLING * 4096 == bench.region.read(4096, 0)


@KIND
@pytest.mark.parametrize('access, refused', ((e.IBV_ACCESS_REMOTE_READ, 'write'),
                                             (e.IBV_ACCESS_REMOTE_WRITE, 'read')))
def test_rights_are_those_of_the_window(device, kind, access, refused):
    bench = Bench(device, kind).opened(access=access)
    allowed = {'write': 'read', 'read': 'write'}[refused]
    assert bench.use(allowed) == e.IBV_WC_SUCCESS
    assert bench.use(refused) == e.IBV_WC_REM_ACCESS_ERR


@KIND
def test_before_it_is_bound_it_opens_nothing(device, kind):
    assert Bench(device, kind).use() == e.IBV_WC_REM_ACCESS_ERR


def test_type_1_moves_with_a_new_key(device):
    bench = Bench(device, 1).opened()
    old = bench.key
    bench.opened(offset=2048)
    assert bench.key != old
    assert bench.use(offset=2048) == e.IBV_WC_SUCCESS
    assert bench.use(key=old) == e.IBV_WC_REM_ACCESS_ERR


def test_type_1_closes_with_length_zero(device):
    bench = Bench(device, 1).opened()
    bench.opened(length=0)
    assert bench.use(size=8) == e.IBV_WC_REM_ACCESS_ERR


@HOW
def test_its_owner_invalidates_a_key(device, how):
    bench = Bench(device, 2, how).opened()
    assert bench.use() == e.IBV_WC_SUCCESS
    qp = bench.owner.qp
    if how == 'post_send':
        qp.post_send(SendWR(6, e.IBV_WR_LOCAL_INV, imm_data=bench.key, send_flags=FLAGS))
    else:
        qp.wr_start()
        qp.wr_id, qp.wr_flags = 6, FLAGS
        qp.wr_local_inv(bench.key)
        qp.wr_complete()
    done = bench.owner.sent.one()
    assert (done.wr_id, done.status, done.opcode) == (6, e.IBV_WC_SUCCESS, e.IBV_WC_LOCAL_INV)
    assert bench.use() == e.IBV_WC_REM_ACCESS_ERR
    bench.again()
    bench.opened()
    assert bench.use() == e.IBV_WC_SUCCESS


@HOW
def test_its_user_invalidates_a_key(device, how):
    """With a message, whose receiver is told the key."""
    bench = Bench(device, 2, how).opened()
    bench.owner.clear(50)
    bench.owner.receive(50)
    bench.user.write(pattern(50))
    qp = bench.user.qp
    if how == 'post_send':
        qp.post_send(SendWR(6, e.IBV_WR_SEND_WITH_INV, 1, bench.key, [bench.user.sge(50)], FLAGS))
    else:
        qp.wr_start()
        qp.wr_id, qp.wr_flags = 6, FLAGS
        qp.wr_send_inv(bench.key)
        qp.wr_set_sge(bench.user.sge(50))
        qp.wr_complete()
    assert bench.user.sent.one().status == e.IBV_WC_SUCCESS
    came = bench.owner.received.one()
    assert (came.status, came.byte_len, came.wc_flags & e.IBV_WC_WITH_INV) == (
        e.IBV_WC_SUCCESS, 50, e.IBV_WC_WITH_INV)
    assert came.imm_data == bench.key  # the two share a place
    bench.owner.expect(pattern(50))
    assert bench.use() == e.IBV_WC_REM_ACCESS_ERR


def refused_binding(bench, **place):
    """At once, or by a completion and the error state."""
    try:
        done = bench.bind(**place)
    except Exception as error:
        assert error.error_code in (errno.EINVAL, errno.EPERM, errno.EOPNOTSUPP)
        return
    assert done.status != e.IBV_WC_SUCCESS
    assert bench.owner.qp.qp_state == e.IBV_QPS_ERR


@KIND
@pytest.mark.parametrize('place', ({'offset': 3584}, {'offset': 4096}, {'offset': -8},
                                   {'length': 1 << 30}), ids=str)
def test_windows_beyond_their_region(device, kind, place):
    refused_binding(Bench(device, kind), **place)


@KIND
def test_regions_that_take_no_windows(device, kind):
    if device.family.no_bind_right:
        lacking(device.family.no_bind_right)
    refused_binding(Bench(device, kind, access=ALL_ACCESS))


@KIND
def test_a_window_gives_no_rights_that_its_region_lacks(device, kind):
    refused_binding(Bench(device, kind, access=e.IBV_ACCESS_MW_BIND), access=WINDOW)


def test_type_2_is_not_for_the_verb(device):
    bench = Bench(device, 2)
    info = MWBindInfo(bench.region, bench.region.buf, 8, WINDOW)
    with fails_with(errno.EINVAL):
        bench.owner.qp.bind_mw(bench.window, MWBind(info, FLAGS))


@KIND
def test_a_region_with_a_window_stays(device, kind):
    bench = Bench(device, kind).opened()
    with fails_with(errno.EBUSY, errno.EINVAL, errno.EIO):
        bench.region.close()
    assert bench.use() == e.IBV_WC_SUCCESS
    bench.window.close()
    bench.region.close()


@KIND
def test_a_window_that_is_gone(device, kind):
    bench = Bench(device, kind).opened()
    bench.window.close()
    assert bench.use() == e.IBV_WC_REM_ACCESS_ERR


@pytest.mark.parametrize('kind', (0, 3, 77))
def test_types_that_nobody_knows(device, pd, kind):
    with fails_with(errno.EINVAL, errno.EOPNOTSUPP):
        MW(pd, kind)


def test_keys_of_regions_cannot_be_invalidated(device):
    bench = Bench(device)
    bench.owner.receive(8)
    bench.user.qp.post_send(SendWR(6, e.IBV_WR_SEND_WITH_INV, 1, bench.region.rkey,
                                   [bench.user.sge(8)], FLAGS))
    sent = bench.user.sent.one()
    assert device.family.acknowledges_before_it_invalidates or sent.status != e.IBV_WC_SUCCESS
    assert bench.owner.received.one().status != e.IBV_WC_SUCCESS
    assert bench.owner.qp.qp_state == e.IBV_QPS_ERR
    bench.again()
    assert bench.use(key=bench.region.rkey) == e.IBV_WC_SUCCESS
