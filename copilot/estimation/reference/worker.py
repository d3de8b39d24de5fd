"""The process in which DoWhy runs: ``python -m copilot.estimation.reference.worker``.

It loads DoWhy, reads one request from standard input, writes one reply to standard output and ends. Whatever DoWhy and
its libraries print goes to the null device, and the process ends as soon as nobody holds the other end of its input.

A request is two big-endian 4-byte lengths, a JSON header and a matrix as ``numpy.save`` writes it; a reply is one JSON
object. Nothing is pickled.
"""

from __future__ import annotations

import io
import json
import logging
import os
import queue
import signal
import struct
import sys
import threading
import warnings
from dataclasses import dataclass
from typing import Any, BinaryIO

LENGTHS = struct.Struct(">II")
"""Bytes of the header, bytes of the matrix."""


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked, still packed.

    Parameters
    ----------
    header
        JSON.
    matrix
        As ``numpy.save`` writes it.
    """

    header: bytes
    matrix: bytes


def main() -> None:
    """Load DoWhy, answer one request, end."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends this process at once, without a traceback
    source, sink = _take_the_pipes()
    inbox: queue.SimpleQueue[Request] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(source, inbox), daemon=True).start()
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    reply = _answer(inbox)
    sink.write(json.dumps(reply, sort_keys=True, allow_nan=False).encode())
    sink.flush()
    os._exit(0)  # a slow identification may still run in its thread, and 3,000 modules take time to take down


def _answer(inbox: queue.SimpleQueue[Request]) -> dict[str, Any]:
    try:
        import dowhy
        import numpy as np

        from copilot.estimation.reference.dowhy_side import reply_to
    except Exception as fault:  # noqa: BLE001 (a broken installation may raise anything, and is only to be reported)
        return {"fault": f"{type(fault).__name__}: {fault}"}
    request = inbox.get()
    matrix = np.load(io.BytesIO(request.matrix), allow_pickle=False)
    return {"version": str(dowhy.__version__), **reply_to(json.loads(request.header), matrix)}


def _take_the_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Keep the two pipes under other numbers and lead the standard streams to the null device."""
    source, sink = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    sys.stdout = sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 (open until the end)
    return source, sink


def _listen(source: BinaryIO, inbox: queue.SimpleQueue[Request]) -> None:
    """Take one request; the end of the input, before or after it, ends the process."""
    lengths = source.read(LENGTHS.size)
    if len(lengths) == LENGTHS.size:
        header, matrix = (source.read(size) for size in LENGTHS.unpack(lengths))
        inbox.put(Request(header, matrix))
        source.read(1)
    os._exit(0)


if __name__ == "__main__":
    main()
