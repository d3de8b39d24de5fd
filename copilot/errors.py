"""One tree of errors; each knows its exit code and says what failed, why, and what to do next.

::

    CopilotError                 1   our bug
    ├── UsageError               2   a command line that cannot be carried out
    │   ├── ConfigurationError   2   a setting, in a file, the environment or a flag
    │   ├── InputDataError       2   a table, description or context that cannot be read
    │   │   └── EstimationError  2   numbers that do not allow the estimate asked for
    │   ├── GraphFileError       2   a graph file that cannot be read
    │   ├── GraphError           2   a graph that breaks a rule
    │   │   └── CycleError       2   directed edges that run in a circle
    │   └── UnknownVariableError 2   a name that no column or node bears
    ├── GateError                3   a gate that the user asked for failed
    ├── AuthenticationError      4   the provider does not accept the key
    ├── ResumableError           5   stopped part of the way; what was gathered is kept
    │   ├── ProviderError        5   the endpoint cannot be reached or answers nonsense
    │   ├── BudgetError          5   the spending limit would be passed
    │   └── QuorumError          5   too few valid ballots
    ├── ReplayMissError          5   a recording holds no answer to a request
    ├── NotIdentifiableError     6   the effect cannot be computed from the observed columns
    └── InterruptedRunError    130   the user stopped the run
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import ClassVar


class CopilotError(Exception):
    """The root of the tree; raised itself only for what is our bug.

    Parameters
    ----------
    message
        What failed, in one line, naming the file, column, line or edge.
    reason
        Why it failed.
    advice
        What to do next: a command, a flag or a change of the input.
    """

    exit_code: ClassVar[int] = 1
    run_id: str | None = None
    """Id of the run that failed, once it has one."""

    def __init__(self, message: str, *, reason: str = "", advice: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.reason = reason
        self.advice = advice


class UsageError(CopilotError):
    """A command line that cannot be carried out."""

    exit_code = 2


class ConfigurationError(UsageError):
    """A setting in a file, the environment or a flag that is unknown or wrong."""


class InputDataError(UsageError):
    """A table, description or context that cannot be read as what it claims to be."""


class EstimationError(InputDataError):
    """Numbers that do not allow the estimate asked for: no overlap, too few rows, nothing that varies."""


class GraphFileError(UsageError):
    """A graph file that cannot be read; the message names line and column where they are known."""


class GraphError(UsageError):
    """A graph that breaks a rule: a self-loop, a duplicate edge with another meaning, an unknown end."""


class CycleError(GraphError):
    """Directed edges that run in a circle.

    Parameters
    ----------
    cycle
        The names along the circle, the first repeated at the end.
    where
        File name, or an empty string.
    """

    def __init__(self, cycle: Sequence[str], where: str = "") -> None:
        self.cycle = tuple(cycle)
        arrows = " -> ".join(self.cycle)
        super().__init__(
            f"{where + ': ' if where else ''}the directed edges run in a circle: {arrows}",
            reason="A causal graph over one moment in time has no directed cycle.",
            advice="Remove or reverse one of these edges, or split a variable into its earlier and later value.",
        )


class UnknownVariableError(UsageError):
    """A name that no column or node bears.

    Parameters
    ----------
    name
        What was asked for.
    known
        The names there are; near ones are offered.
    role
        What the name was given as, e.g. ``"treatment"``.
    """

    def __init__(self, name: str, known: Sequence[str], role: str = "variable") -> None:
        self.name = name
        folded = {candidate.strip().casefold(): candidate for candidate in known}
        near = get_close_matches(name.strip().casefold(), list(folded), n=3, cutoff=0.5)
        offered = [folded[key] for key in near]
        shown = ", ".join(repr(candidate) for candidate in (offered or list(known)[:12]))
        super().__init__(
            f"there is no {role} named {name!r}",
            reason="Names are matched exactly, with case and spaces.",
            advice=f"Did you mean {shown}?" if offered else f"The names are: {shown}{' …' if len(known) > 12 else ''}",  # noqa: PLR2004 (a screenful of names)
        )


class GateError(CopilotError):
    """A gate that the user asked for, such as ``--fail-on high``, failed."""

    exit_code = 3


class AuthenticationError(CopilotError):
    """The provider does not accept the key, or the key may not use the model."""

    exit_code = 4


class ResumableError(CopilotError):
    """The run stopped part of the way; the answers gathered so far are kept in its folder."""

    exit_code = 5


class ProviderError(ResumableError):
    """The endpoint cannot be reached, or does not answer as a chat endpoint does.

    Parameters
    ----------
    fatal
        Whether every other request would fail in the same way, so that all must stop.
    attempts
        HTTP requests that were made for it.
    """

    def __init__(
        self, message: str, *, reason: str = "", advice: str = "", fatal: bool = False, attempts: int = 0
    ) -> None:
        super().__init__(message, reason=reason, advice=advice)
        self.fatal = fatal
        self.attempts = attempts


class BudgetError(ResumableError):
    """The next request would pass the spending limit."""


class QuorumError(ResumableError):
    """Fewer ballots than the quorum could be read."""


class ReplayMissError(CopilotError):
    """A recording holds no answer to a request; nothing was sent."""

    exit_code = 5


class NotIdentifiableError(CopilotError):
    """The effect cannot be computed from the observed columns under the graph."""

    exit_code = 6


class InterruptedRunError(CopilotError):
    """The user stopped the run."""

    exit_code = 130
