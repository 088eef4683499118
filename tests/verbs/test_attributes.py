# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The attributes of queue pairs: each that a step needs, each that it does not allow, each value at
its bound and beyond it, and what a query then tells."""
import errno

import pytest

import pyverbs.enums as e
from bed.device import fails_with, lacking
from bed.end import KINDS, PSN, QKEY, RC, UC, UD, End, pair
from bed.request import Request, issue
from bed.state import BEFORE, INIT, OPTIONAL, REQUIRED, RESET, RTR, RTS, STATES, new, required, step

KIND_IDS = pytest.mark.parametrize('kind', KINDS.values(), ids=KINDS)
NAMES = {kind: name for name, kind in KINDS.items()} | {state: name for name, state in
                                                        STATES.items()}
ATTRIBUTES = [bit for bit in e.ibv_qp_attr_mask
              if bit not in (e.IBV_QP_STATE, e.IBV_QP_CUR_STATE, e.IBV_QP_RATE_LIMIT,
                             e.IBV_QP_CAP, e.IBV_QP_EN_SQD_ASYNC_NOTIFY, e.IBV_QP_ALT_PATH,
                             e.IBV_QP_PATH_MIG_STATE)]
STEPS = [(kind, there) for there in (INIT, RTR, RTS) for kind in (RC, UC, UD)]


def cases(wanted):
    return [pytest.param(kind, there, bit, id=f'{NAMES[kind]}-{NAMES[there]}-{bit.name[7:]}')
            for kind, there in STEPS for bit in ATTRIBUTES if wanted(kind, there, bit)]


def is_required(kind, there, bit):
    return REQUIRED.get((kind, there), 0) & bit


def is_foreign(kind, there, bit):
    return not (REQUIRED.get((kind, there), 0) | OPTIONAL.get((kind, there), 0)) & bit


@pytest.mark.parametrize('kind, there, bit', cases(is_required))
def test_a_step_without_an_attribute_that_it_needs(device, kind, there, bit):
    end = new(device, kind, BEFORE[there])
    mask = required(kind, BEFORE[there], there)
    with fails_with(errno.EINVAL):
        step(end, there, mask & ~bit)
    assert end.qp.qp_state == BEFORE[there]
    step(end, there, mask)
    assert end.qp.qp_state == there


@pytest.mark.parametrize('kind, there, bit', cases(is_foreign))
def test_a_step_with_an_attribute_that_is_not_its(device, kind, there, bit):
    end = new(device, kind, BEFORE[there])
    mask = required(kind, BEFORE[there], there)
    with fails_with(errno.EINVAL):
        step(end, there, mask | bit)
    assert end.qp.qp_state == BEFORE[there]
    step(end, there, mask)
    assert end.qp.qp_state == there


@KIND_IDS
def test_bits_that_nobody_knows(device, kind):
    end = new(device, kind, RESET)
    with fails_with(errno.EINVAL, errno.EOPNOTSUPP):
        step(end, INIT, required(kind, RESET, INIT) | 1 << 30)
    assert end.qp.qp_state == RESET


# What, of which step, at its bound and beyond it; the last says which families look.
VALUES = (
    ('port_num', INIT, (1,), (0, 2, 255), None),
    ('pkey_index', INIT, (0,), (5000, 65535), 'checks_values'),
    ('path_mtu', RTR, (e.IBV_MTU_256,), (6, 255), None),
    ('path_mtu', RTR, (), (0,), 'checks_values'),
    ('max_dest_rd_atomic', RTR, (0, 1, 'max_qp_rd_atom'), ('max_qp_rd_atom+1', 200),
     'checks_values'),
    ('min_rnr_timer', RTR, (0, 31), (), None),
    ('rq_psn', RTR, (0, 0xffffff), (), None),
    ('dest_qp_num', RTR, (0xffffff,), (), None),
    ('max_rd_atomic', RTS, (0, 1, 'max_qp_init_rd_atom'), ('max_qp_init_rd_atom+1', 200), None),
    ('timeout', RTS, (0, 31), (32, 255), 'checks_ranges'),
    ('retry_cnt', RTS, (0, 7), (8, 255), 'checks_ranges'),
    ('rnr_retry', RTS, (0, 7), (8, 255), 'checks_ranges'),
    ('sq_psn', RTS, (0, 0xffffff), (), None),
)


def named(device, value):
    """A number, or that of the device's limit of this name."""
    if isinstance(value, str):
        name, _, more = value.partition('+')
        return getattr(device.attr, name) + int(more or 0)
    return value


@pytest.mark.parametrize('name, there, value', [
    pytest.param(name, there, value, id=f'{name}={value}')
    for name, there, good, _, _ in VALUES for value in good])
def test_a_value_at_its_bound(device, name, there, value):
    value, end = named(device, value), new(device, RC, BEFORE[there])
    step(end, there, required(RC, BEFORE[there], there), **{name: value})
    told = getattr(end.qp.query(0xfffff)[0], name)
    # Adapters keep the logarithm of how many reads there may be: none is told as one.
    assert told == value or (name.endswith('rd_atomic') and (value, told) == (0, 1))


@pytest.mark.parametrize('name, there, value, checked', [
    pytest.param(name, there, value, checked, id=f'{name}={value}')
    for name, there, _, bad, checked in VALUES for value in bad])
def test_a_value_beyond_its_bound(device, name, there, value, checked):
    value, end = named(device, value), new(device, RC, BEFORE[there])
    mask = required(RC, BEFORE[there], there)
    if checked and not getattr(device.family, checked):
        lacking(f'{device.family.name} does not look at this value')
    with fails_with(errno.EINVAL):
        step(end, there, mask, **{name: value})
    assert end.qp.qp_state == BEFORE[there]
    step(end, there, mask)


@pytest.mark.parametrize('spoil', ({'sgid_index': 200, 'is_global': 1}, {'port_num': 2},
                                   {'port_num': 0}), ids=str)
@pytest.mark.parametrize('kind', (RC, UC), ids=('RC', 'UC'))
def test_a_path_that_cannot_be(device, kind, spoil):
    end = new(device, kind, INIT)
    attr = end.attributes(end.peer, qp_state=RTR)
    path = attr.ah_attr
    for name, value in spoil.items():
        setattr(path, name, value)
    attr.ah_attr = path
    with fails_with(errno.EINVAL, errno.ENODATA):
        end.qp.modify(attr, REQUIRED[kind, RTR] | e.IBV_QP_STATE)
    assert end.qp.qp_state == INIT


@KIND_IDS
def test_a_query_tells_what_was_set(device, kind):
    end, peer = pair(device, kind)
    is_, made = end.qp.query(0xfffff)
    assert (is_.qp_state, is_.port_num, is_.pkey_index, is_.sq_psn) == (RTS, 1, 0, PSN)
    assert made.qp_type == kind and not made.sq_sig_all
    if kind == UD:
        assert is_.qkey == QKEY
        return
    assert (is_.dest_qp_num, is_.rq_psn, is_.path_mtu) == (peer.qp.qp_num, PSN, e.IBV_MTU_1024)
    assert is_.ah_attr.dlid == end.peer.lid and is_.ah_attr.port_num == 1
    assert bool(is_.ah_attr.is_global) == device.is_ethernet
    if device.is_ethernet:
        assert is_.ah_attr.dgid == end.peer.gid and is_.ah_attr.hop_limit > 0
    if kind == RC:
        assert (is_.timeout, is_.retry_cnt, is_.rnr_retry, is_.max_rd_atomic,
                is_.max_dest_rd_atomic, is_.min_rnr_timer) == (14, 7, 7, 4, 4, 12)


@pytest.mark.parametrize('bit, name, value', (
    (e.IBV_QP_MIN_RNR_TIMER, 'min_rnr_timer', 22),
    (e.IBV_QP_ACCESS_FLAGS, 'qp_access_flags', e.IBV_ACCESS_REMOTE_READ)))
def test_what_changes_under_way(device, bit, name, value):
    end, peer = pair(device)
    attr = end.attributes(end.peer, **{name: value})
    end.qp.modify(attr, bit)
    found = end.qp.query(bit)[0]
    assert getattr(found, name) & ~e.IBV_ACCESS_LOCAL_WRITE == value or name == 'min_rnr_timer'
    assert found.qp_state == RTS
    peer.receive(8)
    issue(end, Request('send', 8))
    assert end.sent.one().status == peer.received.one().status == e.IBV_WC_SUCCESS


def test_a_wrong_belief_about_the_state(device):
    end = new(device, RC, RTR)
    with fails_with(errno.EINVAL):
        step(end, RTS, REQUIRED[RC, RTS] | e.IBV_QP_CUR_STATE, cur_qp_state=INIT)
    assert end.qp.qp_state == RTR
    step(end, RTS, REQUIRED[RC, RTS] | e.IBV_QP_CUR_STATE, cur_qp_state=RTR)


@pytest.mark.parametrize('kind', (RC, UC), ids=('RC', 'UC'))
def test_each_sequence_number_is_followed(device, kind):
    for psn in (0, 1, 0x7fffff, 0x800000, 0xffffff):
        end, peer = pair(device, kind, connected={'sq_psn': psn, 'rq_psn': psn})
        for _ in range(3):
            peer.receive(3000)
            issue(end, Request('send', 3000))
            assert end.sent.one().status == peer.received.one().status == e.IBV_WC_SUCCESS
        end.close(), peer.close()


def test_ends_that_expect_other_sequence_numbers(device):
    """Nobody acknowledges what is out of sequence."""
    end, peer = End(device), End(device)
    impatient = {'timeout': 8, 'retry_cnt': 1}
    end.connect(peer.address(), sq_psn=100, **impatient)
    peer.connect(end.address(), rq_psn=50, **impatient)
    peer.receive(8)
    issue(end, Request('send', 8))
    assert end.sent.one().status == e.IBV_WC_RETRY_EXC_ERR
    assert peer.received.entries() == []
