# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
from pyverbs.base import PyverbsObject
from pyverbs.names import enum_names as enum_names
from pyverbs.pyverbs_error import PyverbsError as PyverbsError

U32_MASK: int


class Spec(PyverbsObject):
    @staticmethod
    def type_to_str(spec_type: int) -> str: ...
    def full_mask(self, name: str | bytes) -> int | str: ...
    @property
    def size(self) -> int: ...


class EthSpec(Spec):
    def __init__(self, dst_mac: str | None = ..., dst_mac_mask: str | None = ...,
                 src_mac: str | None = ..., src_mac_mask: str | None = ...,
                 ether_type: int | None = ..., ether_type_mask: int | None = ...,
                 vlan_tag: int | None = ..., vlan_tag_mask: int | None = ...,
                 is_inner: bool | int = ...) -> None: ...
    MAC_LEN: int
    MAC_MASK: str
    ZERO_MAC: str
    dst_mac: str
    dst_mac_mask: str
    src_mac: str
    src_mac_mask: str
    ether_type: int
    ether_type_mask: int
    vlan_tag: int
    vlan_tag_mask: int


class Ipv4ExtSpec(Spec):
    def __init__(self, dst_ip: str | None = ..., dst_ip_mask: str | None = ...,
                 src_ip: str | None = ..., src_ip_mask: str | None = ..., proto: int | None = ...,
                 proto_mask: int | None = ..., tos: int | None = ..., tos_mask: int | None = ...,
                 ttl: int | None = ..., ttl_mask: int | None = ..., flags: int | None = ...,
                 flags_mask: int | None = ..., is_inner: bool | int = ...) -> None: ...
    dst_ip: str
    dst_ip_mask: str
    src_ip: str
    src_ip_mask: str
    proto: int
    proto_mask: int
    tos: int
    tos_mask: int
    ttl: int
    ttl_mask: int
    flags: int
    flags_mask: int


class Ipv6Spec(Spec):
    def __init__(self, dst_ip: str | None = ..., dst_ip_mask: str | None = ...,
                 src_ip: str | None = ..., src_ip_mask: str | None = ...,
                 flow_label: int | None = ..., flow_label_mask: int | None = ...,
                 next_hdr: int | None = ..., next_hdr_mask: int | None = ...,
                 traffic_class: int | None = ..., traffic_class_mask: int | None = ...,
                 hop_limit: int | None = ..., hop_limit_mask: int | None = ...,
                 is_inner: bool | int = ...) -> None: ...
    def full_mask(self, name: str | bytes) -> int | str: ...
    EMPTY_IPV6: str
    IPV6_MASK: str
    FLOW_LABEL_MASK: int
    dst_ip: str
    dst_ip_mask: str
    src_ip: str
    src_ip_mask: str
    flow_label: int
    flow_label_mask: int
    next_hdr: int
    next_hdr_mask: int
    traffic_class: int
    traffic_class_mask: int
    hop_limit: int
    hop_limit_mask: int


class TcpUdpSpec(Spec):
    def __init__(self, spec_type: int, dst_port: int | None = ..., dst_port_mask: int | None = ...,
                 src_port: int | None = ..., src_port_mask: int | None = ...,
                 is_inner: bool | int = ...) -> None: ...
    dst_port: int
    dst_port_mask: int
    src_port: int
    src_port_mask: int
