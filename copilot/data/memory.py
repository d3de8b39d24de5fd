"""Memory that was freed and is still held by the allocator goes back to the system."""

from __future__ import annotations

import ctypes
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""Names of glibc's parameters, as in its header malloc.h."""
_LARGE = 4 << 20
"""Bytes from which on an array is a mapping of its own; smaller ones are handed out again faster than mapped."""
_SPARE = 16 << 20
"""Bytes at the end of the heap that are kept for the next array."""


def give_back() -> None:
    """Ask glibc to return what was freed; elsewhere nothing happens.

    After a large table is dropped, the arrays it was made of would otherwise count until the process ends.
    """
    _call("malloc_trim", 0)


def return_large_arrays() -> None:
    """Ask glibc to return a large array as soon as it is freed; elsewhere nothing happens.

    Without this it learns from each large array that is freed to keep the next one of its size.
    """
    _call("mallopt", _MMAP_THRESHOLD, _LARGE)
    _call("mallopt", _TRIM_THRESHOLD, _SPARE)


def _call(name: str, *arguments: int) -> None:
    if sys.platform != "linux":
        return
    function = getattr(ctypes.CDLL(None), name, None)
    if function is not None:
        function(*arguments)
