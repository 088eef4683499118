# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Nothing for Python; what other Cython modules cimport stands in librdmacm.pxd."""
