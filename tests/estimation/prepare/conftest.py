from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.random import SeedSequence

from copilot.data.tables import Table, read_table
from copilot.estimation.design import Design, Prepared
from copilot.estimation.prepare.prepare import prepare
from copilot.estimation.problem import Problem

Make = Callable[[Mapping[str, Sequence[Any]]], Table]
Run = Callable[..., Prepared]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def build(columns: Mapping[str, Sequence[Any]]) -> Table:
        path = tmp_path / "table.csv"
        with path.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow(columns)
            for row in zip(*columns.values(), strict=True):
                writer.writerow(["" if cell is None else cell for cell in row])
        return read_table(str(path))

    return build


@pytest.fixture
def run(make: Make) -> Run:
    def prepared(columns: Mapping[str, Sequence[Any]], *, imputations: int = 10, **names: Any) -> Prepared:
        table = make(columns)
        design = Design(**{"treatment": "t", "outcome": "y", **names})
        frame = table.frame(design.columns)
        return prepare(frame, table.profile, design, seed=SeedSequence(7), imputations=imputations)

    return prepared


@pytest.fixture
def columns() -> dict[str, list[Any]]:
    """y = 2 t + w + noise over 400 rows, w a cause of both."""
    rng = np.random.default_rng(1)
    w = rng.normal(size=400).round(3)
    t = (w + rng.normal(size=400) > 0).astype(int)
    y = (2 * t + w + rng.normal(size=400)).round(3)
    return {"t": t.tolist(), "y": y.tolist(), "w": w.tolist()}


def ols(problem: Problem) -> float:
    design = np.column_stack([np.ones(problem.n), problem.t, problem.covariates])
    return float(np.linalg.lstsq(design, problem.y, rcond=None)[0][1] * problem.step)


def codes(prepared: Prepared) -> list[str]:
    return [notice.code for notice in prepared.notices]


@pytest.fixture
def effect() -> Callable[[Problem], float]:
    return ols


@pytest.fixture
def said() -> Callable[[Prepared], list[str]]:
    return codes
