# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Ids without a channel: their calls wait."""
import contextlib
import errno

import pytest

import pyverbs.enums as e
import pyverbs.librdmacm_enums as ce
from bed.connection import (ADDRESS, NOBODYS, UNREACHED, Aside, Waiting, attributes, free_port, here,
                            send, there)
from bed.device import fails_with
from pyverbs.cmid import CMID, AddrInfo, CMEventChannel, ConnParam
from pyverbs.cq import CQ
from pyverbs.pd import PD
from pyverbs.pyverbs_error import PyverbsRDMAError, PyverbsUserError
from pyverbs.qp import QPCap, QPInitAttr

pytestmark = pytest.mark.usefixtures('address')


def test_both_ends_are_ready(waiting):
    for end in (waiting.active, waiting.passive):
        attr, _ = end.query_qp(e.IBV_QP_STATE)
        assert attr.qp_state == e.IBV_QPS_RTS
        assert end.event_channel is None


def test_messages_go_both_ways(waiting):
    send(waiting.active, waiting.passive)
    send(waiting.passive, waiting.active)


@pytest.mark.parametrize('count', [2, 8])
def test_many_messages(waiting, count):
    theirs, ours = waiting.passive.reg_msgs(64), waiting.active.reg_msgs(64)
    for _ in range(count):
        waiting.passive.post_recv(theirs)
    for _ in range(count):
        waiting.active.post_send(ours)
    for _ in range(count):
        assert waiting.active.get_send_comp().status == e.IBV_WC_SUCCESS
        assert waiting.passive.get_recv_comp().byte_len == 64


def test_a_receive_is_waited_for(waiting):
    theirs, ours = waiting.passive.reg_msgs(64), waiting.active.reg_msgs(64)
    waiting.passive.post_recv(theirs)
    coming = Aside(waiting.passive.get_recv_comp)
    waiting.active.post_send(ours, length=3)
    assert coming.end().byte_len == 3


def test_data_goes_with_request_and_answer():
    asked, answered = ConnParam(), ConnParam()
    asked.set_private_data('let me in')
    answered.set_private_data(b'come')
    with contextlib.closing(Waiting(asked=asked, answered=answered)) as made:
        send(made.active, made.passive)


def test_no_parameters_are_the_librarys():
    with contextlib.closing(Waiting()) as made:
        attr, _ = made.active.query_qp(e.IBV_QP_RNR_RETRY | e.IBV_QP_RETRY_CNT)
        assert (attr.retry_cnt, attr.rnr_retry) == (7, 7)


def test_nobody_listens():
    with CMID(there(free_port()), attributes()) as active, fails_with(errno.ECONNREFUSED):
        active.connect()


def test_the_peer_says_no():
    port = free_port()
    with CMID(here(port), attributes()) as listener:
        listener.listen()

        def refuse():
            listener.get_request().reject('no')
        refused = Aside(refuse)
        with CMID(there(port), attributes()) as active, fails_with(errno.ECONNREFUSED):
            active.connect()
        refused.end()


def test_a_listener_takes_one_after_another():
    port = free_port()
    with CMID(here(port), attributes()) as listener:
        listener.listen(4)

        def serve():
            ends = [listener.get_request() for _ in range(3)]
            for end in ends:
                end.accept()
            return ends
        serving = Aside(serve)
        actives = [CMID(there(port), attributes()) for _ in range(3)]
        connecting = [Aside(active.connect) for active in actives]
        ends = serving.end()
        for one in connecting:
            one.end()
        assert len({end.qpn for end in ends}) == 3
        for one in (*ends, *actives):
            one.close()


def test_the_end_is_waited_for(waiting):
    ending = Aside(waiting.active.disconnect)
    waiting.passive.disconnect()
    ending.end()


def test_a_listener_in_a_call_is_not_closed():
    port = free_port()
    listener = CMID(here(port), attributes())
    listener.listen()
    taking = Aside(listener.get_request)
    with CMID(there(port), attributes()) as active:
        asking = Aside(active.connect)
        request = taking.end()
        answering = Aside(request.accept)
        answering.end()
        asking.end()
        request.close()
    listener.close()


@pytest.mark.parametrize('kind', ['listener', 'active'])
def test_endpoints_without_a_queue_pair(kind):
    with CMID(here(free_port()) if kind == 'listener' else there(free_port())) as one:
        assert one.qpn is None
        assert one.dev_name is not None


def test_a_listeners_queue_pairs_are_its_requests():
    port = free_port()
    with CMID(here(port), attributes()) as listener:
        assert listener.qpn is None
        listener.listen()
        asking = Aside(lambda: CMID(there(port), attributes()).connect())
        with listener.get_request() as request:
            assert request.qpn is not None
            request.reject()
        with fails_with(errno.ECONNREFUSED):
            asking.end()


def test_a_queue_pair_made_later():
    port = free_port()
    with CMID(here(port)) as listener:
        listener.listen()

        def serve():
            request = listener.get_request()
            assert request.qpn is None
            request.create_qp(attributes())
            request.accept()
            return request
        serving = Aside(serve)
        with CMID(there(port)) as active:
            active.create_qp(attributes())
            active.connect()
            with serving.end() as passive:
                send(active, passive)


def test_a_domain_of_ones_own():
    port = free_port()
    with CMID(here(port)) as probe:
        context = probe.context
        pd = PD(context)
    with CMID(there(port), attributes(), pd=pd) as active:
        assert active.pd is pd
        active.reg_msgs(64)
    pd.close()


def test_the_domain_of_the_library_is_shared():
    first, second = (CMID(there(free_port()), attributes()) for _ in range(2))
    assert first.pd is first.pd
    mr = first.reg_msgs(64)
    second.post_recv(mr)  # of the same domain: the device takes it
    first.close()
    second.close()


def test_completion_queues_of_ones_own():
    with CMID(here(free_port())) as probe:
        context = probe.context
        queue = CQ(context, 10)
    port = free_port()
    with CMID(there(port), QPInitAttr(e.IBV_QPT_RC, scq=queue, rcq=queue,
                                      cap=QPCap(4, 4, 1, 1, 0))) as active:
        with pytest.raises(PyverbsUserError, match='has made no queue for sends'):
            active.get_send_comp()
        with pytest.raises(PyverbsUserError, match='has made no queue for receives'):
            active.get_recv_comp()
    queue.close()


def test_sizes_beyond_the_device(device):
    beyond = QPInitAttr(e.IBV_QPT_RC, cap=QPCap(device.attr.max_qp_wr + 1, 1, 1, 1, 0))
    with pytest.raises(PyverbsRDMAError):
        CMID(there(free_port()), beyond)


def test_requests_come_to_listeners_only():
    with CMID(there(free_port()), attributes()) as active, fails_with(errno.EINVAL):
        active.listen()


def test_requests_of_a_listener_with_a_channel(listener):
    with fails_with(errno.EINVAL):
        listener.id.get_request()


def test_an_endpoint_nobody_leads_to():
    with pytest.raises(PyverbsRDMAError) as caught:
        CMID(AddrInfo(dst=NOBODYS, dst_service='1'), attributes())
    assert caught.value.error_code in UNREACHED


@pytest.mark.parametrize('flags', [0, ce.RAI_NUMERICHOST])
def test_names_are_looked_up_at_once(flags):
    with CMID() as one:
        one.resolve_addrinfo(ADDRESS, '7', ce.RDMA_PS_TCP, flags | ce.RAI_DNS)
        with one.query_addrinfo() as found:
            one.resolve_addr(found)
        assert one.dev_name is not None


def test_a_name_that_there_is_not():
    with CMID() as one, fails_with(errno.ENOENT):
        one.resolve_addrinfo('no number', flags=ce.RAI_NUMERICHOST)


def test_asking_before_resolving():
    with CMID() as one, pytest.raises(PyverbsRDMAError):
        one.query_addrinfo()


def test_either_the_subnet_or_names():
    with CMID() as one, fails_with(errno.EINVAL):
        one.resolve_addrinfo(ADDRESS, flags=ce.RAI_SA | ce.RAI_DNS)


@pytest.mark.parametrize('creator', [5, 'address', object()])
def test_what_ids_are_made_of(creator):
    with pytest.raises(TypeError):
        CMID(creator)


@pytest.mark.parametrize('creator', [None, 'channel'])
def test_a_queue_pair_wants_a_device(creator):
    with CMEventChannel() as channel:
        with pytest.raises(PyverbsUserError, match='no device yet'):
            CMID(channel if creator else None, attributes())
