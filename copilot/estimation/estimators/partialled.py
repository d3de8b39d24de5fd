"""Columns with intercept and covariates partialled out (Frisch & Waugh 1933; Lovell 1963), rows weighted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from copilot.estimation.estimators.algebra import even
from copilot.estimation.problem import Floats, Problem


@dataclass(frozen=True, slots=True, eq=False)
class Partial:
    """What takes intercept and covariates out of any column.

    Parameters
    ----------
    root
        Square roots of the weights of shape (n,), or ``None``.
    basis
        Orthonormal columns of shape (n, k + 1) that span the weighted intercept and covariates.
    """

    root: Floats | None
    basis: Floats

    def weigh(self, column: Floats) -> Floats:
        """Multiply rows by the roots of their weights."""
        if self.root is None:
            return column
        return column * (self.root if column.ndim == 1 else self.root[:, None])

    def out(self, column: Floats) -> Floats:
        """Give weighted columns of shape (n,) or (n, q) less their projection on intercept and covariates."""
        weighed = self.weigh(column)
        rest: Floats = weighed - self.basis @ (self.basis.T @ weighed)
        return rest


def partial(problem: Problem) -> Partial:
    """Make ready to partial out the problem's covariates."""
    w = even(problem)
    root = None if w is None else np.sqrt(w)
    design = np.column_stack([np.ones(problem.n), problem.covariates])
    if root is not None:
        design = design * root[:, None]
    return Partial(root, np.linalg.qr(design)[0])


def orthonormal(matrix: Floats, tolerance: float = 1e-9) -> Floats | None:
    """Give orthonormal columns with the span of `matrix`; ``None`` where its columns are not independent.

    Parameters
    ----------
    matrix
        Of shape (n, m).
    tolerance
        The length a column must keep beside those before it, as a share of the root of n.
    """
    q, r = np.linalg.qr(matrix)
    if r.size and float(np.abs(np.diagonal(r)).min()) <= tolerance * np.sqrt(matrix.shape[0]):
        return None
    return np.asarray(q)
