"""The front-door adjustment: through mediators that carry the whole effect."""

from __future__ import annotations

import numpy as np

from copilot.domain.effects import Target
from copilot.domain.identification.values import Strategy
from copilot.errors import EstimationError
from copilot.estimation.estimators.front_door_cells import MAX_CELLS, MIN_ROWS, cells_of, plug_in
from copilot.estimation.estimators.partialled import Partial, orthonormal, partial
from copilot.estimation.estimators.spread import freedom, standard_error
from copilot.estimation.problem import Ask, Fit, Floats, Integers, Problem, Refit


class FrontDoor:
    """Front-door adjustment: by cells where treatment and mediators are discrete, by two linear models otherwise.

    Pearl 1995, *Biometrika* 82, equation 11 (theorem 2) for cells. The linear form is the sum over mediators of the
    treatment's effect on the mediator, times the mediator's effect on the outcome given treatment and the other
    mediators; the contrast enters once.
    """

    name = "front_door"
    title = "front-door adjustment"
    strategy = Strategy.FRONTDOOR

    def refuses(self, problem: Problem, ask: Ask) -> str:
        """Say that there is no mediator, if so."""
        del ask
        if problem.strategy is not Strategy.FRONTDOOR or problem.mediators.shape[1] == 0:
            return "front-door adjustment needs a mediator, and none is given"
        return ""

    def fit(self, problem: Problem, ask: Ask) -> Fit:
        """Estimate by cells or by linear models, with errors from influence values.

        Raises
        ------
        EstimationError
            If there are too few rows, or the treatment determines a mediator.
        """
        cells = cells_of(problem)
        if cells is not None:
            return plug_in(problem, cells, ask)
        return _linear(problem, ask)

    def refit(self, problem: Problem, ask: Ask) -> Refit:
        """Keep the way of estimating that the problem as given calls for."""
        return _Refit(problem, ask)


def _linear(problem: Problem, ask: Ask) -> Fit:
    q = problem.mediators.shape[1]
    parameters = problem.covariates.shape[1] + q + 2
    if problem.n <= parameters:
        raise EstimationError(
            f"front-door adjustment has {problem.n} rows for {parameters} coefficients",
            reason="Every coefficient needs a row, and the errors need more.",
            advice="Adjust for fewer variables or bring more rows.",
        )
    parted = partial(problem)
    y, t, m = parted.out(problem.y), parted.out(problem.t), parted.out(problem.mediators)
    through = _through(y, t, m)
    if through is None:
        raise EstimationError(
            "front-door adjustment cannot separate treatment and mediator",
            reason="Given the covariates, the treatment does not vary or determines a mediator exactly.",
            advice="Choose a mediator that also varies among equally treated rows.",
        )
    onto, own, out = through
    rest_m, rest_y = m - np.outer(t, onto), y - m @ own - t * float(t @ (y - m @ own)) / float(t @ t)
    bread = np.linalg.solve(out.T @ out, onto)
    influence = problem.n * problem.step * (t * (rest_m @ own) / float(t @ t) + (out @ bread) * rest_y)
    given = " given the covariates" if problem.covariates.shape[1] else ""
    note = f"Two linear models{given}: treatment on each mediator, mediators and treatment on the outcome."
    if problem.covariates.shape[1] == 0 and problem.binary_treatment:
        note += f" Cells are used only where mediators have up to {MAX_CELLS} values, each with {MIN_ROWS} rows."
    target = Target.ATE
    if ask.target is Target.ATT and problem.binary_treatment:
        target = Target.ATT
        note += " With no interaction the effect on the treated is the effect on all."
    elif ask.target is Target.ATT:
        note += " A continuous treatment has no treated rows: this is the effect on all."
    return Fit(
        value=float(onto @ own) * problem.step,
        se=standard_error(influence, problem, parameters),
        errors="HC1, delta method" if problem.clusters is None else "cluster-robust, delta method",
        df=freedom(problem, parameters),
        influence=influence,
        diagnostics=_paths(problem, onto, own),
        notes=(note,),
        target=target,
    )


def _paths(problem: Problem, onto: Floats, own: Floats) -> dict[str, float]:
    """Give what goes through each mediator; columns of one variable are summed."""
    names = problem.mediator_of or tuple(str(j + 1) for j in range(len(own)))
    if len(set(names)) == 1:
        return {}
    through: dict[str, float] = {}
    for name, a, b in zip(names, onto, own, strict=True):
        through[f"through {name}"] = through.get(f"through {name}", 0.0) + float(a * b) * problem.step
    return through


def _through(y: Floats, t: Floats, m: Floats) -> tuple[Floats, Floats, Floats] | None:
    """Give effects on mediators (q,), of mediators (q,), and mediators less their treatment part (n, q)."""
    length = float(t @ t)
    if length <= 1e-20 * len(t):
        return None
    onto = (t @ m) / length
    out = m - np.outer(t, onto)
    basis = orthonormal(out)
    if basis is None:
        return None
    own = np.linalg.solve(basis.T @ out, basis.T @ y)
    return onto, np.asarray(own, dtype=np.float64), out


def _point(y: Floats, t: Floats, m: Floats) -> float:
    through = _through(y, t, m)
    return float("nan") if through is None else float(through[0] @ through[1])


def _cells_and_line(problem: Problem, column: Floats, ask: Ask) -> float:
    """Estimate by cells within levels of a covariate w that shifts outcome and shares by straight lines.

    With E[Y | t, m, w] = a_tm + b w and P(m | t, w) = p_tm + c_m w, averaging Pearl's formula given w over w leaves
    sum_m (p_1m - p_0m) sum_t P(t) a_tm: what b and c_m add sums to zero, since shares sum to one.
    """
    cells = cells_of(problem)
    if cells is None:
        return float("nan")
    count = int(cells.max()) + 1
    arm = (problem.t > 0).astype(np.int64)
    weights = np.ones(problem.n) if problem.weights is None else problem.weights
    places = cells + count * arm

    def sums(values: Floats, where: Integers, size: int) -> Floats:
        summed: Floats = np.bincount(where, weights * values, size).astype(np.float64)
        return summed

    one = np.ones(problem.n)
    full, arms = sums(one, places, 2 * count), sums(one, arm, 2)
    w_full, w_arms = sums(column, places, 2 * count) / full, sums(column, arm, 2) / arms
    within, across = column - w_full[places], column - w_arms[arm]
    lengths = float((weights * within) @ within), float((weights * across) @ across)
    if min(lengths) <= 0:
        return float("nan")
    b = float((weights * within) @ problem.y) / lengths[0]
    c = sums(across, cells, count) / lengths[1]
    a = (sums(problem.y, places, 2 * count) / full - b * w_full).reshape(2, count)
    moved = (full.reshape(2, count) / arms[:, None] - np.outer(w_arms, c)) @ a.T  # arm of shares, arm of outcomes
    over = np.array([0.0, 1.0]) if ask.target is Target.ATT else arms / arms.sum()
    return float((moved[1] - moved[0]) @ over)


class _Refit:
    """Covariates partialled out once; see `Refit`."""

    def __init__(self, problem: Problem, ask: Ask) -> None:
        self._problem, self._ask = problem, ask
        self._by_cells = cells_of(problem) is not None
        self._parted = parted = partial(problem)
        self._y, self._t, self._m = parted.out(problem.y), parted.out(problem.t), parted.out(problem.mediators)

    def treatment(self, t: Floats) -> float:
        """Estimate with another treatment."""
        if self._by_cells:
            return self._cells(self._problem.with_treatment(t))
        return _point(self._y, self._parted.out(t), self._m) * self._problem.step

    def outcome(self, y: Floats) -> float:
        """Estimate with another outcome."""
        if self._by_cells:
            return self._cells(self._problem.with_outcome(y, binary=self._problem.binary_outcome))
        return _point(self._parted.out(y), self._t, self._m) * self._problem.step

    def covariate(self, column: Floats) -> float:
        """Estimate with one more covariate, which enters cells in a straight line."""
        if self._by_cells:
            return _cells_and_line(self._problem, column, self._ask)
        own = self._parted.out(column)
        length = float(own @ own)
        if length <= 1e-18 * len(own):
            return _point(self._y, self._t, self._m) * self._problem.step
        own = own / np.sqrt(length)
        y, t = self._y - own * float(own @ self._y), self._t - own * float(own @ self._t)
        return _point(y, t, self._m - np.outer(own, own @ self._m)) * self._problem.step

    def rows(self, rows: Integers) -> float:
        """Estimate on some rows."""
        part = self._problem.take(rows)
        if self._by_cells:
            return self._cells(part)
        parted: Partial = partial(part)
        return _point(parted.out(part.y), parted.out(part.t), parted.out(part.mediators)) * part.step

    def _cells(self, problem: Problem) -> float:
        cells = cells_of(problem, least=1)
        return float("nan") if cells is None else plug_in(problem, cells, self._ask).value


FRONT_DOOR = FrontDoor()
