# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Devices, what they are asked, and their events."""
from cpython.exc cimport PyErr_CheckSignals
from libc.errno cimport EINTR, EINVAL, ENODEV, errno
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy

from pyverbs cimport libibverbs as v
from pyverbs.addr cimport GID
from pyverbs.base cimport PyverbsCM, PyverbsObject, check, check_errno
from pyverbs.device_attr cimport (CompCntrCaps, DeviceAttr, DeviceAttrEx, GIDEntry, PortAttr,
                                  QueryDeviceExInput)
from pyverbs.fields cimport PLACE, Field, ro



import pyverbs.device_attr as attributes
import pyverbs.libibverbs_enums as e
from pyverbs.base import PyverbsRDMAErrno  # noqa: F401
from pyverbs.names import (guid_format, guid_to_hex, phys_state_to_str,  # noqa: F401
                           port_state_to_str, speed_to_str, str_from_flags, translate_device_caps,
                           translate_event_type, translate_gid_type, translate_link_layer,
                           translate_mtu, translate_node_type, translate_port_cap_flags,
                           translate_port_cap_flags2, translate_transport_type, width_to_str)
from pyverbs.pyverbs_error import PyverbsError, PyverbsRDMAError, PyverbsUserError  # noqa: F401
from pyverbs.utils import be64toh, gid_str  # noqa: F401



cdef class Device(PyverbsObject):
    """An entry of get_device_list(). The name is bytes, the GUID a number."""

    def __init__(self, name, guid, node_type, transport_type, index):
        self.name = name
        self.guid = guid
        self.node_type = node_type
        self.transport_type = transport_type
        self.index = index

    def __str__(self):
        return (f'Device {self.name.decode()}, node type {translate_node_type(self.node_type)}, '
                f'transport type {translate_transport_type(self.transport_type)}, '
                f'guid {guid_to_hex(self.guid)}, index {self.index}')


cdef Device device_of(v.ibv_device *device):
    return Device(v.ibv_get_device_name(device), be64toh(v.ibv_get_device_guid(device)),
                  device.node_type, device.transport_type, v.ibv_get_device_index(device))


def get_device_list():
    """-> a Device for each RDMA device of this machine."""
    cdef int count = 0
    cdef v.ibv_device **devices
    with nogil:
        devices = v.ibv_get_device_list(&count)
    if devices == NULL:
        raise PyverbsRDMAErrno('Failed to get the list of devices')
    try:
        return [device_of(devices[i]) for i in range(count)]
    finally:
        v.ibv_free_device_list(devices)


def rdma_get_devices():
    """-> a Device for each device that librdmacm has open for ids."""
    from pyverbs.cmid import get_devices
    return get_devices()


cdef v.ibv_context *ctx = NULL


cdef class Context(PyverbsCM):
    """An open device: Context(name=NAME), or Context(cmd_fd=FD) for one that another process has
    opened and handed over."""

    def __init__(self, **kwargs):
        if set(kwargs) == {'name'}:
            name = kwargs['name']
            self._open(name.decode() if isinstance(name, bytes) else name)
        elif set(kwargs) == {'cmd_fd'}:
            self._import(kwargs['cmd_fd'])
        elif not kwargs:
            raise PyverbsUserError('Device name must be provided')
        else:
            raise PyverbsUserError(f'A context is opened by name or by cmd_fd, not by '
                                   f'{", ".join(kwargs)}')

    cdef int _open(self, str name) except -1:
        cdef bytes wanted = name.encode()
        cdef v.ibv_device **devices
        cdef v.ibv_context *made
        cdef int i = 0
        self.fresh()
        with nogil:
            devices = v.ibv_get_device_list(NULL)
        if devices == NULL:
            raise PyverbsRDMAErrno('Failed to get the list of devices')
        try:
            while devices[i] != NULL and v.ibv_get_device_name(devices[i]) != wanted:
                i += 1
            if devices[i] == NULL:
                raise PyverbsRDMAError(f'Failed to find device {name}', ENODEV)
            self.begin(())
            with nogil:
                made = v.ibv_open_device(devices[i])
            self.finish(made, sizeof(v.ibv_context), 'open device ' + name)
        finally:
            v.ibv_free_device_list(devices)
        self.name = name
        return 0

    cdef int _import(self, int cmd_fd) except -1:
        cdef v.ibv_context *made
        self.begin(())
        with nogil:
            made = v.ibv_import_device(cmd_fd)
        self.finish(made, sizeof(v.ibv_context), 'import a device')
        self.name = v.ibv_get_device_name(made.device).decode()
        return 0

    cdef int release(self) noexcept nogil:
        return errno if v.ibv_close_device(<v.ibv_context *>self.raw) else 0

    cdef v.ibv_context *c(self) except NULL:
        return <v.ibv_context *>self.alive()

    @property
    def context(self):
        """The address of the C object."""
        return <size_t>self.alive()

    cmd_fd = ro(PLACE(ctx.cmd_fd))
    num_comp_vectors = ro(PLACE(ctx.num_comp_vectors))

    def query_device(self):
        attr = DeviceAttr()
        check(v.ibv_query_device(self.c(), <v.ibv_device_attr *>(<DeviceAttr>attr).raw),
              f'query device {self.name}')
        return attr

    def query_device_ex(self, QueryDeviceExInput ex_input=None):
        cdef v.ibv_query_device_ex_input *wanted = NULL
        if ex_input is not None:
            wanted = <v.ibv_query_device_ex_input *>ex_input.raw
        attr = DeviceAttrEx()
        check(v.ibv_query_device_ex(self.c(), wanted,
                                    <v.ibv_device_attr_ex *>(<DeviceAttrEx>attr).raw),
              f'query device {self.name}')
        return attr

    def query_port(self, unsigned int port_num):
        attr = PortAttr()
        check(v.ibv_query_port(self.c(), _port(port_num),
                               <v.ibv_port_attr *>(<PortAttr>attr).raw), f'query port {port_num}')
        return attr

    def query_port_speed(self, unsigned int port_num):
        """-> the effective speed of a port in units of 100 Mbit/s."""
        cdef v.uint64_t speed = 0
        check(v.ibv_query_port_speed(self.c(), port_num, &speed),
              f'query the speed of port {port_num}')
        return speed

    def query_gid(self, unsigned int port_num, int index):
        gid = GID()
        check_errno(v.ibv_query_gid(self.c(), _port(port_num), index,
                                    <v.ibv_gid *>(<GID>gid).raw),
                    f'query gid {index} of port {port_num}')
        return gid

    def query_gid_ex(self, unsigned int port_num, unsigned int gid_index, unsigned int flags=0):
        """-> a GIDEntry."""
        entry = GIDEntry()
        check(v.ibv_query_gid_ex(self.c(), port_num, gid_index,
                                 <v.ibv_gid_entry *>(<GIDEntry>entry).raw, flags),
              f'query gid {gid_index} of port {port_num}')
        return entry

    def query_gid_table(self, size_t max_entries, unsigned int flags=0):
        """-> a GIDEntry for each GID of all ports, 'max_entries' at most."""
        cdef v.ibv_gid_entry *entries = <v.ibv_gid_entry *>calloc(max_entries or 1,
                                                                  sizeof(v.ibv_gid_entry))
        if entries == NULL:
            raise MemoryError()
        try:
            count = v.ibv_query_gid_table(self.c(), entries, max_entries, flags)
            check(-count if count < 0 else 0, 'query the gid table')
            found = []
            for i in range(count):
                entry = GIDEntry()
                memcpy((<GIDEntry>entry).raw, &entries[i], sizeof(entries[i]))
                found.append(entry)
            return found
        finally:
            free(entries)

    def query_gid_type(self, unsigned int port_num, unsigned int index):
        """-> an ibv_gid_type_sysfs"""
        kind = self.query_gid_ex(port_num, index).gid_type
        return e.IBV_GID_TYPE_SYSFS_ROCE_V2 if kind == v.IBV_GID_TYPE_ROCE_V2 else \
            e.IBV_GID_TYPE_SYSFS_IB_ROCE_V1

    def query_pkey(self, unsigned int port_num, int index):
        """-> a partition key in network order."""
        cdef v.uint16_t pkey = 0
        check_errno(v.ibv_query_pkey(self.c(), _port(port_num), index, &pkey),
                    f'query pkey {index} of port {port_num}')
        return pkey

    def get_pkey_index(self, unsigned int port_num, v.uint16_t pkey):
        """-> the index of a partition key in network order."""
        return check_errno(v.ibv_get_pkey_index(self.c(), _port(port_num), pkey),
                           f'find pkey {pkey} of port {port_num}')

    def query_rt_values_ex(self, unsigned int comp_mask=v.IBV_VALUES_MASK_RAW_CLOCK):
        """-> the device's clock as (seconds, nanoseconds)."""
        cdef v.ibv_values_ex values
        values.comp_mask = comp_mask
        values.raw_clock.tv_sec = values.raw_clock.tv_nsec = 0
        check(v.ibv_query_rt_values_ex(self.c(), &values), 'query real time values')
        return values.raw_clock.tv_sec, values.raw_clock.tv_nsec

    def query_comp_cntr_caps(self):
        caps = CompCntrCaps()
        check(v.ibv_query_comp_cntr_caps(self.c(),
                                         <v.ibv_comp_cntr_caps *>(<CompCntrCaps>caps).raw),
              'query completion counter capabilities')
        return caps

    def get_async_event(self):
        """Waits for an event of the device, a queue or a port; -> an AsyncEvent."""
        cdef v.ibv_context *context = <v.ibv_context *>self.pin()
        cdef v.ibv_async_event event
        cdef int result, error
        event.element.qp = NULL
        try:
            while True:
                with nogil:
                    result = v.ibv_get_async_event(context, &event)
                    error = errno
                if result == 0:
                    return _event(self, &event)
                if error != EINTR:
                    raise PyverbsRDMAError('Failed to get an asynchronous event', error)
                PyErr_CheckSignals()
        finally:
            self.unpin()


cdef unsigned int _port(unsigned int port_num) except? 0:
    """The classic calls have a byte for it: 257 is not port 1."""
    if port_num > 255:
        raise PyverbsRDMAError(f'There is no port {port_num}', EINVAL)
    return port_num


cdef class Delivery(PyverbsCM):
    """Closing it acknowledges. It counts as a child of what the event is about, because that cannot
    be destroyed before."""
    cdef v.ibv_async_event event

    cdef int release(self) noexcept nogil:
        v.ibv_ack_async_event(&self.event)
        return 0


cdef AsyncEvent _event(Context context, v.ibv_async_event *event):
    cdef AsyncEvent made = AsyncEvent(event.event_type)
    # For events of the device or a port the pointer is none of our objects.
    cdef PyverbsCM about = context.descendant(event.element.qp)
    cdef Delivery delivery
    if about is not None and about.closing:
        v.ibv_ack_async_event(event)  # another thread is waiting for it
        return made
    delivery = Delivery()
    delivery.event = event[0]
    delivery.begin((context if about is None else about,))
    delivery.finish(&delivery.event, sizeof(delivery.event), 'keep an event')
    made.delivery = delivery
    return made


cdef class AsyncEvent(PyverbsObject):
    """An event of Context.get_async_event(). What it is about can be closed with the event not
    acknowledged: that acknowledges it."""

    def __init__(self, event_type=0):
        self.event_type = event_type

    def ack(self):
        """Says that the event has been dealt with. Once is enough."""
        if self.delivery is not None:
            self.delivery.close()

    def __str__(self):
        return f'Event Type              : {translate_event_type(self.event_type)}'


# What is cimported is no name of the module; and these modules need this one.
import pyverbs.device_memory as memory  # noqa: E402
import pyverbs.mr as mr  # noqa: E402

globals().update((name, getattr(module, name)) for module, names in {
    attributes: ('CompCntrCaps', 'CQModerationCaps', 'DeviceAttr', 'DeviceAttrEx', 'GIDEntry',
                 'ODPCaps', 'PCIAtomicCaps', 'PacketPacingCaps', 'PortAttr', 'QueryDeviceExInput',
                 'RSSCaps', 'TMCaps', 'TSOCaps'),
    memory: ('DM', 'AllocDmAttr', 'FdArr'),
    mr: ('DMMR', 'DMAHandle'),
}.items() for name in names)
