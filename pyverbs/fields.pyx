# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Members of C structures as properties.

A class states a line for each member, which the compiler checks against the header:

    cdef v.ibv_wc *wc = NULL       # only its shape is used
    cdef class WC(PyverbsObject):
        byte_len = rw(PLACE(wc.byte_len))
"""
from cpython.number cimport PyNumber_Index
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from libc.string cimport memmove

from pyverbs.pyverbs_error import PyverbsUserError

cdef extern from "<endian.h>":
    uint16_t htobe16(uint16_t)
    uint16_t be16toh(uint16_t)
    uint32_t htobe32(uint32_t)
    uint32_t be32toh(uint32_t)


cdef class Field:
    """An integer member: the descriptor reads and writes the structure of the object it is asked
    on. A value that does not fit is an OverflowError."""

    def __get__(self, instance, owner):
        if instance is None:
            return self
        cdef void *place = self.find(instance)
        if self.size == 1:
            return (<uint8_t *>place)[0]
        if self.size == 2:
            return be16toh((<uint16_t *>place)[0]) if self.network else (<uint16_t *>place)[0]
        if self.size == 4 and self.signed:
            return (<int32_t *>place)[0]
        if self.size == 4:
            return be32toh((<uint32_t *>place)[0]) if self.network else (<uint32_t *>place)[0]
        return (<uint64_t *>place)[0]

    def __set__(self, instance, value):
        cdef void *place = self.find(instance)
        if not self.writable:
            raise AttributeError('This attribute can only be read')
        value = PyNumber_Index(value)
        if self.size == 1:
            (<uint8_t *>place)[0] = value
        elif self.size == 2:
            (<uint16_t *>place)[0] = htobe16(value) if self.network else value
        elif self.size == 4 and self.signed:
            (<int32_t *>place)[0] = value
        elif self.size == 4:
            (<uint32_t *>place)[0] = htobe32(value) if self.network else value
        else:
            (<uint64_t *>place)[0] = value

    def ones(self):
        """-> the value with all bits set"""
        return (1 << 8 * self.size) - 1

    cdef void *find(self, instance) except NULL:
        cdef PyverbsObject thing = <PyverbsObject?>instance
        cdef char *raw = <char *>thing.alive()
        if self.offset + self.size > thing.extent:
            raise TypeError(f'Not an attribute of {type(instance).__name__}')
        return raw + self.offset


cdef class Text:
    """Bytes that programs know as text: 'parse' makes bytes of what is set, 'present' text of the
    bytes."""

    def __get__(self, instance, owner):
        if instance is None:
            return self
        cdef char *place = <char *>(<PyverbsObject?>instance).alive() + self.offset
        return self.present(place[:self.extent])

    def __set__(self, instance, value):
        cdef char *place = <char *>(<PyverbsObject?>instance).alive() + self.offset
        cdef bytes octets = self.parse(value)
        if <size_t>len(octets) != self.extent:
            raise PyverbsUserError(f'{value} is not {self.extent} bytes')
        memmove(place, <const char *>octets, self.extent)

    def ones(self):
        """-> the value with all bits set"""
        return self.present(b'\xff' * self.extent)


cdef class Part:
    """A structure in the structure: reading gives an object of its class that looks into the whole,
    so that whole.part.member = 1 has its effect; writing copies."""

    def __get__(self, instance, owner):
        if instance is None:
            return self
        cdef PyverbsObject made = self.kind.__new__(self.kind)
        made.wrap(<char *>(<PyverbsObject?>instance).alive() + self.offset, self.extent)
        made.whole = instance
        return made

    def __set__(self, instance, value):
        if not self.writable:
            raise AttributeError('This attribute can only be read')
        if not isinstance(value, self.kind):
            raise TypeError(f'{self.kind.__name__} expected, not {type(value).__name__}')
        memmove(<char *>(<PyverbsObject?>instance).alive() + self.offset,
                (<PyverbsObject>value).alive(), self.extent)


cdef Field make(uint64_t place, bint writable, show):
    cdef Field field = Field.__new__(Field)
    field.offset = place & 0xffffffff
    field.size = place >> 32 & 0xffff
    field.signed = place >> 48 & 1
    field.writable = writable
    field.show = show
    return field


cdef Field rw(uint64_t place, show=None):
    """A member to read and write; 'show' turns its value into text where the object is printed."""
    return make(place, True, show)


cdef Field ro(uint64_t place, show=None):
    """A member to read."""
    return make(place, False, show)


cdef Field net(uint64_t place, show=None):
    """A member in network order whose value is a number."""
    cdef Field field = make(place, True, show)
    field.network = True
    return field


cdef Text text(uint64_t span, parse, present):
    """A member that is bytes."""
    cdef Text made = Text.__new__(Text)
    made.offset = span & 0xffffffff
    made.extent = span >> 32
    made.parse = parse
    made.present = present
    made.writable = True
    return made


cdef Part part(uint64_t span, type kind, bint writable=True):
    cdef Part made = Part.__new__(Part)
    made.offset = span & 0xffffffff
    made.extent = span >> 32
    made.kind = kind
    made.writable = writable
    return made


cdef int fill(PyverbsObject thing, dict arguments) except -1:
    """Sets properties from the arguments of a constructor, which it passes as its locals()."""
    for name, value in arguments.items():
        if name != 'self':
            setattr(thing, name, value)
    return 0
