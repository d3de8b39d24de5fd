"""Rich's console, without its own way to end the process."""

from __future__ import annotations

from rich.console import Console


class Drawing(Console):
    """A Rich console that lets a broken pipe be known, as every other writer does.

    Rich itself points standard output nowhere and exits with 1, whichever of the two streams it was that nobody reads.
    """

    def on_broken_pipe(self) -> None:
        """Raise the error that Rich has caught."""
        raise  # noqa: PLE0704 (called while the error is being handled)
