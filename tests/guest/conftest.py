# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause


def pytest_configure(config):
    config.addinivalue_line("markers", "guest: boots a guest")
