# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Values of the interface as text, and GIDs from text."""
import sys

import pyverbs.libibverbs_enums as e
from pyverbs.libibverbs_enums import ibv_rereg_mr_err_code
from pyverbs.names import flags_to_str
from pyverbs.pyverbs_error import PyverbsUserError

_QP_TYPES = {
    e.IBV_QPT_RC: 'RC', e.IBV_QPT_UC: 'UC', e.IBV_QPT_UD: 'UD',
    e.IBV_QPT_RAW_PACKET: 'Raw packet', e.IBV_QPT_XRC_SEND: 'XRC send',
    e.IBV_QPT_XRC_RECV: 'XRC receive', e.IBV_QPT_DRIVER: 'Driver specific',
}
_QP_STATES = {
    e.IBV_QPS_RESET: 'Reset', e.IBV_QPS_INIT: 'Init', e.IBV_QPS_RTR: 'RTR', e.IBV_QPS_RTS: 'RTS',
    e.IBV_QPS_SQD: 'SQD', e.IBV_QPS_SQE: 'SQE', e.IBV_QPS_ERR: 'Error',
    e.IBV_QPS_UNKNOWN: 'Unknown',
}
_MIGRATION = {
    e.IBV_MIG_MIGRATED: 'Migrated', e.IBV_MIG_REARM: 'Rearm', e.IBV_MIG_ARMED: 'Armed',
}
_ACCESS = {
    e.IBV_ACCESS_LOCAL_WRITE: 'Local write', e.IBV_ACCESS_REMOTE_WRITE: 'Remote write',
    e.IBV_ACCESS_REMOTE_READ: 'Remote read', e.IBV_ACCESS_REMOTE_ATOMIC: 'Remote atomic',
    e.IBV_ACCESS_MW_BIND: 'MW bind', e.IBV_ACCESS_ZERO_BASED: 'Zero based',
    e.IBV_ACCESS_ON_DEMAND: 'On demand', e.IBV_ACCESS_HUGETLB: 'Huge pages',
    e.IBV_ACCESS_FLUSH_GLOBAL: 'Flush global', e.IBV_ACCESS_FLUSH_PERSISTENT: 'Flush persistent',
    e.IBV_ACCESS_RELAXED_ORDERING: 'Relaxed ordering',
}


def name_of(value, names):
    """-> the name of a value in a dictionary; what is not in it is named with its number."""
    return names.get(value, f'Unknown ({value})')


def qp_type_to_str(qp_type):
    return name_of(qp_type, _QP_TYPES)


def qp_state_to_str(qp_state):
    return name_of(qp_state, _QP_STATES)


def mig_state_to_str(mig):
    return name_of(mig, _MIGRATION)


def access_flags_to_str(flags):
    return flags_to_str(flags, _ACCESS)


def mtu_to_str(mtu):
    """-> the number of bytes that an ibv_mtu stands for, 0 for what is none."""
    return 128 << mtu if e.IBV_MTU_256 <= mtu <= e.IBV_MTU_4096 else 0


def rereg_error_to_str(error):
    """-> the name of what ibv_rereg_mr() returned."""
    try:
        return ibv_rereg_mr_err_code(error).name
    except ValueError:
        return f'Unknown error ({error})'


def be64toh(num):
    """-> the number whose bytes in this machine's memory are those of 'num' in network order."""
    return int.from_bytes(num.to_bytes(8, sys.byteorder), 'big')


def gid_str(subnet_prefix, interface_id):
    """-> a GID as eight groups of hexadecimal digits. Both parts are in network order, the way
    structures hold them."""
    octets = subnet_prefix.to_bytes(8, sys.byteorder) + interface_id.to_bytes(8, sys.byteorder)
    return ':'.join(octets[i:i + 2].hex() for i in range(0, 16, 2))


def gid_str_to_array(val):
    """-> the 16 bytes of a GID, two hexadecimal digits each. 'val' has all eight groups of four
    digits."""
    groups = val.split(':')
    if len(groups) != 8 or any(len(group) != 4 for group in groups):
        raise PyverbsUserError(f'Invalid GID value ({val}): eight groups of four digits are needed')
    try:
        octets = bytes.fromhex(''.join(groups))
    except ValueError:
        raise PyverbsUserError(f'Invalid GID value ({val}): not hexadecimal') from None
    return [f'{octet:02x}' for octet in octets]
