# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Ids, their events and their connections, both ends in this process. Ports are counted up: spaces of
ports are the connection manager's own, and nobody else is there."""
import errno
import itertools
import os
import select
import threading

import pyverbs.enums as e
import pyverbs.librdmacm_enums as ce
import world
from pyverbs.cmid import CMID, AddrInfo, CMEvent, CMEventChannel, ConnParam
from pyverbs.qp import QPCap, QPInitAttr

ADDRESS = os.environ.get('OV_CM_ADDRESS') or ('192.168.77.1' if world.KERNEL else '127.0.0.1')
NOBODYS = '203.0.113.1'  # TEST-NET-3
GROUP = '239.1.2.3'
PATIENCE_MS = 20000
LENGTH = 64
# A rejection's reasons: IBTA vol. 1, 12.6.7.2
INVALID_SERVICE, CONSUMER_REJECT = 8, 28
# How it is said that no device leads to an address
UNREACHED = (errno.ENODEV, errno.EADDRNOTAVAIL, errno.ENETUNREACH, errno.EHOSTUNREACH)
_ports = itertools.count(20000 + os.getpid() % 4000)


def free_port():
    return str(next(_ports))


def attributes(kind=e.IBV_QPT_RC, **more):
    return QPInitAttr(qp_type=kind, cap=QPCap(8, 8, 1, 1, 0), **more)


def here(port, space=ce.RDMA_PS_TCP, **more):
    """-> the address of a listener"""
    return AddrInfo(src=ADDRESS, src_service=port, port_space=space, flags=ce.RAI_PASSIVE, **more)


def there(port, space=ce.RDMA_PS_TCP, **more):
    """-> the address of a peer"""
    return AddrInfo(dst=ADDRESS, dst_service=port, port_space=space, **more)


def readable(channel, milliseconds=PATIENCE_MS):
    """Whether an event comes in time"""
    waiting = select.poll()
    waiting.register(channel.fd, select.POLLIN)
    return bool(waiting.poll(milliseconds))


def next_event(channel, kind, status=0):
    """-> the next event, which must be of this kind"""
    assert readable(channel), f'no event where {kind!r} was expected'
    event = CMEvent(channel)
    told = f'{event.event_str()}, status {event.status}'
    assert event.event_type == kind, told
    assert status is None or event.status == status, told
    return event


def pass_event(channel, kind, status=0):
    next_event(channel, kind, status).ack_cm_event()


class Listener:
    """A listener with a channel of its own."""

    def __init__(self, space=ce.RDMA_PS_TCP, backlog=8, **more):
        self.space, self.port = space, free_port()
        self.channel = CMEventChannel()
        self.id = CMID(self.channel, port_space=space, **more)
        self.id.bind_addr(here(self.port, space))
        self.id.listen(backlog)

    def request(self):
        return next_event(self.channel, ce.RDMA_CM_EVENT_CONNECT_REQUEST)

    def take(self, **more):
        """-> the id of the next request"""
        return CMID(self.request(), listen_id=self.id, **more)

    def close(self):
        self.id.close()
        self.channel.close()


def bound_to_peer(port, space=ce.RDMA_PS_TCP, channel=None, **more):
    """-> an id with a channel of its own, and the route to the peer"""
    channel = channel or CMEventChannel()
    made = CMID(channel, port_space=space, **more)
    made.resolve_addr(there(port, space))
    pass_event(channel, ce.RDMA_CM_EVENT_ADDR_RESOLVED)
    made.resolve_route()
    pass_event(channel, ce.RDMA_CM_EVENT_ROUTE_RESOLVED)
    return made


class Connection:
    """Two ids, connected: 'active' has asked 'passive'."""

    def __init__(self, asked=None, answered=None, **more):
        self.listener = Listener()
        self.active = bound_to_peer(self.listener.port)
        self.active.create_qp(attributes(**more))
        self.active.connect(asked or ConnParam())
        self.request = self.listener.request()
        self.passive = CMID(self.request, attributes(**more), listen_id=self.listener.id)
        self.passive.accept(answered or ConnParam())
        self.answer = next_event(self.active.event_channel, ce.RDMA_CM_EVENT_ESTABLISHED)
        pass_event(self.listener.channel, ce.RDMA_CM_EVENT_ESTABLISHED)

    def close(self):
        self.active.close()
        self.passive.close()
        self.listener.close()


def send(sender, receiver, data=b'a message'):
    """One message from id to id, by memory of each."""
    theirs, ours = receiver.reg_msgs(LENGTH), sender.reg_msgs(LENGTH)
    receiver.post_recv(theirs)
    ours.write(data, len(data))
    sender.post_send(ours, length=len(data))
    assert sender.get_send_comp().status == e.IBV_WC_SUCCESS
    done = receiver.get_recv_comp()
    assert (done.status, done.byte_len) == (e.IBV_WC_SUCCESS, len(data))
    assert theirs.read(len(data), 0) == data


class Aside(threading.Thread):
    """Runs a call beside; end() gives its result, or raises what it has raised."""

    def __init__(self, call, *arguments):
        super().__init__(daemon=True)
        self.call, self.arguments, self.fault, self.result = call, arguments, None, None
        self.start()

    def run(self):
        try:
            self.result = self.call(*self.arguments)
        except Exception as fault:
            self.fault = fault

    def end(self):
        self.join(PATIENCE_MS / 1000)
        assert not self.is_alive(), f'{self.call} does not end'
        if self.fault:
            raise self.fault
        return self.result


class Waiting:
    """Two connected ids whose calls wait."""

    def __init__(self, kind=e.IBV_QPT_RC, asked=None, answered=None):
        self.port = free_port()
        self.listener = CMID(here(self.port), attributes(kind))
        self.listener.listen()
        accepted = Aside(self.accept, answered)
        self.active = CMID(there(self.port), attributes(kind))
        self.active.connect(asked)
        self.passive = accepted.end()

    def accept(self, answered):
        request = self.listener.get_request()
        request.accept(answered)
        return request

    def close(self):
        self.active.close()
        self.passive.close()
        self.listener.close()
