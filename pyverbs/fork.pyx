# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Protection of registered memory across fork()."""
from pyverbs cimport libibverbs as v
from pyverbs.base cimport check

import pyverbs.libibverbs_enums as e
from pyverbs.pyverbs_error import PyverbsRDMAError  # noqa: F401


def fork_init():
    """Makes fork() safe. It has to come before memory is registered."""
    check(v.ibv_fork_init(), 'initialise fork support')


def is_fork_initialized():
    """-> an ibv_fork_status"""
    return e.ibv_fork_status(v.ibv_is_fork_initialized())
