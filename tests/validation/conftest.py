"""Simulated worlds whose truth is known, put through the whole line from a file to a verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.random import Generator, SeedSequence, default_rng

from copilot.data.graph_files import parse_graph
from copilot.data.tables import read_table
from copilot.domain.analysis import Analysis
from copilot.domain.effects import Refutation, Status
from copilot.domain.variables import Query
from copilot.workflow.accept import accept_file
from copilot.workflow.choose_design import Wishes
from copilot.workflow.effect import EffectPlan, analyse

SIMULATIONS = 40
EFFECT = 1.0
"""Of going from 0 to 1, or of one unit, in every world but those with a leak."""
Numbers = np.ndarray[Any, Any]
Columns = Mapping[str, Numbers]
CONFOUNDED = "w -> t; w -> y; v -> t; v -> y; t -> y; "


@dataclass(frozen=True)
class World:
    """Where tables come from, and the graph that somebody has accepted for them, rightly or not.

    Parameters
    ----------
    draw
        Makes the columns of one table; treatment is ``t`` and outcome ``y``.
    graph
        Edges in DOT.
    refuters
        Those that are run, all if empty.
    controls
        Negative controls.
    estimators
        Those that are run, the usual ones if empty; one is enough where no second opinion is asked for.
    """

    draw: Callable[[Generator], Columns]
    graph: str
    refuters: tuple[str, ...] = ()
    controls: tuple[str, ...] = ()
    estimators: tuple[str, ...] = ()


def drawn(rng: Generator, score: Numbers) -> Numbers:
    """Draw 0 or 1 with these log-odds."""
    return np.asarray((rng.uniform(size=len(score)) < 1 / (1 + np.exp(-score))).astype(int))


def right(rng: Generator) -> Columns:
    """Two confounders, straight lines, uneven noise, and a negative control that shares a confounder."""
    w, v, e, c = rng.normal(size=(4, 500))
    t = drawn(rng, 0.6 * w - 0.4 * v)
    y = EFFECT * t + w + 0.5 * v + (0.7 + 0.4 * t) * e
    return {"w": w, "v": v, "t": t, "y": y, "control": 0.8 * w + c}


def right_dose(rng: Generator) -> Columns:
    """The same with a continuous treatment."""
    w, v, d, e, c = rng.normal(size=(5, 500))
    t = 0.6 * w - 0.4 * v + d
    return {"w": w, "v": v, "t": t, "y": EFFECT * t + w + 0.5 * v + e, "control": 0.8 * w + c}


def right_instruments(rng: Generator) -> Columns:
    """A hidden cause that the graph knows of, and two clean instruments."""
    hidden, z, r, d, e = rng.normal(size=(5, 500))
    t = 0.7 * z + 0.6 * r + hidden + d
    return {"z": z, "r": r, "t": t, "y": EFFECT * t + hidden + e}


def right_mediator(rng: Generator) -> Columns:
    """A hidden cause that the graph knows of, and a mediator that carries the whole effect."""
    hidden, d, e = rng.normal(size=(3, 500))
    t = drawn(rng, hidden)
    m = EFFECT * t + d
    return {"t": t, "m": m, "y": m + hidden + e}


def curved(rng: Generator) -> Columns:
    """Treatment and outcome follow the square of a confounder, which no straight line sees."""
    w, v, e = rng.normal(size=(3, 800))
    t = drawn(rng, 1.0 * (w**2 - 1) + 0.3 * v)
    return {"w": w, "v": v, "t": t, "y": EFFECT * t + 1.5 * w**2 + 0.5 * v + e}


def apart(rng: Generator) -> Columns:
    """Treated and untreated hardly share a value of the confounder."""
    w, v, e, d = rng.normal(size=(4, 500))
    t = (w + 0.15 * d > 0).astype(int)
    return {"w": w, "v": v, "t": t, "y": EFFECT * t + w + 0.5 * v + e}


def leaking(rng: Generator) -> Columns:
    """One "confounder" is the outcome in other units."""
    columns = right(rng)
    return {**columns, "v": 2.54 * columns["y"] + 10}


def nearly_leaking(rng: Generator) -> Columns:
    """One "confounder" is the outcome measured again."""
    columns = right(rng)
    return {**columns, "v": columns["y"] + 0.02 * rng.normal(size=500)}


def twice(rng: Generator) -> Columns:
    """One "confounder" is the treatment under another name."""
    columns = right(rng)
    return {**columns, "v": np.where(columns["t"] == 1, "treated", "not")}


def hidden(rng: Generator) -> Columns:
    """A common cause that no column holds and no graph names; it moves the negative control as well."""
    u, w, v, e, c = rng.normal(size=(5, 500))
    t = drawn(rng, 1.2 * u + 0.5 * w - 0.3 * v)
    return {"w": w, "v": v, "t": t, "y": 1.5 * u + w + 0.5 * v + e, "control": 0.8 * w + u + c}


def hidden_with_a_cause_of_treatment(rng: Generator) -> Columns:
    """A hidden common cause, and a cause of the treatment alone: given the treatment it tells of the hidden one."""
    u, z, w, d, e = rng.normal(size=(5, 800))
    t = z + u + 0.5 * w + d
    return {"z": z, "w": w, "t": t, "y": EFFECT * t + 1.5 * u + w + e}


def dirty_instrument(rng: Generator) -> Columns:
    """Two instruments, one of which moves the outcome by itself."""
    columns = right_instruments(rng)
    return {**columns, "y": columns["y"] + 0.5 * columns["r"]}


LINE = ("linear_regression",)
LATENT = 'u [observed="no"]; u -> t; u -> y; '
WORLDS: Mapping[str, World] = {
    "right": World(right, CONFOUNDED + "w -> control", controls=("control",)),
    "right dose": World(right_dose, CONFOUNDED + "w -> control", controls=("control",)),
    "right instruments": World(right_instruments, LATENT + "z -> t; r -> t; t -> y"),
    "right mediator": World(right_mediator, LATENT + "t -> m; m -> y"),
    "curved": World(curved, CONFOUNDED, ("second_opinion",), estimators=("linear_regression", "flexible")),
    "apart": World(apart, CONFOUNDED, ("overlap",), estimators=LINE),
    "leaking": World(leaking, CONFOUNDED, ("random_common_cause",), estimators=LINE),
    "nearly leaking": World(nearly_leaking, CONFOUNDED, ("random_common_cause",), estimators=LINE),
    "twice": World(twice, CONFOUNDED, ("random_common_cause",), estimators=LINE),
    "hidden, control": World(hidden, CONFOUNDED + "w -> control", ("negative_control",), ("control",), LINE),
    "hidden, independence": World(
        hidden_with_a_cause_of_treatment, "z -> t; w -> t; w -> y; t -> y", ("implied_independence",), (), LINE
    ),
    "hidden, nothing": World(hidden, CONFOUNDED),
    "dirty instrument": World(dirty_instrument, LATENT + "z -> t; r -> t; t -> y", ("over_identification",)),
}


@dataclass(frozen=True)
class Rates:
    """What came of many analyses of one world."""

    analyses: tuple[Analysis, ...]

    @property
    def refuters(self) -> tuple[str, ...]:
        """Names of the refuters that had something to say."""
        return tuple(dict.fromkeys(one.refuter for analysis in self.analyses for one in analysis.refutations))

    def of(self, refuter: str) -> list[Refutation]:
        """List what one refuter found, over all analyses and subjects."""
        found = [one for analysis in self.analyses for one in analysis.refutations if one.refuter == refuter]
        assert found, f"{refuter} has nothing to say in this world"
        return found

    def share(self, refuter: str, status: Status) -> float:
        """Share of analyses in which a refuter came out so, for one subject at least."""
        self.of(refuter)
        return self._share({refuter}, status)

    def caught(self, refuters: Iterable[str]) -> float:
        """Share of analyses in which one of these refuters failed."""
        return self._share(set(refuters), Status.FAILED)

    def _share(self, names: set[str], status: Status) -> float:
        hits = (
            any(one.refuter in names and one.status is status for one in analysis.refutations)
            for analysis in self.analyses
        )
        return sum(hits) / len(self.analyses)


def write(columns: Columns, path: Path) -> None:
    """Write a table with enough digits to read the same numbers again."""
    rows = zip(*(columns[name].tolist() for name in columns), strict=True)
    lines = [",".join(columns), *(",".join(map(str, row)) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture(scope="session")
def one_analysis(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, SeedSequence], Analysis]:
    """Give a function that draws one table of a world and analyses it."""
    path = tmp_path_factory.mktemp("worlds") / "data.csv"

    def run(name: str, seed: SeedSequence) -> Analysis:
        world = WORLDS[name]
        write(world.draw(default_rng(seed)), path)
        plan = EffectPlan(
            review=accept_file(parse_graph(f"digraph {{ {world.graph} }}", "dot", "graph.dot").graph),
            graph_source="graph.dot",
            query=Query(treatment="t", outcome="y"),
            wishes=Wishes(estimators=world.estimators, refuters=world.refuters, negative_controls=world.controls),
            seed=int(seed.generate_state(1)[0]),
            simulations=SIMULATIONS,
        )
        return analyse(plan, read_table(str(path)))

    return run


@pytest.fixture(scope="session")
def many(one_analysis: Callable[[str, SeedSequence], Analysis]) -> Callable[[str, int], Rates]:
    """Give a function that analyses many tables of a world, once a session."""

    @cache
    def run(name: str, tables: int) -> Rates:
        return Rates(tuple(one_analysis(name, child) for child in SeedSequence(2024).spawn(tables)))

    return run
