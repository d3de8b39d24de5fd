"""How a workflow tells that it is getting on; whoever calls it decides what is shown."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """One bar at a time."""

    def start(self, label: str, total: int) -> None:
        """Begin a stretch of work with so many steps."""
        ...

    def advance(self) -> None:
        """Take one step."""
        ...

    def done(self) -> None:
        """End the stretch."""
        ...


class Silent:
    """Shows nothing."""

    def start(self, label: str, total: int) -> None:
        """Begin a stretch."""

    def advance(self) -> None:
        """Take one step."""

    def done(self) -> None:
        """End the stretch."""
