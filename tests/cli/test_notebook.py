"""``analyze --notebook``: the place is looked at first, and the file is written after the analysis."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

Call = Callable[..., Any]


@pytest.fixture
def study(home: Path) -> Path:
    """A table of three columns, with the graph that identifies the effect and one that does not."""
    rng = np.random.default_rng(7)
    w = rng.normal(size=200)
    t = (w + rng.normal(size=200) > 0).astype(int)
    y = 2.0 * t + w + rng.normal(size=200)
    rows = [f"{a:.5f},{b},{c:.5f}" for a, b, c in zip(w, t, y, strict=True)]
    (home / "data.csv").write_text("\n".join(["w,t,y", *rows]) + "\n")
    (home / "g.dot").write_text("digraph { w -> t; w -> y; t -> y }")
    (home / "hidden.dot").write_text("digraph { u [latent=1]; u -> t; u -> y; t -> y }")
    return home


def ask(graph: str, *more: str) -> tuple[str, ...]:
    return ("analyze", "data.csv", "--graph", graph, "-t", "t", "-o", "y", "--no-dowhy", "--simulations", "10", *more)


def test_the_notebook_holds_the_headline_and_the_path_as_given(cli: Call, study: Path) -> None:
    done = cli(*ask("g.dot", "--json", "--notebook", "n.ipynb"))
    assert done.code == 0
    text = (study / "n.ipynb").read_text()
    assert json.loads(text)["nbformat_minor"] == 5
    assert "DATA = 'data.csv'" in text
    (headline,) = [one for one in done.json["estimates"] if one["headline"]]
    assert f"REPORTED = {headline['value']!r}" in text


def test_without_a_number_the_notebook_shows_the_identification(cli: Call, study: Path) -> None:
    done = cli(*ask("hidden.dot", "--notebook", "n.ipynb"))
    assert done.code != 0
    assert "No number can be redone" in " ".join(done.err.split())
    assert "identify_effect" in (study / "n.ipynb").read_text()


@pytest.mark.parametrize("place", ["data.csv", "g.dot", "nowhere/n.ipynb", "."])
def test_a_place_that_cannot_be_written_is_refused_before_any_work(cli: Call, study: Path, place: str) -> None:
    done = cli(*ask("g.dot", "--notebook", place))
    assert done.code == 2
    assert "--notebook" in done.err
    assert not (study / ".copilot").exists()


def test_a_table_from_standard_input_is_refused(cli: Call, study: Path) -> None:
    done = cli("analyze", "-", "--graph", str(study / "g.dot"), "-t", "t", "-o", "y", "--notebook", "n.ipynb")
    assert done.code == 2
    assert "a table that is a file" in done.err
