# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Addresses of family AF_IB: GIDs of InfiniBand ports, and service IDs."""
import errno

import pytest

import pyverbs.enums as e
import pyverbs.librdmacm_enums as ce
from bed.connection import attributes, free_port, next_event, pass_event, readable
from bed.device import fails_with, lacking
from pyverbs.cmid import CMID, AddrInfo, CMEvent, CMEventChannel, ConnParam
from pyverbs.pyverbs_error import PyverbsRDMAError


def address(device, port, side='dst', flags=0):
    return AddrInfo(**{side: device.gid, side + '_service': port}, port_space=ce.RDMA_PS_TCP,
                    flags=flags | ce.RAI_FAMILY)


def check_connecting(device, listener, active, port):
    listener.listen()
    active.resolve_addr(address(device, port))
    pass_event(active.event_channel, ce.RDMA_CM_EVENT_ADDR_RESOLVED)
    active.resolve_route()
    assert readable(active.event_channel)
    with CMEvent(active.event_channel) as told:
        if told.event_type == ce.RDMA_CM_EVENT_ROUTE_ERROR:
            lacking(f'no subnet administrator knows the route: {told.status}')
        assert told.event_type == ce.RDMA_CM_EVENT_ROUTE_RESOLVED
    active.create_qp(attributes())
    active.connect(ConnParam())
    request = next_event(listener.event_channel, ce.RDMA_CM_EVENT_CONNECT_REQUEST)
    with CMID(request, attributes()) as passive:
        passive.accept()
        pass_event(active.event_channel, ce.RDMA_CM_EVENT_ESTABLISHED)
        attr, _ = active.query_qp(e.IBV_QP_DEST_QPN)
        assert attr.dest_qp_num == passive.qpn


def test_they_lead_to_ports_of_infiniband_only(device):
    port = free_port()
    with CMEventChannel() as server, CMEventChannel() as channel:
        listener, here = CMID(server), address(device, port, 'src', ce.RAI_PASSIVE)
        if device.is_ethernet:
            with fails_with(errno.ENODEV, errno.EADDRNOTAVAIL):
                listener.bind_addr(here)
        else:
            listener.bind_addr(here)
            assert listener.dev_name == device.name
            check_connecting(device, listener, CMID(channel), port)


@pytest.mark.parametrize('name', ['192.168.77.1', 'localhost', 'fe80::x', ''])
def test_names_are_gids(name):
    with pytest.raises(PyverbsRDMAError):
        AddrInfo(dst=name, dst_service='1', flags=ce.RAI_FAMILY)


@pytest.mark.parametrize('service', ['http', '1x', str(1 << 64), ''])
def test_services_are_numbers(service):
    with pytest.raises(PyverbsRDMAError):
        AddrInfo(dst='fe80::1', dst_service=service, flags=ce.RAI_FAMILY)


@pytest.mark.parametrize('service', ['1', '0xffff', str((1 << 64) - 1)])
def test_services_that_can_be(service):
    AddrInfo(dst='fe80::1', dst_service=service, flags=ce.RAI_FAMILY).close()
