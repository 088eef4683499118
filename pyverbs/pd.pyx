# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Protection domains, and parent domains with allocators of the program's own."""
cimport cython
from libc.stdint cimport uint32_t, uint64_t, uintptr_t
from libc.stdlib cimport calloc, free

from pyverbs cimport libibverbs as v
from pyverbs.base cimport PyverbsCM, PyverbsObject, check
from pyverbs.device cimport Context
from pyverbs.fields cimport PLACE, Field, ro
from pyverbs.wr cimport SGE, copy_sges

import sys

from pyverbs.base import PyverbsRDMAErrno  # noqa: F401
from pyverbs.pyverbs_error import PyverbsError, PyverbsRDMAError, PyverbsUserError  # noqa: F401

cdef v.ibv_pd *domain = NULL
cdef v.ibv_parent_domain_init_attr *parent_attr = NULL


@cython.no_gc_clear
cdef class PD(PyverbsCM):
    """A protection domain: PD(context), or PD(context, handle=HANDLE) for one of another process
    whose device the context has imported."""

    def __init__(self, Context creator not None, **kwargs):
        cdef v.ibv_context *context = <v.ibv_context *>creator.alive()
        cdef v.ibv_pd *made
        cdef uint32_t handle = 0
        if set(kwargs) - {'handle'}:
            raise PyverbsUserError(f'A PD takes a handle, not {", ".join(kwargs)}')
        self.fresh()
        self.imported = 'handle' in kwargs
        if self.imported:
            handle = kwargs['handle']
        self.ctx = creator
        self.begin((creator,))
        with nogil:
            if self.imported:
                made = v.ibv_import_pd(context, handle)
            else:
                made = v.ibv_alloc_pd(context)
        self.finish(made, sizeof(v.ibv_pd), 'allocate a PD')

    cdef int release(self) noexcept nogil:
        if self.imported:
            v.ibv_unimport_pd(<v.ibv_pd *>self.raw)
            return 0
        return v.ibv_dealloc_pd(<v.ibv_pd *>self.raw)

    handle = ro(PLACE(domain.handle))

    @property
    def pd(self):
        """The address of the C object."""
        return <size_t>self.alive()

    def unimport(self):
        """Closes what was imported and leaves the domain to its owner."""
        self.imported = True
        self.close()

    def advise_mr(self, advise, flags, sg_list):
        """Gives advice, an ib_uverbs_advise_mr_advice, about ranges of memory: a list of SGEs."""
        cdef v.ibv_pd *pd = <v.ibv_pd *>self.alive()
        cdef int advice = advise
        cdef uint32_t how = flags, count = len(sg_list)
        cdef int error
        cdef v.ibv_sge *sges = copy_sges(sg_list)
        self.pins += 1
        with nogil:
            error = v.ibv_advise_mr(pd, advice, how, sges, count)
        self.pins -= 1
        free(sges)
        check(error, 'advise an MR')


cdef void *_allocate(v.ibv_pd *pd, void *context, size_t size, size_t alignment,
                     uint64_t resource_type) noexcept with gil:
    """What a provider calls; an address, None for none, or an exception, which is no memory."""
    cdef ParentDomainContext about = <ParentDomainContext>context
    try:
        address = about.alloc_func(about.pd, about, size, alignment, resource_type)
        return <void *><uintptr_t>(address or 0)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        return NULL


cdef void _free(v.ibv_pd *pd, void *context, void *address,
                uint64_t resource_type) noexcept with gil:
    cdef ParentDomainContext about = <ParentDomainContext>context
    try:
        about.free_func(about.pd, about, <uintptr_t>address, resource_type)
    except BaseException:
        sys.excepthook(*sys.exc_info())


cdef class ParentDomainContext(PyverbsObject):
    """Allocators for a parent domain:

    alloc_func(pd, context, size, alignment, resource_type) -> address, or None when there is no
    memory, or _IBV_ALLOCATOR_USE_DEFAULT; free_func(pd, context, address, resource_type).
    """

    def __init__(self, PD pd, alloc_func, free_func, user_data=None):
        self.pd = pd
        self.alloc_func = alloc_func
        self.free_func = free_func
        self.user_data = user_data


cdef class ParentDomainInitAttr(PyverbsObject):
    """What a parent domain is made of."""

    def __cinit__(self):
        self.allot(sizeof(v.ibv_parent_domain_init_attr))

    def __init__(self, PD pd not None, ParentDomainContext pd_context=None, comp_mask=0):
        cdef v.ibv_parent_domain_init_attr *attr = <v.ibv_parent_domain_init_attr *>self.raw
        self.pd = pd
        self.pd_context = pd_context
        attr.comp_mask = comp_mask
        if pd_context is not None:
            attr.pd_context = <void *>pd_context
            if pd_context.alloc_func is not None:
                attr.alloc = _allocate
            if pd_context.free_func is not None:
                attr.free = _free

    comp_mask = ro(PLACE(parent_attr.comp_mask))


@cython.no_gc_clear
cdef class ParentDomain(PD):
    """A domain whose queues use the allocators that its attributes name."""

    def __init__(self, Context context not None, ParentDomainInitAttr attr not None):
        cdef v.ibv_context *creator = <v.ibv_context *>context.alive()
        cdef v.ibv_parent_domain_init_attr *wanted = <v.ibv_parent_domain_init_attr *>attr.alive()
        cdef v.ibv_pd *made
        wanted.pd = <v.ibv_pd *>attr.pd.alive()
        self.fresh()
        self.ctx = context
        self.pd_context = attr.pd_context
        self.begin((context, attr.pd))
        with nogil:
            made = v.ibv_alloc_parent_domain(creator, wanted)
        self.finish(made, sizeof(v.ibv_pd), 'allocate a parent domain')
