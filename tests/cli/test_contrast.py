"""Which two of several levels are compared is asked for before anything is computed, or paid for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

Call = Callable[..., Any]
ASKED = ("-t", "dose", "-o", "y", "--no-dowhy", "--estimator", "linear_regression", "--refuter", "leaks", "--json")
VOTED = ("--voters", "data", "--resamples", "5", "--yes", "--require", "dose->y", "--run-dir", "run")


@pytest.fixture
def study(home: Path) -> Path:
    """Three doses dealt out by chance, the higher the better."""
    rng = np.random.default_rng(5)
    rows = [f"{('none', 'low', 'high')[step]},{step + rng.normal():.4f}" for step in rng.integers(0, 3, 400)]
    (home / "data.csv").write_text("\n".join(["dose,y", *rows]) + "\n")
    (home / "g.dot").write_text("digraph { dose -> y }")
    return home


@pytest.mark.parametrize("graph", [("--graph", "g.dot"), VOTED])
def test_a_person_is_asked_with_the_levels_offered(cli: Call, study: Path, graph: tuple[str, ...]) -> None:
    done = cli("analyze", "data.csv", *graph, *ASKED, typed="highest\nhigh\nnone\n")
    assert "dose has 3 levels, and an effect compares two of them" in done.err
    assert "Did you mean 'high'?" in done.err
    assert done.json["contrast"]["text"] == "high vs none"
    assert study.is_dir()


def test_a_script_is_told_before_anybody_votes(cli: Call, study: Path) -> None:
    done = cli("analyze", "data.csv", *VOTED, *ASKED)
    assert done.code == 2
    assert "--contrast none,high" in done.json["error"]["advice"]
    assert not (study / "run").exists()
    named = cli("analyze", "data.csv", *VOTED, *ASKED, "--contrast", "none,low")
    assert named.json["contrast"]["text"] == "low vs none"
