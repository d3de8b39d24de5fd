"""How a workflow tells that it is getting on; whoever calls it decides what is shown."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """One bar at a time."""

    def start(self, label: str, total: int | None = None) -> None:
        """Begin a stretch of work; `total` is the number of steps, ``None`` if it is not known."""
        ...

    def advance(self, steps: int = 1) -> None:
        """Take steps."""
        ...

    def done(self) -> None:
        """End the stretch."""
        ...


class Silent:
    """Shows nothing."""

    def start(self, label: str, total: int | None = None) -> None:
        """Begin a stretch."""

    def advance(self, steps: int = 1) -> None:
        """Take steps."""

    def done(self) -> None:
        """End the stretch."""
