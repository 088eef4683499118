# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Python on RDMA verbs: devices, memory, queues and work requests of libibverbs.

    import pyverbs.device as d
    with d.Context(name='mlx5_0') as context:
        print(context.query_device().fw_version)
"""
from pyverbs.__version__ import __version__  # noqa: F401
