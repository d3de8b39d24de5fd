"""Over-identification: several instruments must tell the same effect."""

from __future__ import annotations

import math

from copilot.domain.effects import Question, Refutation, Status
from copilot.domain.identification.values import Strategy
from copilot.domain.text import shown
from copilot.estimation.refuters.measures import LEVEL, chance
from copilot.estimation.trial import Trial

_TESTS = (("hansen_p", "Hansen"), ("sargan_p", "Sargan"))
_BLIND = "All instruments may share one fault, and then they agree on a wrong number; with one instrument it is silent."


class OverIdentification:
    """Test whether several instruments agree (Sargan 1958, Econometrica 26; Hansen 1982, Econometrica 50)."""

    name = "over_identification"
    title = "over-identification"
    question = Question.HIDDEN_CAUSE
    number = 11
    simulates = False

    def refute(self, trial: Trial) -> tuple[Refutation, ...]:
        """Read the test that the estimator made; nothing to say with a single instrument."""
        if trial.problem.strategy is not Strategy.IV:
            return ()
        numbers = trial.headline.fit.diagnostics
        found = next(((numbers[key], name) for key, name in _TESTS if math.isfinite(numbers.get(key, math.nan))), None)
        if found is None:
            return ()
        p, name = found
        passed = p >= LEVEL
        meaning = (
            "so nothing here says that one of them moves the outcome otherwise"
            if passed
            else "which speaks for one that moves the outcome other than through the treatment, or moves other people"
        )
        names = ", ".join(map(shown, dict.fromkeys(trial.problem.instrument_of)))
        return (
            Refutation(
                refuter=self.name,
                question=self.question,
                status=Status.PASSED if passed else Status.FAILED,
                expected="instruments that agree on the effect",
                observed=f"{name} test, {chance(p)}",
                p_value=p,
                message=f"{names} should tell the same effect; by the {name} test, {chance(p)}, {meaning}.",
                blind_spot=_BLIND,
            ),
        )


OVER_IDENTIFICATION = OverIdentification()
