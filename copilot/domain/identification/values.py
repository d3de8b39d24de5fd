"""What identification has found: every strategy that works, or why none does and what would help."""

from __future__ import annotations

from enum import StrEnum

from copilot.domain.graph import Edge
from copilot.domain.notice import Notice
from copilot.domain.value import Value

Names = tuple[str, ...]
"""Names of variables, sorted."""


class Strategy(StrEnum):
    """How an effect is computed from observed columns."""

    BACKDOOR = "backdoor"
    """Adjustment for a set of covariates."""
    FRONTDOOR = "frontdoor"
    """Through mediators that carry the whole effect."""
    IV = "iv"
    """By instruments; needs a linear or monotone effect beside the graph."""
    GENERAL = "general"
    """By the expression that the ID algorithm gives."""
    PROXIMAL = "proximal"
    """By negative controls of both kinds, which stand for a hidden common cause; needs assumptions beside the graph."""


class EffectKind(StrEnum):
    """Which paths count."""

    TOTAL = "total"
    DIRECT = "direct"


class AdjustmentSets(Value):
    """Valid adjustment sets.

    Parameters
    ----------
    sets
        All sets shown: the minimal ones, then the optimal ones where they differ; none if there is none.
    minimal
        Sets from which nothing can be left out, smallest first, then by name. ``()`` says that no set is valid;
        ``((),)`` that nothing need be adjusted for.
    complete
        Whether `minimal` holds all of them; false where the listing stopped at its cap.
    optimal
        The valid set with the lowest asymptotic variance for every linear model (and every regular asymptotically
        linear estimator), ``None`` where no such set exists.
    optimal_minimal
        The best in variance among the minimal sets; ``None`` if there is none.
    cheapest
        The best in variance among the sets of least cost; ``None`` if there is none.
    """

    sets: tuple[Names, ...] = ()
    minimal: tuple[Names, ...] = ()
    complete: bool = True
    optimal: Names | None = None
    optimal_minimal: Names | None = None
    cheapest: Names | None = None


class Instrument(Value):
    """A variable that moves the treatment and the outcome only through it, given others."""

    name: str
    given: Names = ()


class ConditionalFrontDoor(Value):
    """Mediators that are a front door within levels of covariates, and of these no fewer."""

    mediators: Names
    given: Names


class GeneralIdentification(Value):
    """The answer of the ID algorithm, which needs nothing but the graph.

    Parameters
    ----------
    identifiable
        ``None`` where it was not decided within its limits.
    expression
        Of P(outcome | do(treatment)) in observed probabilities; empty if there is none.
    hedge
        The two sets of nodes that show it cannot be, the larger first; empty if it can.
    """

    identifiable: bool | None = None
    expression: str = ""
    hedge: tuple[Names, ...] = ()


class OpenPath(Value):
    """A path that carries bias and that no admissible set can block.

    Parameters
    ----------
    edges
        From the treatment to the outcome.
    text
        The path as people write it, ``t <- u -> y``.
    reason
        Why nothing on it can be blocked.
    """

    edges: tuple[Edge, ...]
    text: str
    reason: str


class AdditionKind(StrEnum):
    """What would make the effect identifiable."""

    MEASURE = "measure"
    """Measure a latent variable, or the common cause behind a bidirected edge."""
    MEDIATOR = "mediator"
    """Measure what carries the effect."""
    INSTRUMENT = "instrument"
    """Find a variable that moves the treatment alone."""


class Addition(Value):
    """The smallest change of the data that would help, and by which strategy.

    Parameters
    ----------
    kind, names
        What to measure; the names of latent nodes, or of the two ends of a bidirected edge.
    strategy
        What would then work.
    message
        The sentence for people.
    """

    kind: AdditionKind
    names: Names = ()
    strategy: Strategy
    message: str


class Identification(Value):
    """Every way to the effect of `treatment` on `outcome` under one graph.

    Parameters
    ----------
    treatment, outcome
        Names of nodes.
    effect
        Total, or direct.
    null_effect
        Whether no directed path leads from treatment to outcome: the effect is zero by assumption.
    identifiable
        Whether the graph alone identifies the effect, without assumptions on functions (a null effect is).
    backdoor, frontdoor, conditional_frontdoor, instruments, general
        What each strategy offers; front doors that need covariates held are looked for where none does without, and
        in graphs of more than a thousand edges where nothing can be adjusted for either.
        Instruments need assumptions beside the graph, so they do not count for
        `identifiable`; `strategies` has them.
    open_paths, additions
        Where no adjustment is possible: what stays open, and what would help.
    notices
        What was capped or left out.
    """

    treatment: Names
    outcome: Names
    effect: EffectKind = EffectKind.TOTAL
    null_effect: bool = False
    identifiable: bool = False
    backdoor: AdjustmentSets = AdjustmentSets()
    frontdoor: tuple[Names, ...] = ()
    conditional_frontdoor: tuple[ConditionalFrontDoor, ...] = ()
    instruments: tuple[Instrument, ...] = ()
    general: GeneralIdentification = GeneralIdentification()
    open_paths: tuple[OpenPath, ...] = ()
    additions: tuple[Addition, ...] = ()
    notices: tuple[Notice, ...] = ()

    @property
    def strategies(self) -> tuple[Strategy, ...]:
        """Strategies that are open, the most trusted first; a general one only with its expression."""
        offered = (
            (Strategy.BACKDOOR, bool(self.backdoor.minimal)),
            (Strategy.FRONTDOOR, bool(self.frontdoor or self.conditional_frontdoor)),
            (Strategy.IV, bool(self.instruments)),
            (Strategy.GENERAL, self.general.identifiable is True and bool(self.general.expression)),
        )
        return tuple(strategy for strategy, is_open in offered if is_open)


class Orientation(Value):
    """One or more ways to direct the undirected edges that have the same answer.

    Parameters
    ----------
    edges
        For each way, the directed edges chosen.
    identification
        The answer they share.
    """

    edges: tuple[tuple[Edge, ...], ...]
    identification: Identification


class OrientedIdentification(Value):
    """The answer for every orientation of a graph with undirected edges.

    Parameters
    ----------
    common
        What holds in all of them: sets valid in each, strategies open in each; null or identifiable only if all are.
    groups
        The most common answer first; one group with no edges for a graph without undirected ones.
    complete
        Whether all orientations were looked at.
    """

    common: Identification
    groups: tuple[Orientation, ...]
    complete: bool = True
