"""How well and how fast the data vote on simulated mixed tables; prints the table of docs/discovery.md.

Run ``python benchmarks/discovery.py [TABLES [FIRST]]``; 12 tables per line take about 15 minutes on two cores. FIRST
skips that many sizes.
"""

from __future__ import annotations

import itertools
import sys
import time
from collections import defaultdict

import numpy as np
import pandas as pd

from copilot.discovery.discover import discover
from copilot.discovery.orient import PartlyDirected, pattern_of
from copilot.discovery.translate import knowledge_of
from copilot.domain.consensus import Constraints
from copilot.domain.graph import EdgeKind
from copilot.domain.variables import Kind
from copilot.domain.votes import GraphBallot

KINDS = ("continuous", "skewed", "binary", "categorical", "ordinal", "count")
SHARES = (0.35, 0.10, 0.25, 0.10, 0.10, 0.10)
DEGREE = 3.0
SIZES = [(10, 500), (10, 2_000), (10, 5_000), (25, 500), (25, 2_000), (25, 5_000)]


def simulate(draw: np.random.Generator, size: int, rows: int) -> tuple[pd.DataFrame, dict[str, Kind], list[int]]:
    """Draw a random graph of `DEGREE` neighbours a node, a kind per node, and rows."""
    order = draw.permutation(size).tolist()
    parents = [0] * size
    signals: dict[int, np.ndarray] = {}
    values: dict[str, np.ndarray] = {}
    kinds: dict[str, Kind] = {}
    for place, node in enumerate(order):
        causes = [cause for cause in order[:place] if draw.random() < DEGREE / (size - 1)]
        parents[node] = sum(1 << cause for cause in causes)
        push = sum((effect_of(draw, signals[cause]) for cause in causes), np.zeros(rows))
        signals[node], values[f"x{node}"], kinds[f"x{node}"] = measure(draw, push)
    names = [f"x{node}" for node in range(size)]
    return pd.DataFrame({name: values[name] for name in names}), kinds, parents


def effect_of(draw: np.random.Generator, signal: np.ndarray) -> np.ndarray:
    weight = draw.uniform(0.4, 1.0) * draw.choice([-1.0, 1.0])
    if signal.ndim == 1:
        return weight * (signal - signal.mean()) / signal.std()
    levels = draw.normal(size=signal.shape[1])
    return abs(weight) * (signal @ ((levels - levels.mean()) / levels.std()))


def measure(draw: np.random.Generator, push: np.ndarray) -> tuple[np.ndarray, np.ndarray, Kind]:
    """Turn what the causes add up to into a column: (what its effects feel, what is in the table, kind)."""
    kind = draw.choice(KINDS, p=SHARES)
    noisy = push + draw.normal(size=len(push))
    if kind == "continuous":
        return noisy, noisy, Kind.CONTINUOUS
    if kind == "skewed":
        return noisy, np.exp(noisy), Kind.CONTINUOUS
    if kind == "binary":
        coin = (draw.random(len(push)) < 1.0 / (1.0 + np.exp(-1.6 * push - 0.7 * draw.normal()))).astype(float)
        return coin, coin, Kind.BINARY
    if kind == "categorical":
        pull = 1.5 * draw.normal(size=draw.integers(3, 6))
        level = (pull * push[:, None] + draw.gumbel(size=(len(push), len(pull)))).argmax(axis=1)
        shown = np.eye(len(pull))[level]
        return shown[:, shown.any(axis=0)], np.array(list("abcdef"))[level], Kind.CATEGORICAL
    if kind == "ordinal":
        step = np.digitize(noisy, np.quantile(noisy, [0.2, 0.5, 0.8])).astype(float)
        return step, step, Kind.ORDINAL
    number = draw.poisson(np.exp(np.clip(0.5 + 0.5 * push, -5.0, 4.0))).astype(float)
    return number, number, Kind.COUNT


def f1(found: set, true: set) -> float:
    return 2 * len(found & true) / (len(found) + len(true)) if found or true else 1.0


def judge(ballots: list[GraphBallot], truth: PartlyDirected) -> tuple[float, float, float]:
    """F1 of adjacencies and of directions, and share of voted directions that are right; ≥ half of the ballots."""
    pairs: dict[frozenset[str], int] = defaultdict(int)
    arrows: dict[tuple[str, str], int] = defaultdict(int)
    for edge in (edge for ballot in ballots for edge in ballot.edges):
        pairs[frozenset((edge.source, edge.target))] += 1
        if edge.kind == EdgeKind.DIRECTED:
            arrows[edge.source, edge.target] += 1
    half = len(ballots) / 2
    directed = {(f"x{a}", f"x{b}") for a, b in truth.directed_edges()}
    adjacent = {frozenset(pair) for pair in directed}
    adjacent |= {frozenset((f"x{a}", f"x{b}")) for a, b in truth.undirected_edges()}
    voted = {arrow for arrow, count in arrows.items() if count >= half and count > arrows.get(arrow[::-1], 0)}
    right = len(voted & directed) / len(voted) if voted else np.nan
    return f1({pair for pair, count in pairs.items() if count >= half}, adjacent), f1(voted, directed), right


def three_tiers(parents: list[int]) -> tuple[tuple[str, ...], ...]:
    placed: list[int] = []
    while len(placed) < len(parents):
        done = sum(1 << node for node in placed)
        placed += [n for n in range(len(parents)) if n not in placed and not parents[n] & ~done]
    cuts = [0, len(placed) // 3, 2 * len(placed) // 3, len(placed)]
    return tuple(tuple(f"x{n}" for n in placed[a:b]) for a, b in itertools.pairwise(cuts))


def main() -> None:
    tables = int(sys.argv[1]) if len(sys.argv) > 1 else 12
    print("| columns | rows | voters | adjacencies F1 | directions F1 | directions right | seconds |")
    print("|---|---|---|---|---|---|---|")
    for size, rows in SIZES[int(sys.argv[2]) :] if len(sys.argv) > 2 else SIZES:
        lines: dict[str, list[tuple[float, ...]]] = defaultdict(list)
        for number in range(tables):
            frame, kinds, parents = simulate(np.random.default_rng([2024, size, number]), size, rows)
            if frame.nunique().min() < 2:
                continue
            for voters in ("pc", "boss", "pc + boss", "pc + boss, three tiers"):
                known = Constraints(tiers=three_tiers(parents) if "tiers" in voters else ())
                names = tuple(voters.split(",")[0].split(" + "))
                began = time.perf_counter()
                found = discover(
                    frame,
                    kinds,
                    resamples=50 * len(names),
                    seed=np.random.SeedSequence(number),
                    constraints=known,
                    algorithms=names,
                )
                taken = time.perf_counter() - began
                truth = pattern_of(parents, knowledge_of(known, list(frame.columns))[0])
                lines[voters].append((*judge(list(found.ballots), truth), taken))
        for voters, results in lines.items():
            near, way, right, taken = np.nanmean(np.array(results), axis=0)
            print(f"| {size} | {rows:,} | {voters} | {near:.2f} | {way:.2f} | {right:.2f} | {taken:.1f} |", flush=True)


if __name__ == "__main__":
    main()
