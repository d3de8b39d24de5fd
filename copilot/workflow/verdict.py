"""What an analysis adds up to: one word, a few sentences, and the three things most worth doubting."""

from __future__ import annotations

from copilot.checks.implied import NAME as IMPLIED
from copilot.domain.analysis import Analysis, Chosen, Standing, Verdict
from copilot.domain.consensus import Consensus
from copilot.domain.effects import Estimate, Question, Refutation, Status
from copilot.domain.graph import CausalGraph, EdgeKind
from copilot.domain.identification.values import Strategy
from copilot.domain.numbers import number
from copilot.domain.text import shown
from copilot.domain.variables import Query
from copilot.workflow.doubts import HIDDEN, doubts
from copilot.workflow.left_out import IDENTIFIER_NEEDED
from copilot.workflow.open_directions import answers, directions

MOST_DOUBTS = 3
_SPEAK_OF_THEMSELVES = frozenset({HIDDEN, "leave_one_out"})
"""Tests for a hidden cause whose failing says how little it would take, and not that there is one."""
_SUSPECTED = 0.5
"""Support from which an unmeasured cause is a doubt."""


def judge(analysis: Analysis) -> Verdict:
    """Weigh estimates and refutations.

    Returns
    -------
    Verdict
        *holds up* needs an interval without zero, every soundness test but the inconclusive ones passed, no test for a
        hidden cause failed, and a set that gives the effect under the graph. It never says that something is proven.
    """
    doubted = doubts(analysis)[:MOST_DOUBTS]
    headline = analysis.headline
    if headline is None:
        standing, text = _nothing_estimated(analysis)
        return Verdict(standing=standing, text=text, doubts=doubted)
    standing = _standing(headline, analysis)
    return Verdict(
        standing=standing, text=f"{_effect(headline, analysis.chosen)} {_meaning(standing, analysis)}", doubts=doubted
    )


def _nothing_estimated(analysis: Analysis) -> tuple[Standing, str]:
    """Say why there is no number."""
    treatment, outcome = shown(analysis.query.treatment or ""), shown(analysis.query.outcome or "")
    found, graph = analysis.identification, analysis.review.graph
    if found.common.null_effect:
        return Standing.NULL_BY_ASSUMPTION, (
            f"Under this graph {treatment} has no effect on {outcome}: no directed path leads from one to the other. "
            "That is an assumption of the graph, not a finding; nothing was estimated."
        )
    needed = ", ".join(shown(one.subject) for one in analysis.notices if one.code == IDENTIFIER_NEEDED)
    if needed:
        return Standing.NOT_ESTIMABLE, (
            f"The effect of {treatment} on {outcome} cannot be computed: under this graph {needed} must be adjusted "
            "for, which identifies single rows, so that nothing is left to compare."
        )
    if len(found.groups) > 1:
        adjust = any(group.identification.backdoor.minimal for group in found.groups)
        return Standing.NOT_IDENTIFIABLE, (
            f"The answer depends on the direction of {directions(graph, found)}: {answers(graph, found)}. Say which "
            f"with `copilot review`{', or name the set with --adjust' if adjust else ''}."
        )
    general = found.common.general
    if general.identifiable and general.expression:
        return Standing.NOT_ESTIMABLE, (
            f"The effect of {treatment} on {outcome} is identified by a general expression alone, and none of the "
            f"estimators here computes it: {general.expression}"
        )
    return (
        Standing.NOT_IDENTIFIABLE,
        f"The effect of {treatment} on {outcome} cannot be computed from these columns under this graph."
        + _limits(analysis),
    )


def _limits(analysis: Analysis) -> str:
    """Say what can be said all the same: the widest bounds, and the least that must be assumed to know the sign."""
    if not analysis.bounds:
        return ""
    first = analysis.bounds[0]
    said = (
        f" With no assumption but the range of the outcome it lies between {number(first.low)} and {number(first.high)}"
    )
    telling = next((one for one in analysis.bounds if one.tells_the_sign and one.assumptions), None)
    if telling is None:
        return f"{said}; none of the further assumptions tried settles the sign."
    title = f"{telling.title[:1].lower()}{telling.title[1:]}"
    return f"{said}; if {title}, between {number(telling.low)} and {number(telling.high)}."


def _standing(headline: Estimate, analysis: Analysis) -> Standing:
    refutations = analysis.refutations
    failed = {one.question for one in refutations if one.status is Status.FAILED}
    if Question.SOUNDNESS in failed:
        return Standing.UNSOUND
    if headline.interval is None:
        return Standing.INCONCLUSIVE
    if Question.HIDDEN_CAUSE in failed:
        return Standing.IN_DOUBT
    if headline.interval[0] <= 0.0 <= headline.interval[1]:
        return Standing.INCONCLUSIVE
    if not any(one.status is Status.PASSED for one in refutations):
        return Standing.UNTRIED
    against = analysis.chosen is not None and not analysis.chosen.gives_the_effect
    return Standing.IN_DOUBT if against else Standing.HOLDS_UP


def _effect(headline: Estimate, chosen: Chosen | None) -> str:
    low, high = headline.interval or (None, None)
    interval = f" (95 % interval {number(low)} to {number(high)})" if low is not None and high is not None else ""
    told = f"{headline.unit} is {number(headline.value)}{interval}"
    if chosen is not None and chosen.forced:
        return (
            f"Against the graph, adjusted for {_set(chosen.used)} as you insisted: the association with {told}; under "
            "the graph it is not the effect."
        )
    missing = () if chosen is None else tuple(one for one in chosen.left_out if one.needed)
    if chosen is not None and missing:
        names = ", ".join(f"{shown(one.name)} ({one.reason})" for one in missing)
        return (
            f"Adjusted for {_set(chosen.used)} without {names}, which the graph needs: the association with {told}; "
            "under the graph it is not the effect."
        )
    assumed = "If the graph is right"
    if chosen is not None and chosen.condition:
        assumed = f"If the graph is right and {chosen.condition}"
    if headline.strategy is Strategy.IV:
        assumed = "If the graph is right and the effect is linear, or monotone in the instrument"
    return f"{assumed}, the effect on {told}."


def _meaning(standing: Standing, analysis: Analysis) -> str:
    hidden = [one for one in analysis.refutations if one.question is Question.HIDDEN_CAUSE]
    failed = [one for one in analysis.refutations if one.status is Status.FAILED]
    soundness = ", ".join(dict.fromkeys(one.refuter for one in failed if one.question is Question.SOUNDNESS))
    plain = {
        Standing.UNSOUND: f"The computation failed its own tests ({soundness}): do not use this number before that is "
        "explained.",
        Standing.IN_DOUBT: _against(analysis),
        Standing.INCONCLUSIVE: "The data are compatible with no effect as well as with effects of any size in that "
        "interval.",
        Standing.UNTRIED: "Nothing was tried against it yet: `copilot refute` does.",
    }
    if standing is Standing.UNTRIED and analysis.refutations:
        return f"None of {len(analysis.refutations)} tests could tell anything, so it stands untried."
    if standing is Standing.INCONCLUSIVE and (analysis.headline is None or analysis.headline.interval is None):
        return "There is no interval, so nothing can be concluded from the number alone."
    if plain.get(standing):
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
    if standing is Standing.IN_DOUBT:  # the graph alone speaks against it
        return f"As a computation it held up: {told}."
    return f"It held up: {told}. {rest}{_elsewhere(hidden)}"


def _elsewhere(hidden: list[Refutation]) -> str:
    """Say that the data contradict the graph, though not where treatment or outcome stand."""
    for one in hidden:
        against, tested = (round(one.details.get(key, 0.0)) for key in ("contradicted", "tested"))
        if one.refuter == IMPLIED and against:
            return (
                f" Yet the graph is not right everywhere: the data contradict {against} of {tested} independences that "
                "it implies, none of them of the treatment or the outcome itself."
            )
    return ""


def _against(analysis: Analysis) -> str:
    """Say what failed tests for a hidden cause mean: some speak for one, others say how little it would take."""
    failed = [
        one for one in analysis.refutations if one.status is Status.FAILED and one.question is Question.HIDDEN_CAUSE
    ]
    said = []
    speaking = ", ".join(dict.fromkeys(one.refuter for one in failed if one.refuter not in _SPEAK_OF_THEMSELVES))
    if speaking:
        said.append(f"What was tried against it speaks for a hidden cause or a wrong graph ({speaking}).")
    if any(one.refuter == HIDDEN for one in failed):
        found = analysis.sensitivity
        like = shown(found.strongest) if found is not None and found.strongest else "the strongest measured covariate"
        said.append(
            f"A hidden cause as strong as {like} would be enough to explain it away; nothing here says whether there "
            "is one."
        )
    alone = [one for one in failed if one.refuter == "leave_one_out"]
    said += [f"Its sign hangs on adjusting for {_left_out(one)} (leave_one_out)." for one in alone]
    return " ".join(said)


def _left_out(one: Refutation) -> str:
    """Name the covariate without which the estimate is what this refuter found."""
    without = {name.removeprefix("without "): value for name, value in one.details.items() if one.value == value}
    return ", ".join(map(shown, without)) or "one covariate"


def _set(names: tuple[str, ...]) -> str:
    return "{" + ", ".join(map(shown, names)) + "}" if names else "nothing"


def _could_see(one: Refutation) -> bool:
    """Whether a hidden cause of treatment and outcome could have shown in it; how strong it must be shows nothing."""
    if one.refuter == IMPLIED:
        return one.details.get("tested_about_ends", 0.0) > 0
    return one.refuter in {"negative_control", "over_identification"}


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
