# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What goes wrong: PyverbsUserError is the caller's fault and was noticed here, PyverbsRDMAError is
what libibverbs answered, with its errno."""
import ctypes
import functools
import os


@functools.lru_cache(maxsize=None)
def _reasons():
    """-> the functions of infiniband/verbs_explain.h, or None where libibverbs has them not."""
    try:
        library = ctypes.CDLL('libibverbs.so.1')
        library.ibv_explain_last_error.restype = ctypes.c_char_p
        return (library.ibv_explain_last_errno, library.ibv_explain_last_error,
                library.ibv_explain_forget)
    except (OSError, AttributeError):
        return None


def _explain(error_code):
    """-> why the verb failed that this thread has just called, as text to append."""
    reasons = _reasons()
    if reasons is None or reasons[0]() != error_code:
        return ''
    text = f' ({reasons[1]().decode(errors="replace")})'
    reasons[2]()
    return text


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
    """A verb that failed; the text tells why, where libibverbs does."""

    def __init__(self, msg, error_code=-1):
        super().__init__(msg, error_code)
        self._reason = ''
        self._tell(_explain(error_code) if error_code > 0 else '')
        self._error_code = error_code

    def _tell(self, reason):
        """The library gives a reason once; who raises an error anew passes it on."""
        if not self._reason:
            self._reason = reason
            self.args = (self.args[0] + reason,)

    @property
    def error_code(self):
        """errno, or -1 where there is none."""
        return self._error_code
