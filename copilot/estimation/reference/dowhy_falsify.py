"""DoWhy's test of a whole graph against graphs with permuted nodes; imported by the worker alone.

DoWhy enumerates and permutes; the conditional independences are tested here from one correlation matrix, since a cell
of the frame it is given is the number of a node and says which columns are meant.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from copilot.estimation.problem import Floats

_LEVEL = 0.05
_TINY = 1e-9


def falsify(header: dict[str, Any], matrix: Floats) -> dict[str, Any]:
    """Hold a graph against graphs with permuted nodes.

    Parameters
    ----------
    header
        ``nodes``, ``edges`` (pairs of nodes), ``columns`` (node → positions in the matrix; a node without is not
        observed), ``permutations`` and ``seed``.
    matrix
        Complete rows of shape (n, p).

    Returns
    -------
    dict
        ``tests``, ``violations``, ``p_value`` (share of permuted graphs that violate no larger share of their own
        local Markov conditions), ``same_class`` (share that implies the same independences), ``permutations``.

    References
    ----------
    Eulig et al. (2023), Toward Falsifying Causal Graphs Using a Permutation-Based Test, arXiv 2305.09565, section 3.
    """
    import networkx as nx
    import pandas as pd
    from dowhy.gcm.falsify import FalsifyConst, falsify_graph
    from dowhy.gcm.util.general import set_random_seed

    drawn: nx.DiGraph[str] = nx.DiGraph()
    drawn.add_nodes_from(header["nodes"])
    drawn.add_edges_from(header["edges"])
    columns: dict[str, list[int]] = header["columns"]
    names = sorted(columns)
    frame = pd.DataFrame({name: [float(number)] for number, name in enumerate(names)})
    test = _Test(matrix, [columns[name] for name in names])
    set_random_seed(int(header["seed"]))
    found = falsify_graph(
        drawn,
        frame,
        independence_test=test.marginal,
        conditional_independence_test=test.conditional,
        significance_level=_LEVEL,
        significance_ci=_LEVEL,
        n_permutations=int(header["permutations"]),
        show_progress_bar=False,
        n_jobs=1,
    )
    markov, alike = found.summary[FalsifyConst.VALIDATE_LMC], found.summary[FalsifyConst.VALIDATE_TPA]
    return {
        "tests": int(markov[FalsifyConst.N_TESTS]),
        "violations": int(markov[FalsifyConst.GIVEN_VIOLATIONS]),
        "p_value": float(markov[FalsifyConst.P_VALUE]),
        "permutations": len(markov[FalsifyConst.PERM_VIOLATIONS]),
        "same_class": sum(count == 0 for count in alike[FalsifyConst.PERM_VIOLATIONS])
        / max(1, len(alike[FalsifyConst.PERM_VIOLATIONS])),
    }


class _Test:
    """Bartlett's test of no canonical correlation between residuals; Bartlett (1938), Math. Proc. Camb. 34(1)."""

    def __init__(self, matrix: Floats, columns: list[list[int]]) -> None:
        self._n = len(matrix)
        centred = matrix - matrix.mean(axis=0)
        self._moments = centred.T @ centred / max(1, self._n)
        self._columns = columns

    def marginal(self, x: Floats, y: Floats) -> float:
        """Test independence of the nodes whose numbers stand in the cells."""
        return self._p_value(self._of(x), self._of(y), [])

    def conditional(self, x: Floats, y: Floats, z: Floats) -> float:
        """Test independence given others."""
        return self._p_value(self._of(x), self._of(y), self._of(z))

    def _of(self, cells: Floats) -> list[int]:
        return [column for number in np.atleast_1d(np.asarray(cells)).ravel() for column in self._columns[int(number)]]

    def _p_value(self, x: list[int], y: list[int], z: list[int]) -> float:
        from scipy.special import chdtrc

        degrees = self._n - 1 - len(z) - (len(x) + len(y) + 1) / 2
        if degrees <= 1:
            return 1.0
        xy = [*x, *y]
        left = self._moments[np.ix_(xy, xy)]
        if z:
            across = self._moments[np.ix_(xy, z)]
            left = left - across @ np.linalg.pinv(self._moments[np.ix_(z, z)], hermitian=True) @ across.T
        a, b, c = left[: len(x), : len(x)], left[: len(x), len(x) :], left[len(x) :, len(x) :]
        if min(np.trace(a), np.trace(c)) < _TINY:  # what is held fixed determines one side
            return 1.0
        squared = np.linalg.pinv(a, hermitian=True) @ b @ np.linalg.pinv(c, hermitian=True) @ b.T
        correlations = np.clip(np.linalg.eigvals(squared).real, 0.0, 1.0 - 1e-12)
        statistic = -degrees * float(np.log1p(-correlations).sum())
        return float(chdtrc(len(x) * len(y), max(0.0, statistic)))
