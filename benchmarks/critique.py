"""How often the critique by data names a planted fault: one arrow removed, one reversed, one added.

python benchmarks/critique.py GRAPH.dot [GRAPH.dot …]

For each graph, tables of 3,000 rows are simulated from it (linear, normal noise); the faults are then planted in the
graph. A reversed arrow counts only where turning it changes what the graph implies, and an added one only where the
true graph implies an independence that it hides; the others leave no trace that any data could show.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from copilot.checks.columns import Floats
from copilot.checks.data_findings import data_findings
from copilot.checks.edge_findings import edge_findings, explain_contradictions
from copilot.checks.implied import separating_set
from copilot.data.graph_files import read_graph
from copilot.domain.findings import Finding
from copilot.domain.graph import CausalGraph, EdgeKind
from copilot.domain.variables import ColumnProfile, Kind, Query, TableProfile
from copilot.errors import GraphError

ROWS, DRAWS = 3_000, 6
Arrow = tuple[str, str]


def simulate(graph: CausalGraph, arrows: Sequence[Arrow], rng: np.random.Generator) -> dict[str, Floats]:
    """Draw a table: each variable is a sum of its causes, of strength 0.4 to 0.9 and either sign, and noise."""
    made: dict[str, Floats] = {}
    left = list(graph.names)
    while left:
        name = next(n for n in left if all(a in made for a, b in arrows if b == n))
        left.remove(name)
        value = rng.normal(size=ROWS)
        for a, b in arrows:
            if b == name:
                value = value + rng.uniform(0.4, 0.9) * rng.choice((-1, 1)) * made[a]
        made[name] = (value - value.mean()) / value.std()
    return {name: made[name][:, None] for name in graph.names if name not in graph.latent}


def plant(graph: CausalGraph, arrows: list[Arrow], rng: np.random.Generator) -> tuple[CausalGraph, dict[str, Arrow]]:
    """Remove, reverse and add one arrow each, between observed variables, so that no circle arises."""
    seen = [arrow for arrow in arrows if not set(arrow) & graph.latent]
    names = [name for name in graph.names if name not in graph.latent]
    for _ in range(500):
        order = rng.permutation(len(seen))
        removed, turned = seen[order[0]], seen[order[1]]
        a, b = (str(name) for name in rng.choice(names, 2, replace=False))
        if graph.has(a, b) or graph.has(b, a):
            continue
        kept = [arrow for arrow in arrows if arrow not in (removed, turned)]
        try:
            wrong = CausalGraph.build(nodes=graph.names, directed=[*kept, turned[::-1], (a, b)], latent=graph.latent)
        except GraphError:
            continue
        return wrong, {"removed": removed, "reversed": turned[::-1], "added": (a, b)}
    raise SystemExit("no faults could be planted")


def visible(truth: CausalGraph, wrong: CausalGraph, fault: str, arrow: Arrow) -> bool:
    """Whether the fault leaves a trace: compared arrow by arrow with the graph in which it alone is mended."""
    observed = frozenset(truth.names) - truth.latent
    bare = [(e.source, e.target) for e in wrong.edges if (e.source, e.target) != arrow]
    if fault == "removed":
        return separating_set(wrong, *arrow, observed) is not None
    if fault == "added":
        return (
            separating_set(CausalGraph.build(nodes=wrong.names, directed=bare, latent=wrong.latent), *arrow, observed)
            is not None
        )
    # A covered arrow (both ends have the same other causes) can be turned without any trace (Chickering 1995).
    return set(truth.parents(arrow[0])) - {arrow[1]} != set(truth.parents(arrow[1])) - {arrow[0]}


def named(found: Sequence[Finding], fault: str, arrow: Arrow) -> bool:
    """Whether the critique names the fault."""
    kinds = {"removed": "implied_independence", "reversed": "reversed_edge", "added": "spurious_edge"}
    if fault == "removed":
        return any(one.kind.value == kinds[fault] and set(one.nodes) == set(arrow) for one in found)
    return any(one.kind.value == kinds[fault] and one.nodes == arrow for one in found)


def critique(graph: CausalGraph, columns: dict[str, Floats]) -> Sequence[Finding]:
    """Hold a graph against a table."""
    profile = TableProfile(
        source="simulated",
        sha256="0" * 64,
        rows=ROWS,
        columns=tuple(
            ColumnProfile(name=name, position=i, kind=Kind.CONTINUOUS, rows=ROWS, missing=0, distinct=ROWS)
            for i, name in enumerate(columns)
        ),
    )
    found, _ = data_findings(graph, Query(), columns, profile, adjustment=None)
    return explain_contradictions(graph, (*found, *edge_findings(graph, Query(), columns, found)))


def main(paths: Sequence[str]) -> None:
    """Print hits of visible faults by graph, and what is named in the true graph."""
    total: Counter[str] = Counter()
    print(f"{'graph':<28}{'removed':>10}{'reversed':>10}{'added':>10}{'false, true graph':>20}")
    for number, path in enumerate(paths):
        truth = read_graph(path).graph
        arrows = [(e.source, e.target) for e in truth.edges if e.kind == EdgeKind.DIRECTED]
        counts: Counter[str] = Counter()
        for draw in range(DRAWS):
            rng = np.random.default_rng(np.random.SeedSequence([2026, number, draw]))
            columns = simulate(truth, arrows, rng)
            wrong, faults = plant(truth, arrows, rng)
            found = critique(wrong, columns)
            for fault, arrow in faults.items():
                if visible(truth, wrong, fault, arrow):
                    counts[f"{fault} of"] += 1
                    counts[fault] += named(found, fault, arrow)
            clean = critique(truth, columns)
            counts["false"] += sum(one.kind.value in {"reversed_edge", "spurious_edge"} for one in clean)
        total += counts
        print(f"{Path(path).stem:<28}{row(counts)}{counts['false'] / DRAWS:>20.1f}")
    print(f"{'all':<28}{row(total)}")


def row(counts: Counter[str]) -> str:
    """Write hits of faults that can be seen."""
    return "".join(f"{counts[f]:>6}/{counts[f'{f} of']:<3}" for f in ("removed", "reversed", "added"))


if __name__ == "__main__":
    main(sys.argv[1:])
