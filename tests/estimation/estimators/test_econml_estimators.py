"""Double machine learning and the causal forest: near the truth, repeatable, quiet, and choosy."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from numpy.random import SeedSequence

from copilot.domain.effects import Target
from copilot.errors import EstimationError
from copilot.estimation.estimators.causal_forest import CAUSAL_FOREST, CausalForest
from copilot.estimation.estimators.double_ml import DOUBLE_ML, DoubleML
from copilot.estimation.problem import Ask, Problem, nothing_wide


def bent(seed: int, n: int = 800, *, binary: bool = True) -> Problem:
    """Give confounding by a square; the effect is 1, and a line sees it as 3 or more."""
    draw = np.random.default_rng(seed)
    x = draw.normal(size=(n, 3))
    shape = np.square(x[:, 0]) - 1
    t = (draw.uniform(size=n) < 1 / (1 + np.exp(-shape))).astype(float) if binary else shape + draw.normal(size=n)
    spread = 1.0 if binary else float(t.std())
    y = t + 2 * shape + draw.normal(size=n)
    return Problem(
        y=y, t=t / spread, covariates=x, covariate_of=("a", "b", "c"), binary_treatment=binary, high=1 / spread
    )


@pytest.mark.parametrize("estimator", [DOUBLE_ML, CAUSAL_FOREST], ids=lambda one: one.name)
@pytest.mark.parametrize("binary", [True, False])
def test_bent_confounding_is_taken_out_in_silence_and_repeatably(
    estimator: DoubleML | CausalForest, capfd: pytest.CaptureFixture[str], binary: bool
) -> None:
    problem = bent(1, binary=binary)
    ask = Ask(seed=SeedSequence(7))
    fit = estimator.fit(problem, ask)
    assert abs(fit.value - 1.0) < 0.4
    assert fit.se is not None
    assert 0.01 < fit.se < 0.5
    assert estimator.fit(problem, ask).value == fit.value
    assert capfd.readouterr() == ("", "")


def test_the_step_counts() -> None:
    problem = bent(2, binary=False)
    twofold = dataclasses.replace(problem, high=2 * problem.high)
    assert DOUBLE_ML.fit(twofold, Ask()).value == pytest.approx(2 * DOUBLE_ML.fit(problem, Ask()).value)


def test_the_forest_averages_over_the_treated() -> None:
    draw = np.random.default_rng(3)
    x = draw.normal(size=(1500, 2))
    t = (draw.uniform(size=1500) < 1 / (1 + np.exp(-2 * x[:, 0]))).astype(float)
    problem = Problem(y=2 * x[:, 0] * t + x[:, 1] + draw.normal(size=1500), t=t, covariates=x)
    everybody, treated = (CAUSAL_FOREST.fit(problem, Ask(target=target)) for target in (Target.ATE, Target.ATT))
    assert treated.target is Target.ATT
    assert treated.value > everybody.value + 0.5


def test_large_tables_are_thinned_for_the_forest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("copilot.estimation.estimators.causal_forest.MAX_ROWS", 300)
    fit = CAUSAL_FOREST.fit(bent(4), Ask())
    assert fit.diagnostics["rows_grown_on"] == 300
    assert "300 rows drawn at random from 800" in fit.notes[1]


def test_what_they_cannot_do_is_refused() -> None:
    problem = bent(5)
    bare = dataclasses.replace(problem, covariates=nothing_wide(800), covariate_of=())
    clustered = dataclasses.replace(problem, clusters=np.repeat(np.arange(100), 8))
    for estimator in (DOUBLE_ML, CAUSAL_FOREST):
        assert estimator.refuses(problem, Ask()) == ""
        assert "nothing is adjusted for" in estimator.refuses(bare, Ask())
        assert "clusters" in estimator.refuses(clustered, Ask())
    assert "treated" in DOUBLE_ML.refuses(problem, Ask(target=Target.ATT))
    assert "weights" in CAUSAL_FOREST.refuses(dataclasses.replace(problem, weights=np.ones(800)), Ask())


def test_a_failure_of_the_library_is_our_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_arguments: object, **_more: object) -> None:
        message = "no way"
        raise ValueError(message)

    monkeypatch.setattr("econml.dml.LinearDML.fit", broken)
    monkeypatch.setattr("econml.dml.CausalForestDML.fit", broken)
    for estimator in (DOUBLE_ML, CAUSAL_FOREST):
        with pytest.raises(EstimationError, match="failed") as caught:
            estimator.fit(bent(6), Ask())
        assert "no way" in caught.value.reason
        assert np.isnan(estimator.refit(bent(6), Ask()).treatment(bent(6).t))
