# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What goes wrong: PyverbsUserError is the caller's fault and was noticed here, PyverbsRDMAError is
what libibverbs answered, with its errno."""
import os


class PyverbsError(Exception):
    """Base of all errors; an error code other than -1 is an errno and adds its reason."""

    def __init__(self, msg, error_code=-1):
        if error_code != -1:
            msg = f'{msg}. Errno: {error_code}, {os.strerror(error_code)}'
        super().__init__(msg)


class PyverbsUserError(PyverbsError):
    """A call that cannot be right: an object that is closed, an argument out of its place."""

    def __init__(self, msg):
        super().__init__(msg)


class PyverbsRDMAError(PyverbsError):
    """A verb that failed."""

    def __init__(self, msg, error_code=-1):
        super().__init__(msg, error_code)
        self._error_code = error_code

    @property
    def error_code(self):
        """errno, or -1 where there is none."""
        return self._error_code
