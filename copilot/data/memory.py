"""Memory that was freed and is still held by the allocator goes back to the system."""

from __future__ import annotations

import ctypes
import sys


def give_back() -> None:
    """Ask glibc to return what was freed; elsewhere nothing happens.

    After a large table is dropped, the arrays it was made of would otherwise count until the process ends.
    """
    if sys.platform != "linux":
        return
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
