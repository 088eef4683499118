# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
from typing import Any

from pyverbs.addr import GID
from pyverbs.base import PyverbsCM, PyverbsObject, PyverbsRDMAErrno as PyverbsRDMAErrno
from pyverbs.device_attr import (
    CQModerationCaps as CQModerationCaps,
    CompCntrCaps as CompCntrCaps,
    DeviceAttr as DeviceAttr,
    DeviceAttrEx as DeviceAttrEx,
    GIDEntry as GIDEntry,
    ODPCaps as ODPCaps,
    PCIAtomicCaps as PCIAtomicCaps,
    PacketPacingCaps as PacketPacingCaps,
    PortAttr as PortAttr,
    QueryDeviceExInput as QueryDeviceExInput,
    RSSCaps as RSSCaps,
    TMCaps as TMCaps,
    TSOCaps as TSOCaps,
)
from pyverbs.device_memory import AllocDmAttr as AllocDmAttr, DM as DM, FdArr as FdArr
from pyverbs.libibverbs_enums import ibv_gid_type_sysfs
from pyverbs.mr import DMAHandle as DMAHandle, DMMR as DMMR
from pyverbs.names import (
    guid_format as guid_format,
    guid_to_hex as guid_to_hex,
    phys_state_to_str as phys_state_to_str,
    port_state_to_str as port_state_to_str,
    speed_to_str as speed_to_str,
    str_from_flags as str_from_flags,
    translate_device_caps as translate_device_caps,
    translate_event_type as translate_event_type,
    translate_gid_type as translate_gid_type,
    translate_link_layer as translate_link_layer,
    translate_mtu as translate_mtu,
    translate_node_type as translate_node_type,
    translate_port_cap_flags as translate_port_cap_flags,
    translate_port_cap_flags2 as translate_port_cap_flags2,
    translate_transport_type as translate_transport_type,
    width_to_str as width_to_str,
)
from pyverbs.pyverbs_error import (
    PyverbsError as PyverbsError,
    PyverbsRDMAError as PyverbsRDMAError,
    PyverbsUserError as PyverbsUserError,
)
from pyverbs.utils import gid_str as gid_str

def get_device_list() -> list[Device]: ...
def rdma_get_devices() -> list[Device]: ...


class Device(PyverbsObject):
    def __init__(self, name: str | bytes, guid: int, node_type: int, transport_type: int,
                 index: int) -> None: ...
    @property
    def name(self) -> bytes: ...
    @property
    def guid(self) -> int: ...
    @property
    def node_type(self) -> int: ...
    @property
    def transport_type(self) -> int: ...
    @property
    def index(self) -> int: ...


class Context(PyverbsCM):
    def __init__(self, **kwargs: Any) -> None: ...
    def query_device(self) -> DeviceAttr: ...
    def query_device_ex(self, ex_input: QueryDeviceExInput | None = ...) -> DeviceAttrEx: ...
    def query_port(self, port_num: int) -> PortAttr: ...
    def query_port_speed(self, port_num: int) -> int: ...
    def query_gid(self, port_num: int, index: int) -> GID: ...
    def query_gid_ex(self, port_num: int, gid_index: int, flags: int = ...) -> GIDEntry: ...
    def query_gid_table(self, max_entries: int, flags: int = ...) -> list[GIDEntry]: ...
    def query_gid_type(self, port_num: int, index: int) -> ibv_gid_type_sysfs: ...
    def query_pkey(self, port_num: int, index: int) -> int: ...
    def get_pkey_index(self, port_num: int, pkey: int) -> int: ...
    def query_rt_values_ex(self, comp_mask: int = ...) -> tuple[int, int]: ...
    def query_comp_cntr_caps(self) -> CompCntrCaps: ...
    def get_async_event(self) -> AsyncEvent: ...
    @property
    def context(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def cmd_fd(self) -> int: ...
    @property
    def num_comp_vectors(self) -> int: ...


class AsyncEvent(PyverbsObject):
    def __init__(self, event_type: int = ...) -> None: ...
    def ack(self) -> None: ...
    @property
    def event_type(self) -> int: ...
