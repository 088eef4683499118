# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Members of C structures as properties.

A class states a line for each member, which the compiler checks against the header:

    cdef v.ibv_wc *wc = NULL       # only its shape is used
    cdef class WC(PyverbsObject):
        byte_len = rw(PLACE(wc.byte_len))
"""
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from libc.string cimport memmove


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
            return (<uint16_t *>place)[0]
        if self.size == 4:
            return (<int32_t *>place)[0] if self.signed else (<uint32_t *>place)[0]
        return (<uint64_t *>place)[0]

    def __set__(self, instance, value):
        cdef void *place = self.find(instance)
        if not self.writable:
            raise AttributeError('This attribute can only be read')
        if self.size == 1:
            (<uint8_t *>place)[0] = value
        elif self.size == 2:
            (<uint16_t *>place)[0] = value
        elif self.size == 4 and self.signed:
            (<int32_t *>place)[0] = value
        elif self.size == 4:
            (<uint32_t *>place)[0] = value
        else:
            (<uint64_t *>place)[0] = value

    cdef void *find(self, instance) except NULL:
        cdef PyverbsObject thing = <PyverbsObject?>instance
        cdef char *raw = <char *>thing.alive()
        if self.offset + self.size > thing.extent:
            raise TypeError(f'Not an attribute of {type(instance).__name__}')
        return raw + self.offset


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
