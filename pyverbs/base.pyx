# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What all classes share, above all the life of objects that stand for something in the kernel.

An object keeps its parents alive by references and is known to them by a weak one. So objects that
are collected go children first, whatever order Python drops names in; and closing an object closes
what was made of it, newest first. After that every use is a PyverbsUserError.

A call that lets other threads run pins its object. What is pinned cannot be closed, nor can its
parents: that is EBUSY, instead of a structure freed under a thread that uses it.
"""
cimport cython
from libc.errno cimport EBUSY, EIO, ENODEV, errno
from libc.stdlib cimport calloc, free

import logging
import weakref

from pyverbs cimport libibverbs as v
from pyverbs.pyverbs_error import PyverbsRDMAError, PyverbsUserError

LOG_LEVEL = logging.INFO
LOG_FORMAT = '%(asctime)s %(levelname)s %(filename)s:%(lineno)d %(message)s'


def PyverbsRDMAErrno(msg):
    """-> a PyverbsRDMAError with the errno of the last call of the C library."""
    return PyverbsRDMAError(msg, errno)


def inc_rkey(rkey):
    """-> the key with its lowest byte, the part that its owner chooses, increased by one."""
    return v.ibv_inc_rkey(rkey)


cdef int check(int error, str what) except -1:
    """For verbs that return a positive errno."""
    if error:
        raise PyverbsRDMAError('Failed to ' + what, error)
    return 0


cdef int check_errno(int result, str what) except -1:
    """For verbs that return a negative number and leave the reason in errno; -> the number."""
    cdef int error = errno
    if result < 0:
        raise PyverbsRDMAError('Failed to ' + what, error)
    return result


@cython.no_gc_clear
cdef class PyverbsObject:
    """Base of everything. Printing an object lists its properties."""

    def __init__(self):
        pass

    @property
    def logger(self):
        return logging.getLogger('pyverbs.' + type(self).__name__)

    def set_log_level(self, val):
        """Sets the level of the logger that this object's class writes to."""
        self.logger.setLevel(val)

    def __str__(self):
        return f'{type(self).__name__}\n' + '\n'.join(_lines(self))

    def __dealloc__(self):
        if self.owned:
            free(self.raw)

    cdef int allot(self, size_t extent) except -1:
        """For classes that are a structure and no more: zeroed memory for it."""
        cdef void *raw = calloc(1, extent)
        if raw == NULL:
            raise MemoryError()
        self.wrap(raw, extent)
        self.owned = True
        return 0

    cdef void wrap(self, void *raw, size_t extent):
        self.drop()
        self.raw = raw
        self.extent = extent

    cdef void drop(self):
        if self.owned:
            free(self.raw)
        self.owned = False
        self.raw = NULL

    cdef void *alive(self) except NULL:
        """-> the C object of an open object."""
        if self.raw == NULL:
            raise PyverbsUserError(f'This {type(self).__name__} is closed')
        return self.raw


def _lines(thing):
    """A line for each property of an object; a property that is an object itself is indented."""
    for name, value in _properties(thing):
        if isinstance(value, PyverbsObject):
            yield f'  {name}:'
            yield from ('  ' + line for line in _lines(value))
        else:
            yield f'  {name:<24}: {value}'


def _properties(thing):
    seen = {'logger'}
    for kind in type(thing).__mro__:
        for name, descriptor in list(vars(kind).items()):
            if name in seen or name[0] == '_' or not hasattr(type(descriptor), '__set__'):
                continue
            seen.add(name)
            try:
                value = getattr(thing, name)
            except (AttributeError, PyverbsUserError):
                continue
            show = getattr(descriptor, 'show', None)
            yield name, value if show is None else show(value)


@cython.no_gc_clear
cdef class PyverbsCM(PyverbsObject):
    """Base of what is closed: by close(), by the end of a with statement, with its parent, or when
    nothing refers to it any more.

    A constructor checks its arguments, then calls begin() with the parents, then the verb, then
    finish() with the verb's result, and nothing that could fail in between.
    """

    def __enter__(self):
        return self

    def __exit__(self, exc_type, exc_value, traceback):
        self.close()

    def __dealloc__(self):
        # Children hold references, so there are none left; ours to the parents go last. What lives
        # in memory of its own has nothing to give back.
        cdef int error
        self.unlist()
        if self.raw == NULL or self.owned:
            return
        self.interrupt()
        error = self.release()
        if error not in (0, EIO, ENODEV):  # those two: the device is gone
            raise PyverbsRDMAError(f'Failed to close {type(self).__name__}', error)

    def close(self):
        """Closes the object and what was made of it. Closing twice is no error."""
        self.shut()

    # For derived classes

    cdef int release(self) noexcept nogil:
        """Gives the C object back; -> 0 or errno."""
        return 0

    cdef void quiesce(self):
        """Ends what was begun and would make closing this or a child wait: the lock that a poll
        holds, for one."""

    cdef int fresh(self) except -1:
        """For constructors that change their object before begin()."""
        if self.raw != NULL or self.pins:
            raise PyverbsUserError(f'This {type(self).__name__} has been made already')
        return 0

    cdef int begin(self, tuple parents) except -1:
        self.fresh()
        parents = tuple(parent for parent in parents if parent is not None)
        for parent in parents:
            (<PyverbsCM?>parent).alive()
        self.parents = ()
        for parent in parents:
            self.adopt(parent)
        self.pins += 1
        return 0

    cdef int adopt(self, PyverbsCM parent) except -1:
        """Adds a parent."""
        if parent.children is None:
            parent.children = {}
        parent.children[<size_t><void *>self] = weakref.ref(self)
        if parent not in self.parents:
            self.parents += (parent,)
        return 0

    cdef int forsake(self, PyverbsCM parent) except -1:
        """Takes a parent away."""
        parent.children.pop(<size_t><void *>self, None)
        self.parents = tuple(one for one in self.parents if one is not parent)
        return 0

    cdef int finish(self, void *raw, size_t extent, str what) except -1:
        cdef int error = errno
        self.pins -= 1
        if raw == NULL:
            self.detach()
            raise PyverbsRDMAError('Failed to ' + what, error)
        self.wrap(raw, extent)
        return 0

    cdef void *alive(self) except NULL:
        if self.closing:
            raise PyverbsUserError(f'This {type(self).__name__} is being closed')
        return PyverbsObject.alive(self)

    cdef void *pin(self) except NULL:
        """alive(), and open until unpin()."""
        self.alive()
        self.pins += 1
        return self.raw

    cdef void unpin(self):
        self.pins -= 1

    cdef void abandon(self):
        """For an object that somebody else has already given back."""
        self.drop()
        self.detach()

    cdef PyverbsCM descendant(self, void *raw):
        """-> the open object that stands for this C object, self included, or None."""
        if self.raw == raw:
            return self
        for child in self.open_children():
            found = (<PyverbsCM>child).descendant(raw)
            if found is not None:
                return found
        return None

    # The order of closing

    cdef int shut(self) except -1:
        cdef int error
        self.check_idle()
        if self.raw == NULL:
            return 0
        self.close_children()
        if self.raw == NULL:
            return 0
        self.interrupt()
        self.closing = True
        with nogil:
            error = self.release()
        self.closing = False
        if error:
            raise PyverbsRDMAError(f'Failed to close {type(self).__name__}', error)
        self.abandon()
        return 0

    cdef void interrupt(self):
        self.quiesce()
        for parent in self.parents or ():
            (<PyverbsCM>parent).quiesce()

    cdef list open_children(self):
        """Newest first."""
        cdef list found = []
        for reference in reversed(list((self.children or {}).values())):
            child = reference()
            if child is not None:
                found.append(child)
        return found

    cdef int close_children(self) except -1:
        """What cannot be closed may depend on a sibling, so it is tried again as long as there is
        progress."""
        cdef Py_ssize_t before
        while self.children:
            before = len(self.children)
            fault = None
            for child in self.open_children():
                try:
                    child.close()
                    (<PyverbsCM>child).shut()
                except PyverbsRDMAError as error:
                    fault = error
            if fault is None:
                return 0
            if len(self.children) >= before:
                raise fault
        return 0

    cdef int check_idle(self) except -1:
        """Nothing of a family is closed while a thread is in a call of one of them."""
        if self.pins or self.closing:
            raise PyverbsRDMAError(f'This {type(self).__name__} is in use by another thread', EBUSY)
        for child in self.open_children():
            (<PyverbsCM>child).check_idle()
        return 0

    cdef void unlist(self):
        for parent in self.parents or ():
            (<PyverbsCM>parent).children.pop(<size_t><void *>self, None)

    cdef void detach(self):
        self.unlist()
        self.parents = None
