"""What the user knows beforehand: checked before anything is asked, and looked up while the votes are counted."""

from __future__ import annotations

from collections.abc import Sequence

from copilot.domain.consensus import Constraints
from copilot.domain.graph import find_cycle
from copilot.domain.text import shown
from copilot.errors import ConfigurationError, CycleError, UnknownVariableError
from copilot.voting.pairs import Pair, Way, arrow_of, pair_of


class RuleBook:
    """Constraints in the form in which the count asks for them.

    Parameters
    ----------
    constraints
        Already checked by `check_constraints`.
    """

    def __init__(self, constraints: Constraints) -> None:
        self.required = frozenset(constraints.require)
        self.forbidden = frozenset(constraints.forbid)
        self._tier = {name: number for number, tier in enumerate(constraints.tiers) for name in tier}

    @property
    def named_pairs(self) -> frozenset[Pair]:
        """Pairs that a required or forbidden edge names."""
        return frozenset(pair_of(*ends) for ends in self.required | self.forbidden)

    def against(self, source: str, target: str) -> str:
        """Say what rules an arrow out: ``"forbid"``, ``"tiers"`` or, if nothing does, an empty string."""
        if (source, target) in self.forbidden:
            return "forbid"
        tier = self._tier
        return "tiers" if source in tier and target in tier and tier[source] > tier[target] else ""

    def required_way(self, pair: Pair) -> Way | None:
        """Give the direction in which an edge is required, if one is."""
        return next((way for way in (Way.FORWARD, Way.BACKWARD) if arrow_of(pair, way) in self.required), None)

    def open_ways(self, pair: Pair) -> frozenset[Way]:
        """List the ways nothing rules out; an unknown direction is open only if both directions are."""
        ways = {way for way in (Way.FORWARD, Way.BACKWARD) if not self.against(*arrow_of(pair, way))}
        return frozenset(Way) if len(ways) == 2 else frozenset(ways)  # noqa: PLR2004 (both directions)


def check_constraints(names: Sequence[str], constraints: Constraints) -> None:
    """Refuse constraints that no graph can meet, before anything is asked.

    Parameters
    ----------
    names
        Variables of the graph.
    constraints
        As the user gave them.

    Raises
    ------
    UnknownVariableError
        If a constraint names something that is not in the graph.
    ConfigurationError
        If an edge runs from a variable to itself, a variable stands in two tiers, or a required edge is ruled out by
        another constraint.
    CycleError
        If the required edges run in a circle.
    """
    _check_names(names, constraints)
    _check_tiers(constraints)
    book = RuleBook(constraints)
    for source, target in sorted(book.required):
        against = book.against(source, target)
        if against:
            arrow = f"{shown(source)} -> {shown(target)}"
            by_flag = against == "forbid"
            raise ConfigurationError(
                f"the edge {arrow} is required and ruled out at once",
                reason="It is forbidden, too." if by_flag else "It runs against the time order of the tiers.",
                advice=f"Take back --require {arrow!r}, or change {'--forbid' if by_flag else 'the tiers file'}.",
            )
    children: dict[str, list[str]] = {name: [] for name in sorted(names)}
    for source, target in sorted(book.required):
        children[source].append(target)
    cycle = find_cycle(children)
    if cycle:
        raise CycleError(cycle, "--require")


def _check_names(names: Sequence[str], constraints: Constraints) -> None:
    known = frozenset(names)
    for flag, pairs in (("--require", constraints.require), ("--forbid", constraints.forbid)):
        for source, target in pairs:
            for end in (source, target):
                if end not in known:
                    raise UnknownVariableError(end, names, f"variable ({flag})")
            if source == target:
                raise ConfigurationError(
                    f"{flag} names an edge from {shown(source)} to itself",
                    reason="A variable does not cause itself at the same moment.",
                    advice="Name two different variables.",
                )
    for name in (name for tier in constraints.tiers for name in tier):
        if name not in known:
            raise UnknownVariableError(name, names, "variable (tiers)")


def _check_tiers(constraints: Constraints) -> None:
    seen: dict[str, int] = {}
    for number, tier in enumerate(constraints.tiers, start=1):
        for name in tier:
            if seen.setdefault(name, number) != number:
                raise ConfigurationError(
                    f"{shown(name)} stands in tier {seen[name]} and in tier {number}",
                    reason="A tier is a place in time, and a variable is measured at one time.",
                    advice="Name it in one tier only.",
                )


def arrows_against(book: RuleBook, pair: Pair) -> str:
    """Say what rules an edge without direction out: the constraint on the first direction that is not open."""
    found = [book.against(*arrow_of(pair, way)) for way in (Way.FORWARD, Way.BACKWARD)]
    return next((reason for reason in found if reason), "")
