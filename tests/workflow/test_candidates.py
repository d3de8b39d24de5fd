"""Candidates in a world whose instruments and negative controls are known."""

from __future__ import annotations

import numpy as np
import pytest

from copilot.data.tables import Table, read_table
from copilot.domain.candidates import Candidate, Role
from copilot.domain.graph import CausalGraph
from copilot.domain.variables import Query
from copilot.errors import UnknownVariableError, UsageError
from copilot.workflow.candidates import Checked, allowed_by_graph, check_candidate_names, check_candidates

QUERY = Query(treatment="t", outcome="y")
ARROWS = (
    *(("w", "t"), ("w", "y"), ("w", "z"), ("z", "t"), ("bad", "t"), ("bad", "y"), ("faint", "t"), ("t", "m")),
    *(("m", "y"), ("u", "t"), ("u", "y"), ("u", "n"), ("w", "n2"), ("y", "late"), ("u", "e")),
)
TRUE = CausalGraph.build(directed=ARROWS, nodes=("alone",), latent=("u",))
WITHOUT_U = CausalGraph.build(directed=[edge for edge in ARROWS if "u" not in edge], nodes=("alone", "n", "e"))


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Table:
    """Write 3,000 rows in which t moves y by 1 through m, and u moves t, y, n and e."""
    rng, n = np.random.default_rng(11), 3_000
    w, u, bad, faint, alone = (rng.normal(size=n) for _ in range(5))
    z = 0.8 * w + rng.normal(size=n)
    t = w + z + bad + 0.01 * faint + u + rng.normal(size=n)
    m = t + 0.5 * rng.normal(size=n)
    y = m + w + bad + u + rng.normal(size=n)
    columns = {
        "w": w,
        "z": z,
        "bad": bad,
        "faint": faint,
        "alone": alone,
        "t": t,
        "m": m,
        "y": y,
        "n": u + rng.normal(size=n),
        "n2": w + rng.normal(size=n),
        "e": u + rng.normal(size=n),
        "late": y + rng.normal(size=n),
        "still": np.zeros(n),
    }
    path = tmp_path_factory.mktemp("world") / "data.csv"
    rows = "\n".join(",".join(f"{v:.5f}" for v in row) for row in zip(*columns.values(), strict=True))
    path.write_text(",".join(columns) + "\n" + rows + "\n")
    return read_table(str(path))


def held(graph: CausalGraph | None, table: Table | None, role: Role, *names: str) -> Checked:
    return check_candidates([Candidate(name=name, role=role) for name in names], graph, QUERY, table)


def answers(found: Checked) -> dict[str, tuple[bool | None, bool | None]]:
    return {one.name: (one.graph_check.passed, one.data_check.passed) for one in found.candidates}


def test_an_instrument_passes_and_each_bad_one_fails_where_it_should(table: Table) -> None:
    found = held(TRUE, table, Role.INSTRUMENT, "z", "bad", "faint", "late", "m", "alone", "t")
    assert answers(found) == {
        "z": (True, True),
        "bad": (False, True),
        "faint": (True, False),
        "late": (False, True),
        "m": (False, True),
        "alone": (False, False),
        "t": (False, None),
    }
    z = found.candidates[0]
    assert z.graph_check.details["given"] == ["w"] == z.data_check.details["given"]
    low, high = z.data_check.details["interval"]
    assert low < 1.0 < high
    assert (z.data_check.statistic, z.data_check.value) == ("effective_F", pytest.approx(1_500, rel=0.5))
    assert "bad -> y" in found.candidates[1].graph_check.reason
    over = found.joint["over_identification"]
    assert set(over["instruments"]) == {"z", "faint"}
    assert over["p_value"] > 0.01


def test_controls_are_clean_in_the_true_graph_and_fail_when_the_cause_is_left_out(table: Table) -> None:
    outcomes = ("n", "n2", "late", "w")
    true = held(TRUE, table, Role.NEGATIVE_CONTROL_OUTCOME, *outcomes)
    assert answers(true) == {"n": (True, True), "n2": (True, True), "late": (False, None), "w": (False, True)}
    with_u_left_out = CausalGraph.build(
        directed=[*(edge for edge in ARROWS if "u" not in edge), ("w", "n"), ("w", "e")], nodes=("alone",)
    )
    left = held(with_u_left_out, table, Role.NEGATIVE_CONTROL_OUTCOME, "n", "n2")
    assert answers(left) == {"n": (True, False), "n2": (True, True)}
    n = left.candidates[0]
    assert n.data_check.value is not None
    assert n.data_check.value > 0.1
    assert n.data_check.details["adjustment_set"] == ["bad", "w"]
    exposure = held(with_u_left_out, table, Role.NEGATIVE_CONTROL_EXPOSURE, "e", "z", "n2")
    assert answers(exposure) == {"e": (True, False), "z": (False, False), "n2": (True, True)}


def test_three_controls_calibrate_and_fewer_say_what_they_imply(table: Table) -> None:
    graph = CausalGraph.build(
        directed=[*(edge for edge in ARROWS if "u" not in edge), ("w", "n"), ("w", "e")], nodes=("alone",)
    )
    three = held(graph, table, Role.NEGATIVE_CONTROL_OUTCOME, "n", "n2", "e").joint["calibration"]
    assert three["interval"][0] < three["main_estimate"]
    assert three["interval"][1] - three["interval"][0] > 0.5
    one = held(graph, table, Role.NEGATIVE_CONTROL_OUTCOME, "n").joint["calibration"]
    assert "interval" not in one
    assert "by n" in one["message"]


def test_confounders_are_told_from_what_lies_between_and_after(table: Table) -> None:
    found = held(TRUE, table, Role.CONFOUNDER, "w", "bad", "m", "late", "z", "alone")
    assert {name: graph for name, (graph, _) in answers(found).items()} == {
        "w": True,
        "bad": True,
        "m": False,
        "late": False,
        "z": False,
        "alone": False,
    }
    assert answers(found)["w"][1] is True
    assert answers(found)["alone"][1] is False
    w = found.candidates[0].graph_check
    assert w.details == {"identifiable_with": True, "identifiable_without": True}  # the front door by m stays open
    assert "w -> t" in w.reason


def test_an_idea_from_outside_is_judged_by_what_it_would_do() -> None:
    graph = CausalGraph.build(directed=[("w", "t"), ("w", "y"), ("t", "y")])
    idea = Candidate(name="luck", role=Role.CONFOUNDER, observed=False, affects=("t", "y"))
    (found,) = check_candidates([idea], graph, QUERY, None).candidates
    assert (found.graph_check.passed, found.data_check.passed) == (None, None)
    assert found.graph_check.details == {"identifiable_with": True, "identifiable_without": False}
    harmless = idea.model_copy(update={"affects": ("w", "t")})
    (found,) = check_candidates([harmless], graph, QUERY, None).candidates
    assert found.graph_check.details["identifiable_without"] is True


def test_what_cannot_be_told_is_never_passed(table: Table) -> None:
    no_graph = held(None, table, Role.NEGATIVE_CONTROL_OUTCOME, "n")
    assert answers(no_graph) == {"n": (None, None)}
    still = held(TRUE, table, Role.INSTRUMENT, "still")
    assert answers(still) == {"still": (None, None)}
    assert "never varies" in still.candidates[0].data_check.reason
    bare = held(TRUE, None, Role.INSTRUMENT, "z")
    assert answers(bare) == {"z": (True, None)}
    loose = CausalGraph.build(directed=[("t", "y")], undirected=[("z", "t")])
    assert held(loose, None, Role.INSTRUMENT, "z").candidates[0].graph_check.passed is None
    unnamed = CausalGraph.build(directed=[("t", "y")], bidirected=[("t", "y"), ("n", "t")])
    (one,) = held(unnamed, None, Role.NEGATIVE_CONTROL_OUTCOME, "n").candidates
    assert one.graph_check.passed is False


def test_a_hidden_cause_drawn_as_an_edge_counts_as_shared() -> None:
    graph = CausalGraph.build(directed=[("u", "t"), ("u", "n"), ("u", "y"), ("t", "y")], latent=("u",))
    short = CausalGraph.build(directed=[("c", "t"), ("t", "y")], bidirected=[("c", "y"), ("c", "n"), ("n", "y")])
    for drawn in (graph, short):
        (one,) = held(drawn, None, Role.NEGATIVE_CONTROL_OUTCOME, "n").candidates
        assert one.graph_check.passed, one.graph_check.reason


def test_the_graph_proposes_what_it_allows_where_nobody_is_asked() -> None:
    names = {(one.name, one.role.value) for one in allowed_by_graph(TRUE, QUERY, tuple(Role))}
    assert {name for name, role in names if role == "instrument"} == {"z", "faint"}
    assert {name for name, role in names if role == "confounder"} == {"w", "bad"}
    assert {name for name, role in names if role == "negative_control_outcome"} == {"n", "n2", "e"}


def test_ends_and_unknown_ends_are_refused() -> None:
    with pytest.raises(UsageError, match="treatment itself"):
        check_candidate_names(["t"], TRUE, QUERY)
    with pytest.raises(UnknownVariableError):
        check_candidate_names(["z"], CausalGraph.build(directed=[("a", "y")]), QUERY)
