"""Leaks: a covariate or a treatment that is the outcome in other words, or was measured after it."""

from __future__ import annotations

from copilot.domain.effects import Question, Refutation, Status
from copilot.domain.identification.values import Strategy
from copilot.domain.numbers import number
from copilot.domain.text import shown
from copilot.estimation.moments import Moments
from copilot.estimation.trial import Trial

ALL_OF_IT = 0.9999
"""R² of all covariates with the outcome, without the treatment, from which nothing is left for it to explain."""
ONE_OF_THEM = 0.999
"""Partial R² of one covariate with the outcome beside the treatment, from which it looks like the outcome itself."""
CLOSE = 0.9
"""The same from which the numbers alone do not tell a leak from the outcome measured before the treatment."""
EXACT = 1.0 - 1e-9
"""R² of the treatment with the outcome from which the one is the other, written differently."""
_BLIND = "A variable measured after the outcome that follows it only loosely looks like any other covariate."
_EXPECTED = "covariates that leave part of the outcome unexplained"


class Leaks:
    """Look for covariates from which the outcome could be read off, and for a treatment that is the outcome.

    *Failed* if one is all but the outcome or all together leave nothing of it; *inconclusive* if one comes so close
    that only its date tells a leak from the same quantity measured before the treatment; *passed* otherwise.
    """

    name = "leaks"
    title = "leaks"
    question = Question.SOUNDNESS
    number = 13
    simulates = False

    def refute(self, trial: Trial) -> tuple[Refutation, ...]:
        """Look; of covariates nothing is said where none is adjusted for."""
        moments = Moments(trial.problem)
        same = moments.partial_r2(moments.y, [moments.t], [])
        if same > EXACT:
            return (self._same(trial, same),)
        if trial.problem.strategy is not Strategy.BACKDOOR or not trial.problem.covariates.shape[1]:
            return ()
        together = moments.partial_r2(moments.y, moments.covariates, [])
        strengths = {
            name: moments.partial_r2(moments.y, moments.columns_of(name), [moments.t])
            for name in trial.problem.covariate_names
        }
        name = max(strengths, key=lambda one: strengths[one])
        worst = strengths[name]
        beside = moments.partial_r2(moments.y, moments.covariates, [moments.t])
        leak, close = worst > ONE_OF_THEM or together > ALL_OF_IT, worst > CLOSE
        observed = f"R² beside the treatment {number(beside)}; the largest alone {shown(name)}, {number(worst)}"
        if worst > ONE_OF_THEM:
            meaning = f"{shown(name)} looks like the outcome itself or like something measured after it"
        elif leak:
            meaning = "together they are the outcome in other words, and leave the treatment nothing to explain"
        elif close:
            meaning = (
                f"{shown(name)} all but gives it away: right if it was measured before the treatment, and a leak if "
                "after, which these numbers cannot tell"
            )
        else:
            meaning = "none of them looks like the outcome in other words"
        status = Status.FAILED if leak else Status.INCONCLUSIVE if close else Status.PASSED
        all_of_them = f"all of them explain {number(100 * beside)} % and " if len(strengths) > 1 else ""
        return (
            Refutation(
                refuter=self.name,
                question=self.question,
                status=status,
                subject=name if worst > ONE_OF_THEM or (close and not leak) else "",
                expected=_EXPECTED,
                observed=observed,
                value=beside,
                message=(
                    f"Covariates should not give {shown(trial.outcome)} away: of what the treatment leaves of it, "
                    f"{all_of_them}{shown(name)} alone explains {number(100 * worst)} %, so {meaning}."
                ),
                blind_spot=_BLIND,
            ),
        )

    def _same(self, trial: Trial, same: float) -> Refutation:
        return Refutation(
            refuter=self.name,
            question=self.question,
            status=Status.FAILED,
            subject=trial.treatment,
            expected=_EXPECTED,
            observed=f"R² of the treatment alone {number(same)}",
            value=same,
            message=(
                f"{shown(trial.treatment)} should leave part of {shown(trial.outcome)} unexplained and explains all of "
                "it: each is an exact linear function of the other, so it looks like one quantity under two names, and "
                "the estimate is how the one is written as the other."
            ),
            blind_spot=_BLIND,
        )


LEAKS = Leaks()
