"""Places that a command is to write to, looked at before any work is done."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from copilot.errors import UsageError


def check_place(flag: str, place: Path | None, inputs: Sequence[Path | None] = ()) -> None:
    """Refuse a file that could not be written, or that is an input of the same run.

    Raises
    ------
    UsageError
        Naming the flag.
    """
    if place is None:
        return
    if place.is_dir() or not place.parent.is_dir():
        why = "is a folder" if place.is_dir() else f"lies in {str(place.parent)!r}, which does not exist"
        raise UsageError(f"{flag} {str(place)!r} {why}", advice="Name a file in a folder that exists.")
    if any(other is not None and other.exists() and place.exists() and other.samefile(place) for other in inputs):
        raise UsageError(f"{flag} {str(place)!r} is an input of this run", advice="Name another file.")


def check_output(flag: str, place: Path | None, inputs: Sequence[Path | None] = ()) -> None:
    """Refuse a graph file that could not be written, or whose name says no known format."""
    from copilot.data.graph_files import format_of

    check_place(flag, place, inputs)
    if place is not None:
        format_of(str(place))


def check_notebook(place: Path | None, data: str, inputs: Sequence[str | Path | None]) -> None:
    """Refuse a notebook that could not be written, or could not open the table again.

    Raises
    ------
    UsageError
        If so.
    """
    if place is None:
        return
    check_place("--notebook", place, [None if one is None else Path(one) for one in (data, *inputs)])
    if data == "-" or data.startswith(("/dev/", "/proc/")):
        raise UsageError(
            "--notebook needs a table that is a file",
            reason="The notebook reads it again, and standard input is gone by then.",
            advice="Save the table first and name the file.",
        )
