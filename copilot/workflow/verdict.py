"""What an analysis adds up to: one word, a few sentences, and the three things most worth doubting."""

from __future__ import annotations

from collections.abc import Iterator

from copilot.domain.analysis import Analysis, Standing, Verdict
from copilot.domain.consensus import Consensus
from copilot.domain.effects import Estimate, Question, Refutation, Status
from copilot.domain.graph import CausalGraph, EdgeKind
from copilot.domain.identification.values import Strategy
from copilot.domain.notice import Level
from copilot.domain.numbers import number
from copilot.domain.review import ACCEPTED_AS_FILE, Approval
from copilot.domain.text import shown
from copilot.domain.variables import Query

MOST_DOUBTS = 3
_MANY_DROPPED = 0.1
_SUSPECTED = 0.5
"""Support from which an unmeasured cause is a doubt."""


def judge(analysis: Analysis) -> Verdict:
    """Weigh estimates and refutations.

    Returns
    -------
    Verdict
        *holds up* needs an interval without zero, every soundness test but the inconclusive ones passed, and no test
        for a hidden cause failed. It never says that something is proven.
    """
    treatment, outcome = shown(analysis.query.treatment or ""), shown(analysis.query.outcome or "")
    doubts = tuple(dict.fromkeys(_doubts(analysis)))[:MOST_DOUBTS]
    if analysis.identification.common.null_effect:
        text = (
            f"Under this graph {treatment} has no effect on {outcome}: no directed path leads from one to the other. "
            "That is an assumption of the graph, not a finding; nothing was estimated."
        )
        return Verdict(standing=Standing.NULL_BY_ASSUMPTION, text=text, doubts=doubts)
    headline = analysis.headline
    general = analysis.identification.common.general
    if headline is None and general.identifiable:
        text = (
            f"The effect of {treatment} on {outcome} is identified by a general expression alone, and none of the "
            f"estimators here computes it: {general.expression}"
        )
        return Verdict(standing=Standing.NOT_ESTIMABLE, text=text, doubts=doubts)
    if headline is None:
        text = f"The effect of {treatment} on {outcome} cannot be computed from these columns under this graph."
        return Verdict(standing=Standing.NOT_IDENTIFIABLE, text=text, doubts=doubts)
    standing = _standing(headline, analysis.refutations)
    return Verdict(standing=standing, text=f"{_effect(headline)} {_meaning(standing, analysis)}", doubts=doubts)


def _standing(headline: Estimate, refutations: tuple[Refutation, ...]) -> Standing:
    failed = {one.question for one in refutations if one.status is Status.FAILED}
    if Question.SOUNDNESS in failed:
        return Standing.UNSOUND
    if headline.interval is None:
        return Standing.INCONCLUSIVE
    if Question.HIDDEN_CAUSE in failed:
        return Standing.IN_DOUBT
    if headline.interval[0] <= 0.0 <= headline.interval[1]:
        return Standing.INCONCLUSIVE
    tried = any(one.status is Status.PASSED for one in refutations)
    return Standing.HOLDS_UP if tried else Standing.UNTRIED


def _effect(headline: Estimate) -> str:
    low, high = headline.interval or (None, None)
    interval = f" (95 % interval {number(low)} to {number(high)})" if low is not None and high is not None else ""
    assumed = "If the graph is right"
    if headline.strategy is Strategy.IV:
        assumed = "If the graph is right and the effect is linear, or monotone in the instrument"
    return f"{assumed}, the effect on {headline.unit} is {number(headline.value)}{interval}."


def _meaning(standing: Standing, analysis: Analysis) -> str:
    hidden = [one for one in analysis.refutations if one.question is Question.HIDDEN_CAUSE]
    failed = [one for one in analysis.refutations if one.status is Status.FAILED]
    names = ", ".join(dict.fromkeys(one.refuter for one in failed))
    soundness = ", ".join(dict.fromkeys(one.refuter for one in failed if one.question is Question.SOUNDNESS))
    plain = {
        Standing.UNSOUND: f"The computation failed its own tests ({soundness}): do not use this number before that is "
        "explained.",
        Standing.IN_DOUBT: f"What was tried against it speaks for a hidden cause or a wrong graph ({names}).",
        Standing.INCONCLUSIVE: "The data are compatible with no effect as well as with effects of either size in that "
        "interval.",
        Standing.UNTRIED: "Nothing was tried against it yet: `copilot refute` does.",
    }
    if standing is Standing.UNTRIED and analysis.refutations:
        return f"None of {len(analysis.refutations)} tests could tell anything, so it stands untried."
    if standing is Standing.INCONCLUSIVE and (analysis.headline is None or analysis.headline.interval is None):
        return "There is no interval, so nothing can be concluded from the number alone."
    if standing in plain:
        return plain[standing]
    passed = sum(one.status is Status.PASSED for one in analysis.refutations)
    unclear = sum(one.status is Status.INCONCLUSIVE for one in analysis.refutations)
    told = f"{passed} of {len(analysis.refutations)} tests passed"
    told += f", {unclear} could not tell" if unclear else ""
    can_see = any(one.status is Status.PASSED and _could_see(one) for one in hidden)
    rest = (
        "A hidden common cause is not excluded by any of them, only made harder to believe."
        if can_see
        else "None of them could see a hidden common cause."
    )
    return f"It held up: {told}. {rest}"


def _could_see(one: Refutation) -> bool:
    """Whether a hidden cause of treatment and outcome could have shown in it; how strong it must be shows nothing."""
    if one.refuter == "implied_independence":
        return one.details.get("tested_about_ends", 0.0) > 0
    return one.refuter in {"negative_control", "over_identification"}


def _doubts(analysis: Analysis) -> Iterator[str]:
    """Say what is doubtful, the gravest first."""
    yield from _grave_doubts(analysis)
    yield from _standing_doubts(analysis)
    unclear = [one for one in analysis.refutations if one.status is Status.INCONCLUSIVE]
    for one in sorted(unclear, key=lambda one: one.question is Question.SOUNDNESS):
        yield one.message
    for notice in analysis.notices:
        if notice.level is Level.WARNING:
            yield notice.message


def _grave_doubts(analysis: Analysis) -> Iterator[str]:
    """Say what speaks against this analysis."""
    chosen = analysis.chosen
    if chosen is not None and chosen.forced:
        yield f"The adjustment set was forced against the graph: {' '.join(chosen.objections)}"
    failed = [one for one in analysis.refutations if one.status is Status.FAILED]
    for one in sorted(failed, key=lambda one: one.question is Question.HIDDEN_CAUSE):
        yield one.message
    if analysis.reference is not None and analysis.reference.agrees is False:
        yield analysis.reference.message
    if analysis.review.approval is Approval.UNSEEN:
        yield "Nobody has looked at the graph: --yes accepted it. Each arrow that it leaves out is an assumption."
    yield from analysis.suspected
    for notice in analysis.notices:
        if notice.code == "reversed":
            yield notice.message
    if analysis.rows_read and analysis.rows_used < (1 - _MANY_DROPPED) * analysis.rows_read:
        dropped = analysis.rows_read - analysis.rows_used
        yield f"{dropped:,} of {analysis.rows_read:,} rows were left out; the rest may be other people than those."


def _standing_doubts(analysis: Analysis) -> Iterator[str]:
    """Say what every analysis of its kind rests on."""
    chosen = analysis.chosen
    if chosen is None:
        return
    if chosen.strategy is Strategy.IV:
        names = ", ".join(map(shown, chosen.instruments))
        yield f"That {names} moves the outcome only through the treatment is an assumption that no data can show."
    elif chosen.strategy is Strategy.FRONTDOOR:
        names = ", ".join(map(shown, chosen.mediators))
        yield f"That {names} carries the whole effect, and shares no hidden cause with either end, is an assumption."
    elif any(one.refuter == "unobserved_common_cause" and one.status is Status.FAILED for one in analysis.refutations):
        pass  # said among the grave ones
    elif analysis.sensitivity is not None:
        strength = number(100 * analysis.sensitivity.robustness_value)
        yield (
            f"A hidden common cause that explains {strength} % of what is left of both treatment and outcome would "
            "bring the effect to zero; nothing here says that there is none."
        )
    else:
        yield "That no unmeasured common cause is missing from the graph is an assumption."
    if analysis.review.approved_by == ACCEPTED_AS_FILE:
        yield "The graph was taken as given: `copilot review` asks about each of its arrows."


def suspected_causes(consensus: Consensus, graph: CausalGraph, query: Query) -> tuple[str, ...]:
    """Say which unmeasured causes of treatment or outcome most ballots suspected and the graph leaves out."""
    asked = {query.treatment, query.outcome} - {None}
    drawn = {edge.pair for edge in graph.edges if edge.kind is EdgeKind.BIDIRECTED}
    said = []
    for latent in consensus.latents:
        pairs = {(a, b) for a in latent.affects for b in latent.affects if a < b}
        if latent.support >= _SUSPECTED and asked & set(latent.affects) and not pairs <= drawn:
            names = ", ".join(map(shown, latent.affects))
            said.append(
                f"{latent.votes} of {latent.valid} ballots suspect an unmeasured cause that the graph leaves out: "
                f"{shown(latent.name)}, of {names}."
            )
    return tuple(said)
