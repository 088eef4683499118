# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What this device does not have is refused with EOPNOTSUPP and leaves nothing behind. A verb that a
device gains loses its line here and gets tests of its own."""
import pytest

import pyverbs.enums as e
from bed import Side, fails_with
from pyverbs.qp import ECE
from pyverbs.wq import WQ, WQInitAttr

EOPNOTSUPP = 95
MISSING = {
    'work queues': lambda bed: WQ(bed.context, WQInitAttr(wq_pd=bed.pd, wq_cq=bed.sent.cq)),
    'ECE': lambda bed: bed.qp.set_ece(ECE(0x15b3, 1)),
}


@pytest.mark.parametrize('what', MISSING)
def test_it_is_refused(context, what):
    bed = Side(context, e.IBV_QPT_RC)
    with fails_with(EOPNOTSUPP):
        MISSING[what](bed)
    bed.context.close()
