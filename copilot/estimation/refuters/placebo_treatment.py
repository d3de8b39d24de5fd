"""Placebo treatment: shuffled among the rows, it can have no effect, and none should be found."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from copilot.domain.effects import Question, Refutation, Status
from copilot.domain.identification.values import Strategy
from copilot.domain.numbers import interval, number
from copilot.estimation.problem import Floats, Integers, Refit
from copilot.estimation.refuters.measures import LEVEL, attempt, centre_of, chance, departure, middle, result
from copilot.estimation.refuters.simulate import Draws
from copilot.estimation.trial import Trial

MARGIN = 0.1
"""Shift of the centre that is let pass, in standard deviations of the placebo estimates."""
_EXPECTED = "estimates that centre on zero"
_BLIND = (
    "It says nothing of hidden common causes: shuffling cuts their path to the treatment as it cuts every other. "
    "It only shows whether the computation makes effects out of nothing."
)


class PlaceboTreatment:
    """Shuffle the treatment; a sound computation gives estimates that centre on zero.

    The treatment is permuted among rows, or among clusters where it is constant within each. With instruments a
    shuffled treatment would leave no first stage and a ratio without a mean; the outcome is shuffled instead, which
    cuts the same link and leaves the first stage alone. The test is on the centre of the draws, whose distribution
    over permutations is symmetric about zero to first order for a sound estimator; where the headline lies among
    them (Fisher 1935, *The Design of Experiments*, section 21) is told and decides nothing, as confounding makes it
    large too.
    """

    name = "placebo_treatment"
    title = "placebo treatment"
    question = Question.SOUNDNESS
    number = 1
    simulates = True

    def refute(self, trial: Trial) -> tuple[Refutation, ...]:
        """Shuffle, estimate, and hold the centre against zero.

        Raises
        ------
        EstimationError
            If the estimator cannot be made ready.
        """
        by_outcome = trial.problem.strategy is Strategy.IV
        shuffled = trial.outcome if by_outcome else trial.treatment
        column = trial.problem.y if by_outcome else trial.problem.t
        shuffle = Shuffler(column, trial.problem.clusters)

        def one(rng: Generator, refit: Refit) -> float:
            mixed = shuffle(rng)
            return refit.outcome(mixed) if by_outcome else refit.treatment(mixed)

        tried = f"{shuffled} was shuffled {trial.simulations} times"
        if by_outcome:
            tried += " (shuffling the treatment would leave the instrument nothing to move)"
        draws = attempt(self, trial, one, tried=tried, expected=_EXPECTED, blind_spot=_BLIND)
        if isinstance(draws, Refutation):
            return (draws,)
        return (self._verdict(trial, draws, tried),)

    def _verdict(self, trial: Trial, draws: Draws, tried: str) -> Refutation:
        centre = centre_of(draws.values)
        p_value = departure(centre, 0.0, MARGIN * centre.spread)
        passed = p_value >= LEVEL
        headline = trial.headline.fit.value
        as_far = int(np.sum(np.abs(draws.values) >= abs(headline)))
        observed = f"{centre.word} {number(centre.value)} ± {number(centre.error)}, {chance(p_value)}"
        meaning = (
            "so the computation makes no effect out of nothing"
            if passed
            else "so the computation finds an effect where there can be none, and the estimate cannot be trusted"
        )
        return result(
            self,
            draws,
            status=Status.PASSED if passed else Status.FAILED,
            expected=_EXPECTED,
            observed=observed,
            value=centre.value,
            p_value=p_value,
            message=(
                f"{tried}, so that no effect is left and estimates should centre on zero; their {centre.word} came to "
                f"{number(centre.value)} with a simulation error of {number(centre.error)}, the middle 95 % from "
                f"{interval(middle(draws.values))}, {meaning}. {as_far} of {len(draws.values)} placebo estimates lie "
                f"as far from zero as the estimate of {number(headline)}."
            ),
            blind_spot=_BLIND,
            details={
                "spread": centre.spread,
                "simulation_error": centre.error,
                "share_as_far_as_headline": (1 + as_far) / (1 + len(draws.values)),
            },
        )


class Shuffler:
    """Permutes a column among rows, or among clusters if it is constant within each.

    Parameters
    ----------
    column
        Of shape (n,).
    clusters
        Codes of shape (n,), or ``None``.
    """

    def __init__(self, column: Floats, clusters: Integers | None) -> None:
        self._column, self._clusters = column, None
        if clusters is not None:
            first = np.zeros(int(clusters.max()) + 1)
            first[clusters] = column
            if np.array_equal(first[clusters], column):
                self._column, self._clusters = first, clusters
        values = np.array([self._column.min(), self._column.max()])
        counts = [int(np.sum(self._column == value)) for value in values]
        # where there are two values, a random set of places for the rarer one is a permutation in half the time
        self._rare: tuple[float, int, float] | None = None
        if values[0] < values[1] and sum(counts) == len(self._column):
            rarer = int(counts[1] <= counts[0])
            self._rare = float(values[rarer]), counts[rarer], float(values[1 - rarer])

    def __call__(self, rng: Generator) -> Floats:
        """Give a shuffled copy."""
        mixed = self._mixed(rng)
        return mixed if self._clusters is None else mixed[self._clusters]

    def _mixed(self, rng: Generator) -> Floats:
        if self._rare is None:
            mixed = self._column.copy()
            rng.shuffle(mixed)
            return mixed
        rare, count, usual = self._rare
        mixed = np.full(len(self._column), usual)
        mixed[rng.choice(len(mixed), count, replace=False, shuffle=False)] = rare
        return mixed


PLACEBO_TREATMENT = PlaceboTreatment()
