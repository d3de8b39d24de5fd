"""Whether the treatment is two covariates together, as in a difference in differences."""

from __future__ import annotations

import itertools

import numpy as np

from copilot.estimation.problem import Floats, Problem


def two_together(problem: Problem) -> tuple[str, str] | None:
    """Find two yes-or-no covariates that the treated alone have together.

    Parameters
    ----------
    problem
        With a binary treatment.

    Returns
    -------
    tuple of str
        Their names; ``None`` if there are no such two, or if one of them is the treatment itself.
    """
    treated = problem.t > 0.5  # noqa: PLR2004 (0 and 1)
    shared = [
        (name, column == column[treated][0])
        for name, column in zip(problem.covariate_of, problem.covariates.T, strict=True)
        if treated.any() and _has_two_values(column) and bool((column[treated] == column[treated][0]).all())
    ]
    for (one, having), (other, also) in itertools.combinations(shared, 2):
        if np.array_equal(having & also, treated) and not (np.array_equal(having, treated) or one == other):
            return one, other
    return None


def _has_two_values(column: Floats) -> bool:
    low, high = column.min(), column.max()
    return bool(low < high and ((column == low) | (column == high)).all())
