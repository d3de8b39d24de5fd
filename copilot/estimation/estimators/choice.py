"""Which estimators run, which comes first, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from copilot.domain.effects import Target
from copilot.domain.identification.values import Strategy
from copilot.errors import EstimationError
from copilot.estimation.estimators.registry import estimator_named, willing
from copilot.estimation.problem import Ask, Estimator, Problem

FLEXIBLE_NAMES = ("flexible", "double_ml", "causal_forest")
"""Those that learn the shape of the confounding; the first that does not refuse is the second opinion."""

_BESIDE = {
    Target.ATE: ("linear_regression", "g_computation", "ipw", "aipw"),
    Target.ATT: ("g_computation", "aipw", "ipw"),
}
_DESIGNS = {
    Strategy.IV: ("two_stage_least_squares",),
    Strategy.FRONTDOOR: ("front_door",),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """What is to run.

    Parameters
    ----------
    headline
        Reported first.
    second_opinion
        A flexible one that the headline is compared with; ``None`` if there is none.
    others
        Beside these.
    reason
        Why, in a sentence or two.
    refused
        Name and reason of those that would have run but for the problem.
    asked
        Those that the user named, in that order; none where the choice was ours.
    """

    headline: Estimator
    second_opinion: Estimator | None = None
    others: tuple[Estimator, ...] = ()
    reason: str = ""
    refused: tuple[tuple[str, str], ...] = ()
    asked: tuple[Estimator, ...] = ()

    @property
    def estimators(self) -> tuple[Estimator, ...]:
        """All of them in the order of the report: as asked for, or the headline, the second opinion, the others."""
        if self.asked:
            return self.asked
        second = () if self.second_opinion is None else (self.second_opinion,)
        return (self.headline, *second, *self.others)

    def role(self, estimator: Estimator) -> str:
        """Say why an estimator stands in the report."""
        if estimator is self.headline:
            return "headline"
        if estimator is self.second_opinion:
            return "second opinion"
        return "asked for" if self.asked else "beside it"


def choose(problem: Problem, ask: Ask, names: Sequence[str] = ()) -> Choice:
    """Choose estimators.

    Parameters
    ----------
    problem, ask
        What is to be estimated.
    names
        If any, exactly these run, and the first is the headline.

    Raises
    ------
    UsageError
        If a name is unknown.
    EstimationError
        If a named estimator refuses the problem, or every estimator does.
    """
    if names:
        return _named(problem, ask, tuple(dict.fromkeys(names)))
    if problem.strategy is Strategy.BACKDOOR:
        return _backdoor(problem, ask)
    candidates = _DESIGNS.get(problem.strategy, ())
    willing_ones, refused = _asked(problem, ask, candidates)
    if not willing_ones:
        raise _nobody(problem, refused)
    reason = {
        Strategy.IV: "Two-stage least squares uses the instruments; estimates by adjustment would answer with the "
        "confounding that the instruments are there to avoid, so none stands beside it.",
        Strategy.FRONTDOOR: "The effect is identified through mediators, and front-door adjustment is the estimator "
        "that uses them.",
    }[problem.strategy]
    return Choice(willing_ones[0], None, willing_ones[1:], reason, refused)


def _named(problem: Problem, ask: Ask, names: tuple[str, ...]) -> Choice:
    chosen = [estimator_named(name) for name in names]
    for estimator in chosen:
        why = _refusal(estimator, problem, ask)
        if why:
            able = ", ".join(one.name for one in willing(problem, ask.target))
            raise EstimationError(
                f"{estimator.name} cannot estimate this effect: {why}",
                reason=f"The effect is identified by {problem.strategy.value}; the {ask.target.value} is asked for.",
                advice=f"These can: {able}." if able else "No estimator can; ask for another target or strategy.",
            )
    headline, rest = chosen[0], chosen[1:]
    second = None if headline.name in FLEXIBLE_NAMES else next((e for e in rest if e.name in FLEXIBLE_NAMES), None)
    others = tuple(one for one in rest if one is not second)
    reason = f"{_title(headline)} was asked for first."
    return Choice(headline, second, others, reason, asked=tuple(chosen))


def _backdoor(problem: Problem, ask: Ask) -> Choice:
    if problem.covariates.shape[1] == 0:
        return _unadjusted(problem, ask)
    beside, refused = _asked(problem, ask, _BESIDE.get(ask.target, _BESIDE[Target.ATE]))
    second: Estimator | None = None
    for name in FLEXIBLE_NAMES:
        found, why = _asked(problem, ask, (name,))
        refused += why
        if found:
            second = found[0]
            break
    if beside:
        return Choice(beside[0], second, beside[1:], _why(beside[0], second), refused)
    if second is not None:
        return Choice(second, None, (), f"{_title(second)} is the only estimator that takes this problem.", refused)
    raise _nobody(problem, refused)


def _unadjusted(problem: Problem, ask: Ask) -> Choice:
    beside, refused = _asked(problem, ask, ("linear_regression", "g_computation"))
    if not beside:
        raise _nobody(problem, refused)
    what = "a difference of two means" if problem.binary_treatment else "the slope of one line"
    reason = (
        f"Nothing is adjusted for, so the effect is {what}: {_title(beside[0], first=False)} gives it with robust "
        "errors, and other estimators would give the same number."
    )
    return Choice(beside[0], None, (), reason, refused)


def _why(headline: Estimator, second: Estimator | None) -> str:
    first = {
        "linear_regression": "Linear regression comes first: with robust errors it is the estimate that is easiest to "
        "read and to check.",
        "g_computation": "G-computation comes first: a regression whose predictions are averaged over the treated.",
    }.get(headline.name, f"{_title(headline)} comes first because those before it refuse this problem.")
    if second is None:
        return f"{first} No flexible estimator takes this problem, so nothing tests its form."
    return f"{first} {_title(second)} stands beside it because it does not rely on straight lines."


def _asked(
    problem: Problem, ask: Ask, names: Sequence[str]
) -> tuple[tuple[Estimator, ...], tuple[tuple[str, str], ...]]:
    """Part estimators into those that take the problem and those that say why not."""
    answers = [(one, _refusal(one, problem, ask)) for one in map(estimator_named, names)]
    return (
        tuple(one for one, why in answers if not why),
        tuple((one.name, why) for one, why in answers if why),
    )


def _refusal(estimator: Estimator, problem: Problem, ask: Ask) -> str:
    if estimator.strategy is not problem.strategy:
        return f"it estimates effects identified by {estimator.strategy.value}, not by {problem.strategy.value}"
    return estimator.refuses(problem, ask)


def _nobody(problem: Problem, refused: tuple[tuple[str, str], ...]) -> EstimationError:
    why = "; ".join(f"{name}: {reason}" for name, reason in refused)
    return EstimationError(
        "no estimator takes this problem",
        reason=why or f"There is no estimator for effects identified by {problem.strategy.value}.",
        advice="Ask for another target or strategy.",
    )


def _title(estimator: Estimator, *, first: bool = True) -> str:
    return estimator.title[:1].upper() + estimator.title[1:] if first else estimator.title
