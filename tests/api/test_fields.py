# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Every property that is a member of a C structure: its range, and that it is a member of its own."""
import importlib
import inspect

import pytest

from pyverbs.base import PyverbsObject
from pyverbs.fields import Field, Part, Text
from pyverbs.pyverbs_error import PyverbsUserError

MODULES = ('addr cm_event cm_param cmid comp_cntr cq device_attr device_memory flow mr pd qp_attr spec srq '
           'wq wr xrcd').split()
# Members that C has in one place for several uses
SHARED = {('SendWR', 'rkey'), ('SendWR', 'rdma_rkey'), ('SendWR', 'rdma_remote_addr')}


def classes():
    found = {}
    for name in MODULES:
        module = importlib.import_module('pyverbs.' + name)
        for cls in vars(module).values():
            if inspect.isclass(cls) and issubclass(cls, PyverbsObject):
                found[cls.__name__] = cls
    return sorted(found.values(), key=lambda cls: cls.__name__)


def fields(cls, kind=Field):
    return {name: entry for name, entry in vars(cls).items() if isinstance(entry, kind)}


def blank(cls):
    """An object of nothing but its zeroed structure, or None where the structure is libibverbs's."""
    made = cls.__new__(cls)
    try:
        for name in fields(cls):
            getattr(made, name)
    except PyverbsUserError:
        return None
    return made


STRUCTURES = [cls for cls in classes() if fields(cls) and blank(cls)]
HANDLES = [cls for cls in classes() if fields(cls) and not blank(cls)]
FIELDS = [pytest.param(cls, name, id=f'{cls.__name__}.{name}')
          for cls in STRUCTURES for name in fields(cls)]
TEXTS = [pytest.param(cls, name, id=f'{cls.__name__}.{name}')
         for cls in STRUCTURES for name in fields(cls, Text)]
PARTS = [pytest.param(cls, name, id=f'{cls.__name__}.{name}')
         for cls in STRUCTURES for name in fields(cls, Part)]


def values(thing):
    return {name: getattr(thing, name) for name in fields(type(thing))
            if (type(thing).__name__, name) not in SHARED}


def aliases(cls, name):
    """Names of the same member: a capability is in 'cap' as well."""
    return {name, 'size'} if name == 'type' else {name}


def largest(thing, name):
    """The largest number that the member takes."""
    for bits in (8, 16, 31, 32, 64):
        try:
            setattr(thing, name, 1 << bits)
        except OverflowError:
            return (1 << bits) - 1
    raise AssertionError(f'{name} takes any number')


@pytest.mark.parametrize('cls, name', FIELDS)
def test_a_member_takes_its_range_and_touches_no_other(cls, name):
    thing = blank(cls)
    if not fields(cls)[name].writable:
        with pytest.raises(AttributeError):
            setattr(thing, name, 0)
        return
    if (cls.__name__, name) == ('OpsWr', 'num_sge'):
        return
    before = values(thing)
    top = largest(thing, name)
    for value in (top, 1, 0):
        setattr(thing, name, value)
        assert getattr(thing, name) == value
        assert {**values(thing), name: 0} == {**before, name: 0}
    for wrong in ('1', None, 1.5):
        with pytest.raises((TypeError, OverflowError)):
            setattr(thing, name, wrong)
    assert getattr(thing, name) == 0


@pytest.mark.parametrize('cls, name', TEXTS)
def test_a_text_member_keeps_what_it_is_given(cls, name):
    thing = blank(cls)
    ones = fields(cls, Text)[name].ones()
    zero = getattr(thing, name)
    for value in (ones, zero):
        setattr(thing, name, value)
        assert getattr(thing, name) == value
    with pytest.raises(PyverbsUserError):
        setattr(thing, name, 'nonsense')
    assert getattr(thing, name) == zero


@pytest.mark.parametrize('cls, name', PARTS)
def test_a_part_is_a_window_into_its_whole(cls, name):
    thing = blank(cls)
    part = getattr(thing, name)
    inner = [field for field, entry in fields(type(part)).items() if entry.writable]
    for field in inner:
        setattr(part, field, 1)
        assert getattr(getattr(thing, name), field) == 1
    with pytest.raises((TypeError, AttributeError)):
        setattr(thing, name, 5)
    del thing
    for field in inner:
        assert getattr(part, field) == 1


@pytest.mark.parametrize('cls', HANDLES, ids=lambda cls: cls.__name__)
def test_what_was_never_made_says_so(cls):
    for name in fields(cls):
        with pytest.raises(PyverbsUserError, match='closed'):
            getattr(cls.__new__(cls), name)


@pytest.mark.parametrize('cls', STRUCTURES, ids=lambda cls: cls.__name__)
def test_printing_names_every_member(cls):
    text = str(blank(cls))
    assert all(name in text for name in fields(cls))


def test_a_descriptor_refuses_objects_of_other_classes():
    from pyverbs.cq import PollCqAttr, WC
    with pytest.raises(TypeError):
        vars(WC)['dlid_path_bits'].__get__(PollCqAttr(), PollCqAttr)
    with pytest.raises(TypeError):
        vars(WC)['wr_id'].__get__(object(), object)
