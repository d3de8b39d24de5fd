"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from copilot.errors import UsageError


def write_atomic(path: Path, content: str | bytes) -> None:
    r"""Write a file beside its final place, flush it to disk and rename it.

    Parameters
    ----------
    path
        Final place; its folder must exist. A file that stood there is replaced, or untouched on failure.
    content
        Text is written as UTF-8 with ``\n`` line ends.

    Raises
    ------
    UsageError
        If the folder is missing, not writable or full, or `path` is a folder.
    """
    data = content.encode() if isinstance(content, str) else content
    part: str | None = None
    try:
        handle, part = tempfile.mkstemp(prefix=f".{path.name[:40]}.", suffix=".part", dir=path.parent)
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        mask = os.umask(0)
        os.umask(mask)
        Path(part).chmod(0o666 & ~mask)
        Path(part).replace(path)
    except OSError as error:
        raise UsageError(
            f"cannot write {str(path)!r}",
            reason=f"{error.strerror or error}.",
            advice="Name another place with -o or --run-dir, or make room there.",
        ) from error
    finally:
        if part is not None:
            Path(part).unlink(missing_ok=True)
