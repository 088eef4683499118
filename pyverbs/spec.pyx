# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What a flow rule looks at in packets. Each part has a value and a mask; a value without a mask is
compared in full, and what has neither is not looked at. Numbers are numbers, whatever the packet's
order."""
import socket

from pyverbs cimport libibverbs as v
from pyverbs.base cimport PyverbsObject
from pyverbs.fields cimport PLACE, SPAN, Field, Text, net, ro, rw, text

import pyverbs.libibverbs_enums as e
from pyverbs.names import enum_names
from pyverbs.pyverbs_error import PyverbsError, PyverbsUserError  # noqa: F401

U32_MASK = 0xffffffff

cdef v.ibv_flow_spec_eth *eth = NULL
cdef v.ibv_flow_spec_ipv4_ext *ipv4 = NULL
cdef v.ibv_flow_spec_ipv6 *ipv6 = NULL
cdef v.ibv_flow_spec_tcp_udp *tcp_udp = NULL


def _mac_octets(value):
    try:
        return bytes.fromhex(value.replace(':', ''))
    except ValueError:
        raise PyverbsUserError(f'{value} is no MAC address') from None


def _mac_text(octets):
    return octets.hex(':')


def _ip_octets(family):
    def parse(value):
        try:
            return socket.inet_pton(family, value)
        except OSError:
            raise PyverbsUserError(f'{value} is no IP address') from None
    return parse


def _ip_text(family):
    return lambda octets: socket.inet_ntop(family, octets)


_parse4, _show4 = _ip_octets(socket.AF_INET), _ip_text(socket.AF_INET)
_parse6, _show6 = _ip_octets(socket.AF_INET6), _ip_text(socket.AF_INET6)


cdef class Spec(PyverbsObject):
    """Base of the layers."""

    # All layers begin alike.
    size = ro(PLACE(eth.size))

    @staticmethod
    def type_to_str(spec_type):
        """-> the names of a layer and of its flags"""
        names = enum_names(e.ibv_flow_spec_type)
        inner = ' IBV_FLOW_SPEC_INNER' if spec_type & e.IBV_FLOW_SPEC_INNER else ''
        kind = int(spec_type) & ~int(e.IBV_FLOW_SPEC_INNER)
        return names.get(kind, f'Unknown ({kind:#x})') + inner

    cdef int head(self, int kind, is_inner, size_t extent) except -1:
        cdef v.ibv_flow_spec_eth *spec = <v.ibv_flow_spec_eth *>self.raw
        spec.type = kind | (v.IBV_FLOW_SPEC_INNER if is_inner else 0)
        spec.size = extent
        return 0

    cdef int match(self, dict arguments) except -1:
        """Sets values and masks from the arguments of a constructor, its locals()."""
        for name in [name for name in arguments if f'{name}_mask' in arguments]:
            value, mask = arguments[name], arguments[f'{name}_mask']
            if value is not None:
                setattr(self, name, value)
                if mask is None:
                    mask = self.full_mask(name)
            if mask is not None:
                setattr(self, f'{name}_mask', mask)
        return 0

    def full_mask(self, name):
        return getattr(type(self), name).ones()

    def __str__(self):
        kind = Spec.type_to_str((<v.ibv_flow_spec_eth *>self.alive()).type)
        return f'Spec type: {kind}\n{PyverbsObject.__str__(self)}'


cdef class EthSpec(Spec):
    """Ethernet. Addresses are text, six pairs of digits."""
    MAC_LEN = 6
    MAC_MASK = 'ff:ff:ff:ff:ff:ff'
    ZERO_MAC = '00:00:00:00:00:00'

    def __cinit__(self):
        self.allot(sizeof(v.ibv_flow_spec_eth))

    def __init__(self, dst_mac=None, dst_mac_mask=None, src_mac=None, src_mac_mask=None,
                 ether_type=None, ether_type_mask=None, vlan_tag=None, vlan_tag_mask=None,
                 is_inner=0):
        self.head(v.IBV_FLOW_SPEC_ETH, is_inner, sizeof(v.ibv_flow_spec_eth))
        self.match(locals())

    dst_mac = text(SPAN(eth.val.dst_mac), _mac_octets, _mac_text)
    dst_mac_mask = text(SPAN(eth.mask.dst_mac), _mac_octets, _mac_text)
    src_mac = text(SPAN(eth.val.src_mac), _mac_octets, _mac_text)
    src_mac_mask = text(SPAN(eth.mask.src_mac), _mac_octets, _mac_text)
    ether_type = net(PLACE(eth.val.ether_type), hex)
    ether_type_mask = net(PLACE(eth.mask.ether_type), hex)
    vlan_tag = net(PLACE(eth.val.vlan_tag), hex)
    vlan_tag_mask = net(PLACE(eth.mask.vlan_tag), hex)


cdef class Ipv4ExtSpec(Spec):
    """IPv4. Addresses are text."""

    def __cinit__(self):
        self.allot(sizeof(v.ibv_flow_spec_ipv4_ext))

    def __init__(self, dst_ip=None, dst_ip_mask=None, src_ip=None, src_ip_mask=None, proto=None,
                 proto_mask=None, tos=None, tos_mask=None, ttl=None, ttl_mask=None, flags=None,
                 flags_mask=None, is_inner=False):
        self.head(v.IBV_FLOW_SPEC_IPV4_EXT, is_inner, sizeof(v.ibv_flow_spec_ipv4_ext))
        self.match(locals())

    dst_ip = text(SPAN(ipv4.val.dst_ip), _parse4, _show4)
    dst_ip_mask = text(SPAN(ipv4.mask.dst_ip), _parse4, _show4)
    src_ip = text(SPAN(ipv4.val.src_ip), _parse4, _show4)
    src_ip_mask = text(SPAN(ipv4.mask.src_ip), _parse4, _show4)
    proto = rw(PLACE(ipv4.val.proto))
    proto_mask = rw(PLACE(ipv4.mask.proto))
    tos = rw(PLACE(ipv4.val.tos))
    tos_mask = rw(PLACE(ipv4.mask.tos))
    ttl = rw(PLACE(ipv4.val.ttl))
    ttl_mask = rw(PLACE(ipv4.mask.ttl))
    flags = rw(PLACE(ipv4.val.flags))
    flags_mask = rw(PLACE(ipv4.mask.flags))


cdef class Ipv6Spec(Spec):
    """IPv6. Addresses are text."""
    EMPTY_IPV6 = '::'
    IPV6_MASK = 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'
    FLOW_LABEL_MASK = 0xfffff

    def __cinit__(self):
        self.allot(sizeof(v.ibv_flow_spec_ipv6))

    def __init__(self, dst_ip=None, dst_ip_mask=None, src_ip=None, src_ip_mask=None,
                 flow_label=None, flow_label_mask=None, next_hdr=None, next_hdr_mask=None,
                 traffic_class=None, traffic_class_mask=None, hop_limit=None, hop_limit_mask=None,
                 is_inner=False):
        self.head(v.IBV_FLOW_SPEC_IPV6, is_inner, sizeof(v.ibv_flow_spec_ipv6))
        self.match(locals())

    def full_mask(self, name):
        return self.FLOW_LABEL_MASK if name == 'flow_label' else Spec.full_mask(self, name)

    dst_ip = text(SPAN(ipv6.val.dst_ip), _parse6, _show6)
    dst_ip_mask = text(SPAN(ipv6.mask.dst_ip), _parse6, _show6)
    src_ip = text(SPAN(ipv6.val.src_ip), _parse6, _show6)
    src_ip_mask = text(SPAN(ipv6.mask.src_ip), _parse6, _show6)
    flow_label = net(PLACE(ipv6.val.flow_label), hex)
    flow_label_mask = net(PLACE(ipv6.mask.flow_label), hex)
    next_hdr = rw(PLACE(ipv6.val.next_hdr))
    next_hdr_mask = rw(PLACE(ipv6.mask.next_hdr))
    traffic_class = rw(PLACE(ipv6.val.traffic_class))
    traffic_class_mask = rw(PLACE(ipv6.mask.traffic_class))
    hop_limit = rw(PLACE(ipv6.val.hop_limit))
    hop_limit_mask = rw(PLACE(ipv6.mask.hop_limit))


cdef class TcpUdpSpec(Spec):
    """Ports, of IBV_FLOW_SPEC_TCP or IBV_FLOW_SPEC_UDP."""

    def __cinit__(self):
        self.allot(sizeof(v.ibv_flow_spec_tcp_udp))

    def __init__(self, spec_type, dst_port=None, dst_port_mask=None, src_port=None,
                 src_port_mask=None, is_inner=False):
        if spec_type not in (v.IBV_FLOW_SPEC_TCP, v.IBV_FLOW_SPEC_UDP):
            raise PyverbsUserError(f'{spec_type} is neither TCP nor UDP')
        self.head(spec_type, is_inner, sizeof(v.ibv_flow_spec_tcp_udp))
        self.match(locals())

    dst_port = net(PLACE(tcp_udp.val.dst_port))
    dst_port_mask = net(PLACE(tcp_udp.mask.dst_port), hex)
    src_port = net(PLACE(tcp_udp.val.src_port))
    src_port_mask = net(PLACE(tcp_udp.mask.src_port), hex)
