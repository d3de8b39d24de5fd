"""A whole analysis as one value: what a report says and a replay reproduces."""

from __future__ import annotations

from enum import StrEnum

from copilot.domain.bounds import Bound
from copilot.domain.effects import Estimate, OverlapShares, Refutation
from copilot.domain.findings import Finding
from copilot.domain.identification.values import Names, OrientedIdentification, Strategy
from copilot.domain.interpretation import Interpretation
from copilot.domain.many_graphs import ManyGraphs
from copilot.domain.notice import Notice
from copilot.domain.reference import ReferenceAnswer
from copilot.domain.review import Review
from copilot.domain.sensitivity import Sensitivity
from copilot.domain.value import Value
from copilot.domain.variables import Query


class LeftOut(Value):
    """A variable that was to be adjusted for and could not be.

    Parameters
    ----------
    name
        The column.
    reason
        Why, in a few words: "a copy of the outcome", "one value in all rows".
    needed
        Whether the graph has no adjustment set without it, so that what is left does not give the effect.
    """

    name: str
    reason: str
    needed: bool = False


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
    left_out
        Variables of the adjustment set that the numbers did not allow to be adjusted for.
    condition
        How edges without a direction must point for it to be right: "w → t"; empty if it is right in any case.
    """

    strategy: Strategy
    adjustment_set: Names = ()
    instruments: Names = ()
    mediators: Names = ()
    reason: str = ""
    forced: bool = False
    objections: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    condition: str = ""

    @property
    def used(self) -> Names:
        """The adjustment set without what was left out."""
        gone = {one.name for one in self.left_out}
        return tuple(name for name in self.adjustment_set if name not in gone)

    @property
    def gives_the_effect(self) -> bool:
        """Whether what was adjusted for gives the effect under the graph."""
        return not self.forced and not any(one.needed for one in self.left_out)


class Standing(StrEnum):
    """What the analysis has come to, in one word; none of them is "proven"."""

    HOLDS_UP = "holds_up"
    """An effect was found and nothing that was tried speaks against it."""
    IN_DOUBT = "in_doubt"
    """An association was found, and something that was tried, or the graph itself, speaks against taking it for the
    effect."""
    UNSOUND = "unsound"
    """The computation itself failed a test; the number should not be used."""
    INCONCLUSIVE = "inconclusive"
    """The interval holds no effect as well as an effect."""
    NULL_BY_ASSUMPTION = "null_by_assumption"
    """The graph has no path from treatment to outcome; nothing was estimated."""
    NOT_IDENTIFIABLE = "not_identifiable"
    """No strategy is open under the graph, or none that is right however its undirected edges point."""
    NOT_ESTIMABLE = "not_estimable"
    """Identified, but not by what is computed here: by a general expression alone, which is shown, or by adjusting
    for a column that is an identifier."""
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
    many_graphs
        The effect under every plausible graph; ``None`` where it was not asked for.
    bounds
        What can be said without the graph's identifying the effect, the fewest assumptions first.
    proximal
        The estimate by negative controls of both kinds; ``None`` where these were not named.
    reference
        What DoWhy makes of the same question.
    verdict
        What it adds up to.
    suspected
        Unmeasured causes of treatment or outcome that ballots named and the graph leaves out, a sentence each.
    findings
        What `critique` would say of the graph by itself and by the data, the worst first; not looked for by `estimate`
        and `refute`.
    interpretation
        The results in plain words, written by a model and checked against the numbers; ``None`` if not asked for.
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
    many_graphs: ManyGraphs | None = None
    bounds: tuple[Bound, ...] = ()
    proximal: Estimate | None = None
    reference: ReferenceAnswer | None = None
    verdict: Verdict | None = None
    suspected: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    interpretation: Interpretation | None = None
    notices: tuple[Notice, ...] = ()

    @property
    def overlap(self) -> OverlapShares | None:
        """Where the propensity scores lie; ``None`` where no refuter fitted any."""
        return next((one.overlap for one in self.refutations if one.overlap is not None), None)

    @property
    def headline(self) -> Estimate | None:
        """The estimate that is reported first."""
        return next((estimate for estimate in self.estimates if estimate.headline), None)
