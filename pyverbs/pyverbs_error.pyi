# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause

class PyverbsError(Exception):
    def __init__(self, msg: str, error_code: int = ...) -> None: ...


class PyverbsUserError(PyverbsError):
    def __init__(self, msg: str) -> None: ...


class PyverbsRDMAError(PyverbsError):
    def __init__(self, msg: str, error_code: int = ...) -> None: ...
    @property
    def error_code(self) -> int: ...
