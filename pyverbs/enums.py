# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The names of libibverbs_enums under the module's short name."""
from pyverbs.libibverbs_enums import *  # noqa: F401,F403
from pyverbs.libibverbs_enums import (  # noqa: F401
    _IBV_ADVISE_MR_ADVICE_PREFETCH, _IBV_ADVISE_MR_ADVICE_PREFETCH_NO_FAULT,
    _IBV_ADVISE_MR_ADVICE_PREFETCH_WRITE, _IBV_ADVISE_MR_FLAG_FLUSH, _IBV_ALLOCATOR_USE_DEFAULT,
    _IBV_DEVICE_CC_DMA_BOUNCE, _IBV_DEVICE_PCI_WRITE_END_PADDING, _IBV_DEVICE_RAW_SCATTER_FCS)
