# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Two processes on one host, and two hosts: every operation from one to the other, and what the
living learn of the dead."""
import struct
import types

import pytest

import pyverbs.enums as e
from bed.device import softhca
from bed.end import HERE, HOWS, KINDS, RC, THERE, UC, UD, End, pattern
from bed.far import Far
from bed.request import ATOMICS, OPERATIONS, Request, check_received, check_sent, issue

PLACES = ('process', pytest.param('host', marks=pytest.mark.needs('hosts')))
IMPATIENT = {'timeout': 10, 'retry_cnt': 2, 'rnr_retry': 2}
MATRIX = [pytest.param(kind, name, id=f'{label}-{name}') for label, kind in KINDS.items()
          for name, operation in OPERATIONS.items() if kind in operation.kinds]


@pytest.fixture(scope='module')
def far_pairs(device, request):
    """Lends an end here and one in another place, connected."""
    made = {}

    def borrow(place, kind, how='post_send'):
        key = place, kind, how
        if key not in made or made[key][0].qp.qp_state != e.IBV_QPS_RTS:
            made[key] = connected(device, place, kind, how)
            request.addfinalizer(lambda far=made[key][1]: far.__exit__())
        return made[key]
    return borrow


def connected(device, place, kind=RC, how='post_send', **changes):
    end = End(device, kind, how)
    far = Far(kind, how, host=2 if place == 'host' else None,
              port_type='eth' if device.is_ethernet else 'ib')
    end.connect(far.address(), **changes)
    far.connect(end.address(), **changes)
    return end, far


def check_far(end, far, request):
    """The receive at the far end, as check_received() would see it there."""
    came = far.take_received(1)[0]
    receiver = types.SimpleNamespace(qp_num=end.peer.qp_num)
    stand_in = types.SimpleNamespace(kind=end.kind, peer=end.address(), device=end.device,
                                     receiver=receiver)
    check_received(came, stand_in, request)


@pytest.mark.parametrize('how', HOWS)
@pytest.mark.parametrize('place', PLACES)
@pytest.mark.parametrize('kind, name', MATRIX)
def test_each_operation(far_pairs, place, kind, name, how):
    end, far = far_pairs(place, kind, how)
    if name in ATOMICS:
        return check_atomic(end, far, name)
    for size in (0, 1, 1023, 1024, 1025, 20000):
        if kind == UD and size > 1024:
            continue
        request, data = Request(name, size), pattern(size, size)
        if name == 'read':
            end.clear(size, HERE)
            far.write(data, THERE)
        else:
            end.write(data)
            far.clear(size)
        if request.operation.takes:
            far.receive(size)
        issue(end, request)
        check_sent(end.sent.one(), end, request)
        if request.operation.takes:
            check_far(end, far, request)
        elif kind == UC:
            far.receive(0)
            issue(end, Request('send'))
            end.sent.one(), far.take_received(1)
        if name == 'read':
            end.expect(data, HERE)
        else:
            far.expect(data)
    return None


def check_atomic(end, far, name):
    for start, operands, after in ((5, (5, 9), {'compare_swap': 9, 'fetch_add': 10}[name]),
                                   ((1 << 64) - 1, (1, 2), {'compare_swap': (1 << 64) - 1,
                                                            'fetch_add': 0}[name])):
        far.write(struct.pack('=Q', start), THERE)
        request = Request(name, operands=operands)
        issue(end, request)
        check_sent(end.sent.one(), end, request)
        assert struct.unpack('=Q', end.mr.read(8, HERE)) == (start,)
        assert struct.unpack('=Q', far.read(8, THERE)) == (after,)


@pytest.mark.parametrize('place', PLACES)
@pytest.mark.parametrize('kind', KINDS.values(), ids=KINDS)
def test_messages_back_and_forth(far_pairs, place, kind):
    end, far = far_pairs(place, kind)
    for lap in range(30):
        far.receive(100)
        issue(end, Request('send', 100))
        end.sent.one(), far.take_received(1)
        end.receive(100, wr_id=lap)
        far.issue(Request('send_imm', 64, imm=lap))
        far.take_sent(1)
        came = end.received.one()
        assert (came.wr_id, came.imm_data) == (lap, lap)


@pytest.mark.parametrize('place', PLACES)
@pytest.mark.parametrize('name', ('write', 'read', 'fetch_add'))
def test_a_wrong_key_of_another_process(device, place, name):
    end, far = connected(device, place)
    with far:
        issue(end, Request(name, 8, rkey=end.peer.rkey ^ 0xff00))
        assert end.sent.one().status == e.IBV_WC_REM_ACCESS_ERR
        assert end.qp.qp_state == e.IBV_QPS_ERR == far.state()


@pytest.mark.parametrize('place', PLACES)
@pytest.mark.parametrize('name', ('send', 'write', 'read', 'compare_swap'))
def test_a_peer_that_was_killed(device, place, name):
    end, far = connected(device, place, **IMPATIENT)
    far.kill()
    issue(end, Request(name, 8))
    assert end.sent.one().status == e.IBV_WC_RETRY_EXC_ERR
    assert end.qp.qp_state == e.IBV_QPS_ERR


@pytest.mark.parametrize('kind', (UC, UD), ids=('UC', 'UD'))
def test_unreliable_peers_are_not_missed(device, kind):
    end, far = connected(device, 'process', kind)
    far.kill()
    issue(end, Request('send', 8))
    assert end.sent.one().status == e.IBV_WC_SUCCESS and end.qp.qp_state == e.IBV_QPS_RTS


def test_numbers_and_keys_are_the_hosts(device):
    """Processes of one host share an adapter: nothing has the same number twice."""
    ends = [End(device) for _ in range(3)]
    with Far(RC) as one, Far(RC) as other:
        addresses = [end.address() for end in (*ends, one, other)]
    assert len({address.qp_num for address in addresses}) == 5
    assert len({address.rkey for address in addresses}) == 5


@pytest.mark.needs('softhca')
def test_the_link_goes_down_and_up(device):
    with device.again() as context:
        for direction, kind, state in (('down', e.IBV_EVENT_PORT_ERR, e.IBV_PORT_DOWN),
                                       ('up', e.IBV_EVENT_PORT_ACTIVE, e.IBV_PORT_ACTIVE)):
            softhca('link', direction)
            event = context.get_async_event()
            assert event.event_type == kind and context.query_port(1).state == state
            event.ack()
