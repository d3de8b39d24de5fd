"""What the estimators of econml are given: boosted nuisances of fixed size, and one whole number as seed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from copilot.errors import EstimationError
from copilot.estimation.estimators.flexible import MIN_ARM, refusal
from copilot.estimation.estimators.quiet import quiet
from copilot.estimation.problem import Ask, Floats, Problem


def whole_seed(ask: Ask) -> int:
    """Give a whole number below 2**31 that stands for the seed."""
    return int(ask.seed.generate_state(1)[0] & 0x7FFFFFFF)


def boosted(rows: int, seed: int, *, classifier: bool) -> Any:
    """Give gradient-boosted trees that neither stop early nor draw at random."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    kind = HistGradientBoostingClassifier if classifier else HistGradientBoostingRegressor
    return kind(
        max_iter=50 if rows < 2000 else 100,  # noqa: PLR2004 (few rows are soon learnt by heart)
        max_leaf_nodes=8 if rows < 2000 else 15,  # noqa: PLR2004 (as above)
        min_samples_leaf=min(20, max(5, rows // 40)),
        early_stopping=False,
        random_state=seed,
    )


def settings(problem: Problem, seed: int) -> dict[str, Any]:
    """Give the arguments that all of econml's estimators by double machine learning share."""
    return {
        "model_y": boosted(problem.n, seed, classifier=False),
        "model_t": boosted(problem.n, seed, classifier=problem.binary_treatment),
        "discrete_treatment": problem.binary_treatment,
        "cv": 5 if problem.n >= 10 * MIN_ARM else 2,
        "random_state": seed,
    }


def independent_rows(title: str, problem: Problem, ask: Ask) -> str:
    """Refuse what a learner of confounding refuses, and clusters, which econml's errors do not know."""
    if problem.clusters is not None:
        return f"the errors of {title} take rows as independent, and these come in clusters"
    return refusal(title, problem, ask)


def inferred(title: str, problem: Problem, infer: Callable[[Floats], Any]) -> tuple[float, float]:
    """Run one of econml's estimators on one thread and in silence.

    Parameters
    ----------
    title
        Of the estimator.
    problem
        Gives outcome and step.
    infer
        Is given an outcome of shape (n,) with standard deviation 1, since trees and forests do not work in all units
        alike; imports, fits, and gives econml's inference on the average effect per unit of the treatment.

    Returns
    -------
    value, se
        Of the contrast.

    Raises
    ------
    EstimationError
        If econml fails, or a number is not finite.
    """
    from threadpoolctl import threadpool_limits

    unit = float(problem.y.std()) or 1.0
    with quiet():
        try:
            with threadpool_limits(1):
                found = infer(problem.y / unit)
        except (ValueError, ArithmeticError) as error:
            raise EstimationError(
                f"{title} failed",
                reason=f"econml says: {error}",
                advice="Use another estimator, or look for arms or covariates with very few rows.",
            ) from error
    value, se = float(found.mean_point.ravel()[0]), float(found.stderr_mean.ravel()[0])
    if not (np.isfinite(value) and np.isfinite(se) and se > 0):
        raise EstimationError(
            f"{title} gave no finite estimate",
            reason="Covariates predict treatment or outcome without remainder in these rows.",
            advice="Look for a covariate that is the treatment or the outcome under another name.",
        )
    return value * unit * problem.step, se * unit * abs(problem.step)
