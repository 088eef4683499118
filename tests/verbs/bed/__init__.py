# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What tests of verbs stand on: the device and its family, completion queues, ends of connections,
and requests by either way to post them."""
