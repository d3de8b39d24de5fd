"""Our estimators against a plain DoWhy script on the same rows, the same estimand and the same estimator."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from validation_page import NOTHING, ROOT, Part, table

if TYPE_CHECKING:
    import pandas as pd

SIDE = Path(__file__).resolve().parent / "validation_dowhy_side.py"
TOLERANCE = 1e-8
ROUNDING = 1e-10
"""Below it the digits change from machine to machine, and the page would with them."""
METHODS = {
    "linear_regression": "backdoor.linear_regression",
    "ipw": "backdoor.propensity_score_weighting",
    "two_stage_least_squares": "iv.instrumental_variable",
    "front_door": "frontdoor.two_stage_regression",
}
SIMULATED = "digraph { a -> t; a -> b; b -> y; c -> t; c -> y; t -> y }"


@dataclass(frozen=True)
class Case:
    """One estimate to be made twice.

    Parameters
    ----------
    data
        Name of the data set.
    csv
        Where it lies.
    treatment, outcome, estimator
        What is asked; the estimator by our name.
    adjustment, instruments, mediators
        Names of columns.
    contrast
        (control, active) as text for a treatment that is no number.
    """

    data: str
    csv: Path
    treatment: str
    outcome: str
    estimator: str = "linear_regression"
    adjustment: tuple[str, ...] = ()
    instruments: tuple[str, ...] = ()
    mediators: tuple[str, ...] = ()
    contrast: tuple[str, str] | None = field(default=None)

    @property
    def given(self) -> str:
        """The columns in their role, in few words."""
        roles = (("", self.adjustment), ("instrument ", self.instruments), ("mediator ", self.mediators))
        said = [f"{role}{', '.join(names)}" for role, names in roles if names]
        return "; ".join(text if len(text) < 60 else f"{text.count(',') + 1} covariates" for text in said) or "nothing"


def ours(case: Case) -> tuple[float, float, int]:
    """Give our estimate, a scale below which a difference is rounding, and the rows used."""
    from numpy.random import SeedSequence

    from copilot.data.tables import read_table
    from copilot.domain.identification.values import Strategy
    from copilot.estimation.design import Design
    from copilot.estimation.estimators.registry import estimator_named
    from copilot.estimation.prepare.prepare import prepare
    from copilot.estimation.problem import Ask

    strategy = Strategy.IV if case.instruments else Strategy.FRONTDOOR if case.mediators else Strategy.BACKDOOR
    design = Design(
        case.treatment,
        case.outcome,
        strategy,
        case.adjustment,
        case.instruments,
        case.mediators,
        contrast=case.contrast,
    )
    read = read_table(str(case.csv))
    prepared = prepare(read.frame(design.columns), read.profile, design, seed=SeedSequence(0))
    fit = estimator_named(case.estimator).fit(prepared.problem, Ask())
    return fit.value, float(np.std(prepared.problem.y)) / prepared.problem.n**0.5, prepared.problem.n


def question(case: Case, folder: Path, number: int) -> dict[str, Any]:
    """Write the numbers that DoWhy needs: its estimators take no text, so levels become 0/1 columns by hand."""
    import pandas as pd

    frame = pd.read_csv(case.csv)
    names = [*case.adjustment, *case.instruments, *case.mediators]
    frame = frame[[case.treatment, case.outcome, *names]].dropna()
    if case.contrast is not None:
        frame = frame[frame[case.treatment].isin(case.contrast)]
        frame[case.treatment] = (frame[case.treatment] == case.contrast[1]).astype(int)
    covariates: list[str] = []
    for name in case.adjustment:
        frame, added = _levels(frame, name)
        covariates += added
    path = folder / f"dowhy-{number}.csv"
    frame.to_csv(path, index=False)
    return {
        "csv": str(path),
        "treatment": case.treatment,
        "outcome": case.outcome,
        "covariates": covariates,
        "instruments": case.instruments,
        "mediators": case.mediators,
        "method": METHODS[case.estimator],
    }


def _levels(frame: pd.DataFrame, name: str) -> tuple[pd.DataFrame, list[str]]:
    import pandas as pd

    if pd.api.types.is_numeric_dtype(frame[name]):
        return frame, [name]
    dummies = pd.get_dummies(frame[name], prefix=name, drop_first=True).astype(float)
    return pd.concat([frame.drop(columns=name), dummies], axis=1), list(dummies.columns)


def simulated(folder: Path) -> Path:
    """Make a table with two back-door paths, an instrument and a mediator, whatever the case takes of it."""
    import pandas as pd

    rng = np.random.default_rng(20)
    n = 2000
    a, c, z, hidden = rng.normal(size=(4, n))
    b = 0.7 * a + rng.normal(size=n)
    t = (rng.uniform(size=n) < 1 / (1 + np.exp(-0.3 * a - 0.3 * c))).astype(int)
    y = 1.5 * t + b + 0.8 * c + rng.normal(size=n)
    dose = 0.8 * z + hidden + rng.normal(size=n)
    carried = 0.6 * dose + rng.normal(size=n)
    reply = 1.1 * carried + hidden + rng.normal(size=n)
    lot = (z > 0).astype(int)
    columns = {"a": a, "b": b, "c": c, "t": t, "y": y, "z": z, "lot": lot, "dose": dose}
    path = folder / "simulated.csv"
    pd.DataFrame({**columns, "carried": carried, "reply": reply}).to_csv(path, index=False)
    return path


def always(folder: Path) -> Iterator[Case]:
    """List the cases that need nothing but the project."""
    from copilot.data.graph_files import parse_graph
    from copilot.domain.identification.orientations import identify_oriented

    made = simulated(folder)
    graph = parse_graph(SIMULATED, "dot", "simulated").graph
    for names in ((), *identify_oriented(graph, "t", "y").common.backdoor.sets):
        yield Case("simulated", made, "t", "y", adjustment=names)
        if names:
            yield Case("simulated", made, "t", "y", "ipw", adjustment=names)
    for name in ("z", "lot"):
        yield Case("simulated", made, "dose", "reply", "two_stage_least_squares", instruments=(name,))
    yield Case("simulated", made, "dose", "reply", "front_door", mediators=("carried",))
    heat = ROOT / "fixtures" / "radiator_balancing"
    truth = json.loads((heat / "truth.json").read_text(encoding="utf-8"))
    parsed = parse_graph((heat / "truth.dot").read_text(encoding="utf-8"), "dot", "truth.dot").graph
    t, y = truth["treatment"], truth["outcome"]
    for names in identify_oriented(parsed, t, y).common.backdoor.sets:
        for estimator in ("linear_regression", "ipw"):
            yield Case("radiator_balancing", heat / "data.csv", t, y, estimator, adjustment=names)
    ferry = ROOT / "fixtures" / "ferry_coating" / "data.csv"
    through = ("hull_roughness_um",)
    ends = ("silicone_coating", "fuel_l_per_nm")
    yield Case("ferry_coating", ferry, *ends, "front_door", mediators=through, contrast=("no", "yes"))
    hive = ROOT / "fixtures" / "hive_syrup" / "data.csv"
    by = ("depot_distance_km",)
    yield Case("hive_syrup", hive, "syrup_kg", "spring_brood_frames", "two_stage_least_squares", instruments=by)


def studies(truth: Path) -> Iterator[Case]:
    """List the published studies that need no preparation and that both can estimate."""
    for entry in json.loads((truth / "datasets.json").read_text(encoding="utf-8")):
        if entry["prep"] or entry["id"] == "darfur":
            continue
        csv, ends = truth / entry["file"], (entry["treatment"], entry["outcome"])
        if entry["design"] == "frontdoor":
            yield Case(entry["id"], csv, *ends, "front_door", mediators=("tar",))
        elif entry["design"] == "iv" and not entry["adjust"] and len(entry["instruments"]) == 1:
            yield Case(entry["id"], csv, *ends, "two_stage_least_squares", instruments=tuple(entry["instruments"]))
        elif entry["design"].startswith(("backdoor", "experiment")):
            contrast = ("B_percutaneous", "A_open_surgery") if entry["id"] == "kidney" else None
            adjust = tuple(entry["adjust"])
            yield Case(entry["id"], csv, *ends, adjustment=adjust, contrast=contrast)
            if entry["id"] != "card1995_ols":  # its treatment is no yes or no
                yield Case(entry["id"], csv, *ends, "ipw", adjustment=adjust, contrast=contrast)


def against_dowhy(truth: Path | None, folder: Path) -> Part:
    """Make every estimate twice and compare."""
    cases = [*always(folder), *(studies(truth) if truth is not None else ())]
    questions = [question(case, folder, number) for number, case in enumerate(cases)]
    done = subprocess.run(
        [sys.executable, str(SIDE)], input=json.dumps(questions), capture_output=True, text=True, check=True
    )
    line = next(line for line in reversed(done.stdout.splitlines()) if line.startswith("ANSWERS "))
    rows, missed = [], []
    for case, answer in zip(cases, json.loads(line.removeprefix("ANSWERS ")), strict=True):
        value, scale, n = ours(case)
        title = f"{case.data}, {case.estimator}, {case.given}"
        start = [case.data, f"{n:,}", case.estimator, case.given, f"{value:.10g}"]
        if "fault" in answer:
            missed.append(f"{title}: DoWhy gives {answer['fault']}")
            rows.append([*start, str(answer["fault"]), NOTHING, "**no**"])
            continue
        difference = abs(answer["value"] - value) / max(abs(value), scale)
        same = difference <= TOLERANCE
        verdict = "yes" if same else "**no**"
        if answer.get("clipped"):
            verdict = f"not asked: DoWhy moves {answer['clipped']:,} scores"
        elif not same:
            missed.append(f"{title}: {value:.10g} here, {answer['value']:.10g} in DoWhy")
        rows.append(
            [
                *start,
                f"{answer['value']:.10g}",
                "below 1e-10" if difference < ROUNDING else f"{difference:.0e}",
                verdict,
            ]
        )
    head = ["data", "rows", "estimator", "given", "ours", "DoWhy", "relative difference", "equal to 1e-8"]
    return Part("dowhy", table(head, rows), tuple(missed))
