from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from copilot.estimation.design import MissingPolicy, Prepared
from copilot.estimation.problem import Problem

Run = Callable[..., Prepared]
Columns = dict[str, list[Any]]
Effect = Callable[[Problem], float]


def _with_gaps(columns: Columns, seed: int = 4) -> Columns:
    """W is missing where a second cause, which is always seen, is large; groups of a text are missing at random."""
    rng = np.random.default_rng(seed)
    w = np.array(columns["w"])
    proxy = (w + 0.5 * rng.normal(size=w.size)).round(3)
    colour = np.where(w > 0.5, "red", np.where(w < -0.5, "blue", "green"))
    lost_w, lost_colour = proxy > 0.4, rng.random(w.size) < 0.2
    return {
        **columns,
        "w": [None if gone else value for gone, value in zip(lost_w, w.tolist(), strict=True)],
        "proxy": proxy.tolist(),
        "colour": [None if gone else value for gone, value in zip(lost_colour, colour.tolist(), strict=True)],
    }


def test_imputations_keep_every_row_and_fill_in_values_that_occur(run: Run, columns: Columns) -> None:
    data = _with_gaps(columns)
    prepared = run(data, adjustment=("w", "proxy", "colour"), missing=MissingPolicy.MULTIPLE, imputations=3)
    assert len(prepared.problems) == 3
    assert prepared.rows_used == 400
    for problem in prepared.problems:
        assert np.isfinite(problem.covariates).all()
        seen = len({value for value in data["w"] if value is not None})
        assert len(np.unique(problem.covariates[:, 0])) <= seen
    first, second = (problem.covariates[:, 0] for problem in prepared.problems[:2])
    assert not np.array_equal(first, second)
    assert [n.count for n in prepared.notices if n.code == "imputed"] == [
        sum(value is None for value in data["w"]),
        sum(value is None for value in data["colour"]),
    ]


def test_imputations_repeat_with_the_seed_and_do_not_depend_on_their_number(run: Run, columns: Columns) -> None:
    names = {"adjustment": ("w", "proxy", "colour"), "missing": MissingPolicy.MULTIPLE}
    three = run(_with_gaps(columns), imputations=3, **names)
    two = run(_with_gaps(columns), imputations=2, **names)
    for one, other in zip(two.problems, three.problems, strict=False):
        assert np.array_equal(one.covariates, other.covariates)


def test_imputation_finds_the_effect_where_complete_cases_are_a_selected_part(run: Run, effect: Effect) -> None:
    errors = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        w = rng.normal(size=600)
        t = (w + rng.normal(size=600) > 0).astype(int)
        y = 2 * t + 2 * w + rng.normal(size=600)
        seen = [
            None if gone else float(value) for gone, value in zip((y > 2) & (rng.random(600) < 0.7), w, strict=True)
        ]
        data = {"t": t.tolist(), "y": y.tolist(), "w": seen}
        policy = MissingPolicy.MULTIPLE
        prepared = run(data, adjustment=("w",), missing=policy, imputations=3)
        pooled = float(np.mean([effect(problem) for problem in prepared.problems]))
        complete = effect(run(data, adjustment=("w",)).problem)
        errors.append((pooled - 2, complete - 2))
    bias, complete_bias = np.abs(np.mean(errors, axis=0))
    assert bias < 0.1
    assert complete_bias > 2 * bias


def test_without_gaps_there_is_one_problem(run: Run, columns: Columns) -> None:
    assert len(run(columns, adjustment=("w",), missing=MissingPolicy.MULTIPLE).problems) == 1


def test_treatment_and_outcome_are_never_imputed(run: Run, columns: Columns) -> None:
    y = list(columns["y"])
    y[:7] = [None] * 7
    prepared = run({**_with_gaps(columns), "y": y}, adjustment=("w", "proxy"), missing=MissingPolicy.MULTIPLE)
    assert prepared.rows_used == 393
    assert prepared.problem.y == pytest.approx(np.array(y[7:]))
