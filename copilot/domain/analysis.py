"""A whole analysis as one value: what a report says and a replay reproduces."""

from __future__ import annotations

from enum import StrEnum

from copilot.domain.effects import Estimate, Refutation
from copilot.domain.identification.values import Names, OrientedIdentification, Strategy
from copilot.domain.notice import Notice
from copilot.domain.reference import ReferenceAnswer
from copilot.domain.review import Review
from copilot.domain.sensitivity import Sensitivity
from copilot.domain.value import Value
from copilot.domain.variables import Query


class Chosen(Value):
    """The strategy that was chosen among those the graph offers, and why.

    Parameters
    ----------
    strategy, adjustment_set, instruments, mediators
        The design in names.
    reason
        A sentence: why this set, of how many.
    forced
        Whether the user insisted on a set that the graph speaks against.
    objections
        What the graph says against it, a sentence each.
    """

    strategy: Strategy
    adjustment_set: Names = ()
    instruments: Names = ()
    mediators: Names = ()
    reason: str = ""
    forced: bool = False
    objections: tuple[str, ...] = ()


class Standing(StrEnum):
    """What the analysis has come to, in one word; none of them is "proven"."""

    HOLDS_UP = "holds_up"
    """An effect was found and nothing that was tried speaks against it."""
    IN_DOUBT = "in_doubt"
    """An effect was found, and something that was tried speaks against it."""
    UNSOUND = "unsound"
    """The computation itself failed a test; the number should not be used."""
    INCONCLUSIVE = "inconclusive"
    """The interval holds no effect as well as an effect."""
    NULL_BY_ASSUMPTION = "null_by_assumption"
    """The graph has no path from treatment to outcome; nothing was estimated."""
    NOT_IDENTIFIABLE = "not_identifiable"
    """No strategy is open under the graph."""
    NOT_ESTIMABLE = "not_estimable"
    """Identified by a general expression alone, which is shown and not estimated."""
    UNTRIED = "untried"
    """An estimate that was not tried."""


class Verdict(Value):
    """What was learnt, and what is most worth doubting.

    Parameters
    ----------
    standing
        In one word.
    text
        In a few sentences.
    doubts
        At most three, the gravest first.
    """

    standing: Standing
    text: str
    doubts: tuple[str, ...] = ()


class Analysis(Value):
    """All that was computed from one accepted graph.

    Parameters
    ----------
    query
        Treatment and outcome.
    review
        The graph and who accepted it.
    graph_source
        Where it came from: a file name, or "suggested in this run".
    identification
        What the graph offers.
    chosen
        What was taken; ``None`` where nothing can be.
    contrast, contrast_reason, unit
        What is compared, in words; empty where nothing was estimated.
    rows_read, rows_used
        Before and after rows were dropped.
    choice_reason
        Why these estimators.
    estimates, refutations
        In order; the headline is first.
    sensitivity
        How strong a hidden cause would have to be.
    reference
        What DoWhy makes of the same question.
    verdict
        What it adds up to.
    suspected
        Unmeasured causes of treatment or outcome that ballots named and the graph leaves out, a sentence each.
    notices
        Everything that was dropped, recoded or doubted.
    """

    query: Query
    review: Review
    graph_source: str
    identification: OrientedIdentification
    chosen: Chosen | None = None
    contrast: str = ""
    contrast_reason: str = ""
    unit: str = ""
    rows_read: int = 0
    rows_used: int = 0
    choice_reason: str = ""
    estimates: tuple[Estimate, ...] = ()
    refutations: tuple[Refutation, ...] = ()
    sensitivity: Sensitivity | None = None
    reference: ReferenceAnswer | None = None
    verdict: Verdict | None = None
    suspected: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()

    @property
    def headline(self) -> Estimate | None:
        """The estimate that is reported first."""
        return next((estimate for estimate in self.estimates if estimate.headline), None)
