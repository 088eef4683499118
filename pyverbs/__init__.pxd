# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Tells Cython that this folder is the package. Python must not think so: what it imports is in the
# build, where package.py is __init__.py.
