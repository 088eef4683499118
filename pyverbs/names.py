# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Values of devices, completions and work requests as text."""
import sys

import pyverbs.libibverbs_enums as e

_NODE_TYPES = {
    e.IBV_NODE_CA: 'CA', e.IBV_NODE_SWITCH: 'Switch', e.IBV_NODE_ROUTER: 'Router',
    e.IBV_NODE_RNIC: 'RNIC', e.IBV_NODE_USNIC: 'USNIC', e.IBV_NODE_USNIC_UDP: 'USNIC UDP',
    e.IBV_NODE_UNSPECIFIED: 'Unspecified', e.IBV_NODE_UNKNOWN: 'Unknown',
}
_TRANSPORTS = {
    e.IBV_TRANSPORT_IB: 'IB', e.IBV_TRANSPORT_IWARP: 'IWARP', e.IBV_TRANSPORT_USNIC: 'USNIC',
    e.IBV_TRANSPORT_USNIC_UDP: 'USNIC UDP', e.IBV_TRANSPORT_UNSPECIFIED: 'Unspecified',
    e.IBV_TRANSPORT_UNKNOWN: 'Unknown',
}
_LINK_LAYERS = {
    e.IBV_LINK_LAYER_UNSPECIFIED: 'Unspecified', e.IBV_LINK_LAYER_INFINIBAND: 'InfiniBand',
    e.IBV_LINK_LAYER_ETHERNET: 'Ethernet',
}
_PORT_STATES = {
    e.IBV_PORT_NOP: 'NOP', e.IBV_PORT_DOWN: 'Down', e.IBV_PORT_INIT: 'Init',
    e.IBV_PORT_ARMED: 'Armed', e.IBV_PORT_ACTIVE: 'Active',
    e.IBV_PORT_ACTIVE_DEFER: 'Active defer',
}
# IBTA vol. 1, PortInfo: PortPhysicalState, LinkWidthActive, LinkSpeedActive and its extensions
_PHYSICAL_STATES = {
    1: 'Sleep', 2: 'Polling', 3: 'Disabled', 4: 'Port configuration training', 5: 'Link up',
    6: 'Link error recovery', 7: 'Phy test',
}
_WIDTHS = {1: '1X', 2: '4X', 4: '8X', 8: '12X', 16: '2X'}
_SPEEDS = {
    1: '2.5 Gbps', 2: '5.0 Gbps', 4: '10.0 Gbps', 8: '10.0 Gbps', 16: '14.0 Gbps',
    32: '25.0 Gbps', 64: '50.0 Gbps', 128: '100.0 Gbps', 256: '200.0 Gbps',
}
_GID_TYPES = {
    e.IBV_GID_TYPE_IB: 'IB', e.IBV_GID_TYPE_ROCE_V1: 'RoCEv1', e.IBV_GID_TYPE_ROCE_V2: 'RoCEv2',
}
_OPCODES = {
    e.IBV_WC_SEND: 'Send', e.IBV_WC_RDMA_WRITE: 'RDMA write', e.IBV_WC_RDMA_READ: 'RDMA read',
    e.IBV_WC_COMP_SWAP: 'Compare and swap', e.IBV_WC_FETCH_ADD: 'Fetch and add',
    e.IBV_WC_BIND_MW: 'Bind memory window', e.IBV_WC_LOCAL_INV: 'Local invalidate',
    e.IBV_WC_TSO: 'TSO', e.IBV_WC_FLUSH: 'Flush', e.IBV_WC_ATOMIC_WRITE: 'Atomic write',
    e.IBV_WC_RECV: 'Receive', e.IBV_WC_RECV_RDMA_WITH_IMM: 'Receive RDMA with immediate',
    e.IBV_WC_TM_ADD: 'Tag matching add', e.IBV_WC_TM_DEL: 'Tag matching delete',
    e.IBV_WC_TM_SYNC: 'Tag matching sync', e.IBV_WC_TM_RECV: 'Tag matching receive',
    e.IBV_WC_TM_NO_TAG: 'Tag matching without tag', e.IBV_WC_DRIVER1: 'Driver 1',
    e.IBV_WC_DRIVER2: 'Driver 2', e.IBV_WC_DRIVER3: 'Driver 3',
}
_WC_FLAGS = {
    e.IBV_WC_GRH: 'GRH', e.IBV_WC_WITH_IMM: 'With immediate', e.IBV_WC_IP_CSUM_OK: 'IP csum OK',
    e.IBV_WC_WITH_INV: 'With invalidate', e.IBV_WC_TM_SYNC_REQ: 'TM sync request',
    e.IBV_WC_TM_MATCH: 'TM match', e.IBV_WC_TM_DATA_VALID: 'TM data valid',
}


def enum_names(enum):
    """-> {value: name} of an enumeration"""
    return {int(member): name for name, member in enum.__members__.items()}


_EVENTS = enum_names(e.ibv_event_type)
_MW_TYPES = enum_names(e.ibv_mw_type)
_CREATE_FLAGS = enum_names(e.ibv_create_cq_wc_flags)
_SEND_FLAGS = enum_names(e.ibv_send_flags)


def _numbered(value, names, otherwise):
    return f'{names[value]} ({value})' if value in names else otherwise


def flags_to_str(flags, dictionary):
    """-> the names of the bits that are set, each with a space behind it."""
    return ''.join(f'{name} ' for bit, name in dictionary.items() if flags & bit)


def str_from_flags(flags, dictionary):
    """-> the names of the bits that are set, a line each."""
    return '\n  ' + ''.join(f'{name}\n  ' for bit, name in dictionary.items() if flags & bit)


def guid_format(num):
    """-> a GUID in network order as four groups of digits."""
    digits = num.to_bytes(8, sys.byteorder).hex()
    return ':'.join(digits[i:i + 4] for i in range(0, 16, 4))


def guid_to_hex(node_guid):
    return f'{node_guid:x}'


def phys_state_to_str(phys):
    return _numbered(phys, _PHYSICAL_STATES, 'Invalid physical state')


def port_state_to_str(port_state):
    return _numbered(port_state, _PORT_STATES, 'Invalid state')


def width_to_str(width):
    return _numbered(width, _WIDTHS, 'Invalid width')


def speed_to_str(active_speed, active_speed_ex=0):
    """'active_speed_ex', when it is not 0, has the speeds that one byte has no bits for."""
    return _numbered(active_speed_ex or active_speed, _SPEEDS, 'Invalid speed')


def translate_mtu(mtu):
    return f'{128 << mtu} ({mtu})' if e.IBV_MTU_256 <= mtu <= e.IBV_MTU_4096 else 'Invalid MTU'


def translate_node_type(node_type):
    return _NODE_TYPES.get(node_type, 'Unknown')


def translate_transport_type(transport_type):
    return _TRANSPORTS.get(transport_type, 'Unknown')


def translate_link_layer(ll):
    return _LINK_LAYERS.get(ll, 'Unknown')


def translate_gid_type(gid_type):
    return _GID_TYPES.get(gid_type, 'Unknown')


def translate_event_type(event_type):
    return _EVENTS.get(event_type, 'Unknown event')


def translate_device_caps(flags):
    return str_from_flags(flags, enum_names(e.ibv_device_cap_flags))


def translate_port_cap_flags(flags):
    return str_from_flags(flags, enum_names(e.ibv_port_cap_flags))


def translate_port_cap_flags2(flags):
    return str_from_flags(flags, enum_names(e.ibv_port_cap_flags2))


def cqe_opcode_to_str(opcode):
    return _OPCODES.get(opcode, 'Unknown CQE opcode')


def cqe_flags_to_str(flags):
    return flags_to_str(flags, _WC_FLAGS)


def create_wc_flags_to_str(flags):
    return flags_to_str(flags, _CREATE_FLAGS)


def send_flags_to_str(flags):
    return flags_to_str(flags, _SEND_FLAGS)


def mwtype2str(mw_type):
    return _MW_TYPES.get(mw_type, f'Unknown MW type ({mw_type})')
