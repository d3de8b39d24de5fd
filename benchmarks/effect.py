"""Speed of estimating and refuting, as ratios within one run against a plain DoWhy script doing the same work.

python benchmarks/effect.py [NAME …]
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parent.parent
SIMULATIONS = 100
REFUTERS = ("placebo_treatment", "random_common_cause", "data_subset", "bootstrap")
GRAPH = "digraph { " + " ".join(f"w{i} -> t; w{i} -> y;" for i in range(5)) + " t -> y }"
PLAIN = """
import sys, time, json, logging, warnings
began = time.perf_counter()
warnings.filterwarnings("ignore"); logging.disable(logging.CRITICAL)
import networkx as nx, pandas as pd
from dowhy import CausalModel
imported = time.perf_counter() - began
path, method, simulations = sys.argv[1], sys.argv[2], int(sys.argv[3])
frame = pd.read_csv(path)
names = [c for c in frame.columns if c.startswith("w")]
graph = nx.DiGraph([(w, e) for w in names for e in ("t", "y")] + [("t", "y")])
model = CausalModel(frame, "t", "y", graph=graph)
estimand = model.identify_effect(proceed_when_unidentifiable=True)
estimate = model.estimate_effect(estimand, method_name="backdoor." + method)
start = time.perf_counter()
for name, more in (
    ("placebo_treatment_refuter", {"placebo_type": "permute"}),
    ("random_common_cause", {}),
    ("data_subset_refuter", {"subset_fraction": 0.8}),
    ("bootstrap_refuter", {}),
):
    if simulations:
        model.refute_estimate(
            estimand, estimate, method_name=name, num_simulations=simulations, show_progress_bar=False, **more
        )
refuting = time.perf_counter() - start
whole = time.perf_counter() - began
print(json.dumps({"import": imported, "refute": refuting, "whole": whole, "value": estimate.value}))
"""
STAGE = """
import sys, time, json
from numpy.random import SeedSequence
from copilot.data.tables import read_table
from copilot.estimation.design import Design
from copilot.estimation.estimators.registry import estimator_named
from copilot.estimation.prepare.prepare import prepare
from copilot.estimation.problem import Ask
from copilot.estimation.refuters.registry import refuter_named, run_refuters
from copilot.estimation.trial import Fitted, Trial
path, estimator, simulations, refuters = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4].split(",")
table = read_table(path)
design = Design("t", "y", adjustment=tuple(n for n in table.profile.names if n.startswith("w")))
prepared = prepare(table.frame(design.columns), table.profile, design, seed=SeedSequence(0))
one = estimator_named(estimator)
fit = one.fit(prepared.problem, Ask())
trial = Trial(prepared.problem, Ask(), Fitted(one, fit), simulations=simulations, seed=SeedSequence(0), jobs=2)
start = time.perf_counter()
run_refuters(trial, tuple(map(refuter_named, refuters)))
print(json.dumps({"refute": time.perf_counter() - start}))
"""


def table(rows: int, columns: int = 5, seed: int = 1) -> pd.DataFrame:
    """Make a table with a binary treatment, an effect of 2 and so many confounders."""
    rng = np.random.default_rng(seed)
    w = rng.normal(size=(rows, columns))
    t = (rng.uniform(size=rows) < 1 / (1 + np.exp(-0.6 * w[:, 0] + 0.4 * w[:, 1]))).astype(int)
    y = 2.0 * t + w @ np.linspace(1, 0.2, columns) + rng.normal(size=rows)
    return pd.DataFrame({**{f"w{i}": w[:, i] for i in range(columns)}, "t": t, "y": y})


def plain(path: Path, method: str, simulations: int) -> dict[str, float]:
    """Run the plain DoWhy script."""
    command = [sys.executable, "-c", PLAIN, str(path), method, str(simulations)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def ours(folder: Path, path: Path, *more: str, command: str = "refute") -> tuple[float, int, dict[str, object]]:
    """Run our command; seconds, peak memory in bytes of the process tree's largest, and its object."""
    (folder / "graph.dot").write_text(GRAPH)
    arguments = [command, str(path), "--graph", str(folder / "graph.dot"), "-t", "t", "-o", "y", "--json", *more]
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "copilot", *arguments], check=True, capture_output=True, text=True, cwd=folder
    )
    seconds = time.perf_counter() - start
    return seconds, 0, json.loads(done.stdout)


def _against(folder: Path, method: str, estimator: str, least_whole: float, least_stage: float) -> tuple[str, bool]:
    path = folder / "data.csv"
    table(100_000).to_csv(path, index=False)
    refuters = [word for name in REFUTERS for word in ("--refuter", name)]
    seconds, _, _ = ours(folder, path, "--estimator", estimator, "--simulations", str(SIMULATIONS), *refuters)
    stage = subprocess.run(
        [sys.executable, "-c", STAGE, str(path), estimator, str(SIMULATIONS), ",".join(REFUTERS)],
        check=True,
        capture_output=True,
        text=True,
    )
    refuting = float(json.loads(stage.stdout)["refute"])
    theirs = plain(path, method, SIMULATIONS)
    whole, part = theirs["whole"] / seconds, theirs["refute"] / refuting
    text = (
        f"four refuters x {SIMULATIONS}, {estimator}, 100,000 rows: whole process {seconds:.1f} s, plain DoWhy "
        f"{theirs['whole']:.1f} s, ratio {whole:.1f} (at least {least_whole:g}); refutation alone {refuting:.2f} s, "
        f"{theirs['refute']:.1f} s, ratio {part:.1f} (at least {least_stage:g})"
    )
    return text, whole >= least_whole and part >= least_stage


def linear() -> tuple[str, bool]:
    """Linear regression at 100,000 rows."""
    with tempfile.TemporaryDirectory() as folder:
        return _against(Path(folder), "linear_regression", "linear_regression", 5, 15)


def weighting() -> tuple[str, bool]:
    """Inverse-probability weighting at 100,000 rows."""
    with tempfile.TemporaryDirectory() as folder:
        return _against(Path(folder), "propensity_score_weighting", "ipw", 5, 5)


def whole_line() -> tuple[str, bool]:
    """Time the whole `analyze` with a graph at 1,000 rows against DoWhy's own import."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "data.csv"
        table(1000).to_csv(path, index=False)
        importing, seconds = [], []
        for _ in range(3):
            start = time.perf_counter()
            subprocess.run([sys.executable, "-c", "import dowhy"], check=True, capture_output=True)
            importing.append(time.perf_counter() - start)
            seconds.append(ours(folder, path, command="analyze")[0])
        theirs, took = sorted(importing)[1], sorted(seconds)[1]
        text = f"analyze --graph at 1,000 rows {took:.2f} s; import dowhy {theirs:.2f} s (at most 2 s more)"
        return text, took <= theirs + 2.0


def memory() -> tuple[str, bool]:
    """Peak memory of an analysis of 1,000,000 rows and 12 columns against the frame."""
    code = (
        "import resource, sys\nfrom copilot.cli.app import main\n"
        "try:\n main()\nexcept SystemExit: pass\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)"
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        frame = table(1_000_000, 10)
        path = folder / "data.parquet"
        frame.astype(float).to_parquet(path)
        small = folder / "small.parquet"
        frame.head(2000).astype(float).to_parquet(small)
        (folder / "graph.dot").write_text(
            "digraph { " + " ".join(f"w{i} -> t; w{i} -> y;" for i in range(10)) + " t -> y }"
        )
        peaks = []
        for one in (small, path):
            arguments = ["refute", str(one), "--graph", "graph.dot", "-t", "t", "-o", "y", "--json"]
            done = subprocess.run(
                [sys.executable, "-c", code, *arguments],
                check=True,
                capture_output=True,
                text=True,
                cwd=folder,
                env={**os.environ, "COPILOT_JOBS": "2"},
            )
            peaks.append(int(done.stderr.split()[-1]) * 1024)
        size = frame.astype(float).memory_usage(index=False).sum()
        ratio = (peaks[1] - peaks[0]) / size
        text = (
            f"1,000,000 rows x 12 columns: {peaks[1] / 1e6:.0f} MB at the peak, {peaks[0] / 1e6:.0f} MB with 2,000 "
            f"rows; the difference is {ratio:.2f} x the frame of {size / 1e6:.0f} MB (at most 2.5)"
        )
        return text, ratio <= 2.5


CHECKS: tuple[Callable[[], tuple[str, bool]], ...] = (linear, weighting, whole_line, memory)


def main() -> int:
    """Run the checks that were named, or all."""
    failed = False
    for check in CHECKS:
        if len(sys.argv) > 1 and check.__name__ not in sys.argv[1:]:
            continue
        text, good = check()
        failed = failed or not good
        print(f"{'ok  ' if good else 'SLOW'} {text}", flush=True)
    print(f"(children took {resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime:.0f} s of processor time)")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
