from __future__ import annotations

import numpy as np
import pytest
from numpy.random import SeedSequence

from copilot.domain.graph import CausalGraph
from copilot.estimation.falsify import Falsification, Falsifier
from copilot.estimation.problem import Floats
from copilot.workflow.critique import falsification_findings

TRUE = (("a", "b"), ("b", "c"), ("a", "d"), ("d", "e"), ("c", "f"), ("e", "f"))
WRONG = (("f", "a"), ("a", "e"), ("e", "b"), ("c", "d"), ("d", "f"))


def columns(rows: int = 1_000) -> dict[str, Floats]:
    rng, made = np.random.default_rng(0), dict[str, Floats]()
    for name in "abcdef":
        made[name] = rng.normal(size=rows) + sum((0.8 * made[p] for p, c in TRUE if c == name), np.zeros(rows))
    return {name: ((v - v.mean()) / v.std())[:, None] for name, v in made.items()}


def falsify(graph: CausalGraph, table: dict[str, Floats], limit_s: float = 120.0) -> Falsification:
    falsifier = Falsifier.start()
    try:
        return falsifier.falsify(graph, table, seed=SeedSequence(1), limit_s=limit_s, permutations=40)
    finally:
        falsifier.close()


@pytest.mark.slow
def test_the_true_graph_beats_its_permutations_and_a_wrong_one_does_not() -> None:
    right = falsify(CausalGraph.build(directed=TRUE), columns())
    assert (right.fault, right.permutations, right.rows) == ("", 40, 1_000)
    assert right.p_value <= 0.05
    assert falsification_findings(right) == ()
    wrong = falsify(CausalGraph.build(nodes="abcdef", directed=WRONG), columns())
    assert wrong.p_value > 0.05
    (finding,) = falsification_findings(wrong)
    assert (finding.kind.value, finding.severity.value) == ("falsified", "high")
    assert finding.evidence["permutations"] == 40


@pytest.mark.slow
def test_a_hidden_cause_is_a_node_without_data_and_the_same_seed_gives_the_same_answer() -> None:
    graph = CausalGraph.build(directed=TRUE[1:], bidirected=[("a", "b")], latent=())
    first, second = falsify(graph, columns()), falsify(graph, columns())
    assert first == second
    assert first.fault == ""
    assert first.tests > 0


def test_what_cannot_be_tested_says_why() -> None:
    table = columns(100)
    undirected = CausalGraph.build(directed=TRUE[1:], undirected=[("a", "b")])
    assert "no direction" in falsify(undirected, table).fault
    assert "fewer than three" in falsify(CausalGraph.build(directed=[("a", "b")]), table).fault
    few = {name: matrix[:12] for name, matrix in table.items()}
    assert falsify(CausalGraph.build(directed=TRUE), few).fault == "only 12 rows are complete"
    assert falsify(CausalGraph.build(directed=TRUE), table, limit_s=0.01).fault == "it took more than 0.01 seconds"


def test_a_test_that_can_show_nothing_says_so_and_does_not_pass() -> None:
    told = Falsification(tests=4, violations=0, p_value=0.0, same_class=0.6, permutations=20, rows=100)
    (alike,) = falsification_findings(told)
    assert alike.evidence["verdict"] == "cannot tell"
    (nothing,) = falsification_findings(Falsification(tests=0, permutations=20, rows=100))
    assert nothing.evidence["verdict"] == "cannot tell"
