"""A graph that was suggested and not accepted may be given as a file, and the report says that nobody looked at it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

Call = Callable[..., Any]
FAST = ("--no-dowhy", "--estimator", "linear_regression", "--refuter", "leaks", "--json")
ASKED = ("-t", "t", "-o", "y")


@pytest.fixture
def study(home: Path) -> Path:
    """A small table, and the graph that its data vote for."""
    rng = np.random.default_rng(3)
    w = rng.normal(size=300)
    t = (rng.uniform(size=300) < 1 / (1 + np.exp(-w))).astype(int)
    y = 2.0 * t + w + rng.normal(size=300)
    rows = [f"{w[place]:.4f},{t[place]},{y[place]:.4f}" for place in range(300)]
    (home / "data.csv").write_text("\n".join(["w,t,y", *rows]) + "\n")
    return home


@pytest.mark.parametrize("accepted", [(), ("--yes",)])
def test_what_the_file_says_of_its_acceptance_is_carried_into_the_report(
    cli: Call, study: Path, accepted: tuple[str, ...]
) -> None:
    known = ("--require", "w->t", "--require", "w->y", "--require", "t->y", "--voters", "data", "--resamples", "5")
    cli("suggest-graph", "data.csv", "-t", "t", "--outcome", "y", *known, *accepted, "-o", "g.dot")
    given = cli("analyze", "data.csv", "--graph", "g.dot", *ASKED, *FAST)
    assert (given.code, given.json["approved_by"], given.json["reviewed"]) == (0, "file", False)
    assert "given as a file, which counts as accepted, and not reviewed" in given.err
    assert any(one.startswith("Nobody has looked at the graph") for one in given.json["verdict"]["doubts"])
    (study / "g.dot").write_text("digraph { w -> t; w -> y; t -> y }")
    own = cli("analyze", "data.csv", "--graph", "g.dot", *ASKED, *FAST)
    assert (own.json["approved_by"], own.json["reviewed"]) == ("file", True)
    assert own.json["graph_hash"] == given.json["graph_hash"]
